"""Roles of a company's own: who earns them, on both sides; the example with ten roles, and small packs that show one thing each."""

from collections.abc import Iterable
from datetime import date
from fractions import Fraction
from typing import Any, Final

import pytest
from msgspec.structs import replace

from services.commission.rules import Exclusive, Facts, Finding, FloorPlan, Key, Standing, Survey, Viewing, combining, split
from shared.regulation import Pack, load
from tests.commission.closings import LISTING, A, B, a_rental, a_sale, at, left, of, roles, with_client, with_listing
from tests.packs import ACN, WITHOUT, without

clause = pytest.mark.clause

ADVISER: Final = {"FA": Standing("S4", "G4"), "FV": Standing("S2", "G2"), "RC": Standing("S3", "G3")}
PAPERS: Final = Exclusive("X", until=date(2025, 3, 1), evidence=("L1@4",))
SURVEY: Final = Survey("PH", 4, 1, 1, evidence=("L1@6",))
KEY: Final = Key("K", evidence=("L1@2",))


def a_network_sale(**changed: Any) -> Facts:
    """A sale on which all ten roles are earned by ten people: C closes with C2, E's client, R's listing held by H."""
    listing = replace(LISTING, holder="H", keys=(KEY,), exclusives=(PAPERS,), surveys=(SURVEY,), entered_evidence=("L1@1",))
    facts = a_sale(
        closers=("C", "C2"),
        listing=replace(listing, evidence=("L1@9",)),
        viewings=(Viewing("FV", at("2024-03-02 10:00"), ("C1@2",)), Viewing("C", at("2024-03-03 10:00"), ("C1@3",))),
        named={"finance_adviser": "FA"},
    )
    return replace(facts, people={**facts.people, **ADVISER}, **changed)


def listed(facts: Facts, **changed: Any) -> Facts:
    return with_listing(facts, **changed)


def of_role(role: str, facts: Facts, pack: Pack = ACN) -> list[str]:
    """The lines of a role, as `to points`."""
    return [line.removeprefix(f"{role} ") for line in roles(facts, pack) if line.startswith(f"{role} ")]


def cited(role: str, facts: Facts, pack: Pack = ACN) -> tuple[str, ...]:
    return next(line.clauses for line in split(facts, pack).lines if line.role == role)


def evidence(role: str, facts: Facts, pack: Pack = ACN) -> tuple[str, ...]:
    return next(line.evidence for line in split(facts, pack).lines if line.role == role)


def told(value: object) -> str:
    """How a parameter stands in a test's name."""
    return value if isinstance(value, str) else " ".join(value) if isinstance(value, list) else ""


WHOLE: Final = [
    "recorder R 12 360000 S1",
    "maintainer H 14 420000 S1",
    "surveyor PH 4 120000 S3",
    "key_keeper K 6 180000 S3",
    "mandate_papers X 4 120000 S1",
    "first_viewer FV 6 180000 S2",
    "recommender E 6 180000 S2",
    "closer C 36 1080000 S2",
    "cooperator C2 6 180000 S3",
    "finance_adviser FA 6 180000 S4",
]


def test_ten_roles_earned_by_ten_people_each_with_their_own_clause() -> None:
    facts = a_network_sale()
    assert of(facts, ACN) == WHOLE
    assert [line.clauses[:2] for line in split(facts, ACN).lines] == [("N-2.1", f"N-1.{place}") for place in range(1, 11)]
    told = {line.role: line.evidence for line in split(facts, ACN).lines}
    assert (told["recorder"], told["maintainer"], told["key_keeper"]) == (("L1@1",), ("L1@9",), ("L1@2",))
    assert (told["mandate_papers"], told["first_viewer"], told["recommender"]) == (("L1@4",), ("C1@2",), ("C1@1",))
    assert told["finance_adviser"] == told["closer"] == ("D1@1",)


