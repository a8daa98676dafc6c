from typing import Any

import httpx
import pytest
from sqlalchemy import update

from tests.support.service import Account, Service
from todo_api.domain.identifiers import new_id
from todo_api.domain.permissions import ALL_SCOPES, Role, Scope
from todo_api.models import SavedFilter


async def make(client: httpx.AsyncClient, name: str = "Soon", **fields: Any) -> dict[str, Any]:
    response = await client.post("/v1/filters", json={"name": name, "query": "due < today+7d"} | fields)
    assert response.status_code == 201, response.text
    saved: dict[str, Any] = response.json()
    return saved


async def names(client: httpx.AsyncClient, **parameters: Any) -> list[str]:
    return [saved["name"] for saved in (await client.get("/v1/filters", params=parameters)).json()["items"]]


def told(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, response.json()["code"]


# Creating and reading


async def test_create_answers_the_filter(client: httpx.AsyncClient) -> None:
    body = {"name": "Soon", "query": 'due < today+7d  AND label:"food"', "sort": "-priority"}

    response = await client.post("/v1/filters", json=body)

    saved = response.json()
    assert saved == body | {
        "id": saved["id"],
        "order": saved["order"],
        "version": 1,
        "created_at": "2027-03-10T09:00:00.000000Z",
        "updated_at": "2027-03-10T09:00:00.000000Z",
    }
    assert (response.headers["location"], response.headers["etag"]) == (f"/v1/filters/{saved['id']}", '"1"')
    assert (await client.get(response.headers["location"])).json() == saved


async def test_create_is_logged_in_the_personal_workspace(service: Service, client: httpx.AsyncClient, account: Account) -> None:
    saved = await make(client)

    logged = (await service.changes(account.workspace_id))[-1]
    assert (logged.kind, logged.entity_id, logged.op, logged.list_id) == ("filter", saved["id"], "create", None)
    assert logged.after == {name: saved[name] for name in ("name", "query", "sort", "order")}


async def test_filters_come_in_order_on_pages(client: httpx.AsyncClient) -> None:
    for name in "bac":
        await make(client, name)

    first = (await client.get("/v1/filters", params={"limit": 2})).json()
    second = (await client.get("/v1/filters", params={"limit": 2, "cursor": first["next_cursor"]})).json()

    assert [saved["name"] for saved in first["items"] + second["items"]] == list("bac")
    assert second["next_cursor"] is None


async def test_a_known_version_is_not_sent_again(client: httpx.AsyncClient) -> None:
    saved = await make(client)

    response = await client.get(f"/v1/filters/{saved['id']}", headers={"If-None-Match": '"1"'})

    assert (response.status_code, response.content) == (304, b"")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": "a"},
        {"name": " ", "query": "overdue"},
        {"name": "a", "query": None},
        {"name": "a", "query": "overdue", "sort": "relevance"},
        {"name": "a", "query": "overdue", "sort": "--due"},
        {"name": "a", "query": "overdue", "order": "a0"},
    ],
)
async def test_invalid_filters_are_refused(client: httpx.AsyncClient, body: dict[str, Any]) -> None:
    assert told(await client.post("/v1/filters", json=body)) == (422, "invalid_input")


@pytest.mark.parametrize(
    ("query", "offset", "length"),
    [("due <", 5, 0), ("priority >= huge", 12, 4), ("", 0, 0), ("a" * 2001, 2000, 1), ("owner:me", 0, 5)],
)
async def test_what_is_no_filter_is_refused_with_the_place(
    client: httpx.AsyncClient, query: str, offset: int, length: int
) -> None:
    saved = await make(client)

    answers = [
        await client.post("/v1/filters", json={"name": "a", "query": query}),
        await client.patch(f"/v1/filters/{saved['id']}", json={"query": query}),
    ]

    for problem in (answer.json() for answer in answers):
        assert (problem["status"], problem["code"], problem["errors"][0]["pointer"]) == (422, "filter_invalid", "#/query")
        assert (problem["offset"], problem["length"]) == (offset, length)
        assert isinstance(problem["expected"], list)
    assert (await client.get(f"/v1/filters/{saved['id']}")).json() == saved


async def test_one_key_makes_one_filter(client: httpx.AsyncClient) -> None:
    headers, body = {"Idempotency-Key": "once"}, {"name": "a", "query": "overdue"}

    first = await client.post("/v1/filters", json=body, headers=headers)
    second = await client.post("/v1/filters", json=body, headers=headers)

    assert (second.json(), await names(client)) == (first.json(), ["a"])


# Changing


async def test_change(service: Service, client: httpx.AsyncClient, account: Account) -> None:
    saved = await make(client)
    service.clock.advance(hours=1)
    change = {"name": "Late", "query": "overdue", "sort": "due"}

    response = await client.patch(f"/v1/filters/{saved['id']}", json=change, headers={"If-Match": '"1"'})

    assert response.json() == saved | change | {"version": 2, "updated_at": "2027-03-10T10:00:00.000000Z"}
    assert response.headers["etag"] == '"2"'
    logged = (await service.changes(account.workspace_id))[-1]
    assert (logged.kind, logged.op, logged.before, logged.after) == (
        "filter", "update", {name: saved[name] for name in change}, change,
    )  # fmt: skip


@pytest.mark.parametrize("body", [{}, {"name": "Soon", "query": "due < today+7d", "sort": "order"}])
async def test_a_patch_that_changes_nothing_keeps_the_version(
    service: Service, client: httpx.AsyncClient, account: Account, body: dict[str, Any]
) -> None:
    saved = await make(client)
    seq = await service.seq(account.workspace_id)

    response = await client.patch(f"/v1/filters/{saved['id']}", json=body)

    assert (response.json(), await service.seq(account.workspace_id)) == (saved, seq)


