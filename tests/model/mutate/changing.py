"""What is changed: every small change that can be made to the code of the split, found in its syntax trees.

Left alone: docstrings, annotations and what only names types, imports, decorators, the heads of classes, and messages of assertions.
"""

import ast
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

ROOT: Final = Path(__file__).resolve().parents[3]
SPLIT: Final = "services/commission/rules"
TARGETS: Final = {"shared.money": "shared/money.py", "shared.calendar": "shared/calendar.py"} | {
    f"services.commission.rules.{name}": f"{SPLIT}/{name}.py"
    for name in ("allocation", "counting", "facts", "forfeiting", "management", "noting", "own", "parts", "splitting", "tables")
}
"""The modules that make a split. Of the folder of the rules `combining` is not one: it only makes up facts to try packs on."""


class Mutant(NamedTuple):
    """One small change to one file; `apply` makes it in the tree that it was found in."""

    module: str
    path: str
    line: int
    text: str
    change: str
    apply: Callable[[], None]
    again: int = 1

    @property
    def name(self) -> str:
        """How docs/mutation.md names it: without the line's number, which moves; `again` tells like changes in like lines apart."""
        return f"{Path(self.path).name}: `{self.text}`: {self.change}{f' ({self.again})' if self.again > 1 else ''}"


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
            case ast.Raise():
                self.whole_statement(parent, field, index, statement)
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
    seen: Counter[str] = Counter()
    numbered = []
    for one in found.found:
        seen[one.name] += 1
        numbered.append(one._replace(again=seen[one.name]))
    return found.tree, numbered
