"""Disputes (O-4): who opens them and until when, what is said in them, who rules, and how a ruling corrects."""

from datetime import datetime, timedelta
from typing import Any, Final

import pytest
from msgspec import structs

from services.commission.aggregate import deal as deals
from services.commission.aggregate import dispute as decide
from services.commission.aggregate.deal import Deal, claims_of, evolve, net
from services.commission.events import (
    Adjustment,
    Alternative,
    Cancelled,
    DisputeAppealed,
    DisputeOpened,
    DisputeRuled,
    DisputeStated,
    Effect,
    ExhibitFiled,
    Line,
    Rebooked,
    Settled,
    Settlement,
)
from shared.calendar import SMALLEST
from shared.eventlog import Claim
from shared.regulation import Activation, Pack, load
from shared.tenure import Ground
from tests.commission.closings import at
from tests.commission.test_deal import LATER, PEOPLE, by, ground, lines, reported, settled, settlement
from tests.packs import A
from tests.refusing import refused

clause = pytest.mark.clause
WITHOUT_SHOWING: Final = Alternative(leave_out=("cli_1@2",))


def quick(days: int = 30, appeal_days: int = 15) -> Ground:
    """A company that states terms of its own."""
    stated = {"clause": "O-4", "days": days, "appeal_days": appeal_days}
    pack: Pack = load({**A.document, "clauses": [*A.document["clauses"], stated]})
    return Ground(PEOPLE, (Activation(pack, at("2000-01-01 00:00")),))


def disputed(deal: Deal | None = None) -> Deal:
    deal = deal or settled()
    return _after(deal, *decide.dispute(deal, by=by("R"), named="dis_1", reason="I showed it", ground=ground(), at=LATER))


def _after(deal: Deal, *events: Any) -> Deal:
    for event in events:
        deal = evolve(deal, event)
    return deal


def open_(deal: Deal, caller: str, when: datetime = LATER, on: Ground | None = None) -> list[Any]:
    return decide.dispute(deal, by=by(caller), named="dis_1", reason="I showed it", ground=on or ground(), at=when)


def rule(deal: Deal, caller: str, outcome: Any = "upheld", *amounts: tuple[str, int], when: datetime = LATER, **said: Any) -> list[Any]:
    facts: dict[str, Any] = {"named": "dis_1", "outcome": outcome, "reason": "as recorded", "unknown": (), "ground": ground(), **said}
    return decide.rule(deal, by=by(caller), lines=lines(*amounts), at=when, **facts)


def ruled(caller: str = "AM", outcome: Any = "upheld", *amounts: tuple[str, int], **said: Any) -> Deal:
    return _after(disputed(), *rule(disputed(), caller, outcome, *amounts, **said))


# Opening


@clause("O-4")
@pytest.mark.parametrize("caller", ["R", "C", "M2", "AM"])
def test_a_party_or_a_manager_above_a_closer_disputes_what_was_settled(caller: str) -> None:
    assert open_(settled(), caller) == [DisputeOpened(caller, "dis_1", "I showed it", LATER)]


@clause("O-4")
def test_nobody_else_does_nor_before_it_was_settled_nor_when_it_is_off() -> None:
    for caller in ("X", "M1", "AM2"):
        with refused("forbidden"):
            open_(settled(), caller)
    with refused("not_settled", "O-4", state="reported"):
        open_(reported(), "C")
    with refused("cancelled"):
        open_(_after(settled(), Cancelled("GM", "lst_1", "cli_1", "off", LATER)), "C")


@clause("O-4")
def test_whose_work_on_the_listing_or_the_client_moved_no_points_has_a_say_all_the_same() -> None:
    keyed = structs.replace(settlement(), facts={"listing": {"keys": [{"by": "psn_X", "declared_by": None}]}, "client": None})
    deal = evolve(reported(), Settled("M2", keyed, LATER))
    assert "psn_X" in deals.concerned(deal)
    assert "psn_X" not in deals.parties(deal)


