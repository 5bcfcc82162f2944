"""Roles and tables of a company's own: what loads, what is refused and where."""

import json
import re
from typing import Any, Final

import pytest
import rfc8785

from shared.regulation import ROLES, SHIPPED, Pack, Refused, in_chinese, load

A: Final = load(SHIPPED / "A.yaml")
B: Final = load(SHIPPED / "B.yaml")
ACN: Final = load(SHIPPED / "ACN.yaml")

Document = dict[str, Any]


def of(document: Document, clause: str) -> Document:
    return next(each for each in document["clauses"] if each["clause"] == clause)


def refusal(document: Any) -> Refused:
    with pytest.raises(Refused) as refused:
        load(document)
    assert refused.value.code == "pack_invalid"
    return refused.value


def own(**parts: Any) -> Document:
    """The smallest pack of a company's own: one role, earned by the closers, and one table; with other parts."""
    role = {"clause": "N-1", "role": "closer", "title": {"zh": "成交人", "en": "Closer"}, "earned_by": ["closers"], **parts.pop("role", {})}
    table = {"clause": "N-2", "shares": {"closer": 100}, **parts.pop("table", {})}
    return {"id": "own", "version": "1", "clauses": [role, table], **parts}


def second(name: str = "helper", **parts: Any) -> Document:
    return {"clause": "N-3", "role": name, "title": {"zh": "协助人", "en": "Helper"}, "earned_by": ["named"], **parts}


def with_second(**parts: Any) -> Document:
    document = own(table={"shares": {"closer": 90, "helper": 10}})
    document["clauses"].append(second(**parts))
    return document


def test_a_role_of_ones_own_is_earned_by_what_the_pack_says_and_falls_to_the_company_unless_it_says_otherwise() -> None:
    role = load(own()).roles["closer"]
    assert (role.clause, role.title["zh"], role.earned_by) == ("N-1", "成交人", ("closers",))
    assert (role.but_not, role.if_nobody, role.if_left) == ((), "company", "company")
    assert load(with_second(if_nobody="closer", if_left="keeps")).roles["helper"].if_nobody == "closer"


def test_own_roles_stand_in_the_packs_order_after_the_regulations_and_before_the_company() -> None:
    assert list(load(with_second()).order)[-4:] == ["client", "closer", "helper", "company"]
    assert list(A.order) == list(ROLES)


def test_a_pack_asks_for_a_fact_that_only_some_sources_rest_on() -> None:
    assert load(own(role={"earned_by": ["closers", "first_viewer_of_any"]})).asks == {"first_shown"}
    assert load(own(role={"but_not": ["first_viewer_of_any"]})).asks == {"first_shown"}
    assert A.asks == B.asks == ACN.asks == frozenset()


def test_a_table_of_ones_own_is_for_the_deals_that_it_says() -> None:
    document = own(table={"when": {"kind": "sale", "key": True}})
    for place, when in enumerate(({"kind": "sale", "key": False}, {"kind": "rental"}), start=3):
        document["clauses"].append({"clause": f"N-{place}", "when": when, "shares": {"closer": 90, "company": 10}})
    pack = load(document)
    assert pack.conditions == ("kind", "exclusive", "key")
    chosen = [pack.table(kind=kind, exclusive=False, key=key).id for kind in ("sale", "rental") for key in (True, False)]
    assert chosen == ["N-2", "N-3", "N-4", "N-4"]


def test_the_ten_roles_of_the_example_are_its_own() -> None:
    assert [role.title["zh"] for role in ACN.roles.values()] == [
        "房源录入人", "房源维护人", "房源实勘人", "房源钥匙人", "委托备件人",
        "客源首看人", "客源推荐人", "客源成交人", "客源合作人", "金融顾问",
    ]  # fmt: skip
    assert all("示例" in ACN[table].text["zh"] for table in ACN.own_tables)
    assert "示例" in ACN.title["zh"]


def beside(pack: Pack, *clauses: str) -> Document:
    """The smallest pack of one's own with clauses of the regulation beside its own."""
    return own(clauses=[*own()["clauses"], *(of(pack.document, clause) for clause in clauses)])


