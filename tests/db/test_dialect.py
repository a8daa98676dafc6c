import sqlite3
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from tests.support.service import Account, Service
from todo_api.db import dialect
from todo_api.db.session import Session
from todo_api.errors import DatabaseBusyError, DatabaseUnavailableError, StorageFullError, WriteConflictError

NOW = datetime(2027, 3, 10, tzinfo=UTC)


def from_driver(cause: BaseException, *, invalidated: bool = False) -> DBAPIError:
    """The error as SQLAlchemy raises it."""
    return DBAPIError("SELECT 1", {}, cause, connection_invalidated=invalidated)


def from_sqlite(code: int) -> DBAPIError:
    cause = sqlite3.OperationalError("as SQLite says")
    cause.sqlite_errorcode = code
    return from_driver(cause)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (sqlite3.SQLITE_BUSY, DatabaseBusyError),
        (sqlite3.SQLITE_BUSY_SNAPSHOT, DatabaseBusyError),
        (sqlite3.SQLITE_LOCKED, DatabaseBusyError),
        (sqlite3.SQLITE_FULL, StorageFullError),
        (sqlite3.SQLITE_IOERR, DatabaseUnavailableError),
        (sqlite3.SQLITE_IOERR_FSYNC, DatabaseUnavailableError),
        (sqlite3.SQLITE_CANTOPEN, DatabaseUnavailableError),
        (sqlite3.SQLITE_READONLY, DatabaseUnavailableError),
        (sqlite3.SQLITE_ERROR, type(None)),
        (sqlite3.SQLITE_CONSTRAINT, type(None)),
        (sqlite3.SQLITE_CORRUPT, type(None)),
    ],
)
def test_sqlite_code_means(code: int, expected: type) -> None:
    assert type(dialect.unavailable(from_sqlite(code))) is expected


@pytest.mark.parametrize(
    ("cause", "expected"),
    [
        (asyncpg.SerializationError("x"), WriteConflictError),
        (asyncpg.DeadlockDetectedError("x"), WriteConflictError),
        (asyncpg.QueryCanceledError("x"), DatabaseBusyError),
        (asyncpg.LockNotAvailableError("x"), DatabaseBusyError),
        (asyncpg.TooManyConnectionsError("x"), DatabaseBusyError),
        (asyncpg.DiskFullError("x"), StorageFullError),
        (asyncpg.CannotConnectNowError("x"), DatabaseUnavailableError),
        (asyncpg.AdminShutdownError("x"), DatabaseUnavailableError),
        (asyncpg.CrashShutdownError("x"), DatabaseUnavailableError),
        (asyncpg.ConnectionDoesNotExistError("x"), DatabaseUnavailableError),
        (asyncpg.UniqueViolationError("x"), type(None)),
        (asyncpg.UndefinedTableError("x"), type(None)),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_postgresql_error_means(cause: Exception, expected: type) -> None:
    assert type(dialect.unavailable(from_driver(cause))) is expected
    assert type(dialect.unavailable(cause)) is expected


@pytest.mark.parametrize("cause", [ConnectionRefusedError(), ConnectionResetError(), TimeoutError(), OSError()], ids=repr)
def test_network_error_is_unavailable(cause: Exception) -> None:
    assert type(dialect.unavailable(cause)) is DatabaseUnavailableError


def test_network_error_below_the_driver_is_unavailable() -> None:
    adapted = Exception("connection was closed")
    adapted.__cause__ = ConnectionResetError()

    assert type(dialect.unavailable(from_driver(adapted))) is DatabaseUnavailableError


def test_invalidated_connection_is_unavailable() -> None:
    assert type(dialect.unavailable(from_driver(Exception(), invalidated=True))) is DatabaseUnavailableError


@pytest.mark.parametrize(
    ("cause", "said"),
    [
        (asyncpg.InvalidCatalogNameError("x"), "There is no such database"),
        (asyncpg.InvalidPasswordError("x"), "The database server refuses this user"),
        (asyncpg.InvalidAuthorizationSpecificationError("x"), "The database server refuses this user"),
        (asyncpg.InsufficientPrivilegeError("x"), "The database does not let this user"),
        (asyncpg.UndefinedTableError("x"), "None"),
        (OSError(), "None"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_postgresql_error_is_misconfigured(cause: Exception, said: str) -> None:
    for error in (cause, from_driver(cause)):
        assert str(dialect.misconfigured(error)).startswith(said)


@pytest.mark.parametrize(
    ("cause", "expected"),
    [
        (asyncpg.UndefinedTableError("x"), True),
        (asyncpg.UndefinedColumnError("x"), False),
        (sqlite3.OperationalError("no such table: alembic_version"), True),
        (sqlite3.OperationalError("disk I/O error"), False),
    ],
    ids=repr,
)
def test_missing_table_is_known(cause: Exception, expected: object) -> None:
    assert dialect.is_missing_table(from_driver(cause)) is expected


def test_exhausted_pool_is_busy() -> None:
    assert type(dialect.unavailable(PoolTimeoutError())) is DatabaseBusyError


@pytest.mark.parametrize("error", [ValueError(), KeyError(), IntegrityError("", {}, Exception())], ids=repr)
def test_other_error_means_nothing(error: Exception) -> None:
    assert dialect.unavailable(error) is None


def test_storage_full_asks_for_more_patience() -> None:
    found = dialect.unavailable(from_sqlite(sqlite3.SQLITE_FULL))

    assert found is not None
    assert found.headers == {"Retry-After": "10"}


@pytest.fixture
async def session(service: Service) -> AsyncIterator[Session]:
    session = service.state.database.writer()
    yield session
    await session.rollback()


async def violation(session: Session, statement: str, **values: Any) -> IntegrityError:
    """The error of a statement that violates a constraint."""
    with pytest.raises(IntegrityError) as caught:
        await session.execute(text(statement), values)
    return caught.value


async def test_unique_constraint_is_named(session: Session, database_kind: str) -> None:
    error = await violation(session, "INSERT INTO alembic_version SELECT version_num FROM alembic_version")

    expected = {"sqlite": "alembic_version.version_num", "postgresql": "alembic_version_pkc"}
    assert dialect.violated(error) == expected[database_kind]
    assert dialect.violates_unique(error, "alembic_version_pkc", "alembic_version.version_num")
    assert not dialect.violates_unique(error, "uq_label_name", "label.name")


async def test_check_constraint_is_named(session: Session, account: Account) -> None:
    error = await violation(session, "UPDATE member SET role = 7 WHERE user_id = :user", user=account.user_id)

    assert dialect.violated(error) == "ck_member_role"
