"""The house: what stands where, who may know of whom, and that code, packs, pages and tables say the same.

Rules that matter are run, not remembered. What is allowed beyond the plain rule is allowed by name, with its reason.
"""

import ast
import re
import subprocess
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from types import UnionType
from typing import Final, get_args

import pytest

from deploy.cases.verbs import VERBS
from shared.identity import ACTS, OPEN
from shared.problems import CATALOGUE, LABELS, LANGUAGES, REFUSALS
from shared.regulation import CLAUSES, READINGS
from shared.service import acts_of

ROOT: Final = Path(__file__).parent.parent
SERVICES: Final = ("authz", "client", "commission", "listing")

# In the order in which they may know of one another: each imports those before it, never those after.
KINDS: Final = ("__init__", "events", "rules", "aggregate", "history", "vault", "views", "recomputing", "reactions", "api", "app")
EVERYWHERE: Final = frozenset({"__init__", "events", "rules", "aggregate", "views", "reactions", "api", "app"})
ONLY_IN: Final = {"history": "commission", "recomputing": "commission", "vault": "authz"}
PURE: Final = ("events", "rules", "aggregate", "history")
HEARS: Final = ("history", "views", "reactions", "api", "app")
"""Those that may import another service's events."""

VALUES: Final = {
    "shared.eventlog": {"Claim", "Claimant"},
    "shared.identity": {"Caller", "Post", "allow"},
    "shared.tenure": {
        "COMPANY", "Ground", "Stand", "Stands", "ends_soon", "has_lapsed", "holder_at", "not_before", "stand_at", "stopped", "terms_ended",
    },
}  # fmt: skip
"""What pure files take from modules of shared/ that elsewhere do I/O: values and pure functions, by name."""

IMPURE: Final = {
    "asyncio", "asyncpg", "fastapi", "httpx2", "nats", "os", "pathlib", "random", "secrets", "socket", "starlette", "structlog", "time",
}  # fmt: skip
SHARED: Final = {"__init__", "bus", "calendar", "entry", "eventlog", "identity", "money", "regulation", "service"}
DECIDED: Final = {"conduct", "files", "problems", "tenure", "view"}
"""What shared/ has beyond what the architecture names: each has a decision record that says why."""
DRAWERS: Final = ("utils", "util", "helpers", "helper", "common", "core", "base", "misc", "manager", "managers")
FUNCTION_LINES: Final = 60
FILE_LINES: Final = 450

CITED: Final = re.compile(r"(?<![\w-])([ABMSKCHGO]-(?:[0-9]|[NR][0-9])[0-9A-Z]*(?:[.-][0-9N][0-9]*)*)(?![\w*]|[.-][\w*])")
CHAPTERS: Final = {"A-1", "A-2", "B-1-3", "B-1-4"}
"""Ids that name a chapter; the clauses below them are those that are carried out. B-1-3 is a clause as well."""


def product() -> list[Path]:
    return [path for folder in ("services", "shared", "deploy") for path in sorted((ROOT / folder).rglob("*.py"))]


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def imports_of(path: Path) -> tuple[tuple[str, str | None], ...]:
    """Every import of a file as (module, name); but those that only the type checker sees."""
    unseen = {
        id(child)
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.If) and ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING")
        for child in ast.walk(node)
    }
    found: list[tuple[str, str | None]] = []
    for node in ast.walk(tree_of(path)):
        if id(node) in unseen:
            continue
        if isinstance(node, ast.Import):
            found += [(alias.name, None) for alias in node.names]
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{named(path)} imports relatively, which hides who knows whom"
            found += [(node.module or "", alias.name) for alias in node.names]
    return tuple(found)


def modules_of(path: Path) -> set[str]:
    """The modules that a file imports, `from services.listing import rules` being services.listing.rules."""
    return {f"{module}.{name}" if (ROOT / module.replace(".", "/")).is_dir() and name else module for module, name in imports_of(path)}


def service_files() -> list[Path]:
    return [path for service in SERVICES for path in sorted((ROOT / "services" / service).rglob("*.py"))]


def place_of(path: Path) -> tuple[str, str]:
    """The service and the kind of one of its files; of a kind that is a folder, each file in it is of that kind."""
    parts = path.relative_to(ROOT / "services").with_suffix("").parts
    return parts[0], parts[1]


# ------------------------------------------------------------------------------------------------------------ What stands where


