"""Idempotency-Key: a request that was answered before is answered again, not done again (draft-ietf-httpapi-idempotency-key)."""

import hashlib
import hmac
import re
from functools import partial
from typing import Any, Final

from fastapi import Depends, Request

from todo_api.db.session import Session
from todo_api.domain.actor import Actor
from todo_api.errors import IdempotencyKeyInvalidError, IdempotencyKeyReusedError
from todo_api.repositories.idempotency import IdempotencyRepository
from todo_api.runtime.idempotency import KeyedRequest, Mark, Replayed
from todo_api.runtime.state import State
from todo_api.security.keyring import Secret
from todo_api.security.sealing import SealBrokenError, unseal

_SHAPE: Final = re.compile(r"[\x21-\x7e]{1,255}")


async def claim(request: Request, actor: Actor | None, *, early: bool = False) -> None:
    """Have a known key answered when the transaction begins; note a new one, so that the route keeps its answer.

    The key belongs to the user, the powers of the credential and the route: a lesser key of the same user reads no answer that
    it would not have got. Before a login there is no user, and the request itself stands in. ``early`` looks before the
    transaction as well, for routes that decide something before their first statement, as those that hash a password do.
    """
    headers = request.headers.getlist("idempotency-key")
    if not headers:
        return
    if len(headers) > 1:
        raise IdempotencyKeyInvalidError("may be sent once", "repeated")
    key = _key(headers[0])
    state: State = request.state.runtime
    body = await request.body()
    marks = tuple(_mark(request, actor, body, key=key, secret=secret) for secret in state.ring.all())
    keyed = request.state.keyed = KeyedRequest(key=key, marks=marks)
    if early:
        async with state.database.snapshot() as session:
            await _find(session, keyed, state)
    request.state.session.on_begin(partial(_look, keyed=keyed, state=state))


def _mark(request: Request, actor: Actor | None, body: bytes, *, key: str, secret: Secret) -> Mark:
    """What the request is kept under, made with one of the service's secrets.

    A plain hash of a login would be a fast hash of a password. This one needs the Idempotency-Key, which is not stored, and the
    secret: the table alone allows no guess at the body, and the whole database only where the key itself can be guessed.
    """
    mac_key = hmac.digest(secret.subkey("idempotency"), key.encode(), hashlib.sha256)
    fingerprint = _mac(mac_key, "request", request.method, request.url.path, request.url.query, body)
    if actor is None:
        owner = fingerprint
    else:  # by the key alone: whatever secret a process signs with, simultaneous requests meet in one scope
        mac_key = hashlib.sha256(key.encode()).digest()
        owner = _mac(mac_key, "owner", actor.user_id, *sorted(actor.scopes), repr(actor.list_ids))
    return Mark(_mac(mac_key, "scope", owner, request.method, request.scope["route"].path), fingerprint)


async def _look(session: Session, *, keyed: KeyedRequest, state: State) -> None:
    repository = IdempotencyRepository(session, state.clock)
    for scope in keyed.scopes:
        await repository.lock(scope)
    await _find(session, keyed, state)


async def _find(session: Session, keyed: KeyedRequest, state: State) -> None:
    """Leave with the answer that was kept, by raising Replayed; another request under the same key is refused."""
    repository = IdempotencyRepository(session, state.clock)
    found = await repository.find(keyed.scopes, hours=state.settings.idempotency_hours)
    if found is None:
        return
    if not any(hmac.compare_digest(mark.fingerprint, found.fingerprint) for mark in keyed.marks):
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


def _mac(key: bytes, *parts: str | bytes) -> str:
    mac = hmac.new(key, digestmod=hashlib.sha256)
    for part in parts:
        data = part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part
        mac.update(len(data).to_bytes(8, "big") + data)
    return mac.hexdigest()
