"""The ledger of a deal: what each of its events books, so that the sum of all bookings is the deal's net; and how lines are written."""

from collections.abc import Sequence
from datetime import datetime
from fractions import Fraction
from io import BytesIO
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.commission.aggregate.deal import evolve, net
from services.commission.api.statements_text import CsvWriter, guarded
from services.commission.api.statements_words import points, yuan
from services.commission.events import (
    Adjudicated,
    Adjustment,
    Cancelled,
    Cut,
    DealEvent,
    DisputeOpened,
    DisputeRuled,
    EvidenceAwaited,
    Line,
    PackRef,
    PrivateDealingFound,
    Rebooked,
    Reported,
    Settled,
    Settlement,
    Terms,
)
from services.commission.views import statements
from services.commission.views.ledger import Booking, bookings
from tests.commission.closings import at

T: Final = at("2025-03-08 16:00")
REPORTED: Final = Reported("C", Terms("lst_1", "cli_1", ("C",), {"agency": 100}, "sale", "S2"), T)
DISPUTED: Final = DisputeOpened("R", "dis_1", "So", T)
FOUND: Final = PrivateDealingFound("SM", "psn_c", "So", None, T)
CANCELLED: Final = Cancelled("GM", "lst_1", "cli_1", "Off", T)
LISTING: Final = Line("listing", "R", "30", 30, "S1", ("A-1.2.1",))
CLOSING: Final = Line("closing", "C", "70", 70, "S2", ("A-1.2.1",))
FORFEIT: Final = Line("closing", "company", "70", 70, "company", ("A-1.2.1", "A-R1"))


def settled(*lines: Line) -> Settled:
    return Settled("SM", settlement(*lines), T)


def rebooked(*lines: Line) -> Rebooked:
    return Rebooked("", "private_dealing", settlement(*lines), T)


def settlement(*lines: Line) -> Settlement:
    return Settlement(T, PackRef("A", "1", "d"), Cut(T, {}), {}, {}, sum(line.amount_fen for line in lines), lines, (), (), "digest")


def adjudicated(fen: int, *, giver: str = "C", taker: str = "H") -> Adjudicated:
    return Adjudicated("GM", "general_manager", moving(fen, giver, taker), "So", T)


def moving(fen: int, giver: str, taker: str) -> tuple[Adjustment, ...]:
    return Adjustment("closing", giver, -fen, "S2"), Adjustment("closing", taker, fen, "S1")


def told(booked: Sequence[Booking]) -> list[str]:
    return [f"{b.kind} {b.role} {b.to} {b.points} {b.amount_fen} {b.credit}" for b in booked]


def test_a_settlement_books_its_lines_and_nothing_before_it_does() -> None:
    report, settling = bookings([REPORTED, settled(LISTING, CLOSING)])
    assert report == ()
    assert told(settling) == ["settled listing R 30 30 S1", "settled closing C 70 70 S2"]
    assert [booking.clauses for booking in settling] == [("A-1.2.1",), ("A-1.2.1",)]


def test_what_is_rebooked_is_taken_back_line_by_line_and_booked_anew() -> None:
    *_, again = bookings([REPORTED, settled(LISTING, CLOSING), rebooked(LISTING, FORFEIT)])
    assert told(again) == [
        "reversed listing R -30 -30 S1",
        "reversed closing C -70 -70 S2",
        "rebooked listing R 30 30 S1",
        "rebooked closing company 70 70 company",
    ]
    assert [booking.reverses for booking in again] == [(2, 1), (2, 2), None, None]


def test_what_was_adjudicated_to_or_from_an_offender_goes_to_the_company_with_their_lines() -> None:
    found = PrivateDealingFound("SM", "C", "So", None, T)
    before, after = (settled(LISTING, CLOSING), adjudicated(5)), (rebooked(LISTING, FORFEIT), adjudicated(7))
    *_, forfeit, again, later = bookings([REPORTED, *before, found, *after])
    assert told(forfeit) == ["reversed closing C None 5 S2", "adjudicated closing company None -5 company"]
    assert [booking.clauses for booking in forfeit] == [("A-1.N7",), ("A-1.N7", "A-R1")]
    assert [booking.to for booking in again] == ["R", "C", "R", "company"]
    assert told(later) == ["adjudicated closing C None -7 S2", "adjudicated closing H None 7 S1"]  # decided knowing of it: it stands