def test_the_services_have_the_same_files_and_no_others() -> None:
    assert sorted(p.name for p in (ROOT / "services").iterdir() if p.is_dir() and p.name != "__pycache__") == sorted(SERVICES)
    for path in service_files():
        service, kind = place_of(path)
        assert len(path.relative_to(ROOT / "services").parts) <= 3, f"{named(path)} lies too deep to be found"
        assert kind in EVERYWHERE or ONLY_IN.get(kind) == service, f"{named(path)} is no kind of file that a service has"


def test_what_has_nothing_to_say_may_be_missing_but_never_the_door() -> None:
    for service in SERVICES:
        for kind in ("__init__", "events", "aggregate", "views", "api", "app"):
            there = [path for path in service_files() if place_of(path) == (service, kind)]
            assert there, f"services/{service} has no {kind}.py"


def test_each_service_says_what_it_owns() -> None:
    for service in SERVICES:
        told = ast.get_docstring(tree_of(ROOT / "services" / service / "__init__.py"))
        assert told is not None, f"services/{service} does not say what it owns"
        assert "Owns:" in told, f"services/{service} does not say what it owns"
        assert "Hears" in told, f"services/{service} does not say whom it hears"


def test_shared_has_what_the_architecture_and_its_decisions_name() -> None:
    there = {path.stem for path in (ROOT / "shared").iterdir() if path.name != "__pycache__"}
    assert there == SHARED | DECIDED


@pytest.mark.parametrize("name", sorted(DECIDED))
def test_what_is_shared_beyond_that_has_a_decision(name: str) -> None:
    records = sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md"))
    named_so = (f"`shared/{name}.py`", f"`shared/{name}/`")
    assert any(way in record.read_text(encoding="utf-8") for record in records for way in named_so), f"no decision tells of shared/{name}"


def test_the_decisions_are_numbered_on_and_listed() -> None:
    records = sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md"))
    index = (ROOT / "docs" / "decisions" / "README.md").read_text(encoding="utf-8")
    for number, record in enumerate(records, start=1):
        assert record.name.startswith(f"{number:04d}-"), f"{record.name} is not number {number}"
        title = record.read_text(encoding="utf-8").splitlines()[0].removeprefix(f"# {number}. ")
        assert f"[{number}]({record.name})" in index, f"{record.name} is not listed"
        assert not title.startswith("#"), f"{record.name} begins with its number and title"


def test_nothing_is_a_drawer() -> None:
    for path in product() + sorted((ROOT / "tests").rglob("*.py")):
        assert path.stem not in DRAWERS, named(path)
        assert path.parent.name not in DRAWERS, named(path)


def test_functions_stay_readable() -> None:
    for path in product():
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                assert (node.end_lineno or 0) - node.lineno < FUNCTION_LINES, f"{named(path)}: {node.name} is too long"


def test_files_stay_short() -> None:
    long = {named(path) for path in product() if len(path.read_text().splitlines()) > FILE_LINES}
    assert not long, f"outgrew their room, which becomes a folder: {long}"


def test_no_text_is_left_undone_or_tells_of_a_machine() -> None:
    undone = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
    machine = re.compile(r"(?<![\w.])/(work|root|home|Users)/\w|/tmp/fenyong|https?://[\w.-]*(pypi|registry|mirror)[\w.-]*")
    for path in texts():
        if path == Path(__file__):
            continue
        text = path.read_text(encoding="utf-8")
        assert not undone.search(text), f"{named(path)}: {undone.search(text)}"
        assert not machine.search(text), f"{named(path)}: {machine.search(text)}"


def texts() -> list[Path]:
    """Every text file that is kept in the repository."""
    try:
        kept = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True).stdout.split("\0")
    except (OSError, subprocess.CalledProcessError):
        kept = [named(path) for path in ROOT.rglob("*") if path.is_file() and not named(path).startswith((".venv/", ".git/", ".data/"))]
    endings = {".py", ".md", ".yaml", ".yml", ".toml", ".sql", ".conf", ".sh", ".lock", ""}
    return [ROOT / name for name in kept if name and Path(name).suffix in endings and (ROOT / name).is_file()]


# -------------------------------------------------------------------------------------------------------------- Who knows of whom


def test_each_file_knows_only_those_before_it() -> None:
    for path in service_files():
        service, kind = place_of(path)
        for module in modules_of(path):
            if not module.startswith("services."):
                continue
            other, stem = (*module.split("."), "__init__")[1:3]
            if other == service:
                own = stem == kind and path.parent.name == kind
                assert own or KINDS.index(stem) < KINDS.index(kind), f"{named(path)} imports {module}, which stands above it"
            else:
                assert stem == "events", f"{named(path)} imports {module}: the only door between services is their events"
                assert kind in HEARS, f"{named(path)} imports {module}: {kind} knows its own service only"


