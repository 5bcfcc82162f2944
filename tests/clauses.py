"""Runs the pure tests under packs without a clause, and tells how each ended: `python -m tests.clauses FOLDER A-2.7 A-2.16 ...`.

What takes long to import is imported once; each clause has a process forked from there, and a file in FOLDER named after it:
for each test the clauses that it is marked with, and how it ended.
"""

import json
import os
import sys
from importlib import import_module
from pathlib import Path
from typing import Final

import pytest

PURE: Final = ("tests/listing", "tests/client", "tests/commission")
"""Tests that need packs only, made by tests/packs.py."""
OF_ALL: Final = (
    "--ignore=tests/commission/test_rules_any.py",
    "--deselect=tests/commission/test_alternatives.py::test_of_any_story_an_act_left_out_is_the_story_told_without_it",
)
"""Properties of any split and any story, which are no single clause's; nor are those that hypothesis tries on anything, unless marked."""
SLOW_TO_IMPORT: Final = ("services.listing.aggregate", "services.client.aggregate", "services.commission.aggregate", "hypothesis")


class Outcomes:
    """A pytest plugin that keeps what it sees."""

    def __init__(self) -> None:
        self.marked: dict[str, list[str]] = {}
        self.ended: dict[str, str] = {}

    @pytest.hookimpl(trylast=True)  # when those left out are gone
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = [item for item in items if item.get_closest_marker("clause") or not item.get_closest_marker("hypothesis")]
        for item in items:
            self.marked[item.nodeid] = [str(id) for mark in item.iter_markers("clause") for id in mark.args]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" or report.outcome != "passed":
            self.ended[report.nodeid] = report.outcome

    def told(self) -> dict[str, dict[str, object]]:
        return {test: {"clauses": clauses, "ended": self.ended.get(test, "missing")} for test, clauses in self.marked.items()}


def run_without(clause: str, into: Path) -> None:
    os.environ["FENYONG_TEST_WITHOUT"] = clause
    outcomes = Outcomes()
    pytest.main(["-q", "-p", "no:cacheprovider", "-p", "no:xdist", "--tb=no", "--no-header", *OF_ALL, *PURE], plugins=[outcomes])
    into.write_text(json.dumps(outcomes.told()))


def main(folder: Path, clauses: list[str]) -> None:
    for module in SLOW_TO_IMPORT:
        import_module(module)
    for clause in clauses:
        child = os.fork()
        if child == 0:
            try:
                run_without(clause, folder / f"{clause}.json")
            finally:
                sys.stdout.flush()
                os._exit(0)
        os.waitpid(child, 0)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
