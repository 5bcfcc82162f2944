"""What a pack gives under every combination of what its clauses depend on, before anything has happened: for trying a pack out.

A combination has a value for each condition (is there a key, has the listing lapsed, ...), and may have changes on top of it (somebody
has left, the closer is a newcomer, ...). Its facts are made up here: one person for each thing that can be done.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime
from itertools import combinations, product
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from services.commission.rules.facts import (
    COMPANY,
    Client,
    Exclusive,
    Facts,
    Finding,
    FloorPlan,
    FollowUp,
    Key,
    Leave,
    Listing,
    Move,
    Standing,
    Survey,
    Viewing,
    is_person,
)
from services.commission.rules.parts import Split
from services.commission.rules.splitting import split
from shared.calendar import SHANGHAI
from shared.regulation import CONDITIONS, Pack

Value = str | bool
Setting = Mapping[str, Value]
"""A value for each condition."""

CLOSED: Final = datetime(2024, 3, 14, 16, tzinfo=SHANGHAI)
BASE_FEN: Final = 10_000_000
NAMED: Final = "named:"
LEFT: Final = "left:"
CLOSERS: Final = ("closer", "closer_2", "closer_3")
TEAM: Final = "team:G1"


class Combined(Struct, frozen=True):
    """What a pack gives under a combination. `wrong` says why it gives nothing, which would be a fault."""

    setting: dict[str, Value]
    changes: tuple[str, ...]
    split: Split | None
    wrong: str | None = None


def conditions(pack: Pack) -> dict[str, tuple[Value, ...]]:
    """What the pack's clauses depend on, with the values that each can have. The last value is that by which most is earned."""
    sources = _sources(pack)
    roles = {role for clause in pack.clauses.values() for role in clause.parameters.get("shares") or ()}
    asked = {
        "kind": True,
        "exclusive": pack.has("A-1.2.2") or "exclusive" in roles or "exclusive_signer" in sources or _asks(pack, "exclusive"),
        "key": pack.has("A-1.N1") or "key" in roles or "key_holder" in sources or _asks(pack, "key"),
        "survey": "survey" in roles or "surveyor" in sources or _asks(pack, "survey"),
        "plan": "plan" in roles or "plan_drawer" in sources or _asks(pack, "plan"),
        "closers": "other_closers" in sources or "closers" in pack.conditions,
    }
    found: dict[str, tuple[Value, ...]] = {name: CONDITIONS[name] for name, is_asked in asked.items() if is_asked}
    if "listing_holder" in sources or any(pack.has(clause) for clause in ("A-2.7", "A-2.16", "A-2.17")):
        found["listing"] = ("team", "another", "recorder")
    if any(role.but_not for role in pack.roles.values()) and sources & {"client_recorder", "first_client_recorder"}:
        found["client"] = ("closer", "another")
    found |= {name: (False, True) for name in ("first_viewer", "first_viewer_of_any", "senior") if name in sources}
    return found | {NAMED + role.name: (False, True) for role in pack.roles.values() if "named" in role.earned_by}


def _sources(pack: Pack) -> set[str]:
    return {source for role in pack.roles.values() for source in role.earned_by}


def _asks(pack: Pack, condition: str) -> bool:
    return any(condition in (clause.parameters.get("when") or ()) for clause in pack.clauses.values())


def changes(pack: Pack) -> tuple[str, ...]:
    """What can come on top of any combination, as far as this pack has clauses for it."""
    departs = bool(pack.roles) or any(pack.has(clause) for clause in ("A-1.N3", "B-1-3-4", "B-1-3-8"))
    corrects = pack.has("A-2.6") and pack["A-2.6"].incorrect_to_company
    asked = {
        "two_closers": "closers" not in conditions(pack),
        "three_closers": True,
        "newcomer": pack.has("A-1.N2"),
        "duplicate": pack.has("A-2.5"),
        "idle": pack.has("B-1-3-5"),
        "leave_kept": pack.has("B-1-3-7"),
        "leave_idle": pack.has("B-1-3-7"),
        "inaccurate": pack.has("B-1-3-6"),
        "incorrect": corrects,
        "late": corrects or pack.has("B-1-4-2"),
        "absent": True,
        "private": pack.has("A-R1") or pack.has("B-1-4-3"),
    }
    leaving = _leaving(pack) if departs else ()
    return (*(LEFT + person for person in leaving), *(name for name, is_asked in asked.items() if is_asked))


