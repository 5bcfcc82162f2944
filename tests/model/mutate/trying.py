"""How a change is tried: in a process forked from one in which pytest has collected the tests and the clerk has worked deals out.

First the product splits a few of the clerk's deals; then the tests run that call what was changed, those first that have killed
most there; at last the rest of the deals. The first that minds ends the trial.
"""

import argparse
import ast
import functools
import gc
import importlib
import importlib.abc
import importlib.util
import json
import os
import resource
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import CodeType, FrameType, FunctionType, ModuleType
from typing import Any, Final, NamedTuple

import pytest
from rich.console import Console

from tests.model.mutate.changing import ROOT, TARGETS, Mutant

TESTS: Final = (
    "tests/commission/test_rules_allocation.py",
    "tests/commission/test_rules_listing_management.py",
    "tests/commission/test_rules_own.py",
    "tests/commission/test_rules_corners.py",
    "tests/model/test_evidence.py",
    "tests/shared/test_money.py",
    "tests/shared/test_calendar.py",
    "tests/commission/test_rules_any.py",
)
TOO_LONG: Final = "tests/commission/test_rules_any.py"
"""Of this file the tests on facts made up by Hypothesis are left out: a trial would take many times as long."""
SCRATCH: Final = ROOT / ".data" / "mutation"
OPTIONS: Final = ("-q", "-s", "-p", "no:cacheprovider", "-p", "no:xdist", "--timeout=0", "--hypothesis-seed=1", "--no-header", "--tb=no")
FEW: Final = 30
CPU_S: Final = 60
"""A trial that computes for longer than this never ends."""

SURVIVED: Final = 0
KILLED: Final = 1
OUTSIDE: Final = 69
"""Exit statuses: nothing minded; something did, or the code could not even be imported; no function was changed."""
FELL_OVER: Final = 70
AT_LOADING: Final = ("shared.money",)
"""Modules whose functions are called while packs and tests load."""

AGAIN_FOR_RULES: Final = ("services.commission.", "tests.commission.", "tests.model.")
AGAIN: Final = (*AGAIN_FOR_RULES, "shared.money", "shared.calendar", "shared.regulation", "tests.packs", "tests.shared.test_")
KEPT: Final = ("tests.model.mutate", "tests.model.clerk")
"""Modules that are loaded anew: all that these tests need and that takes anything from what is changed."""

Calls = dict[str, frozenset[str]]
"""By a test's id, the functions of the split that it calls, as `module:name`."""


class Result(NamedTuple):
    mutant: Mutant
    survived: bool
    by: str
    """What killed it."""


class Deals:
    """Deals with the answers that the clerk worked out for them."""

    def __init__(self, seed: int, number: int) -> None:
        names = ("clerk", "deals", "telling", "comparing")
        clerk, deals, telling, comparing = (importlib.import_module(f"tests.model.{name}") for name in names)
        self.right = comparing.product_answer
        self.packs = comparing.PACKS
        self.worked_out = [
            (facts, regulation, telling.answer_of_clerk(clerk.work_out(telling.told(facts), regulation)))
            for facts in (deals.deal(seed, each) for each in range(number))
            for regulation in self.packs
        ]

    def disagreed(self, start: int, end: int | None = None) -> str | None:
        """The first of these deals on which the product does not answer as the clerk did."""
        for number, (facts, regulation, answer) in enumerate(self.worked_out[2 * start : end and 2 * end], start=2 * start):
            if self.right(facts, self.packs[regulation]) != answer:
                return f"the clerk, on deal {number // 2} under {regulation}"
        return None


