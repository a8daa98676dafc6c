"""Remembered answers to keyed requests."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import bindparam, delete, insert, select, text
from sqlalchemy.exc import IntegrityError

from todo_api.errors import IdempotencyKeyInUseError
from todo_api.models import IdempotencyRecord
from todo_api.repositories._base import SystemRepository

_FIND: Final = select(
    IdempotencyRecord.fingerprint, IdempotencyRecord.status, IdempotencyRecord.headers, IdempotencyRecord.body
).where(
    IdempotencyRecord.scope.in_(bindparam("scopes", expanding=True)),
    IdempotencyRecord.created_at > bindparam("since", type_=IdempotencyRecord.created_at.type),
)
_TRY_LOCK: Final = text("SELECT pg_try_advisory_xact_lock(hashtextextended(:name, 1))")
_PURGED_AT_ONCE: Final = 500


class IdempotencyRepository(SystemRepository):
    """Records by scope: a hash of who asks, where, and the key."""

    async def lock(self, scope: str) -> None:
        """Keep a second request under this key out; raises IdempotencyKeyInUseError while the first one still runs.

        SQLite's single writer lets the second request wait; PostgreSQL's advisory lock tells it at once.
        """
        if self.session.dialect_name == "postgresql":
            locked = (await self.session.execute(_TRY_LOCK, {"name": scope})).scalar_one()
            if not locked:
                raise IdempotencyKeyInUseError

    async def find(self, scopes: Sequence[str], *, hours: int) -> Any | None:
        """The answer kept under one of these."""
        since = self.clock() - timedelta(hours=hours)
        return (await self.session.execute(_FIND, {"scopes": scopes, "since": since})).first()

    async def add(self, scope: str, *, fingerprint: str, status: int, headers: dict[str, str], body: bytes) -> None:
        """Keep an answer; one that is too old under the same scope gives way."""
        await self.session.execute(delete(IdempotencyRecord).where(IdempotencyRecord.scope == scope))
        values = {"scope": scope, "fingerprint": fingerprint, "status": status, "headers": headers, "body": body}
        try:
            await self.session.execute(insert(IdempotencyRecord), values | {"created_at": self.clock()})
        except IntegrityError as error:
            raise IdempotencyKeyInUseError from error

    async def purge(self, *, hours: int) -> int:
        """Delete some answers that are too old; how many there were."""
        old = select(IdempotencyRecord.scope).where(IdempotencyRecord.created_at < self.clock() - timedelta(hours=hours))
        few = old.limit(_PURGED_AT_ONCE).scalar_subquery()
        result = await self.session.execute(delete(IdempotencyRecord).where(IdempotencyRecord.scope.in_(few)))
        return result.rowcount