def test_a_second_rebooking_takes_back_the_first_and_not_what_that_took_back() -> None:
    *_, again = bookings([REPORTED, settled(LISTING), rebooked(FORFEIT), rebooked(LISTING)])
    assert [booking.reverses for booking in again] == [(3, 2), None]


def test_what_is_adjudicated_adds_to_what_is_settled_and_outlives_its_rebooking() -> None:
    *_, added, again = bookings([REPORTED, settled(LISTING), adjudicated(5), rebooked(FORFEIT)])
    assert told(added) == ["adjudicated closing C None -5 S2", "adjudicated closing H None 5 S1"]
    assert {booking.clauses for booking in added} == {("A-1.N7",)}
    assert [booking.kind for booking in again] == ["reversed", "rebooked"]


def test_what_is_adjudicated_before_settlement_is_booked_with_it() -> None:
    *_, added, settling = bookings([REPORTED, adjudicated(5), settled(LISTING)])
    assert added == ()
    assert [booking.kind for booking in settling] == ["settled", "adjudicated", "adjudicated"]


def test_a_ruling_books_the_lines_that_it_adds() -> None:
    ruled = DisputeRuled("AM", "dis_1", 1, "corrected", moving(3, "C", "R"), "So", T)
    *_, ruling = bookings([REPORTED, settled(LISTING, CLOSING), DISPUTED, ruled])
    assert told(ruling) == ["ruled closing C None -3 S2", "ruled closing R None 3 S1"]
    assert {booking.clauses for booking in ruling} == {("O-4",)}


def test_a_cancellation_takes_back_everything_that_stands() -> None:
    *_, off = bookings([REPORTED, settled(LISTING, CLOSING), adjudicated(5), rebooked(LISTING, FORFEIT), CANCELLED])
    assert told(off) == [
        "cancelled closing C None 5 S2",
        "cancelled closing H None -5 S1",
        "cancelled listing R -30 -30 S1",
        "cancelled closing company -70 -70 company",
    ]


def test_a_cancellation_before_settlement_books_nothing() -> None:
    assert bookings([REPORTED, adjudicated(5), CANCELLED]) == [(), (), ()]


ACCOUNTS: Final = st.sampled_from(("psn_r", "psn_c", "team:G1", "company"))
STORES: Final = st.sampled_from(("S1", "S2", "company"))
LINES: Final = st.lists(
    st.builds(
        Line,
        role=st.sampled_from(("listing", "closing")),
        to=ACCOUNTS,
        points=st.fractions(0, 100, max_denominator=9).map(str),
        amount_fen=st.integers(0, 10**9),
        credit=STORES,
    ),
    max_size=4,
)
ADDED: Final = st.lists(
    st.builds(Adjustment, role=st.just("closing"), to=ACCOUNTS, amount_fen=st.integers(-(10**9), 10**9), credit=STORES), max_size=3
).map(tuple)


@st.composite
def deals(draw: st.DrawFn) -> list[DealEvent]:
    """A deal's life as it may go: adjudicated at any time, rebooked and ruled on once settled, in the end perhaps cancelled."""
    adjudications = st.builds(Adjudicated, st.just("GM"), st.just("general_manager"), ADDED, st.just("So"), st.just(T))
    rulings = st.builds(DisputeRuled, st.just("AM"), st.just("dis_1"), st.just(1), st.just("corrected"), ADDED, st.just("So"), st.just(T))
    before: list[DealEvent] = draw(st.lists(adjudications | st.sampled_from((EvidenceAwaited("SM", ("client",), T), FOUND)), max_size=3))
    after: list[DealEvent] = []
    if draw(st.booleans()):
        later = LINES.map(lambda lines: rebooked(*lines)) | adjudications | rulings | st.just(FOUND)
        after = [settled(*draw(LINES)), DISPUTED, *draw(st.lists(later, max_size=4))]
    return [REPORTED, *before, *after, *draw(st.sampled_from(([], [CANCELLED])))]


