import json
import re
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tests.support import postgres
from todo_api import __version__
from todo_api.cli.admin import app
from todo_api.db import migrations
from todo_api.settings import Settings

Run = Callable[..., Result]


def python(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run Python in a process of its own, with this environment alone."""
    return subprocess.run(  # noqa: S603  # our own words
        [sys.executable, *words], env=environment, capture_output=True, text=True, check=False, timeout=60
    )


# --- the command line itself


def test_python_m_runs_the_command_line() -> None:
    done = python("-m", "todo_api", "--help")

    assert done.returncode == 0
    for word in ("serve", "migrate", "openapi", "doctor", "user", "key", "signing-key"):
        assert f" {word} " in done.stdout


@pytest.mark.parametrize("words", [(), ("user",), ("key",), ("serve",), ("user", "add"), ("signing-key", "rotate")], ids=" ".join)
def test_help_imports_nothing_heavy(words: tuple[str, ...]) -> None:
    code = """
import sys
from todo_api.cli.admin import app
try:
    app(sys.argv[1:])
finally:
    print(sorted({name.partition(".")[0] for name in sys.modules} & {"fastapi", "sqlalchemy", "alembic", "uvicorn", "asyncpg"}))
"""

    done = python("-c", code, *words, "--help")

    assert done.returncode == 0
    assert done.stdout.endswith("\n[]\n")


def test_version_is_printed() -> None:
    result = CliRunner().invoke(app, ["--version"])

    assert (result.exit_code, result.output) == (0, f"todo-api {__version__}\n")


def test_no_command_shows_the_help(run: Run) -> None:
    result = run()

    assert "Usage:" in result.output


# --- settings


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("TODO_API_PORT", "eighty", "TODO_API_PORT: Input should be a valid integer"),
        ("TODO_API_PORT", "70000", "TODO_API_PORT: Input should be less than or equal to 65535"),
        (
            "TODO_API_DATABASE_URL",
            "mysql://secret@host/name",
            "TODO_API_DATABASE_URL: must start with sqlite:/// or postgresql://",
        ),
        ("TODO_API_DATABASE_URL", "sqlite:///:memory:", "TODO_API_DATABASE_URL: must name a file"),
        ("TODO_API_DATABASE_URL", "postgresql://user:p/secret@host/name", "TODO_API_DATABASE_URL: has no valid port"),
        ("TODO_API_DATABASE_URL", "postgresql://u@h/name?secret=1", "TODO_API_DATABASE_URL: has a parameter that is not known"),
        ("TODO_API_DATABASE_URL", "sqlite:///todo.db?mode=ro", "TODO_API_DATABASE_URL: has a parameter that is not known"),
        ("TODO_API_DATABASE_URL", "postgresql://u@h/name?sslmode=on", "TODO_API_DATABASE_URL: sslmode must be disable, "),
        ("TODO_API_REGISTRATION", "maybe", "TODO_API_REGISTRATION: Input should be 'open' or 'closed'"),
        ("TODO_API_SQLITE_SYNCHRONOUS", "OFF", "TODO_API_SQLITE_SYNCHRONOUS: Input should be 'FULL' or 'NORMAL'"),
        ("TODO_API_BOOTSTRAP_EMAIL", "a@example.com", "TODO_API_BOOTSTRAP_EMAIL and TODO_API_BOOTSTRAP_PASSWORD go together"),
    ],
)
def test_wrong_setting_names_the_variable(run: Run, monkeypatch: pytest.MonkeyPatch, name: str, value: str, message: str) -> None:
    monkeypatch.setenv(name, value)

    result = run("user", "list")

    assert result.exit_code == 2
    assert result.stderr.startswith(message)
    assert "secret" not in result.stderr
    assert result.stdout == ""


def test_wrong_option_of_serve_names_the_variable(run: Run) -> None:
    result = run("serve", "--workers", "0")

    assert result.exit_code == 2
    assert result.stderr.startswith("TODO_API_WORKERS: Input should be greater than or equal to 1")


def test_every_wrong_setting_is_told(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TODO_API_PORT", "eighty")
    monkeypatch.setenv("TODO_API_LOG_LEVEL", "loud")

    result = run("doctor")

    assert [line.partition(":")[0] for line in result.stderr.splitlines()] == ["TODO_API_PORT", "TODO_API_LOG_LEVEL"]


def test_settings_come_from_a_dotenv_file(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("TODO_API_DATABASE_URL")
    (tmp_path / ".env").write_text("TODO_API_PORT=eighty\n")

    result = run("user", "list")

    assert result.stderr.startswith("TODO_API_PORT: ")


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        ("postgresql://u:p%40@host/name?sslmode=require", "postgresql+asyncpg://u:p%40@host/name?ssl=require"),
        ("postgresql://u@/name?host=/run/postgresql", "postgresql+asyncpg://u@/name?host=/run/postgresql"),
        ("sqlite:///100%.db", "sqlite+aiosqlite:///100%.db"),
    ],
)
def test_database_url_is_spelled_for_the_driver(given: str, taken: str) -> None:
    assert Settings(database_url=given).database_url == taken
    assert Settings(database_url=taken).database_url == taken


# --- migrate, openapi, doctor


def test_migrate_makes_the_schema(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TODO_API_DATABASE_URL", f"sqlite:///{tmp_path}/new.db")

    result = CliRunner().invoke(app, ["migrate"])

    assert (result.exit_code, result.output) == (0, "The schema is up to date.\n")
    assert CliRunner().invoke(app, ["user", "list"]).exit_code == 0


def test_migrate_to_an_unknown_revision_says_so_in_one_line(run: Run) -> None:
    result = run("migrate", "nonsense")

    assert result.exit_code == 1
    assert result.stderr.startswith("Can't locate revision identified by 'nonsense'")
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize("revision", ["base", "0001"])
def test_migrate_does_not_go_back(run: Run, revision: str) -> None:
    result = run("migrate", revision)

    past = f"The schema is at {migrations.needed()}, which is past {revision}, and does not go back: restore a backup instead.\n"
    assert (result.exit_code, result.stderr) == (1, past)
    assert run("user", "list").exit_code == 0


def test_migrate_to_a_revision_names_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TODO_API_DATABASE_URL", f"sqlite:///{tmp_path}/new.db")

    outcomes = [CliRunner().invoke(app, ["migrate", revision]).output for revision in ("0001", "0002", "0002", "head")]

    middle = "The schema is at 0002.\n"
    assert outcomes == ["The schema is at 0001.\n", middle, middle, "The schema is up to date.\n"]


@pytest.mark.parametrize("words", [("migrate",), ("user", "list"), ("serve",), ("doctor",)], ids=" ".join)
def test_command_on_a_file_that_is_no_database_says_so_in_one_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, words: tuple[str, ...]
) -> None:
    (tmp_path / "todo.db").write_bytes(b"nonsense " * 1000)
    monkeypatch.setenv("TODO_API_DATABASE_URL", f"sqlite:///{tmp_path}/todo.db")

    result = CliRunner().invoke(app, words)

    said = "The file is no SQLite database. Name another one in TODO_API_DATABASE_URL.\n"
    assert result.exit_code == 1
    assert said in result.output
    assert words == ("doctor",) or result.stderr == said


@pytest.mark.parametrize("words", [("migrate",), ("user", "list"), ("serve", "--migrate")], ids=" ".join)
@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("postgres:x@{}/nowhere", "There is no such database on the server. "),
        ("nobody:x@{}/postgres", "The database server refuses "),
    ],
)
def test_command_with_a_wrong_address_says_what_to_mend(
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
    database_kind: str,
    words: tuple[str, ...],
    place: str,
    said: str,
) -> None:
    if database_kind == "sqlite":
        pytest.skip("about PostgreSQL")
    server: postgres.Server = request.getfixturevalue("postgresql")
    monkeypatch.setenv("TODO_API_DATABASE_URL", f"postgresql://{place.format(f'{server.host}:{server.port}')}")

    result = CliRunner().invoke(app, words)

    assert (result.exit_code, result.stderr.count("\n")) == (1, 1)
    assert result.stderr.startswith(said)


def test_migrate_into_a_missing_folder_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TODO_API_DATABASE_URL", f"sqlite:///{tmp_path}/missing/todo.db")

    result = CliRunner().invoke(app, ["migrate"])

    assert result.exit_code == 1
    assert result.stderr.startswith(f"There is no folder {tmp_path}/missing. ")


@pytest.mark.parametrize("words", [("migrate",), ("user", "list"), ("serve",), ("serve", "--migrate")], ids=" ".join)
def test_command_without_a_server_says_so_in_one_line(monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]) -> None:
    monkeypatch.setenv("TODO_API_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/nothing")

    result = CliRunner().invoke(app, words)

    assert (result.exit_code, result.stderr) == (1, "The database does not answer. Try again shortly.\n")


def test_openapi_prints_the_document(run: Run) -> None:
    result = run("openapi")

    document = json.loads(result.stdout)
    assert result.exit_code == 0
    assert document["info"]["title"] == "todo-api"
    assert "/v1/todos" in document["paths"]


def test_openapi_needs_no_database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TODO_API_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/nothing")

    result = CliRunner().invoke(app, ["openapi"])

    assert result.exit_code == 0


def test_doctor_of_a_sound_service_is_0(run: Run) -> None:
    result = run("doctor")

    assert result.exit_code == 0
    names = [line[6:].partition(":")[0] for line in result.stdout.splitlines()]
    assert names == ["settings", "database", "schema", "disk", "clock", "time zones", "sqlite"]
    assert all(line.startswith("ok    ") for line in result.stdout.splitlines())


def test_doctor_of_an_old_schema_is_1(run: Run, database_url: str, database_kind: str) -> None:
    if database_kind == "postgresql":
        pytest.skip("would take the schema away from the tests that follow")
    migrations.downgrade(Settings(database_url=database_url), "base")

    result = run("doctor")

    assert result.exit_code == 1
    assert re.search(r"^FAIL  schema: revision None, needed \w+: type todo-api migrate$", result.stdout, re.MULTILINE)


def test_doctor_of_a_newer_schema_does_not_say_migrate(run: Run, database_url: str, database_kind: str) -> None:
    if database_kind == "postgresql":
        pytest.skip("would take the schema away from the tests that follow")
    with closing(sqlite3.connect(database_url.removeprefix("sqlite:///"))) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()

    result = run("doctor")

    assert result.exit_code == 1
    assert "FAIL  schema: revision 9999 is newer than this program " in result.stdout
    assert "migrate" not in result.stdout


def test_doctor_warns_of_names_that_are_no_settings(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TODO_API_REGISTRATON", "closed")
    (tmp_path / ".env").write_text("TODO_API_HOTS=127.0.0.1\nOTHER=1\n")

    result = run("doctor")

    warned = [line for line in result.stdout.splitlines() if line.startswith("warn")]
    assert result.exit_code == 0
    assert warned == [f"warn  settings: TODO_API_{name} is no setting" for name in ("HOTS", "REGISTRATON")]


def test_doctor_without_a_server_is_1(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TODO_API_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/nothing")

    result = CliRunner().invoke(app, ["doctor"])

    assert result.exit_code == 1
    assert "FAIL  database: The database does not answer\n" in result.stdout


def test_doctor_of_a_service_never_started_is_0(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TODO_API_DATABASE_URL", f"sqlite:///{tmp_path}/never.db")

    result = CliRunner().invoke(app, ["doctor"])

    assert result.exit_code == 0
    assert "never.db does not exist yet" in result.stdout
    assert not (tmp_path / "never.db").exists()
