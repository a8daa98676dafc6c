"""The grid: services join repositories, SQL stays in repositories, and only the unit of work commits."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src" / "todo_api"
MODULES = sorted(SOURCE.rglob("*.py"))
SERVICES = sorted(path for path in (SOURCE / "services").glob("[a-z]*.py") if path.name != "__init__.py")
ONE_REPOSITORY: dict[str, str] = {}  # services with one repository, each with its reason
COMMITS = {  # who may end a transaction
    "db/engine.py", "db/postgresql.py", "db/session.py", "db/sqlite.py",  # what a transaction is
    "web/route.py",  # requests
}  # fmt: skip
WITHOUT_SQL = (
    "routers",
    "caldav",
    "mcp",
    "worker",
    "web",
    "dependencies",
    "services",
    "formats",
    "schemas",
    "runtime",
    "domain",
)
SQL = re.compile(r"\b(SELECT\s.+\sFROM|INSERT\s+INTO|UPDATE\s+\w+\s+SET|DELETE\s+FROM)\b", re.DOTALL)
LONGEST_MODULE = 400
LONG = {"errors.py"}  # one tree, which is read as one


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def name(path: Path) -> str:
    return path.relative_to(SOURCE).as_posix()


def imported(path: Path) -> Iterator[tuple[str, str]]:
    """Module and name of everything that a file imports."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.ImportFrom):
            yield from ((node.module or "", alias.name) for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)


@pytest.mark.parametrize("path", SERVICES, ids=name)
def test_a_service_joins_repositories(path: Path) -> None:
    used = {
        found for module, found in imported(path) if module.startswith("todo_api.repositories") and found.endswith("Repository")
    }

    assert len(used) >= 2 or ONE_REPOSITORY.get(path.stem)


@pytest.mark.parametrize("path", [path for path in MODULES if name(path).split("/")[0] in WITHOUT_SQL], ids=name)
def test_sql_stays_where_it_belongs(path: Path) -> None:
    texts = [node.value for node in ast.walk(tree(path)) if isinstance(node, ast.Constant) and isinstance(node.value, str)]

    assert [module for module, _ in imported(path) if module.partition(".")[0] in {"sqlalchemy", "sqlite3", "asyncpg"}] == []
    assert [text for text in texts if SQL.search(text)] == []


@pytest.mark.parametrize("path", [path for path in MODULES if name(path) not in COMMITS], ids=name)
def test_nobody_else_ends_a_transaction(path: Path) -> None:
    called = [
        node.func.attr for node in ast.walk(tree(path)) if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    ]

    assert {"commit", "rollback"} & set(called) == set()


@pytest.mark.parametrize("path", [path for path in MODULES if path.name != "__init__.py"], ids=name)
def test_a_module_says_what_it_is_for_and_is_short(path: Path) -> None:
    text = path.read_text(encoding="utf-8")

    first = (ast.get_docstring(ast.parse(text)) or "").partition("\n")[0]
    assert first.endswith((".", ":"))
    assert text.count("\n") <= LONGEST_MODULE or name(path) in LONG


@pytest.mark.parametrize("path", sorted((SOURCE / "routers").glob("[a-z]*.py")), ids=name)
def test_a_route_is_documented_for_its_caller(path: Path) -> None:
    functions = [node for node in tree(path).body if isinstance(node, ast.AsyncFunctionDef) and node.decorator_list]

    assert [function.name for function in functions if not ast.get_docstring(function)] == []
    assert functions


def test_every_table_is_imported_by_models() -> None:
    modules = {path.stem for path in (SOURCE / "models").glob("[a-z]*.py")}

    assert {module.rpartition(".")[2] for module, _ in imported(SOURCE / "models" / "__init__.py")} == modules
