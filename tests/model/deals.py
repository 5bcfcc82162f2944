"""Invents facts of deals: seeded, and weighted so that every clause and most pairs of them come into play often.

A deal is made from its seed and number alone, so that one deal of a long run can be had again by itself. Names overlap on
purpose: with few people about, the recorder closes, the key holder is the senior, the maintainer has left.
"""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Final, TypeVar
from zoneinfo import ZoneInfo

from services.commission.rules import (
    Client,
    Exclusive,
    Facts,
    Finding,
    FloorPlan,
    FollowUp,
    Key,
    Kind,
    Leave,
    Listing,
    Move,
    Signature,
    Standing,
    Survey,
    Viewing,
)

SHANGHAI: Final = ZoneInfo("Asia/Shanghai")
ZONES: Final = (SHANGHAI, ZoneInfo("UTC"), ZoneInfo("America/New_York"))
STORES: Final = ("S1", "S2", "S3", "S4")
TEAMS: Final = {"G1": "S1", "G2": "S2", "G3": "S3", "G4": "S4", "G5": "S2"}
INSTANT: Final = timedelta(microseconds=1)
FEES: Final = (0, 1, 2, 3, 7, 9, 10, 11, 19, 99, 100, 101, 333, 1_001, 1_234_567, 2_800_000, 3_000_000, 99_999_999)

Choice = TypeVar("Choice")


def deal(seed: int, number: int) -> Facts:
    """Deal `number` of a seed."""
    return _Making(Random(f"{seed}:{number}")).facts()


