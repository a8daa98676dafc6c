import logging
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import Column, Integer, MetaData, String, Table, insert, select, text, update
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from todo_api.db.one_hop import DRIVER

METADATA = MetaData()
NOTE = Table("note", METADATA, Column("id", Integer, primary_key=True), Column("name", String, unique=True))
NAMES = [{"name": name} for name in "abcde"]


@pytest.fixture
async def connection(tmp_path: Path) -> AsyncIterator[AsyncConnection]:
    """A connection of the driver to a table with five rows."""
    engine = create_async_engine(f"sqlite+{DRIVER}:///{tmp_path}/hop.db")
    async with engine.connect() as opened:
        await opened.run_sync(METADATA.create_all)
        await opened.execute(insert(NOTE), NAMES)
        await opened.commit()
        yield opened
    await engine.dispose()


async def test_statement_is_one_trip_to_the_thread(connection: AsyncConnection, caplog: pytest.LogCaptureFixture) -> None:
    await connection.execute(select(NOTE.c.name))  # opens the transaction
    caplog.set_level(logging.DEBUG, "aiosqlite")
    caplog.clear()

    (await connection.execute(select(NOTE.c.name))).all()

    assert len([record for record in caplog.records if record.msg.startswith("executing")]) == 1


async def test_fetchmany_gives_rows_in_portions(connection: AsyncConnection) -> None:
    result = await connection.execute(select(NOTE.c.id).order_by(NOTE.c.id))

    portions = [[row.id for row in result.fetchmany(2)] for _ in range(4)]

    assert portions == [[1, 2], [3, 4], [5], []]


async def test_fetchmany_without_a_size_gives_one_row(connection: AsyncConnection) -> None:
    result = await connection.execute(select(NOTE.c.id).order_by(NOTE.c.id))

    assert [row.id for row in result.fetchmany()] == [1]


async def test_fetchone_ends_with_none(connection: AsyncConnection) -> None:
    result = await connection.execute(select(NOTE.c.name).where(NOTE.c.id == 1))

    assert [result.fetchone(), result.fetchone()] == [("a",), None]


async def test_first_leaves_the_rest(connection: AsyncConnection) -> None:
    first = (await connection.execute(select(NOTE.c.name).order_by(NOTE.c.id))).first()

    again = (await connection.execute(select(NOTE.c.name).order_by(NOTE.c.id))).scalars().all()

    assert first == ("a",)
    assert again == ["a", "b", "c", "d", "e"]


async def test_rows_are_iterated(connection: AsyncConnection) -> None:
    result = await connection.execute(select(NOTE.c.name).order_by(NOTE.c.id))

    assert [row.name for row in result] == ["a", "b", "c", "d", "e"]


async def test_stream_gives_all_rows(connection: AsyncConnection) -> None:
    result = await connection.stream(select(NOTE.c.name).order_by(NOTE.c.id))

    assert [row.name async for row in result] == ["a", "b", "c", "d", "e"]


async def test_statement_without_rows_has_no_columns(connection: AsyncConnection) -> None:
    result = await connection.execute(text("CREATE TABLE other (id INTEGER)"))

    assert result.returns_rows is False


async def test_empty_answer_keeps_its_columns(connection: AsyncConnection) -> None:
    result = await connection.execute(select(NOTE).where(NOTE.c.id == 9))

    assert (list(result.keys()), result.all()) == (["id", "name"], [])


async def test_update_tells_how_many_rows(connection: AsyncConnection) -> None:
    result = await connection.execute(update(NOTE).where(NOTE.c.id > 2).values(name=NOTE.c.name + "!"))

    assert result.rowcount == 3


async def test_insert_tells_the_new_key(connection: AsyncConnection) -> None:
    result = await connection.execute(insert(NOTE), {"name": "f"})

    assert result.inserted_primary_key == (6,)


async def test_executemany_writes_every_row(connection: AsyncConnection) -> None:
    result = await connection.execute(text("INSERT INTO note (name) VALUES (:name)"), [{"name": "f"}, {"name": "g"}])

    names = (await connection.execute(select(NOTE.c.name).order_by(NOTE.c.id))).scalars().all()
    assert (result.rowcount, names) == (2, ["a", "b", "c", "d", "e", "f", "g"])


async def test_executemany_with_returning_gives_every_row(connection: AsyncConnection) -> None:
    result = await connection.execute(insert(NOTE).returning(NOTE.c.id, NOTE.c.name), [{"name": "f"}, {"name": "g"}])

    assert sorted(result.all()) == [(6, "f"), (7, "g")]


async def test_violated_constraint_is_an_integrity_error(connection: AsyncConnection) -> None:
    with pytest.raises(IntegrityError) as caught:
        await connection.execute(insert(NOTE), {"name": "a"})

    assert isinstance(caught.value.orig, sqlite3.IntegrityError)
    assert caught.value.orig.sqlite_errorcode == sqlite3.SQLITE_CONSTRAINT_UNIQUE


async def test_failing_executemany_is_an_integrity_error(connection: AsyncConnection) -> None:
    with pytest.raises(IntegrityError):
        await connection.execute(text("INSERT INTO note (name) VALUES (:name)"), [{"name": "f"}, {"name": "a"}])


async def test_wrong_statement_is_an_operational_error(connection: AsyncConnection) -> None:
    with pytest.raises(OperationalError, match="no such table: nowhere"):
        await connection.execute(text("SELECT * FROM nowhere"))


async def test_connection_works_on_after_an_error(connection: AsyncConnection) -> None:
    with pytest.raises(OperationalError):
        await connection.execute(text("SELECT * FROM nowhere"))

    assert (await connection.execute(text("SELECT 1"))).scalar_one() == 1


async def test_work_is_gone_after_rollback(connection: AsyncConnection) -> None:
    await connection.execute(insert(NOTE), {"name": "f"})
    await connection.rollback()

    assert (await connection.execute(text("SELECT count(*) FROM note"))).scalar_one() == 5
