"""A clause taken out of the packs makes its tests, and only its tests, fail. Here for some clauses; for all with `make clauses`."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest

from shared.regulation import SHIPPED, Refused, load
from tests.packs import without

ROOT: Final = Path(__file__).parent.parent
SOME: Final = ("A-2.7",)
STATED: Final = {"A-1.N7", "A-R2", "B-0", "B-1-2"}
"""Clauses that a pack states and that hold with any: that the company adjudicates, that the report is the closing, who was first, and
that looks are on record."""


def removable() -> list[str]:
    """The clauses of the shipped packs without which the packs still load: all but the tables, and those that are only stated."""
    packs = [load(SHIPPED / "A.yaml"), load(SHIPPED / "B.yaml")]
    found: list[str] = []
    for clause in dict.fromkeys(clause for pack in packs for clause in pack.clauses if clause not in STATED):
        try:
            for pack in packs:
                without(pack, clause)
        except Refused:
            continue
        found.append(clause)
    return found


ASKED: Final = os.environ.get("FENYONG_CLAUSES", " ".join(SOME))
CLAUSES: Final = removable() if ASKED == "all" else ASKED.split()
Told = dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Told]:
    """How the tests ended without each clause."""
    folder = tmp_path_factory.mktemp("clauses")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("FENYONG_", "PYTEST_"))}
    command = [sys.executable, "-m", "tests.clauses", str(folder), *CLAUSES]
    run = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    missing = [clause for clause in CLAUSES if not (folder / f"{clause}.json").exists()]
    assert not missing, run.stdout[-2000:] + run.stderr[-2000:]
    return {clause: json.loads((folder / f"{clause}.json").read_text()) for clause in CLAUSES}


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("clause", CLAUSES)
def test_taking_a_clause_out_makes_its_tests_and_only_its_tests_fail(clause: str, outcomes: dict[str, Told]) -> None:
    told = outcomes[clause]
    unmoved = [test for test, one in told.items() if clause in one["clauses"] and one["ended"] != "failed"]
    broken = [test for test, one in told.items() if clause not in one["clauses"] and one["ended"] not in ("passed", "skipped")]
    assert any(clause in one["clauses"] for one in told.values()), f"no test is marked with {clause}"
    assert not unmoved, f"marked with {clause}, but they pass without it: {unmoved}"
    assert not broken, f"not marked with {clause}, but they fail without it: {broken}"
