"""What a key that is restricted to lists sees and may do."""

from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from tests.support.service import Account, Service
from todo_api.domain.permissions import Scope

UNKNOWN = "01900000-0000-7000-8000-000000000000"


@dataclass(frozen=True)
class Home:
    """Two lists with a todo in each, and a key for the first."""

    key: httpx.AsyncClient
    list_id: str
    todo_id: str
    other_list_id: str
    other_todo_id: str


async def created(client: httpx.AsyncClient, path: str, **members: Any) -> str:
    answer = await client.post(path, json=members)
    assert answer.status_code == 201, answer.text
    id_: str = answer.json()["id"]
    return id_


@pytest.fixture
async def home(service: Service, account: Account, client: httpx.AsyncClient) -> Home:
    list_id = await created(client, "/v1/lists", name="Open")
    other_list_id = await created(client, "/v1/lists", name="Secret")
    todo_id = await created(client, "/v1/todos", title="Seen", list_id=list_id, labels=["seen"])
    other_todo_id = await created(client, "/v1/todos", title="Unseen", list_id=other_list_id, labels=["unseen"])
    key = service.client(key=await service.key(account, list_ids=[list_id]))
    return Home(key, list_id, todo_id, other_list_id, other_todo_id)


async def test_me_tells_the_restriction(home: Home) -> None:
    me = await home.key.get("/v1/me")

    assert me.json()["list_ids"] == [home.list_id]


async def test_lists_are_those_of_the_key(home: Home) -> None:
    lists = await home.key.get("/v1/lists")

    assert [list_["id"] for list_ in lists.json()["items"]] == [home.list_id]


async def test_todos_are_those_of_its_lists(home: Home) -> None:
    todos = await home.key.get("/v1/todos", params={"count": "exact"})

    assert ([todo["id"] for todo in todos.json()["items"]], todos.json()["total"]) == ([home.todo_id], 1)


async def test_todos_of_another_list_are_none(home: Home) -> None:
    todos = await home.key.get("/v1/todos", params={"list_id": home.other_list_id})

    assert todos.json()["items"] == []


async def test_labels_are_those_on_its_todos(home: Home) -> None:
    labels = await home.key.get("/v1/labels")

    assert [label["name"] for label in labels.json()["items"]] == ["seen"]


async def test_label_on_another_list_only_is_not_there(home: Home, client: httpx.AsyncClient) -> None:
    unseen = next(label for label in (await client.get("/v1/labels")).json()["items"] if label["name"] == "unseen")

    answer = await home.key.get(f"/v1/labels/{unseen['id']}")

    assert (answer.status_code, answer.json()["code"]) == (404, "label_not_found")


@pytest.mark.parametrize(("method", "suffix"), [("GET", ""), ("PATCH", ""), ("DELETE", ""), ("POST", "/move")])
async def test_another_list_is_not_there(home: Home, method: str, suffix: str) -> None:
    bodies = {"PATCH": {"name": "Mine"}, "POST": {"before": home.list_id}}

    answer = await home.key.request(method, f"/v1/lists/{home.other_list_id}{suffix}", json=bodies.get(method))

    assert (answer.status_code, answer.json()["code"]) == (404, "list_not_found")


@pytest.mark.parametrize(
    ("method", "suffix", "body"),
    [
        ("GET", "", None),
        ("PATCH", "", {"title": "Mine"}),
        ("PUT", "", {"title": "Mine"}),
        ("DELETE", "", None),
        ("POST", "/complete", {}),
        ("POST", "/reopen", None),
        ("POST", "/move", {"position": "top"}),
    ],
)
async def test_todo_of_another_list_is_not_there(home: Home, method: str, suffix: str, body: object) -> None:
    answer = await home.key.request(method, f"/v1/todos/{home.other_todo_id}{suffix}", json=body)

    assert (answer.status_code, answer.json()["code"]) == (404, "todo_not_found")


async def test_todo_for_another_list_is_refused(home: Home) -> None:
    answer = await home.key.post("/v1/todos", json={"title": "Mine", "list_id": home.other_list_id})

    assert (answer.status_code, answer.json()["code"]) == (404, "list_not_found")


async def test_todo_below_one_of_another_list_is_refused(home: Home) -> None:
    answer = await home.key.post("/v1/todos", json={"title": "Mine", "parent_id": home.other_todo_id})

    assert (answer.status_code, answer.json()["code"]) == (404, "todo_not_found")