@clause("O-4")
def test_the_same_dispute_is_opened_once_and_its_id_is_nobody_elses() -> None:
    deal = disputed()
    assert open_(deal, "C") == []
    assert list(claims_of(settled(), DisputeOpened("C", "dis_1", "I showed it", LATER))) == [Claim("dispute", "dis_1")]


@clause("O-4")
@pytest.mark.parametrize(("on", "days"), [(ground(), 1096), (quick(), 30)])
def test_a_deal_is_disputed_until_the_last_day_of_the_term_from_its_settlement(on: Ground, days: int) -> None:
    over = (at("2024-03-09 10:00") + timedelta(days=days + 1)).replace(hour=0)
    assert open_(settled(), "R", over - SMALLEST, on)
    with refused("dispute_too_late", "O-4", days=days, until=over):
        open_(settled(), "R", over, on)


@clause("O-4")
def test_the_term_begins_anew_when_the_deal_is_rebooked_for_a_finding_but_not_by_a_ruling() -> None:
    found = _after(settled(), Rebooked("", "private_dealing", settlement(), LATER + timedelta(days=40)))
    assert open_(found, "R", LATER + timedelta(days=60), quick())
    corrected = _after(settled(), Rebooked("AM", "ruling", settlement(), LATER + timedelta(days=40)))
    with refused("dispute_too_late"):
        open_(corrected, "R", LATER + timedelta(days=60), quick())


# Stating


def state(deal: Deal, caller: str, *evidence: str, unknown: tuple[str, ...] = ()) -> list[Any]:
    facts: dict[str, Any] = {"text": "It was I who took the key", "evidence": evidence, "unknown": unknown}
    return decide.state(deal, by=by(caller), named="dis_1", ground=ground(), at=LATER, **facts)


@clause("O-4")
def test_both_sides_say_theirs_with_their_evidence_until_the_last_ruling() -> None:
    assert state(disputed(), "C", "lst_1@3") == [DisputeStated("C", "dis_1", "It was I who took the key", ("lst_1@3",), LATER)]
    assert state(ruled(), "R"), "after the first ruling, for the second"
    with refused("forbidden"):
        state(disputed(), "X")
    with refused("unknown_reference", "O-4", field="evidence"):
        state(disputed(), "C", "lst_9@3", unknown=("lst_9@3",))
    with refused("already_ruled"):
        state(_after(ruled(), *rule(ruled(), "GM")), "C")


# Evidence as files


def file(deal: Deal, caller: str, sha256: str = "5a", at_most: int = 2) -> list[Any]:
    facts: dict[str, Any] = {"exhibit": f"exh_{sha256}", "name": "receipt.pdf", "media_type": "application/pdf", "size_bytes": 9}
    return decide.file_exhibit(deal, by=by(caller), named="dis_1", sha256=sha256, at_most=at_most, ground=ground(), at=LATER, **facts)


@clause("O-4")
def test_both_sides_file_theirs_until_the_last_ruling_and_have_spoken_by_it() -> None:
    filed = ExhibitFiled("C", "dis_1", "exh_5a", "receipt.pdf", "5a", "application/pdf", 9, LATER)
    assert file(disputed(), "C") == [filed]
    assert evolve(disputed(), filed).disputes["dis_1"].voices == ("R", "C")
    assert file(ruled(), "R"), "after the first ruling, for the second"
    with refused("forbidden"):
        file(disputed(), "X")
    with refused("already_ruled"):
        file(_after(ruled(), *rule(ruled(), "GM")), "C")
    with refused("conflict_of_interest"):
        rule(_after(disputed(), *file(disputed(), "AM")), "AM")


@clause("O-4")
def test_a_file_is_there_once_in_a_dispute_and_of_each_person_there_are_so_many() -> None:
    once = _after(disputed(), *file(disputed(), "C"))
    with refused("exhibit_filed_already", "O-4", first="exh_5a", by="C"):
        file(once, "R")
    full = _after(once, *file(once, "C", "5b"))
    with refused("too_many_exhibits", "O-4", at_most=2):
        file(full, "C", "5c")
    assert file(full, "R", "5c")
    assert file(full, "C", "5c", at_most=3)


# Ruling


