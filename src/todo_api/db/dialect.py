"""Every difference between SQLite and PostgreSQL that is not a column type."""

import re
import sqlite3
from typing import Any, Final

import asyncpg
from sqlalchemy import ColumnElement, Integer, String, literal
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from todo_api.errors import (
    DatabaseBusyError,
    DatabaseUnavailableError,
    StartupError,
    StorageFullError,
    UnavailableError,
    WriteConflictError,
)

_COLLISIONS: Final = {"40001", "40P01"}
_BUSY: Final = {"57014", "55P03", "53300"}  # query canceled, lock not available, too many connections
_DISK_FULL: Final = {"53100", "53200"}
_UNDEFINED_TABLE: Final = "42P01"
_MISCONFIGURED: Final = {
    "3D000": "There is no such database on the server. Make it with createdb, or name another one",
    "28": "The database server refuses this user or password. Set the right ones",
    "42501": "The database does not let this user do that. Grant it the schema, or name another user",
}
_SQLITE_DAMAGED: Final = {
    sqlite3.SQLITE_NOTADB: "The file is no SQLite database. Name another one",
    sqlite3.SQLITE_CORRUPT: "The database file is damaged. Restore a backup, or name another file",
}
_SQLITE_BUSY: Final = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_SQLITE_COLUMNS: Final = re.compile(r"UNIQUE constraint failed: (.+)$")
_SQLITE_NAMED: Final = re.compile(r"constraint failed: (\w+)$")


class _Position(FunctionElement[int]):
    """Where a text has a part, counted from 1; 0 when it has not. By code point: no LIKE, no collation."""

    type = Integer()
    inherit_cache = True


@compiles(_Position)
def _strpos(element: _Position, compiler: SQLCompiler, **keywords: Any) -> str:
    return f"strpos({compiler.process(element.clauses, **keywords)})"


@compiles(_Position, "sqlite")
def _instr(element: _Position, compiler: SQLCompiler, **keywords: Any) -> str:
    return f"instr({compiler.process(element.clauses, **keywords)})"


def contains(text: Any, part: Any) -> ColumnElement[bool]:
    """Whether a text has a part, exactly."""
    return _Position(text, part) > 0


class _LocalDay(FunctionElement[str]):
    """The date of an instant at an offset from UTC, as ``2027-03-14``."""

    type = String()
    inherit_cache = True


@compiles(_LocalDay)
def _to_char(element: _LocalDay, compiler: SQLCompiler, **keywords: Any) -> str:
    instant, seconds = (compiler.process(clause, **keywords) for clause in element.clauses)
    return f"to_char(({instant} AT TIME ZONE 'UTC') + make_interval(secs => {seconds}), 'YYYY-MM-DD')"


@compiles(_LocalDay, "sqlite")
def _date(element: _LocalDay, compiler: SQLCompiler, **keywords: Any) -> str:
    instant, seconds = (compiler.process(clause, **keywords) for clause in element.clauses)
    return f"date({instant}, {seconds} || ' seconds')"


def local_day(instant: Any, seconds: int) -> ColumnElement[str]:
    """The date of an instant where clocks are that many seconds east of UTC."""
    return _LocalDay(instant, literal(seconds, Integer()))


def unavailable(error: BaseException) -> UnavailableError | None:
    """What to answer when ``error`` says that the database cannot serve now; None when it says something else."""
    if isinstance(error, PoolTimeoutError):
        return DatabaseBusyError("All database connections are in use. Try again shortly.")
    if isinstance(error, DBAPIError):
        return _from_sqlite(error.orig) or _from_postgresql(error)
    if isinstance(error, (OSError, TimeoutError, asyncpg.PostgresConnectionError, asyncpg.InterfaceError)):
        return DatabaseUnavailableError()
    if isinstance(error, asyncpg.PostgresError):
        return _by_state(getattr(error, "sqlstate", None))
    return None


def _from_sqlite(cause: BaseException | None) -> UnavailableError | None:
    if not isinstance(cause, sqlite3.Error):
        return None
    code = (getattr(cause, "sqlite_errorcode", 0) or 0) & 0xFF
    if code in _SQLITE_BUSY:
        return DatabaseBusyError("Another program is writing to the database file. Try again shortly.")
    if code == sqlite3.SQLITE_FULL:
        return StorageFullError("The disk is full; reading still works.", seconds=10)
    if code in {sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY}:
        return DatabaseUnavailableError(seconds=5)
    return None


def _from_postgresql(error: DBAPIError) -> UnavailableError | None:
    if found := _by_state(getattr(error.orig, "sqlstate", None)):
        return found
    driver = error.orig.__cause__ if error.orig is not None else None
    lost = isinstance(driver, (OSError, TimeoutError, asyncpg.PostgresConnectionError, asyncpg.InternalClientError))
    return DatabaseUnavailableError() if lost or error.connection_invalidated else None


def _by_state(state: str | None) -> UnavailableError | None:
    if state is None:
        return None
    if state in _COLLISIONS:
        return WriteConflictError()
    if state in _BUSY:
        return DatabaseBusyError("The database is busy. Try again shortly.")
    if state in _DISK_FULL:
        return StorageFullError("The database server's storage is full.", seconds=10)
    if state.startswith(("08", "57P")):  # connection exceptions, shutdown and start-up
        return DatabaseUnavailableError()
    return None


def misconfigured(error: BaseException) -> StartupError | None:
    """What to mend when ``error`` says that the address names no usable database; None when it says something else."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(cause, sqlite3.Error):
        text = _SQLITE_DAMAGED.get((getattr(cause, "sqlite_errorcode", 0) or 0) & 0xFF)
    else:
        state = getattr(cause, "sqlstate", None) or ""
        text = _MISCONFIGURED.get(state) or _MISCONFIGURED.get(state[:2])
    return StartupError(f"{text} in TODO_API_DATABASE_URL.") if text else None


def is_missing_table(error: DBAPIError) -> bool:
    """Whether the statement named a table that does not exist."""
    if isinstance(error.orig, sqlite3.Error):
        return str(error.orig).startswith("no such table")
    return getattr(error.orig, "sqlstate", None) == _UNDEFINED_TABLE


def violated(error: IntegrityError) -> str:
    """The name of the violated constraint; on SQLite, which names only columns for uniqueness, ``table.a, table.b``."""
    name = getattr(getattr(error.orig, "__cause__", None), "constraint_name", None)
    if isinstance(name, str):
        return name
    text = str(error.orig)
    match = _SQLITE_COLUMNS.search(text) or _SQLITE_NAMED.search(text)
    return match.group(1) if match else text


def violates_unique(error: IntegrityError, constraint: str, columns: str) -> bool:
    """Whether the unique ``constraint`` is violated; ``columns`` is its SQLite wording, ``table.a, table.b``."""
    return violated(error) in {constraint, columns}
