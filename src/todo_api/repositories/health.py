"""Whether the database answers, and with which schema."""

from typing import Final

from sqlalchemy import text

from todo_api.repositories._base import SystemRepository

_REVISION: Final = text("SELECT version_num FROM alembic_version")


class HealthRepository(SystemRepository):
    """One round trip, no data."""

    async def revision(self) -> str | None:
        """The schema's revision; raises UnavailableError when the database does not answer."""
        revision: str | None = (await self.session.execute(_REVISION)).scalar_one_or_none()
        return revision
