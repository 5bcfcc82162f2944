"""Everyone's employment as it was recorded, found by person, by team and by what they manage. Kept once, it serves any number of deals."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from itertools import chain

from msgspec import Struct

from services.authz import events as authz
from services.commission import rules
from services.commission.events import Cut
from services.commission.history.naming import Posting, names_in
from services.commission.history.proving import fingerprint
from shared.entry import Entry
from shared.identity import Post


@dataclass(frozen=True, eq=False)
class Notice:
    """One entry about a person: a post as it is from then on, a leave, or something that says neither."""

    entry: Entry
    id: str
    person: str
    position: int
    effective_at: datetime
    post: Post | None
    standing: rules.Standing | None
    leave: rules.Leave | None
    names: frozenset[str]

    @cached_property
    def fingerprint(self) -> str:
        return fingerprint(self.entry)


def notice_of(entry: Entry) -> Notice:
    event, id = entry.event, entry.id
    person = id.partition("@")[0]
    post: Post | None = event.post if isinstance(event, Posting) else None
    standing = rules.Standing(post.store, post.team, post.role, post.in_post, post.newcomer, (id,)) if post is not None else None
    granted = isinstance(event, authz.LeaveGranted)
    leave = rules.Leave(person, event.first, event.last, event.maintainer, (id,)) if granted else None
    names: set[str] = set()
    names_in(event, names)
    return Notice(entry, id, person, entry.position, entry.effective_at, post, standing, leave, frozenset(names))


class Known(Struct, frozen=True):
    """A person as far as a cut goes: what is within it, and besides, of who joined only later, how they joined."""

    within: Sequence[Notice]
    chosen: Sequence[Notice]

    @property
    def posting(self) -> Notice | None:
        """What told their post last, or if they joined only later, first; None: nothing did."""
        return _last_posting(self.within) or next((notice for notice in self.chosen if notice.post is not None), None)

    @property
    def area(self) -> str | None:
        posting = _last_posting(self.within)
        return posting.post.area if posting is not None and posting.post is not None else None

    def post_at(self, at: datetime) -> Post | None:
        """Their post at an instant of the past; None before they joined."""
        for notice in reversed(self.within):
            if notice.post is not None and notice.effective_at <= at:
                return notice.post
        return None


class Staff:
    """The notices of a company's people, each person's in the order of recording."""

    __slots__ = ("_managers_of_areas", "_managers_of_stores", "_people", "_teams")

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        self._people: dict[str, list[Notice]] = {}
        self._teams: dict[str, list[Notice]] = {}
        self._managers_of_stores: dict[str, list[Notice]] = {}
        self._managers_of_areas: dict[str, list[Notice]] = {}
        for entry in entries:
            self.take(entry)

    def take(self, entry: Entry) -> None:
        """Takes in what was recorded next."""
        notice = notice_of(entry)
        self._people.setdefault(notice.person, []).append(notice)
        post = notice.post
        if post is None:
            return
        if post.team is not None:
            self._teams.setdefault(post.team, []).append(notice)
        if post.role == "store_manager" and post.store is not None:
            self._managers_of_stores.setdefault(post.store, []).append(notice)
        if post.role == "area_manager":
            self._managers_of_areas.setdefault(post.area or "", []).append(notice)

    def known(self, names: set[str], cut: Cut) -> dict[str, Known]:
        """The people named, and whom the entries about these name, as far as the cut goes."""
        found: dict[str, Known] = {}
        instant, upto = cut.instant, cut.positions.get("authz", 0)
        missing = names
        while missing:
            more: set[str] = set()
            for person in missing:
                found[person] = known = _known(self._people.get(person, ()), instant, upto)
                for notice in known.chosen:
                    more |= notice.names
            missing = more - found.keys()
        return found

    def around(self, found: dict[str, Known], cut: Cut) -> list[Notice]:
        """What put others into the teams of these people, or at the head of their stores and areas; in the order of recording."""
        instant, upto = cut.instant, cut.positions.get("authz", 0)
        posts = [notice.post for known in found.values() for notice in known.chosen if notice.post is not None]
        notices = [
            *(self._teams.get(team, ()) for team in {post.team for post in posts if post.team}),
            *(self._managers_of_stores.get(store, ()) for store in {post.store for post in posts if post.store}),
            *(self._managers_of_areas.get(area, ()) for area in {"", *(post.area for post in posts if post.area)}),
        ]
        others = {
            notice.position: notice
            for notice in chain.from_iterable(notices)
            if notice.position <= upto and notice.effective_at <= instant and notice.person not in found
        }
        return [others[position] for position in sorted(others)]


def _known(notices: Sequence[Notice], instant: datetime, upto: int) -> Known:
    within = [n for n in notices if n.position <= upto and n.effective_at <= instant and n.entry.event is not None]
    if not notices or within[:1] == notices[:1] or notices[0].entry.version != 1:
        return Known(within, within)
    return Known(within, [notices[0], *within])


def _last_posting(notices: Sequence[Notice]) -> Notice | None:
    for notice in reversed(notices):
        if notice.post is not None:
            return notice
    return None