@settings(max_examples=60)
@given(deals())
def test_after_each_event_the_bookings_sum_to_the_net_of_the_deal(deal: list[DealEvent]) -> None:
    state, sums = None, dict[str, int]()
    for event, booked in zip(deal, bookings(deal), strict=True):
        state = evolve(state, event)
        for booking in booked:
            sums[booking.to] = sums.get(booking.to, 0) + booking.amount_fen
        assert {to: fen for to, fen in sums.items() if fen} == net(state)


@settings(max_examples=60)
@given(deals())
def test_each_reversal_takes_back_one_booking_and_none_is_taken_back_twice(deal: list[DealEvent]) -> None:
    placed = {(version, n): b for version, booked in enumerate(bookings(deal), 1) for n, b in enumerate(booked, 1)}
    reversals = {place: booking for place, booking in placed.items() if booking.reverses is not None}
    assert len({booking.reverses for booking in reversals.values()}) == len(reversals)
    for place, booking in reversals.items():
        assert booking.reverses is not None
        taken = placed[booking.reverses]
        assert booking.reverses < place
        assert (booking.to, booking.role, booking.credit, -booking.amount_fen) == (taken.to, taken.role, taken.credit, taken.amount_fen)
        assert Fraction(booking.points or 0) == -Fraction(taken.points or 0)


# How lines are written


@pytest.mark.parametrize(("fen", "text"), [(0, "0.00"), (7, "0.07"), (-7, "-0.07"), (123_456_789, "1234567.89"), (-100, "-1.00")])
def test_fen_are_written_as_yuan_with_two_decimals(fen: int, text: str) -> None:
    assert yuan(fen) == text
    assert yuan(123_456_789, ",") == "1,234,567.89"


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1"])
def test_a_cell_that_somebody_wrote_is_no_formula(text: str) -> None:
    assert guarded(text) == f"'{text}"
    assert guarded(f"a{text}") == f"a{text}"


@pytest.mark.parametrize(("written", "shown"), [("20/3", "6 2/3"), ("-20/3", "-6 2/3"), ("1/3", "0 1/3"), ("30", "30"), (None, "")])
def test_points_are_a_number_to_a_spreadsheet_and_no_day(written: str | None, shown: str) -> None:
    assert points(a_line(written)) == shown


def a_line(points: str | None = "30", *, role: str = "listing", credit: str = "S1") -> statements.Line:
    day = datetime.fromisoformat("2025-03-08T16:00:00+08:00")
    return statements.Line("dea_1@2", 1, "dea_1", day, "settled", role, "psn_r", points, 1_234_567, credit, ("A-1.2.1",), None)


def test_a_csv_is_as_a_spreadsheet_wants_it_and_runs_nothing() -> None:
    out = BytesIO()
    nothing = statements.Sum()
    period = statements.Period(T.date(), T.date())
    subject = statements.Subject("store", "-S1")
    head = statements.Statement("stl_1", "cmp_1", subject, period, True, None, 9, nothing, nothing, nothing, nothing, ())
    writer, control = CsvWriter(out, "zh"), statements.Control(head)
    writer.begin(head)
    writer.lines([a_line(role='=HYPERLINK("x")', credit="-S1"), a_line(role='said "so",\nor')])
    writer.end(control)
    text = out.getvalue().decode()
    rows = text.split("\r\n")
    assert rows[0].startswith("\ufeff序号,入账时间（北京时间）,类型,")
    assert rows[1].split(",")[4:7] == ['"\'=HYPERLINK(""x"")"', "psn_r", "'-S1"]
    assert '"said ""so"",\nor"' in rows[2]
    assert text.endswith("\r\n")
