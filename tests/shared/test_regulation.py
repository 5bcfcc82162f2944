"""Packs: what loads, what is refused and where, and which one is in force."""

import ast
import copy
import json
import re
from collections.abc import Callable
from datetime import date, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import pytest
import rfc8785

from shared.calendar import SHANGHAI, start_of_day
from shared.regulation import (
    CLAUSES,
    READINGS,
    SHIPPED,
    Activation,
    Pack,
    Refused,
    begins_to_apply,
    check_activation,
    in_chinese,
    in_force,
    load,
    shipped,
)

A: Final = load(SHIPPED / "A.yaml")
B: Final = load(SHIPPED / "B.yaml")
ACN: Final = load(SHIPPED / "ACN.yaml")

Document = dict[str, Any]


def of(document: Document, clause: str) -> Document:
    return next(each for each in document["clauses"] if each["clause"] == clause)


def place(clause: str, parameter: str = "") -> str:
    """Where pack A has a clause."""
    return f"clauses[{list(A.clauses).index(clause)}]{parameter}"


AFTER: Final = f"clauses[{len(A.clauses)}]"


def drop(document: Document, *clauses: str) -> None:
    document["clauses"] = [each for each in document["clauses"] if each["clause"] not in clauses]


def refusal(document: Any) -> Refused:
    with pytest.raises(Refused) as refused:
        load(document)
    assert refused.value.code == "pack_invalid"
    return refused.value


# Loading


def test_the_shipped_packs_load_and_state_what_a_rule_reads() -> None:
    assert [path.name for path in shipped()] == ["A.yaml", "ACN.yaml", "B.yaml"]
    assert (A.id, A.version, B.id) == ("A", "1", "B")
    assert A["A-2.7"].days == 10
    assert A["A-1.2.2"].shares == {"listing": 10, "exclusive": 40, "closing": 40, "client": 10}
    assert A["A-2.15"].from_ == start_of_day(date(2012, 7, 15))
    assert A["A-1.N6"].of == ("agency", "information", "bank_rebate")
    assert B["B-1-3-7"].days_max == 15
    assert A.has("A-2.7")
    assert not B.has("A-2.7")
    assert A["A-2.7"].text["en"].startswith("The recorder")


def test_every_clause_that_is_known_stands_in_a_shipped_pack_with_its_text_in_both_languages() -> None:
    for id in (id for id, known in CLAUSES.items() if not known.binds):
        texts = [pack[id].text for pack in (A, B) if pack.has(id)]
        assert texts, id
        assert all(set(text) == {"zh", "en"} for text in texts), id


def test_a_clause_that_binds_holds_with_the_regulations_numbers_unless_the_pack_states_others() -> None:
    assert not A.has("K-3")
    assert A.binding("K-3").days == {"H": 2, "A": 7, "B": 15, "C": 30}
    own = load({**A.document, "clauses": [*A.document["clauses"], {"clause": "K-3", "days": {"H": 1, "C": 60}}]})
    assert own.binding("K-3").days == {"H": 1, "A": 7, "B": 15, "C": 60}
    assert load(json.loads(rfc8785.dumps(own.document))) == own


def test_only_a_clause_that_binds_holds_without_being_stated() -> None:
    with pytest.raises(AssertionError, match=r"A-2\.7 holds only where a pack states it"):
        B.binding("A-2.7")
    assert all(one.unless_given is not None for known in CLAUSES.values() if known.binds for one in known.parameters.values())


@pytest.mark.parametrize(
    ("days", "reason"),
    [
        ({"H": 0}, "H is between 1 and 3660, not 0"),
        ({"D": 60}, "D is not one of H, A, B, C"),
        ({}, "is a mapping from H, A, B, C"),
        (7, "is a mapping from H, A, B, C"),
    ],
)
def test_days_of_levels_that_make_no_sense_are_refused(days: object, reason: str) -> None:
    refused = refusal({**A.document, "clauses": [*A.document["clauses"], {"clause": "K-3", "days": days}]})
    assert (refused.facts["place"], refused.facts["reason"]) == (f"{AFTER}.days", reason)


def test_b_has_none_of_as_lapses_and_claims_of_listings() -> None:
    assert not [id for id in ("A-1.N1", "A-1.N5", "A-1.N6", "A-2.1", "A-2.7", "A-2.12", "A-2.15", "A-2.16", "A-2.17") if B.has(id)]


