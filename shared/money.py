"""Fen and points: money is whole fen, points are exact fractions of a hundred, and sharing out loses nothing."""

import re
from collections.abc import Sequence
from fractions import Fraction
from math import lcm
from typing import Final, TypeAlias

Fen: TypeAlias = int
"""An amount in fen, a hundredth of a yuan. Never a float."""

NONE: Final = Fraction(0)
"""No points."""
ALL: Final = Fraction(1)
"""All of somebody's points."""
WHOLE: Final = Fraction(100)
"""All points of a deal."""

_POINTS = re.compile(r"(0|[1-9][0-9]{0,8})(?:/([1-9][0-9]{0,8}))?")


def share(base_fen: Fen, points: Sequence[Fraction]) -> list[Fen]:
    """Share fen out by points that sum to 100: each part floored, the fen left over one each to the largest remainders, ties in order."""
    assert base_fen >= 0, "a base is never negative"
    ratios = [each.as_integer_ratio() for each in points]
    unit = lcm(*[below for _, below in ratios])
    counts, whole = [above * (unit // below) for above, below in ratios], 100 * unit
    assert min(counts, default=0) >= 0, "points are never negative"
    assert sum(counts) == whole, "points sum to a hundred"
    amounts, remainders = zip(*[divmod(base_fen * count, whole) for count in counts], strict=True)
    left_over = base_fen - sum(amounts)
    served = sorted(range(len(points)), key=remainders.__getitem__, reverse=True)[:left_over]
    return [amount + (index in served) for index, amount in enumerate(amounts)]


def points_of(text: str | int) -> Fraction:
    """Points as written, `20` or `"20/3"`; ValueError for a sign, a decimal point, blanks or anything else."""
    written = _POINTS.fullmatch(str(text))
    if written is None:
        raise ValueError("points are a whole number or a fraction such as 20/3")
    return Fraction(int(written[1]), int(written[2] or 1))


def points_text(points: Fraction) -> str:
    """Points as they are written everywhere: `"20"`, `"20/3"`, always in lowest terms."""
    return str(points)
