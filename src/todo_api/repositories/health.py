"""Whether the database answers, and with which schema."""

from typing import Final

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from todo_api.repositories._base import SystemRepository

_REVISION: Final = text("SELECT version_num FROM alembic_version")


class HealthRepository(SystemRepository):
    """One round trip, no data."""

    async def revision(self) -> str | None:
        """The schema's revision, None where there is no schema; raises UnavailableError when the database does not answer."""
        try:
            revision: str | None = (await self.session.execute(_REVISION)).scalar_one_or_none()
        except DBAPIError:  # there is no such table
            return None
        return revision