class _Making:
    """One deal in the making."""

    def __init__(self, chance: Random) -> None:
        self.chance = chance
        self.names = [f"P{number}" for number in range(1, chance.choice((4, 5, 6, 8, 10)) + 1)]
        self.people = {name: self.standing() for name in self.names}
        self.closed_at = self.closing()
        self.day = self.closed_at.astimezone(SHANGHAI).date()
        self.kind: Kind = "sale" if self.often(0.6) else "rental"

    def often(self, share: float) -> bool:
        return self.chance.random() < share

    def one_of(self, choices: Sequence[Choice]) -> Choice:
        return self.chance.choice(choices)

    def anyone(self) -> str:
        return self.one_of(self.names)

    def standing(self) -> Standing:
        team = self.one_of(tuple(TEAMS)) if self.often(0.9) else None
        store = TEAMS[team] if team else self.one_of((*STORES, None))
        return Standing(store, team, in_post=not self.often(0.15), newcomer=self.often(0.25))

    def closing(self) -> datetime:
        on = date(2024, 1, 1) + timedelta(days=self.chance.randrange(900))
        at = self.one_of((time(0, 0), time(0, 0, 0, 1), time(16, 0), time(23, 59, 59, 999_999), time(7, 59), time(8, 0), None))
        at = at or time(self.chance.randrange(24), self.chance.randrange(60), self.chance.randrange(60))
        return datetime.combine(on, at, SHANGHAI).astimezone(self.one_of(ZONES))

    def facts(self) -> Facts:
        closers = tuple(self.chance.sample(self.names, self.chance.choices((1, 2, 3), (0.6, 0.28, 0.12))[0]))
        listing = self.listing()
        showed = closers if len(closers) > 1 or self.often(0.3) else ()
        return Facts(
            kind=self.kind,
            closed_at=self.closed_at,
            fees_fen=self.fees(),
            closers=closers,
            client=self.client(),
            listing=listing,
            people=self.people,
            teams=dict(TEAMS),
            viewings=tuple(Viewing(name, self.closed_at - timedelta(days=1)) for name in showed),
            leaves=self.leaves,
            store_managers=tuple(self.chance.sample(self.names, self.chance.choices((0, 1, 2), (0.1, 0.8, 0.1))[0])),
            area_managers=tuple(self.chance.sample(self.names, self.chance.choices((0, 1, 2), (0.1, 0.8, 0.1))[0])),
            findings=tuple(Finding(self.anyone()) for _ in range(self.chance.choices((0, 1, 2), (0.8, 0.15, 0.05))[0])),
            signature=Signature(self.one_of(("none", "none", "authorised", "unauthorised", "ratified"))),
        )

    def fees(self) -> dict[str, int]:
        fees = {"agency": self.fee()} if self.often(0.97) else {}
        for name in ("information", "bank_rebate", "loan_service", "other"):
            if self.often(0.2):
                fees[name] = self.fee()
        return fees

    def fee(self) -> int:
        return self.one_of(FEES) if self.often(0.6) else self.chance.randrange(10 ** self.chance.randrange(1, 10))

    def client(self) -> Client:
        recorder = self.anyone()
        senior = self.anyone() if self.often(0.6) else None
        if self.often(0.3):
            return Client("C1", recorder, "C0", self.anyone(), senior)
        return Client("C1", recorder, "C1", recorder, senior)

    # The listing

    def listing(self) -> Listing | None:
        self.leaves: tuple[Leave, ...] = ()
        entered = self.chance.choices(("none", "in_time", "late", "late_signed_off"), (0.05, 0.82, 0.06, 0.07))[0]
        if entered == "none":
            return None
        recorder = self.anyone()
        if entered == "in_time":
            return self.listing_in_time(recorder)
        # Nothing of it was recorded up to closing, its entry included.
        self.leaves = self.some_leaves(recorder)
        entry = FollowUp(recorder, self.closed_at + timedelta(minutes=self.chance.randrange(1, 9999)), self.people[recorder].team)
        if entered == "late_signed_off":
            return Listing("L1", recorder, recorder, "late_signed_off", follow_ups=(entry,))
        return Listing("L1", recorder, recorder, "late", correct=not self.often(0.1), follow_ups=(entry,))

    def listing_in_time(self, recorder: str) -> Listing:
        moves = self.moves(recorder)
        holder = moves[-1].to if moves else recorder
        self.leaves = self.some_leaves(holder)
        phone_refuted = self.often(0.08)
        return Listing(
            "L1",
            recorder,
            holder,
            correct=not phone_refuted,
            core_refuted=self.often(0.2),
            phone_refuted=phone_refuted,
            moves=moves,
            keys=tuple(Key(self.anyone(), self.declared()) for _ in range(self.few())),
            exclusives=tuple(Exclusive(self.anyone(), self.until(), self.declared()) for _ in range(self.few())),
            surveys=tuple(self.survey(self.worker(holder)) for _ in range(self.few())),
            plans=tuple(self.plan(self.worker(holder)) for _ in range(self.few())),
            follow_ups=self.follow_ups(recorder, holder),
        )

    def few(self) -> int:
        return self.chance.choices((0, 1, 2, 3), (0.35, 0.4, 0.18, 0.07))[0]

    def worker(self, holder: str) -> str:
        return holder if holder in self.people and self.often(0.25) else self.anyone()

    def declared(self) -> str | None:
        return "L1@2" if self.often(0.7) else None

    def until(self) -> date:
        return self.day + timedelta(days=self.one_of((-30, -1, 0, 1, 300, 300, 300)))

    def survey(self, by: str) -> Survey:
        if self.often(0.6):
            return Survey(by, self.one_of((4, 5, 9)), self.one_of((1, 2)), self.one_of((1, 3)))
        missing = self.chance.randrange(4)
        return Survey(by, 3 if missing == 0 else 4, 0 if missing == 1 else 1, 0 if missing == 2 else 1, 1 if missing == 3 else 0)

    def plan(self, by: str) -> FloorPlan:
        return FloorPlan(by, door=self.often(0.8), compass=self.often(0.8))

    def moves(self, recorder: str) -> tuple[Move, ...]:
        """Lapses, claims and reassignments, each to someone who did not hold."""
        moves: list[Move] = []
        holder = recorder
        at = self.closed_at - timedelta(days=20)
        for _ in range(self.chance.choices((0, 1, 2, 3, 4), (0.4, 0.25, 0.2, 0.1, 0.05))[0]):
            move = self.move(holder, recorder, at)
            if move.to != holder:
                moves.append(move)
                holder = move.to
            at += timedelta(days=5)
        return tuple(moves)

    def move(self, holder: str, recorder: str, at: datetime) -> Move:
        person = recorder if self.often(0.4) else self.anyone()
        if holder in self.people and self.often(0.35):
            team = self.people[holder].team
            return Move(f"team:{team}" if team else "company", at, "A-2.7")
        if holder.startswith("team:") and self.often(0.3):
            return Move("company", at, "A-2.15")
        if holder in self.people:
            to = self.one_of((person, person, f"team:{self.one_of(tuple(TEAMS))}", "company"))
            return Move(to, at, self.one_of((None, None, None, "A-2.16")))
        return Move(person, at, self.one_of((None, None, "A-2.12", "A-2.12", "A-2.16")))

    # Follow-ups and leaves, on both sides of every boundary

    def follow_ups(self, recorder: str, holder: str) -> tuple[FollowUp, ...]:
        entered_at = self.midnight(-self.one_of((1, 5, 7, 8, 15, 16, 40))) + timedelta(hours=self.chance.randrange(24))
        entry = FollowUp(recorder, min(entered_at, self.closed_at), self.people[recorder].team)
        written = [entry, *(self.follow_up(holder) for _ in range(self.chance.choices((0, 1, 2, 4), (0.3, 0.35, 0.25, 0.1))[0]))]
        for leave in self.leaves:
            if leave.maintainer and self.often(0.75):
                written.append(FollowUp(leave.maintainer, self.about(leave), self.team_then(leave.maintainer)))
        return tuple(sorted((one for one in written if one.at <= self.closed_at), key=lambda one: one.at))

    def follow_up(self, holder: str) -> FollowUp:
        by = holder if holder in self.people and self.often(0.7) else self.anyone()
        return FollowUp(by, self.moment(), self.team_then(by))

    def team_then(self, person: str) -> str | None:
        """Mostly their team at closing."""
        return self.people[person].team if self.often(0.85) else self.one_of((*TEAMS, None))

    def moment(self) -> datetime:
        """An instant of the weeks before closing, mostly at the edge of a term."""
        edges = [self.midnight(-days) + late for days in (0, 7, 15) for late in (-INSTANT, timedelta(0), INSTANT)]
        at = self.one_of([*edges, self.closed_at, self.closed_at - timedelta(days=7), self.closed_at - timedelta(days=15)])
        if self.often(0.3):
            at = self.closed_at - timedelta(minutes=self.chance.randrange(40 * 24 * 60))
        return at

    def about(self, leave: Leave) -> datetime:
        """An instant at an edge of a leave or inside it."""
        first = datetime.combine(leave.first, time(), SHANGHAI)
        last = datetime.combine(leave.last + timedelta(days=1), time(), SHANGHAI)
        inside = first + timedelta(minutes=self.chance.randrange(24 * 60))
        edges = (first - INSTANT, first, first + INSTANT, last - INSTANT, last)
        return self.one_of((*edges, inside, inside, inside, self.closed_at, self.closed_at))

    def midnight(self, days: int) -> datetime:
        return datetime.combine(self.day + timedelta(days=days), time(), SHANGHAI)

    def some_leaves(self, holder: str) -> tuple[Leave, ...]:
        people = [self.anyone()] if self.often(0.2) else []
        people += [holder] if holder in self.people and self.often(0.6) else []
        people += [holder] if people and holder in self.people and self.often(0.25) else []
        return tuple(self.leave(person) for person in people)

    def leave(self, person: str) -> Leave:
        """A leave that covers the day of closing at its beginning, its end or in between, or just misses it."""
        days = self.one_of((1, 3, 4, 4, 5, 9, 15, 15, 16, 20))
        gone = self.one_of((0, days - 1, *(self.chance.randrange(days) for _ in range(4)), -1, days))
        first = self.day - timedelta(days=gone)
        others = [name for name in self.names if name != person]
        return Leave(person, first, first + timedelta(days=days - 1), self.one_of(others) if self.often(0.75) else None)