OWN_CHANGES: Final[list[tuple[Document, str, str]]] = [
    (own(role={"clause": "N-"}), "clauses[0].clause", "N- is no clause known here"),
    (own(role={"clause": "X-1"}), "clauses[0].clause", "X-1 is no clause known here"),
    (own(role={"role": "Closer"}), "clauses[0].role", "is a name of small letters"),
    (own(role={"role": "key"}), "clauses[0].role", "key is taken"),
    (own(role={"role": "company"}), "clauses[0].role", "company is taken"),
    (own(role={"role": "keeps"}), "clauses[0].role", "keeps is taken"),
    (own(role={"title": {"en": "Closer"}}), "clauses[0].title", "is a name in zh and in en"),
    (own(role={"title": {"zh": " ", "en": "Closer"}}), "clauses[0].title", "is a name in zh and in en"),
    (own(role={"earned_by": ["luck"]}), "clauses[0].earned_by", "luck is not one of listing_recorder"),
    (own(role={"earned_by": []}), "clauses[0].earned_by", "names nobody"),
    (own(role={"but_not": ["luck"]}), "clauses[0].but_not", "luck is not one of"),
    (own(role={"hours": 3}), "clauses[0].hours", "is no parameter of N-1"),
    (own(role={"if_nobody": "helper"}), "clauses[0].if_nobody", "helper is no role; it is company, pro_rata or the name of a role"),
    (own(role={"if_left": "helper"}), "clauses[0].if_left", "helper is no role; it is company, pro_rata, keeps or"),
    (own(role={"if_nobody": "keeps"}), "clauses[0].if_nobody", "nobody has nothing to keep"),
    (own(role={"if_nobody": "closer"}), "clauses[0].if_nobody", "closer is the role itself"),
    (own(role={"if_left": "client"}), "clauses[0].if_left", "goes to client, to which N-2 gives no share (0 will do)"),
    (own(role={"if_left": 3}), "clauses[0].if_left", "is company, pro_rata or the name of a role"),
    (with_second(name="closer"), "clauses[2].role", "closer is there twice"),
    (own(clauses=[*own()["clauses"], second()]), "clauses[2].role", "no table gives helper a share"),
    (own(table={"shares": {"closer": 90, "helper": 10}}), "clauses[1].shares", "helper is no role; the roles are listing"),
    (own(table={"shares": {"closer": 90, "client": 5}}), "clauses[1].shares", "sum to 95, not 100, under: sale, no exclusive"),
    (own(table={"when": {"weekday": "Monday"}}), "clauses[1].when", "weekday is no condition; the conditions are kind, exclusive"),
    (own(table={"when": {"kind": "lease"}}), "clauses[1].when", "kind is one of sale, rental"),
    (own(table={"when": {"key": "maybe"}}), "clauses[1].when", "key is true or false"),
    (own(table={"when": ["key"]}), "clauses[1].when", "is a mapping from conditions"),
    (own(table={"when": {"kind": "rental"}}), "clauses", "sum to 0, not 100, under: sale, no exclusive"),
    (own(table={"when": {"closers": "one"}}), "clauses", "under: sale, no exclusive, several closers; no clause has a table for it"),
    (own(table={"when": {"survey": True}}), "clauses", "under: sale, no exclusive, no survey; no clause has a table for it"),
    (own(table={"of": ["tips"]}), "clauses[1].of", "tips is not one of"),
    (beside(B, "B-1-3"), "clauses[1].shares", "two tables apply under: sale, no exclusive: B-1-3 and N-2"),
    (beside(A, "A-1.N1"), "clauses[2].clause", "A-1.N1 works on listing and listing_recorder and listing_holder and closing, to which no"),
    (beside(B, "A-1.N3"), "clauses[2].clause", "A-1.N3 works on client, to which no table here gives a share"),
    (beside(B, "B-1-3-4"), "clauses[2].clause", "B-1-3-4 works on survey and plan and key"),
    (own(clauses=list(reversed(beside(A, "A-R1")["clauses"]))), "clauses[1]", "N-2 has to come before A-R1"),
]


@pytest.mark.parametrize(("document", "place", "reason"), OWN_CHANGES, ids=[f"{place}: {reason}" for _, place, reason in OWN_CHANGES])
def test_what_does_not_fit_among_clauses_of_ones_own_is_refused_with_the_place_and_the_reason(
    document: Document, place: str, reason: str
) -> None:
    problems = refusal(document).facts["problems"]
    assert any(problem["place"] == place and reason in problem["reason"] for problem in problems), problems
    for problem in problems:
        assert re.search(r"[一-鿿]", in_chinese(problem["reason"])), f"{problem['reason']} is not said in Chinese"


def test_a_clause_of_the_regulation_that_has_something_to_work_on_stands_beside_ones_own() -> None:
    assert load(beside(A, "A-1.N2", "A-2.5", "A-R1")).has("A-1.N2")
    with pytest.raises(Refused, match=r"A-1\.N2 works on closing"):
        load({**beside(A, "A-1.N2"), "clauses": [{**own()["clauses"][0], "earned_by": ["named"]}, *beside(A, "A-1.N2")["clauses"][1:]]})


def test_clauses_of_ones_own_written_as_yaml_are_those_of_the_document() -> None:
    written = """\
id: own
version: "1"
clauses:
  - clause: N-1
    role: closer
    title: {zh: 成交人, en: Closer}
    earned_by: [closers]
    if_left: key
  - clause: N-2
    when: {key: true}
    shares: {closer: 100, key: 0}
  - clause: N-3
    when: {key: false}
    shares: {closer: 200/3, key: 100/3}
"""
    pack = load(written)
    assert pack["N-2"].when == {"key": True}
    assert load(json.loads(rfc8785.dumps(pack.document))) == pack
    problems = refusal(written.replace("if_left: key", "if_left: client").replace("key: true", "key: yes")).facts["problems"]
    assert [(problem["place"], problem.get("line")) for problem in problems] == [("clauses[1].when", 10), ("clauses[0].if_left", 8)]
