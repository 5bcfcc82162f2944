"""What is known of every clause and reading: parameters, and where a clause stands among those that make a split."""

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Final

from msgspec import Struct, field

from shared.regulation.parameters import (
    FEES,
    ROLES,
    Parameter,
    _day,
    _each,
    _flag,
    _hundred,
    _indicators,
    _one_share,
    _shares,
    _whole,
    _words,
)


class Known(Struct, frozen=True):
    """A clause that the product carries out. `stage`: clauses of a later one see the lines of the earlier; None: it makes no line.
    `binds`: it holds whatever pack is in force, with the regulation's own numbers unless the pack states others (decision 18)."""

    parameters: dict[str, Parameter] = field(default_factory=dict)
    stage: int | None = None
    binds: bool = False


READINGS: Final[Mapping[str, tuple[str, ...]]] = {
    "R-key": ("ten_from_each_side", "ten_in_all", "tenth_of_each_side"),
    "R-halves": ("half_each", "thirty_percent_each"),
    "R-remainder": ("holder", "closers", "company"),
    "R-departed": ("company_and_holder", "company_all"),
    "R-key-lapsed": ("recorder_stands", "pro_rata"),
    "R-undeclared-key": ("no_share", "only_exclusives"),
    "R-coshowing": ("equal_parts", "exactly_two"),
    "R-private-dealing": ("offender", "whole_deal"),
    "R-inaccurate-sale": ("whole_side", "agent_part"),
    "R-inaccurate-rental": ("of_each_part", "of_the_deal"),
    "R-holder": ("as_recorder", "none"),
    "R-days": ("civil_code", "elapsed"),
    "R-b-table": ("as_stated",),
    "R-client-7": ("rolling", "first_only"),
}
"""What a pack may choose where the source leaves room; the regulation's own choice is first."""

_DAYS = _whole(1, 3660)
_HOURS = _whole(1, 8784)
_COUNT = _whole(0, 1000)
_PERCENT = _whole(0, 100)
_HALF = _whole(0, 50)
_FINE = _whole(0, 100_000_000)
_POINTS = Parameter(_one_share)
_SHARES = Parameter(_shares, of_roles=True)
_FLAG = Parameter(_flag)
_OF = _words(*FEES, unless_given=("agency",))
_TABLE = Known({"shares": _SHARES, "of": _OF}, stage=1)
_REPEATED = {"fine_fen": _FINE, "dismissal_from": _whole(1, 1000)}
_SUSPECTED = {
    "days": _whole(1, 3660, 30),
    "alike_percent": _whole(0, 100, 80),
    "one_owner_rooms": _whole(2, 1000, 2),
    "draft_days": _whole(1, 3660, 3),
}
_VISITS = ("phone", "visit", "viewing")
_VISIT = ("companions", "wish", "source", "summary")