@pytest.mark.parametrize("action", ["patch", "delete", "move"])
async def test_a_stale_write_is_refused_with_the_current_filter(client: httpx.AsyncClient, action: str) -> None:
    saved, other = await make(client), await make(client)
    path, headers = f"/v1/filters/{saved['id']}", {"If-Match": '"7"'}

    match action:
        case "patch":
            response = await client.patch(path, json={"name": "x"}, headers=headers)
        case "delete":
            response = await client.delete(path, headers=headers)
        case _:
            response = await client.post(f"{path}/move", json={"after": other["id"]}, headers=headers)

    assert (*told(response), response.json()["current"]) == (412, "version_mismatch", saved)
    assert (await client.get(path)).json() == saved


# Moving


@pytest.mark.parametrize(
    ("moving", "where", "neighbour", "order"),
    [("c", "before", "a", "cab"), ("a", "after", "c", "bca"), ("b", "after", "a", "abc")],
)
async def test_move(client: httpx.AsyncClient, moving: str, where: str, neighbour: str, order: str) -> None:
    saved = {name: await make(client, name) for name in "abc"}

    response = await client.post(f"/v1/filters/{saved[moving]['id']}/move", json={where: saved[neighbour]["id"]})

    assert response.status_code == 200
    assert await names(client) == list(order)


async def test_where_there_is_no_room_all_get_new_places(service: Service, client: httpx.AsyncClient) -> None:
    saved = {name: await make(client, name) for name in "abc"}
    async with service.state.database.transaction() as session:
        await session.execute(update(SavedFilter).values(order="a0"))

    await client.post(f"/v1/filters/{saved['c']['id']}/move", json={"before": saved["b"]["id"]})

    assert await names(client) == list("acb")


async def test_the_neighbour_must_be_another_own_filter(service: Service, client: httpx.AsyncClient, stranger: Account) -> None:
    saved, foreign = await make(client), await make(service.client(stranger))

    for neighbour in (saved["id"], foreign["id"], new_id()):
        response = await client.post(f"/v1/filters/{saved['id']}/move", json={"before": neighbour})

        assert (response.status_code, response.json()["errors"][0]["pointer"]) == (422, "#/before")


# Deleting


async def test_a_deleted_filter_is_gone(service: Service, client: httpx.AsyncClient, account: Account) -> None:
    saved, other = await make(client), await make(client, "other")
    path = f"/v1/filters/{saved['id']}"

    assert (await client.delete(path)).status_code == 204

    logged = (await service.changes(account.workspace_id))[-1]
    assert (logged.kind, logged.entity_id, logged.op) == ("filter", saved["id"], "delete")
    assert told(await client.get(path)) == (404, "filter_not_found")
    assert told(await client.patch(path, json={"name": "x"})) == (404, "filter_not_found")
    assert told(await client.post(f"{path}/move", json={"after": other["id"]})) == (404, "filter_not_found")
    assert await names(client) == ["other"]
    assert (await client.delete(path)).status_code == 204
    assert await service.seq(account.workspace_id) == logged.seq


# Who may


async def test_nobody_else_sees_a_filter(
    service: Service, client: httpx.AsyncClient, account: Account, stranger: Account
) -> None:
    saved = await make(client)
    await service.add_member(stranger, account.workspace_id, Role.ADMIN)
    other, path = service.client(stranger), f"/v1/filters/{saved['id']}"

    answers = [
        await other.get(path),
        await other.patch(path, json={"name": "x"}),
        await other.delete(path),
        await other.post(f"{path}/move", json={"after": new_id()}),
    ]

    assert [told(answer) for answer in answers] == [(404, "filter_not_found")] * 4
    assert await names(other) == []


async def test_a_restricted_key_is_kept_from_filters(service: Service, client: httpx.AsyncClient, account: Account) -> None:
    saved = await make(client)
    restricted = service.client(key=await service.key(account, list_ids=[account.inbox_id]))

    assert told(await restricted.get("/v1/filters")) == (403, "forbidden")
    assert told(await restricted.get(f"/v1/filters/{saved['id']}")) == (403, "forbidden")
    assert told(await restricted.delete(f"/v1/filters/{saved['id']}")) == (403, "forbidden")
    assert told(await restricted.post("/v1/filters", json={"name": "a", "query": "overdue"})) == (403, "forbidden")


async def test_scopes_and_credentials_are_needed(
    service: Service, client: httpx.AsyncClient, account: Account, anonymous: httpx.AsyncClient
) -> None:
    saved = await make(client)
    reader = service.client(key=await service.key(account, {Scope.TODOS_READ}))
    outsider = service.client(key=await service.key(account, ALL_SCOPES - {Scope.TODOS_READ}))

    refused = await reader.patch(f"/v1/filters/{saved['id']}", json={"name": "x"})

    assert (await reader.get(f"/v1/filters/{saved['id']}")).json() == saved
    assert (*told(refused), refused.json()["missing_scope"]) == (403, "scope_missing", "todos:write")
    assert told(await outsider.get("/v1/filters")) == (403, "scope_missing")
    assert told(await anonymous.get("/v1/filters")) == (401, "unauthenticated")
    assert told(await anonymous.post("/v1/filters", json={"name": "a", "query": "overdue"})) == (401, "unauthenticated")