def _leaving(pack: Pack) -> tuple[str, ...]:
    """Who can have left: everyone who earns something where most is earned, and where least is, and the holder after a lapse."""
    settings = [*fullest(pack), *barest(pack)]
    settings += [{**setting, "listing": "another"} for setting in fullest(pack) if "listing" in setting]
    earning = {line.to: None for setting in settings for line in split(facts_under(setting), pack).lines}
    return tuple(person for person in earning if is_person(person))


def fullest(pack: Pack) -> list[dict[str, Value]]:
    """For each combination that tables are for, the setting in which the most is earned besides."""
    found = conditions(pack)
    chosen = {name: found[name] if name in pack.conditions else found[name][-1:] for name in found}
    return [dict(zip(chosen, values, strict=True)) for values in product(*chosen.values())]


def barest(pack: Pack) -> list[dict[str, Value]]:
    """Likewise, that in which the least is earned."""
    found = conditions(pack)
    chosen = {name: found[name] if name in pack.conditions else found[name][:1] for name in found}
    return [dict(zip(chosen, values, strict=True)) for values in product(*chosen.values())]


def every_setting(pack: Pack) -> list[dict[str, Value]]:
    """Every combination of the pack's conditions."""
    found = conditions(pack)
    return [dict(zip(found, values, strict=True)) for values in product(*found.values())]


def every_combination(pack: Pack) -> Iterator[Combined]:
    """Every combination of the conditions, and where most and where least is earned each change and each two of them besides."""
    possible = changes(pack)
    for setting in every_setting(pack):
        yield combined(setting, (), pack)
    upon: list[tuple[str, ...]] = [*((one,) for one in possible), *combinations(possible, 2)]
    for setting in (*fullest(pack), *barest(pack)):
        for several in upon:
            yield combined(setting, several, pack)


def combined(setting: dict[str, Value], upon: tuple[str, ...], pack: Pack) -> Combined:
    try:
        return Combined(setting, upon, split(facts_under(setting, upon), pack))
    except (AssertionError, KeyError) as fault:
        return Combined(setting, upon, None, str(fault))


# The facts of a combination


def facts_under(setting: Setting, upon: Sequence[str] = ()) -> Facts:
    """A deal on which everybody is somebody else, as the setting says; with the changes, in their order."""
    named = {name.removeprefix(NAMED): name for name, value in setting.items() if name.startswith(NAMED) and value}
    recorder = "closer" if setting.get("client") == "closer" else "client_recorder"
    client = Client("C", recorder, "C", recorder, "senior" if setting.get("senior") else None, ("C@1",), ("C@1",))
    facts = Facts(
        kind="rental" if setting["kind"] == "rental" else "sale",
        closed_at=CLOSED,
        fees_fen={"agency": BASE_FEN},
        closers=CLOSERS[:2] if setting.get("closers") == "several" else CLOSERS[:1],
        client=client,
        listing=_listing(setting),
        people={person: _standing(person) for person in (*PEOPLE, *named.values())},
        teams={"G1": "S1", "G2": "S2"},
        viewings=(Viewing("first_viewer", CLOSED, ("C@2",)),) if setting.get("first_viewer") else (),
        evidence=("D@1",),
        named=named,
        first_shown=Viewing("first_viewer_of_any", CLOSED, ("C@3",)) if setting.get("first_viewer_of_any") else None,
    )
    for change in upon:
        facts = CHANGES[change](facts) if change in CHANGES else _left(facts, change.removeprefix(LEFT))
    return facts


