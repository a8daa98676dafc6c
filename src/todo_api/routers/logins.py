"""Logging in, refreshing, logging out, and the sessions that are open."""

from typing import Any

from fastapi import APIRouter, Request

from todo_api.dependencies.auth import CurrentActor, needs
from todo_api.dependencies.idempotency import KEYED
from todo_api.dependencies.paths import SessionId
from todo_api.dependencies.repositories import Logins
from todo_api.dependencies.services import LoginFlow
from todo_api.domain.permissions import Scope
from todo_api.schemas.logins import Login, Refresh, SessionRead, Tokens
from todo_api.schemas.pages import Page
from todo_api.web.route import Route

router = APIRouter(prefix="/v1", route_class=Route)

MANAGE = needs(Scope.KEYS_MANAGE, account=True)


@router.post("/auth/login", tags=["auth"], dependencies=[KEYED], responses={401: {}, 429: {}})
async def login(data: Login, flow: LoginFlow, request: Request) -> Tokens:
    """Trade email and password for tokens; after several failures, wait as `Retry-After` says."""
    address = request.client.host if request.client else ""
    agent = request.headers.get("user-agent", "")
    return await flow.log_in(data.email, data.password.get_secret_value(), address=address, user_agent=agent)


@router.post("/auth/refresh", tags=["auth"], dependencies=[KEYED], responses={401: {}})
async def refresh(data: Refresh, flow: LoginFlow) -> Tokens:
    """Trade a refresh token for new tokens, once; a token that comes twice ends the session.

    Send an Idempotency-Key, and a repeat after a lost answer gives the same tokens again.
    """
    return await flow.refresh(data.refresh_token.get_secret_value())


@router.post("/auth/logout", tags=["auth"], dependencies=[KEYED], status_code=204)
async def logout(data: Refresh, logins: Logins) -> None:
    """End the session of a refresh token; an unknown token answers the same."""
    await logins.end_by_token(data.refresh_token.get_secret_value())


@router.get("/sessions", tags=["sessions"], dependencies=[MANAGE], response_model=Page[SessionRead])
async def list_sessions(logins: Logins, actor: CurrentActor) -> dict[str, Any]:
    """Your open sessions, the last used first; there is always one page."""
    rows = await logins.all(actor.user_id)
    items = [{**row._asdict(), "is_current": actor.credential == f"session:{row.id}"} for row in rows]
    return {"items": items, "next_cursor": None}


@router.delete("/sessions/{session_id}", tags=["sessions"], dependencies=[MANAGE], status_code=204)
async def end_session(session_id: SessionId, logins: Logins, actor: CurrentActor) -> None:
    """End a session: its tokens are worth nothing from now on."""
    await logins.end(session_id, actor.user_id)