@pytest.mark.parametrize("member", ["list_id", "parent_id"])
async def test_todo_cannot_leave_for_another_list(home: Home, member: str) -> None:
    target = home.other_list_id if member == "list_id" else home.other_todo_id

    answer = await home.key.patch(f"/v1/todos/{home.todo_id}", json={member: target})

    assert answer.status_code == 404


async def test_todo_without_a_list_goes_into_the_only_one(home: Home) -> None:
    answer = await home.key.post("/v1/todos", json={"title": "Mine"})

    assert answer.json()["list_id"] == home.list_id


async def test_list_of_the_key_can_be_changed(home: Home) -> None:
    answer = await home.key.patch(f"/v1/lists/{home.list_id}", json={"name": "Renamed"})

    assert (answer.status_code, answer.json()["name"]) == (200, "Renamed")


async def test_list_of_the_key_can_be_deleted(home: Home) -> None:
    answer = await home.key.delete(f"/v1/lists/{home.list_id}")

    assert answer.status_code == 204


async def test_new_list_is_refused(home: Home) -> None:
    answer = await home.key.post("/v1/lists", json={"name": "Mine"})

    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


async def test_list_beside_one_that_is_not_seen_is_refused_as_beside_none(home: Home) -> None:
    unseen = await home.key.post(f"/v1/lists/{home.list_id}/move", json={"before": home.other_list_id})
    missing = await home.key.post(f"/v1/lists/{home.list_id}/move", json={"before": "01900000-0000-7000-8000-000000000000"})

    assert (unseen.status_code, unseen.json()["errors"]) == (missing.status_code, missing.json()["errors"])
    assert unseen.json()["errors"] == [
        {"pointer": "#/before", "code": "not_a_neighbour", "message": "must be another list of the same workspace"}
    ]


# --- capture-only


@pytest.fixture
async def capture(service: Service, account: Account, home: Home) -> httpx.AsyncClient:
    return service.client(key=await service.key(account, [Scope.TODOS_WRITE], list_ids=[home.list_id]))


async def test_capture_creates_and_learns_the_id_only(capture: httpx.AsyncClient, home: Home, client: httpx.AsyncClient) -> None:
    answer = await capture.post("/v1/todos", json={"title": "Caught"})

    id_ = answer.json()["id"]
    assert (answer.status_code, answer.json(), answer.headers["location"]) == (201, {"id": id_}, f"/v1/todos/{id_}")
    assert (await client.get(f"/v1/todos/{id_}")).json()["list_id"] == home.list_id


async def test_capture_repeated_under_its_own_id_changes_nothing(capture: httpx.AsyncClient, client: httpx.AsyncClient) -> None:
    path = "/v1/todos/01900000-0000-7000-8000-000000000007"
    await capture.put(path, json={"title": "Caught"})

    again = await capture.put(path, json={"title": "Caught"})

    assert (again.status_code, again.json()) == (200, {"id": "01900000-0000-7000-8000-000000000007"})
    assert (await client.get(path)).json()["version"] == 1


@pytest.mark.parametrize("body", [{"title": "Overwritten"}, {"completed": True}, {"due": "2027-03-14"}, {"parent_id": UNKNOWN}])
async def test_capture_that_would_change_something_is_refused(
    capture: httpx.AsyncClient, client: httpx.AsyncClient, body: dict[str, Any]
) -> None:
    path = "/v1/todos/01900000-0000-7000-8000-000000000007"
    await capture.put(path, json={"title": "Caught"})

    answer = await capture.put(path, json=body)

    assert (answer.status_code, answer.json()["missing_scope"]) == (403, "todos:read")
    todo = (await client.get(path)).json()
    assert (todo["title"], todo["completed"], todo["version"]) == ("Caught", False, 1)


async def test_capture_of_a_stale_version_is_refused_and_shown_nothing(capture: httpx.AsyncClient) -> None:
    path = "/v1/todos/01900000-0000-7000-8000-000000000007"
    await capture.put(path, json={"title": "Caught"})

    answer = await capture.put(path, json={"title": "Caught"}, headers={"If-Match": '"7"'})

    assert (answer.status_code, answer.json()["code"], answer.json().get("current")) == (412, "version_mismatch", None)


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("GET", "/v1/todos", "todos:read"),
        ("GET", "/v1/todos/{todo}", "todos:read"),
        ("PATCH", "/v1/todos/{todo}", "todos:read"),
        ("DELETE", "/v1/todos/{todo}", "todos:read"),
        ("POST", "/v1/todos/{todo}/complete", "todos:read"),
        ("GET", "/v1/labels", "todos:read"),
        ("GET", "/v1/lists", "lists:read"),
        ("GET", "/v1/keys", "keys:manage"),
    ],
)
async def test_capture_sees_nothing(capture: httpx.AsyncClient, home: Home, method: str, path: str, scope: str) -> None:
    answer = await capture.request(method, path.format(todo=home.todo_id))

    assert (answer.status_code, answer.json()["missing_scope"]) == (403, scope)


