import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import event, text

from tests.support.clock import TestClock
from tests.support.service import Account, Service, serving
from todo_api.db.engine import Database
from todo_api.db.session import Session
from todo_api.errors import UnavailableError
from todo_api.settings import Settings

LONG = "x" * 60_000


@pytest.fixture
async def impatient(file: Path, database_url: str, clock: TestClock) -> AsyncIterator[Service]:
    """The service, which waits 0.2 s for other writers; ``file`` keeps it to SQLite."""
    del file
    async with serving(Settings(database_url=database_url, sqlite_write_seconds=0.2), clock) as running:
        yield running


@pytest.fixture
async def ada(impatient: Service) -> Account:
    return await impatient.account()


async def pragma(session: Session, name: str) -> Any:
    return (await session.execute(text(f"PRAGMA {name}"))).scalar_one()


@contextmanager
def locked(service: Service) -> Iterator[None]:
    """Another program writes."""
    with closing(sqlite3.connect(str(service.state.database.file), isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield


@contextmanager
def full_disk(service: Service) -> Iterator[None]:
    """No writing connection that is opened in the block may let the file grow."""
    writing = service.state.database.engines[1]

    def limit(connection: Any, _: Any) -> None:
        cursor = connection.cursor()
        cursor.execute("PRAGMA max_page_count = 1")  # SQLite takes what the file has
        cursor.close()

    event.listen(writing.sync_engine, "connect", limit)
    try:
        yield
    finally:
        event.remove(writing.sync_engine, "connect", limit)


async def fill(service: Service, client: httpx.AsyncClient) -> httpx.Response:
    """Write until the disk is full; the refusal."""
    async with service.state.database.transaction() as session:
        await pragma(session, "max_page_count = 1")
    for _ in range(20):
        response = await client.post("/v1/todos", json={"title": "big", "notes": LONG})
        if response.status_code != 201:
            return response
    raise AssertionError("the disk never filled")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("journal_mode", "wal"),
        ("synchronous", 2),  # FULL
        ("foreign_keys", 1),
        ("busy_timeout", 60_000),
        ("wal_autocheckpoint", 1000),
        ("query_only", 0),
        ("journal_size_limit", 67108864),
        ("trusted_schema", 0),
        ("cell_size_check", 1),
    ],
)
async def test_writing_connection_has_the_setting(bare: Database, name: str, value: object) -> None:
    async with bare.transaction() as session:
        assert await pragma(session, name) == value


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("journal_mode", "wal"),
        ("foreign_keys", 1),
        ("busy_timeout", 60_000),
        ("wal_autocheckpoint", 0),
        ("query_only", 1),
        ("trusted_schema", 0),
        ("cell_size_check", 1),
    ],
)
async def test_reading_connection_has_the_setting(bare: Database, name: str, value: object) -> None:
    async with bare.snapshot() as session:
        assert await pragma(session, name) == value


async def test_synchronous_normal_is_taken_when_set(file: Path) -> None:
    database = Database(Settings(database_url=f"sqlite:///{file}", sqlite_synchronous="NORMAL"))

    async with database.transaction() as session:
        level = await pragma(session, "synchronous")

    await database.close()
    assert level == 1


async def test_writer_of_a_command_never_checkpoints(file: Path) -> None:
    database = Database(Settings(database_url=f"sqlite:///{file}"), checkpoints=False)

    async with database.transaction() as session:
        pages = await pragma(session, "wal_autocheckpoint")

    await database.close()
    assert pages == 0


async def test_reader_cannot_write(bare: Database, file: Path) -> None:
    async with bare.snapshot() as session:
        with pytest.raises(UnavailableError):
            await session.execute(text("INSERT INTO note VALUES (1, 1)"))

    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("SELECT count(*) FROM note").fetchone() == (0,)


async def test_reader_cannot_write_even_after_query_only_is_lifted(bare: Database) -> None:
    async with bare.snapshot() as session:
        await session.execute(text("PRAGMA query_only = OFF"))

        with pytest.raises(UnavailableError):
            await session.execute(text("INSERT INTO note VALUES (1, 1)"))