def test_a_and_b_are_what_deals_were_settled_under() -> None:
    """Their documents lie in events, and settlements name their digests: neither ever changes."""
    assert A.digest == "75d9cf89c0e0be61a154d86fd379b21246a8126c92efcf23dff7d09c7cc82550"
    assert B.digest == "21772c72451b0b3ac361044777c69b29a4a0d75ac6707239f76097743a926bae"


@pytest.mark.parametrize("pack", [A, B, ACN])
def test_a_pack_loaded_from_its_own_document_is_the_same_pack(pack: Pack) -> None:
    again = load(json.loads(rfc8785.dumps(pack.document)))
    assert again == pack
    assert again.digest == pack.digest
    assert list(again.clauses) == list(pack.clauses)
    assert hash(again) == hash(pack)


def test_the_order_of_clauses_is_part_of_the_digest() -> None:
    document = copy.deepcopy(A.document)
    document["clauses"].append(document["clauses"].pop(-2))
    assert load(document).digest != A.digest


def test_a_parameter_that_does_not_exist_is_our_fault() -> None:
    with pytest.raises(AttributeError, match=r"A-2\.7 has no parameter hours"):
        A["A-2.7"].hours  # noqa: B018
    with pytest.raises(KeyError):
        B["A-2.7"]


def test_a_reading_that_a_pack_does_not_state_is_the_regulations() -> None:
    document = copy.deepcopy(A.document)
    document["readings"] = {"R-days": "elapsed"}
    pack = load(document)
    assert (pack.reading("R-days"), pack.reading("R-key")) == ("elapsed", "ten_from_each_side")


def test_the_table_is_that_of_the_kind_and_the_exclusive() -> None:
    tables = [A.table(kind=kind, exclusive=exclusive).id for kind in ("rental", "sale") for exclusive in (False, True)]
    assert tables == ["A-1.1", "A-1.1", "A-1.2.1", "A-1.2.2"]
    assert B.table(kind="sale", exclusive=True).id == "B-1-3"
    document = copy.deepcopy(A.document)
    drop(document, "A-1.2.2")
    assert load(document).table(kind="sale", exclusive=True).id == "A-1.2.1"


# What is refused, and where


