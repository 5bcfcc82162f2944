"""Everyone's employment as it was recorded, found by person, by team and by what they manage. Kept once, it serves any number of deals."""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Final, Generic, Literal, TypeVar

from msgspec import Struct

from services.authz import events as authz
from services.commission import rules
from services.commission.events import Cut
from services.commission.history.naming import Posting, names_in
from services.commission.history.proving import fingerprint
from shared.entry import Entry
from shared.identity import Post

Place = tuple[Literal["team", "store", "area"], str]
"""A team that one is in, or a store or area that one is at the head of. Who is in no area belongs to the area ``."""


@dataclass(frozen=True, eq=False)
class Notice:
    """One entry about a person: a post as it is from then on, a leave, or something that says neither. `places` it puts them to; whoever
    else is posted to one of those `around` matters too."""

    entry: Entry
    id: str
    person: str
    position: int
    effective_at: datetime
    post: Post | None
    standing: rules.Standing | None
    leave: rules.Leave | None
    names: frozenset[str]
    places: frozenset[Place]
    around: frozenset[Place]

    @cached_property
    def fingerprint(self) -> str:
        return fingerprint(self.entry)


def post_at(told: Iterable[Entry], at: datetime) -> Post | None:
    """A person's post at an instant, by what was told of them in the order of recording; None before they joined."""
    return next((entry.event.post for entry in reversed(list(told)) if entry.effective_at <= at and isinstance(entry.event, Posting)), None)


def notice_of(entry: Entry) -> Notice:
    event, id = entry.event, entry.id
    person = id.partition("@")[0]
    post: Post | None = event.post if isinstance(event, Posting) else None
    standing = rules.Standing(post.store, post.team, post.role, post.in_post, post.newcomer, (id,)) if post is not None else None
    granted = isinstance(event, authz.LeaveGranted)
    leave = rules.Leave(person, event.first, event.last, event.maintainer, (id,)) if granted else None
    names: set[str] = set()
    names_in(event, names)
    at = entry.effective_at
    return Notice(entry, id, person, entry.position, at, post, standing, leave, frozenset(names), _places_of(post), _around(post))


def _places_of(post: Post | None) -> frozenset[Place]:
    places: set[Place] = set()
    if post is not None and post.team is not None:
        places.add(("team", post.team))
    if post is not None and post.role == "store_manager" and post.store is not None:
        places.add(("store", post.store))
    if post is not None and post.role == "area_manager":
        places.add(("area", post.area or ""))
    return frozenset(places)


def _around(post: Post | None) -> frozenset[Place]:
    places: set[Place] = set()
    if post is not None and post.team:
        places.add(("team", post.team))
    if post is not None and post.store:
        places.add(("store", post.store))
    if post is not None and post.area:
        places.add(("area", post.area))
    return frozenset(places)


class Known(Struct, frozen=True):
    """A person as far as a cut goes. `within`: what is within it, in the order of recording; `posting`: what told their post last, or if
    they joined only later, first; `around`: the places where they have been; `names`: whom all this names."""

    within: Sequence[Notice] = ()
    posting: Notice | None = None
    standing: rules.Standing | None = None
    area: str | None = None
    has_leaves: bool = False
    around: frozenset[Place] = frozenset()
    names: frozenset[str] = frozenset()

    def post_at(self, at: datetime) -> Post | None:
        """Their post at an instant of the past; None before they joined."""
        for notice in reversed(self.within):
            if notice.post is not None and notice.effective_at <= at:
                return notice.post
        return None


def known(within: Sequence[Notice], first: Notice) -> Known:
    """A person by what is within a cut, and by how they joined, if only later."""
    chosen = within if first in within or first.entry.version != 1 else [first, *within]
    postings = [notice for notice in within if notice.post is not None]
    posting = postings[-1] if postings else next((notice for notice in chosen if notice.post is not None), None)
    return Known(
        within=within,
        posting=posting,
        standing=posting.standing if posting is not None else None,
        area=postings[-1].post.area if postings and postings[-1].post is not None else None,
        has_leaves=any(notice.leave is not None for notice in within),
        around=frozenset(place for notice in chosen for place in notice.around),
        names=frozenset(name for notice in chosen for name in notice.names),
    )


