"""The shipped packs for tests, and packs with something changed.

`FENYONG_TEST_WITHOUT=A-2.7` takes that clause out of every pack that is made here, and of clauses that are named in tests with it:
the tests marked with the clause have to fail then, and no other (tests/test_clauses.py).
"""

import os
from collections.abc import Mapping
from typing import Any, Final

from shared.regulation import SHIPPED, Pack, load

WITHOUT: Final = os.environ.get("FENYONG_TEST_WITHOUT")


def shipped(id: str) -> Pack:
    """The pack as it is shipped, or without the clause that a run leaves out."""
    whole = load(SHIPPED / f"{id}.yaml")
    return without(whole, WITHOUT) if WITHOUT is not None else whole


def without(pack: Pack, *clauses: str) -> Pack:
    return load({**pack.document, "clauses": [clause for clause in pack.document["clauses"] if clause["clause"] not in clauses]})


def changed(pack: Pack, clause: str, **parameters: Any) -> Pack:
    """The pack with other parameters in a clause; as it is, if it does not have it."""
    return load({**pack.document, "clauses": [{**c, **parameters} if c["clause"] == clause else c for c in pack.document["clauses"]]})


def reading(pack: Pack, **readings: str) -> Pack:
    """The pack under other readings, `R_days="elapsed"`."""
    chosen: Mapping[str, str] = {name.replace("_", "-"): value for name, value in readings.items()}
    return load({**pack.document, "readings": {**pack.document["readings"], **chosen}})


A: Final = shipped("A")
B: Final = shipped("B")
ACN: Final = shipped("ACN")