CHANGES: Final[list[tuple[Callable[[Document], object], str, str]]] = [
    (lambda d: d.pop("id"), "id", "is missing"),
    (lambda d: d.update(id="a b"), "id", "letters, digits"),
    (lambda d: d.update(version=1), "version", "is a text"),
    (lambda d: d.update(scope="company"), "scope", "is not a part of a pack"),
    (lambda d: d.update(title="A"), "title", "in zh, in en"),
    (lambda d: d.update(clauses={}), "clauses", "a list of clauses"),
    (lambda d: d.update(clauses=[]), "clauses", "a list of clauses, and not an empty one"),
    (lambda d: d.update(readings=[]), "readings", "is a mapping"),
    (lambda d: d["readings"].update({"R-key": "all"}), "readings.R-key", "is one of ten_from_each_side, ten_in_all"),
    (lambda d: d["readings"].update({"R-none": "x"}), "readings.R-none", "no reading known"),
    (lambda d: d["clauses"].append({"clause": "A-9"}), AFTER + ".clause", "A-9 is no clause known here"),
    (lambda d: d["clauses"].append({"days": 3}), AFTER + ".clause", "names the clause"),
    (lambda d: d["clauses"].append("A-2.7"), AFTER + ".clause", "names the clause"),
    (lambda d: d["clauses"].append({"clause": "A-R2"}), AFTER, "A-R2 is there twice"),
    (lambda d: of(d, "A-2.7").update(hours=1), place("A-2.7", ".hours"), "is no parameter of A-2.7"),
    (lambda d: of(d, "A-2.7").pop("days"), place("A-2.7", ".days"), "is missing"),
    (lambda d: of(d, "A-2.7").update(days=0), place("A-2.7", ".days"), "is between 1 and 3660, not 0"),
    (lambda d: of(d, "A-2.7").update(days=-10), place("A-2.7", ".days"), "is between"),
    (lambda d: of(d, "A-2.7").update(days=10**9), place("A-2.7", ".days"), "is between"),
    (lambda d: of(d, "A-2.7").update(days="10"), place("A-2.7", ".days"), "is a whole number"),
    (lambda d: of(d, "A-2.7").update(days=True), place("A-2.7", ".days"), "is a whole number"),
    (lambda d: of(d, "A-2.7").update(days=1.5), place("A-2.7", ".days"), "is a whole number"),
    (lambda d: of(d, "A-2.7").update(recorder_points=101), place("A-2.7", ".recorder_points"), "is between 0 and 100"),
    (lambda d: of(d, "A-2.7").update(recorder_points=0.1), place("A-2.7", ".recorder_points"), "a fraction such as"),
    (lambda d: of(d, "A-2.7").update(text={"fr": "x"}), place("A-2.7", ".text"), "in zh, in en"),
    (lambda d: of(d, "A-2.15").update({"from": "15 July"}), place("A-2.15", ".from"), "is a date such as"),
    (lambda d: of(d, "A-2.15").update(alike_percent=101), place("A-2.15", ".alike_percent"), "is between 0 and 100"),
    (lambda d: of(d, "A-2.6").update(incorrect_to_company="yes"), place("A-2.6", ".incorrect_to_company"), "is true or false"),
    (lambda d: of(d, "A-2.6").update(asks=["colour"]), place("A-2.6", ".asks"), "colour is not one of"),
    (lambda d: of(d, "A-2.8").update(phrases=["a", "a"]), place("A-2.8", ".phrases"), "names something twice"),
    (lambda d: of(d, "A-2.8").update(phrases="see phone"), place("A-2.8", ".phrases"), "is a list of words"),
    (lambda d: of(d, "A-1.N6").update(of=["tips"]), place("A-1.N6", ".of"), "tips is not one of"),
    (lambda d: of(d, "A-1.1")["shares"].update(tips=10), place("A-1.1", ".shares"), "tips is no role"),
    (lambda d: of(d, "A-1.1")["shares"].update(client=-10), place("A-1.1", ".shares"), "client: is between 0 and 100, not -10"),
    (lambda d: of(d, "A-1.1").update(shares={}), place("A-1.1", ".shares"), "from roles to points"),
    (lambda d: of(d, "A-1.1")["shares"].update(client=5), place("A-1.1", ".shares"), "sum to 95, not 100, under: rental"),
    (lambda d: of(d, "A-1.2.1")["shares"].update(client="31/3"), place("A-1.2.1", ".shares"), "301/3, not 100, under: sale, no exclusive"),
    (lambda d: of(d, "A-1.2.2")["shares"].pop("exclusive"), place("A-1.2.2", ".shares"), "sum to 60, not 100, under: sale, exclusive"),
    (lambda d: drop(d, "A-1.1"), "clauses", "sum to 0, not 100, under: rental"),
    (lambda d: drop(d, "A-1.2.1"), "clauses", "sum to 0, not 100, under: sale, no exclusive"),
    (lambda d: d["clauses"].insert(1, of(B.document, "B-1-3")), "clauses[1].shares", "two tables"),
    (lambda d: d["clauses"].insert(0, d["clauses"].pop(13)), "clauses[1]", "A-1.N6 has to come before A-1.N3"),
]


@pytest.mark.clause("B-1-3-7")
def test_the_least_days_of_a_leave_are_no_more_than_the_most() -> None:
    document = copy.deepcopy(B.document)
    of(document, "B-1-3-7").update(days_min=16)
    with pytest.raises(Refused, match="is between 1 and 15, not 16"):
        load(document)
    of(document, "B-1-3-7").update(days_min=15)
    assert load(document)["B-1-3-7"].days_min == 15


@pytest.mark.parametrize(("change", "place", "reason"), CHANGES, ids=[f"{place}: {reason}" for _, place, reason in CHANGES])
def test_a_pack_that_is_wrong_is_refused_with_the_place_and_the_reason(
    change: Callable[[Document], object], place: str, reason: str
) -> None:
    document = copy.deepcopy(A.document)
    change(document)
    problems = refusal(document).facts["problems"]
    assert any(problem["place"] == place and reason in problem["reason"] for problem in problems), problems
    for problem in problems:
        assert re.search(r"[一-鿿]", in_chinese(problem["reason"])), f"{problem['reason']} is not said in Chinese"


@pytest.mark.clause("B-1-3")
def test_b_without_its_ratio_table_is_refused() -> None:
    document = copy.deepcopy(B.document)
    drop(document, "B-1-3")
    refused = refusal(document)
    assert "the shares sum to 0, not 100, under: sale, no exclusive" in refused.facts["reason"]
    assert "B-1-3, the ratio table, has to be stated" in refused.facts["reason"]
    assert refused.clause == "B-1-3"
    document = copy.deepcopy(B.document)
    of(document, "B-1-3").pop("shares")
    facts = refusal(document).facts
    assert (facts["place"], facts["reason"]) == ("clauses[2].shares", "is missing")


