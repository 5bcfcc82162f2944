"""Fen and points: money is whole fen, points are exact fractions of a hundred, and sharing out loses nothing."""

import re
from collections.abc import Sequence
from fractions import Fraction
from typing import Final, TypeAlias

Fen: TypeAlias = int
"""An amount in fen, a hundredth of a yuan. Never a float."""

WHOLE: Final = Fraction(100)
"""All points of a deal."""

_POINTS = re.compile(r"(0|[1-9][0-9]{0,8})(?:/([1-9][0-9]{0,8}))?")


def share(base_fen: Fen, points: Sequence[Fraction]) -> list[Fen]:
    """Share fen out by points that sum to 100: each part floored, the fen left over one each to the largest remainders, ties in order."""
    assert base_fen >= 0, "a base is never negative"
    assert min(points) >= 0, "points are never negative"
    assert sum(points) == WHOLE, "points sum to a hundred"
    exact = [base_fen * each / WHOLE for each in points]
    amounts = [each.numerator // each.denominator for each in exact]
    left_over = base_fen - sum(amounts)
    by_remainder = sorted(range(len(points)), key=lambda index: amounts[index] - exact[index])
    for index in by_remainder[:left_over]:
        amounts[index] += 1
    return amounts


def points_of(text: str | int) -> Fraction:
    """Points as written, `20` or `"20/3"`; ValueError for a sign, a decimal point, blanks or anything else."""
    if isinstance(text, bool):
        raise ValueError("points are a whole number or a fraction such as 20/3")
    written = _POINTS.fullmatch(str(text))
    if written is None:
        raise ValueError("points are a whole number or a fraction such as 20/3")
    return Fraction(int(written[1]), int(written[2] or 1))


def points_text(points: Fraction) -> str:
    """Points as they are written everywhere: `"20"`, `"20/3"`, always in lowest terms."""
    return str(points)
