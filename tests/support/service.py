"""The service as tests use it: the real application with its lifespan, a client, and accounts."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx
from fastapi import FastAPI
from sqlalchemy import insert, select
from starlette.types import Receive, Scope, Send

from tests.support.clock import TestClock
from todo_api.domain.actor import Actor
from todo_api.domain.dates import zone
from todo_api.domain.permissions import ALL_SCOPES, Role
from todo_api.domain.permissions import Scope as KeyScope
from todo_api.main import create_app
from todo_api.models import Change, ListGuest, Member, Workspace
from todo_api.repositories.accounts import AccountRepository
from todo_api.repositories.api_keys import ApiKeyRepository
from todo_api.repositories.users import UserRepository
from todo_api.runtime.state import State
from todo_api.settings import Settings

PASSWORD = "correct horse battery"
PASSWORD_HASH = (  # of PASSWORD, made once: hashing in every test would be most of its time
    "$argon2id$v=19$m=19456,t=2,p=1$y/lAHtpTJmgRu3PtSx2Trg$sJ1SxLdCuUw6BdWADx3BG1HtCRprhwpU9fG0og017oE"
)


@dataclass(frozen=True)
class Account:
    """A user with a home and a key that may do everything."""

    user_id: str
    email: str
    workspace_id: str
    inbox_id: str
    key: str

    @property
    def headers(self) -> dict[str, str]:
        return {"X-API-Key": self.key}


class Service:
    """A running application and what tests do to it from outside its routes."""

    def __init__(self, app: FastAPI, state: State, clock: TestClock) -> None:
        self.app = app
        self.state = state
        self.clock = clock
        self.clients: list[httpx.AsyncClient] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI with the lifespan's state, as a server gives it."""
        scope["state"] = {"runtime": self.state}
        await self.app(scope, receive, send)

    def client(self, account: Account | None = None, *, key: str | None = None, token: str | None = None) -> httpx.AsyncClient:
        """A client with this account's key, another key, an access token, or nothing."""
        headers = dict(account.headers) if account is not None else {}
        if key is not None:
            headers = {"X-API-Key": key}
        if token is not None:
            headers = {"Authorization": f"Bearer {token}"}
        transport = httpx.ASGITransport(self, raise_app_exceptions=False)
        client = httpx.AsyncClient(transport=transport, base_url="http://test", headers=headers)
        self.clients.append(client)
        return client

    async def account(self, email: str = "ada@example.com", *, timezone: str = "UTC") -> Account:
        """A new account with its home and a full key; its password is ``PASSWORD``."""
        async with self.state.database.transaction() as session:
            users = UserRepository(session, self.clock)
            user = await users.create(email=email, name=email.partition("@")[0], password_hash=PASSWORD_HASH, timezone=timezone)
            workspace_id, inbox_id = await AccountRepository(session, self.clock).create_home(user.id)
            _, key = await ApiKeyRepository(session, self.clock).create(user.id, name="tests", scopes=ALL_SCOPES)
        return Account(user.id, email, workspace_id, inbox_id, key)

    async def key(
        self,
        account: Account,
        scopes: Iterable[KeyScope] = ALL_SCOPES,
        *,
        list_ids: list[str] | None = None,
        expires_at: datetime | None = None,
    ) -> str:
        """Another key of the account."""
        async with self.state.database.transaction() as session:
            keys = ApiKeyRepository(session, self.clock)
            _, key = await keys.create(
                account.user_id, name="another", scopes=frozenset(scopes), list_ids=list_ids, expires_at=expires_at
            )
        return key

    async def add_member(self, account: Account, workspace_id: str, role: Role) -> None:
        """Make the account a member of a workspace."""
        values = {"user_id": account.user_id, "workspace_id": workspace_id, "role": role.value, "created_at": self.clock()}
        async with self.state.database.transaction() as session:
            await session.execute(insert(Member), values)

    async def add_guest(self, account: Account, list_id: str, role: Role) -> None:
        """Make the account a guest of a list."""
        values = {"user_id": account.user_id, "list_id": list_id, "role": role.value, "created_at": self.clock()}
        async with self.state.database.transaction() as session:
            await session.execute(insert(ListGuest), values)

    async def changes(self, workspace_id: str) -> list[Any]:
        """The change log of a workspace, in order."""
        columns = (
            Change.seq, Change.kind, Change.entity_id, Change.list_id, Change.op, Change.actor_id,
            Change.credential, Change.before, Change.after, Change.unit_id, Change.at,
        )  # fmt: skip
        async with self.state.database.snapshot() as session:
            statement = select(*columns).where(Change.workspace_id == workspace_id).order_by(Change.seq)
            return list((await session.execute(statement)).all())

    async def seq(self, workspace_id: str) -> int:
        """The number of the newest change of a workspace."""
        async with self.state.database.snapshot() as session:
            return (await session.execute(select(Workspace.seq).where(Workspace.id == workspace_id))).scalar_one()

    async def actor(self, account: Account) -> Actor:
        """The account as repositories know it, for tests below the routes."""
        async with self.state.database.snapshot() as session:
            members = await session.execute(select(Member.workspace_id).where(Member.user_id == account.user_id))
            guests = await session.execute(select(ListGuest.list_id).where(ListGuest.user_id == account.user_id))
            return Actor(
                user_id=account.user_id,
                credential="tests",
                scopes=ALL_SCOPES,
                zone=zone("UTC"),
                workspace_ids=tuple(sorted(row.workspace_id for row in members)),
                guest_list_ids=tuple(sorted(row.list_id for row in guests)),
            )


@asynccontextmanager
async def serving(settings: Settings, clock: TestClock) -> AsyncIterator[Service]:
    """Run the application's lifespan around the block."""
    app = create_app(settings, clock=clock)
    async with app.router.lifespan_context(app) as state:
        assert state is not None
        service = Service(app, state["runtime"], clock)
        try:
            yield service
        finally:
            for client in service.clients:
                await client.aclose()