PEOPLE: Final = (
    "recorder", "holder", "exclusive_signer", "surveyor", "plan_drawer", "key_holder", "first_viewer", "first_viewer_of_any",
    "client_recorder", "first_client_recorder", "senior", "maintainer", *CLOSERS,
)  # fmt: skip
"""One for each thing that can be done."""


def _standing(person: str) -> Standing:
    closes = person in CLOSERS or person == "senior"
    return Standing("S2" if closes else "S1", "G2" if closes else "G1", evidence=(f"{person}@1",))


def _listing(setting: Setting) -> Listing:
    held = setting.get("listing", "recorder")
    lapsed = (Move(TEAM, CLOSED, "A-2.7", ("L@1",)),)
    moves = {"team": lapsed, "another": (*lapsed, Move("holder", CLOSED, "A-2.12", ("L@7",)))}
    holder = {"team": TEAM, "another": "holder"}.get(str(held), "recorder")
    return Listing(
        "L",
        "recorder",
        holder,
        moves=moves.get(str(held), ()),
        keys=(Key("key_holder", "L@3", ("L@2",)),) if setting.get("key") else (),
        exclusives=(Exclusive("exclusive_signer", date(2024, 12, 31), "L@5", ("L@4",)),) if setting.get("exclusive") else (),
        surveys=(Survey("surveyor", 1000, 1000, 1000, 0, ("L@6",)),) if setting.get("survey") else (),
        plans=(FloorPlan("plan_drawer", True, True, ("L@8",)),) if setting.get("plan") else (),
        follow_ups=(FollowUp(holder, CLOSED, "G1", ("L@9",)),),
        evidence=("L@1",),
        entered_evidence=("L@1",),
    )


def _left(facts: Facts, person: str) -> Facts:
    """Somebody has left; nobody, if they have no part in this combination."""
    if person not in facts.people:
        return facts
    return replace(facts, people={**facts.people, person: replace(facts.people[person], in_post=False)})


def _newcomer(facts: Facts) -> Facts:
    closer = replace(facts.people["closer"], newcomer=True)
    return replace(facts, client=replace(facts.client, senior="senior"), people={**facts.people, "closer": closer})


def _duplicate(facts: Facts) -> Facts:
    return replace(facts, client=replace(facts.client, first="C0", first_recorder="first_client_recorder", first_evidence=("C0@1",)))


def _on(facts: Facts, change: Callable[[Listing], Listing | None]) -> Facts:
    return facts if facts.listing is None else replace(facts, listing=change(facts.listing))


def _on_leave(facts: Facts, *follow_ups: FollowUp) -> Facts:
    """The listing agent is on a leave of ten days, with a maintainer."""
    holder = facts.listing.holder if facts.listing is not None else COMPANY
    leave = Leave(holder, date(2024, 3, 10), date(2024, 3, 19), "maintainer", ("L@10",))
    return replace(_on(facts, lambda listing: replace(listing, follow_ups=(*listing.follow_ups, *follow_ups))), leaves=(leave,))


CHANGES: Final[Mapping[str, Callable[[Facts], Facts]]] = {
    "two_closers": lambda facts: replace(facts, closers=CLOSERS[:2]),
    "three_closers": lambda facts: replace(facts, closers=CLOSERS),
    "newcomer": _newcomer,
    "duplicate": _duplicate,
    "idle": lambda facts: _on(facts, lambda listing: replace(listing, follow_ups=())),
    "leave_kept": lambda facts: _on_leave(facts, FollowUp("maintainer", datetime(2024, 3, 12, 9, tzinfo=SHANGHAI), "G1", ("L@11",))),
    "leave_idle": _on_leave,
    "inaccurate": lambda facts: _on(facts, lambda listing: replace(listing, core_refuted=True)),
    "incorrect": lambda facts: _on(facts, lambda listing: replace(listing, correct=False)),
    "late": lambda facts: _on(facts, lambda listing: replace(listing, entered="late")),
    "absent": lambda facts: replace(facts, listing=None),
    "private": lambda facts: replace(facts, findings=(Finding("closer", ("D@9",)),)),
}
"""What can come on top of a combination, besides that somebody has left."""
