"""One unit of work: opens at its first statement, ends by commit or rollback."""

import copy
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, NoReturn, Protocol, TypeVarTuple, overload

from sqlalchemy import CursorResult, Executable
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.selectable import TypedReturnsRows

from todo_api.db import dialect
from todo_api.errors import UnavailableError

Columns = TypeVarTuple("Columns")
Hook = Callable[["Session"], Awaitable[None]]
Parameters = dict[str, Any] | Sequence[dict[str, Any]]


class Transaction(Protocol):
    """How a session's transaction begins and ends; one kind for each database and for reading and writing."""

    async def begin(self) -> AsyncConnection: ...
    async def commit(self) -> None: ...
    async def rollback(self) -> None: ...


class Session:
    """A lazily opened transaction; what is asked before the first statement costs no connection.

    Database trouble leaves here as an UnavailableError; IntegrityError passes, for repositories name their constraints.
    """

    def __init__(self, transaction: Transaction, *, dialect_name: str) -> None:
        self.dialect_name = dialect_name
        self._transaction = transaction
        self._connection: AsyncConnection | None = None
        self._on_begin: Hook | None = None
        self._before_commit: dict[str, Hook] = {}
        self._after_commit: list[Callable[[], None]] = []
        self.memory: dict[str, Any] = {}

    @property
    def is_open(self) -> bool:
        """Whether a statement was executed since the last commit or rollback."""
        return self._connection is not None

    async def connection(self) -> AsyncConnection:
        """The open connection; begins the transaction at the first call."""
        if self._connection is not None:
            return self._connection
        try:
            self._connection = await self._transaction.begin()
        except (DBAPIError, PoolTimeoutError, OSError) as error:
            _raise_translated(error)
        hook, self._on_begin = self._on_begin, None
        if hook is not None:
            await hook(self)
        return self._connection

    @overload
    async def execute(
        self, statement: TypedReturnsRows[*Columns], parameters: Parameters | None = None
    ) -> CursorResult[*Columns]: ...
    @overload
    async def execute(self, statement: Executable, parameters: Parameters | None = None) -> CursorResult[*tuple[Any, ...]]: ...
    async def execute(self, statement: Any, parameters: Parameters | None = None) -> Any:
        """Run one statement; raises UnavailableError and IntegrityError."""
        connection = await self.connection()
        try:
            return await connection.execute(statement, parameters)
        except (DBAPIError, OSError) as error:
            _raise_translated(error)

    def on_begin(self, hook: Hook) -> None:
        """Run ``hook`` as the first work of the transaction, whenever that begins."""
        self._on_begin = hook

    def before_commit(self, name: str, hook: Hook) -> None:
        """Run ``hook`` last in the transaction; a name registers once."""
        self._before_commit.setdefault(name, hook)

    def after_commit(self, hook: Callable[[], None]) -> None:
        """Run ``hook`` when the transaction is durable; it must not fail."""
        self._after_commit.append(hook)

    @asynccontextmanager
    async def savepoint(self) -> AsyncIterator[None]:
        """Work that may fail alone: when the block raises, its statements and all it collected are undone, and nothing else.

        Not after an UnavailableError: that one ends the whole unit of work, here as anywhere.
        """
        await self._run("SAVEPOINT step")
        before_commit, after_commit = dict(self._before_commit), list(self._after_commit)
        memory = {name: copy.copy(value) for name, value in self.memory.items()}
        try:
            yield
        except UnavailableError:
            raise
        except Exception:
            await self._run("ROLLBACK TO SAVEPOINT step")
            await self._run("RELEASE SAVEPOINT step")
            self._before_commit, self._after_commit, self.memory = before_commit, after_commit, memory
            raise
        await self._run("RELEASE SAVEPOINT step")

    async def _run(self, sql: str) -> None:
        connection = await self.connection()
        try:
            await connection.exec_driver_sql(sql)
        except (DBAPIError, OSError) as error:
            _raise_translated(error)

    async def flush(self) -> None:
        """Run the hooks that write what was collected."""
        hooks, self._before_commit = self._before_commit, {}
        for hook in hooks.values():
            await hook(self)

    async def commit(self) -> None:
        """Make the work durable; on return it survives a power cut. Without a statement it does nothing."""
        if self._connection is None:
            return
        try:
            await self.flush()
            self._connection = None
            await self._transaction.commit()
        except (DBAPIError, OSError) as error:
            _raise_translated(error)
        self.memory.clear()
        hooks, self._after_commit = self._after_commit, []
        for hook in hooks:
            hook()

    async def rollback(self) -> None:
        """Forget everything since the first statement."""
        self._before_commit.clear()
        self._after_commit.clear()
        self.memory.clear()
        if self._connection is not None:
            self._connection = None
            await self._transaction.rollback()


def _raise_translated(error: Exception) -> NoReturn:
    if isinstance(error, IntegrityError):
        raise error
    if known := dialect.unavailable(error):
        raise known from error
    raise error
