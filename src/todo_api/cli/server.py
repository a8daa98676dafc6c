"""Serving: migrate what may be migrated, say what a newcomer needs, run uvicorn."""

import asyncio
import os
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import uvicorn
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import Multiprocess

from todo_api.db import migrations
from todo_api.errors import StartupError
from todo_api.main import create_app, running
from todo_api.observability import logs
from todo_api.repositories.users import UserRepository
from todo_api.settings import Settings
from todo_api.web.guard import Guard

_FACTORY = "todo_api.cli.server:worker_app"
_REACHABLE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  # compared, not bound


def serve(settings: Settings, *, migrate: bool) -> None:
    """Run until a signal ends it; raises StartupError."""
    if settings.on_sqlite and settings.workers > 1:
        raise StartupError(
            "SQLite is served by one process, which is its one writer. For --workers, set TODO_API_DATABASE_URL to PostgreSQL."
        )
    if settings.on_sqlite or migrate:
        migrations.upgrade(settings)
    is_new = not asyncio.run(_has_account(settings))

    def greet(port: int) -> None:
        """Called when the port is known, which the settings may leave to the system."""
        if is_new:
            print(_welcome(settings, port), file=sys.stderr, flush=True)  # noqa: T201  # for the person at the terminal

    logs.configure(level=settings.log_level, format_=settings.log_format)
    if settings.workers == 1:
        _serve_alone(settings, greet)
    else:
        _serve_with_workers(settings, greet)


def worker_app() -> object:
    """The application of one of several processes, which read the settings that their parent left in the environment."""
    settings = Settings.from_env()
    logs.configure(level=settings.log_level, format_=settings.log_format)
    return create_app(settings)


class _Server(uvicorn.Server):
    """Tells the port as soon as it is bound."""

    def __init__(self, config: uvicorn.Config, greet: Callable[[int], None]) -> None:
        super().__init__(config)
        self._greet = greet

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._greet(self.servers[0].sockets[0].getsockname()[1])


def _serve_alone(settings: Settings, greet: Callable[[int], None]) -> None:
    server = _Server(_config(create_app(settings), settings), greet)
    with suppress(KeyboardInterrupt):
        server.run()
    if not server.started:
        sys.exit(STARTUP_FAILURE)


def _serve_with_workers(settings: Settings, greet: Callable[[int], None]) -> None:
    os.environ["TODO_API_HOST"] = settings.host  # an option of this command decides what workers allow
    config = _config(_FACTORY, settings)
    bound = config.bind_socket()
    greet(bound.getsockname()[1])
    with suppress(KeyboardInterrupt):
        Multiprocess(config, sockets=[bound]).run()


def _config(app: Any, settings: Settings) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        factory=isinstance(app, str),
        host=settings.host,
        port=settings.port,
        workers=settings.workers,
        http=Guard,
        ws="none",
        access_log=False,
        server_header=False,
        date_header=True,
        log_config=None,
        forwarded_allow_ips=settings.forwarded_allow_ips,
        timeout_graceful_shutdown=settings.shutdown_seconds,
        timeout_keep_alive=30,
    )


async def _has_account(settings: Settings) -> bool:
    async with running(settings, checkpoints=False) as state, state.database.snapshot() as session:
        return await UserRepository(session, state.clock).exist()


def _welcome(settings: Settings, port: int) -> str:
    host = _REACHABLE.get(settings.host, settings.host)
    base = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    if not settings.registration_open:
        return "There is no account yet. Make one:\n\n  todo-api user add you@example.com\n"
    return (
        "There is no account yet. Make one:\n\n"
        f"  curl -s {base}/v1/auth/register -H 'Content-Type: application/json' \\\n"
        '    -d \'{"email": "you@example.com", "password": "correct horse battery"}\'\n\n'
        f"or in the browser: {base}/docs\n"
    )
