"""A flat whose story is told: who does what when, decided and folded as the service does it, without a service.

People are named by a letter. R recorded it, H and T are in R's team G1, X in G2 of another store, Z in G9 of R's store, W has no team.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from itertools import pairwise
from typing import Any, Final
from uuid import UUID

from msgspec import structs

from services.listing import aggregate
from services.listing.aggregate import Listing, claims_of, evolve, is_concealed
from services.listing.events import Entered, Event, FollowedUp, House, Shown
from shared.calendar import SHANGHAI
from shared.eventlog import Claim, Claimant
from shared.identity import Caller, Post
from shared.regulation import Activation, Pack, Violation
from shared.tenure import Ground, holder_at
from tests.packs import A

TENANT: Final = UUID(int=1)
PEOPLE: Final[Mapping[str, Post]] = {
    post.person: post
    for post in (
        Post("R", "S1", "G1", "N"),
        Post("H", "S1", "G1", "N"),
        Post("T", "S1", "G1", "N"),
        Post("X", "S2", "G2", "N"),
        Post("Z", "S1", "G9", "N"),
        Post("W", "S1", None, "N"),
        Post("M1", "S1", None, "N", "store_manager"),
        Post("M2", "S2", None, "N", "store_manager"),
        Post("AM", "S3", None, "N", "area_manager"),
        Post("AM2", "S4", None, "S", "area_manager"),
        Post("GM", None, None, None, "general_manager"),
        Post("team:G1", "S1", "G1", "N"),
        Post("team:G2", "S2", "G2", "N"),
        Post("team:G9", "S1", "G9", "N"),
    )
}
HOUSE: Final = House(community="Harbour Court", building="3", unit="2", room="0302", bedrooms=2, floor=3, orientation="south")
ENTERED: Final = "2024-03-01 10:00"
TEXT: Final = "Spoke with the owner, tenant leaves at month end"


def at(text: str) -> datetime:
    """`2024-03-08 16:00`, in Shanghai."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def caller(post: Post) -> Caller:
    return Caller(post.person, TENANT, post)


def in_force(*packs: tuple[str, Pack] | tuple[str, Pack, str]) -> tuple[Activation, ...]:
    """Packs from days on, for the company or a store."""
    return tuple(Activation(pack, at(f"{start} 00:00"), next(iter(store), None)) for start, pack, *store in packs)