@pytest.mark.parametrize(
    ("reason", "zh"),
    [
        ("is between 1 and 3660, not 0", "应在 1 与 3660 之间，不能是 0"),
        ("H is between 1 and 3660, not 0", "H应在 1 与 3660 之间，不能是 0"),
        ("the shares sum to 95, not 100, under: sale, no exclusive", "在“买卖、无独家”下份额合计为 95，不是 100"),
        ("the shares sum to 0, not 100, under: rental, exclusive, several closers; no clause has a table for it",
         "在“租赁、有独家、多名成交人”下份额合计为 0，不是 100：没有适用的份额表"),
        ("client: points are a whole number or a fraction such as 20/3", "client：点数应为整数或 20/3 这样的分数"),
        ("listing: is between 0 and 100, not -5", "listing：应在 0 与 100 之间，不能是 -5"),
        ("is a list of clauses, and not an empty one", "应为条款的列表，且不能为空"),
        ("the weights sum to 60, not 100", "权重合计为 60，不是 100"),
        ("sums to 90, not 100", "合计为 90，不是 100"),
        ("deals is a whole number", "deals应为整数"),
        ("something that nobody has thought of", "something that nobody has thought of"),
    ],
)  # fmt: skip
def test_a_reason_is_said_in_chinese_with_its_names_and_numbers(reason: str, zh: str) -> None:
    assert in_chinese(reason) == zh


def test_every_reason_of_a_parameter_is_said_in_chinese() -> None:
    """Whatever stands in the places of a reason: here a 7."""
    raised: set[str] = set()
    for module in ("parameters", "own"):
        for node in ast.walk(ast.parse((SHIPPED.parent / "shared" / "regulation" / f"{module}.py").read_text("utf-8"))):
            match node:
                case ast.Call(func=ast.Name("ValueError"), args=[ast.Constant(value=str(said))]):
                    raised.add(said)
                case ast.Call(func=ast.Name("ValueError"), args=[ast.JoinedStr(values=parts)]):
                    raised.add("".join(str(part.value) if isinstance(part, ast.Constant) else "7" for part in parts))
    assert "the weights sum to 7, not 100" in raised
    assert [said for said in sorted(raised - {"7 7", "7: 7"}) if in_chinese(said) == said] == []


def test_all_that_is_wrong_is_told_at_once() -> None:
    document = copy.deepcopy(A.document)
    of(document, "A-2.7")["days"] = 0
    of(document, "A-2.3")["days"] = 0
    refused = refusal(document)
    assert (refused.clause, refused.facts["place"], refused.facts["pack"]) == ("A-2.7", place("A-2.7", ".days"), "A")
    assert [problem["clause"] for problem in refused.facts["problems"]] == ["A-2.7", "A-2.3"]


# Written as YAML

WRITTEN: Final = """\
id: mine
version: "2"
clauses:
  - clause: A-1.1
    shares: {listing: 30, closing: 60, client: 010}
  - clause: A-1.2.1
    shares: {listing: 20/3, closing: 250/3, client: 10}
  - clause: A-2.15
    from: 2024-07-15
    days: 1_0
    alike_percent: 90
    alike_days: 10
    fine_fen: 0
"""


def test_scalars_are_typed_by_their_field_and_the_line_is_told() -> None:
    facts = refusal(WRITTEN).facts
    assert [(problem["place"], problem.get("line")) for problem in facts["problems"][:2]] == [
        ("clauses[0].shares", 5),
        ("clauses[2].days", 10),
    ]
    pack = load(WRITTEN.replace("010", "10").replace("1_0", "10"))
    assert pack["A-1.2.1"].shares["listing"] == Fraction(20, 3)
    assert pack["A-2.15"].from_ == datetime(2024, 7, 15, tzinfo=SHANGHAI)
    assert pack.version == "2"
    assert load(pack.document) == pack


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "cannot be read|a pack is a mapping"),
        ("- a", "a pack is a mapping"),
        ("id: [", "cannot be read"),
        ("id: a\nid: b\n", "is there twice"),
        ("id: &x a\nversion: *x\n", "aliases are not used"),
        ("id: !!python/object/apply:os.getcwd []\n", "is a text"),
        ("a: " + "[" * 1_000_000, "nested too deep"),
    ],
)
def test_what_is_no_pack_at_all_is_refused(text: str, reason: str) -> None:
    with pytest.raises(Refused, match="pack_invalid") as refused:
        load(text)
    assert any(re.search(reason, problem["reason"]) for problem in refused.value.facts["problems"])


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="pack_invalid"):
        load(tmp_path / "none.yaml")


