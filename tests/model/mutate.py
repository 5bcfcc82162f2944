"""`python -m tests.model.mutate`: changes the code of the split in one small way at a time and asks whether any test minds.

Every mutant is tried in a process forked from one in which pytest has collected the tests, so that a trial costs what its tests
cost. They stop at the first that fails. Survivors must be explained in docs/mutation.md, where they are named as they are printed
here; one that is not, or a score below 95%, gives exit status 1.

Left alone: docstrings, annotations and what only names types, imports, the heads of classes, and messages of assertions.
"""

import argparse
import ast
import gc
import importlib.abc
import importlib.util
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any, Final, NamedTuple

import hypothesis
import pytest
from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress, TextColumn

ROOT: Final = Path(__file__).resolve().parents[2]
SPLIT: Final = "services/commission/rules"
TARGETS: Final = {"shared.money": "shared/money.py"} | {
    f"services.commission.rules.{name}": f"{SPLIT}/{name}.py"
    for name in ("allocation", "counting", "facts", "forfeiting", "management", "noting", "parts", "splitting", "tables")
}
TESTS: Final = (
    "tests/commission/test_rules_allocation.py",
    "tests/commission/test_rules_listing_management.py",
    "tests/model/test_evidence.py",
    "tests/model/test_model.py",
    "tests/shared/test_money.py",
    "tests/commission/test_rules_any.py",
)
"""In the order in which they are run: what is quick and minds most comes first."""

EXPLAINED: Final = ROOT / "docs" / "mutation.md"
WANTED_PERCENT: Final = 95
SCRATCH: Final = ROOT / ".data" / "mutation"
OPTIONS: Final = ("-q", "-s", "-p", "no:cacheprovider", "-p", "no:xdist", "--hypothesis-seed=1", "--no-header", "--tb=no", "-W", "ignore")
SURVIVED: Final = 0
KILLED: Final = (1, 2, 3)
OUTSIDE: Final = 69
"""Exit statuses: no test failed; a test failed, the code could not even be imported, or pytest fell over it; no function was changed."""
AT_LOADING: Final = ("shared.money",)
"""Modules whose functions are called while packs and tests load."""


class Mutant(NamedTuple):
    """One small change to one file; `apply` makes it in the tree that it was found in."""

    module: str
    path: str
    line: int
    text: str
    change: str
    apply: Callable[[], None]

    @property
    def name(self) -> str:
        """How docs/mutation.md names it: without the line's number, which moves."""
        return f"{Path(self.path).name}: `{self.text}`: {self.change}"


# What is changed.

COMPARISONS: Final[dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]]] = {
    ast.Lt: (ast.LtE, ast.Gt),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.Lt),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
ARITHMETIC: Final[dict[type[ast.operator], type[ast.operator]]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
}
SIGNS: Final[dict[type[ast.AST], str]] = {
    ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!=", ast.Is: "is", ast.IsNot: "is not",
    ast.In: "in", ast.NotIn: "not in", ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.FloorDiv: "//",
    ast.And: "and", ast.Or: "or", ast.BitAnd: "&", ast.BitOr: "|",
}  # fmt: skip
FUNCTIONS: Final = {"min": "max", "max": "min", "any": "all", "all": "any", "sorted": "list"}


