"""Who asks: an access token or an API key becomes an actor, and ``needs`` checks its scopes."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any, Final

from fastapi import Depends, Request

from todo_api.db.session import Session
from todo_api.dependencies.idempotency import claim
from todo_api.domain.actor import Actor
from todo_api.domain.permissions import Scope
from todo_api.errors import ForbiddenError, ScopeMissingError, UnauthenticatedError
from todo_api.repositories.api_keys import ApiKeyRepository
from todo_api.repositories.logins import LoginRepository
from todo_api.repositories.signing_keys import SigningKeyRepository
from todo_api.runtime.state import State
from todo_api.security import api_keys, jwt

SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})


async def current_actor(request: Request) -> Actor:
    """The actor of the request's credential; raises UnauthenticatedError. An operation of a batch brings the batch's."""
    if (acting := getattr(request.state, "acting", None)) is not None:
        known: Actor = acting
        return known
    state: State = request.state.runtime
    text = _credential(request)
    parts = api_keys.parse(text)
    async with _reading(request, state) as session:
        if parts is not None:
            actor = await ApiKeyRepository(session, state.clock).actor(parts)
        else:
            claims = await _claims(state, session, text)
            logins = LoginRepository(session, state.clock)
            actor = await logins.actor(session_id=claims.session_id, user_id=claims.user_id)
    if actor is None:
        raise UnauthenticatedError("The credential has expired or was revoked. Log in again, or use another key.")
    if parts is not None:
        state.last_used[parts.id] = state.clock()
    request.state.actor = actor
    return actor


CurrentActor = Annotated[Actor, Depends(current_actor)]


def needs(*scopes: Scope, hashes: bool = False, account: bool = False) -> Any:
    """A dependency: the actor must hold these scopes, and a keyed request that was answered before is answered again.

    ``hashes`` marks a route that verifies a password before its first statement; ``account`` one that is about the whole
    account, and closed to credentials that are restricted to lists.
    """

    async def check(request: Request, actor: CurrentActor) -> None:
        for scope in scopes:
            if not actor.may(scope):
                raise ScopeMissingError(scope.value)
        if account and actor.list_ids is not None:
            raise ForbiddenError(
                "A credential that is restricted to lists cannot manage the account: this reaches over all lists."
            )
        if request.method not in SAFE_METHODS:
            await claim(request, actor, early=hashes)

    check.scopes = scopes  # type: ignore[attr-defined]  # read by web/openapi.py
    return Depends(check)


def _credential(request: Request) -> str:
    if key := request.headers.get("x-api-key"):
        return key
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise UnauthenticatedError
    return token.strip()


@asynccontextmanager
async def _reading(request: Request, state: State) -> AsyncIterator[Session]:
    """The session of a read, or one of its own before a write: no transaction waits for a credential."""
    if request.method in SAFE_METHODS:
        yield request.state.session
    else:
        async with state.database.snapshot() as session:
            yield session


async def _claims(state: State, session: Session, token: str) -> jwt.Claims:
    now = state.clock()
    try:
        return jwt.read(state.ring, token, now=now)
    except jwt.UnknownKeyError:  # another process may have rotated: look once
        state.ring.replace(await SigningKeyRepository(session, state.clock).all())
    except jwt.TokenInvalidError:
        raise UnauthenticatedError from None
    try:
        return jwt.read(state.ring, token, now=now)
    except jwt.TokenInvalidError:
        raise UnauthenticatedError from None
