import asyncio
from typing import Any

import httpx
import pytest

from tests.support.service import Account, Service
from todo_api.domain.identifiers import new_id


async def make(client: httpx.AsyncClient, *labels: str, **fields: Any) -> dict[str, Any]:
    response = await client.post("/v1/todos", json={"title": "Buy milk", "labels": list(labels)} | fields)
    assert response.status_code == 201, response.text
    todo: dict[str, Any] = response.json()
    return todo


async def patch(client: httpx.AsyncClient, todo: dict[str, Any], **fields: Any) -> dict[str, Any]:
    response = await client.patch(f"/v1/todos/{todo['id']}", json=fields)
    assert response.status_code == 200, response.text
    changed: dict[str, Any] = response.json()
    return changed


async def names(client: httpx.AsyncClient) -> list[str]:
    """The labels of the workspace, by name."""
    return [label["name"] for label in (await client.get("/v1/labels", params={"limit": 200})).json()["items"]]


async def labelled(client: httpx.AsyncClient, *labels: str) -> list[str]:
    """Titles of the todos with any of the labels, in order."""
    response = await client.get("/v1/todos", params={"label": list(labels)})
    assert response.status_code == 200, response.text
    return [item["title"] for item in response.json()["items"]]


def pointers(response: httpx.Response) -> tuple[int, list[str]]:
    return response.status_code, [error["pointer"] for error in response.json()["errors"]]


HUNDRED = [f"label {number}" for number in range(100)]


# On a new todo


async def test_labels_are_kept_in_the_order_sent(client: httpx.AsyncClient) -> None:
    todo = await make(client, "home", "Errand", "a b")

    assert todo["labels"] == ["home", "Errand", "a b"]
    assert (await client.get(f"/v1/todos/{todo['id']}")).json() == todo


async def test_unknown_labels_are_created(client: httpx.AsyncClient, account: Account) -> None:
    await make(client, "home", "Errand")

    labels = (await client.get("/v1/labels")).json()["items"]

    assert labels == [
        {
            "id": label["id"],
            "workspace_id": account.workspace_id,
            "name": name,
            "color": None,
            "version": 1,
            "created_at": "2027-03-10T09:00:00.000000Z",
            "updated_at": "2027-03-10T09:00:00.000000Z",
        }
        for label, name in zip(labels, ["Errand", "home"], strict=True)
    ]


async def test_new_labels_are_logged_once(service: Service, client: httpx.AsyncClient, account: Account) -> None:
    seq = await service.seq(account.workspace_id)

    todo = await make(client, "home", "Errand")
    await make(client, "HOME")

    ids = {label["name"]: label["id"] for label in (await client.get("/v1/labels")).json()["items"]}
    logged = [change for change in await service.changes(account.workspace_id) if change.seq > seq]
    assert [(change.kind, change.entity_id, change.op, change.list_id) for change in logged[:3]] == [
        ("label", ids["Errand"], "create", None),
        ("label", ids["home"], "create", None),
        ("todo", todo["id"], "create", account.inbox_id),
    ]
    assert [change.after for change in logged[:2]] == [{"name": "Errand", "color": None}, {"name": "home", "color": None}]
    assert [change.kind for change in logged[3:]] == ["todo"]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Food", "food"),
        ("food", "FOOD"),
        ("Café", "cafe"),
        ("cafe\u0301", "CAFÉ"),
        ("STRASSE", "straße"),
        ("\uff21", "a"),
        ("🛒 shop", "🛒 SHOP"),
    ],
)
async def test_the_first_spelling_is_kept(client: httpx.AsyncClient, first: str, second: str) -> None:
    await make(client, first)

    todo = await make(client, second)

    assert (todo["labels"], await names(client)) == ([first], [first])


async def test_one_label_in_two_spellings_is_one(client: httpx.AsyncClient) -> None:
    todo = await make(client, "Food", "home", "food", "FOOD")

    assert todo["labels"] == ["Food", "home"]