def test_a_rental_has_its_own_table() -> None:
    rental = replace(a_network_sale(), kind="rental")
    assert roles(rental, ACN)[3:6] == ["key_keeper K 8", "mandate_papers X 2", "first_viewer FV 8"]
    assert not of_role("finance_adviser", rental), "whom the table gives no share has no line"
    assert cited("closer", rental)[0] == "N-2.2"


@pytest.mark.parametrize(
    ("role", "facts", "lines"),
    [
        ("maintainer", listed(a_network_sale(), holder="R"), ["R 14"]),
        ("maintainer", listed(a_network_sale(), holder="team:G1"), ["team:G1 14"]),
        ("maintainer", listed(a_network_sale(), holder="company"), ["company 14"]),
        ("surveyor", listed(a_network_sale(), surveys=()), ["H 4"]),
        ("key_keeper", listed(a_network_sale(), keys=()), ["H 6"]),
        ("key_keeper", listed(a_network_sale(), keys=(KEY, Key("X"))), ["X 6"]),
        ("mandate_papers", listed(a_network_sale(), exclusives=()), ["R 4"]),
        ("mandate_papers", listed(a_network_sale(), exclusives=(replace(PAPERS, until=date(2024, 3, 13)),)), ["R 4"]),
        ("mandate_papers", replace(a_network_sale(), named={"mandate_papers": "M", "finance_adviser": "FA"}), ["M 4"]),
        ("first_viewer", replace(a_network_sale(), viewings=()), ["C 6"]),
        ("first_viewer", replace(a_network_sale(), viewings=a_network_sale().viewings[1:]), ["C 6"]),
        ("recommender", with_client(a_network_sale(), first="C0", first_recorder="M"), ["M 6"]),
        ("recommender", with_client(a_network_sale(), first_recorder="C"), ["C 6"]),
        ("recommender", with_client(a_network_sale(), first_recorder="C2"), ["C 6"]),
        ("recommender", replace(a_network_sale(), named={"recommender": "RC", "finance_adviser": "FA"}), ["RC 6"]),
        ("recommender", replace(a_network_sale(), named={"recommender": "C2", "finance_adviser": "FA"}), ["E 6"]),
        ("closer", replace(a_network_sale(), closers=("C2", "C")), ["C2 36"]),
        ("cooperator", replace(a_network_sale(), closers=("C",)), ["C 6"]),
        ("cooperator", replace(a_network_sale(), closers=("C", "C2", "C3")), ["C2 3", "C3 3"]),
        ("finance_adviser", replace(a_network_sale(), named={}), ["company 0"]),
        ("finance_adviser", replace(a_network_sale(), named={"broker": "FA"}), ["company 0"]),
    ],
    ids=told,
)
def test_a_role_is_earned_by_whom_its_sources_name_first_and_falls_where_its_clause_says(role: str, facts: Facts, lines: list[str]) -> None:
    assert of_role(role, facts) == lines


@clause("B-1-3-1")
def test_a_survey_that_does_not_count_earns_nothing_and_the_clause_that_judges_it_is_cited() -> None:
    facts = listed(a_network_sale(), surveys=(replace(SURVEY, outdoor=0),))
    assert of_role("surveyor", facts) == ["H 4"]
    assert cited("surveyor", facts) == ("N-2.1", "N-1.3", "B-1-3-1", "N-1.2")
    assert of_role("surveyor", listed(a_network_sale(), surveys=(replace(SURVEY, outdoor=0), SURVEY))) == ["PH 4"]


def test_what_falls_to_another_role_cites_whom_it_fell_to_and_counts_for_their_store() -> None:
    facts = replace(a_network_sale(), viewings=())
    line = next(line for line in split(facts, ACN).lines if line.role == "first_viewer")
    assert (line.to, line.credit, line.clauses) == ("C", "S2", ("N-2.1", "N-1.6", "N-1.8"))


