"""The schema's revision: what the database has, what this program needs, and the way from one to the other."""

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

    Raises StartupError for a revision that this program does not know, and UnavailableError when the database does not answer.
    """
    from alembic import command  # noqa: PLC0415  # as in config()
    from alembic.util import CommandError  # noqa: PLC0415  # as in config()

    _require_folder(settings)
    try:
        command.upgrade(config(settings), revision)
    except CommandError as error:
        raise StartupError(f"{error}, which belongs to another version of this program. Install the matching one.") from error
    except (DBAPIError, OSError) as error:
        if known := dialect.unavailable(error):
            raise known from error
        raise


def _require_folder(settings: Settings) -> None:
    folder = Path(make_url(settings.database_url).database or "").absolute().parent
    if settings.on_sqlite and not folder.is_dir():
        raise StartupError(f"There is no folder {folder}. Make it, or name another file in TODO_API_DATABASE_URL.")


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
    """The revision that the database has; None for an empty one. Raises UnavailableError when it does not answer."""
    if database.file_is_missing:
        return None
    try:
        async with database.snapshot() as session:
            return (await session.execute(_CURRENT)).scalar_one_or_none()
    except DBAPIError:  # there is no such table
        return None


async def require_current(database: Database, settings: Settings) -> None:
    """Raise StartupError, which says what to type, unless the schema is the one that this program needs."""
    have, want = await current(database), needed()
    if have == want:
        return
    if have is None or _is_known(settings, have):
        raise StartupError(f"The database schema is behind ({have or 'empty'}, needed {want}). Type: todo-api migrate")
    raise StartupError(f"The database schema ({have}) is newer than this program ({want}). Install the matching version.")


def _is_known(settings: Settings, revision: str) -> bool:
    from alembic.script import ScriptDirectory  # noqa: PLC0415  # as in config()
    from alembic.util import CommandError  # noqa: PLC0415  # as in config()

    try:
        return ScriptDirectory.from_config(config(settings)).get_revision(revision) is not None
    except CommandError:
        return False
