"""Fen and points: nothing is lost, and what is left over goes where it should."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.money import points_of, points_text, share


def points(*of: int | str) -> list[Fraction]:
    return [points_of(each) for each in of]


@pytest.mark.parametrize(
    ("base_fen", "of", "amounts"),
    [
        (3_000_000, (30, 60, 10), [900_000, 1_800_000, 300_000]),
        (1_234_567, (20, 20, 25, 25, 10), [246_913, 246_913, 308_642, 308_642, 123_457]),
        (1, (30, 60, 10), [0, 1, 0]),
        (7, (30, 60, 10), [2, 4, 1]),
        (1, (50, 50), [1, 0]),  # a tie: the first
        (2, ("100/3", "100/3", "100/3"), [1, 1, 0]),
        (5, (25, 25, 25, 25), [2, 1, 1, 1]),
        (100, ("20/3", "40/3", 80), [7, 13, 80]),
        (0, (30, 70), [0, 0]),
        (99, (0, 100), [0, 99]),
        (10**15 + 1, (50, 50), [500_000_000_000_001, 500_000_000_000_000]),
    ],
)
def test_the_fen_left_over_go_one_each_to_the_largest_remainders_ties_in_order(
    base_fen: int, of: tuple[int | str, ...], amounts: list[int]
) -> None:
    assert share(base_fen, points(*of)) == amounts


@given(base_fen=st.integers(0, 10**15), parts=st.lists(st.integers(0, 10**6), min_size=1, max_size=12).filter(any))
def test_shares_sum_to_the_base_and_none_is_a_fen_or_more_from_exact(base_fen: int, parts: list[int]) -> None:
    of = [Fraction(100 * part, sum(parts)) for part in parts]
    amounts = share(base_fen, of)
    assert sum(amounts) == base_fen
    assert all(-1 < amount - base_fen * each / 100 < 1 for amount, each in zip(amounts, of, strict=True))
    assert all(amount == 0 for amount, each in zip(amounts, of, strict=True) if each == 0)


@pytest.mark.parametrize("of", [(30, 60), (30, 60, 11), ()])
def test_points_that_do_not_sum_to_a_hundred_are_our_fault(of: tuple[int, ...]) -> None:
    with pytest.raises((AssertionError, ValueError)):
        share(100, points(*of))


def test_negative_points_and_a_negative_base_are_our_fault() -> None:
    with pytest.raises(AssertionError):
        share(-1, [Fraction(100)])
    with pytest.raises(AssertionError):
        share(1, [Fraction(110), Fraction(-10)])
    with pytest.raises(AssertionError):
        share(1, [Fraction(101), Fraction(-1)])


@pytest.mark.parametrize(
    ("text", "value"), [("20", Fraction(20)), (20, Fraction(20)), ("20/3", Fraction(20, 3)), ("0", Fraction(0)), ("4/2", Fraction(2))]
)
def test_points_are_read_as_whole_numbers_or_fractions(text: str | int, value: Fraction) -> None:
    assert points_of(text) == value


@pytest.mark.parametrize("text", ["-1", "+1", "1.5", " 1", "1/0", "1/-2", "", "20 / 3", "二十", "01", True, -3])
def test_anything_else_is_no_points(text: str | int) -> None:
    with pytest.raises(ValueError, match="points are"):
        points_of(text)


@given(st.fractions(0, 100, max_denominator=1000))
def test_points_written_are_read_back(value: Fraction) -> None:
    assert points_of(points_text(value)) == value
