"""Savepoints: work that fails alone, on both databases, also inside a group commit."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import pytest
from sqlalchemy import select, text

from tests.support.clock import TestClock
from tests.support.service import Account, Service
from todo_api.db.engine import Database
from todo_api.db.session import Session
from todo_api.domain.changes import Kind, Operation
from todo_api.errors import DatabaseBusyError
from todo_api.models import Workspace
from todo_api.repositories import _changes
from todo_api.settings import Settings

RENAME = text("UPDATE workspace SET name = :name")
NAMES = select(Workspace.name)


@pytest.fixture
async def database(settings: Settings, service: Service, account: Account) -> AsyncIterator[Database]:
    del service, account  # there is one workspace
    database = Database(settings)
    yield database
    await database.close()


async def rename(session: Session, name: str) -> None:
    await session.execute(RENAME, {"name": name})


async def name(database: Database) -> Any:
    async with database.snapshot() as session:
        return (await session.execute(NAMES)).scalar_one()


async def test_what_succeeds_is_kept(database: Database) -> None:
    async with database.transaction() as session, session.savepoint():
        await rename(session, "kept")

    assert await name(database) == "kept"


async def test_what_fails_is_undone_alone(database: Database) -> None:
    async with database.transaction() as session:
        await rename(session, "before")
        with suppress(LookupError):
            async with session.savepoint():
                await rename(session, "within")
                raise LookupError

    assert await name(database) == "before"


async def test_failed_statement_does_not_end_the_transaction(database: Database) -> None:
    async with database.transaction() as session:
        with pytest.raises(Exception, match="no_such_table"):
            async with session.savepoint():
                await session.execute(text("SELECT * FROM no_such_table"))
        await rename(session, "after")

    assert await name(database) == "after"


async def test_savepoints_nest(database: Database) -> None:
    async with database.transaction() as session, session.savepoint():
        await rename(session, "outer")
        with suppress(LookupError):
            async with session.savepoint():
                await rename(session, "inner")
                raise LookupError

    assert await name(database) == "outer"


async def test_outer_failure_takes_the_inner_success_along(database: Database) -> None:
    async with database.transaction() as session:
        await rename(session, "before")
        with suppress(LookupError):
            async with session.savepoint():
                async with session.savepoint():
                    await rename(session, "inner")
                raise LookupError

    assert await name(database) == "before"


async def test_hooks_of_what_failed_do_not_run(database: Database) -> None:
    ran: list[str] = []

    async def write(_: Session) -> None:
        ran.append("before, outside")

    async def write_within(_: Session) -> None:
        ran.append("before, within")

    async with database.transaction() as session:
        await rename(session, "x")
        session.before_commit("outside", write)
        session.after_commit(lambda: ran.append("after, outside"))
        with suppress(LookupError):
            async with session.savepoint():
                session.before_commit("within", write_within)
                session.after_commit(lambda: ran.append("after, within"))
                raise LookupError

    assert ran == ["before, outside", "after, outside"]


async def test_memory_of_what_failed_is_forgotten(database: Database) -> None:
    async with database.transaction() as session:
        session.memory["seen"] = ["before"]
        with suppress(LookupError):
            async with session.savepoint():
                session.memory["seen"].append("within")
                session.memory["new"] = 1
                raise LookupError

        assert session.memory == {"seen": ["before"]}


async def test_changes_of_what_failed_are_not_logged(service: Service, account: Account, clock: TestClock) -> None:
    def entry(entity_id: str) -> _changes.Entry:
        return _changes.Entry(account.workspace_id, Kind.LIST, entity_id, Operation.UPDATE, account.user_id, "tests")

    seq = await service.seq(account.workspace_id)
    async with service.state.database.transaction() as session:
        _changes.record(session, clock, entry(account.user_id))
        await rename(session, "x")
        with suppress(LookupError):
            async with session.savepoint():
                _changes.record(session, clock, entry(account.inbox_id))
                raise LookupError

    changes = await service.changes(account.workspace_id)
    assert [change.entity_id for change in changes if change.seq > seq] == [account.user_id]


async def test_changes_only_within_what_failed_leave_no_number(service: Service, account: Account, clock: TestClock) -> None:
    entry = _changes.Entry(account.workspace_id, Kind.LIST, account.inbox_id, Operation.UPDATE, account.user_id, "tests")
    seq = await service.seq(account.workspace_id)

    async with service.state.database.transaction() as session:
        with suppress(LookupError):
            async with session.savepoint():
                _changes.record(session, clock, entry)
                raise LookupError

    assert await service.seq(account.workspace_id) == seq


async def test_unavailable_database_ends_the_whole_unit(database: Database) -> None:
    async def unit() -> None:
        async with database.transaction() as session:
            await rename(session, "lost")
            async with session.savepoint():
                raise DatabaseBusyError

    before = await name(database)

    with pytest.raises(DatabaseBusyError):
        await unit()

    assert await name(database) == before


async def test_cancelled_block_ends_the_whole_unit(database: Database) -> None:
    within = asyncio.Event()

    async def unit() -> None:
        async with database.transaction() as session:
            await rename(session, "lost")
            async with session.savepoint():
                within.set()
                await asyncio.Event().wait()

    before = await name(database)
    task = asyncio.create_task(unit())
    await within.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert await name(database) == before
    async with database.transaction() as session:  # and the writer is free
        await rename(session, "next")
    assert await name(database) == "next"


async def test_units_of_a_group_fail_alone_with_savepoints_inside(service: Service) -> None:
    """On SQLite concurrent units share a COMMIT, each in the writer's own savepoint, which ours must not touch."""
    accounts = [await service.account(f"user{index}@example.com") for index in range(6)]

    async def unit(index: int) -> None:
        own = text("UPDATE user_account SET name = :name WHERE id = :id")
        async with service.state.database.transaction() as session:
            await session.execute(own, {"name": f"kept {index}", "id": accounts[index].user_id})
            with suppress(LookupError):
                async with session.savepoint():
                    await session.execute(own, {"name": "undone", "id": accounts[index].user_id})
                    raise LookupError
            if index % 2:
                raise RuntimeError

    results = await asyncio.gather(*(unit(index) for index in range(6)), return_exceptions=True)

    assert [type(result) for result in results] == [type(None), RuntimeError] * 3
    async with service.state.database.snapshot() as session:
        rows = await session.execute(text("SELECT name FROM user_account ORDER BY email"))
        found = [row.name for row in rows]
    assert found == ["kept 0", "user1", "kept 2", "user3", "kept 4", "user5"]
