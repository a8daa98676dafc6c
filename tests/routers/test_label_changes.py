import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from tests.support.service import Account, Service
from todo_api.domain.identifiers import new_id
from todo_api.domain.permissions import ALL_SCOPES, Role, Scope
from todo_api.models import Label, Todo, TodoLabel

Statements = Callable[[], AbstractContextManager[list[str]]]


async def make(client: httpx.AsyncClient, name: str = "food", **fields: Any) -> dict[str, Any]:
    response = await client.post("/v1/labels", json={"name": name} | fields)
    assert response.status_code == 201, response.text
    label: dict[str, Any] = response.json()
    return label


async def todo_with(client: httpx.AsyncClient, *labels: str, **fields: Any) -> dict[str, Any]:
    response = await client.post("/v1/todos", json={"title": "Buy milk", "labels": list(labels)} | fields)
    assert response.status_code == 201, response.text
    todo: dict[str, Any] = response.json()
    return todo


async def rename(client: httpx.AsyncClient, label: dict[str, Any], name: str, **fields: Any) -> dict[str, Any]:
    response = await client.patch(f"/v1/labels/{label['id']}", json={"name": name} | fields)
    assert response.status_code == 200, response.text
    renamed: dict[str, Any] = response.json()
    return renamed


async def forget(client: httpx.AsyncClient, label: dict[str, Any], on_todos: str) -> None:
    response = await client.delete(f"/v1/labels/{label['id']}", params={"on_todos": on_todos})
    assert response.status_code == 204, response.text


async def names(client: httpx.AsyncClient) -> list[str]:
    return [label["name"] for label in (await client.get("/v1/labels")).json()["items"]]


async def labels_of(client: httpx.AsyncClient, todo: dict[str, Any]) -> list[str]:
    found: list[str] = (await client.get(f"/v1/todos/{todo['id']}")).json()["labels"]
    return found


async def labelled(client: httpx.AsyncClient, name: str) -> list[str]:
    """Ids of the todos that the parameter ``label`` finds."""
    return [todo["id"] for todo in (await client.get("/v1/todos", params={"label": name})).json()["items"]]


async def by_name(client: httpx.AsyncClient, name: str) -> dict[str, Any]:
    return next(label for label in (await client.get("/v1/labels")).json()["items"] if label["name"] == name)


async def require_agreement(service: Service) -> None:
    """The names on every todo are those of the labels it carries."""
    async with service.state.database.snapshot() as session:
        carried = (
            select(TodoLabel.todo_id, Label.name).join(Label, Label.id == TodoLabel.label_id).where(Label.deleted_at.is_(None))
        )
        found: dict[str, set[str]] = {}
        for row in await session.execute(carried):
            found.setdefault(row.todo_id, set()).add(row.name)
        for todo in await session.execute(select(Todo.id, Todo.labels)):
            assert found.get(todo.id, set()) == set(todo.labels)
            assert len(todo.labels) == len(set(todo.labels))


