from typing import Any

import httpx
import pytest

from tests.support.clock import TestClock
from tests.support.service import Account, Service
from todo_api.domain.identifiers import is_id, new_id
from todo_api.domain.permissions import Scope

NOW = "2027-03-10T09:00:00.000000Z"
ROUTES = [
    ("GET", "/v1/todos/{}", None),
    ("PATCH", "/v1/todos/{}", {"title": "Mine"}),
    ("PUT", "/v1/todos/{}", {"title": "Mine"}),
    ("DELETE", "/v1/todos/{}", None),
    ("POST", "/v1/todos/{}/complete", None),
    ("POST", "/v1/todos/{}/reopen", None),
    ("POST", "/v1/todos/{}/move", {"position": "top"}),
]
WRITES = ROUTES[1:]

UNUSED: dict[str, Any] = {  # what other tests are about
    "section_id": None,
    "recurrence": None,
    "occurrence": None,
    "assignee_ids": [],
    "reminders": [],
    "blocked_by": [],
    "is_blocked": False,
    "external": None,
    "metadata": {},
    "comment_count": 0,
}


async def make(client: httpx.AsyncClient, **fields: Any) -> dict[str, Any]:
    response = await client.post("/v1/todos", json={"title": "Buy milk"} | fields)
    assert response.status_code == 201, response.text
    todo: dict[str, Any] = response.json()
    return todo


