"""The schema's revision: what the database has, what this program needs, and the way from one to the other."""

import asyncio
import os
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError

from todo_api.db import dialect
from todo_api.db.engine import Database
from todo_api.errors import StartupError
from todo_api.settings import Settings

_CHECKOUT: Final = Path(__file__).parents[3] / "alembic"
_INSTALLED: Final = Path(__file__).parents[1] / "_alembic"
_CURRENT: Final = text("SELECT version_num FROM alembic_version")


def _folder() -> Path:
    return _INSTALLED if _INSTALLED.exists() else _CHECKOUT


def config(settings: Settings) -> Any:
    """Alembic's configuration for this database; imported late, because it is slow and only commands need it."""
    from alembic.config import Config  # noqa: PLC0415  # as above

    made = Config()
    made.set_main_option("script_location", str(_folder()))
    made.attributes["settings"] = settings
    return made


def upgrade(settings: Settings, revision: str = "head") -> None:
    """Bring the schema up to ``revision``; several at once wait for each other. Not to be called from a running event loop.

    Raises StartupError for an unknown revision, for one that the schema is past, and for an address that names no usable
    database; UnavailableError when the database does not answer.
    """
    from alembic import command  # noqa: PLC0415  # as in config()
    from alembic.util import CommandError  # noqa: PLC0415  # as in config()

    _require_folder(settings)
    if revision != "head":
        asyncio.run(_require_not_past(settings, revision))
    try:
        _make_private_file(settings)
        command.upgrade(config(settings), revision)
    except CommandError as error:
        text = str(error)
        if text.startswith("Relative"):
            raise StartupError(f"{text}.") from error
        raise StartupError(f"{text}, which belongs to another version of this program. Install the matching one.") from error
    except Exception as error:
        if known := dialect.unavailable(error) or dialect.misconfigured(error):
            raise known from error
        raise


async def _require_not_past(settings: Settings, revision: str) -> None:
    """Going back drops columns and tables with what is in them, so a command that brings up does not do it."""
    from alembic.script import ScriptDirectory  # noqa: PLC0415  # as in config()
    from alembic.util import CommandError  # noqa: PLC0415  # as in config()

    database = Database(settings)
    try:
        have = await current(database)
    finally:
        await database.close()
    if have is None or not _is_known(settings, have):
        return
    scripts = ScriptDirectory.from_config(config(settings))
    try:
        found: Any = scripts.get_revision(revision)  # None for "base"
    except CommandError:
        return  # the upgrade names it
    wanted = None if found is None else found.revision
    if wanted != have and (wanted is None or wanted in {script.revision for script in scripts.iterate_revisions(have, "base")}):
        raise StartupError(f"The schema is at {have}, which is past {revision}, and does not go back: restore a backup instead.")


def _require_folder(settings: Settings) -> None:
    folder = Path(make_url(settings.database_url).database or "").absolute().parent
    if settings.on_sqlite and not folder.is_dir():
        raise StartupError(f"There is no folder {folder}. Make it, or name another file in TODO_API_DATABASE_URL.")


def _make_private_file(settings: Settings) -> None:
    """Create the SQLite file for its owner alone, because it holds the service's secrets; SQLite gives -wal and -shm its mode."""
    path = make_url(settings.database_url).database
    if settings.on_sqlite and path:
        with suppress(FileExistsError):
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))


def downgrade(settings: Settings, revision: str) -> None:
    """Bring the schema down to ``revision``."""
    from alembic import command  # noqa: PLC0415  # as in config()

    command.downgrade(config(settings), revision)


@cache
def needed() -> str:
    """The revision that this program works with."""
    from alembic.config import Config  # noqa: PLC0415  # as in config()
    from alembic.script import ScriptDirectory  # noqa: PLC0415  # as in config()

    made = Config()
    made.set_main_option("script_location", str(_folder()))
    head = ScriptDirectory.from_config(made).get_current_head()
    assert head is not None  # noqa: S101  # the package carries its migrations
    return head


async def current(database: Database) -> str | None:
    """The revision that the database has; None for an empty one.

    Raises UnavailableError when it does not answer, and StartupError when the address names no usable database.
    """
    if database.file_is_missing:
        return None
    try:
        async with database.snapshot() as session:
            return (await session.execute(_CURRENT)).scalar_one_or_none()
    except Exception as error:
        if isinstance(error, DBAPIError) and dialect.is_missing_table(error):
            return None
        if known := dialect.unavailable(error) or dialect.misconfigured(error):
            raise known from error
        raise


async def require_current(database: Database, settings: Settings) -> None:
    """Raise StartupError, which says what to type, unless the schema is the one that this program needs."""
    have, want = await current(database), needed()
    if have == want:
        return
    if is_behind(settings, have):
        raise StartupError(f"The database schema is behind ({have or 'empty'}, needed {want}). Type: todo-api migrate")
    raise StartupError(f"The database schema ({have}) is newer than this program ({want}). Install the matching version.")


def is_behind(settings: Settings, have: str | None) -> bool:
    """Whether a revision that is not the needed one can be brought up to it; else it is a newer program's."""
    return have is None or _is_known(settings, have)


def _is_known(settings: Settings, revision: str) -> bool:
    from alembic.script import ScriptDirectory  # noqa: PLC0415  # as in config()
    from alembic.util import CommandError  # noqa: PLC0415  # as in config()

    try:
        return ScriptDirectory.from_config(config(settings)).get_revision(revision) is not None
    except CommandError:
        return False