def test_services_know_nothing_of_how_they_are_run_or_tested() -> None:
    for path in service_files():
        assert not {m for m in modules_of(path) if m.split(".")[0] in ("deploy", "tests")}, named(path)


def test_shared_knows_no_service() -> None:
    for path in sorted((ROOT / "shared").rglob("*.py")):
        assert not {m for m in modules_of(path) if m.split(".")[0] in ("services", "deploy", "tests")}, named(path)


def test_what_runs_the_services_knows_nothing_inside_them() -> None:
    for path in sorted((ROOT / "deploy").rglob("*.py")):
        if path.parent.name == "simulating":  # makes histories through the services' own decisions, as the API would
            continue
        known = {m for m in modules_of(path) if m.split(".")[0] in ("services", "tests")}
        if path.parent.name == "packs":  # asks the split's own rules what a pack would give
            known = {module for module in known if not module.startswith("services.commission.rules")}
        assert not known, f"{named(path)} imports {known}"


def test_the_case_player_is_a_client_like_any_other() -> None:
    for path in sorted((ROOT / "deploy" / "cases").rglob("*.py")):
        assert not {m for m in modules_of(path) if m.startswith("deploy.simulating")}, named(path)
        assert not re.search(r"^\s*(from|import) services|import_module|__import__", path.read_text(), flags=re.M), named(path)


def test_pure_files_do_no_io_and_read_no_clock() -> None:
    for path in (path for path in service_files() if place_of(path)[1] in PURE):
        for module, name in imports_of(path):
            assert module.split(".")[0] not in IMPURE, f"{named(path)} imports {module}"
            assert module not in ("shared.service", "shared.bus", "shared.view"), f"{named(path)} imports {module}"
            assert (module, name) != ("shared.calendar", "now"), f"{named(path)} reads the clock"
            assert module not in VALUES or name in VALUES[module], f"{named(path)} imports {name} of {module}, which is no value"
        assert not [node for node in ast.walk(tree_of(path)) if isinstance(node, ast.AsyncFunctionDef | ast.Await)], f"{named(path)} waits"


def test_one_module_reads_the_clock() -> None:
    read = {"now", "utcnow", "today"}
    for path in product():
        if named(path) == "shared/calendar.py":
            continue
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.Attribute) and node.attr in (*read, "time", "time_ns", "localtime", "gmtime"):
                called = ast.unparse(node)
                assert not (node.attr in read and called.split(".")[-2] in ("datetime", "date")), f"{named(path)}: {called}"
                assert called not in ("time.time", "time.time_ns", "time.localtime", "time.gmtime"), f"{named(path)}: {called}"
        assert ("time", "time") not in imports_of(path), named(path)


GRADED: Final = ("Level", "Grade")
"""Types whose values are called A and B as packs are: a client's level of intent (K-3), a client's grade (G-2)."""


def test_no_code_names_a_pack() -> None:
    for path in product():
        if named(path).startswith("deploy/"):
            continue
        tree = tree_of(path)
        types = [node for node in tree.body if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) in GRADED]
        graded = {id(child) for node in types for child in ast.walk(node)}
        constants = [node for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in graded]
        literals = {node.value for node in constants if isinstance(node.value, str)}
        assert not literals & {"A", "B"}, f"{named(path)} names a pack"


def test_no_float_comes_near_money() -> None:
    for path in (path for path in service_files() if place_of(path)[1] in PURE):
        for node in ast.walk(tree_of(path)):
            assert not (isinstance(node, ast.Constant) and isinstance(node.value, float)), f"{named(path)}: {node.lineno}"
            assert not (isinstance(node, ast.Name) and node.id == "float"), f"{named(path)}: {node.lineno}"


# ------------------------------------------------------------------------------------------------------------------ The clauses


@cache
def regulation() -> dict[str, tuple[Path, str]]:
    """Each clause of docs/regulation: its page and its text, heading included."""
    clauses: dict[str, tuple[Path, str]] = {}
    for page in sorted((ROOT / "docs" / "regulation").glob("*.md")):
        for section in re.split(r"^(?=## )", page.read_text(encoding="utf-8"), flags=re.M):
            if heading := re.match(r"## ([ABMSKCHGO]-[A-Z0-9][A-Za-z0-9.-]*) ", section):
                assert heading[1] not in clauses, f"{heading[1]} is told twice"
                clauses[heading[1]] = (page, section)
    return clauses