@clause("O-4")
def test_the_area_manager_rules_first_and_the_company_second_and_then_it_is_over() -> None:
    for caller in ("M2", "AM2", "X"):
        with refused("forbidden"):
            rule(disputed(), caller)
    [first] = rule(disputed(), "AM")
    assert isinstance(first, DisputeRuled)
    assert first.instance == 1
    once = evolve(disputed(), first)
    with refused("forbidden"):
        rule(once, "AM")
    [second] = rule(once, "GM", "corrected", ("C", -300_000), ("R", 300_000))
    twice = evolve(once, second)
    assert net(twice) == {"R": 1_200_000, "C": 1_800_000}
    assert [once.disputes["dis_1"].standing, twice.disputes["dis_1"].standing] == ["ruled", "final"]
    with refused("already_ruled"):
        rule(twice, "GM")


@clause("O-4")
def test_a_party_never_rules_nor_who_opened_it_or_spoke_in_it() -> None:
    with refused("conflict_of_interest"):
        shared = settlement(Line("listing", "R", "50", 1_500_000, "S1"), Line("client", "AM", "50", 1_500_000, "S1"))
        rule(disputed(evolve(reported(), Settled("M2", shared, LATER))), "AM")
    opened_by_them = _after(settled(), *open_(settled(), "AM"))
    with refused("conflict_of_interest"):
        rule(opened_by_them, "AM")
    assert rule(opened_by_them, "GM")
    spoken = _after(disputed(), *state(disputed(), "AM"))
    with refused("conflict_of_interest"):
        rule(spoken, "AM")
    with refused("conflict_of_interest"):
        rule(disputed(), "AM", "corrected", ("C", -1), ("AM", 1))


@clause("O-4")
def test_who_ruled_first_does_not_rule_again() -> None:
    with refused("conflict_of_interest"):
        rule(ruled("GM"), "GM")


@clause("O-4")
def test_a_correction_has_lines_that_sum_to_zero_or_adopts_an_alternative_and_a_rejection_has_neither() -> None:
    for outcome, amounts, adopts in (
        ("corrected", (), None),
        ("corrected", (("C", -1), ("R", 1)), WITHOUT_SHOWING),
        ("rejected", (("C", -1), ("R", 1)), None),
        ("rejected", (), WITHOUT_SHOWING),
        ("upheld", (("C", -1), ("R", 1)), WITHOUT_SHOWING),
    ):
        with refused("lines_do_not_fit_ruling"):
            rule(disputed(), "AM", outcome, *amounts, adopts=adopts, judged=settlement())
    with refused("adjudication_not_zero"):
        rule(disputed(), "AM", "corrected", ("C", -2), ("R", 1))


@clause("O-4")
def test_a_ruling_that_upholds_may_move_money_too() -> None:
    [upheld] = rule(disputed(), "AM", "upheld", ("C", -1), ("R", 1))
    assert [(line.to, line.amount_fen) for line in upheld.lines] == [("C", -1), ("R", 1)]


@clause("O-4")
def test_a_ruling_names_clauses_and_what_it_rests_on_and_what_it_moved() -> None:
    said: dict[str, Any] = {"clauses": ("A-1.N1",), "rests_on": ("dea_1@4", "lst_1@3")}
    [first] = rule(disputed(), "AM", "corrected", ("C", -150_000), ("R", 150_000), **said)
    assert (first.clauses, first.rests_on) == (("A-1.N1",), ("dea_1@4", "lst_1@3"))
    assert first.effect == (Effect("closing", "C", "-5", -150_000), Effect("closing", "R", "5", 150_000))
    with refused("unknown_reference", "O-4", field="rests_on"):
        rule(disputed(), "AM", rests_on=("lst_9@1",), unknown_entries=("lst_9@1",))


# The second instance


def appeal(deal: Deal, caller: str = "C", when: datetime = LATER, on: Ground | None = None) -> list[Any]:
    return decide.appeal(deal, by=by(caller), named="dis_1", reason="The key hung with us", ground=on or ground(), at=when)


