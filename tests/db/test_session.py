from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import func, insert, select, text
from sqlalchemy.exc import IntegrityError, ProgrammingError, SQLAlchemyError

from tests.support.service import PASSWORD, Account, Service
from todo_api.db.engine import Database
from todo_api.db.session import Session
from todo_api.models import LoginThrottle, SigningKey

MADE = datetime(2027, 3, 10, tzinfo=UTC)
KEY = {"id": "01a1f8b2-e7be-739b-840f-b6d371bb7327", "secret": b"x" * 32, "created_at": MADE}


@pytest.fixture
async def database(service: Service) -> Database:
    """A migrated database whose table ``signing_key`` holds what a test puts there and the service's own row."""
    return service.state.database


async def added(database: Database) -> bool:
    """Whether KEY is stored."""
    async with database.snapshot() as session:
        statement = select(func.count()).select_from(SigningKey).where(SigningKey.id == KEY["id"])
        return bool((await session.execute(statement)).scalar_one())


async def nothing(_: Session) -> None:
    """A hook that does nothing."""


async def test_session_opens_at_its_first_statement(database: Database) -> None:
    session = database.writer()
    before = session.is_open

    await session.execute(text("SELECT 1"))

    after = session.is_open
    await session.rollback()
    assert (before, after) == (False, True)


async def test_session_that_asked_nothing_takes_no_connection(database: Database) -> None:
    sessions = [database.writer() for _ in range(100)]  # more than there are connections

    for session in sessions:
        await session.commit()

    assert not any(session.is_open for session in sessions)


async def test_commit_without_a_statement_runs_no_hook(database: Database) -> None:
    ran: list[str] = []
    session = database.writer()
    session.after_commit(lambda: ran.append("after"))

    await session.commit()

    assert ran == []


async def test_commit_keeps_the_work(database: Database) -> None:
    async with database.transaction() as session:
        await session.execute(insert(SigningKey), KEY)

    assert await added(database)


async def test_error_in_the_block_takes_the_work_back(database: Database) -> None:
    async def fail() -> None:
        async with database.transaction() as session:
            await session.execute(insert(SigningKey), KEY)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()

    assert not await added(database)


async def test_hooks_run_in_the_order_they_came_and_around_the_commit(database: Database) -> None:
    ran: list[str] = []

    def noting(word: str) -> Any:
        async def hook(_: Session) -> None:
            ran.append(word)

        return hook

    async with database.transaction() as session:
        session.after_commit(lambda: ran.append("after 1"))
        session.before_commit("one", noting("before 1"))
        session.before_commit("two", noting("before 2"))
        session.after_commit(lambda: ran.append("after 2"))
        await session.execute(text("SELECT 1"))

    assert ran == ["before 1", "before 2", "after 1", "after 2"]


async def test_hook_of_the_same_name_is_registered_once(database: Database) -> None:
    ran: list[str] = []

    async def hook(_: Session) -> None:
        ran.append("before")

    async with database.transaction() as session:
        session.before_commit("same", hook)
        session.before_commit("same", hook)
        await session.execute(text("SELECT 1"))

    assert ran == ["before"]


async def test_hook_writes_in_the_transaction(database: Database) -> None:
    async def write(session: Session) -> None:
        await session.execute(insert(SigningKey), KEY)

    async with database.transaction() as session:
        session.before_commit("write", write)
        await session.execute(text("SELECT 1"))

    assert await added(database)


async def test_failing_hook_keeps_the_commit_away(database: Database) -> None:
    async def fail(_: Session) -> None:
        raise ZeroDivisionError

    session = database.writer()
    session.before_commit("fail", fail)
    await session.execute(insert(SigningKey), KEY)

    with pytest.raises(ZeroDivisionError):
        await session.commit()

    await session.rollback()
    assert not await added(database)


async def test_after_commit_finds_the_work_durable(database: Database) -> None:
    seen: list[bool] = []
    session = database.writer()
    session.after_commit(lambda: seen.append(session.is_open))
    await session.execute(insert(SigningKey), KEY)

    await session.commit()

    assert seen == [False]
    assert await added(database)


async def test_rollback_forgets_hooks_and_memory(database: Database) -> None:
    ran: list[str] = []
    session = database.writer()
    session.before_commit("nothing", nothing)
    session.after_commit(lambda: ran.append("after"))
    session.memory["noted"] = 1
    await session.execute(insert(SigningKey), KEY)

    await session.rollback()
    await session.execute(text("SELECT 1"))
    await session.commit()

    assert (ran, session.memory) == ([], {})
    assert not await added(database)


async def test_rollback_twice_does_nothing_more(database: Database) -> None:
    session = database.writer()
    await session.execute(insert(SigningKey), KEY)

    await session.rollback()
    await session.rollback()

    assert not session.is_open


async def test_session_works_again_after_a_commit(database: Database) -> None:
    session = database.writer()
    await session.execute(text("SELECT 1"))
    await session.commit()

    await session.execute(insert(SigningKey), KEY)
    await session.commit()

    assert await added(database)


async def test_violated_constraint_passes_as_it_is(database: Database) -> None:
    session = database.writer()
    await session.execute(insert(SigningKey), KEY)

    with pytest.raises(IntegrityError):
        await session.execute(insert(SigningKey), KEY)

    await session.rollback()


async def test_wrong_statement_passes_as_it_is(database: Database, database_kind: str) -> None:
    expected = SQLAlchemyError if database_kind == "sqlite" else ProgrammingError

    async with database.snapshot() as session:
        with pytest.raises(expected):
            await session.execute(text("SELECT nothing FROM nowhere"))


async def test_counted_failure_survives_its_own_refusal(service: Service, account: Account) -> None:
    anonymous = service.client()

    refused = await anonymous.post("/v1/auth/login", json={"email": account.email, "password": "wrong " + PASSWORD})

    async with service.state.database.snapshot() as session:
        failures = (await session.execute(select(LoginThrottle.failures))).scalars().all()
    assert refused.status_code == 401
    assert list(failures) == [1, 1]  # the account's and the address's