def status_of(section: str) -> str:
    found = re.findall(r"^Status: (.+)$", section, flags=re.M)
    assert len(found) == 1, f"one status for each clause: {section.splitlines()[0]}"
    status: str = found[0]
    return status


@cache
def cited_in(path: Path) -> frozenset[str]:
    """The clauses that a text cites. Dots and hyphens at its end are punctuation."""
    return frozenset(CITED.findall(re.sub(r"(\d)[.-](?=\s|$|[)\"'`,;:])", r"\1 ", path.read_text(encoding="utf-8"))))


def test_each_clause_that_is_cited_stands_in_the_regulation() -> None:
    for path in [*product(), *sorted((ROOT / "packs").glob("*.yaml"))]:
        unknown = cited_in(path) - set(regulation()) - CHAPTERS
        assert not unknown, f"{named(path)} cites {sorted(unknown)}"
    assert set(CLAUSES) <= set(regulation())


def test_each_clause_of_the_regulation_is_carried_out_or_says_why_not() -> None:
    cited = frozenset[str]().union(*(cited_in(p) for p in (*service_files(), *sorted((ROOT / "shared").rglob("*.py")))))
    packed = frozenset[str]().union(*(cited_in(p) for p in sorted((ROOT / "packs").glob("*.yaml"))))
    for id, (page, section) in regulation().items():
        status = status_of(section)
        if status == "carried out":
            assert id in cited | packed, f"{named(page)}: {id} is carried out, but nothing cites it"
        else:
            assert re.fullmatch(r"comes later|not for software \(.+\)", status), f"{named(page)}: {id}: {status}"


def test_a_clause_that_is_carried_out_says_where_and_it_is_there() -> None:
    for id, (page, section) in regulation().items():
        carried = re.search(r"^- Carried out in: (.+(?:\n  .+)*)$", section, flags=re.M)
        if carried is None:
            assert status_of(section) != "carried out", f"{named(page)}: {id} does not say where it is carried out"
            continue
        for place in carried[1].split(";"):
            names = re.findall(r"`([^`]+)`", place)
            assert names, f"{named(page)}: {id}: {place}"
            assert (ROOT / names[0]).is_file(), f"{named(page)}: {id} is carried out in {names[0]}, which is not there"
            missing = set(names[1:]) - defined_in(ROOT / names[0])
            assert not missing, f"{named(page)}: {id}: {missing} not in {names[0]}"


def defined_in(path: Path) -> set[str]:
    """The functions and annotated constants of a file."""
    nodes = list(ast.walk(tree_of(path)))
    functions = {node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
    return functions | {node.target.id for node in nodes if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)}


def test_the_cases_that_the_regulation_names_are_there() -> None:
    for id, (page, section) in regulation().items():
        for line in re.findall(r"^- Cases: (.+)$", section, flags=re.M):
            for case in line.split(", "):
                assert (ROOT / "tests" / "cases" / f"{case}.yaml").is_file(), f"{named(page)}: {id} names case {case}"


@cache
def marked() -> dict[str, set[str]]:
    """The clauses that tests are marked with, and where."""
    where: dict[str, set[str]] = defaultdict(set)
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in ("clause", "pytest.mark.clause"):
                for id in node.args:
                    assert isinstance(id, ast.Constant), f"{named(path)}:{node.lineno} marks with no plain id"
                    where[str(id.value)].add(named(path))
    return where


def test_each_clause_that_a_test_is_marked_with_stands_in_the_regulation() -> None:
    for id, where in marked().items():
        assert id in regulation() or id in READINGS, f"{where} marked with {id}"


def test_each_clause_that_is_carried_out_has_tests() -> None:
    for id, (page, section) in regulation().items():
        if status_of(section) == "carried out":
            assert id in marked(), f"{named(page)}: {id} is carried out, but no test is marked with it"


# -------------------------------------------------------------------------------------------- Refusals, acts, routes, events


def literals_given_to(function: str) -> Iterator[tuple[str, str]]:
    """The first argument of every call of a function in product code, with the file; it has to be a plain code."""
    for path in product():
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] == function and node.args:
                first = node.args[0]
                for value in (first.body, first.orelse) if isinstance(first, ast.IfExp) else (first,):
                    if isinstance(value, ast.Constant) and isinstance(value.value, str):
                        yield value.value, named(path)


