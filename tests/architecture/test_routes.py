"""Every route, walked: who may call it, with which scopes, and that a stranger's ids are as good as none."""

from typing import Any

import httpx
import pytest
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from tests.support.operations import APP, OPERATIONS, Operation, make_ids
from tests.support.service import Account, Service
from todo_api.dependencies.idempotency import KEYED
from todo_api.domain.permissions import ALL_SCOPES, Scope, effective
from todo_api.web.route import Route

NO_ID = {"code", "source", "view"}
NOBODY_S_ID = "01890a5d-ac96-774b-bcce-b302099a8057"
OPEN = {"login", "refresh", "logout", "register", "welcome", "live", "ready", "get_problem"}
SECURED = [operation for operation in OPERATIONS if operation.scopes is not None]
WITH_ID = [operation for operation in SECURED if any(name.endswith("_id") for name in operation.parameters("path"))]
CREATES = {
    "put_todo",
    "upsert_todo",
}  # under an id of the client's, which it therefore answers 201 where it is free (docs/adr/0002)


def calls(dependant: Dependant) -> list[Any]:
    return [call for child in dependant.dependencies for call in (child.call, *calls(child))]


def said(answer: httpx.Response) -> tuple[int, dict[str, Any]]:
    """The answer, without what differs between any two requests, and the id that was sent."""
    differing = {"instance", "request_id", "todo_id"}
    return answer.status_code, {name: value for name, value in answer.json().items() if name not in differing}


# --- what routes state


def test_open_routes_are_known() -> None:
    assert {operation.name for operation in OPERATIONS if operation.scopes is None} == OPEN


@pytest.mark.parametrize("route", [route for route in APP.routes if isinstance(route, Route)], ids=lambda route: route.name)
def test_a_route_checks_scopes_or_is_open(route: APIRoute) -> None:
    found = calls(route.dependant)

    assert any(hasattr(call, "scopes") for call in found) != (route.name in OPEN)


@pytest.mark.parametrize("route", [route for route in APP.routes if isinstance(route, Route)], ids=lambda route: route.name)
def test_a_writing_route_takes_an_idempotency_key(route: APIRoute) -> None:
    found = calls(route.dependant)
    claims = any(hasattr(call, "scopes") for call in found) or KEYED.dependency in found

    assert claims or route.methods == {"GET"}


@pytest.mark.parametrize("operation", SECURED, ids=str)
def test_a_secured_operation_documents_what_it_may_refuse_with(operation: Operation) -> None:
    assert {"400", "401", "403", "422", "500", "503"} <= operation.responses


# --- who may call them


@pytest.mark.parametrize("key", [None, "todo_0000000000000000000000_0000000000000000000000000000000000000000000000000", "x"])
async def test_without_a_credential_nothing_is_said(service: Service, account: Account, key: str | None) -> None:
    ids = await make_ids(service, account)
    client = service.client() if key is None else service.client(key=key)

    answers = {
        operation.name: await client.request(operation.method, operation.path.format(**ids), json=operation.example)
        for operation in SECURED
    }

    assert {name: answer.status_code for name, answer in answers.items()} == dict.fromkeys(answers, 401)
    assert all("www-authenticate" in answer.headers for answer in answers.values())


@pytest.mark.parametrize("scope", Scope)
async def test_without_a_scope_what_needs_it_is_refused(service: Service, account: Account, scope: Scope) -> None:
    ids = await make_ids(service, account)
    lesser = [other for other in ALL_SCOPES if scope not in effective(frozenset({other}))]
    client = service.client(key=await service.key(account, lesser))
    operations = [operation for operation in SECURED if scope in (operation.scopes or ())]

    answers = {
        operation.name: await client.request(operation.method, operation.path.format(**ids), json=operation.example)
        for operation in operations
    }

    assert {name: answer.status_code for name, answer in answers.items()} == dict.fromkeys(answers, 403)
    assert {answer.json()["missing_scope"] for answer in answers.values()} <= {scope.value}


