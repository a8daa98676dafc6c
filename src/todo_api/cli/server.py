"""Serving: migrate what may be migrated, say what a newcomer needs, run uvicorn."""

import asyncio
import os
import sys

import uvicorn

from todo_api.db import migrations
from todo_api.errors import StartupError
from todo_api.main import create_app, running
from todo_api.observability import logs
from todo_api.repositories.users import UserRepository
from todo_api.settings import Settings

_FACTORY = "todo_api.cli.server:worker_app"


def serve(settings: Settings, *, migrate: bool) -> None:
    """Run until a signal ends it; raises StartupError."""
    if settings.on_sqlite and settings.workers > 1:
        raise StartupError(
            "SQLite is served by one process, which is its one writer. For --workers, set TODO_API_DATABASE_URL to PostgreSQL."
        )
    if settings.on_sqlite or migrate:
        migrations.upgrade(settings)
    if not asyncio.run(_has_account(settings)):
        print(_welcome(settings), file=sys.stderr, flush=True)  # noqa: T201  # for the person at the terminal
    logs.configure(level=settings.log_level, format_=settings.log_format)
    if settings.workers == 1:
        _run(create_app(settings), settings)
    else:
        os.environ["TODO_API_HOST"] = settings.host  # an option of this command decides what workers allow
        _run(_FACTORY, settings)


def worker_app() -> object:
    """The application of one of several processes, which read the settings that their parent left in the environment."""
    settings = Settings.from_env()
    logs.configure(level=settings.log_level, format_=settings.log_format)
    return create_app(settings)


def _run(app: object, settings: Settings) -> None:
    uvicorn.run(
        app,  # type: ignore[arg-type]  # an application or the name of its factory
        factory=isinstance(app, str),
        host=settings.host,
        port=settings.port,
        workers=settings.workers,
        access_log=False,
        server_header=False,
        date_header=True,
        log_config=None,
        forwarded_allow_ips=settings.forwarded_allow_ips,
        timeout_graceful_shutdown=settings.shutdown_seconds,
        timeout_keep_alive=30,
        h11_max_incomplete_event_size=32 * 1024,
    )


async def _has_account(settings: Settings) -> bool:
    async with running(settings) as state, state.database.snapshot() as session:
        return await UserRepository(session, state.clock).exist()


def _welcome(settings: Settings) -> str:
    base = f"http://{'127.0.0.1' if settings.host == '0.0.0.0' else settings.host}:{settings.port}"  # noqa: S104  # compared, not bound
    if not settings.registration_open:
        return "There is no account yet. Make one:\n\n  todo-api user add you@example.com\n"
    return (
        "There is no account yet. Make one:\n\n"
        f"  curl -s {base}/v1/auth/register -H 'Content-Type: application/json' \\\n"
        '    -d \'{"email": "you@example.com", "password": "correct horse battery"}\'\n\n'
        f"or in the browser: {base}/docs\n"
    )
