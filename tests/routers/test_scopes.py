"""Every route that needs a credential: which one it takes, and which scopes. The table comes from the routes themselves."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import httpx
import pytest
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from tests.support.clock import TestClock
from tests.support.service import PASSWORD, Account, Service
from todo_api.domain.permissions import ALL_SCOPES, Scope, effective
from todo_api.repositories.users import UserRepository
from todo_api.routers import ROUTERS

ID = "01900000-0000-7000-8000-000000000000"


@dataclass(frozen=True)
class Secured:
    """A route, and the scopes that its dependencies ask for; None where it asks for no credential."""

    method: str
    path: str
    scopes: tuple[Scope, ...] | None

    @property
    def url(self) -> str:
        names = re.findall(r"{(\w+)(?::path)?}", self.path)
        return re.sub(r"{(\w+):path}", r"{\1}", self.path).format(**dict.fromkeys(names, ID) | {"view": "today"})

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def asked(dependant: Dependant) -> Iterator[tuple[Scope, ...]]:
    for child in dependant.dependencies:
        scopes: tuple[Scope, ...] | None = getattr(child.call, "scopes", None)
        if scopes is not None:
            yield scopes
        yield from asked(child)


def all_routes() -> Iterator[Secured]:
    for router in ROUTERS:
        for route in router.routes:
            assert isinstance(route, APIRoute)
            for method in route.methods or ():
                yield Secured(method, route.path, next(asked(route.dependant), None))


ROUTES = list(all_routes())
SECURED = [route for route in ROUTES if route.scopes is not None]
OPEN = [route for route in ROUTES if route.scopes is None]
NEEDS = [(route, scope) for route in SECURED for scope in route.scopes or ()]


def all_but(scope: Scope) -> set[Scope]:
    """Every scope but this one, and but those that imply it."""
    return {other for other in ALL_SCOPES if scope not in effective(frozenset({other}))}


async def send(client: httpx.AsyncClient, route: Secured) -> httpx.Response:
    return await client.request(route.method, route.url)


def told(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def test_routes_without_a_credential_are_few() -> None:
    assert sorted(str(route) for route in OPEN) == [
        "GET /",
        "GET /livez",
        "GET /problems/{code}",
        "GET /readyz",
        "POST /v1/auth/login",
        "POST /v1/auth/logout",
        "POST /v1/auth/refresh",
        "POST /v1/auth/register",
    ]


def test_routes_and_their_scopes_are_these() -> None:
    table = {str(route): " ".join(route.scopes or ()) for route in SECURED}

    assert table == {
        "GET /v1/todos": "todos:read",
        "POST /v1/todos": "todos:write",
        "GET /v1/todos/{todo_id}": "todos:read",
        "PATCH /v1/todos/{todo_id}": "todos:read todos:complete",
        "PUT /v1/todos/{todo_id}": "todos:complete",
        "PUT /v1/todos/by-external/{source}/{external_id:path}": "todos:read todos:complete",
        "DELETE /v1/todos/{todo_id}": "todos:read todos:write",
        "POST /v1/todos/{todo_id}/complete": "todos:read todos:complete",
        "POST /v1/todos/{todo_id}/reopen": "todos:read todos:complete",
        "POST /v1/todos/{todo_id}/move": "todos:read todos:write",
        "GET /v1/views/{view}": "todos:read",
        "GET /v1/todos/{todo_id}/completions": "todos:read",
        "GET /v1/todos/{todo_id}/occurrences": "todos:read",
        "POST /v1/todos/{todo_id}/skip": "todos:read todos:complete",
        "POST /v1/todos/{todo_id}/reschedule": "todos:read todos:write",
        "POST /v1/todos/{todo_id}/end-series": "todos:read todos:write",
        "POST /v1/todos/quick": "todos:write",
        "POST /v1/todos/bulk": "todos:write",
        "POST /v1/todos/bulk-update": "todos:read todos:complete",
        "POST /v1/batch": "",
        "GET /v1/lists": "lists:read",
        "POST /v1/lists": "lists:read lists:write",
        "GET /v1/lists/{list_id}": "lists:read",
        "PATCH /v1/lists/{list_id}": "lists:read lists:write",
        "DELETE /v1/lists/{list_id}": "lists:read lists:write",
        "POST /v1/lists/{list_id}/move": "lists:read lists:write",
        "GET /v1/lists/{list_id}/sections": "lists:read",
        "POST /v1/lists/{list_id}/sections": "lists:read lists:write",
        "GET /v1/sections/{section_id}": "lists:read",
        "PATCH /v1/sections/{section_id}": "lists:read lists:write",
        "DELETE /v1/sections/{section_id}": "lists:read lists:write",
        "POST /v1/sections/{section_id}/move": "lists:read lists:write",
        "GET /v1/todos/{todo_id}/comments": "todos:read",
        "POST /v1/todos/{todo_id}/comments": "todos:read comments:write",
        "GET /v1/comments/{comment_id}": "todos:read",
        "PATCH /v1/comments/{comment_id}": "todos:read comments:write",
        "DELETE /v1/comments/{comment_id}": "todos:read comments:write",
        "GET /v1/comments/{comment_id}/edits": "todos:read",
        "GET /v1/labels": "todos:read",
        "POST /v1/labels": "todos:read todos:write",
        "GET /v1/labels/{label_id}": "todos:read",
        "PATCH /v1/labels/{label_id}": "todos:read todos:write",
        "DELETE /v1/labels/{label_id}": "todos:read todos:write",
        "POST /v1/filters/validate": "todos:read",
        "GET /v1/filters/{filter_id}/todos": "todos:read",
        "GET /v1/filters": "todos:read",
        "POST /v1/filters": "todos:read todos:write",
        "GET /v1/filters/{filter_id}": "todos:read",
        "PATCH /v1/filters/{filter_id}": "todos:read todos:write",
        "DELETE /v1/filters/{filter_id}": "todos:read todos:write",
        "POST /v1/filters/{filter_id}/move": "todos:read todos:write",
        "GET /v1/stats": "todos:read",
        "GET /v1/workspaces": "lists:read",
        "GET /v1/workspaces/{workspace_id}": "lists:read",
        "GET /v1/me": "",
        "PATCH /v1/me": "workspace:manage",
        "GET /v1/sessions": "keys:manage",
        "DELETE /v1/sessions/{session_id}": "keys:manage",
        "POST /v1/auth/password": "keys:manage",
        "GET /v1/keys": "keys:manage",
        "POST /v1/keys": "keys:manage",
        "GET /v1/keys/{key_id}": "keys:manage",
        "DELETE /v1/keys/{key_id}": "keys:manage",
    }


@pytest.mark.parametrize("route", SECURED, ids=str)
async def test_route_without_a_credential_is_refused(service: Service, route: Secured) -> None:
    answer = await send(service.client(), route)

    assert told(answer) == (401, "unauthenticated")
    assert answer.headers["www-authenticate"] == 'Bearer realm="todo-api"'


@pytest.mark.parametrize(("route", "scope"), NEEDS, ids=str)
async def test_route_without_its_scope_is_refused(service: Service, account: Account, route: Secured, scope: Scope) -> None:
    client = service.client(key=await service.key(account, all_but(scope)))

    answer = await send(client, route)

    assert told(answer) == (403, "scope_missing")
    assert (answer.json()["missing_scope"], answer.json()["detail"]) == (scope.value, f"This needs the scope {scope.value}.")


@pytest.mark.parametrize("route", SECURED, ids=str)
async def test_route_with_its_scopes_alone_is_not_forbidden(service: Service, account: Account, route: Secured) -> None:
    client = service.client(key=await service.key(account, route.scopes or ()))

    answer = await send(client, route)

    assert answer.status_code in {200, 404, 422}, answer.text


async def test_routes_refuse_an_expired_key(service: Service, account: Account, clock: TestClock) -> None:
    key = await service.key(account, expires_at=clock() + timedelta(seconds=1))
    client = service.client(key=key)
    clock.advance(seconds=1)

    answers = {str(route): told(await send(client, route)) for route in SECURED}

    assert answers == {str(route): (401, "unauthenticated") for route in SECURED}


async def test_routes_refuse_a_revoked_key(service: Service, account: Account) -> None:
    client = service.client(account)
    key_id = (await client.get("/v1/keys")).json()["items"][0]["id"]
    await client.delete(f"/v1/keys/{key_id}")

    answers = {str(route): told(await send(client, route)) for route in SECURED}

    assert answers == {str(route): (401, "unauthenticated") for route in SECURED}


async def test_routes_refuse_the_key_of_a_disabled_user(service: Service, account: Account) -> None:
    client = service.client(account)
    async with service.state.database.transaction() as session:
        await UserRepository(session, service.clock).disable(account.user_id)

    answers = {str(route): told(await send(client, route)) for route in SECURED}

    assert answers == {str(route): (401, "unauthenticated") for route in SECURED}


async def test_routes_refuse_the_access_token_of_a_disabled_user(
    service: Service, account: Account, anonymous: httpx.AsyncClient
) -> None:
    tokens = (await anonymous.post("/v1/auth/login", json={"email": account.email, "password": PASSWORD})).json()
    async with service.state.database.transaction() as session:
        await UserRepository(session, service.clock).disable(account.user_id)
    client = service.client(token=tokens["access_token"])

    answers = {str(route): told(await send(client, route)) for route in SECURED}

    assert answers == {str(route): (401, "unauthenticated") for route in SECURED}


@pytest.mark.usefixtures("account")
async def test_login_session_holds_every_scope(service: Service, anonymous: httpx.AsyncClient) -> None:
    tokens = (await anonymous.post("/v1/auth/login", json={"email": "ada@example.com", "password": PASSWORD})).json()

    me = await service.client(token=tokens["access_token"]).get("/v1/me")

    assert me.json()["scopes"] == [
        "comments:write",
        "keys:manage",
        "lists:read",
        "lists:write",
        "todos:complete",
        "todos:read",
        "todos:write",
        "webhooks:manage",
        "workspace:manage",
    ]


async def test_refused_write_is_not_remembered(service: Service, account: Account, client: httpx.AsyncClient) -> None:
    reader = service.client(key=await service.key(account, {Scope.TODOS_READ}))
    headers = {"Idempotency-Key": "same"}
    await reader.post("/v1/todos", json={"title": "Milk"}, headers=headers)

    answer = await client.post("/v1/todos", json={"title": "Milk"}, headers=headers)

    assert (answer.status_code, "idempotent-replayed" in answer.headers) == (201, False)


async def test_lesser_key_reads_no_answer_of_a_greater_one(service: Service, account: Account, client: httpx.AsyncClient) -> None:
    body, headers = {"title": "Milk", "notes": "secret"}, {"Idempotency-Key": "same"}
    await client.post("/v1/todos", json=body, headers=headers)
    lesser = service.client(key=await service.key(account, {Scope.TODOS_WRITE}))

    answer = await lesser.post("/v1/todos", json=body, headers=headers)

    assert answer.json() == {"id": answer.json()["id"]}
