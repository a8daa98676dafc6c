"""A check-up: what would keep the service from serving well."""

import shutil
import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from todo_api.db import migrations
from todo_api.db.engine import Database
from todo_api.domain.dates import zone
from todo_api.errors import StartupError, UnavailableError
from todo_api.settings import Settings

_LEAST_SPACE = 256 * 2**20
_SAFE_SQLITE = (3, 51, 3)  # before it, two processes that checkpoint at once can damage the file; commands never do


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at."""

    name: str
    ok: bool
    detail: str
    warns: bool = False


async def examine(settings: Settings) -> list[Check]:
    """Look at everything; nothing is changed."""
    database = Database(settings)
    try:
        return [
            _settings(settings),
            *_names(),
            *await _database(database, settings),
            _disk(database),
            _clock(),
            _zones(),
            _sqlite(settings),
        ]
    finally:
        await database.close()


def _settings(settings: Settings) -> Check:
    if settings.registration_open and not settings.on_loopback:
        return Check("settings", ok=True, detail=f"registration is open to everybody who reaches {settings.host}")
    return Check(
        "settings",
        ok=True,
        detail=f"registration {'open' if settings.registration_open else 'closed'}, {settings.host}:{settings.port}",
    )


def _names() -> list[Check]:
    """A name that is misspelled would be ignored in silence."""
    return [Check("settings", ok=True, warns=True, detail=f"{name} is no setting") for name in Settings.unknown_names()]


async def _database(database: Database, settings: Settings) -> list[Check]:
    if database.file_is_missing:
        return [Check("database", ok=True, detail=f"{database.file} does not exist yet; `todo-api serve` makes it")]
    try:
        have = await migrations.current(database)
    except UnavailableError as error:
        return [Check("database", ok=False, detail=error.title)]
    except StartupError as error:
        return [Check("database", ok=False, detail=str(error))]
    want, detail = migrations.needed(), f"revision {have}"
    if have != want and migrations.is_behind(settings, have):
        detail = f"revision {have}, needed {want}: type todo-api migrate"
    elif have != want:
        detail = f"revision {have} is newer than this program ({want}): install the matching version"
    return [
        Check("database", ok=True, detail=f"{database.dialect_name} answers"),
        Check("schema", ok=have == want, detail=detail),
    ]


def _disk(database: Database) -> Check:
    folder = Path() if database.file is None else database.file.absolute().parent
    free = shutil.disk_usage(folder).free
    return Check("disk", ok=free >= _LEAST_SPACE, detail=f"{free // 2**20} MiB free")


def _clock() -> Check:
    now = datetime.now(UTC)
    built = datetime.fromtimestamp(Path(__file__).stat().st_mtime, UTC)
    return Check(
        "clock",
        now >= built,
        f"{now.isoformat(timespec='seconds')}" + ("" if now >= built else ", before this program was installed"),
    )


def _zones() -> Check:
    return Check("time zones", zone("Europe/Berlin").key == "Europe/Berlin", "IANA zones are there")


def _sqlite(settings: Settings) -> Check:
    version = sqlite3.sqlite_version
    newer = sqlite3.sqlite_version_info >= _SAFE_SQLITE
    note = "" if newer or not settings.on_sqlite else "; below 3.51.3 nothing but todo-api should write to the file"
    return Check("sqlite", ok=True, detail=version + note)