class Trials:
    """A plugin of pytest that, in place of running the collected tests once, runs them in a fork for every mutant.

    In the fork the functions of the loaded module are given their mutated code. What that cannot show (a change outside of
    functions, or one that is felt while modules load) is tried anew: what depends on the module loaded and collected with the mutant.
    """

    def __init__(self, which: Sequence[tuple[ast.Module, Mutant]], asked: argparse.Namespace, console: Console) -> None:
        self.which, self.asked, self.console = which, asked, console
        self.results: list[Result] = []
        self.kills: dict[str, Counter[str]] = {}

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = [each for each in items if not _is_too_long(each)]

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        self.deals = Deals(self.asked.seed, self.asked.deals)
        self.items = list(session.items)
        self.calls = self.unchanged()
        trees = {one.path: tree for tree, one in self.which}
        self.before = {path: dict(_codes(compile(tree, path, "exec"))) for path, tree in trees.items()}
        gc.freeze()
        quick = self.all_of(self.which, self.in_place, "in place")
        again = [
            (tree, one)
            for tree, one in self.which
            if quick[one].status == OUTSIDE or (quick[one].status == SURVIVED and one.module in AT_LOADING)
        ]
        self.check_loading_anew()
        slow = self.all_of(again, self.anew, "loaded anew")
        came = quick | slow
        self.results = [Result(one, came[one].status == SURVIVED, came[one].by) for _, one in self.which]
        return True

    def unchanged(self) -> Calls:
        """Runs everything on the code as it is, and notes which functions each test calls."""
        since = time.monotonic()
        noted = SCRATCH / "calls.json"

        def run() -> tuple[int, str]:
            calls = {item.nodeid: sorted(_calls_of(item)) for item in self.items}
            noted.write_text(json.dumps(calls))
            failed = self.deals.disagreed(0) or (self.items and self.items[0].session.testsfailed)
            return (KILLED, str(failed)) if failed else (SURVIVED, "")

        trial = _Trial(run, SCRATCH / "unchanged.txt")
        os.waitpid(trial.child, 0)
        assert trial.read().status == SURVIVED, f"the tests fail unmutated: {SCRATCH}/unchanged.txt"
        self.say(
            f"seed {self.asked.seed}: {len(self.which)} mutants; {len(self.items)} tests and {self.asked.deals} deals "
            f"take {time.monotonic() - since:.0f} s unchanged"
        )
        return {test: frozenset(called) for test, called in json.loads(noted.read_text()).items()}

    def check_loading_anew(self) -> None:
        """Loaded anew, the code as it is has to survive; else nothing would be shown by what does not."""
        for path, tree in {one.path: tree for tree, one in self.which}.items():
            module = next(name for name, where in TARGETS.items() if where == path)
            trial = _Trial(lambda tree=tree, module=module, path=path: self.loaded_anew(tree, module, path), SCRATCH / "unchanged.txt")  # type: ignore[misc]
            os.waitpid(trial.child, 0)
            came = trial.read()
            assert came.status == SURVIVED, f"{path} fails unmutated when it is loaded anew: {came.by}; {SCRATCH}/unchanged.txt"

    def say(self, text: str) -> None:
        self.console.print(text, highlight=False, markup=False)

    def all_of(self, which: Sequence[tuple[ast.Module, Mutant]], run: "Run", stage: str) -> dict[Mutant, "Came"]:
        """Tries all, so many at a time; what came of each."""
        waiting = list(reversed(which))
        running: dict[Mutant, _Trial] = {}
        came: dict[Mutant, Came] = {}
        while waiting or running:
            while waiting and len(running) < self.asked.jobs:
                tree, mutant = waiting.pop()
                running[mutant] = _Trial(lambda tree=tree, mutant=mutant: run(tree, mutant), SCRATCH / f"{len(waiting) % 10}.txt")  # type: ignore[misc]
            for mutant in [mutant for mutant, trial in running.items() if trial.has_ended()]:
                came[mutant] = running.pop(mutant).read()
                self.note(mutant, came[mutant])
                if len(came) % 50 == 0:
                    self.say(f"{stage}: {len(came)} of {len(which)}, {sum(one.status == SURVIVED for one in came.values())} alive")
            time.sleep(0.002)
        return came

    def note(self, mutant: Mutant, came: "Came") -> None:
        assert came.status in (SURVIVED, KILLED, OUTSIDE), f"no trial at all, status {came.status}: {mutant.name}"
        if came.status == KILLED:
            self.kills.setdefault(mutant.module, Counter())[came.by] += 1
        if came.status == SURVIVED:
            self.say(f"alive: {mutant.path}:{mutant.line}: {mutant.change}")

    # In the fork

    def in_place(self, tree: ast.Module, mutant: Mutant) -> tuple[int, str]:
        """The mutant's functions in the place of those that everyone has imported; then whatever may mind."""
        mutant.apply()
        try:
            after = dict(_codes(compile(tree, mutant.path, "exec")))
        except (SyntaxError, ValueError, TypeError) as fault:
            return KILLED, f"does not compile: {fault}"
        module = sys.modules[mutant.module]
        functions = dict(_functions(module))
        changed = [name for name, code in after.items() if name in functions and code != self.before[mutant.path][name]]
        if not changed:
            return OUTSIDE, ""
        for name in changed:
            functions[name].__code__ = after[name]
        for value in vars(module).values():
            if isinstance(value, functools._lru_cache_wrapper):
                value.cache_clear()
        names = {f"{mutant.module}:{name}" for name in changed}
        kills = self.kills.get(mutant.module, Counter())
        minding = [item for item in self.items if names & self.calls[item.nodeid]]
        minding.sort(key=lambda item: (-kills[item.nodeid], len(self.calls[item.nodeid])))
        return _first_that_minds(self.deals, minding)

    def anew(self, tree: ast.Module, mutant: Mutant) -> tuple[int, str]:
        """What depends on the module loaded again with the mutant in place, and the tests collected again."""
        mutant.apply()
        return self.loaded_anew(tree, mutant.module, mutant.path)

    def loaded_anew(self, tree: ast.Module, module: str, path: str) -> tuple[int, str]:
        for name in list(sys.modules):
            if name.startswith(AGAIN if module.startswith("shared.") else AGAIN_FOR_RULES) and not name.startswith(KEPT):
                del sys.modules[name]
        try:
            code = compile(tree, path, "exec")
        except (SyntaxError, ValueError, TypeError) as fault:
            return KILLED, f"does not compile: {fault}"
        sys.meta_path.insert(0, _Finder(module, code))
        try:
            importlib.import_module(module)
            deals = Deals(self.asked.seed, self.asked.deals)
        except Exception as fault:
            return KILLED, f"does not load: {fault!r}"
        collected = _Anew(deals)
        status = pytest.main([*OPTIONS, "-x", *TESTS], plugins=[collected])
        if collected.came is None and status == pytest.ExitCode.INTERRUPTED:
            return KILLED, "tests that cannot be collected"
        return collected.came or (FELL_OVER, f"pytest said {status}")


