"""What came of a story against what was expected of it. What is not named is not compared; what is named is compared whole."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from fractions import Fraction

from deploy.cases.outcome import Outcome
from deploy.cases.reading import Expected, Record, Value

MISSING = "nothing"


def compare(expected: Expected, came: Outcome) -> tuple[str, ...]:
    """One sentence for each difference, in the order of the expectation; none if all is as expected."""
    differences: list[str] = []
    for kind, wanted, got in (
        ("deals", expected.deals, came.deals),
        ("listings", expected.listings, came.listings),
        ("clients", expected.clients, came.clients),
    ):
        for name, record in wanted.items():
            if name in got:
                differences += _differences(f"{kind}.{name}", record, got[name])
            else:
                differences.append(f"{kind}.{name}: expected, but it was never made")
    if expected.violations is not None:
        differences += _violations(expected.violations, came.violations)
    return tuple(differences)


def _differences(place: str, wanted: Record, got: Record) -> list[str]:
    """The differences of one deal, listing or client in the keys that the expectation names."""
    differences: list[str] = []
    for key, value in wanted.items():
        if key == "lines":
            differences += _lines(f"{place}.lines", _records(value), _records(got.get("lines", ())))
        elif key == "net":
            differences += _net(f"{place}.net", value, got.get("net", {}))
        elif key == "notes":
            differences += _unlike(f"{place}.notes", tuple(sorted(_texts(value))), tuple(sorted(_texts(got.get("notes", ())))))
        else:
            differences += _unlike(f"{place}.{key}", value, got.get(key))
    return differences


def _lines(place: str, wanted: Sequence[Record], got: Sequence[Record]) -> list[str]:
    """Lines are compared in their order, each in the keys that it names."""
    differences: list[str] = []
    for index, (line, came) in enumerate(zip(wanted, got, strict=False)):
        differences += [one for key, value in line.items() for one in _unlike(f"{place}[{index}].{key}", value, came.get(key))]
    for index in range(len(got), len(wanted)):
        differences.append(f"{place}[{index}]: expected {shown(wanted[index])}, came {MISSING}")
    for index in range(len(wanted), len(got)):
        differences.append(f"{place}[{index}]: expected {MISSING}, came {shown(got[index])}")
    return differences


def _net(place: str, wanted: Value, got: Value) -> list[str]:
    """Fen by beneficiary; who has nothing need not be named."""
    assert isinstance(wanted, dict)
    assert isinstance(got, dict)
    everyone = dict.fromkeys((*wanted, *got))
    return [one for name in everyone for one in _unlike(f"{place}.{name}", wanted.get(name, 0), got.get(name, 0))]


def _violations(wanted: Sequence[Record], got: Sequence[Record]) -> list[str]:
    """As a set: each expected one needs one of its own that agrees in the keys it names, and none is left over."""
    pairs = _matched(wanted, got)
    missing = [f"violations: expected {shown(one)}, came {MISSING}" for place, one in enumerate(wanted) if place not in pairs.values()]
    extra = [f"violations: expected {MISSING}, came {shown(one)}" for place, one in enumerate(got) if place not in pairs]
    return missing + extra


def _matched(wanted: Sequence[Record], got: Sequence[Record]) -> dict[int, int]:
    """The largest matching: place in got -> place in wanted. A loosely expected one makes room for one that is named exactly."""
    pairs: dict[int, int] = {}

    def seat(one: int, tried: set[int]) -> bool:
        for place, came in enumerate(got):
            if place in tried or not _agrees(wanted[one], came):
                continue
            tried.add(place)
            if place not in pairs or seat(pairs[place], tried):
                pairs[place] = one
                return True
        return False

    for one in range(len(wanted)):
        seat(one, set())
    return pairs


def _agrees(wanted: Record, came: Record) -> bool:
    return all((came.get(key) or _UNSAID.get(key)) == (value or _UNSAID.get(key)) for key, value in wanted.items())


_UNSAID: Record = {"dismissal": False, "fine": 0}


def _unlike(place: str, wanted: Value, came: Value | None) -> list[str]:
    return [] if wanted == came else [f"{place}: expected {shown(wanted)}, came {MISSING if came is None else shown(came)}"]


def shown(value: Value) -> str:
    """A value as a case would write it."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case datetime():
            return value.strftime(f"%Y-%m-%d %H:%M{':%S' if value.second or value.microsecond else ''}{'.%f' if value.microsecond else ''}")
        case Fraction():
            return str(value)
        case dict():
            return "{" + ", ".join(f"{key}: {shown(one)}" for key, one in value.items()) + "}"
        case tuple():
            return "[" + ", ".join(shown(one) for one in value) + "]"
    return str(value)


def _records(value: Value) -> list[Record]:
    assert isinstance(value, tuple)
    return [record for record in value if isinstance(record, dict)]


def _texts(value: Value) -> list[str]:
    assert isinstance(value, tuple)
    return [text for text in value if isinstance(text, str)]