@clause("O-4")
def test_somebody_concerned_takes_the_first_ruling_to_the_company_once() -> None:
    with refused("not_ruled", "O-4"):
        appeal(disputed())
    assert appeal(ruled()) == [DisputeAppealed("C", "dis_1", "The key hung with us", LATER)]
    appealed = _after(ruled(), *appeal(ruled()))
    assert appealed.disputes["dis_1"].standing == "appealed"
    assert appeal(appealed, "R") == []
    with refused("forbidden"):
        appeal(ruled(), "X")
    with refused("already_ruled"):
        appeal(_after(appealed, *rule(appealed, "GM")))


@clause("O-4")
def test_the_first_ruling_stands_when_its_term_is_over_unless_it_was_appealed_in_time() -> None:
    over = at("2024-03-25 00:00")  # 15 days from 9 March end with 24 March
    assert appeal(ruled(), when=over - SMALLEST, on=quick())
    assert rule(ruled(), "GM", when=over - SMALLEST, ground=quick())
    with refused("ruling_stands", "O-4", days=15, until=over):
        appeal(ruled(), when=over, on=quick())
    with refused("ruling_stands", "O-4", days=15, until=over):
        rule(ruled(), "GM", when=over, ground=quick())
    in_time = _after(ruled(), *appeal(ruled()))
    assert rule(in_time, "GM", when=over, ground=quick())


# Adopting an alternative


def otherwise() -> Settlement:
    told = (
        Line("listing", "R", "20", 600_000, "S1"),
        Line("key", "X", "20", 600_000, "S9"),
        Line("closing", "C", "50", 1_500_000, "S2"),
        Line("client", "C", "10", 300_000, "S2"),
    )
    return settlement(*told)


def adopt(deal: Deal, caller: str = "AM", judged: Settlement | None = None) -> list[Any]:
    return rule(deal, caller, "corrected", adopts=WITHOUT_SHOWING, judged=judged or otherwise())


@clause("O-4")
def test_a_ruling_that_adopts_an_alternative_reverses_and_rebooks_and_keeps_what_it_adopted() -> None:
    first, rebooked = adopt(disputed())
    assert (first.adopts, first.lines) == (WITHOUT_SHOWING, ())
    assert first.effect == (
        Effect("listing", "R", "-10", -300_000), Effect("closing", "C", "-10", -300_000), Effect("key", "X", "20", 600_000),
    )  # fmt: skip
    assert rebooked == Rebooked("AM", "ruling", otherwise(), LATER)
    deal = _after(disputed(), first, rebooked)
    assert deal.settlement == otherwise()
    assert net(deal) == {"R": 600_000, "X": 600_000, "C": 1_800_000}
    assert sum(effect.amount_fen for effect in first.effect) == 0


@clause("O-4")
def test_a_correction_that_corrects_nothing_is_refused() -> None:
    with refused("correction_changes_nothing", "O-4"):
        adopt(disputed(), judged=settlement())


@clause("O-4")
def test_who_would_get_a_line_by_the_alternative_does_not_rule() -> None:
    with refused("conflict_of_interest"):
        adopt(disputed(), judged=settlement(Line("client", "AM", "100", 3_000_000, "S1")))


@clause("O-4")
def test_the_second_instance_that_adopts_takes_back_what_the_first_had_added() -> None:
    once = ruled("AM", "corrected", ("C", -300_000), ("R", 300_000))
    second, rebooked = adopt(once, "GM")
    assert second.lines == (Adjustment("closing", "C", 300_000, "S2"), Adjustment("closing", "R", -300_000, "S2"))
    assert net(_after(once, second, rebooked)) == {"R": 600_000, "X": 600_000, "C": 1_800_000}
    assert {(one.role, one.to): one.amount_fen for one in second.effect}["closing", "R"] == -300_000


@clause("O-4")
def test_it_may_put_back_what_was_settled_by_adopting_it_as_it_was() -> None:
    once = _after(disputed(), *adopt(disputed()))
    twice = _after(once, *rule(once, "GM", "corrected", adopts=Alternative(), judged=settlement()))
    assert net(twice) == net(settled())