Run = Callable[[ast.Module, Mutant], tuple[int, str]]


class _Anew:
    def __init__(self, deals: Deals) -> None:
        self.deals = deals
        self.came: tuple[int, str] | None = None

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = [each for each in items if not _is_too_long(each)]

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool | None:
        if session.testsfailed:
            return None
        self.came = _first_that_minds(self.deals, session.items)
        return True


def _first_that_minds(deals: Deals, items: Sequence[pytest.Item]) -> tuple[int, str]:
    by = deals.disagreed(0, FEW) or _failed_of(items) or deals.disagreed(FEW)
    return (KILLED, by) if by is not None else (SURVIVED, "")


def _failed_of(items: Sequence[pytest.Item]) -> str | None:
    """Runs tests up to the first that fails, and says which."""
    for item, following in zip(items, [*items[1:], None], strict=False):
        _run(item, following)
        if item.session.testsfailed:
            return item.nodeid
    return None


def _run(item: pytest.Item, following: pytest.Item | None = None) -> None:
    item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)


def _is_too_long(item: pytest.Item) -> bool:
    return item.nodeid.startswith(TOO_LONG) and hasattr(getattr(item, "function", None), "hypothesis")


def _calls_of(item: pytest.Item) -> set[str]:
    """Runs a test and notes the functions of the split that it calls; what is called within one counts as it."""
    files = {str(ROOT / path): module for module, path in TARGETS.items()}
    called: set[str] = set()

    def note(frame: FrameType, event: str, argument: object) -> None:
        code = frame.f_code
        if code.co_filename in files:
            called.add(f"{files[code.co_filename]}:{code.co_qualname.split('.<locals>')[0]}")

    for name in TARGETS:
        for value in vars(sys.modules[name]).values():
            if isinstance(value, functools._lru_cache_wrapper):
                value.cache_clear()
    sys.settrace(note)
    try:
        _run(item)
    finally:
        sys.settrace(None)
    return called


# Processes


class Came(NamedTuple):
    status: int
    by: str


class _Trial:
    """Something that runs in a child, what it says going to a file. What comes of it is a status, and a word on what decided it."""

    def __init__(self, run: Callable[[], tuple[int, str]], out: Path) -> None:
        self.reading, writing = os.pipe()
        self.child = os.fork()
        if self.child:
            os.close(writing)
            return
        status, by = FELL_OVER, ""
        try:
            resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
            descriptor = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            os.dup2(descriptor, 1)
            os.dup2(descriptor, 2)
            status, by = run()
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            os.write(writing, json.dumps([status, by[:2000]]).encode())
            os._exit(0)

    def has_ended(self) -> bool:
        return os.waitpid(self.child, os.WNOHANG)[0] != 0

    def read(self) -> Came:
        """What it said once it has ended. One that was stopped for computing too long never said anything: some test never ends."""
        with os.fdopen(self.reading) as said:
            text = said.read()
        return Came(*json.loads(text)) if text else Came(KILLED, f"stopped after {CPU_S} s")


# Modules


class _Loader(importlib.abc.Loader):
    def __init__(self, code: CodeType) -> None:
        self.code = code

    def create_module(self, spec: ModuleSpec) -> None:
        return None

    def exec_module(self, module: ModuleType) -> None:
        exec(self.code, module.__dict__)


class _Finder(importlib.abc.MetaPathFinder):
    """Finds one module, mutated, before anyone else does."""

    def __init__(self, module: str, code: CodeType) -> None:
        self.module, self.code = module, code

    def find_spec(self, name: str, path: object, target: object = None) -> ModuleSpec | None:
        if name != self.module:
            return None
        return importlib.util.spec_from_file_location(name, ROOT / TARGETS[name], loader=_Loader(self.code))


def _codes(code: CodeType, within: str = "") -> Iterator[tuple[str, CodeType]]:
    """The code of every function of a module and of its classes, by its name; functions inside of functions go with theirs."""
    for constant in code.co_consts:
        if isinstance(constant, CodeType) and not constant.co_name.startswith("<"):
            name = f"{within}{constant.co_name}"
            yield name, constant
            if constant.co_name[0].isupper():
                yield from _codes(constant, f"{name}.")


def _functions(owner: Any, within: str = "") -> Iterator[tuple[str, FunctionType]]:
    for name, value in vars(owner).items():
        value = value.fget if isinstance(value, property) else getattr(value, "__wrapped__", value)
        if isinstance(value, FunctionType) and value.__module__ == getattr(owner, "__module__", owner.__name__):
            yield f"{within}{name}", value
        elif isinstance(value, type) and not within and value.__module__ == owner.__name__:
            yield from _functions(value, f"{name}.")