def problem(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, response.json()["code"]


def pointers(response: httpx.Response) -> tuple[int, set[str]]:
    return response.status_code, {error["pointer"] for error in response.json()["errors"]}


# Creating and reading


async def test_create_answers_the_whole_todo(client: httpx.AsyncClient, account: Account) -> None:
    sent = {
        "title": "Pay rent",
        "list_id": account.inbox_id,
        "parent_id": None,
        "notes": "From the *joint* account\r\nnot mine",
        "status": "in_progress",
        "completed": False,
        "priority": "high",
        "due": {"date": "2027-04-01", "time": "09:00", "timezone": "Europe/Berlin"},
        "start": "2027-03-30",
        "deadline": "2027-04-03",
        "duration_minutes": 15,
        "labels": ["home", "bills"],
    }

    response = await client.post("/v1/todos", json=sent)

    todo = response.json()
    assert response.status_code == 201
    assert (response.headers["location"], response.headers["etag"]) == (f"/v1/todos/{todo['id']}", '"1"')
    assert is_id(todo["id"])
    assert todo == sent | UNUSED | {
        "id": todo["id"],
        "workspace_id": account.workspace_id,
        "completed_at": None,
        "completed_by": None,
        "due_at": "2027-04-01T07:00:00.000000Z",
        "start": {"date": "2027-03-30", "time": None, "timezone": None},
        "order": "a0",
        "subtask_counts": {"open": 0, "completed": 0},
        "is_overdue": False,
        "created_by": account.user_id,
        "version": 1,
        "created_at": NOW,
        "updated_at": NOW,
    }


async def test_create_with_a_title_alone_uses_the_inbox_and_plain_values(client: httpx.AsyncClient, account: Account) -> None:
    response = await client.post("/v1/todos", json={"title": "Buy milk"})

    todo = response.json()
    nothing = ("parent_id", "completed_at", "completed_by", "due", "due_at", "start", "deadline", "duration_minutes")
    assert todo == dict.fromkeys(nothing) | UNUSED | {
        "id": todo["id"],
        "workspace_id": account.workspace_id,
        "list_id": account.inbox_id,
        "title": "Buy milk",
        "notes": "",
        "status": "open",
        "completed": False,
        "priority": "none",
        "labels": [],
        "order": "a0",
        "subtask_counts": {"open": 0, "completed": 0},
        "is_overdue": False,
        "created_by": account.user_id,
        "version": 1,
        "created_at": NOW,
        "updated_at": NOW,
    }


@pytest.mark.parametrize("how", [{"completed": True}, {"status": "completed"}, {"completed": True, "status": "completed"}])
async def test_create_completed_says_when_and_by_whom(client: httpx.AsyncClient, account: Account, how: dict[str, Any]) -> None:
    todo = await make(client, **how)

    done = (todo["status"], todo["completed"], todo["completed_at"], todo["completed_by"])
    assert done == ("completed", True, NOW, account.user_id)


async def test_get_answers_what_create_answered(client: httpx.AsyncClient) -> None:
    todo = await make(client, labels=["food"], due="2027-03-14", start="2027-03-13T08:00", priority="low")

    response = await client.get(f"/v1/todos/{todo['id'].upper()}")

    assert (response.status_code, response.headers["etag"], response.json()) == (200, '"1"', todo)


async def test_list_holds_the_todos_in_order(client: httpx.AsyncClient) -> None:
    first, second = await make(client, labels=["food"], due="2027-03-14T09:00"), await make(client)

    response = await client.get("/v1/todos")

    assert (response.status_code, response.json()) == (200, {"items": [first, second], "next_cursor": None})


@pytest.mark.parametrize(("method", "path", "body"), [("GET", "/v1/todos", None), ("POST", "/v1/todos", {"title": "x"}), *ROUTES])
async def test_without_a_credential_nothing_is_answered(anonymous: httpx.AsyncClient, method: str, path: str, body: Any) -> None:
    response = await anonymous.request(method, path.format(new_id()), json=body)

    assert problem(response) == (401, "unauthenticated")


@pytest.mark.parametrize(("method", "path", "body"), ROUTES)
async def test_a_strangers_todo_is_not_found(
    service: Service, client: httpx.AsyncClient, stranger: Account, method: str, path: str, body: Any
) -> None:
    todo = await make(client)

    response = await service.client(stranger).request(method, path.format(todo["id"]), json=body)

    assert problem(response) == (404, "todo_not_found")
    assert (await client.get(f"/v1/todos/{todo['id']}")).json() == todo


@pytest.mark.parametrize(("method", "path", "body"), [("POST", "/v1/todos", {"title": "x"}), *WRITES])
async def test_a_reading_key_writes_nothing(
    service: Service, account: Account, client: httpx.AsyncClient, method: str, path: str, body: Any
) -> None:
    todo = await make(client)
    reader = service.client(key=await service.key(account, {Scope.TODOS_READ, Scope.LISTS_READ}))

    response = await reader.request(method, path.format(todo["id"]), json=body)

    assert problem(response) == (403, "scope_missing")


@pytest.mark.parametrize(("method", "path", "body"), WRITES)
async def test_a_stale_version_changes_nothing(client: httpx.AsyncClient, method: str, path: str, body: Any) -> None:
    todo = await make(client)

    response = await client.request(method, path.format(todo["id"]), json=body, headers={"If-Match": '"7"'})

    assert problem(response) == (412, "version_mismatch")
    assert response.json()["current"] == todo
    assert (await client.get(f"/v1/todos/{todo['id']}")).json() == todo


@pytest.mark.parametrize(("method", "path", "body"), [route for route in ROUTES if route[0] != "PUT"])
async def test_a_missing_todo_is_not_found(client: httpx.AsyncClient, method: str, path: str, body: Any) -> None:
    response = await client.request(method, path.format(new_id()), json=body)

    assert problem(response) == (404, "todo_not_found")


# Changing


CHANGES: list[tuple[str, Any, Any]] = [
    ("title", "Buy oat milk", "Buy oat milk"),
    ("notes", "", ""),
    ("priority", "none", "none"),
    ("due", None, None),
    ("start", None, None),
    ("deadline", None, None),
    ("deadline", "2028-02-29", "2028-02-29"),
    ("duration_minutes", None, None),
    ("duration_minutes", 527040, 527040),
    ("labels", [], []),
    ("status", "in_progress", "in_progress"),
]


@pytest.mark.parametrize(("field", "sent", "kept"), CHANGES)
async def test_patch_changes_what_was_sent_and_nothing_else(
    client: httpx.AsyncClient, clock: TestClock, field: str, sent: Any, kept: Any
) -> None:
    fields = {"notes": "two", "priority": "high", "start": "2027-03-13", "deadline": "2027-03-20", "duration_minutes": 5}
    todo = await make(client, **fields, due="2027-03-14T09:00", labels=["food"])
    clock.advance(minutes=1)

    response = await client.patch(f"/v1/todos/{todo['id']}", json={field: sent})

    changed = {field: kept, "version": 2, "updated_at": "2027-03-10T09:01:00.000000Z"}
    derived = {"due_at": None} if field == "due" else {}
    assert (response.status_code, response.headers["etag"]) == (200, '"2"')
    assert response.json() == todo | changed | derived
    assert (await client.get(f"/v1/todos/{todo['id']}")).json() == response.json()


@pytest.mark.parametrize("patch", [{}, {"title": "Buy milk"}, {"labels": ["food"], "due": "2027-03-14", "completed": False}])
async def test_patch_that_changes_nothing_keeps_the_version(
    service: Service, client: httpx.AsyncClient, account: Account, clock: TestClock, patch: dict[str, Any]
) -> None:
    todo = await make(client, labels=["food"], due="2027-03-14")
    seq = await service.seq(account.workspace_id)
    clock.advance(minutes=1)

    response = await client.patch(f"/v1/todos/{todo['id']}", json=patch)

    assert (response.status_code, response.headers["etag"], response.json()) == (200, '"1"', todo)
    assert await service.seq(account.workspace_id) == seq


async def test_patch_is_a_merge_patch(client: httpx.AsyncClient) -> None:
    todo = await make(client)
    headers = {"Content-Type": "application/merge-patch+json"}

    response = await client.patch(f"/v1/todos/{todo['id']}", content=b'{"title": "Eggs"}', headers=headers)

    assert (response.status_code, response.json()["title"]) == (200, "Eggs")


async def test_put_creates_under_the_clients_id(client: httpx.AsyncClient, account: Account) -> None:
    id_ = new_id()

    response = await client.put(f"/v1/todos/{id_}", json={"title": "Buy milk", "labels_add": ["food"], "completed": True})

    todo = response.json()
    assert (response.status_code, response.headers["location"], response.headers["etag"]) == (201, f"/v1/todos/{id_}", '"1"')
    assert (todo["id"], todo["list_id"], todo["labels"]) == (id_, account.inbox_id, ["food"])
    assert (todo["status"], todo["completed_at"], todo["version"]) == ("completed", NOW, 1)
    assert (await client.get(f"/v1/todos/{id_}")).json() == todo


async def test_put_again_changes_nothing(client: httpx.AsyncClient, clock: TestClock) -> None:
    body = {"title": "Buy milk", "labels": ["food"], "due": "2027-03-14T09:00:00Z", "completed": True, "priority": "low"}
    path = f"/v1/todos/{new_id()}"
    created = await client.put(path, json=body)
    clock.advance(minutes=1)

    again = await client.put(path, json=body)

    assert (again.status_code, again.headers["etag"], again.json()) == (200, '"1"', created.json())


async def test_put_changes_a_todo_and_keeps_the_rest(client: httpx.AsyncClient) -> None:
    todo = await make(client, notes="two", priority="high", labels=["food"])

    response = await client.put(f"/v1/todos/{todo['id']}", json={"notes": "three"})

    assert (response.status_code, response.json()) == (200, todo | {"notes": "three", "version": 2})


async def test_put_without_a_title_creates_nothing(client: httpx.AsyncClient) -> None:
    response = await client.put(f"/v1/todos/{new_id()}", json={"notes": "what for?"})

    assert pointers(response) == (422, {"#/title"})


async def test_put_over_a_trashed_todo_is_a_conflict(client: httpx.AsyncClient) -> None:
    todo = await make(client)
    await client.delete(f"/v1/todos/{todo['id']}")

    response = await client.put(f"/v1/todos/{todo['id']}", json={"title": "Again"})

    assert problem(response) == (409, "todo_trashed")


async def test_put_in_a_trashed_list_is_a_conflict(client: httpx.AsyncClient) -> None:
    list_id = (await client.post("/v1/lists", json={"name": "Gone"})).json()["id"]
    todo = await make(client, list_id=list_id)
    await client.delete(f"/v1/lists/{list_id}")

    answers = [
        await client.put(f"/v1/todos/{todo['id']}", json={"title": "Again"}),
        await client.put(f"/v1/todos/{new_id()}", json={"title": "New", "list_id": list_id}),
    ]

    assert [problem(answer) for answer in answers] == [(409, "list_trashed"), (409, "list_trashed")]


async def test_put_only_new_refuses_a_todo_that_exists(client: httpx.AsyncClient) -> None:
    path, only_new = f"/v1/todos/{new_id()}", {"If-None-Match": "*"}

    created = await client.put(path, json={"title": "Mine"}, headers=only_new)
    again = await client.put(path, json={"title": "Mine"}, headers=only_new)

    assert (created.status_code, problem(again)) == (201, (412, "already_exists"))


@pytest.mark.parametrize("expected", ["*", '"1"'])
async def test_put_of_an_expected_todo_does_not_create_it(client: httpx.AsyncClient, expected: str) -> None:
    path = f"/v1/todos/{new_id()}"

    response = await client.put(path, json={"title": "Not mine"}, headers={"If-Match": expected})

    assert problem(response) == (404, "todo_not_found")
    assert (await client.get(path)).status_code == 404


async def test_delete_again_answers_the_same_and_logs_nothing(
    service: Service, client: httpx.AsyncClient, account: Account
) -> None:
    todo = await make(client)
    first = await client.delete(f"/v1/todos/{todo['id']}")
    seq = await service.seq(account.workspace_id)

    again = await client.delete(f"/v1/todos/{todo['id']}")

    assert [(first.status_code, first.content), (again.status_code, again.content)] == [(204, b""), (204, b"")]
    assert await service.seq(account.workspace_id) == seq


async def test_a_deleted_todo_is_nowhere(client: httpx.AsyncClient) -> None:
    todo = await make(client)

    await client.delete(f"/v1/todos/{todo['id']}")

    assert (await client.get("/v1/todos?status=any")).json() == {"items": [], "next_cursor": None}
    for method, path, body in [route for route in ROUTES if route[0] not in {"PUT", "DELETE"}]:
        assert problem(await client.request(method, path.format(todo["id"]), json=body)) == (404, "todo_not_found")


# Closed lists


@pytest.mark.parametrize(("method", "path", "body"), [("POST", "/v1/todos", {"title": "x"}), *WRITES])
async def test_an_archived_list_is_read_only(client: httpx.AsyncClient, method: str, path: str, body: Any) -> None:
    list_id = (await client.post("/v1/lists", json={"name": "Old"})).json()["id"]
    todo = await make(client, list_id=list_id)
    await client.patch(f"/v1/lists/{list_id}", json={"archived": True})
    sent = body | {"parent_id": todo["id"]} if method == "POST" and path == "/v1/todos" else body

    response = await client.request(method, path.format(todo["id"]), json=sent)

    assert problem(response) == (409, "list_archived")
    assert (await client.get(f"/v1/todos/{todo['id']}")).json() == todo


@pytest.mark.parametrize(("method", "path", "body"), [route for route in WRITES if route[0] != "DELETE"])
async def test_a_todo_of_a_trashed_list_is_a_conflict(client: httpx.AsyncClient, method: str, path: str, body: Any) -> None:
    list_id = (await client.post("/v1/lists", json={"name": "Gone"})).json()["id"]
    todo = await make(client, list_id=list_id)
    await client.delete(f"/v1/lists/{list_id}")

    response = await client.request(method, path.format(todo["id"]), json=body)

    assert problem(response) == (409, "list_trashed")
    assert (await client.get(f"/v1/todos/{todo['id']}")).status_code == 404
