from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import httpx
import pytest

from tests.support.service import Account, Service
from todo_api.domain.identifiers import new_id
from todo_api.domain.permissions import Role
from todo_api.repositories.todos import TodoRepository
from todo_api.schemas.todos import TodoCreate

NOW = "2027-03-10T09:00:00.000000Z"
Counter = Callable[[], AbstractContextManager[list[str]]]


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


# The change log


async def logged(service: Service, account: Account, since: int) -> list[tuple[Any, ...]]:
    """What was logged after ``since``: seq, op, entity, list, before and after; of todos, by the account, at once."""
    changes = [change for change in await service.changes(account.workspace_id) if change.seq > since]
    assert {(change.kind, change.actor_id, change.credential[:4]) for change in changes} == {("todo", account.user_id, "key:")}
    assert len({(change.unit_id, change.at) for change in changes}) == 1
    return [(change.seq - since, change.op, change.entity_id, change.list_id, change.before, change.after) for change in changes]


@pytest.mark.parametrize("method", ["POST", "PUT"])
async def test_create_logs_every_field(service: Service, client: httpx.AsyncClient, account: Account, method: str) -> None:
    seq = await service.seq(account.workspace_id)
    path = "/v1/todos" if method == "POST" else f"/v1/todos/{new_id()}"
    body = {"title": "Pay", "due": "2027-03-14T09:00:00Z", "start": "2027-03-13", "deadline": "2027-03-15", "priority": "high"}

    todo = (await client.request(method, path, json=body)).json()

    nothing = ["parent_id", "completed_at", "completed_by", "start_time", "start_timezone", "duration_minutes"]
    nothing += ["section_id", "recurrence", "occurrence", "external_source", "external_id", "external_url"]
    plain: dict[str, Any] = {"notes": "", "status": "open", "labels": [], "order": "a0", "created_by": account.user_id}
    plain |= {"assignee_ids": [], "reminders": [], "blocked_by": [], "custom_metadata": {}}
    dates = {"due_date": "2027-03-14", "due_time": "09:00", "due_timezone": "UTC", "start_date": "2027-03-13"}
    sent = {"list_id": account.inbox_id, "title": "Pay", "priority": 3, "deadline": "2027-03-15"}
    after = dict.fromkeys(nothing) | plain | dates | sent
    assert await logged(service, account, seq) == [(1, "create", todo["id"], account.inbox_id, None, after)]


@pytest.mark.parametrize("method", ["PATCH", "PUT"])
async def test_update_logs_what_differs(service: Service, client: httpx.AsyncClient, account: Account, method: str) -> None:
    todo = await make(client, priority="high", due="2027-03-14T09:00:00Z", labels=["food"])
    seq = await service.seq(account.workspace_id)
    body = {"title": "Buy milk", "priority": "low", "due": "2027-03-14T10:00", "labels": []}

    await client.request(method, f"/v1/todos/{todo['id']}", json=body)

    before = {"priority": 3, "due_time": "09:00", "due_timezone": "UTC", "labels": ["food"]}
    after = {"priority": 1, "due_time": "10:00", "due_timezone": None, "labels": []}
    assert await logged(service, account, seq) == [(1, "update", todo["id"], account.inbox_id, before, after)]


async def test_complete_and_reopen_log_the_subtree(service: Service, client: httpx.AsyncClient, account: Account) -> None:
    parent = await make(client)
    child = await make(client, parent_id=parent["id"], status="in_progress")
    seq, inbox = await service.seq(account.workspace_id), account.inbox_id

    await client.post(f"/v1/todos/{parent['id']}/complete")
    completed = (await logged(service, account, seq))[:]
    await client.patch(f"/v1/todos/{parent['id']}", json={"status": "open"})

    opened, working = ({"status": status, "completed_at": None, "completed_by": None} for status in ("open", "in_progress"))
    done = {"status": "completed", "completed_at": NOW, "completed_by": account.user_id}
    assert completed == [
        (1, "complete", child["id"], inbox, working, done),
        (2, "complete", parent["id"], inbox, opened, done),
    ]
    assert await logged(service, account, seq + 2) == [
        (1, "reopen", child["id"], inbox, done, working),  # as it was
        (2, "reopen", parent["id"], inbox, done, opened),
    ]


@pytest.mark.parametrize("how", [("PATCH", ""), ("POST", "/move")])
async def test_move_logs_the_subtree(service: Service, client: httpx.AsyncClient, account: Account, how: tuple[str, str]) -> None:
    list_id, parent = await make_list(client), await make(client)
    child = await make(client, parent_id=parent["id"])
    await make(client, list_id=list_id)
    seq, inbox = await service.seq(account.workspace_id), account.inbox_id

    await client.request(how[0], f"/v1/todos/{parent['id']}{how[1]}", json={"list_id": list_id})

    assert await logged(service, account, seq) == [
        (1, "move", child["id"], list_id, {"list_id": inbox}, {"list_id": list_id}),
        (2, "move", parent["id"], list_id, {"list_id": inbox, "order": "a0"}, {"list_id": list_id, "order": "a1"}),
    ]


async def test_move_out_of_a_workspace_is_logged_in_both(
    service: Service, client: httpx.AsyncClient, account: Account, stranger: Account
) -> None:
    await service.add_member(account, stranger.workspace_id, Role.EDITOR)
    todo, there = await make(client), stranger.inbox_id
    seqs = [await service.seq(account.workspace_id), await service.seq(stranger.workspace_id)]

    await client.patch(f"/v1/todos/{todo['id']}", json={"list_id": there})

    gone = {"workspace_id": stranger.workspace_id, "list_id": there}
    was = {"workspace_id": account.workspace_id, "list_id": account.inbox_id}
    assert await logged(service, account, seqs[0]) == [(1, "move", todo["id"], account.inbox_id, None, gone)]
    arrived = (await service.changes(stranger.workspace_id))[-1]
    assert (arrived.seq, arrived.op, arrived.before, arrived.after) == (seqs[1] + 1, "move", was, gone)


