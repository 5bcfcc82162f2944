"""`python -m tests.model.mutate`: changes the code of the split in one small way at a time and asks whether any test minds.

Survivors must be explained in docs/mutation.md, where each has a line `- ` followed by its name as it is printed here; one that has
none, one that is explained but did not survive, or a score below 95% gives exit status 1.
"""

import argparse
import os
import sys
import time
from collections import Counter
from collections.abc import Sequence
from typing import Final

import hypothesis
import pytest
from rich.console import Console

from tests.model.mutate.changing import ROOT, TARGETS, mutants
from tests.model.mutate.trying import OPTIONS, SCRATCH, TESTS, Result, Trials

EXPLAINED: Final = ROOT / "docs" / "mutation.md"
ALIVE: Final = SCRATCH / "alive.txt"
"""The names of those that survived the last run."""
WANTED_PERCENT: Final = 95


def main() -> int:
    """Tries what the command line asks for, says what survived. Returns the exit status."""
    asked = _asked()
    console = Console(soft_wrap=True, emoji=False)
    since = time.monotonic()
    os.chdir(ROOT)
    SCRATCH.mkdir(parents=True, exist_ok=True)
    # A failing example need not be made small here.
    hypothesis.settings.register_profile("mutation", phases=(hypothesis.Phase.explicit, hypothesis.Phase.generate), database=None)
    hypothesis.settings.load_profile("mutation")
    which = [(tree, one) for module in TARGETS for tree, all in [mutants(module)] for one in all if asked.only in one.name]
    if asked.again:
        lived = set(ALIVE.read_text(encoding="utf-8").splitlines())
        which = [(tree, one) for tree, one in which if one.name in lived]
    trials = Trials(which[:: asked.every], asked, console)
    status = pytest.main([*OPTIONS, *TESTS], plugins=[trials])
    assert status == 0, f"no trials took place, status {status}"
    ALIVE.write_text("".join(f"{one.mutant.name}\n" for one in trials.results if one.survived), encoding="utf-8")
    console.print(f"{(time.monotonic() - since) / 60:.0f} minutes")
    return _said(trials.results, asked, console)


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.model.mutate", description="Mutation testing of the split.")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes (all cores)")
    parser.add_argument("--seed", type=int, default=1, help="of the clerk's deals (1)")
    parser.add_argument("--deals", type=int, default=400, help="how many deals of the clerk's (400)")
    parser.add_argument("--only", default="", help="only mutants with this in their name")
    parser.add_argument("--every", type=int, default=1, help="only every n-th mutant")
    parser.add_argument("--again", action="store_true", help="only mutants that survived the last run")
    return parser.parse_args()


def _said(results: Sequence[Result], asked: argparse.Namespace, console: Console) -> int:
    def say(text: str) -> None:
        console.print(text, highlight=False, markup=False)

    explained = _explained()
    survivors = sorted((one.mutant for one in results if one.survived), key=lambda one: (one.path, one.line))
    unexplained = [one for one in survivors if one.name not in explained]
    for one in survivors:
        say(f"- {one.name}{'' if one not in unexplained else '   (not explained)'}")
    is_whole = not asked.only and not asked.again and asked.every == 1
    stale = explained - {one.name for one in survivors} if is_whole else set()
    for name in sorted(stale):
        say(f"explained, but it did not survive: {name}")
    killed = len(results) - len(survivors)
    percent = 100 * killed / len(results) if results else 100.0
    for how, number in Counter(_how(one.by) for one in results if not one.survived).most_common():
        say(f"{number:>6}  {how}")
    say(f"{killed} of {len(results)} killed: {percent:.1f}%")
    say(f"{len(unexplained)} of {len(survivors)} survivors not explained")
    return 0 if percent >= WANTED_PERCENT and not unexplained and not stale else 1


def _how(by: str) -> str:
    return "the clerk" if by.startswith("the clerk") else by.split("::")[0].split(":")[0]


def _explained() -> set[str]:
    lines = EXPLAINED.read_text(encoding="utf-8").splitlines() if EXPLAINED.exists() else []
    return {line.removeprefix("- ") for line in lines if line.startswith("- ") and ".py: `" in line}


if __name__ == "__main__":
    sys.exit(main())