class _Finding:
    """Walks a tree and collects every change that can be made in it."""

    def __init__(self, module: str, path: str, source: str) -> None:
        self.module, self.path, self.lines = module, path, source.splitlines()
        self.tree = ast.parse(source, path)
        self.found: list[Mutant] = []
        self.body(self.tree)

    def add(self, node: ast.AST, change: str, apply: Callable[[], None]) -> None:
        line = getattr(node, "lineno", 1)
        self.found.append(Mutant(self.module, self.path, line, self.lines[line - 1].strip(), change, apply))

    def replace(self, parent: ast.AST, field: str, index: int | None, old: ast.AST, new: ast.AST, change: str) -> None:
        def apply() -> None:
            placed = ast.fix_missing_locations(ast.copy_location(new, old))
            if index is None:
                setattr(parent, field, placed)
            else:
                getattr(parent, field)[index] = placed

        self.add(old, change, apply)

    def drop(self, old: ast.AST, items: list[Any], index: int, change: str, *beside: list[Any]) -> None:
        def apply() -> None:
            for each in (items, *beside):
                del each[index]

        self.add(old, change, apply)

    # Statements

    def body(self, parent: ast.AST) -> None:
        for field in ("body", "orelse", "finalbody"):
            statements = getattr(parent, field, None)
            if isinstance(statements, list):
                for index, statement in enumerate(statements):
                    self.statement(parent, field, index, statement)
        for each in getattr(parent, "cases", ()):
            self.body(each)
            if each.guard is not None:
                self.expression(each, "guard", None, each.guard)

    def statement(self, parent: ast.AST, field: str, index: int, statement: ast.stmt) -> None:
        match statement:
            case ast.Import() | ast.ImportFrom() | ast.Expr(value=ast.Constant()):
                return
            case ast.Assert(test=test):
                self.expression(statement, "test", None, test)
                return
            case ast.FunctionDef(args=arguments):
                self.defaults(arguments)
                self.body(statement)
                return
            case ast.ClassDef():
                self.body(statement)
                return
            case ast.AnnAssign(value=value):
                if value is not None and not _names_a_type(statement):
                    self.expression(statement, "value", None, value)
                return
            case ast.Assign(value=value) if _is_union_of_types(value):
                return
        self.whole_statement(parent, field, index, statement)
        self.children(statement)
        self.body(statement)

    def whole_statement(self, parent: ast.AST, field: str, index: int, statement: ast.stmt) -> None:
        nothing = ast.Return(ast.Constant(None))
        match statement:
            case ast.If(test=test):
                self.replace(statement, "test", None, test, ast.Constant(True), "always true")
                self.replace(statement, "test", None, test, ast.Constant(False), "never true")
            case ast.Match(cases=cases) if len(cases) > 1:
                for at, case in enumerate(cases):
                    self.drop(case.body[0], cases, at, f"without case {ast.unparse(case.pattern)}")
            case ast.Return(value=value) if value is not None and not (isinstance(value, ast.Constant) and value.value is None):
                self.replace(parent, field, index, statement, nothing, "returns None")
                if isinstance(parent, ast.If | ast.For) or len(getattr(parent, field)) > index + 1:
                    self.replace(parent, field, index, statement, ast.Pass(), "statement dropped")
            case ast.Expr() | ast.Assign() | ast.AugAssign():
                self.replace(parent, field, index, statement, ast.Pass(), "statement dropped")
            case ast.Continue():
                self.replace(parent, field, index, statement, ast.Break(), "continue -> break")
                self.replace(parent, field, index, statement, ast.Pass(), "statement dropped")
            case ast.Raise():
                self.replace(parent, field, index, statement, ast.Pass(), "statement dropped")

    def defaults(self, arguments: ast.arguments) -> None:
        for field in ("defaults", "kw_defaults"):
            for index, default in enumerate(getattr(arguments, field)):
                if default is not None:
                    self.expression(arguments, field, index, default)

    # Expressions

    def children(self, node: ast.AST) -> None:
        for field, value in ast.iter_fields(node):
            if field in ("annotation", "returns", "body", "orelse", "finalbody", "cases") and isinstance(node, ast.stmt):
                continue
            self.child(node, field, None, value)
            if isinstance(value, list):
                for index, one in enumerate(value):
                    self.child(node, field, index, one)

    def child(self, node: ast.AST, field: str, index: int | None, value: object) -> None:
        if isinstance(value, ast.expr):
            self.expression(node, field, index, value)
        elif isinstance(value, ast.keyword | ast.comprehension | ast.arguments):
            self.children(value)

    def expression(self, parent: ast.AST, field: str, index: int | None, node: ast.expr) -> None:
        for new, change in self.variants(node):
            self.replace(parent, field, index, node, new, change)
        self.leaving_out(node)
        self.children(node)

    def variants(self, node: ast.expr) -> Iterator[tuple[ast.expr, str]]:
        match node:
            case ast.Compare(left=left, ops=ops, comparators=comparators):
                for at, operator in enumerate(ops):
                    for other in COMPARISONS[type(operator)]:
                        changed = [*ops[:at], other(), *ops[at + 1 :]]
                        yield ast.Compare(left, changed, comparators), _from_to(SIGNS[type(operator)], SIGNS[other])
            case ast.BinOp(left=left, op=operator, right=right):
                if other_operator := ARITHMETIC.get(type(operator)):
                    yield ast.BinOp(left, other_operator(), right), _from_to(SIGNS[type(operator)], SIGNS[other_operator])
                if isinstance(operator, ast.Add | ast.Sub):
                    yield left, f"without `{ast.unparse(right)}`"
                    yield right, f"without `{ast.unparse(left)}`"
            case ast.BoolOp(op=operator, values=values):
                swapped = ast.Or() if isinstance(operator, ast.And) else ast.And()
                yield ast.BoolOp(swapped, values), _from_to(SIGNS[type(operator)], SIGNS[type(swapped)])
                for at, value in enumerate(values):
                    rest = [*values[:at], *values[at + 1 :]]
                    yield (rest[0] if len(rest) == 1 else ast.BoolOp(operator, rest)), f"without `{ast.unparse(value)}`"
            case ast.UnaryOp(op=ast.Not() | ast.USub() as sign, operand=operand):
                yield operand, "without not" if isinstance(sign, ast.Not) else "without -"
            case ast.IfExp(body=body, orelse=orelse):
                yield body, "always the first"
                yield orelse, "always the second"
            case ast.Constant(value=bool() as value):
                yield ast.Constant(not value), _from_to(str(value), str(not value))
            case ast.Constant(value=int() as value):
                yield ast.Constant(value + 1), _from_to(str(value), str(value + 1))
                yield ast.Constant(value - 1), _from_to(str(value), str(value - 1))
            case ast.Constant(value=str() as value):
                yield ast.Constant(f"{value}XX"), _from_to(repr(value), repr(f"{value}XX"))
            case ast.Call(func=ast.Name(id=name) as called, args=args, keywords=keywords) if name in FUNCTIONS:
                kept = [] if FUNCTIONS[name] == "list" else keywords
                other_function = ast.copy_location(ast.Name(FUNCTIONS[name], called.ctx), called)
                yield ast.Call(other_function, args, kept), _from_to(name, FUNCTIONS[name])

    def leaving_out(self, node: ast.expr) -> None:
        """Things of which a list of several can do with one less: arguments by name, elements, entries, conditions."""
        match node:
            case ast.Call(keywords=keywords):
                for index, keyword in enumerate(keywords):
                    self.drop(keyword, keywords, index, f"without `{ast.unparse(keyword)}`")
            case ast.Tuple(elts=elements) | ast.List(elts=elements) if len(elements) > 1 and isinstance(node.ctx, ast.Load):
                for index, element in enumerate(elements):
                    self.drop(element, elements, index, f"without `{ast.unparse(element)}`")
            case ast.Dict(keys=keys, values=values):
                for index, key in enumerate(keys):
                    if key is not None:
                        self.drop(key, keys, index, f"without the entry `{ast.unparse(key)}`", values)
            case ast.GeneratorExp(generators=generators) | ast.ListComp(generators=generators) | ast.DictComp(generators=generators):
                self.conditions(generators)
            case ast.SetComp(generators=generators):
                self.conditions(generators)
            case ast.Subscript(slice=ast.Slice() as cut):
                for field in ("lower", "upper"):
                    if getattr(cut, field) is not None:
                        self.add(node, f"slice without its {field} end", lambda field=field: setattr(cut, field, None))  # type: ignore[misc]

    def conditions(self, generators: Sequence[ast.comprehension]) -> None:
        for generator in generators:
            for index, condition in enumerate(generator.ifs):
                self.drop(condition, generator.ifs, index, f"without if `{ast.unparse(condition)}`")


