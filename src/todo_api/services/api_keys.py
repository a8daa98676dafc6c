"""Making API keys: never more powerful than their maker, never outliving it, and only for lists that the maker sees."""

from typing import Any

from todo_api.domain.actor import Actor
from todo_api.domain.clock import Clock
from todo_api.domain.permissions import PRESETS, effective
from todo_api.errors import InvalidInputError, ScopeMissingError
from todo_api.repositories.api_keys import ApiKeyRepository
from todo_api.repositories.lists import ListRepository
from todo_api.schemas.api_keys import ApiKeyCreate


class ApiKeyService:
    """Checks what a key may be against who makes it."""

    def __init__(self, *, keys: ApiKeyRepository, lists: ListRepository, clock: Clock) -> None:
        self._keys = keys
        self._lists = lists
        self._clock = clock

    async def create(self, actor: Actor, data: ApiKeyCreate) -> tuple[Any, str]:
        """The key and its text; raises ScopeMissingError, ListNotFoundError and InvalidInputError."""
        scopes = PRESETS[data.preset] if data.preset is not None else frozenset(data.scopes or ())
        if missing := effective(scopes) - actor.scopes:
            raise ScopeMissingError(min(missing).value)
        if data.expires_at is not None and data.expires_at <= self._clock():
            raise InvalidInputError.at("#/expires_at", "lies in the past", "in_past")
        if actor.expires_at is not None and (data.expires_at is None or data.expires_at > actor.expires_at):
            raise InvalidInputError.at("#/expires_at", "must not be later than that of the key that makes it", "outlives_maker")
        list_ids = await self._lists_for(data.list_ids)
        return await self._keys.create(
            actor.user_id, name=data.name, scopes=scopes, list_ids=list_ids, expires_at=data.expires_at
        )

    async def _lists_for(self, wanted: list[str] | None) -> list[str] | None:
        if wanted is None:
            return None
        for list_id in wanted:
            await self._lists.get(list_id)
        return sorted(set(wanted))
