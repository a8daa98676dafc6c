"""Whether the database answers."""

from typing import Final

from sqlalchemy import literal, select

from todo_api.repositories._base import SystemRepository

_ONE: Final = select(literal(1))


class HealthRepository(SystemRepository):
    """One round trip, no data."""

    async def ping(self) -> None:
        """Return when the database answered; raises UnavailableError."""
        await self.session.execute(_ONE)