def told(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, response.json()["code"]


# Creating and reading


async def test_create_answers_the_label(client: httpx.AsyncClient, account: Account) -> None:
    response = await client.post("/v1/labels", json={"name": "food", "color": "#2d7ff9"})

    label = response.json()
    assert label == {
        "id": label["id"],
        "workspace_id": account.workspace_id,
        "name": "food",
        "color": "#2d7ff9",
        "version": 1,
        "created_at": "2027-03-10T09:00:00.000000Z",
        "updated_at": "2027-03-10T09:00:00.000000Z",
    }
    assert (response.headers["location"], response.headers["etag"]) == (f"/v1/labels/{label['id']}", '"1"')
    assert (await client.get(response.headers["location"])).json() == label


async def test_a_name_is_taken_once(client: httpx.AsyncClient) -> None:
    await make(client, "Food")

    assert told(await client.post("/v1/labels", json={"name": "FOOD"})) == (409, "label_name_taken")


async def test_pages_cover_every_label_once_by_name(client: httpx.AsyncClient) -> None:
    for name in ("b", "A", "d", "É", "c"):
        await make(client, name)
    seen: list[str] = []
    parameters: dict[str, Any] = {"limit": 2}

    while True:
        page = (await client.get("/v1/labels", params=parameters)).json()
        seen += [label["name"] for label in page["items"]]
        if page["next_cursor"] is None:
            break
        parameters["cursor"] = page["next_cursor"]

    assert seen == ["A", "b", "c", "d", "É"]


# Changing


async def test_a_colour_is_changed_and_cleared(service: Service, client: httpx.AsyncClient, account: Account) -> None:
    label = await make(client, color="#2d7ff9")
    todo = await todo_with(client, "food")
    service.clock.advance(hours=1)

    response = await client.patch(f"/v1/labels/{label['id']}", json={"color": None}, headers={"If-Match": '"1"'})

    changed = {"color": None, "version": 2, "updated_at": "2027-03-10T10:00:00.000000Z", "merged": False}
    assert (response.json(), response.headers["etag"]) == (label | changed, '"2"')
    logged = (await service.changes(account.workspace_id))[-1]
    assert (logged.kind, logged.op, logged.before, logged.after) == ("label", "update", {"color": "#2d7ff9"}, {"color": None})
    assert (await client.get(f"/v1/todos/{todo['id']}")).json() == todo


async def test_a_new_name_is_written_on_the_todos(service: Service, client: httpx.AsyncClient, account: Account) -> None:
    label = await make(client)
    todo, other = await todo_with(client, "home", "food", "x"), await todo_with(client, "home")
    seq = await service.seq(account.workspace_id)

    renamed = await rename(client, label, "groceries")

    assert renamed == label | {"name": "groceries", "version": 2, "merged": False}
    assert (await client.get(f"/v1/todos/{todo['id']}")).json() == todo | {"labels": ["home", "groceries", "x"], "version": 2}
    assert (await client.get(f"/v1/todos/{other['id']}")).json() == other
    logged = [change for change in await service.changes(account.workspace_id) if change.seq > seq]
    assert [(change.kind, change.entity_id, change.op, change.list_id, change.before, change.after) for change in logged] == [
        (
            "todo",
            todo["id"],
            "update",
            account.inbox_id,
            {"labels": ["home", "food", "x"]},
            {"labels": ["home", "groceries", "x"]},
        ),
        ("label", label["id"], "update", None, {"name": "food"}, {"name": "groceries"}),
    ]
    assert (await labelled(client, "groceries"), await labelled(client, "food")) == ([todo["id"]], [])
    await require_agreement(service)


async def test_another_spelling_is_a_new_name(service: Service, client: httpx.AsyncClient) -> None:
    label = await make(client, "cafe")
    todo = await todo_with(client, "cafe")

    renamed = await rename(client, label, "Café")

    assert (renamed["name"], renamed["merged"], await labels_of(client, todo)) == ("Café", False, ["Café"])
    await require_agreement(service)


@pytest.mark.parametrize("body", [{}, {"name": "food"}, {"name": "food", "color": None}])
async def test_a_patch_that_changes_nothing_keeps_the_version(
    service: Service, client: httpx.AsyncClient, account: Account, body: dict[str, Any]
) -> None:
    label = await make(client)
    seq = await service.seq(account.workspace_id)

    response = await client.patch(f"/v1/labels/{label['id']}", json=body)

    assert (response.json(), await service.seq(account.workspace_id)) == (label | {"merged": False}, seq)


@pytest.mark.parametrize("body", [{"name": None}, {"name": " "}, {"name": "x" * 101}, {"color": "red"}, {"order": "a0"}])
async def test_an_invalid_patch_is_refused(client: httpx.AsyncClient, body: dict[str, Any]) -> None:
    label = await make(client)

    assert told(await client.patch(f"/v1/labels/{label['id']}", json=body)) == (422, "invalid_input")


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
async def test_a_stale_write_is_refused_with_the_current_label(client: httpx.AsyncClient, method: str) -> None:
    label = await make(client)
    todo = await todo_with(client, "food")
    path, body = f"/v1/labels/{label['id']}", {"name": "x"} if method == "PATCH" else None

    response = await client.request(method, path, json=body, headers={"If-Match": '"7"'})

    assert (*told(response), response.json()["current"]) == (412, "version_mismatch", label)
    assert (await client.get(path)).json() == label
    assert await labels_of(client, todo) == ["food"]


# Merging


async def test_the_name_of_another_label_merges(service: Service, client: httpx.AsyncClient, account: Account) -> None:
    label, survivor = await make(client, "food"), await make(client, "Groceries", color="#2d7ff9")
    both, one = await todo_with(client, "food", "x", "groceries"), await todo_with(client, "food")
    untouched = await todo_with(client, "groceries")
    seq = await service.seq(account.workspace_id)

    merged = await rename(client, label, "GROCERIES")

    assert merged == survivor | {"merged": True}
    assert await labels_of(client, both) == ["Groceries", "x"]
    assert await labels_of(client, one) == ["Groceries"]
    assert (await client.get(f"/v1/todos/{untouched['id']}")).json() == untouched
    assert told(await client.get(f"/v1/labels/{label['id']}")) == (404, "label_not_found")
    assert await names(client) == ["Groceries", "x"]
    logged = [change for change in await service.changes(account.workspace_id) if change.seq > seq]
    assert [(change.kind, change.entity_id, change.op) for change in logged] == [
        ("todo", both["id"], "update"),
        ("todo", one["id"], "update"),
        ("label", label["id"], "delete"),
    ]
    assert set(await labelled(client, "groceries")) == {both["id"], one["id"], untouched["id"]}
    await require_agreement(service)


async def test_a_colour_sent_along_is_the_survivors(client: httpx.AsyncClient) -> None:
    label, survivor = await make(client, "food"), await make(client, "groceries")

    merged = await rename(client, label, "groceries", color="#000000")

    assert merged == survivor | {"color": "#000000", "version": 2, "merged": True}


async def test_labels_of_other_workspaces_are_not_merged(service: Service, client: httpx.AsyncClient, stranger: Account) -> None:
    await make(service.client(stranger), "groceries")
    label = await make(client, "food")

    assert (await rename(client, label, "groceries"))["merged"] is False


async def test_two_labels_renamed_to_each_other_leave_one(service: Service, client: httpx.AsyncClient) -> None:
    first, second = await make(client, "a"), await make(client, "b")
    todos = [await todo_with(client, "a"), await todo_with(client, "b"), await todo_with(client, "a", "b")]

    answers = await asyncio.gather(
        client.patch(f"/v1/labels/{first['id']}", json={"name": "b"}),
        client.patch(f"/v1/labels/{second['id']}", json={"name": "a"}),
    )

    assert [answer.status_code for answer in answers] in ([200, 200], [200, 404], [404, 200])
    [left] = await names(client)
    assert [await labels_of(client, todo) for todo in todos] == [[left]] * 3
    await require_agreement(service)


async def test_a_rename_and_labelling_at_once_agree(service: Service, client: httpx.AsyncClient) -> None:
    label = await make(client, "food")
    todo = await todo_with(client, "food")

    await asyncio.gather(
        rename(client, label, "groceries"),
        client.patch(f"/v1/todos/{todo['id']}", json={"labels_add": ["x"]}),
        *(todo_with(client, "food") for _ in range(6)),
    )

    await require_agreement(service)


async def test_renaming_takes_as_many_statements_for_many_todos(client: httpx.AsyncClient, statements: Statements) -> None:
    label = await make(client)
    counts = []

    for todos, name in ((1, "a"), (5, "b")):
        for _ in range(todos):
            await todo_with(client, label["name"])
        with statements() as seen:
            label = await rename(client, label, name)
        counts.append(len(seen))

    assert counts[0] == counts[1]


async def test_todos_in_the_trash_and_in_archived_lists_are_renamed_too(
    service: Service, client: httpx.AsyncClient, account: Account
) -> None:
    label = await make(client)
    list_id = (await client.post("/v1/lists", json={"name": "Old"})).json()["id"]
    archived, trashed = await todo_with(client, "food", list_id=list_id), await todo_with(client, "food")
    await client.patch(f"/v1/lists/{list_id}", json={"archived": True})
    await client.delete(f"/v1/todos/{trashed['id']}")
    seq = await service.seq(account.workspace_id)

    await rename(client, label, "groceries")

    assert await labels_of(client, archived) == ["groceries"]
    logged = [change for change in await service.changes(account.workspace_id) if change.seq > seq]
    assert [change.entity_id for change in logged] == [archived["id"], label["id"]]
    await require_agreement(service)


# Deleting


async def test_a_deleted_label_comes_off_its_todos(service: Service, client: httpx.AsyncClient, account: Account) -> None:
    label = await make(client)
    todo = await todo_with(client, "home", "food")
    seq = await service.seq(account.workspace_id)

    response = await client.delete(f"/v1/labels/{label['id']}", headers={"If-Match": '"1"'})

    assert response.status_code == 204
    assert (await client.get(f"/v1/todos/{todo['id']}")).json() == todo | {"labels": ["home"], "version": 2}
    assert told(await client.get(f"/v1/labels/{label['id']}")) == (404, "label_not_found")
    logged = [change for change in await service.changes(account.workspace_id) if change.seq > seq]
    assert [(change.kind, change.entity_id, change.op, change.before, change.after) for change in logged] == [
        ("todo", todo["id"], "update", {"labels": ["home", "food"]}, {"labels": ["home"]}),
        ("label", label["id"], "delete", {}, {}),
    ]
    assert (await make(client))["id"] != label["id"]
    await require_agreement(service)


@pytest.mark.parametrize("on_todos", ["remove", "keep"])
async def test_deleting_again_answers_the_same(
    service: Service, client: httpx.AsyncClient, account: Account, on_todos: str
) -> None:
    label = await make(client)
    await todo_with(client, "food")
    await forget(client, label, on_todos)
    seq = await service.seq(account.workspace_id)

    await forget(client, label, on_todos)

    assert await service.seq(account.workspace_id) == seq


async def test_todos_may_keep_the_name(service: Service, client: httpx.AsyncClient, account: Account) -> None:
    label = await make(client, color="#2d7ff9")
    todo = await todo_with(client, "food")
    seq = await service.seq(account.workspace_id)

    await forget(client, label, "keep")

    assert (await client.get(f"/v1/todos/{todo['id']}")).json() == todo
    assert await labelled(client, "food") == [todo["id"]]
    assert told(await client.get(f"/v1/labels/{label['id']}")) == (404, "label_not_found")
    assert told(await client.patch(f"/v1/labels/{label['id']}", json={"color": None})) == (404, "label_not_found")
    assert await names(client) == []
    logged = [change for change in await service.changes(account.workspace_id) if change.seq > seq]
    assert [(change.kind, change.entity_id, change.op) for change in logged] == [("label", label["id"], "delete")]


async def test_a_label_that_nothing_carries_is_not_kept(client: httpx.AsyncClient) -> None:
    label = await make(client)

    await forget(client, label, "keep")

    assert (await make(client))["id"] != label["id"]


async def test_a_kept_name_that_a_todo_gets_is_a_label_again(
    service: Service, client: httpx.AsyncClient, account: Account
) -> None:
    label = await make(client, "Food", color="#2d7ff9")
    kept = await todo_with(client, "Food")
    await forget(client, label, "keep")
    seq = await service.seq(account.workspace_id)

    todo = await todo_with(client, "food")

    assert todo["labels"] == ["Food"]
    assert (await by_name(client, "Food")) == label | {"color": None, "version": 3}
    assert set(await labelled(client, "food")) == {kept["id"], todo["id"]}
    logged = [change for change in await service.changes(account.workspace_id) if change.seq > seq]
    assert [(change.kind, change.entity_id, change.op) for change in logged] == [
        ("label", label["id"], "create"),
        ("todo", todo["id"], "create"),
    ]
    await require_agreement(service)


async def test_a_label_made_with_a_kept_name_is_that_label(service: Service, client: httpx.AsyncClient) -> None:
    label = await make(client, "food")
    kept = await todo_with(client, "food")
    await forget(client, label, "keep")

    again = await make(client, "Food", color="#2d7ff9")

    assert again == label | {"name": "Food", "color": "#2d7ff9", "version": 3}
    assert await labels_of(client, kept) == ["Food"]
    await require_agreement(service)


async def test_a_label_renamed_to_a_kept_name_takes_its_todos_over(service: Service, client: httpx.AsyncClient) -> None:
    gone, label = await make(client, "food"), await make(client, "groceries")
    kept, both, own = (
        await todo_with(client, "food"),
        await todo_with(client, "groceries", "food"),
        await todo_with(client, "groceries"),
    )
    await forget(client, gone, "keep")

    renamed = await rename(client, label, "Food")

    assert renamed == label | {"name": "Food", "version": 2, "merged": False}
    assert [await labels_of(client, todo) for todo in (kept, both, own)] == [["Food"]] * 3
    assert await names(client) == ["Food"]
    await require_agreement(service)


async def test_a_kept_name_can_be_taken_off_later(service: Service, client: httpx.AsyncClient) -> None:
    label = await make(client)
    todo = await todo_with(client, "food")
    await forget(client, label, "keep")

    await forget(client, label, "remove")

    assert await labels_of(client, todo) == []
    assert (await make(client))["id"] != label["id"]
    await require_agreement(service)


async def test_what_becomes_of_todos_is_said_in_two_words(client: httpx.AsyncClient) -> None:
    label = await make(client)

    response = await client.delete(f"/v1/labels/{label['id']}", params={"on_todos": "maybe"})

    assert (*told(response), response.json()["errors"][0]["parameter"]) == (422, "invalid_input", "on_todos")


async def test_one_key_deletes_once(client: httpx.AsyncClient) -> None:
    label = await make(client)
    headers = {"Idempotency-Key": "once"}

    await client.delete(f"/v1/labels/{label['id']}", headers=headers)
    again = await client.delete(f"/v1/labels/{label['id']}", headers=headers)

    assert (again.status_code, again.headers["idempotent-replayed"]) == (204, "true")


# Who may


async def test_what_a_stranger_does_not_see_is_not_there(service: Service, client: httpx.AsyncClient, stranger: Account) -> None:
    label = await make(client)
    other, path = service.client(stranger), f"/v1/labels/{label['id']}"

    answers = [await other.get(path), await other.patch(path, json={"name": "x"}), await other.delete(path)]

    assert [told(answer) for answer in answers] == [(404, "label_not_found")] * 3
    assert told(await client.patch(f"/v1/labels/{new_id()}", json={"name": "x"})) == (404, "label_not_found")


@pytest.mark.parametrize("guest", [True, False])
async def test_guests_and_lesser_members_change_no_labels(
    service: Service, client: httpx.AsyncClient, account: Account, stranger: Account, *, guest: bool
) -> None:
    await todo_with(client, "food")
    label = await by_name(client, "food")
    if guest:
        await service.add_guest(stranger, account.inbox_id, Role.EDITOR)
    else:
        await service.add_member(stranger, account.workspace_id, Role.COMPLETER)
    other, path = service.client(stranger), f"/v1/labels/{label['id']}"

    answers = [await other.patch(path, json={"name": "x"}), await other.delete(path)]

    assert (await other.get(path)).json() == label
    assert [(*told(answer), answer.json()["missing_role"]) for answer in answers] == [(403, "role_too_low", "editor")] * 2


async def test_an_editor_of_the_workspace_changes_labels(
    service: Service, client: httpx.AsyncClient, account: Account, stranger: Account
) -> None:
    label = await make(client)
    await service.add_member(stranger, account.workspace_id, Role.EDITOR)

    assert (await rename(service.client(stranger), label, "x"))["name"] == "x"


async def test_a_restricted_key_changes_no_labels(service: Service, client: httpx.AsyncClient, account: Account) -> None:
    await todo_with(client, "food")
    label = await by_name(client, "food")
    restricted = service.client(key=await service.key(account, list_ids=[account.inbox_id]))
    path = f"/v1/labels/{label['id']}"

    answers = [await restricted.patch(path, json={"name": "x"}), await restricted.delete(path)]

    assert (await restricted.get(path)).json() == label
    assert [told(answer) for answer in answers] == [(403, "forbidden")] * 2


async def test_scopes_and_credentials_are_needed(
    service: Service, client: httpx.AsyncClient, account: Account, anonymous: httpx.AsyncClient
) -> None:
    label = await make(client)
    path = f"/v1/labels/{label['id']}"
    lesser = service.client(key=await service.key(account, ALL_SCOPES - {Scope.TODOS_WRITE}))

    refused = [await lesser.patch(path, json={"name": "x"}), await lesser.delete(path)]
    unknown = [await anonymous.patch(path, json={"name": "x"}), await anonymous.delete(path)]

    assert [(*told(answer), answer.json()["missing_scope"]) for answer in refused] == [(403, "scope_missing", "todos:write")] * 2
    assert [told(answer) for answer in unknown] == [(401, "unauthenticated")] * 2