async def test_delete_logs_the_subtree(service: Service, client: httpx.AsyncClient, account: Account) -> None:
    parent = await make(client)
    child = await make(client, parent_id=parent["id"])
    seq, inbox = await service.seq(account.workspace_id), account.inbox_id

    await client.delete(f"/v1/todos/{parent['id']}")

    assert await logged(service, account, seq) == [
        (1, "delete", child["id"], inbox, {}, {}),
        (2, "delete", parent["id"], inbox, {}, {}),
    ]


async def test_the_log_has_no_gap(service: Service, client: httpx.AsyncClient, account: Account) -> None:
    parent = await make(client, labels=["a", "b"])
    child = await make(client, parent_id=parent["id"])
    path = f"/v1/todos/{parent['id']}"

    await client.post(f"{path}/complete")
    await client.patch(path, json={"title": " "})
    await client.patch(path, json={"completed": False})
    await client.post(f"{path}/move", json={"parent_id": child["id"]})
    await client.post(f"{path}/move", json={"list_id": await make_list(client)})
    await client.delete(path)

    seqs = [change.seq for change in await service.changes(account.workspace_id)]
    assert seqs == list(range(1, len(seqs) + 1))
    assert (seqs[-1], len(seqs) > 10) == (await service.seq(account.workspace_id), True)


# Failure


async def test_a_refused_write_leaves_nothing(service: Service, client: httpx.AsyncClient, account: Account) -> None:
    parent = await make(client, title="A")
    child = await make(client, parent_id=parent["id"], title="B")
    path, seq = f"/v1/todos/{parent['id']}", await service.seq(account.workspace_id)
    stale = {"If-Match": '"9"'}

    answers = [
        await client.post("/v1/todos", json={"title": "x", "labels": ["new"], "list_id": new_id()}),
        await client.put(f"/v1/todos/{new_id()}", json={"title": "x", "labels": ["new"], "parent_id": new_id()}),
        await client.patch(path, json={"title": "x", "labels": ["new"], "parent_id": child["id"]}),
        await client.patch(path, json={"title": "x", "labels": ["new"], "completed": True}, headers=stale),
        await client.put(path, json={"completed": True, "list_id": new_id()}),
        await client.post(f"{path}/complete", json={"subtasks": "refuse"}),
        await client.post(f"{path}/complete", headers=stale),
        await client.post(f"{path}/move", json={"after": new_id()}),
        await client.delete(path, headers=stale),
    ]

    assert [answer.status_code for answer in answers] == [404, 404, 409, 412, 404, 409, 412, 404, 412]
    assert await service.seq(account.workspace_id) == len(await service.changes(account.workspace_id)) == seq
    assert (await client.get("/v1/todos")).json()["items"][1:] == [child]
    assert (await client.get(path)).json() == parent | {"subtask_counts": {"open": 1, "completed": 0}}
    assert (await client.get("/v1/labels")).json()["items"] == []


async def test_what_fails_after_the_write_undoes_it(service: Service, client: httpx.AsyncClient, account: Account) -> None:
    actor, seq = await service.actor(account), await service.seq(account.workspace_id)

    async def fail() -> None:
        async with service.state.database.transaction() as session:
            await TodoRepository(session, actor, service.clock).create(TodoCreate(title="x", labels=["new"]))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail()

    assert (await titles(client), (await client.get("/v1/labels")).json()["items"]) == ([], [])
    assert await service.seq(account.workspace_id) == seq
    assert (await make(client))["order"] == "a0"


# Budgets: one statement more finds who asks


@pytest.mark.parametrize(
    ("method", "path", "body", "budget"),
    [
        ("GET", "/v1/todos/TODO", None, 1),
        ("GET", "/v1/todos", None, 1),
        ("GET", "/v1/todos?label=food&priority=none&overdue=false&status=any&sort=-title", None, 1),
        ("GET", "/v1/todos?sort=due", None, 2),
        ("GET", "/v1/todos?count=exact", None, 2),
        ("POST", "/v1/todos", {"title": "x"}, 5),
        ("PUT", "/v1/todos/NEW", {"title": "x"}, 7),  # looks for the todo, and whether somebody else has the id
        ("PUT", "/v1/todos/TODO", {"title": "x"}, 5),
        ("PUT", "/v1/todos/TODO", {"title": "Buy milk"}, 1),
        ("PATCH", "/v1/todos/TODO", {"title": "x", "due": "2027-03-14", "priority": "low"}, 5),
        ("PATCH", "/v1/todos/TODO", {"title": "Buy milk"}, 1),
        ("PATCH", "/v1/todos/DONE", {"completed": False}, 5),
        ("POST", "/v1/todos/TODO/complete", None, 6),
        ("POST", "/v1/todos/DONE/complete", None, 1),
    ],
)
async def test_statements_stay_within_the_budget(
    client: httpx.AsyncClient, statements: Counter, method: str, path: str, body: dict[str, Any] | None, budget: int
) -> None:
    ids = {"NEW": new_id(), "DONE": (await make(client, completed=True))["id"]}
    ids["TODO"] = (await make(client, labels=["food"]))["id"]
    for name, id_ in ids.items():
        path = path.replace(name, id_)
    await client.get("/v1/todos")  # a new connection asks the server for its settings

    with statements() as seen:
        response = await client.request(method, path, json=body)

    assert response.status_code < 300, response.text
    assert len(seen) <= budget + 1, seen