def _from_to(old: str, new: str) -> str:
    return f"{old} -> {new}"


def _names_a_type(statement: ast.AnnAssign) -> bool:
    return "TypeAlias" in ast.unparse(statement.annotation)


def _is_union_of_types(value: ast.expr) -> bool:
    return isinstance(value, ast.Subscript) and isinstance(value.value, ast.Name) and value.value.id in ("Literal", "tuple", "Callable")


def mutants(module: str) -> tuple[ast.Module, list[Mutant]]:
    """The tree of a module and every change to it. A change is applied to that tree itself: once, in a process of its own."""
    path = TARGETS[module]
    found = _Finding(module, path, (ROOT / path).read_text())
    return found.tree, found.found


# How one is tried.


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


class Trials:
    """A plugin of pytest that, in place of running the collected tests once, runs them in a fork for every mutant.

    In the fork the functions of the loaded module are given their mutated code. What that cannot show (a change outside of
    functions, or one that is felt while modules load) is tried anew: everything of ours loaded and collected with the mutant.
    """

    def __init__(self, which: Sequence[tuple[ast.Module, Mutant]], asked: argparse.Namespace, console: Console) -> None:
        self.which, self.asked, self.console = which, asked, console
        self.results: list[Result] = []

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        session.items.sort(key=lambda item: next(at for at, test in enumerate(TESTS) if item.nodeid.startswith(test)))
        since = time.monotonic()
        unchanged = _fork(lambda: _status_of(session), SCRATCH / "unchanged.txt")
        assert os.waitstatus_to_exitcode(os.waitpid(unchanged, 0)[1]) == 0, f"the tests fail unmutated: {SCRATCH}/unchanged.txt"
        unchanged_s = time.monotonic() - since
        self.console.print(f"seed {self.asked.seed}: {len(self.which)} mutants; the tests take {unchanged_s:.0f} s unchanged")
        gc.freeze()
        self.limit_s = max(60.0, 10 * unchanged_s)
        with Progress(
            *Progress.get_default_columns(), MofNCompleteColumn(), TextColumn("{task.fields[stage]}"), console=self.console
        ) as bar:
            before = {
                path: dict(_codes(compile(tree, path, "exec"))) for path, tree in {one.path: tree for tree, one in self.which}.items()
            }
            quick = self.all_of(self.which, lambda tree, one: _in_place(tree, one, before[one.path], session), bar, "in place")
            again = [
                (tree, one) for tree, one in self.which if quick[one] == OUTSIDE or (quick[one] == SURVIVED and one.module in AT_LOADING)
            ]
            slow = self.all_of(again, _anew, bar, "loaded anew")
        self.results = [Result(one, (quick | slow)[one] == SURVIVED) for _, one in self.which]
        return True

    def all_of(self, which: Sequence[tuple[ast.Module, Mutant]], run: "Run", bar: Progress, stage: str) -> dict[Mutant, int]:
        """Tries all, so many at a time; what came of each. One that takes longer than the limit is killed: some test never ends."""
        task = bar.add_task("mutants", total=len(which), stage=stage)
        waiting = list(reversed(which))
        running: dict[int, tuple[Mutant, float]] = {}
        came: dict[Mutant, int] = {}
        lived = 0
        while waiting or running:
            while waiting and len(running) < self.asked.jobs:
                tree, mutant = waiting.pop()
                child = _fork(lambda tree=tree, mutant=mutant: run(tree, mutant), SCRATCH / f"{len(waiting) % 10}.txt")  # type: ignore[misc]
                running[child] = (mutant, time.monotonic())
            for child, status in _ended(running, self.limit_s):
                mutant, _ = running.pop(child)
                assert status in (SURVIVED, OUTSIDE, *KILLED), f"no trial at all, status {status}: {mutant.name}"
                came[mutant] = status
                lived += status == SURVIVED
                bar.update(task, advance=1, stage=f"{stage}, {lived} alive")
                if status == SURVIVED:
                    self.console.print(f"alive: {mutant.path}:{mutant.line}: {mutant.change}", highlight=False, markup=False)
                if not self.console.is_terminal and len(came) % 50 == 0:
                    self.console.print(f"{stage}: {len(came)} of {len(which)}, {lived} alive")
            time.sleep(0.005)
        return came


