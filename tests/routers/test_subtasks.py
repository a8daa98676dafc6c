from typing import Any

import httpx
import pytest

from tests.support.service import Account, Service
from todo_api.domain.identifiers import new_id
from todo_api.domain.permissions import Role


async def make(client: httpx.AsyncClient, **fields: Any) -> dict[str, Any]:
    response = await client.post("/v1/todos", json={"title": "Buy milk"} | fields)
    assert response.status_code == 201, response.text
    todo: dict[str, Any] = response.json()
    return todo


async def make_chain(client: httpx.AsyncClient, levels: int, **fields: Any) -> list[dict[str, Any]]:
    """A todo, its subtask, its subtask's subtask and so on."""
    chain = [await make(client, **fields)]
    while len(chain) < levels:
        chain.append(await make(client, parent_id=chain[-1]["id"]))
    return chain


async def make_list(client: httpx.AsyncClient, **fields: Any) -> str:
    response = await client.post("/v1/lists", json={"name": "Groceries"} | fields)
    assert response.status_code == 201, response.text
    list_id: str = response.json()["id"]
    return list_id


async def read(client: httpx.AsyncClient, todo: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = (await client.get(f"/v1/todos/{todo['id']}")).json()
    return found


async def places(client: httpx.AsyncClient, *todos: dict[str, Any]) -> list[tuple[str, str | None]]:
    found = [await read(client, todo) for todo in todos]
    return [(todo["list_id"], todo["parent_id"]) for todo in found]


async def put_below(client: httpx.AsyncClient, how: str, todo: dict[str, Any], parent: dict[str, Any] | None) -> httpx.Response:
    """Every way to change the parent: they are the same operation."""
    body = {"parent_id": None if parent is None else parent["id"]}
    if how == "move":
        return await client.post(f"/v1/todos/{todo['id']}/move", json=body)
    return await client.request(how, f"/v1/todos/{todo['id']}", json=body)


def problem(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, response.json()["code"]


WAYS = ["PATCH", "PUT", "move"]


# Making


async def test_a_subtask_is_in_its_parents_list(client: httpx.AsyncClient) -> None:
    list_id = await make_list(client)
    parent = await make(client, list_id=list_id)

    child = await make(client, parent_id=parent["id"])

    assert (child["list_id"], child["parent_id"]) == (list_id, parent["id"])


@pytest.mark.parametrize("method", ["POST", "PUT"])
async def test_a_subtask_in_another_list_than_its_parent_is_refused(client: httpx.AsyncClient, method: str) -> None:
    parent = await make(client)
    path = "/v1/todos" if method == "POST" else f"/v1/todos/{new_id()}"
    body = {"title": "x", "parent_id": parent["id"], "list_id": await make_list(client)}

    response = await client.request(method, path, json=body)

    assert response.status_code == 422
    assert [(error["pointer"], error["code"]) for error in response.json()["errors"]] == [("#/parent_id", "other_list")]


async def test_a_subtask_may_name_the_list_of_its_parent(client: httpx.AsyncClient) -> None:
    list_id = await make_list(client)
    parent = await make(client, list_id=list_id)

    child = await make(client, parent_id=parent["id"], list_id=list_id)

    assert (child["list_id"], child["parent_id"]) == (list_id, parent["id"])


async def test_a_subtask_of_a_missing_todo_is_refused(client: httpx.AsyncClient) -> None:
    response = await client.post("/v1/todos", json={"title": "x", "parent_id": new_id()})

    assert problem(response) == (404, "todo_not_found")


async def test_a_subtask_of_a_strangers_todo_is_refused(service: Service, client: httpx.AsyncClient, stranger: Account) -> None:
    todo = await make(client)

    response = await service.client(stranger).post("/v1/todos", json={"title": "x", "parent_id": todo["id"]})

    assert problem(response) == (404, "todo_not_found")
    assert (await read(client, todo))["subtask_counts"] == {"open": 0, "completed": 0}


async def test_a_subtask_of_a_trashed_todo_is_refused(client: httpx.AsyncClient) -> None:
    todo = await make(client)
    await client.delete(f"/v1/todos/{todo['id']}")

    response = await client.post("/v1/todos", json={"title": "x", "parent_id": todo["id"]})

    assert problem(response) == (404, "todo_not_found")


async def test_subtasks_are_counted_by_status(client: httpx.AsyncClient) -> None:
    parent = await make(client)
    for status in ("open", "in_progress", "completed", "cancelled"):
        await make(client, parent_id=parent["id"], status=status)
    trashed = await make(client, parent_id=parent["id"])
    cancelled = await make(client, parent_id=parent["id"], status="cancelled")
    await make(client, parent_id=cancelled["id"])  # not a direct one
    await client.delete(f"/v1/todos/{trashed['id']}")

    page = (await client.get("/v1/todos")).json()["items"]

    assert (await read(client, parent))["subtask_counts"] == {"open": 2, "completed": 1}
    assert page[0] == await read(client, parent)


# Depth and cycles


async def test_five_levels_are_the_deepest(client: httpx.AsyncClient) -> None:
    chain = await make_chain(client, 5)

    response = await client.post("/v1/todos", json={"title": "x", "parent_id": chain[-1]["id"]})

    assert problem(response) == (409, "nesting_too_deep")


@pytest.mark.parametrize("way", WAYS)
async def test_moving_a_subtree_below_the_deepest_level_is_refused(client: httpx.AsyncClient, way: str) -> None:
    upper, lower = await make_chain(client, 3), await make_chain(client, 3)

    response = await put_below(client, way, lower[0], upper[2])

    assert problem(response) == (409, "nesting_too_deep")
    assert await read(client, lower[0]) == lower[0] | {"subtask_counts": {"open": 1, "completed": 0}}


@pytest.mark.parametrize("way", WAYS)
async def test_moving_a_subtree_to_the_deepest_level_is_allowed(client: httpx.AsyncClient, way: str) -> None:
    upper, lower = await make_chain(client, 3), await make_chain(client, 3)

    response = await put_below(client, way, lower[0], upper[1])

    assert (response.status_code, response.json()["parent_id"]) == (200, upper[1]["id"])


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("level", [0, 1, 4])
async def test_a_todo_goes_neither_below_itself_nor_below_its_subtasks(client: httpx.AsyncClient, way: str, level: int) -> None:
    chain = await make_chain(client, 5)

    response = await put_below(client, way, chain[0], chain[level])

    assert problem(response) == (409, "parent_cycle")
    assert (await read(client, chain[0]))["version"] == 1


async def test_a_subtask_may_change_places_with_its_parent(client: httpx.AsyncClient) -> None:
    parent, child = await make_chain(client, 2)

    await put_below(client, "PATCH", child, None)
    response = await put_below(client, "PATCH", parent, child)

    assert response.status_code == 200
    assert await places(client, parent, child) == [(parent["list_id"], child["id"]), (parent["list_id"], None)]


# Moving


@pytest.mark.parametrize("way", WAYS)
async def test_the_parent_is_changed_every_way(client: httpx.AsyncClient, way: str) -> None:
    parent, todo = await make(client), await make(client)

    response = await put_below(client, way, todo, parent)

    assert (response.status_code, response.headers["etag"]) == (200, '"2"')
    assert response.json() == todo | {"parent_id": parent["id"], "version": 2, "order": response.json()["order"]}
    assert await read(client, todo) == response.json()


@pytest.mark.parametrize("way", WAYS)
async def test_the_same_parent_again_changes_nothing(client: httpx.AsyncClient, way: str) -> None:
    parent, child = await make_chain(client, 2)

    response = await put_below(client, way, child, parent)

    assert (response.status_code, response.json()) == (200, child)


@pytest.mark.parametrize("way", WAYS)
async def test_null_brings_a_subtask_to_the_top_level(client: httpx.AsyncClient, way: str) -> None:
    _, child = await make_chain(client, 2)

    response = await put_below(client, way, child, None)

    assert (response.status_code, response.json()["parent_id"], response.json()["version"]) == (200, None, 2)


@pytest.mark.parametrize("how", [("PATCH", ""), ("PUT", ""), ("POST", "/move")])
async def test_moving_a_parent_takes_its_subtree_to_the_list(client: httpx.AsyncClient, how: tuple[str, str]) -> None:
    list_id = await make_list(client)
    parent, child, grandchild = await make_chain(client, 3)
    done = await make(client, parent_id=child["id"], completed=True)

    response = await client.request(how[0], f"/v1/todos/{parent['id']}{how[1]}", json={"list_id": list_id})

    assert (response.status_code, response.json()["subtask_counts"]) == (200, {"open": 1, "completed": 0})
    expected = [(list_id, None), (list_id, parent["id"]), (list_id, child["id"]), (list_id, child["id"])]
    assert await places(client, parent, child, grandchild, done) == expected
    assert (await client.get(f"/v1/lists/{list_id}")).json()["open_count"] == 3


@pytest.mark.parametrize("how", [("PATCH", ""), ("PUT", ""), ("POST", "/move")])
async def test_moving_a_subtask_to_another_list_detaches_it(client: httpx.AsyncClient, how: tuple[str, str]) -> None:
    list_id = await make_list(client)
    parent, child, grandchild = await make_chain(client, 3)

    await client.request(how[0], f"/v1/todos/{child['id']}{how[1]}", json={"list_id": list_id})

    expected = [(parent["list_id"], None), (list_id, None), (list_id, child["id"])]
    assert await places(client, parent, child, grandchild) == expected
    assert (await read(client, parent))["subtask_counts"] == {"open": 0, "completed": 0}


async def test_a_parent_in_another_list_takes_the_subtree_there(client: httpx.AsyncClient) -> None:
    list_id = await make_list(client)
    target = await make(client, list_id=list_id)
    todo, child = await make_chain(client, 2)

    response = await put_below(client, "PATCH", todo, target)

    assert response.status_code == 200
    assert await places(client, todo, child) == [(list_id, target["id"]), (list_id, todo["id"])]


async def test_naming_the_own_list_keeps_the_parent(client: httpx.AsyncClient) -> None:
    _, child = await make_chain(client, 2)

    response = await client.patch(f"/v1/todos/{child['id']}", json={"list_id": child["list_id"]})

    assert (response.status_code, response.json()) == (200, child)


@pytest.mark.parametrize("how", [("PATCH", ""), ("POST", "/move")])
async def test_a_parent_outside_the_list_named_is_refused(client: httpx.AsyncClient, how: tuple[str, str]) -> None:
    parent, todo = await make(client), await make(client)
    body = {"parent_id": parent["id"], "list_id": await make_list(client)}

    response = await client.request(how[0], f"/v1/todos/{todo['id']}{how[1]}", json=body)

    assert response.status_code == 422
    assert [(error["pointer"], error["code"]) for error in response.json()["errors"]] == [("#/parent_id", "other_list")]


async def test_moving_to_a_strangers_list_or_parent_is_not_found(
    service: Service, client: httpx.AsyncClient, stranger: Account
) -> None:
    todo = await make(client)
    theirs = await make(service.client(stranger))

    into_list = await client.patch(f"/v1/todos/{todo['id']}", json={"list_id": theirs["list_id"]})
    below = await put_below(client, "PATCH", todo, theirs)

    assert [problem(into_list), problem(below)] == [(404, "list_not_found"), (404, "todo_not_found")]
    assert await read(client, todo) == todo


@pytest.mark.parametrize(("end", "code"), [("archive", "list_archived"), ("delete", "list_trashed")])
async def test_moving_to_a_closed_list_is_a_conflict(client: httpx.AsyncClient, end: str, code: str) -> None:
    list_id, todo = await make_list(client), await make(client)
    if end == "archive":
        await client.patch(f"/v1/lists/{list_id}", json={"archived": True})
    else:
        await client.delete(f"/v1/lists/{list_id}")

    response = await client.post(f"/v1/todos/{todo['id']}/move", json={"list_id": list_id})

    assert problem(response) == (409, code)


async def test_moving_to_another_workspace_carries_labels_and_subtree(
    service: Service, client: httpx.AsyncClient, account: Account, stranger: Account
) -> None:
    await service.add_member(account, stranger.workspace_id, Role.EDITOR)
    await make(service.client(stranger), labels=["Food"])
    parent = await make(client, labels=["food", "home"])
    child = await make(client, parent_id=parent["id"], labels=["home"])

    moved = await client.patch(f"/v1/todos/{parent['id']}", json={"list_id": stranger.inbox_id})

    assert (moved.status_code, moved.json()["labels"]) == (200, ["Food", "home"])
    seen = await read(service.client(stranger), child)
    assert (seen["workspace_id"], seen["list_id"], seen["labels"]) == (stranger.workspace_id, stranger.inbox_id, ["home"])
    names = [label["name"] for label in (await service.client(stranger).get("/v1/labels")).json()["items"]]
    assert names == ["Food", "home"]


async def test_moving_to_another_workspace_with_other_labels_keeps_those(
    service: Service, client: httpx.AsyncClient, account: Account, stranger: Account
) -> None:
    await service.add_member(account, stranger.workspace_id, Role.EDITOR)
    todo = await make(client, labels=["food"])

    moved = await client.patch(f"/v1/todos/{todo['id']}", json={"list_id": stranger.inbox_id, "labels": ["home"]})

    assert (moved.status_code, moved.json()["labels"]) == (200, ["home"])
    theirs = service.client(stranger)
    assert [item["id"] for item in (await theirs.get("/v1/todos?label=home")).json()["items"]] == [todo["id"]]
    assert (await theirs.get("/v1/todos?label=food")).json()["items"] == []


# Deleting


async def test_deleting_a_parent_takes_its_subtree_as_one_unit(
    service: Service, client: httpx.AsyncClient, account: Account
) -> None:
    parent, child, grandchild = await make_chain(client, 3)
    other = await make(client)
    seq = await service.seq(account.workspace_id)

    response = await client.delete(f"/v1/todos/{parent['id']}")

    assert response.status_code == 204
    assert (await client.get("/v1/todos?status=any")).json()["items"] == [other]
    logged = [change for change in await service.changes(account.workspace_id) if change.seq > seq]
    assert {(change.op, change.entity_id) for change in logged} == {
        ("delete", todo["id"]) for todo in (parent, child, grandchild)
    }
    assert len({change.unit_id for change in logged}) == 1


async def test_deleting_a_subtask_leaves_its_parent(client: httpx.AsyncClient) -> None:
    parent, child, grandchild = await make_chain(client, 3)

    await client.delete(f"/v1/todos/{child['id']}")

    assert await read(client, parent) == parent
    assert [(await client.get(f"/v1/todos/{todo['id']}")).status_code for todo in (child, grandchild)] == [404, 404]


async def test_deleting_a_subtask_after_its_parent_does_nothing(
    service: Service, client: httpx.AsyncClient, account: Account
) -> None:
    parent, child = await make_chain(client, 2)
    await client.delete(f"/v1/todos/{parent['id']}")
    seq = await service.seq(account.workspace_id)

    response = await client.delete(f"/v1/todos/{child['id']}")

    assert (response.status_code, await service.seq(account.workspace_id)) == (204, seq)
