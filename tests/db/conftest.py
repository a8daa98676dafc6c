"""A bare SQLite database, without the service's tables, for the tests of how it is written and read."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import text

from todo_api.db.engine import Database
from todo_api.settings import Settings


@pytest.fixture
def file(tmp_path: Path, database_kind: str) -> Path:
    if database_kind != "sqlite":
        pytest.skip("about SQLite: runs with --database sqlite")
    return tmp_path / "bare.db"


@pytest.fixture
async def bare(file: Path) -> AsyncIterator[Database]:
    """A database with the one table ``note (unit, part)``; its writers wait for a minute, however busy the machine is."""
    database = Database(Settings(database_url=f"sqlite:///{file}", sqlite_write_seconds=60))
    async with database.transaction() as session:
        await session.execute(text("CREATE TABLE note (unit INTEGER, part INTEGER)"))
    yield database
    await database.close()
