"""`python -m tests.model --deals 100000 --seed 7`: compares product and clerk over many deals, on every core.

Prints the seed, what came into play how often, and the first differences as facts. Exit status 1 if the two ever differ.
`--deal 1234` tells that one deal of the seed with both answers.
"""

import argparse
import multiprocessing
import os
import random
import sys
from collections import Counter
from functools import partial

from rich.console import Console
from rich.progress import Progress, TextColumn, TimeRemainingColumn

from tests.model.comparing import Difference, compare, comparison, telling

CHUNK = 250


def main() -> int:
    """Runs what the command line asks for. Returns the exit status."""
    asked = _asked()
    if asked.deal is not None:
        for regulation in ("A", "B"):
            print(telling(comparison(asked.seed, asked.deal, regulation)), end="\n\n")
        return 0
    console = Console()
    console.print(f"seed {asked.seed}: comparing {asked.deals} deals under both packs")
    differences, spoken = _compare_all(asked, console)
    for what in sorted(spoken):
        console.print(f"{spoken[what]:>10}  {what}", highlight=False)
    for difference in differences[: asked.show]:
        print(f"\n{telling(difference)}")
    agreed = asked.deals - len({difference.number for difference in differences})
    console.print(f"seed {asked.seed}: {agreed} of {asked.deals} deals agree to the fen, under both packs")
    return 1 if differences else 0


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.model", description="Compare the split with a naive model of it.")
    parser.add_argument("--deals", type=int, default=100_000, help="how many (100000)")
    seed = int(os.environ.get("FENYONG_SEED") or random.SystemRandom().randrange(10**6))
    parser.add_argument("--seed", type=int, default=seed, help="FENYONG_SEED, else by chance")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes (all cores)")
    parser.add_argument("--show", type=int, default=5, help="differences to print (5)")
    parser.add_argument("--deal", type=int, help="tell this one deal of the seed")
    return parser.parse_args()


def _compare_all(asked: argparse.Namespace, console: Console) -> tuple[list[Difference], Counter[str]]:
    differences: list[Difference] = []
    spoken: Counter[str] = Counter()
    starts = range(0, asked.deals, CHUNK)
    with Progress(*Progress.get_default_columns()[:3], TimeRemainingColumn(), TextColumn("{task.fields[found]}"), console=console) as bar:
        task = bar.add_task("deals", total=asked.deals, found="no difference")
        with multiprocessing.Pool(asked.jobs) as pool:
            for number, found, more in pool.imap_unordered(partial(_chunk, asked.seed, asked.deals), starts):
                differences += found
                spoken += more
                bar.update(task, advance=number, found=f"{len(differences)} differences" if differences else "no difference")
    return sorted(differences, key=lambda one: one.number), spoken


def _chunk(seed: int, deals: int, start: int) -> tuple[int, list[Difference], Counter[str]]:
    found: list[Difference] = []
    spoken: Counter[str] = Counter()
    numbers = range(start, min(start + CHUNK, deals))
    for number in numbers:
        differences, more = compare(seed, number)
        found += differences
        spoken += more
    return len(numbers), found, spoken


if __name__ == "__main__":
    sys.exit(main())
