"""The database: where sessions come from."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from todo_api.db import postgresql, sqlite
from todo_api.db.session import Session
from todo_api.settings import Settings


class Reading:
    """A read-only connection; nothing to commit, and each statement sees the newest committed state."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._connection: AsyncConnection | None = None

    async def begin(self) -> AsyncConnection:
        self._connection = await self._engine.connect()
        return self._connection

    async def commit(self) -> None:
        await self.rollback()

    async def rollback(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()


class Database:
    """Engines of one database. Reading and writing are apart: a reader cannot write, and never waits for a writer on SQLite."""

    def __init__(self, settings: Settings, *, checkpoints: bool = True) -> None:
        self.dialect_name = "sqlite" if settings.on_sqlite else "postgresql"
        self._file = Path(make_url(settings.database_url).database or "") if settings.on_sqlite else None
        if settings.on_sqlite:
            self._reading = sqlite.reading_engine(settings)
            self._writing = sqlite.writing_engine(settings, checkpoints=checkpoints)
        else:
            self._reading = postgresql.reading_engine(settings)
            self._writing = postgresql.writing_engine(settings)
        self._writer = (
            sqlite.Writer(self._writing, queue=settings.sqlite_write_queue, seconds=settings.sqlite_write_seconds)
            if settings.on_sqlite
            else None
        )

    def reader(self) -> Session:
        """A read-only session; the caller ends it with ``rollback``."""
        return Session(Reading(self._reading), dialect_name=self.dialect_name)

    def writer(self) -> Session:
        """A writing session; the caller ends it with ``commit`` or ``rollback``."""
        transaction = postgresql.Pooled(self._writing) if self._writer is None else self._writer
        return Session(transaction, dialect_name=self.dialect_name)

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[Session]:
        """Read in a block."""
        session = self.reader()
        try:
            yield session
        finally:
            await session.rollback()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Session]:
        """Write in a block: committed at its end, rolled back when it raises."""
        session = self.writer()
        try:
            yield session
            await session.commit()
        except BaseException:
            await session.rollback()
            raise

    @property
    def file(self) -> Path | None:
        """The SQLite file; None on PostgreSQL."""
        return self._file

    @property
    def file_is_missing(self) -> bool:
        """Whether this is SQLite and nothing was ever written."""
        return self._file is not None and not self._file.exists()

    @property
    def engines(self) -> tuple[AsyncEngine, AsyncEngine]:
        """The reading and the writing engine, for those who count statements."""
        return self._reading, self._writing

    async def close(self) -> None:
        """Finish what is being committed and close all connections."""
        if self._writer is not None:
            await self._writer.close()
        await self._reading.dispose()
        await self._writing.dispose()