CLAUSES: Final[Mapping[str, Known]] = {
    "A-1.N6": Known({"of": _words(*FEES)}, stage=0),
    "B-1-1": Known({"of": _words(*FEES)}, stage=0),
    "B-1-2": Known(),
    "A-1.1": _TABLE,
    "A-1.2.1": _TABLE,
    "A-1.2.2": _TABLE,
    "B-1-3": _TABLE,
    "A-1.N1": Known({"points": _POINTS, "percent": _PERCENT}, stage=2),
    "A-1.N2": Known({"percent": _HALF}, stage=2),
    "A-1.N3": Known({"roles": _words(*ROLES), "by_analogy": _words(*ROLES)}, stage=3),
    "A-1.N5": Known(),
    "A-1.N7": Known(),
    "A-2.1": Known({"hours": _HOURS}),
    "A-2.2": Known({"asks": _words("floor", "area", "orientation", "price", "phone", "needs")}),
    "A-2.3": Known({"days": _DAYS}),
    "A-2.4": Known(stage=2),
    "A-2.5": Known(stage=2),
    "A-2.6": Known(
        {
            "needs": _words("community", "building", "unit", "room", "owner_phone"),
            "asks": _words("bedrooms", "floor", "area_m2", "orientation", "title_certificate", "decoration"),
            "room_characters": _whole(1, 10),
            "suffix_communities": _words(),
            "incorrect_to_company": _FLAG,
        },
        stage=2,
    ),
    "A-2.7": Known({"days": _DAYS, "recorder_points": _POINTS}, stage=2),
    "A-2.8": Known({"characters_min": _COUNT, "phrases": _words()}),
    "A-2.9": Known({"at_most": _COUNT, "days": _DAYS}),
    "A-2.10": Known(),
    "A-2.11": Known(),
    "A-2.12": Known(),
    "A-2.13": Known(_REPEATED),
    "A-2.14": Known({**_REPEATED, **_SUSPECTED}),
    "A-2.15": Known({"from": Parameter(_day), "days": _DAYS, "alike_percent": _PERCENT, "alike_days": _DAYS, "fine_fen": _FINE}),
    "A-2.16": Known({"days": _DAYS, "recorder_points": _POINTS}, stage=2),
    "A-2.17": Known({"recorder_points": _POINTS}, stage=2),
    "A-R1": Known({"dismissal": _FLAG}, stage=4),
    "A-R2": Known(),
    "B-0": Known(),
    "B-1-3-1": Known({"indoor_min": _COUNT, "indoor_with_agent_min": _COUNT, "outdoor_min": _COUNT, "watermarked_max": _COUNT}),
    "B-1-3-2": Known({"door": _FLAG, "compass": _FLAG}),
    "B-1-3-3": Known(stage=2),
    "B-1-3-4": Known(stage=2),
    "B-1-3-8": Known(stage=2),
    "B-1-3-7": Known({"days_min": _DAYS, "days_max": _DAYS}, stage=2),
    "B-1-3-5": Known({"days_sale": _DAYS, "days_rental": _DAYS}, stage=2),
    "B-1-3-6": Known({"percent_rental": _PERCENT, "points_rental": _POINTS}, stage=2),
    "B-1-4-1": Known(stage=4),
    "B-1-4-2": Known({"closer_fine_fen": _FINE, "store_manager_fine_fen": _FINE, "area_manager_fine_fen": _FINE}, stage=4),
    "B-1-4-3": Known({"dismissal": _FLAG, "forfeits_pay": _FLAG}, stage=4),
    "B-2-1": Known({"hours": _HOURS}),
    "K-1": Known({"asks": _words(*_VISIT, unless_given=_VISIT)}, binds=True),
    "K-3": Known({"days": _each(_DAYS, H=2, A=7, B=15, C=30)}, binds=True),
    "K-8": Known({"agents_min": _whole(1, 10, 2)}, binds=True),
    "K-9": Known({"stale_days": _whole(1, 3660, 90)}, binds=True),
    "O-4": Known({"days": _whole(1, 3660, 1096), "appeal_days": _whole(1, 3660, 1096)}, binds=True),
    "G-2": Known(
        {
            "indicators": _indicators(deals=(25, 2), fees_yuan=(25, 50_000), payment=(25, 100), referrals=(15, 3), years=(10, 5)),
            "percent": _hundred(_each(_PERCENT, A=20, B=30, C=40, D=10)),
        },
        binds=True,
    ),
    "G-3": Known(
        {
            "customary_fee_percent": _each(_POINTS, sale=Fraction(0), rental=Fraction(0)),
            "fee_discount_percent": _each(_whole(-100, 100), A=5, B=3, C=0, D=-5),
            "payment_days": _each(_whole(0, 3660), A=90, B=30, C=0, D=0),
            "prepaid": _each(_FLAG, A=False, B=False, C=False, D=True),
            "late_payments": _whole(1, 1000, 2),
        },
        binds=True,
    ),
    "G-4": Known(
        {
            "hours": _whole(1, 8784, 24),
            "visited": _each(_FLAG, A=True, B=False, C=False, D=False),
            "visits": _words(*_VISITS, unless_given=_VISITS),
        },
        binds=True,
    ),
    "C-1": Known({"days": _whole(0, 3660, 3)}, binds=True),
    "C-2": Known({"answer_days": _whole(1, 3660, 3), "close_days": _whole(1, 3660, 15)}, binds=True),
}
"""Every clause that a pack may have. One that a pack leaves out is not applied, unless it binds."""

TABLES: Final[Sequence[tuple[str, Callable[[str, bool], bool]]]] = (
    ("A-1.1", lambda kind, exclusive: kind == "rental"),
    ("A-1.2.1", lambda kind, exclusive: kind == "sale"),
    ("A-1.2.2", lambda kind, exclusive: kind == "sale" and exclusive),
    ("B-1-3", lambda kind, exclusive: True),
)
"""The regulation's own tables, and for which kind of deal each is; A-1.2.2, where it applies, takes the place of A-1.2.1."""
