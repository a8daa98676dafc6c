"""API keys."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import bindparam, insert, or_, select, update

from todo_api.db.columns import Id
from todo_api.domain.actor import Actor
from todo_api.domain.identifiers import new_id
from todo_api.domain.paging import Position, Slice
from todo_api.domain.permissions import Scope
from todo_api.errors import ApiKeyNotFoundError
from todo_api.models import ApiKey, User
from todo_api.repositories._actors import ACTOR_COLUMNS, actor_from
from todo_api.repositories._base import SystemRepository
from todo_api.repositories._paging import Segment, fetch_page
from todo_api.security import api_keys

_COLUMNS: Final = (
    ApiKey.id,
    ApiKey.user_id,
    ApiKey.name,
    ApiKey.scopes,
    ApiKey.list_ids,
    ApiKey.expires_at,
    ApiKey.last_used_at,
    ApiKey.version,
    ApiKey.created_at,
    ApiKey.updated_at,
)
_ACTOR: Final = (
    select(*ACTOR_COLUMNS, ApiKey.id, ApiKey.secret_hash, ApiKey.scopes, ApiKey.list_ids, ApiKey.expires_at)
    .join(ApiKey, ApiKey.user_id == User.id)
    .where(
        ApiKey.id == bindparam("id", type_=Id()),
        ApiKey.revoked_at.is_(None),
        or_(ApiKey.expires_at.is_(None), ApiKey.expires_at > bindparam("now", type_=ApiKey.expires_at.type)),
        User.disabled_at.is_(None),
    )
)


class ApiKeyRepository(SystemRepository):
    """Keys of one user, by that user's id; and the actor of a key."""

    async def actor(self, parts: api_keys.ApiKeyParts) -> Actor | None:
        """Who the key speaks for; None when it is unknown, revoked, expired, or its user is disabled."""
        row = (await self.session.execute(_ACTOR, {"id": parts.id, "now": self.clock()})).one_or_none()
        if row is None or not api_keys.same(parts.secret, row.secret_hash):
            return None
        scopes = frozenset(Scope(scope) for scope in row.scopes)
        return actor_from(row, credential=f"key:{row.id}", scopes=scopes, list_ids=row.list_ids, expires_at=row.expires_at)

    async def create(
        self,
        user_id: str,
        *,
        name: str,
        scopes: frozenset[Scope],
        list_ids: list[str] | None = None,
        expires_at: datetime | None = None,
        key: str | None = None,
    ) -> tuple[Any, str]:
        """A new key and its text, which is not stored; ``key`` brings a text made elsewhere."""
        id_ = new_id()
        key = key or api_keys.generate(id_)
        parts = api_keys.parse(key)
        if parts is None:
            raise ValueError("not an API key")
        now = self.clock()
        values: dict[str, Any] = {
            "id": parts.id,
            "user_id": user_id,
            "name": name,
            "secret_hash": api_keys.hash_secret(parts.secret),
        }
        values |= {"scopes": sorted(scopes), "list_ids": list_ids, "expires_at": expires_at, "last_used_at": None}
        values |= {"revoked_at": None, "version": 1, "created_at": now, "updated_at": now}
        return (await self.session.execute(insert(ApiKey).returning(*_COLUMNS), values)).one(), key

    async def get(self, user_id: str, key_id: str) -> Any:
        """One live key of the user; raises ApiKeyNotFoundError."""
        mine = (ApiKey.id == key_id, ApiKey.user_id == user_id, ApiKey.revoked_at.is_(None))
        found = (await self.session.execute(select(*_COLUMNS).where(*mine))).one_or_none()
        if found is None:
            raise ApiKeyNotFoundError
        return found

    async def page(self, user_id: str, *, limit: int, after: Position | None) -> Slice[Any]:
        """Live keys of the user, oldest first: their ids are in the order of time."""

        async def fetch(segment: Segment, count: int) -> list[Any]:
            statement = select(*_COLUMNS).where(ApiKey.user_id == user_id, ApiKey.revoked_at.is_(None))
            if segment.after is not None:
                statement = statement.where(ApiKey.id > segment.after.id)
            return list((await self.session.execute(statement.order_by(ApiKey.id).limit(count))).all())

        return await fetch_page(fetch, lambda row: Position(row.id, row.id), limit=limit, after=after, nullable=False)

    async def revoke(self, user_id: str, key_id: str) -> None:
        """End a key for ever; doing it again does nothing. Raises ApiKeyNotFoundError for a key that never was the user's."""
        now = self.clock()
        mine = (ApiKey.id == key_id, ApiKey.user_id == user_id)
        live = update(ApiKey).where(*mine, ApiKey.revoked_at.is_(None))
        result = await self.session.execute(live.values(revoked_at=now, updated_at=now, version=ApiKey.version + 1))
        if result.rowcount == 0 and (await self.session.execute(select(ApiKey.id).where(*mine))).first() is None:
            raise ApiKeyNotFoundError

    async def touch(self, used: Mapping[str, datetime]) -> None:
        """Write when keys were last used."""
        statement = (
            update(ApiKey)
            .where(ApiKey.id == bindparam("key", type_=Id()))
            .values(last_used_at=bindparam("at", type_=ApiKey.last_used_at.type))
        )
        for key_id, at in used.items():
            await self.session.execute(statement, {"key": key_id, "at": at})
