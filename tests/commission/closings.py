"""Closings to split: facts as they stood, told briefly, and packs with something changed."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any, Final

from msgspec.structs import replace

from services.commission.rules import (
    Client,
    Exclusive,
    Facts,
    FloorPlan,
    FollowUp,
    Key,
    Listing,
    Move,
    Split,
    Standing,
    Survey,
    split,
)
from shared.calendar import SHANGHAI
from shared.money import points_text
from shared.regulation import Pack, load
from tests.packs import A as A
from tests.packs import B as B


def at(text: str) -> datetime:
    """`2024-03-08 16:00`, in Shanghai."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


CLOSED: Final = at("2024-03-14 16:00")

PEOPLE: Final[Mapping[str, Standing]] = {
    "R": Standing("S1", "G1", evidence=("R@1",)),
    "H": Standing("S1", "G1"),
    "X": Standing("S1", "G1"),
    "K": Standing("S3", "G3"),
    "PH": Standing("S3", "G3", evidence=("PH@1",)),
    "FP": Standing("S3", "G3"),
    "MT": Standing("S4", "G4"),
    "E": Standing("S2", "G2"),
    "C": Standing("S2", "G2"),
    "C2": Standing("S3", "G3"),
    "C3": Standing("S4", "G4"),
    "M": Standing("S2", "G2"),
    "N": Standing("S2", "G2", newcomer=True, evidence=("N@1",)),
    "N2": Standing("S3", "G3", newcomer=True),
    "SM2": Standing("S2", role="store_manager"),
    "AM": Standing("S1", role="area_manager"),
    "GM": Standing(None, role="general_manager"),
}
TEAMS: Final = {"G1": "S1", "G2": "S2", "G3": "S3", "G4": "S4"}

LISTING: Final = Listing("L1", recorder="R", holder="R", evidence=("L1@1",))
CLIENT: Final = Client("C1", recorder="E", first="C1", first_recorder="E", evidence=("C1@1",), first_evidence=("C1@1",))


def a_sale(**changed: Any) -> Facts:
    """A sale of 30,000 yuan closed by C, on R's listing, of E's client."""
    return replace(
        Facts(
            kind="sale",
            closed_at=CLOSED,
            fees_fen={"agency": 3_000_000},
            closers=("C",),
            client=CLIENT,
            listing=LISTING,
            people=dict(PEOPLE),
            teams=dict(TEAMS),
            store_managers=("SM2",),
            area_managers=("AM",),
            evidence=("D1@1",),
        ),
        **changed,
    )


def a_rental(**changed: Any) -> Facts:
    return a_sale(kind="rental", **changed)


def with_listing(facts: Facts, **changed: Any) -> Facts:
    assert facts.listing is not None
    return replace(facts, listing=replace(facts.listing, **changed))


def with_client(facts: Facts, **changed: Any) -> Facts:
    return replace(facts, client=replace(facts.client, **changed))


def left(facts: Facts, *people: str) -> Facts:
    """The same, but these had left by closing."""
    gone = {person: replace(facts.people[person], in_post=False, evidence=(f"{person}@9",)) for person in people}
    return replace(facts, people={**facts.people, **gone})


KEY: Final = Key("K", declared_by="L1@3", evidence=("L1@2",))
EXCLUSIVE: Final = Exclusive("X", until=date(2025, 3, 1), declared_by="L1@5", evidence=("L1@4",))
LAPSED: Final = Move("team:G1", at("2024-03-12 00:00"), "A-2.7", ("L1@1",))
CLAIMED: Final = Move("H", at("2024-03-13 15:00"), "A-2.12", ("L1@6",))
REACHED: Final = Move("H", at("2024-03-13 15:00"), "A-2.16", ("L1@7",))


def under_b(**changed: Any) -> Facts:
    """A sale under B with all parts earned: R listing agent, PH survey, FP plan, K key; C closes and recorded the client."""
    listing = replace(
        LISTING,
        surveys=(Survey("PH", 4, 1, 1, evidence=("L1@2",)),),
        plans=(FloorPlan("FP", True, True, evidence=("L1@3",)),),
        keys=(Key("K", evidence=("L1@4",)),),
        follow_ups=(FollowUp("R", at("2024-03-01 10:00"), "G1", ("L1@1",)), FollowUp("R", at("2024-03-10 09:00"), "G1", ("L1@6",))),
    )
    client = replace(CLIENT, recorder="C", first_recorder="C")
    return replace(a_sale(listing=listing, client=client), **changed)


def table(result: Split) -> list[str]:
    """The lines as `role to points amount credit`."""
    return [f"{line.role} {line.to} {points_text(line.points)} {line.amount_fen} {line.credit}" for line in result.lines]


def of(facts: Facts, pack: Pack) -> list[str]:
    return table(split(facts, pack))


def roles(facts: Facts, pack: Pack) -> list[str]:
    """The lines as `role to points`."""
    return [f"{line.role} {line.to} {points_text(line.points)}" for line in split(facts, pack).lines]


# Packs with something changed.


def edited(pack: Pack, change: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    """The pack's document, copied and changed."""
    document = {
        **pack.document,
        "readings": dict(pack.document["readings"]),
        "clauses": [{**clause} for clause in pack.document["clauses"]],
    }
    change(document)
    return document


def without(pack: Pack, *clauses: str) -> Pack:
    def leave_out(document: dict[str, Any]) -> None:
        document["clauses"] = [clause for clause in document["clauses"] if clause["clause"] not in clauses]

    return load(edited(pack, leave_out))


def setting(pack: Pack, clause: str, **parameters: Any) -> dict[str, Any]:
    """The pack's document with other numbers in one clause."""

    def set_(document: dict[str, Any]) -> None:
        next(each for each in document["clauses"] if each["clause"] == clause).update(parameters)

    return edited(pack, set_)


def reading(pack: Pack, id: str, chosen: str) -> Pack:
    return load(edited(pack, lambda document: document["readings"].update({id: chosen})))