@pytest.mark.parametrize(
    ("gone", "role", "lines"),
    [
        ("R", "recorder", ["H 12"]),
        ("H", "maintainer", ["C 14"]),
        ("PH", "surveyor", ["H 4"]),
        ("K", "key_keeper", ["H 6"]),
        ("X", "mandate_papers", ["company 4"]),
        ("FV", "first_viewer", ["company 6"]),
        ("E", "recommender", ["company 6"]),
        ("C", "closer", ["company 36"]),
        ("C2", "cooperator", ["company 6"]),
        ("FA", "finance_adviser", ["company 6"]),
    ],
)
def test_the_part_of_who_has_left_goes_where_the_roles_clause_says(gone: str, role: str, lines: list[str]) -> None:
    assert of_role(role, left(a_network_sale(), gone)) == lines
    others = [line for line in of(a_network_sale(), ACN) if not line.startswith(f"{role} ")]
    assert [line for line in of(left(a_network_sale(), gone), ACN) if not line.startswith(f"{role} ")] == others


def test_of_several_who_earned_a_role_who_has_left_gives_up_their_equal_part_alone() -> None:
    facts = left(replace(a_network_sale(), closers=("C", "C2", "C3")), "C2")
    assert of_role("cooperator", facts) == ["company 3", "C3 3"]
    assert of_role("cooperator", left(facts, "C3")) == ["company 6"], "one line for each beneficiary"
    assert evidence("cooperator", left(facts, "C3")) == ("D1@1", "C2@9", "C3@9")


def test_what_falls_to_a_role_whose_own_person_has_left_goes_on_to_where_that_goes() -> None:
    facts = left(listed(a_network_sale(), surveys=()), "H")
    assert of_role("surveyor", facts) == ["C 4"]
    assert cited("surveyor", facts)[-2:] == ("N-1.2", "N-1.8")


def test_what_is_shared_out_grows_what_was_earned_in_proportion_and_leaves_a_line_without_points() -> None:
    facts = replace(a_network_sale(), named={})
    lines = {line.role: line for line in split(facts, ACN).lines}
    assert lines["closer"].points == Fraction(36 * 100, 94)
    assert lines["closer"].clauses == ("N-2.1", "N-1.8", "N-1.10")
    assert (lines["finance_adviser"].to, lines["finance_adviser"].amount_fen) == ("company", 0)
    assert sum(line.amount_fen for line in lines.values()) == 3_000_000


def test_a_part_that_fell_to_somebody_was_not_earned_and_does_not_grow() -> None:
    facts = replace(a_network_sale(), named={}, viewings=())
    assert of_role("first_viewer", facts) == ["C 6"]
    assert of_role("closer", facts) == [f"C {Fraction(36 * 94, 88)}"]


@clause("A-2.6")
def test_what_recorder_and_maintainer_earned_on_an_entry_that_is_not_correct_is_the_companys() -> None:
    facts = listed(a_network_sale(), correct=False)
    assert roles(facts, ACN)[:3] == ["recorder company 12", "maintainer company 14", "surveyor PH 4"]
    assert cited("recorder", facts) == ("N-2.1", "N-1.1", "A-2.6")


@clause("B-1-4-1")
def test_without_a_listing_in_the_system_the_company_has_all() -> None:
    assert roles(replace(a_network_sale(), listing=None), ACN) == ["company company 100"]


def test_without_that_clause_roles_on_the_listing_are_earned_by_nobody() -> None:
    lines = roles(replace(a_network_sale(), listing=None, viewings=()), without(ACN, "B-1-4-1", "A-2.6"))
    assert [line.rpartition(" ")[0] for line in lines[:6]] == [
        "recorder company", "maintainer company", "surveyor company", "key_keeper company", "mandate_papers company", "first_viewer C",
    ]  # fmt: skip


@clause("A-R1")
def test_who_dealt_privately_forfeits_roles_of_ones_own_too() -> None:
    facts = replace(a_network_sale(), findings=(Finding("C", ("D1@3",)),))
    assert of_role("closer", facts) == ["company 36"]
    assert cited("closer", facts)[-1] == "A-R1"