@pytest.mark.parametrize(("first", "second"), [("food", " food"), ("a b", "a  b"), ("は", "ば"), ("1", "01")])
async def test_different_names_are_different_labels(client: httpx.AsyncClient, first: str, second: str) -> None:
    todo = await make(client, first, second)

    assert todo["labels"] == [first, second]


async def test_two_workspaces_keep_their_own_spelling(service: Service, client: httpx.AsyncClient, stranger: Account) -> None:
    await make(client, "Food")

    theirs = await make(service.client(stranger), "food")

    assert (theirs["labels"], await names(service.client(stranger)), await names(client)) == (["food"], ["food"], ["Food"])


# On a todo that exists


@pytest.mark.parametrize(
    ("patched", "expected"),
    [
        ({"labels": ["c", "a"]}, ["c", "a"]),
        ({"labels": []}, []),
        ({"labels": ["B", "A"]}, ["b", "a"]),
        ({"labels_add": ["c", "d"]}, ["a", "b", "c", "d"]),
        ({"labels_add": ["B", "c", "C"]}, ["a", "b", "c"]),
        ({"labels_remove": ["A"]}, ["b"]),
        ({"labels_remove": ["a", "b", "z"]}, []),
        ({"labels_add": ["c"], "labels_remove": ["a"]}, ["b", "c"]),
        ({"labels_add": ["c"], "labels_remove": ["c", "b"]}, ["a"]),
    ],
)
async def test_patch_changes_the_labels(client: httpx.AsyncClient, patched: dict[str, Any], expected: list[str]) -> None:
    todo = await make(client, "a", "b")

    changed = await patch(client, todo, **patched)

    assert changed == todo | {"labels": expected, "version": 2}
    assert (await client.get(f"/v1/todos/{todo['id']}")).json() == changed
    found = [await labelled(client, name) for name in ("a", "b", "c", "d")]
    assert found == [["Buy milk"] if name in expected else [] for name in ("a", "b", "c", "d")]


@pytest.mark.parametrize(
    "patched",
    [
        {"labels": ["a", "b"]},
        {"labels": ["A", "B", "a"]},
        {"labels_add": ["B"]},
        {"labels_add": []},
        {"labels_remove": ["z"]},
        {"labels_add": ["z"], "labels_remove": ["z"]},
    ],
)
async def test_the_same_labels_change_nothing(
    service: Service, client: httpx.AsyncClient, account: Account, patched: dict[str, Any]
) -> None:
    todo = await make(client, "a", "b")
    seq = await service.seq(account.workspace_id)

    changed = await patch(client, todo, **patched)

    assert (changed, await service.seq(account.workspace_id), await names(client)) == (todo, seq, ["a", "b"])


async def test_put_adds_and_removes_labels(client: httpx.AsyncClient) -> None:
    path = f"/v1/todos/{new_id()}"

    created = await client.put(path, json={"title": "x", "labels_add": ["a", "b"], "labels_remove": ["z"]})
    changed = await client.put(path, json={"labels_add": ["c"], "labels_remove": ["a"]})

    assert [created.json()["labels"], changed.json()["labels"]] == [["a", "b"], ["b", "c"]]


async def test_labels_added_at_once_are_all_kept(client: httpx.AsyncClient) -> None:
    todo = await make(client)
    added = [f"label {number}" for number in range(10)]

    await asyncio.gather(*(patch(client, todo, labels_add=[name, "shared"]) for name in added))

    labels = (await client.get(f"/v1/todos/{todo['id']}")).json()["labels"]
    assert sorted(labels) == sorted([*added, "shared"]) == await names(client)


async def test_the_same_new_labels_on_many_todos_at_once_are_made_once(client: httpx.AsyncClient) -> None:
    await asyncio.gather(*(make(client, *order) for order in [("a", "b", "c"), ("c", "b", "a")] * 6))

    assert await names(client) == ["a", "b", "c"]


