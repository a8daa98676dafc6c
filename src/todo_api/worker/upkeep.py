"""What every process does beside serving: write when keys were last used, follow rotated secrets, delete what is over."""

import asyncio
from typing import Final

from todo_api.errors import UnavailableError
from todo_api.observability.logs import logger
from todo_api.repositories.api_keys import ApiKeyRepository
from todo_api.repositories.idempotency import IdempotencyRepository
from todo_api.repositories.logins import LoginRepository
from todo_api.repositories.signing_keys import SigningKeyRepository
from todo_api.runtime.state import State

_FLUSH_SECONDS: Final = 30
_FLUSHES_PER_PURGE: Final = 20
_log: Final = logger("todo_api.upkeep")


async def run(state: State) -> None:
    """Work until cancelled. Replicas may all do it: deleting twice deletes once."""
    turn = 0
    while True:
        await asyncio.sleep(_FLUSH_SECONDS)
        turn += 1
        try:
            await flush_last_used(state)
            await reload_secrets(state)
            if turn % _FLUSHES_PER_PURGE == 0:
                await purge(state)
        except UnavailableError as error:
            _log.warning("upkeep waits", reason=error.detail)
        except Exception as error:  # noqa: BLE001  # upkeep must outlive any one failure
            _log.error("upkeep failed", exc_info=error)


async def flush_last_used(state: State) -> None:
    """Write when keys were last used; what cannot be written is tried again."""
    if not state.last_used:
        return
    used = dict(state.last_used)
    async with state.database.transaction() as session:
        await ApiKeyRepository(session, state.clock).touch(used)
    for key_id, at in used.items():
        if state.last_used.get(key_id) == at:
            del state.last_used[key_id]


async def reload_secrets(state: State) -> None:
    """Sign with the newest secret, which another process may have made."""
    async with state.database.snapshot() as session:
        state.ring.replace(await SigningKeyRepository(session, state.clock).all())


async def purge(state: State) -> None:
    """Delete old answers, sessions and counters, in steps that keep no writer waiting long."""
    async with state.database.transaction() as session:
        await LoginRepository(session, state.clock).purge()
    deleted = 1
    while deleted:
        async with state.database.transaction() as session:
            deleted = await IdempotencyRepository(session, state.clock).purge(hours=state.settings.idempotency_hours)
