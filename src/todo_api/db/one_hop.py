"""SQLAlchemy's aiosqlite dialect with one trip to the SQLite thread for a statement instead of four.

The adapter creates the cursor, executes, fetches and closes in separate jobs; here they are one. Reads and writes get about
a third of their time back (benchmarks/), and application code does not change.
"""

import sqlite3
from collections import deque
from collections.abc import Iterator, Sequence
from typing import Any

import aiosqlite
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.aiosqlite import (
    AsyncAdapt_aiosqlite_connection,
    AsyncAdapt_aiosqlite_dbapi,
    SQLiteDialect_aiosqlite,
)
from sqlalchemy.util.concurrency import await_only

DRIVER = "onehop"


class OneHopCursor:
    """A DBAPI cursor whose rows are all fetched by the job that executes."""

    __slots__ = ("_adapted", "_rows", "arraysize", "description", "lastrowid", "rowcount")
    server_side = False

    def __init__(self, adapted: AsyncAdapt_aiosqlite_connection) -> None:
        self._adapted = adapted
        self._rows: deque[Any] = deque()
        self.arraysize = 1
        self.description: Any = None
        self.lastrowid: int | None = None
        self.rowcount = -1

    def _job(self, sql: str, parameters: Any, *, many: bool) -> tuple[list[Any], Any, int, int | None]:
        cursor = self._adapted._connection._conn.cursor()  # noqa: SLF001  # the adapter offers no public way to the sqlite3 connection
        try:
            (cursor.executemany if many else cursor.execute)(sql, parameters)
            return cursor.fetchall() if cursor.description else [], cursor.description, cursor.rowcount, cursor.lastrowid
        finally:
            cursor.close()

    def _run(self, sql: str, parameters: Any, *, many: bool) -> None:
        try:
            job = self._adapted._connection._execute(self._job, sql, parameters, many=many)  # noqa: SLF001  # as above
            rows, self.description, self.rowcount, self.lastrowid = await_only(job)
        except Exception as error:  # noqa: BLE001  # the adapter decides what each error is
            self._adapted._handle_exception(error)  # noqa: SLF001  # as above
        else:
            self._rows = deque(rows)

    def execute(self, operation: str, parameters: Any = ()) -> None:
        self._run(operation, parameters or (), many=False)

    def executemany(self, operation: str, parameters: Sequence[Any]) -> None:
        self._run(operation, parameters, many=True)

    def fetchone(self) -> Any:
        return self._rows.popleft() if self._rows else None

    def fetchmany(self, size: int | None = None) -> list[Any]:
        return [self._rows.popleft() for _ in range(min(size or self.arraysize, len(self._rows)))]

    def fetchall(self) -> list[Any]:
        rows = list(self._rows)
        self._rows.clear()
        return rows

    def __iter__(self) -> Iterator[Any]:
        while self._rows:
            yield self._rows.popleft()

    def setinputsizes(self, *_: Any) -> None:
        """SQLite has no input sizes."""

    async def _async_soft_close(self) -> None:
        """The driver's cursor is closed already; SQLAlchemy calls this before it leaves the greenlet."""

    def close(self) -> None:
        self._rows.clear()


class OneHopConnection(AsyncAdapt_aiosqlite_connection):
    """Hands out the cursor above."""

    __slots__ = ()
    _cursor_cls = OneHopCursor  # type: ignore[assignment]  # same protocol, other base class


class OneHopModule(AsyncAdapt_aiosqlite_dbapi):
    """The DBAPI module that the dialect sees."""

    def connect(self, *args: Any, **keywords: Any) -> OneHopConnection:
        return OneHopConnection(self, super().connect(*args, **keywords)._connection)  # noqa: SLF001  # as above


class OneHopDialect(SQLiteDialect_aiosqlite):
    """``sqlite+onehop://``."""

    driver = DRIVER
    supports_statement_cache = True

    @classmethod
    def import_dbapi(cls) -> OneHopModule:
        return OneHopModule(aiosqlite, sqlite3)


registry.register(f"sqlite.{DRIVER}", __name__, OneHopDialect.__name__)