@pytest.mark.skipif(WITHOUT is not None, reason="combinations are of whole packs")
@pytest.mark.parametrize("pack", [A, B, ACN], ids=lambda pack: pack.id)
def test_every_combination_of_a_shipped_pack_sums_to_the_base(pack: Pack) -> None:
    combined = list(combining.every_combination(pack))
    assert len(combined) > 500
    for one in combined:
        assert one.split is not None, one.wrong
        assert sum(line.points for line in one.split.lines) == 100
        assert sum(line.amount_fen for line in one.split.lines) == one.split.base_fen == combining.BASE_FEN
    assert {line.role for one in combined if one.split is not None for line in one.split.lines} >= set(pack.roles)


# Small packs


def own(*clauses: dict[str, Any], shares: dict[str, Any], beside: Iterable[dict[str, Any]] = ()) -> Pack:
    """A pack of these roles, sharing a deal out like that."""
    table = {"clause": "N-9", "shares": shares}
    return load({"id": "own", "version": "1", "clauses": [*clauses, table, *beside]})


def role(name: str, *earned_by: str, **parts: Any) -> dict[str, Any]:
    return {"clause": f"N-{ROLES_OF_OURS[name]}", "role": name, "title": {"zh": "角色", "en": name}, "earned_by": list(earned_by), **parts}


ROLES_OF_OURS: Final = {"first": 1, "second": 2, "third": 3}
NEW: Final = {"N": Standing("S2", "G2", newcomer=True, evidence=("N@1",))}


@pytest.mark.parametrize(
    ("source", "facts", "lines"),
    [
        ("listing_recorder", a_sale(), ["R 100"]),
        ("listing_recorder", a_sale(listing=None), ["company 100"]),
        ("listing_recorder", with_listing(a_sale(), entered="late"), ["company 100"]),
        ("listing_recorder", with_listing(a_sale(), entered="late_signed_off"), ["R 100"]),
        ("listing_holder", with_listing(a_sale(), holder="H"), ["H 100"]),
        ("listing_holder", a_sale(listing=None), ["company 100"]),
        ("key_holder", with_listing(a_sale(), keys=(KEY,)), ["K 100"]),
        ("key_holder", a_sale(), ["company 100"]),
        ("exclusive_signer", with_listing(a_rental(), exclusives=(PAPERS,)), ["X 100"]),
        ("exclusive_signer", a_sale(), ["company 100"]),
        ("surveyor", with_listing(a_sale(), surveys=(SURVEY,)), ["PH 100"]),
        ("surveyor", a_sale(), ["company 100"]),
        ("plan_drawer", with_listing(a_sale(), plans=(FloorPlan("FP", True, True),)), ["FP 100"]),
        ("plan_drawer", a_sale(), ["company 100"]),
        ("first_viewer", a_sale(viewings=(Viewing("H", at("2024-03-02 10:00")), Viewing("C", at("2024-03-03 10:00")))), ["H 100"]),
        ("first_viewer", a_sale(), ["company 100"]),
        ("first_viewer_of_any", a_sale(first_shown=Viewing("H", at("2024-03-01 10:00"))), ["H 100"]),
        ("first_viewer_of_any", a_sale(viewings=(Viewing("H", at("2024-03-01 10:00")),)), ["company 100"]),
        ("client_recorder", with_client(a_sale(), first="C0", first_recorder="M"), ["E 100"]),
        ("first_client_recorder", with_client(a_sale(), first="C0", first_recorder="M"), ["M 100"]),
        ("senior", with_client(a_sale(), senior="M"), ["M 100"]),
        ("senior", a_sale(), ["company 100"]),
        ("first_closer", a_sale(closers=("C2", "C")), ["C2 100"]),
        ("other_closers", a_sale(closers=("C2", "C", "C3")), ["C 50", "C3 50"]),
        ("other_closers", a_sale(), ["company 100"]),
        ("closers", a_sale(closers=("C2", "C")), ["C2 50", "C 50"]),
        ("named", a_sale(named={"first": "M"}), ["M 100"]),
        ("named", a_sale(named={"second": "M"}), ["company 100"]),
    ],
    ids=told,
)
def test_each_source_names_who_it_says(source: str, facts: Facts, lines: list[str]) -> None:
    assert of_role("first", facts, own(role("first", source), shares={"first": 100})) == lines