# Which one is in force


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


BOOK: Final = (
    Activation(A, at("2024-01-01")),
    Activation(B, at("2024-03-08")),
    Activation(A, at("2024-05-01"), "S1"),
)


@pytest.mark.parametrize(
    ("store", "moment", "pack"),
    [
        ("S2", "2024-03-07 23:59:59", "A"),
        ("S2", "2024-03-08 00:00", "B"),
        ("S1", "2024-04-30 23:59:59", "B"),
        ("S1", "2024-05-01 00:00", "A"),
        ("S2", "2024-05-01 00:00", "B"),
        (None, "2024-05-01 00:00", "B"),
    ],
)
def test_the_latest_of_the_store_then_of_the_company_is_in_force(store: str | None, moment: str, pack: str) -> None:
    assert in_force(BOOK, store, at(moment)).id == pack
    assert in_force(reversed(BOOK), store, at(moment)).id == pack


@pytest.mark.parametrize(("store", "moment"), [(None, "2023-12-31 23:59:59"), ("S1", "2023-12-31 23:59:59")])
def test_before_the_first_none_is_in_force(store: str | None, moment: str) -> None:
    with pytest.raises(Refused, match="no_pack"):
        in_force(BOOK, store, at(moment))


def test_a_first_pack_of_the_past_changes_nothing_before_it_was_activated() -> None:
    first = Activation(B, at("2024-03-01"), "S1", recorded_at=at("2024-03-11 10:00"))
    book = (Activation(A, at("2024-01-01")), first)
    assert [in_force(book, "S1", at(f"2024-03-11 {moment}")).id for moment in ("09:59:59", "10:00:00")] == ["A", "B"]
    assert begins_to_apply(book, "S1", "B-1-3", at("2024-03-05")) == (at("2024-03-11 10:00"), B)


def test_a_stores_pack_is_nobody_elses() -> None:
    with pytest.raises(Refused, match="no_pack"):
        in_force(BOOK[2:], "S2", at("2024-06-01"))


@pytest.mark.parametrize(
    ("new", "reason"),
    [
        (Activation(B, at("2024-03-08")), "same instant"),
        (Activation(A, at("2024-03-31 23:59")), "in the past"),
        (Activation(A, at("2024-05-01"), "S1"), "same instant"),
    ],
)
def test_an_activation_from_the_same_instant_or_the_past_is_refused(new: Activation, reason: str) -> None:
    with pytest.raises(Refused, match=reason) as refused:
        check_activation(BOOK, new, at("2024-04-01"))
    assert (refused.value.code, refused.value.facts["place"]) == ("pack_invalid", "from")


@pytest.mark.parametrize(
    "new", [Activation(A, at("2024-04-01")), Activation(A, at("2024-04-02"), "S1"), Activation(B, at("2020-01-01"), "S2")]
)
def test_any_other_is_not(new: Activation) -> None:
    check_activation(BOOK, new, at("2024-04-01"))


def test_a_refusal_tells_its_code_its_clause_and_its_facts() -> None:
    refused = Refused("concealment_limit", "A-2.9", at_most=5)
    assert (refused.code, refused.clause, refused.facts) == ("concealment_limit", "A-2.9", {"at_most": 5})
    assert str(refused) == "concealment_limit by A-2.9 (at_most=5)"
    assert str(Refused("no_pack")) == "no_pack"


def test_every_reading_of_the_shipped_packs_is_the_regulations_own() -> None:
    assert all(pack.reading(id) == choices[0] for pack in (A, B) for id, choices in READINGS.items())


def test_a_pack_reads_otherwise_as_if_it_had_been_written_so_and_stays_itself_where_it_reads_so_already() -> None:
    other = A.reading_otherwise({"R-key": "ten_in_all"})
    assert other == load({**A.document, "readings": {**A.document["readings"], "R-key": "ten_in_all"}})
    assert (other.id, other.version, other.reading("R-key"), other == A) == (A.id, A.version, "ten_in_all", False)
    assert A.reading("R-key") == "ten_from_each_side"
    assert A.reading_otherwise({"R-key": "ten_from_each_side"}) is A
