"""Commands in this process, on a migrated, empty database."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select
from typer.testing import CliRunner, Result

from todo_api.cli.admin import app
from todo_api.db.engine import Database
from todo_api.settings import Settings

PASSWORD = "correct horse battery"


@pytest.fixture
def run(database_url: str, monkeypatch: pytest.MonkeyPatch, _emptied: None) -> Callable[..., Result]:
    """Runs a command."""
    monkeypatch.setenv("TODO_API_DATABASE_URL", database_url)

    def run(*words: str, **options: Any) -> Result:
        return CliRunner().invoke(app, words, **options)

    return run


@pytest.fixture
def stored(database_url: str) -> Callable[[Any], list[Any]]:
    """Reads a column of the database."""

    async def read(column: Any) -> list[Any]:
        database = Database(Settings(database_url=database_url))
        async with database.snapshot() as session:
            found = (await session.execute(select(column))).scalars().all()
        await database.close()
        return list(found)

    return lambda column: asyncio.run(read(column))


@pytest.fixture
def ada(run: Callable[..., Result]) -> str:
    """An account."""
    result = run("user", "add", "ada@example.com", "--password", PASSWORD, "--name", "Ada")
    assert result.exit_code == 0, result.output
    return "ada@example.com"