def test_the_second_source_counts_where_the_first_names_nobody() -> None:
    pack = own(role("first", "named", "key_holder", "closers"), shares={"first": 100})
    assert of_role("first", a_sale(), pack) == ["C 100"]
    assert of_role("first", with_listing(a_sale(), keys=(KEY,)), pack) == ["K 100"]
    assert of_role("first", with_listing(a_sale(named={"first": "M"}), keys=(KEY,)), pack) == ["M 100"]


def test_where_everyone_whom_a_source_names_is_ruled_out_the_next_counts() -> None:
    pack = own(role("first", "closers", "client_recorder", but_not=["listing_recorder", "first_closer"]), shares={"first": 100})
    assert of_role("first", a_sale(closers=("C", "R")), pack) == ["E 100"]
    assert of_role("first", a_sale(closers=("C", "R", "C2")), pack) == ["C2 100"]


def test_what_goes_round_in_a_circle_is_the_companys() -> None:
    pack = own(
        role("first", "key_holder", if_nobody="second"), role("second", "surveyor", if_nobody="first"), shares={"first": 60, "second": 40}
    )
    assert roles(a_sale(), pack) == ["first company 60", "second company 40"]
    assert roles(with_listing(a_sale(), keys=(KEY,)), pack) == ["first K 60", "second K 40"]


def test_what_goes_to_nobody_elses_share_is_the_companys_where_nothing_was_earned() -> None:
    pack = own(role("first", "key_holder", if_nobody="pro_rata"), role("second", "surveyor"), shares={"first": 60, "second": 40})
    assert roles(a_sale(), pack) == ["first company 60", "second company 40"]
    assert roles(with_listing(a_sale(), surveys=(SURVEY,)), pack) == ["first company 0", "second PH 100"]


def test_two_roles_that_nobody_earned_are_shared_out_together() -> None:
    shared = {"if_nobody": "pro_rata"}
    pack = own(
        role("first", "key_holder", **shared), role("second", "surveyor", **shared), role("third", "closers"),
        shares={"first": 30, "second": 10, "third": 40, "client": 20},
    )  # fmt: skip
    assert roles(a_sale(), pack) == ["client E 100/3", "first company 0", "second company 0", "third C 200/3"]
    assert cited("third", a_sale(), pack) == ("N-9", "N-3", "N-1", "N-2")


def test_a_role_with_no_points_stays_without_when_others_are_shared_out() -> None:
    pack = own(role("first", "key_holder", if_nobody="pro_rata"), role("third", "closers"), shares={"first": 40, "third": 0, "client": 60})
    assert roles(a_sale(), pack) == ["client E 100", "first company 0", "third C 0"]
    assert cited("third", a_sale(), pack) == ("N-9", "N-3")


def test_a_part_may_fall_to_a_role_of_the_regulation_and_stands_with_nobody_if_that_does() -> None:
    pack = own(role("first", "named", if_nobody="closing", if_left="key"), shares={"first": 20, "closing": 80, "key": 0})
    assert roles(a_sale(closers=("C", "C2")), pack) == ["key company 0", "closing C 40", "closing C2 40", "first C 10", "first C2 10"]
    assert roles(left(a_sale(named={"first": "M"}), "M"), pack)[-1] == "first company 20"
    assert roles(left(with_listing(a_sale(named={"first": "M"}), keys=(KEY,)), "M"), pack)[-1] == "first K 20"
    kept = own(role("first", "named", if_left="keeps"), shares={"first": 100})
    assert roles(left(a_sale(named={"first": "M"}), "M"), kept) == ["first M 100"]


