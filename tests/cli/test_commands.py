import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

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
