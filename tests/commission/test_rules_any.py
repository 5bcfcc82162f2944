"""What holds of every split, whatever happened and whatever the pack says."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any, Final

import msgspec
import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from services.commission.rules import (
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
    Signature,
    Standing,
    Survey,
    Viewing,
    document_of,
    facts_of,
    split,
)
from shared.calendar import SHANGHAI
from shared.regulation import CONDITIONS, READINGS, SOURCES, Pack, Refused, combinations, load
from tests.commission.closings import A, B, a_sale, edited, roles, under_b, without

clause = pytest.mark.clause

POOL: Final = ("P1", "P2", "P3", "P4", "P5", "P6")
PEOPLE = st.sampled_from(POOL)
HOLDERS = st.sampled_from((*POOL, "team:G1", "team:G2", COMPANY))
IDS = st.lists(st.sampled_from(("L@1", "L@2", "C@1", "D@1", "P@3")), max_size=2).map(tuple)
DECLARED = st.none() | st.just("L@5")
CLOSED: Final = datetime(2024, 3, 14, 16, tzinfo=SHANGHAI)
MOMENTS = st.integers(-40 * 24 * 60, 60).map(lambda minutes: CLOSED + timedelta(minutes=minutes))
DAYS = st.integers(-20, 20).map(lambda days: date(2024, 3, 14) + timedelta(days=days))
PHOTOS = st.integers(0, 5)
FEES = st.dictionaries(
    st.sampled_from(("agency", "information", "bank_rebate", "loan_service", "other")),
    st.integers(0, 10**9) | st.integers(0, 9),
    max_size=5,
)


def several(each: st.SearchStrategy[Any], most: int = 3) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(each, max_size=most).map(tuple)


STANDINGS = st.builds(
    Standing,
    store=st.sampled_from(("S1", "S2", None)),
    team=st.sampled_from(("G1", "G2", None)),
    in_post=st.booleans(),
    newcomer=st.booleans(),
)
LISTINGS = st.builds(
    Listing,
    listing=st.just("L"),
    recorder=PEOPLE,
    holder=HOLDERS,
    entered=st.sampled_from(("in_time", "in_time", "late", "late_signed_off")),
    correct=st.booleans(),
    core_refuted=st.booleans(),
    phone_refuted=st.booleans(),
    moves=several(
        st.builds(Move, to=HOLDERS, at=MOMENTS, clause=st.sampled_from((None, "A-2.7", "A-2.12", "A-2.15", "A-2.16")), evidence=IDS)
    ),
    keys=several(st.builds(Key, by=PEOPLE, declared_by=DECLARED, evidence=IDS)),
    exclusives=several(st.builds(Exclusive, by=PEOPLE, until=DAYS, declared_by=DECLARED, evidence=IDS)),
    surveys=several(st.builds(Survey, by=PEOPLE, indoor=PHOTOS, indoor_with_agent=PHOTOS, outdoor=PHOTOS, watermarked=st.integers(0, 1))),
    plans=several(st.builds(FloorPlan, by=PEOPLE, door=st.booleans(), compass=st.booleans())),
    follow_ups=several(st.builds(FollowUp, by=PEOPLE, at=MOMENTS, team=st.sampled_from(("G1", "G2", None)), evidence=IDS)),
)
CLIENTS = st.builds(
    Client,
    client=st.just("C9"),
    recorder=PEOPLE,
    first=st.sampled_from(("C9", "C1")),
    first_recorder=PEOPLE,
    senior=st.none() | PEOPLE,
    evidence=IDS,
)
LEAVES = st.builds(
    lambda person, first, days, maintainer: Leave(person, first, first + timedelta(days=days), maintainer),
    PEOPLE,
    DAYS,
    st.integers(0, 20),
    st.none() | PEOPLE,
)
FACTS = st.builds(
    Facts,
    kind=st.sampled_from(("sale", "rental")),
    closed_at=st.just(CLOSED),
    fees_fen=FEES,
    closers=st.lists(PEOPLE, min_size=1, max_size=4, unique=True).map(tuple),
    client=CLIENTS,
    listing=st.none() | LISTINGS,
    people=st.fixed_dictionaries(dict.fromkeys(POOL, STANDINGS)),
    teams=st.just({"G1": "S1"}),
    viewings=several(st.builds(Viewing, by=PEOPLE, at=MOMENTS, evidence=IDS)),
    leaves=several(LEAVES),
    store_managers=several(PEOPLE, 1),
    area_managers=several(PEOPLE, 1),
    findings=several(st.builds(Finding, person=PEOPLE, evidence=IDS), 1),
    signature=st.builds(Signature, status=st.sampled_from(("none", "authorised", "unauthorised", "ratified"))),
    named=st.dictionaries(st.sampled_from(("first", "second", "third")), PEOPLE, max_size=3),
)
CHOSEN = st.fixed_dictionaries({}, optional={id: st.sampled_from(choices) for id, choices in READINGS.items()})
TABLES: Final = ("A-1.1", "A-1.2.1", "B-1-3")
LEFT_OUT = st.sets(st.sampled_from([id for id in {**A.clauses, **B.clauses} if id not in TABLES]), max_size=6)


def packs() -> st.SearchStrategy[Pack]:
    """A and B as shipped, under any readings, with any clauses but their tables left out."""

    def made(pack: Pack, chosen: Mapping[str, str], gone: set[str]) -> Pack:
        def change(document: dict[str, Any]) -> None:
            document["readings"] = dict(chosen)
            document["clauses"] = [each for each in document["clauses"] if each["clause"] not in gone]

        return load(edited(pack, change))

    return st.builds(made, st.sampled_from((A, B)), CHOSEN, LEFT_OUT)


OWN_ROLES: Final = ("first", "second", "third", "fourth")
BESIDE: Final = ("listing", "survey", "key", "closing", "client", "company")
SHARED: Final = st.sampled_from((0, 0, 1, 5, 10, 30))
WHEN: Final = st.lists(st.sampled_from(tuple(CONDITIONS)), max_size=2, unique=True)


@st.composite
def own_packs(draw: st.DrawFn) -> Pack:
    """Packs of a company's own: some roles, earned by anything and falling anywhere, and a table for each combination of some conditions;
    clauses of A beside them."""
    own = OWN_ROLES[: draw(st.integers(1, 4))]
    beside = draw(st.lists(st.sampled_from(BESIDE), max_size=3, unique=True))
    outcomes = st.sampled_from(("company", "pro_rata", *own, *beside))
    roles_of_own = [_own_role(draw, place, name, outcomes) for place, name in enumerate(own, start=1)]
    tables = [
        {"clause": f"N-2.{place}", "when": when, "shares": _shared_out(draw, (*own, *beside)), "of": ["agency", "other"]}
        for place, when in enumerate(combinations(draw(WHEN)), start=1)
    ]
    wanted = draw(st.sets(st.sampled_from(("A-1.N1", "A-2.7", "A-2.16", "A-2.17", "A-2.4", "A-1.N2", "A-R1"))))
    if not {"listing", "closing"} & set(beside):
        wanted -= {"A-1.N1"}
    if "closing" not in beside:
        wanted -= {"A-1.N2"}
    clauses = [A.document["clauses"][list(A.clauses).index(id)] for id in A.clauses if id in wanted]
    return load({"id": "own", "version": "1", "readings": draw(CHOSEN), "clauses": [*roles_of_own, *tables, *clauses]})


def _own_role(draw: st.DrawFn, place: int, name: str, outcomes: st.SearchStrategy[str]) -> dict[str, Any]:
    return {
        "clause": f"N-1.{place}",
        "role": name,
        "title": {"zh": "角色", "en": name},
        "earned_by": draw(st.lists(st.sampled_from(SOURCES), min_size=1, max_size=3, unique=True)),
        "but_not": draw(st.lists(st.sampled_from(SOURCES), max_size=2, unique=True)),
        "if_nobody": draw(outcomes.filter(lambda outcome: outcome != name)),
        "if_left": draw((outcomes | st.just("keeps")).filter(lambda outcome: outcome != name)),
    }


def _shared_out(draw: st.DrawFn, names: tuple[str, ...]) -> dict[str, str]:
    weights = [draw(SHARED) for _ in names]
    points = [Fraction(100 * weight, sum(weights)) if any(weights) else Fraction(100, len(names)) for weight in weights]
    return {name: str(each) for name, each in zip(names, points, strict=True)}


def check(facts: Facts, pack: Pack) -> None:
    result = split(facts, pack)
    assert sum(line.amount_fen for line in result.lines) == result.base_fen
    assert sum(line.points for line in result.lines) == 100
    assert all(line.amount_fen >= 0 and line.points >= 0 and line.clauses and line.to and line.credit for line in result.lines)
    assert [pack.order[line.role] for line in result.lines] == sorted(pack.order[line.role] for line in result.lines)
    exact = [result.base_fen * line.points / 100 for line in result.lines]
    assert all(-1 < share - line.amount_fen < 1 for share, line in zip(exact, result.lines, strict=True))
    told = rfc8785.dumps(document_of(result))
    assert rfc8785.dumps(document_of(split(facts_of(document_of(facts)), load(pack.document)))) == told


@settings(max_examples=150, deadline=None)
@given(facts=FACTS, pack=st.sampled_from((A, B)))
def test_under_the_shipped_packs_lines_sum_to_the_base_and_replay_gives_the_same_bytes(facts: Facts, pack: Pack) -> None:
    check(facts, pack)


@settings(max_examples=150, deadline=None)
@given(facts=FACTS, pack=packs())
def test_under_any_readings_and_with_any_clauses_left_out_too(facts: Facts, pack: Pack) -> None:
    check(facts, pack)


@settings(max_examples=100, deadline=None)
@given(facts=FACTS, pack=own_packs())
def test_under_any_pack_of_a_companys_own_too(facts: Facts, pack: Pack) -> None:
    check(facts, pack)


@settings(max_examples=80, deadline=None)
@given(facts=FACTS)
def test_under_a_who_has_left_gets_nothing_and_under_b_no_more_than_the_company_for_what_was_not_there(facts: Facts) -> None:
    assert not [line for line in split(facts, A).lines if facts.has_left(line.to)]
    if facts.listing_at_closing is None:
        assert [line.to for line in split(facts, B).lines] == [COMPANY]


@settings(max_examples=80, deadline=None)
@given(facts=FACTS, pack=st.sampled_from((A, B)))
def test_who_dealt_privately_gets_nothing(facts: Facts, pack: Pack) -> None:
    offenders = {finding.person for finding in facts.findings}
    assert not [line for line in split(facts, pack).lines if line.to in offenders]


@settings(max_examples=60, deadline=None)
@given(facts=FACTS)
def test_facts_come_back_from_their_document_as_they_were(facts: Facts) -> None:
    assert facts_of(msgspec.json.decode(msgspec.json.encode(document_of(facts)))) == facts


@pytest.mark.parametrize("pack", [A, B])
def test_a_pack_with_any_one_clause_left_out_still_splits_or_is_refused_for_its_table(pack: Pack) -> None:
    for id in pack.clauses:
        if id in TABLES:
            with pytest.raises(Refused, match="pack_invalid"):
                without(pack, id)
        else:
            check(a_sale() if pack is A else under_b(), without(pack, id))


@clause("A-1.N1", "A-1.2.1")
def test_a_copy_with_other_numbers_and_a_clause_left_out_gives_other_lines() -> None:
    def change(document: dict[str, Any]) -> None:
        by_id = {each["clause"]: each for each in document["clauses"]}
        by_id["A-1.2.1"]["shares"] = {"listing": 25, "survey": "5/2", "closing": "125/2", "client": 10}
        by_id["A-2.7"]["recorder_points"] = 8
        document["clauses"].remove(by_id["A-1.N1"])
        document["id"] = "mine"

    mine = load(edited(A, change))
    assert roles(a_sale(), mine) == ["listing R 25", "survey company 5/2", "closing C 125/2", "client E 10"]
    assert sum((line.points for line in split(a_sale(), mine).lines), Fraction(0)) == 100
