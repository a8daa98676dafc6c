"""Idempotency-Key: a request that was answered before is answered again, not done again (draft-ietf-httpapi-idempotency-key)."""

import hashlib
import re
from functools import partial
from typing import Any, Final

from fastapi import Depends, Request

from todo_api.db.session import Session
from todo_api.domain.actor import Actor
from todo_api.errors import IdempotencyKeyInvalidError, IdempotencyKeyReusedError
from todo_api.repositories.idempotency import IdempotencyRepository
from todo_api.runtime.idempotency import KeyedRequest, Replayed
from todo_api.runtime.state import State
from todo_api.security.sealing import SealBrokenError, unseal

_SHAPE: Final = re.compile(r"[\x21-\x7e]{1,255}")


async def claim(request: Request, actor: Actor | None, *, early: bool = False) -> None:
    """Have a known key answered when the transaction begins; note a new one, so that the route keeps its answer.

    The key belongs to the user, the powers of the credential and the route: a lesser key of the same user reads no answer that
    it would not have got. Before a login there is no user, and the request itself stands in. ``early`` looks before the
    transaction as well, for routes that decide something before their first statement, as those that hash a password do.
    """
    header = request.headers.get("idempotency-key")
    if header is None:
        return
    key = _key(header)
    state: State = request.state.runtime
    fingerprint = _digest(request.method, request.url.path, request.url.query, await request.body())
    owner = fingerprint if actor is None else _digest(actor.user_id, *sorted(actor.scopes), repr(actor.list_ids))
    scope = _digest(owner, request.method, request.scope["route"].path, key)
    keyed = request.state.keyed = KeyedRequest(key=key, scope=scope, fingerprint=fingerprint)
    if early:
        async with state.database.snapshot() as session:
            _replay(keyed, await IdempotencyRepository(session, state.clock).find(scope, hours=state.settings.idempotency_hours))
    request.state.session.on_begin(partial(_look, keyed=keyed, state=state))


async def _look(session: Session, *, keyed: KeyedRequest, state: State) -> None:
    repository = IdempotencyRepository(session, state.clock)
    await repository.lock(keyed.scope)
    _replay(keyed, await repository.find(keyed.scope, hours=state.settings.idempotency_hours))


def _replay(keyed: KeyedRequest, found: Any | None) -> None:
    """Leave with the answer that was found, by raising Replayed; another request under the same key is refused."""
    if found is None:
        return
    if found.fingerprint != keyed.fingerprint:
        raise IdempotencyKeyReusedError
    try:
        body = unseal(bytes(found.body), key=keyed.key)
    except SealBrokenError:
        raise IdempotencyKeyReusedError from None
    raise Replayed(status=found.status, headers=found.headers, body=body)


async def _claim_before_login(request: Request) -> None:
    await claim(request, None, early=True)


KEYED: Any = Depends(_claim_before_login)  # for routes that need no credential


def _key(header: str) -> str:
    """The key; a structured-field string (in quotes) and the bare text are the same key."""
    key = header[1:-1] if len(header) > 1 and header[0] == header[-1] == '"' else header
    if not _SHAPE.fullmatch(key):
        raise IdempotencyKeyInvalidError
    return key


def _digest(*parts: str | bytes) -> str:
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part
        digest.update(len(data).to_bytes(8, "big") + data)
    return digest.hexdigest()