@pytest.mark.parametrize("scope", Scope)
async def test_a_scope_opens_only_what_names_it(service: Service, account: Account, scope: Scope) -> None:
    ids = await make_ids(service, account)
    held = effective(frozenset({scope}))
    client = service.client(key=await service.key(account, [scope]))
    closed = [operation for operation in SECURED if not set(operation.scopes or ()) <= held]

    answers = {
        operation.name: await client.request(operation.method, operation.path.format(**ids), json=operation.example)
        for operation in closed
    }

    assert {name: answer.status_code for name, answer in answers.items()} == dict.fromkeys(answers, 403)


# --- strangers


@pytest.fixture
async def mine(service: Service, account: Account) -> dict[str, str]:
    return await make_ids(service, account)


@pytest.mark.parametrize("operation", [operation for operation in WITH_ID if operation.name not in CREATES], ids=str)
async def test_a_stranger_s_id_is_as_good_as_none(
    service: Service, mine: dict[str, str], stranger: Account, operation: Operation
) -> None:
    client = service.client(stranger)
    nobody = dict.fromkeys(mine, NOBODY_S_ID)

    theirs = await client.request(operation.method, operation.path.format(**mine), json=operation.example)
    missing = await client.request(operation.method, operation.path.format(**nobody), json=operation.example)

    assert theirs.status_code == 404
    assert said(theirs) == said(missing)


async def test_a_stranger_s_todo_cannot_be_put(service: Service, mine: dict[str, str], stranger: Account) -> None:
    answer = await service.client(stranger).put(f"/v1/todos/{mine['todo_id']}", json={"title": "x"})

    assert (answer.status_code, answer.json()["code"]) == (404, "todo_not_found")


@pytest.mark.parametrize("operation", [operation for operation in SECURED if operation.members("uuid")], ids=str)
async def test_a_stranger_s_id_in_a_body_is_as_good_as_none(
    service: Service, mine: dict[str, str], account: Account, stranger: Account, operation: Operation
) -> None:
    mine |= {"user_id": account.user_id}
    client = service.client(stranger)
    url = operation.path.format(**await make_ids(service, stranger))
    real = {"before": "todo_id", "after": "todo_id", "parent_id": "todo_id", "list_ids": "list_id", "ids": "todo_id"}
    real |= {"assignee_ids": "user_id", "blocked_by": "todo_id"}
    if operation.path.startswith("/v1/lists"):
        real |= {"before": "list_id", "after": "list_id"}

    for member in operation.members("uuid"):
        id_ = mine[real.get(member, member)]
        example = {
            name: value
            for name, value in (operation.example or {}).items()
            if name not in {"before", "after", "position", "filter"}
        }
        plural = member.endswith("s") or member == "blocked_by"
        theirs = await client.request(operation.method, url, json=example | {member: [id_] if plural else id_})
        missing = await client.request(operation.method, url, json=example | {member: [NOBODY_S_ID] if plural else NOBODY_S_ID})

        assert theirs.status_code in {404, 422}, member
        assert said(theirs) == said(missing), member


@pytest.mark.parametrize("parameter", ["list_id", "parent_id"])
async def test_a_stranger_s_id_in_a_query_finds_nothing(
    service: Service, mine: dict[str, str], stranger: Account, parameter: str
) -> None:
    id_ = {"list_id": mine["list_id"], "parent_id": mine["todo_id"]}[parameter]

    answer = await service.client(stranger).get("/v1/todos", params={parameter: id_, "status": "any", "count": "exact"})

    assert answer.json() == {"items": [], "next_cursor": None, "total": 0}


@pytest.mark.parametrize("operation", [operation for operation in SECURED if operation.method == "GET"], ids=str)
async def test_a_stranger_reads_nothing_of_mine(
    service: Service, mine: dict[str, str], account: Account, stranger: Account, operation: Operation
) -> None:
    url = operation.path.format(**await make_ids(service, stranger))

    answer = await service.client(stranger).get(url)

    assert answer.status_code == 200
    assert [name for name, id_ in {**mine, "user": account.user_id}.items() if name not in NO_ID and id_ in answer.text] == []
