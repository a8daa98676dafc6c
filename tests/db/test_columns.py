from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, bindparam, insert, select, text
from sqlalchemy.schema import CreateTable

from tests.support.service import Service
from todo_api.db.columns import Id, Instant, Json, SortableText
from todo_api.db.session import Session

SAMPLE = Table(
    "sample",
    MetaData(),
    Column("number", Integer, primary_key=True),
    Column("id", Id),
    Column("at", Instant),
    Column("data", Json),
    Column("name", SortableText),
)
ID = "01a1f8b2-e7be-739b-840f-b6d371bb7327"


@pytest.fixture
async def session(service: Service) -> AsyncIterator[Session]:
    """A session with the table ``sample``, which its rollback removes."""
    session = service.state.database.writer()
    await session.execute(CreateTable(SAMPLE))
    yield session
    await session.rollback()


async def kept(session: Session, column: str, *values: Any) -> list[Any]:
    """What comes back for values of a column, in the order of the column."""
    await session.execute(insert(SAMPLE), [{"number": number, column: value} for number, value in enumerate(values)])
    found = SAMPLE.c[column]
    return list((await session.execute(select(found).order_by(found))).scalars())


async def test_id_stays_canonical_text(session: Session) -> None:
    assert await kept(session, "id", ID) == [ID]


async def test_id_is_found_by_its_text(session: Session) -> None:
    await kept(session, "id", ID)

    statement = select(SAMPLE.c.number).where(SAMPLE.c.id == bindparam("id", type_=Id()))

    assert (await session.execute(statement, {"id": ID})).scalar_one() == 0


async def test_missing_id_stays_missing(session: Session) -> None:
    assert await kept(session, "id", None) == [None]


async def test_instant_keeps_its_microseconds(session: Session) -> None:
    at = datetime(2027, 3, 10, 9, 0, 0, 123456, tzinfo=UTC)

    assert await kept(session, "at", at) == [at]


async def test_instant_comes_back_in_utc(session: Session) -> None:
    berlin = timezone(timedelta(hours=1))

    (found,) = await kept(session, "at", datetime(2027, 3, 10, 9, 0, tzinfo=berlin))

    assert found == datetime(2027, 3, 10, 8, 0, tzinfo=UTC)
    assert found.utcoffset() == timedelta(0)


async def test_instants_sort_by_time(session: Session) -> None:
    whole = datetime(2027, 3, 10, 9, 0, tzinfo=UTC)
    later = whole + timedelta(microseconds=1)
    west = datetime(2027, 3, 10, 3, 59, 59, tzinfo=timezone(timedelta(hours=-5)))

    assert await kept(session, "at", later, whole, west) == [west, whole, later]


async def test_missing_instant_stays_missing(session: Session) -> None:
    assert await kept(session, "at", None) == [None]


async def test_instant_on_sqlite_is_text_as_the_api_writes_it(session: Session, database_kind: str) -> None:
    if database_kind != "sqlite":
        pytest.skip("about SQLite: runs with --database sqlite")
    await kept(session, "at", datetime(2027, 3, 10, 9, 0, tzinfo=UTC))

    assert (await session.execute(text("SELECT at FROM sample"))).scalar_one() == "2027-03-10T09:00:00.000000Z"


@pytest.mark.parametrize(
    "value", [{}, [], {"a": [1, 2.5, None, True, {"b": "ü"}]}, ["🦜", 'quote " and \\'], "text", 0, False], ids=repr
)
async def test_json_comes_back_as_it_was(session: Session, value: Any) -> None:
    await session.execute(insert(SAMPLE), {"number": 1, "data": value})

    assert (await session.execute(select(SAMPLE.c.data))).scalar_one() == value


async def test_json_none_is_null(session: Session) -> None:
    await session.execute(insert(SAMPLE), {"number": 1, "data": None})

    assert (await session.execute(text("SELECT data IS NULL FROM sample"))).scalar_one()


async def test_text_sorts_by_code_point(session: Session) -> None:
    names = ["🦜", "a", "Z", "é", "", "z", "\uffee", "B", "a0", "aZ", "~"]

    assert await kept(session, "name", *names) == ["", "B", "Z", "a", "a0", "aZ", "z", "~", "é", "\uffee", "🦜"]
