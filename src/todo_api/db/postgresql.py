"""PostgreSQL: one pool that writes and one that the server keeps read-only."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from todo_api.settings import Settings


def _engine(settings: Settings, *, size: int, isolation_level: str, server_settings: dict[str, str]) -> AsyncEngine:
    def milliseconds(seconds: float) -> str:
        return str(round(seconds * 1000))

    limits = {
        "application_name": "todo-api",
        "statement_timeout": milliseconds(settings.postgresql_statement_seconds),
        "lock_timeout": milliseconds(settings.postgresql_lock_seconds),
        "idle_in_transaction_session_timeout": milliseconds(settings.postgresql_statement_seconds + 5),
        "jit": "off",  # short statements only
    }
    arguments: dict[str, Any] = {
        "timeout": 3,
        "command_timeout": settings.postgresql_statement_seconds + 1,  # a black-holed server must not hold calls for ever
        "server_settings": limits | server_settings,
    }
    return create_async_engine(
        settings.database_url,
        isolation_level=isolation_level,
        pool_size=size,
        max_overflow=0,
        pool_timeout=settings.postgresql_pool_seconds,
        pool_use_lifo=True,
        pool_recycle=1800,
        hide_parameters=True,
        connect_args=arguments,
    )


def reading_engine(settings: Settings) -> AsyncEngine:
    """Connections which the server keeps from writing; each statement stands alone, so a read is one round trip."""
    return _engine(
        settings,
        size=settings.postgresql_readers,
        isolation_level="AUTOCOMMIT",
        server_settings={"default_transaction_read_only": "on"},
    )


def writing_engine(settings: Settings) -> AsyncEngine:
    """Connections for transactions; READ COMMITTED, because every write names the version or the row it expects."""
    return _engine(settings, size=settings.postgresql_pool, isolation_level="READ COMMITTED", server_settings={})


class Pooled:
    """One transaction on a connection of the writing pool."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._connection: AsyncConnection | None = None

    async def begin(self) -> AsyncConnection:
        self._connection = await self._engine.connect()
        return self._connection

    async def commit(self) -> None:
        try:
            if self._connection is not None:
                await self._connection.commit()
        finally:
            await self._release()

    async def rollback(self) -> None:
        await self._release()  # returning a connection to the pool rolls it back

    async def _release(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()
