import asyncio
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text
from sqlalchemy.ext.asyncio import create_async_engine

from tests.support import postgres
from todo_api.db import migrations
from todo_api.db.base import Base
from todo_api.db.engine import Database
from todo_api.errors import StartupError
from todo_api.main import running
from todo_api.models import Todo
from todo_api.settings import Settings

Found = TypeVar("Found")


@pytest.fixture
def empty(database_kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> Settings:
    """Settings that name a database without a schema."""
    if database_kind == "sqlite":
        return Settings(database_url=f"sqlite:///{tmp_path}/empty.db")
    server: postgres.Server = request.getfixturevalue("postgresql")
    asyncio.run(server.execute("DROP DATABASE IF EXISTS migrated", "CREATE DATABASE migrated"))
    return Settings(database_url=server.url("migrated"))


@pytest.fixture
def migrated(empty: Settings) -> Settings:
    migrations.upgrade(empty)
    return empty


def look(settings: Settings, question: Callable[[Connection], Found]) -> Found:
    """What a connection answers; it commits."""

    async def ask() -> Found:
        engine = create_async_engine(settings.database_url)
        try:
            async with engine.begin() as connection:
                return await connection.run_sync(question)
        finally:
            await engine.dispose()

    return asyncio.run(ask())


def is_modelled(name: str | None, kind: str, _parents: Any) -> bool:
    """The search index is no table of the models, which SQLite keeps in several."""
    return kind != "table" or name is None or not name.startswith("todo_search")


def differences(connection: Connection) -> list[Any]:
    context = MigrationContext.configure(connection, opts={"compare_type": True, "include_name": is_modelled})
    return list(compare_metadata(context, Todo.metadata))


def schema(connection: Connection) -> dict[str, Any]:
    """Everything that the database knows of its tables."""
    seen = inspect(connection)
    return {
        name: {
            "columns": [(column["name"], str(column["type"]), column["nullable"]) for column in seen.get_columns(name)],
            "indexes": sorted((index["name"] or "", index["column_names"], index["unique"]) for index in seen.get_indexes(name)),
            "foreign keys": sorted((str(key["name"]), key["referred_table"]) for key in seen.get_foreign_keys(name)),
            "checks": sorted((str(check["name"]), check["sqltext"]) for check in seen.get_check_constraints(name)),
            "unique": sorted(str(unique["name"]) for unique in seen.get_unique_constraints(name)),
        }
        for name in seen.get_table_names()
    }


def mark(settings: Settings, revision: str) -> None:
    """Write another revision into the database."""
    look(settings, lambda connection: connection.execute(text("UPDATE alembic_version SET version_num = :r"), {"r": revision}))


def steps(settings: Settings) -> list[str]:
    """All revisions, the newest first."""
    return [script.revision for script in ScriptDirectory.from_config(migrations.config(settings)).walk_revisions()]


async def start(settings: Settings) -> None:
    async with running(settings):
        pass


def command(settings: Settings, *words: str) -> subprocess.Popen[str]:
    """A command of the service in a process of its own."""
    return subprocess.Popen(  # noqa: S603  # our own command
        [sys.executable, "-m", "todo_api", *words],
        env={"TODO_API_DATABASE_URL": settings.database_url, "PATH": ""},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def test_empty_to_head_equals_the_models(migrated: Settings) -> None:
    assert look(migrated, differences) == []


def test_every_table_of_the_models_is_there(migrated: Settings) -> None:
    found = look(migrated, lambda connection: set(inspect(connection).get_table_names()))

    modelled = {name for name in found if is_modelled(name, "table", {})}
    assert modelled == {name for name in Base.metadata.tables if is_modelled(name, "table", {})} | {"alembic_version"}


def test_every_step_goes_down_and_up_again(migrated: Settings) -> None:
    for revision in steps(migrated):
        before = look(migrated, schema)
        migrations.downgrade(migrated, "-1")
        migrations.upgrade(migrated, revision)

        assert look(migrated, schema) == before

        migrations.downgrade(migrated, "-1")


def test_downgrade_to_base_leaves_nothing(migrated: Settings) -> None:
    migrations.downgrade(migrated, "base")

    assert look(migrated, lambda connection: inspect(connection).get_table_names()) == ["alembic_version"]
    assert look(migrated, lambda connection: connection.execute(text("SELECT * FROM alembic_version")).all()) == []


def test_up_down_up_gives_the_same_schema(migrated: Settings) -> None:
    before = look(migrated, schema)

    migrations.downgrade(migrated, "base")
    migrations.upgrade(migrated)

    assert look(migrated, schema) == before


def test_upgrade_again_changes_nothing(migrated: Settings) -> None:
    before = look(migrated, schema)

    migrations.upgrade(migrated)

    assert look(migrated, schema) == before


async def test_sqlite_file_is_its_owners_alone(empty: Settings) -> None:
    if not empty.on_sqlite:
        pytest.skip("PostgreSQL keeps its own files")
    await asyncio.to_thread(migrations.upgrade, empty)
    database = Database(empty)
    assert database.file is not None

    async with database.transaction() as session:
        await session.execute(text("UPDATE alembic_version SET version_num = version_num"))
        modes = {path.name: oct(path.stat().st_mode & 0o777) for path in database.file.parent.glob(f"{database.file.name}*")}
    await database.close()

    assert len(modes) == 3
    assert set(modes.values()) == {"0o600"}


def test_steps_form_one_line(empty: Settings) -> None:
    scripts = ScriptDirectory.from_config(migrations.config(empty))

    assert len(scripts.get_heads()) == len(scripts.get_bases()) == 1


def test_six_racing_upgrades_all_succeed(empty: Settings) -> None:
    racers = [command(empty, "migrate") for _ in range(6)]

    outcomes = [(racer.communicate(timeout=60)[0], racer.returncode) for racer in racers]

    assert outcomes == [("The schema is up to date.\n", 0)] * 6
    assert look(empty, differences) == []


async def test_start_without_a_schema_says_what_to_type(empty: Settings) -> None:
    with pytest.raises(StartupError, match=r"behind \(empty, needed \w+\)\. Type: todo-api migrate$"):
        await start(empty)


def test_start_with_a_current_schema_succeeds(migrated: Settings) -> None:
    asyncio.run(start(migrated))


def test_start_with_an_older_schema_says_what_to_type(migrated: Settings) -> None:
    migrations.downgrade(migrated, "-1")

    with pytest.raises(StartupError, match=r"Type: todo-api migrate$"):
        asyncio.run(start(migrated))


def test_start_with_a_newer_schema_says_what_to_install(migrated: Settings) -> None:
    mark(migrated, "9999")

    with pytest.raises(StartupError, match=r"\(9999\) is newer than this program .+ Install the matching version\.$"):
        asyncio.run(start(migrated))


@pytest.mark.parametrize("words", [("migrate",), ("serve", "--migrate", "--port", "0"), ("user", "list")], ids=" ".join)
def test_command_on_a_newer_schema_says_so_in_one_line(migrated: Settings, words: tuple[str, ...]) -> None:
    mark(migrated, "9999")

    process = command(migrated, *words)
    output, _ = process.communicate(timeout=30)

    assert (process.returncode, output.count("\n")) == (1, 1)
    assert "Install the matching" in output


def test_serve_on_postgresql_without_a_schema_says_what_to_type(empty: Settings, database_kind: str) -> None:
    if database_kind == "sqlite":
        pytest.skip("about PostgreSQL: a SQLite file is migrated by itself")

    process = command(empty, "serve", "--port", "0")
    output, _ = process.communicate(timeout=30)

    assert (process.returncode, output.count("\n")) == (1, 1)
    assert output.endswith("Type: todo-api migrate\n")