# --- complete-only


@pytest.fixture
async def ticker(service: Service, account: Account) -> httpx.AsyncClient:
    scopes = [Scope.TODOS_READ, Scope.LISTS_READ, Scope.TODOS_COMPLETE]
    return service.client(key=await service.key(account, scopes))


async def test_complete_only_completes_and_reopens(ticker: httpx.AsyncClient, home: Home) -> None:
    done = await ticker.post(f"/v1/todos/{home.todo_id}/complete")
    reopened = await ticker.post(f"/v1/todos/{home.todo_id}/reopen")

    assert (done.json()["completed"], reopened.json()["completed"]) == (True, False)


@pytest.mark.parametrize(
    ("method", "suffix", "body"),
    [("PATCH", "", {"title": "Mine"}), ("DELETE", "", None), ("POST", "/move", {"position": "top"})],
)
async def test_complete_only_changes_nothing_else(
    ticker: httpx.AsyncClient, home: Home, method: str, suffix: str, body: object
) -> None:
    answer = await ticker.request(method, f"/v1/todos/{home.todo_id}{suffix}", json=body)

    assert (answer.status_code, answer.json()["missing_scope"]) == (403, "todos:write")


@pytest.mark.parametrize(("method", "body"), [("PATCH", {"completed": True}), ("PUT", {"status": "completed"}), ("PATCH", {})])
async def test_complete_only_completes_by_the_fields_as_well(
    ticker: httpx.AsyncClient, home: Home, method: str, body: dict[str, Any]
) -> None:
    answer = await ticker.request(method, f"/v1/todos/{home.todo_id}", json=body)

    assert (answer.status_code, answer.json()["completed"]) == (200, bool(body))


@pytest.mark.parametrize("body", [{"completed": True, "title": "Mine"}, {"status": "cancelled"}, {"title": "Mine"}])
@pytest.mark.parametrize("method", ["PATCH", "PUT"])
async def test_complete_only_changes_no_other_field(
    ticker: httpx.AsyncClient, home: Home, method: str, body: dict[str, Any]
) -> None:
    answer = await ticker.request(method, f"/v1/todos/{home.todo_id}", json=body)

    assert (answer.status_code, answer.json()["missing_scope"]) == (403, "todos:write")


@pytest.mark.parametrize("path", [f"/v1/todos/{UNKNOWN}", "/v1/todos/by-external/github/1"])
async def test_complete_only_creates_nothing(ticker: httpx.AsyncClient, path: str) -> None:
    answer = await ticker.put(path, json={"completed": True})

    assert (answer.status_code, answer.json()["missing_scope"]) == (403, "todos:write")


# --- the account


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/keys"),
        ("POST", "/v1/keys"),
        ("GET", f"/v1/keys/{UNKNOWN}"),
        ("DELETE", f"/v1/keys/{UNKNOWN}"),
        ("GET", "/v1/sessions"),
        ("DELETE", f"/v1/sessions/{UNKNOWN}"),
        ("POST", "/v1/auth/password"),
        ("PATCH", "/v1/me"),
        ("POST", "/v1/labels"),
        ("PATCH", f"/v1/labels/{UNKNOWN}"),
        ("DELETE", f"/v1/labels/{UNKNOWN}"),
        ("GET", "/v1/filters"),
        ("POST", "/v1/filters"),
        ("GET", f"/v1/filters/{UNKNOWN}"),
        ("PATCH", f"/v1/filters/{UNKNOWN}"),
        ("DELETE", f"/v1/filters/{UNKNOWN}"),
        ("POST", f"/v1/filters/{UNKNOWN}/move"),
        ("GET", f"/v1/filters/{UNKNOWN}/todos"),
    ],
)
async def test_the_account_is_closed(home: Home, method: str, path: str) -> None:
    answer = await home.key.request(method, path)

    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden"), answer.text
