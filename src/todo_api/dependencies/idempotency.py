"""Idempotency-Key: a request that was answered before is answered again, not done again (draft-ietf-httpapi-idempotency-key)."""

import hashlib
import re
from typing import Any, Final

from fastapi import Depends, Request

from todo_api.domain.actor import Actor
from todo_api.errors import IdempotencyKeyInvalidError, IdempotencyKeyReusedError
from todo_api.repositories.idempotency import IdempotencyRepository
from todo_api.runtime.idempotency import KeyedRequest, Replayed
from todo_api.runtime.state import State
from todo_api.security.sealing import SealBrokenError, unseal

_SHAPE: Final = re.compile(r"[\x21-\x7e]{1,255}")


async def claim(request: Request, actor: Actor | None) -> None:
    """Answer a known key by raising Replayed; note a new one, so that the route keeps its answer.

    The key belongs to the user, the powers of the credential and the route: a lesser key of the same user reads no answer that
    it would not have got. Before a login there is no user, and the request itself stands in.
    """
    header = request.headers.get("idempotency-key")
    if header is None:
        return
    key = _key(header)
    state: State = request.state.runtime
    fingerprint = _digest(request.method, request.url.path, request.url.query, await request.body())
    owner = fingerprint if actor is None else _digest(actor.user_id, *sorted(actor.scopes), repr(actor.list_ids))
    scope = _digest(owner, request.method, request.scope["route"].path, key)
    repository = IdempotencyRepository(request.state.session, state.clock)
    found = await repository.find(scope, hours=state.settings.idempotency_hours)
    if found is None:
        request.state.keyed = KeyedRequest(key=key, scope=scope, fingerprint=fingerprint)
        return
    if found.fingerprint != fingerprint:
        raise IdempotencyKeyReusedError
    try:
        body = unseal(bytes(found.body), key=key)
    except SealBrokenError:
        raise IdempotencyKeyReusedError from None
    raise Replayed(status=found.status, headers=found.headers, body=body)


async def _claim_before_login(request: Request) -> None:
    await claim(request, None)


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