class Posted(Struct, frozen=True):
    """Who has ever been posted to a place, as far as a cut goes; of a team, the store of who was put into it last."""

    people: frozenset[str] = frozenset()
    store: str | None = None


def posted(within: Sequence[Notice], _: Notice) -> Posted:
    stores = [notice.post.store for notice in within if notice.post is not None and notice.post.store]
    return Posted(frozenset(notice.person for notice in within), stores[-1] if stores else None)


Folded = TypeVar("Folded")


class _Line(Generic[Folded]):
    """The notices of a person, or to a place, in the order of recording; and what they come to, which is kept of each number of them."""

    __slots__ = ("_effective", "_fold", "_folded", "_is_straight", "_positions", "notices")

    def __init__(self, fold: Callable[[Sequence[Notice], Notice], Folded]) -> None:
        self.notices: list[Notice] = []
        self._fold = fold
        self._folded: dict[int, Folded] = {}
        self._is_straight = True
        self._positions: list[int] = []
        self._effective: list[datetime] = []

    def take(self, notice: Notice) -> None:
        self._is_straight = self._is_straight and (not self.notices or self._effective[-1] <= notice.effective_at)
        self.notices.append(notice)
        self._positions.append(notice.position)
        self._effective.append(notice.effective_at)

    def upto(self, cut: Cut) -> Folded:
        """What those within a cut come to."""
        instant, position = cut.instant, cut.positions.get("authz", 0)
        if not self._is_straight:
            return self._fold(self._within(instant, position), self.notices[0])
        count = min(bisect_right(self._positions, position), bisect_right(self._effective, instant))
        if count not in self._folded:
            self._folded[count] = self._fold(self._within(instant, position), self.notices[0])
        return self._folded[count]

    def _within(self, instant: datetime, position: int) -> list[Notice]:
        return [n for n in self.notices if n.position <= position and n.effective_at <= instant and n.entry.event is not None]


class Staff:
    """The notices of a company's people."""

    __slots__ = ("_people", "_places")

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        self._people: dict[str, _Line[Known]] = {}
        self._places: dict[Place, _Line[Posted]] = {}
        for entry in entries:
            self.take(entry)

    def take(self, entry: Entry) -> None:
        """Takes in what was recorded next."""
        notice = notice_of(entry)
        self._people.setdefault(notice.person, _Line(known)).take(notice)
        for place in notice.places:
            self._places.setdefault(place, _Line(posted)).take(notice)

    def entries(self) -> Iterator[Entry]:
        """All entries, person by person."""
        return (notice.entry for line in self._people.values() for notice in line.notices)

    def named(self, names: Iterable[str], cut: Cut) -> dict[str, Known]:
        """The people named, and whom the entries about these name, and so on, as far as a cut goes."""
        found: dict[str, Known] = {}
        missing = list(names)
        while missing:
            person = missing.pop()
            if person not in found:
                found[person] = self.person(person, cut)
                missing += found[person].names
        return found

    def around(self, places: Iterable[Place], cut: Cut) -> dict[str, Known]:
        """Everyone who has been posted to one of these places, as far as a cut goes."""
        people = frozenset[str]().union(*[self.posted(place, cut).people for place in places])
        return {person: self.person(person, cut) for person in people}

    def person(self, person: str, cut: Cut) -> Known:
        line = self._people.get(person)
        return line.upto(cut) if line is not None else _NOBODY

    def posted(self, place: Place, cut: Cut) -> Posted:
        line = self._places.get(place)
        return line.upto(cut) if line is not None else _EMPTY


_NOBODY: Final = Known()
_EMPTY: Final = Posted()
