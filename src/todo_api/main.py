"""Puts everything together, once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from fastapi import FastAPI

from todo_api.db import migrations
from todo_api.db.engine import Database
from todo_api.domain.clock import Clock, system_clock
from todo_api.domain.dates import zone
from todo_api.errors import TodoApiError
from todo_api.routers import ROUTERS
from todo_api.runtime.state import State
from todo_api.security.keyring import KeyRing
from todo_api.security.passwords import Passwords
from todo_api.settings import Settings
from todo_api.web.docs import add_docs
from todo_api.web.middleware import Edge
from todo_api.web.openapi import install_openapi
from todo_api.web.problems import add_problem_handlers
from todo_api.worker import start, upkeep


def create_app(settings: Settings, *, clock: Clock = system_clock) -> FastAPI:
    """The application for these settings; nothing is opened before its lifespan begins."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[dict[str, Any]]:
        async with running(settings, clock) as state:
            task = asyncio.create_task(upkeep.run(state))
            try:
                yield {"runtime": state}
            finally:
                state.stopping = True
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
                with suppress(TodoApiError):
                    await upkeep.flush_last_used(state)

    app = FastAPI(
        title="todo-api",
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
        redirect_slashes=False,
    )
    for router in ROUTERS:
        app.router.routes.extend(router.routes)  # flat: included routers are matched by a nested, slower walk
    add_docs(app)
    add_problem_handlers(app)
    install_openapi(app)
    app.add_middleware(Edge, max_body_bytes=settings.max_body_bytes, body_seconds=settings.body_seconds)
    return app


@asynccontextmanager
async def running(settings: Settings, clock: Clock = system_clock, *, checkpoints: bool = True) -> AsyncIterator[State]:
    """Open the database and what a process keeps in memory; commands use it without the application.

    They leave SQLite's checkpoints to the server that may run beside them.
    Raises StartupError when the schema is not the one needed, and UnavailableError when the database does not answer.
    """
    zone("UTC")  # reads the names of all zones, once
    database = Database(settings, checkpoints=checkpoints)
    passwords = Passwords(threads=settings.hashing_threads, queue=settings.hashing_queue)
    try:
        await migrations.require_current(database, settings)
        state = State(
            settings=settings,
            database=database,
            ring=KeyRing(),
            passwords=passwords,
            clock=clock,
            revision=migrations.needed(),
        )
        await start.prepare(state)
        yield state
    finally:
        await database.close()
        passwords.close()