Run = Callable[[ast.Module, Mutant], int]


class Result(NamedTuple):
    mutant: Mutant
    survived: bool


def _fork(run: Callable[[], int], out: Path) -> int:
    """Runs something in a child, what it says going to a file; the child's exit status is what it returns. Returns the process id."""
    child = os.fork()
    if child:
        return child
    status = 70
    try:
        os.setpgid(0, 0)
        descriptor = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(descriptor, 1)
        os.dup2(descriptor, 2)
        status = run()
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        os._exit(status)


def _status_of(session: pytest.Session) -> int:
    """Runs the collected tests up to the first that fails."""
    for at, item in enumerate(session.items):
        following = session.items[at + 1] if at + 1 < len(session.items) else None
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        if session.testsfailed:
            return KILLED[0]
    return SURVIVED


def _in_place(tree: ast.Module, mutant: Mutant, before: Mapping[str, CodeType], session: pytest.Session) -> int:
    """The collected tests, with the mutant's functions in the place of those that everyone has imported."""
    mutant.apply()
    try:
        after = dict(_codes(compile(tree, mutant.path, "exec")))
    except (SyntaxError, ValueError, TypeError):
        return KILLED[1]
    functions = dict(_functions(sys.modules[mutant.module]))
    changed = [name for name, code in after.items() if name in functions and code != before[name]]
    for name in changed:
        functions[name].__code__ = after[name]
    return _status_of(session) if changed else OUTSIDE


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
        value = value.fget if isinstance(value, property) else value
        if isinstance(value, FunctionType):
            yield f"{within}{name}", value
        elif isinstance(value, type) and not within and value.__module__ == owner.__name__:
            yield from _functions(value, f"{name}.")