class Flat:
    """Each act returns the events that were decided, and takes them into the state. `pack` is in force from of old."""

    def __init__(self, pack: Pack = A, *, packs: tuple[Activation, ...] | None = None, people: Iterable[Post] = ()) -> None:
        self.packs = packs if packs is not None else in_force(("2000-01-01", pack))
        self.people = {**PEOPLE, **{post.person: post for post in people}}
        self.past: list[Event] = []
        self.claims: list[Claim] = []
        self.entry: Listing | None = None

    @property
    def ground(self) -> Ground:
        return Ground(self.people, self.packs)

    @property
    def listing(self) -> Listing:
        assert self.entry is not None, "the listing has been entered"
        return self.entry

    def take(self, events: Sequence[Event]) -> list[Event]:
        for event in events:
            self.claims += claims_of(self.entry, event)
            self.entry = evolve(self.entry, event)
            self.past.append(event)
        return list(events)

    def by(self, person: str) -> Caller:
        return caller(self.people[person])

    # What can be asked

    def holder(self, when: str) -> str:
        return holder_at(self.listing.stands, at(when))

    def concealed(self, when: str) -> bool:
        return is_concealed(self.listing, at(when))

    def lapses(self) -> list[tuple[str, str, str]]:
        """Every change of hands that the clock will bring: until when, by which clause, to whom."""
        stands = self.listing.stands
        return [
            (stand.until.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S"), stand.clause or "", after.holder)
            for stand, after in pairwise(stands)
            if stand.until is not None
        ]

    def version(self, event: Event) -> int:
        return next(number for number, known in enumerate(self.past, start=1) if known is event)

    # What people do

    def enter(self, when: str = ENTERED, by: str = "R", recorder: str | None = None, **facts: Any) -> list[Event]:
        house = structs.replace(HOUSE, **{name: facts.pop(name) for name in House.__struct_fields__ if name in facts})
        given = {"kind": "sale", "owner": "cnt_owner", "owner_is_agents": False, "acquired_at": at(when), "original": None, **facts}
        recording = self.people[recorder or by]
        return self.take(aggregate.enter(by=self.by(by), recorder=recording, house=house, ground=self.ground, at=at(when), **given))

    def complete(self, when: str, by: str = "R", original: Claimant | None = None, **facts: Any) -> list[Event]:
        owner, is_agents = facts.pop("owner", None), facts.pop("owner_is_agents", False)
        given = {"house": House(**facts), "owner": owner, "owner_is_agents": is_agents, "original": original}
        return self.take(aggregate.complete(self.listing, by=self.by(by), ground=self.ground, at=at(when), **given))

    def follow_up(
        self, when: str, by: str = "R", text: str = TEXT, *, about: Any = None, outcome: Any = None, alike: Sequence[tuple[str, str]] = ()
    ) -> list[Event]:
        facts: dict[str, Any] = {"channel": "phone", "text": text, "about": about, "outcome": outcome, "alike": alike}
        return self.take(aggregate.follow_up(self.listing, by=self.by(by), ground=self.ground, at=at(when), **facts))

    def show(self, when: str, by: str, then: Post | None = None, place: int | None = None) -> list[Event]:
        """`then` is the post that they had when they showed it, if it is heard of only after that has changed."""
        facts: dict[str, Any] = {"by": then or self.people[by], "client": "cli_1", "viewing": "cli_1@2", "place": place}
        return self.take(aggregate.show(self.listing, ground=self.ground, at=at(when), **facts))

    def mark(self, when: str, status: Any, by: str = "R") -> list[Event]:
        return self.take(aggregate.mark(self.listing, by=self.by(by), status=status, ground=self.ground, at=at(when)))

    def reassign(self, when: str, to: str, by: str = "M1") -> list[Event]:
        return self.take(aggregate.reassign(self.listing, by=self.by(by), to=to, ground=self.ground, at=at(when)))

    def refute(self, when: str, what: Any, meant: Event | int | None = None, by: str = "M1") -> list[Event]:
        version = meant if meant is None or isinstance(meant, int) else self.version(meant)
        past = list(enumerate(self.past, start=1))
        return self.take(
            aggregate.refute(
                self.listing, by=self.by(by), what=what, follow_up=version, past=past, reason="untrue", ground=self.ground, at=at(when)
            )
        )

    def find_duplicate(self, when: str, by: str = "M1", ordinal: int = 1) -> list[Event]:
        return self.take(
            aggregate.find_duplicate(self.listing, by=self.by(by), reason="junk", ordinal=ordinal, ground=self.ground, at=at(when))
        )

    def conceal(self, when: str, by: str = "R", taken: Iterable[int] = ()) -> list[Event]:
        return self.take(aggregate.conceal(self.listing, by=self.by(by), taken=frozenset(taken), ground=self.ground, at=at(when)))

    def reveal(self, when: str, by: str = "R") -> list[Event]:
        return self.take(aggregate.reveal(self.listing, by=self.by(by), ground=self.ground, at=at(when)))

    def end_concealment(self, when: str) -> list[Event]:
        return self.take(aggregate.end_concealment(self.listing, at=at(when)))

    def take_key(self, when: str, by: str) -> list[Event]:
        return self.take(aggregate.take_key(self.listing, by=self.by(by), at=at(when)))

    def return_key(self, when: str, by: str) -> list[Event]:
        return self.take(aggregate.return_key(self.listing, by=self.by(by), at=at(when)))

    def sign_exclusive(self, when: str, by: str, until: date = date(2024, 12, 31)) -> list[Event]:
        return self.take(aggregate.sign_exclusive(self.listing, by=self.by(by), until=until, at=at(when)))

    def survey(self, when: str, by: str) -> list[Event]:
        facts = {"indoor": 4, "indoor_with_agent": 1, "outdoor": 1, "watermarked": 0}
        return self.take(aggregate.survey(self.listing, by=self.by(by), at=at(when), **facts))

    # What happens to people, deals and packs

    def leave(self, when: str, person: str) -> list[Event]:
        self.people[person] = structs.replace(self.people[person], in_post=False)
        return self.take(aggregate.leave_behind(self.listing, person=person, at=at(when)))

    def move(self, person: str, store: str, team: str | None) -> None:
        self.people[person] = structs.replace(self.people[person], store=store, team=team)

    def report(self, when: str, deal: str = "dea_1", place: int | None = None) -> list[Event]:
        return self.take(aggregate.stop_terms(self.listing, deal=deal, place=place, at=at(when)))

    def cancel(self, when: str, deal: str = "dea_1") -> list[Event]:
        return self.take(aggregate.begin_terms_anew(self.listing, deal=deal, ground=self.ground, at=at(when)))

    def activate(self, when: str, pack: Pack, start: str, store: str | None = None) -> list[Event]:
        new, before = Activation(pack, at(start), store), self.ground
        self.packs = (*self.packs, new)
        return self.take(aggregate.reschedule(self.listing, activated=new, ground=before, at=at(when)))

    def announce(self, when: str) -> list[Event]:
        return self.take(aggregate.announce_lapse(self.listing, at=at(when)))


def entered(pack: Pack = A, **facts: Any) -> Flat:
    """R entered it on 1 March at ten, correct."""
    flat = Flat(pack)
    flat.enter(**facts)
    return flat


def first_of(events: Sequence[Event]) -> Entered:
    assert isinstance(events[0], Entered), "an entry begins with its being entered"
    return events[0]


def written(events: Sequence[Event]) -> FollowedUp:
    assert isinstance(events[0], FollowedUp), "a follow-up is written first"
    return events[0]


def shown(events: Sequence[Event]) -> Shown:
    assert isinstance(events[0], Shown), "a viewing is shown first"
    return events[0]


def violations(events: Sequence[Event]) -> list[Violation]:
    return [event.violation for event in events if hasattr(event, "violation")]


ORIGINAL: Final = Claimant(stream=UUID(int=7), by="H", recorded_at=datetime.fromisoformat("2024-02-01T10:00+08:00"))
"""Who entered the room first."""
