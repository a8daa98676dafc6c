from typing import Any

import httpx
import pytest

from tests.support.service import Account, Service
from todo_api.domain.identifiers import new_id
from todo_api.domain.permissions import PRESETS, Preset, Role

GUESTS = [Role.VIEWER, Role.COMMENTER, Role.COMPLETER, Role.EDITOR]
WRITES: list[tuple[str, str, dict[str, Any] | None, Role]] = [  # method, path, body, and who may
    ("POST", "/v1/todos", {"title": "New", "list_id": "LIST"}, Role.EDITOR),
    ("POST", "/v1/todos", {"title": "New", "parent_id": "TODO"}, Role.EDITOR),
    ("PUT", "/v1/todos/NEW", {"title": "New", "list_id": "LIST"}, Role.EDITOR),
    ("PUT", "/v1/todos/TODO", {"title": "Changed"}, Role.EDITOR),
    ("PUT", "/v1/todos/TODO", {"completed": True}, Role.COMPLETER),
    ("PATCH", "/v1/todos/TODO", {"title": "Changed"}, Role.EDITOR),
    ("PATCH", "/v1/todos/TODO", {"labels_add": ["new"]}, Role.EDITOR),
    ("PATCH", "/v1/todos/TODO", {"status": "in_progress"}, Role.EDITOR),
    ("PATCH", "/v1/todos/TODO", {"status": "cancelled"}, Role.EDITOR),
    ("PATCH", "/v1/todos/TODO", {"completed": True, "title": "Changed"}, Role.EDITOR),
    ("PATCH", "/v1/todos/TODO", {"completed": True}, Role.COMPLETER),
    ("PATCH", "/v1/todos/TODO", {"status": "completed"}, Role.COMPLETER),
    ("PATCH", "/v1/todos/DONE", {"completed": False}, Role.COMPLETER),
    ("PATCH", "/v1/todos/TODO", {"parent_id": "DONE"}, Role.EDITOR),
    ("POST", "/v1/todos/TODO/complete", None, Role.COMPLETER),
    ("POST", "/v1/todos/DONE/reopen", None, Role.COMPLETER),
    ("POST", "/v1/todos/TODO/move", {"position": "top"}, Role.EDITOR),
    ("DELETE", "/v1/todos/TODO", None, Role.EDITOR),
]


async def make(client: httpx.AsyncClient, **fields: Any) -> dict[str, Any]:
    response = await client.post("/v1/todos", json={"title": "Buy milk"} | fields)
    assert response.status_code == 201, response.text
    todo: dict[str, Any] = response.json()
    return todo


async def make_list(client: httpx.AsyncClient) -> str:
    list_id: str = (await client.post("/v1/lists", json={"name": "Groceries"})).json()["id"]
    return list_id


async def titles(client: httpx.AsyncClient, **parameters: str) -> list[str]:
    response = await client.get("/v1/todos", params={"status": "any", "sort": "title"} | parameters)
    return [item["title"] for item in response.json()["items"]]