def _anew(tree: ast.Module, mutant: Mutant) -> int:
    """Everything of ours loaded again with the mutant in place, and the tests collected again."""
    for name in [name for name in sys.modules if name.split(".")[0] in ("services", "shared", "deploy", "tests")]:
        del sys.modules[name]
    mutant.apply()
    try:
        code = compile(tree, mutant.path, "exec")
    except (SyntaxError, ValueError, TypeError):
        return KILLED[1]
    sys.meta_path.insert(0, _Finder(mutant.module, code))
    return int(pytest.main([*OPTIONS, "-x", *_tests()]))


def _tests() -> list[str]:
    return [test for test in TESTS if (ROOT / test).exists()]


def _ended(running: dict[int, tuple[Mutant, float]], limit_s: float) -> Iterator[tuple[int, int]]:
    for child, (_, since) in list(running.items()):
        if time.monotonic() - since > limit_s:
            os.killpg(child, signal.SIGKILL)
            os.waitpid(child, 0)
            yield child, KILLED[0]
            continue
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            yield child, os.waitstatus_to_exitcode(status)


# The command.


def main() -> int:
    """Tries what the command line asks for, says what survived. Returns the exit status."""
    asked = _asked()
    console = Console(soft_wrap=True)
    os.chdir(ROOT)
    os.environ["FENYONG_SEED"] = str(asked.seed)
    SCRATCH.mkdir(parents=True, exist_ok=True)
    # A failing example need not be made small here.
    hypothesis.settings.register_profile("mutation", phases=(hypothesis.Phase.explicit, hypothesis.Phase.generate), database=None)
    hypothesis.settings.load_profile("mutation")
    which = [(tree, one) for module in TARGETS for tree, all in [mutants(module)] for one in all if asked.only in one.name]
    trials = Trials(which, asked, console)
    status = pytest.main([*OPTIONS, *_tests()], plugins=[trials])
    assert status == 0, f"no trials took place, status {status}"
    return _said(trials.results, console)


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.model.mutate", description="Mutation testing of the split.")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes (all cores)")
    parser.add_argument("--seed", type=int, default=1, help="of the model's short run (1)")
    parser.add_argument("--only", default="", help="only mutants with this in their name")
    return parser.parse_args()


def _said(results: Sequence[Result], console: Console) -> int:
    explained = EXPLAINED.read_text() if EXPLAINED.exists() else ""
    survivors = sorted((one.mutant for one in results if one.survived), key=lambda one: (one.path, one.line))
    unexplained = [one for one in survivors if one.name not in explained]
    for one in survivors:
        console.print(f"- {one.name}{'' if one not in unexplained else '   (not explained)'}", highlight=False, markup=False)
    killed = len(results) - len(survivors)
    percent = 100 * killed / len(results) if results else 100.0
    console.print(f"{killed} of {len(results)} killed: {percent:.1f}%; {len(unexplained)} of {len(survivors)} survivors not explained")
    return 0 if percent >= WANTED_PERCENT and not unexplained else 1


if __name__ == "__main__":
    sys.exit(main())