def test_a_table_may_be_for_what_was_done_on_the_listing_and_for_how_many_close() -> None:
    tables = [
        {"clause": f"N-{place}", "when": when, "shares": {"first": points, "company": 100 - points}}
        for place, (when, points) in enumerate(
            [
                ({"closers": "several"}, 10),
                ({"closers": "one", "plan": True}, 20),
                ({"closers": "one", "plan": False, "survey": True}, 30),
                ({"closers": "one", "plan": False, "survey": False}, 40),
            ],
            start=10,
        )
    ]
    pack = load({"id": "own", "version": "1", "clauses": [role("first", "closers"), *tables]})
    planned = with_listing(a_sale(), plans=(FloorPlan("FP", True, True),), surveys=(SURVEY,))
    assert of_role("first", replace(planned, closers=("C", "C2")), pack) == ["C 5", "C2 5"]
    assert of_role("first", planned, pack) == ["C 20"]
    assert of_role("first", with_listing(a_sale(), surveys=(SURVEY,)), pack) == ["C 30"]
    assert of_role("first", a_sale(), pack) == ["C 40"]


# Clauses of the regulation beside roles of one's own


def clause_of(pack: Pack, *ids: str) -> list[dict[str, Any]]:
    """Clauses as a pack states them; none that this run leaves out."""
    return [each for each in pack.document["clauses"] if each["clause"] in ids]


@clause("A-1.N1")
def test_a_key_takes_its_points_from_the_regulations_sides_and_leaves_ones_own_roles_alone() -> None:
    shares = {"listing": 30, "closing": 50, "client": 10, "first": 10}
    pack = own(role("first", "named"), shares=shares, beside=clause_of(A, "A-1.N1"))
    facts = with_listing(a_sale(named={"first": "M"}), keys=(KEY,))
    assert roles(facts, pack) == ["listing R 20", "key K 20", "closing C 40", "client E 10", "first M 10"]


@clause("A-1.N2")
def test_the_part_of_a_newcomer_who_closes_in_a_role_of_ones_own_is_halved_with_the_senior() -> None:
    pack = own(role("first", "named", "closers"), shares={"first": 100}, beside=clause_of(A, "A-1.N2"))
    facts = with_client(a_sale(closers=("N", "C")), senior="M")
    assert of_role("first", facts, pack) == ["M 25", "N 25", "C 50"]
    assert of_role("first", left(facts, "M"), pack) == ["company 25", "N 25", "C 50"], "a senior who has left earns what others would"
    keeps = own(role("first", "closers", if_left="keeps"), shares={"first": 100}, beside=clause_of(A, "A-1.N2"))
    assert of_role("first", left(facts, "M"), keeps) == ["M 25", "N 25", "C 50"]


def test_a_newcomer_who_earns_it_otherwise_has_it_whole() -> None:
    pack = own(role("first", "named", "closers"), shares={"first": 100}, beside=clause_of(A, "A-1.N2"))
    facts = with_client(a_sale(named={"first": "N"}), senior="M")
    assert of_role("first", facts, pack) == ["N 100"]


@clause("A-2.4")
def test_several_closers_of_a_role_of_ones_own_cite_their_viewings_or_wait_for_the_company() -> None:
    viewings = (Viewing("C", at("2024-03-02 10:00"), ("C1@2",)), Viewing("C2", at("2024-03-03 10:00"), ("C1@3",)))
    facts = a_sale(closers=("C", "C2"), viewings=viewings)
    pack = own(role("first", "closers"), shares={"first": 60, "closing": 40}, beside=clause_of(A, "A-2.4"))
    assert evidence("first", facts, pack) == ("D1@1", "C1@2")
    assert cited("first", facts, pack) == ("N-9", "N-1", "A-2.4")
    decides = load({**pack.document, "readings": {"R-coshowing": "exactly_two"}})
    three = replace(facts, closers=("C", "C2", "C3"))
    assert roles(three, decides) == ["closing company 40", "first company 20", "first company 20", "first company 20"]