# Refused


@pytest.mark.parametrize("method", ["PATCH", "PUT"])
@pytest.mark.parametrize("other", ["labels_add", "labels_remove"])
async def test_labels_both_replaced_and_merged_are_refused(client: httpx.AsyncClient, method: str, other: str) -> None:
    todo = await make(client, "a")

    response = await client.request(method, f"/v1/todos/{todo['id']}", json={"labels": ["b"], other: ["c"]})

    assert pointers(response) == (422, ["#"])
    assert await names(client) == ["a"]


async def test_create_takes_no_merge_of_labels(client: httpx.AsyncClient) -> None:
    response = await client.post("/v1/todos", json={"title": "x", "labels_add": ["a"]})

    assert pointers(response) == (422, ["#/labels_add"])


async def test_a_hundred_labels_are_carried(client: httpx.AsyncClient) -> None:
    todo = await make(client, *HUNDRED)

    changed = await patch(client, todo, labels_add=["LABEL 7", "new"], labels_remove=["label 1"])

    assert (todo["labels"], changed["labels"]) == (HUNDRED, [*(name for name in HUNDRED if name != "label 1"), "new"])


async def test_more_than_a_hundred_labels_are_refused(client: httpx.AsyncClient) -> None:
    todo = await make(client, *HUNDRED)

    created = await client.post("/v1/todos", json={"title": "x", "labels": [*HUNDRED, "one more"]})
    replaced = await client.patch(f"/v1/todos/{todo['id']}", json={"labels": [*HUNDRED, "one more"]})
    added = await client.patch(f"/v1/todos/{todo['id']}", json={"labels_add": ["one more"]})

    assert [pointers(created), pointers(replaced)] == [(422, ["#/labels"]), (422, ["#/labels"])]
    assert pointers(added) == (422, ["#/labels_add"])
    assert "one more" not in await names(client)


@pytest.mark.parametrize("field", ["labels", "labels_add", "labels_remove"])
@pytest.mark.parametrize("name", ["", " ", "x" * 101, "a\0b", "a\rb", 5, None])
async def test_a_label_without_a_proper_name_is_refused(client: httpx.AsyncClient, field: str, name: Any) -> None:
    todo = await make(client)

    response = await client.patch(f"/v1/todos/{todo['id']}", json={field: ["fine", name]})

    assert pointers(response) == (422, [f"#/{field}/1"])


async def test_a_refused_write_makes_no_label(service: Service, client: httpx.AsyncClient, account: Account) -> None:
    todo = await make(client)
    seq = await service.seq(account.workspace_id)

    stale = await client.patch(f"/v1/todos/{todo['id']}", json={"labels": ["new"]}, headers={"If-Match": '"9"'})
    nowhere = await client.patch(f"/v1/todos/{todo['id']}", json={"labels": ["new"], "list_id": new_id()})

    assert [stale.status_code, nowhere.status_code] == [412, 404]
    assert (await names(client), await service.seq(account.workspace_id)) == ([], seq)


# Filtering


async def test_todos_are_found_by_label(client: httpx.AsyncClient) -> None:
    await make(client, "Food", "home", title="milk")
    await make(client, "home", title="lamp")
    await make(client, title="nothing")

    assert await labelled(client, "food") == ["milk"]
    assert await labelled(client, "HOME") == ["milk", "lamp"]
    assert await labelled(client, "food", "home") == ["milk", "lamp"]
    assert await labelled(client, "unknown") == []
    assert await labelled(client, "unknown", "food") == ["milk"]


async def test_a_strangers_label_finds_nothing_of_mine(service: Service, client: httpx.AsyncClient, stranger: Account) -> None:
    await make(client, "food", title="mine")
    await make(service.client(stranger), "food", title="theirs")

    assert (await labelled(client, "food"), await labelled(service.client(stranger), "food")) == (["mine"], ["theirs"])