async def test_reader_does_not_wait_for_a_writer(bare: Database) -> None:
    writer = bare.writer()
    await writer.execute(text("INSERT INTO note VALUES (1, 1)"))

    async with bare.snapshot() as session:
        seen = (await session.execute(text("SELECT count(*) FROM note"))).scalar_one()

    await writer.commit()
    assert seen == 0


async def test_read_finds_what_was_committed_before(bare: Database) -> None:
    async with bare.transaction() as session:
        await session.execute(text("INSERT INTO note VALUES (1, 1)"))

    async with bare.snapshot() as session:
        assert (await session.execute(text("SELECT unit, part FROM note"))).all() == [(1, 1)]


@pytest.mark.parametrize("name", ["my todos.db", "Aufgäben.db", "100%.db", "a#b.db"])
async def test_file_is_made_where_it_is_named(file: Path, name: str) -> None:
    database = Database(Settings(database_url=f"sqlite:///{file.parent / name}"))

    async with database.transaction() as session:
        await session.execute(text("CREATE TABLE note (unit INTEGER)"))
    await database.close()

    assert [path.name for path in file.parent.iterdir()] == [name]


async def test_missing_file_is_known_until_something_is_written(file: Path) -> None:
    database = Database(Settings(database_url=f"sqlite:///{file}"))
    before = database.file_is_missing

    async with database.transaction() as session:
        await session.execute(text("CREATE TABLE note (unit INTEGER)"))

    await database.close()
    assert (before, database.file_is_missing) == (True, False)


async def test_write_while_another_program_writes_is_503(impatient: Service, ada: Account) -> None:
    client = impatient.client(ada)

    with locked(impatient):
        response = await client.post("/v1/todos", json={"title": "Wait"})

    assert response.status_code == 503
    assert response.json()["code"] == "database_busy"
    assert response.headers["retry-after"] == "1"


async def test_read_while_another_program_writes_succeeds(impatient: Service, ada: Account) -> None:
    client = impatient.client(ada)

    with locked(impatient):
        response = await client.get("/v1/todos")

    assert response.status_code == 200


async def test_write_after_another_program_wrote_succeeds(impatient: Service, ada: Account) -> None:
    client = impatient.client(ada)
    with locked(impatient):
        await client.post("/v1/todos", json={"title": "Refused"})

    response = await client.post("/v1/todos", json={"title": "Taken"})

    assert response.status_code == 201
    assert [todo["title"] for todo in (await client.get("/v1/todos")).json()["items"]] == ["Taken"]


async def test_write_on_a_full_disk_is_503(impatient: Service, ada: Account) -> None:
    client = impatient.client(ada)

    with full_disk(impatient):
        response = await fill(impatient, client)

    assert response.status_code == 503
    assert response.json()["code"] == "storage_full"
    assert response.headers["retry-after"] == "10"


async def test_disk_that_stays_full_is_503_every_time(impatient: Service, ada: Account) -> None:
    client = impatient.client(ada)

    with full_disk(impatient):
        await fill(impatient, client)
        responses = [await client.post("/v1/todos", json={"title": "big", "notes": LONG}) for _ in range(3)]

    assert [response.json()["code"] for response in responses] == ["storage_full"] * 3


async def test_reads_go_on_while_the_disk_is_full(impatient: Service, ada: Account) -> None:
    client = impatient.client(ada)
    await client.post("/v1/todos", json={"title": "Here before"})

    with full_disk(impatient):
        await fill(impatient, client)
        response = await client.get("/v1/todos?limit=1")

    assert response.status_code == 200
    assert [todo["title"] for todo in response.json()["items"]] == ["Here before"]


async def test_write_succeeds_when_there_is_room_again(impatient: Service, ada: Account) -> None:
    client = impatient.client(ada)
    with full_disk(impatient):
        await fill(impatient, client)

    response = await client.post("/v1/todos", json={"title": "big", "notes": LONG})

    assert response.status_code == 201


async def test_refused_write_on_a_full_disk_leaves_nothing(impatient: Service, ada: Account) -> None:
    client = impatient.client(ada)

    with full_disk(impatient):
        refused = await fill(impatient, client)

    count = len((await client.get("/v1/todos")).json()["items"])
    changes = await impatient.changes(ada.workspace_id)
    assert refused.status_code == 503
    assert [change.seq for change in changes] == list(range(1, count + 3))  # the workspace and its inbox came first
