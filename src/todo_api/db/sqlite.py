"""SQLite: one writing connection with group commit, and read-only connections beside it."""

import asyncio
from contextlib import suppress
from typing import Any
from urllib.parse import quote

from sqlalchemy import event
from sqlalchemy.engine import URL, ExceptionContext, make_url
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from todo_api.db.one_hop import DRIVER
from todo_api.errors import DatabaseBusyError, DatabaseUnavailableError
from todo_api.settings import Settings

_BOTH = (
    "foreign_keys=ON",
    "trusted_schema=OFF",
    "cell_size_check=ON",
    "temp_store=MEMORY",
    "cache_size=-65536",
)


def _engine(settings: Settings, *, pragmas: tuple[str, ...], mode: str, size: int) -> AsyncEngine:
    path = make_url(settings.database_url).database or ""
    patience = f"busy_timeout={round(settings.sqlite_write_seconds * 1000)}"  # with other programs
    engine = create_async_engine(
        URL.create(f"sqlite+{DRIVER}", database=f"file:{quote(path)}", query={"mode": mode, "uri": "true"}),
        isolation_level="AUTOCOMMIT",  # BEGIN, SAVEPOINT and COMMIT are the writer's own
        pool_size=size,
        max_overflow=0,
        pool_timeout=settings.sqlite_write_seconds,
        pool_reset_on_return=None,
        hide_parameters=True,
    )

    @event.listens_for(engine.sync_engine, "connect")
    def configure(connection: Any, _: ConnectionPoolEntry) -> None:
        cursor = connection.cursor()
        for pragma in (patience, *pragmas):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    return engine


def reading_engine(settings: Settings) -> AsyncEngine:
    """Connections that SQLite itself keeps from writing, and that never checkpoint (SQLite's WAL-reset bug needs two that do)."""
    return _engine(settings, pragmas=(*_BOTH, "query_only=ON", "wal_autocheckpoint=0"), mode="ro", size=settings.sqlite_readers)


def writing_engine(settings: Settings, *, checkpoints: bool = True) -> AsyncEngine:
    """The one connection that writes; a command beside the server leaves checkpoints to it."""
    own = ("journal_mode=WAL", f"synchronous={settings.sqlite_synchronous}", "journal_size_limit=67108864")
    pragmas = (*own, *_BOTH) if checkpoints else (*own, *_BOTH, "wal_autocheckpoint=0")
    engine = _engine(settings, pragmas=pragmas, mode="rwc", size=1)

    @event.listens_for(engine.sync_engine, "handle_error")
    def keep_when_cancelled(context: ExceptionContext) -> None:
        """The thread finishes the statement, then the rollback; the other units of the group need the connection."""
        if isinstance(context.original_exception, asyncio.CancelledError):
            context.is_disconnect = False

    return engine


class Writer:
    """Runs units of work one after another and covers those that finish meanwhile with one COMMIT (group commit).

    The first unit of a group opens the transaction; later ones work in a savepoint. A finished unit waits for the COMMIT that
    covers it, so nothing is answered that a power cut could take back. A failed unit rolls back to its savepoint alone.
    With one client there is one unit in a group, and no savepoint.
    """

    def __init__(self, engine: AsyncEngine, *, queue: int, seconds: float) -> None:
        self._engine = engine
        self._queue = queue
        self._seconds = seconds
        self._turn = asyncio.Lock()
        self._waiting = 0
        self._connection: AsyncConnection | None = None
        self._group: asyncio.Future[None] | None = None  # set while finished units wait for their COMMIT
        self._tasks: set[asyncio.Task[None]] = set()

    async def begin(self) -> AsyncConnection:
        """Wait for the turn and open the unit; raises DatabaseBusyError when the queue is full or slow."""
        await self._take_turn()
        try:
            connection = self._connection
            if connection is None:
                connection = self._connection = await self._engine.connect()
            await self._run("BEGIN IMMEDIATE" if self._group is None else "SAVEPOINT unit")
        except BaseException:
            await self.rollback()
            raise
        return connection

    async def commit(self) -> None:
        """End the unit; returns when it is durable."""
        if self._group is not None:
            await self._join(self._group)
        elif self._waiting:
            self._group = asyncio.get_running_loop().create_future()
            self._group.add_done_callback(_retrieve)
            self._spawn(self._commit_group_in_turn())
            group = self._group
            self._turn.release()
            await asyncio.shield(group)
        else:
            await self._end("COMMIT")

    async def rollback(self) -> None:
        """Undo the unit and nothing else; only where SQLite undid everything by itself (disk full) the group fails with it."""
        statements = ("ROLLBACK",) if self._group is None else ("ROLLBACK TO unit", "RELEASE unit")
        with suppress(Exception):  # whoever rolls back has an error of their own to tell
            await self._end(*statements)

    async def close(self) -> None:
        """Wait for the last COMMIT and close the connection."""
        while self._tasks:
            await asyncio.wait(self._tasks)
        if self._connection is not None:
            await self._connection.close()
            self._connection = None

    async def _take_turn(self) -> None:
        if self._waiting >= self._queue:
            raise DatabaseBusyError("Too many writes are waiting. Try again shortly.")
        self._waiting += 1
        try:
            async with asyncio.timeout(self._seconds):
                await self._turn.acquire()
        except TimeoutError:
            raise DatabaseBusyError("The database is busy with other writes. Try again shortly.") from None
        finally:
            self._waiting -= 1

    async def _join(self, group: asyncio.Future[None]) -> None:
        await self._end("RELEASE unit")
        await asyncio.shield(group)

    async def _commit_group_in_turn(self) -> None:
        """Queue behind the writes that wait already, then commit for all that finished: the queue's length bounds the group."""
        await self._turn.acquire()
        group, self._group = self._group, None
        try:
            if group is not None:
                await self._settle(group)
        finally:
            self._turn.release()

    async def _settle(self, group: asyncio.Future[None]) -> None:
        try:
            await self._run("COMMIT")
        except Exception as error:  # noqa: BLE001  # every unit of the group must hear of it
            await self._forget_connection()
            group.set_exception(error)
        else:
            group.set_result(None)

    async def _end(self, *statements: str) -> None:
        """Close the unit and give the turn away, in a task of its own: neither is left undone when the caller is cancelled."""
        await asyncio.shield(self._spawn(self._end_in_turn(statements)))

    async def _end_in_turn(self, statements: tuple[str, ...]) -> None:
        try:
            for sql in statements:
                await self._run(sql)
        except Exception:
            await self._forget_connection()
            raise
        finally:
            self._turn.release()

    def _spawn(self, work: Any) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _run(self, sql: str) -> None:
        if self._connection is None:
            raise DatabaseUnavailableError
        await self._connection.exec_driver_sql(sql)

    async def _forget_connection(self) -> None:
        """Drop the connection, and with it whatever was not committed; units that waited for it fail."""
        group, self._group = self._group, None
        connection, self._connection = self._connection, None
        if group is not None and not group.done():
            group.set_exception(DatabaseUnavailableError())
        if connection is not None:
            await connection.invalidate()
            await connection.close()


def _retrieve(group: asyncio.Future[None]) -> None:
    """Mark a failure as seen: a unit that was cancelled meanwhile does not ask for it."""
    if not group.cancelled():
        group.exception()