def test_each_refusal_has_its_sentence_in_both_languages() -> None:
    for code, path in [*literals_given_to("Refused"), *literals_given_to("Declined")]:
        assert code in CATALOGUE, f"{path} refuses with {code}, which has no sentence"
    for code, problem in CATALOGUE.items():
        for words in (problem.title, problem.detail, *([problem.why] if problem.why else [])):
            for language in LANGUAGES:
                assert getattr(words, language).strip(), f"{code} has no sentence in {language}"
            assert re.search(r"[一-鿿]", words.zh), f"{code} is not in Chinese"


def test_the_page_of_the_api_names_every_refusal() -> None:
    page = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    table = page[page.index("| refusal | when |") : page.index("| violation | clause |")]
    told = {code for row in table.splitlines() if row.startswith("|") for code in re.findall(r"`([a-z_]+)`", row.split("|")[1])}
    assert told == set(REFUSALS)


def test_each_violation_has_its_name_in_both_languages() -> None:
    for kind, path in [*literals_given_to("Violation"), *literals_given_to("_repeated")]:
        assert kind in LABELS, f"{path} finds {kind}, which has no name"


def test_each_act_that_is_asked_about_stands_in_the_table() -> None:
    """The second argument of `allow` and `may`, wherever they are called with a plain act."""
    for path in product():
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in ("allow", "may", "identity.allow") and len(node.args) > 1:
                acts = {value.value for value in ast.walk(node.args[1]) if isinstance(value, ast.Constant) and "." in str(value.value)}
                assert acts <= set(ACTS), f"{named(path)}:{node.lineno} asks about {acts - set(ACTS)}"


def routes_of(service: str) -> dict[tuple[str, str], str | None]:
    return acts_of(import_module(f"services.{service}.app").app.state.routers)


@pytest.mark.parametrize("service", SERVICES)
def test_each_route_stands_in_the_table_of_who_may_do_what(service: str) -> None:
    for route, act in routes_of(service).items():
        assert act in ACTS if act is not None else route in OPEN, f"{route} stands in no row"


def commands() -> dict[str, set[str]]:
    """Every command's act and its routes, of all services."""
    found: dict[str, set[str]] = defaultdict(set)
    for service in SERVICES:
        for (method, path), act in routes_of(service).items():
            if method == "POST" and act is not None:
                found[act].add(re.sub(r"\{\w+\}", "{id}", path))
    return found


def test_the_cases_verbs_are_the_services_commands() -> None:
    for verb in VERBS.values():
        if verb.carried_out and verb.name != "clock":
            paths = {path for path in (verb.new_path, verb.route("{id}") if verb.target else verb.path) if path is not None}
            served = {path for paths_of_act in commands().values() for path in paths_of_act}
            assert paths <= served, f"{verb.name} asks for {paths - served}, which no service has"


def test_the_table_of_verbs_and_routes_is_what_the_services_have() -> None:
    page = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([a-z_]+\.[a-z_]+)` \| (.+?) \|$", page, flags=re.M)
    told = {verb: set(re.findall(r"`POST ([^`]+)`", routes)) for verb, routes in rows}
    made = {verb: {re.sub(r"\{\w+\}", "{id}", path) for path in paths} for verb, paths in commands().items()}
    assert told == made


def test_the_page_of_events_names_exactly_what_the_services_say() -> None:
    page = (ROOT / "docs" / "events.md").read_text(encoding="utf-8")
    told = re.findall(r"^\| `([a-z]+\.[A-Z]\w+)` \|", page, flags=re.M)
    said = [
        f"{category}.{kind.__name__}"
        for service in SERVICES
        for category, kind in events_of(service)
    ]  # fmt: skip
    assert sorted(told) == sorted(said)


def events_of(service: str) -> Iterator[tuple[str, type]]:
    """Category and class of every event in a service's contract, as its last line registers them."""
    room = ROOT / "services" / service / "events"
    path = room / "__init__.py" if room.is_dir() else room.with_suffix(".py")
    module = import_module(f"services.{service}.events")
    codec = tree_of(path).body[-1]
    assert isinstance(codec, ast.Assign), "a contract ends with its codec"
    assert isinstance(codec.value, ast.Call), "a contract ends with its codec"
    for keyword in codec.value.keywords:
        assert isinstance(keyword.value, ast.Tuple), "a category is a prefix and a union"
        assert keyword.arg is not None, "a category is a prefix and a union"
        union = getattr(module, ast.unparse(keyword.value.elts[1]))
        kinds = get_args(union) if isinstance(union, UnionType) else (union,)
        yield from ((keyword.arg, kind) for kind in kinds)
