"""Runs migrations on either database; several processes that start together take turns."""

import asyncio
from typing import Any, Final

from alembic import context
from sqlalchemy import Connection, pool, text
from sqlalchemy.ext.asyncio import create_async_engine

from todo_api.db import columns
from todo_api.models import Todo
from todo_api.settings import Settings

_LOCK: Final = 7_310_033_114  # any number that nobody else uses for an advisory lock in this database
_WAIT: Final = "120s"


target_metadata = Todo.metadata


def _is_ours(name: str | None, kind: str, _parents: Any) -> bool:
    """The search index is no table of the models: SQLite keeps it in several, PostgreSQL in a generated column."""
    return kind != "table" or name is None or not name.startswith("todo_search")


def _settings() -> Settings:
    settings: Any = context.config.attributes.get("settings")
    return settings or Settings.from_env()


def _render(kind: str, item: Any, context_: Any) -> Any:
    """Write our own column types by name in new migrations."""
    if kind == "type" and type(item).__module__ == columns.__name__:
        context_.imports.add("from todo_api.db import columns")
        return f"columns.{type(item).__name__}()"
    return False


def _run(connection: Connection) -> None:
    """Take the lock before the revision is read: who comes second finds the work done."""
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"SET lock_timeout = '{_WAIT}'"))
        connection.execute(text(f"SELECT pg_advisory_lock({_LOCK})"))
        connection.execute(text("SET lock_timeout = '5s'"))
        connection.commit()
    else:
        connection.exec_driver_sql("PRAGMA journal_mode=WAL")
        connection.exec_driver_sql("PRAGMA busy_timeout=60000")
        connection.exec_driver_sql("PRAGMA wal_autocheckpoint=0")  # a server beside this does it, else the last one to close
        connection.exec_driver_sql("PRAGMA foreign_keys=OFF")  # batch mode rebuilds tables
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    context.configure(
        connection=connection,
        target_metadata=target_metadata,
        render_as_batch=True,
        compare_type=True,
        render_item=_render,
        include_name=_is_ours,
    )
    with context.begin_transaction():
        context.run_migrations()
    if connection.dialect.name == "postgresql":
        connection.commit()
        connection.execute(text(f"SELECT pg_advisory_unlock({_LOCK})"))
    else:
        connection.exec_driver_sql("COMMIT")


async def _online() -> None:
    settings = _settings()
    options: dict[str, Any] = {"isolation_level": "AUTOCOMMIT"} if settings.on_sqlite else {}
    engine = create_async_engine(settings.database_url, poolclass=pool.NullPool, **options)
    try:
        async with engine.connect() as connection:
            await connection.run_sync(_run)
    finally:
        await engine.dispose()


if context.is_offline_mode():
    settings = _settings()
    context.configure(url=settings.database_url, target_metadata=target_metadata, literal_binds=True, render_as_batch=True)
    with context.begin_transaction():
        context.run_migrations()
else:
    asyncio.run(_online())
