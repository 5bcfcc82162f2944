"""A client whose story is told: who does what when, decided and folded as the service does it, without a service.

E recorded them; F is in E's team G2, X in G1 of another store, W has no team; M2 manages E's store.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from msgspec import structs

from services.client import aggregate
from services.client.aggregate import Client, claims_of, evolve
from services.client.events import Entered, Event
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
        Post("E", "S2", "G2", "N"),
        Post("F", "S2", "G2", "N"),
        Post("N", "S2", "G2", "N", newcomer=True),
        Post("X", "S1", "G1", "N"),
        Post("W", "S2", None, "N"),
        Post("M1", "S1", None, "N", "store_manager"),
        Post("M2", "S2", None, "N", "store_manager"),
        Post("GM", None, None, None, "general_manager"),
        Post("team:G1", "S1", "G1", "N"),
        Post("team:G2", "S2", "G2", "N"),
    )
}
GIVEN: Final = {"floor": "any", "area": "80-100", "orientation": "south", "price": "2000000", "phone": "13700000001", "needs": "none"}
ENTERED: Final = "2024-03-01 09:00"
TEXT: Final = "Asked which streets they like, they wait for spring"


def at(text: str) -> datetime:
    """`2024-03-08 16:00`, in Shanghai."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


class Buyer:
    """Each act returns the events that were decided, and takes them into the state. `pack` is in force from of old."""

    def __init__(self, pack: Pack = A, *, packs: tuple[Activation, ...] | None = None, people: Iterable[Post] = ()) -> None:
        self.packs = packs if packs is not None else (Activation(pack, at("2000-01-01 00:00")),)
        self.people = {**PEOPLE, **{post.person: post for post in people}}
        self.past: list[Event] = []
        self.claims: list[Claim] = []
        self.record: Client | None = None

    @property
    def ground(self) -> Ground:
        return Ground(self.people, self.packs)

    @property
    def client(self) -> Client:
        assert self.record is not None, "the client has been entered"
        return self.record

    def take(self, events: Sequence[Event]) -> list[Event]:
        for event in events:
            self.claims += claims_of(self.record, event)
            self.record = evolve(self.record, event)
            self.past.append(event)
        return list(events)

    def by(self, person: str) -> Caller:
        return Caller(person, TENANT, self.people[person])

    # What can be asked

    def holder(self, when: str) -> str:
        return holder_at(self.client.stands, at(when))

    def goes_public(self) -> tuple[str, str, str] | None:
        """When, by which clause and to which account; None: never."""
        first = self.client.stands[0]
        if first.until is None:
            return None
        return first.until.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S"), first.clause or "", self.client.stands[1].holder

    # What people do

    def enter(self, when: str = ENTERED, by: str = "E", recorder: str | None = None, **facts: Any) -> list[Event]:
        given = {**GIVEN, **{name: facts.pop(name) for name in GIVEN if name in facts}}
        told = {"kind": "buy", "contact": "cnt_1", "acquired_at": at(when), "first": None, "duplicates": 0, **facts}
        recording = self.people[recorder or by]
        return self.take(aggregate.enter(by=self.by(by), recorder=recording, given=given, ground=self.ground, at=at(when), **told))

    def follow_up(self, when: str, by: str = "E", text: str = TEXT) -> list[Event]:
        return self.take(aggregate.follow_up(self.client, by=self.by(by), channel="phone", text=text, ground=self.ground, at=at(when)))

    def view(self, when: str, by: str = "E", form: str = "V-1", *, form_used: bool = False, is_correct: bool | None = True) -> list[Event]:
        first = Claimant(UUID(int=9), "psn_first", at(when)) if form_used else None
        facts: dict[str, Any] = {"client_id": "cli_1", "listing": "lst_1", "form": form, "form_used": first, "is_correct": is_correct}
        return self.take(aggregate.view(self.client, by=self.by(by), ground=self.ground, at=at(when), **facts))

    def name_senior(self, when: str, senior: str, by: str = "M2") -> list[Event]:
        return self.take(aggregate.name_senior(self.client, by=self.by(by), senior=senior, ground=self.ground, at=at(when)))

    def claim(self, when: str, by: str) -> list[Event]:
        return self.take(aggregate.claim(self.client, by=self.by(by), ground=self.ground, at=at(when)))

    def reassign(self, when: str, to: str, by: str = "M2") -> list[Event]:
        return self.take(aggregate.reassign(self.client, by=self.by(by), to=to, ground=self.ground, at=at(when)))

    def does(self, act: str, when: str, by: str = "E", **facts: Any) -> list[Event]:
        """Any act on the client's file, by its name in the aggregate: `does("set_level", "2024-03-02 10:00", level="H")`."""
        return self.take(getattr(aggregate, act)(self.client, by=self.by(by), ground=self.ground, at=at(when), **facts))

    # What happens to people, deals and packs

    def leave(self, when: str, person: str) -> list[Event]:
        self.people[person] = structs.replace(self.people[person], in_post=False)
        return self.take(aggregate.leave_behind(self.client, person=person, at=at(when)))

    def move(self, person: str, store: str, team: str | None) -> None:
        self.people[person] = structs.replace(self.people[person], store=store, team=team)

    def report(self, when: str, deal: str = "dea_1") -> list[Event]:
        return self.take(aggregate.stop_terms(self.client, deal=deal, at=at(when)))

    def cancel(self, when: str, deal: str = "dea_1") -> list[Event]:
        return self.take(aggregate.begin_terms_anew(self.client, deal=deal, ground=self.ground, at=at(when)))

    def activate(self, when: str, pack: Pack, start: str, store: str | None = None) -> list[Event]:
        new, before = Activation(pack, at(start), store), self.ground
        self.packs = (*self.packs, new)
        return self.take(aggregate.reschedule(self.client, activated=new, ground=before, at=at(when)))

    def examine(self, when: str) -> list[Event]:
        return self.take(aggregate.examine(self.client, ground=self.ground, at=at(when)))

    def announce(self, when: str) -> list[Event]:
        return self.take(aggregate.announce_lapse(self.client, at=at(when)))


def entered(pack: Pack = A, **facts: Any) -> Buyer:
    """E entered them on 1 March at nine."""
    buyer = Buyer(pack)
    buyer.enter(**facts)
    return buyer


def first_of(events: Sequence[Event]) -> Entered:
    assert isinstance(events[0], Entered), "an entry begins with its being entered"
    return events[0]


def violations(events: Sequence[Event]) -> list[Violation]:
    return [event.violation for event in events if hasattr(event, "violation")]