def problem(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, response.json()["code"]


# Roles


@pytest.mark.parametrize(("kind", "role"), [*(("member", role) for role in Role), *(("guest", role) for role in GUESTS)])
async def test_a_role_may_what_it_may(
    service: Service, client: httpx.AsyncClient, account: Account, stranger: Account, kind: str, role: Role
) -> None:
    list_id = await make_list(client)
    if kind == "guest":
        await service.add_guest(stranger, list_id, role)
    else:
        await service.add_member(stranger, account.workspace_id, role)
    theirs = service.client(stranger)

    for method, path, body, least in WRITES:
        ids = {"LIST": list_id, "NEW": new_id()}
        ids["TODO"] = (await make(client, list_id=list_id))["id"]
        ids["DONE"] = (await make(client, list_id=list_id, completed=True))["id"]
        for name, id_ in ids.items():
            path = path.replace(name, id_)  # noqa: PLW2901  # filled in
        sent = None if body is None else {name: ids.get(str(value), value) for name, value in body.items()}
        seq = await service.seq(account.workspace_id)
        response = await theirs.request(method, path, json=sent)
        if role >= least:
            assert response.status_code in {200, 201, 204}, response.text
            assert await service.seq(account.workspace_id) > seq
        else:
            assert problem(response) == (403, "role_too_low")
            assert response.json()["missing_role"] == least.word
            assert await service.seq(account.workspace_id) == seq


@pytest.mark.parametrize("role", list(Role))
async def test_every_member_sees_all_lists(
    service: Service, client: httpx.AsyncClient, account: Account, stranger: Account, role: Role
) -> None:
    service.clock.advance(days=1)
    await service.add_member(stranger, account.workspace_id, role)
    todo = await make(client, title="shared", list_id=await make_list(client))
    await make(client, title="in the inbox")
    await make(service.client(stranger), title="their own")

    assert await titles(service.client(stranger)) == ["in the inbox", "shared", "their own"]
    assert (await service.client(stranger).get(f"/v1/todos/{todo['id']}")).json() == todo


@pytest.mark.parametrize("role", GUESTS)
async def test_a_guest_sees_one_list(
    service: Service, client: httpx.AsyncClient, account: Account, stranger: Account, role: Role
) -> None:
    list_id = await make_list(client)
    await service.add_guest(stranger, list_id, role)
    shared, hidden = await make(client, title="shared", list_id=list_id), await make(client, title="hidden")
    theirs = service.client(stranger)
    await make(theirs, title="their own")

    assert await titles(theirs) == ["shared", "their own"]
    assert await titles(theirs, list_id=account.inbox_id) == []
    assert (await theirs.get(f"/v1/todos/{shared['id']}")).json() == shared
    for method, path, body in (("GET", "", None), ("PUT", "", {"title": "x"}), ("DELETE", "", None), ("POST", "/complete", None)):
        assert problem(await theirs.request(method, f"/v1/todos/{hidden['id']}{path}", json=body)) == (404, "todo_not_found")


async def test_the_higher_of_two_roles_counts(
    service: Service, client: httpx.AsyncClient, account: Account, stranger: Account
) -> None:
    list_id = await make_list(client)
    await service.add_member(stranger, account.workspace_id, Role.VIEWER)
    await service.add_guest(stranger, list_id, Role.EDITOR)
    here, elsewhere = await make(client, list_id=list_id), await make(client)
    theirs = service.client(stranger)

    answers = [await theirs.patch(f"/v1/todos/{todo['id']}", json={"title": "x"}) for todo in (here, elsewhere)]

    assert [answer.status_code for answer in answers] == [200, 403]
    assert await titles(theirs) == ["Buy milk", "x"]


# Credentials that may less than their user


async def test_a_restricted_key_knows_its_lists_only(service: Service, client: httpx.AsyncClient, account: Account) -> None:
    list_id = await make_list(client)
    inside, outside = await make(client, title="inside", list_id=list_id), await make(client, title="outside", labels=["a"])
    key = service.client(key=await service.key(account, list_ids=[list_id]))

    created = await make(key, title="new")
    refused = [
        await key.get(f"/v1/todos/{outside['id']}"),
        await key.put(f"/v1/todos/{outside['id']}", json={"title": "x"}),
        await key.post("/v1/todos", json={"title": "x", "parent_id": outside["id"]}),
        await key.patch(f"/v1/todos/{inside['id']}", json={"parent_id": outside["id"]}),
    ]
    moved = await key.post(f"/v1/todos/{inside['id']}/move", json={"list_id": account.inbox_id})

    assert (created["list_id"], await titles(key), await titles(key, label="a")) == (list_id, ["inside", "new"], [])
    assert [problem(answer) for answer in refused] == [(404, "todo_not_found")] * 4
    assert problem(moved) == (404, "list_not_found")


async def test_a_capturing_key_creates_and_sees_nothing(service: Service, client: httpx.AsyncClient, account: Account) -> None:
    todo = await make(client)
    key = service.client(key=await service.key(account, PRESETS[Preset.CAPTURE_ONLY]))

    created = await key.post("/v1/todos", json={"title": "caught", "labels": ["new"]})

    assert (created.status_code, list(created.json()), "etag" in created.headers) == (201, ["id"], False)
    assert created.headers["location"] == f"/v1/todos/{created.json()['id']}"
    assert (await client.get(created.headers["location"])).json()["title"] == "caught"
    for method, path, body in (
        ("GET", "", None),
        ("PATCH", "", {"title": "x"}),
        ("DELETE", "", None),
        ("POST", "/complete", None),
    ):
        response = await key.request(method, f"/v1/todos/{todo['id']}{path}", json=body)
        assert (problem(response), response.json()["missing_scope"]) == ((403, "scope_missing"), "todos:read")


async def test_a_capturing_key_puts_once_and_changes_nothing(
    service: Service, client: httpx.AsyncClient, account: Account
) -> None:
    key = service.client(key=await service.key(account, PRESETS[Preset.CAPTURE_ONLY]))
    path = f"/v1/todos/{new_id()}"

    created = await key.put(path, json={"title": "caught"})
    again = await key.put(path, json={"title": "caught"})
    changed = await key.put(path, json={"title": "changed"})

    assert [(answer.status_code, list(answer.json())) for answer in (created, again)] == [(201, ["id"]), (200, ["id"])]
    assert (changed.status_code, changed.json()["code"]) == (403, "scope_missing")
    assert (await client.get(path)).json()["title"] == "caught"
