"""Every change of a synced row is in the log, in the transaction that made it."""

from typing import Any

import httpx
import pytest

from tests.support.operations import OPERATIONS, Operation, make_ids
from tests.support.service import Account, Service

SYNCED = {"todos", "lists", "labels", "workspaces"}
WRITES = [operation for operation in OPERATIONS if operation.method != "GET"]
LOGGED: dict[str, list[tuple[str, str]]] = {
    "create_todo": [("todo", "create")],
    "update_todo": [("todo", "update")],
    "put_todo": [("todo", "update")],
    "delete_todo": [("todo", "delete")],
    "complete_todo": [("todo", "complete")],
    "reopen_todo": [("todo", "reopen")],
    "move_todo": [("todo", "move")],
    "create_todos": [("label", "create"), ("todo", "create"), ("todo", "create")],
    "update_todos": [("todo", "update"), ("todo", "update")],
    "quick_add": [("label", "create"), ("todo", "create")],
    "upsert_todo": [("todo", "update")],
    "skip_occurrence": [("todo", "skip")],
    "reschedule_occurrence": [("todo", "reschedule")],
    "end_series": [("todo", "update")],
    "create_list": [("list", "create")],
    "update_list": [("list", "update")],
    "delete_list": [("section", "delete"), ("list", "delete")],
    "move_list": [("list", "move")],
    "create_label": [("label", "create")],
    "update_label": [("label", "update")],
    "delete_label": [("label", "delete")],
}
BODIES: dict[str, dict[str, Any]] = {
    "update_todo": {"title": "changed"},
    "put_todo": {"title": "changed"},
    "move_todo": {"position": "bottom"},
    "update_todos": {"filter": {"status": "open"}, "set": {"priority": "high"}},
    "update_list": {"name": "changed"},
    "upsert_todo": {"title": "changed"},
    "update_label": {"name": "changed"},
    "skip_occurrence": {},
}
RECURRING = {"skip_occurrence", "reschedule_occurrence", "end_series"}


def tagged_as_synced(operation: Operation) -> bool:
    return bool(SYNCED & set(operation.document["tags"]))


@pytest.fixture
async def ids(service: Service, account: Account, client: httpx.AsyncClient) -> dict[str, str]:
    """Things to change, each with a neighbour so that it can be moved."""
    ids = await make_ids(service, account)
    await client.post("/v1/todos", json={"title": "a neighbour"})
    return ids | {"inbox": account.inbox_id}


async def prepare(client: httpx.AsyncClient, operation: Operation, ids: dict[str, str]) -> None:
    """Make what the operation is about; again it changes nothing."""
    if operation.name == "reopen_todo":
        await client.post(f"/v1/todos/{ids['todo_id']}/complete")
    if operation.name in RECURRING:
        await client.patch(f"/v1/todos/{ids['todo_id']}", json={"recurrence": {"text": "every day"}})


async def drive(client: httpx.AsyncClient, operation: Operation, ids: dict[str, str]) -> httpx.Response:
    """Call the operation so that it changes something."""
    await prepare(client, operation, ids)
    body = BODIES.get(operation.name, operation.example)
    if operation.name == "move_list":
        body = {"before": ids["inbox"]}
    return await client.request(operation.method, operation.path.format(**ids), json=body)


def test_every_write_of_a_synced_feature_is_listed_here() -> None:
    assert {operation.name for operation in WRITES if tagged_as_synced(operation)} == set(LOGGED)


@pytest.mark.parametrize("operation", [operation for operation in WRITES if tagged_as_synced(operation)], ids=str)
async def test_a_write_logs_its_change(
    service: Service, client: httpx.AsyncClient, account: Account, ids: dict[str, str], operation: Operation
) -> None:
    await prepare(client, operation, ids)
    before = await service.seq(account.workspace_id)

    answer = await drive(client, operation, ids)

    added = [entry for entry in await service.changes(account.workspace_id) if entry.seq > before]
    assert answer.is_success, answer.text
    assert [(entry.kind, entry.op) for entry in added] == LOGGED[operation.name]
    assert await service.seq(account.workspace_id) == before + len(added)
    assert {entry.actor_id for entry in added} == {account.user_id}


@pytest.mark.parametrize(
    "operation", [operation for operation in WRITES if "If-Match" in operation.parameters("header")], ids=str
)
async def test_a_refused_write_logs_nothing(
    service: Service, client: httpx.AsyncClient, account: Account, ids: dict[str, str], operation: Operation
) -> None:
    before = await service.seq(account.workspace_id)

    answer = await client.request(
        operation.method, operation.path.format(**ids), json=operation.example, headers={"If-Match": '"99"'}
    )

    assert answer.status_code == 412
    assert await service.seq(account.workspace_id) == before


@pytest.mark.parametrize("operation", [operation for operation in WRITES if tagged_as_synced(operation)], ids=str)
async def test_a_replayed_write_logs_nothing_more(
    service: Service, client: httpx.AsyncClient, account: Account, ids: dict[str, str], operation: Operation
) -> None:
    client.headers["Idempotency-Key"] = "a-key"
    await drive(client, operation, ids)
    before = await service.seq(account.workspace_id)

    answer = await drive(client, operation, ids)

    assert answer.headers["idempotent-replayed"] == "true"
    assert await service.seq(account.workspace_id) == before


async def test_the_log_of_a_workspace_has_no_gaps(
    service: Service, client: httpx.AsyncClient, account: Account, ids: dict[str, str]
) -> None:
    for operation in WRITES:
        if tagged_as_synced(operation):
            await drive(client, operation, ids)

    numbers = [entry.seq for entry in await service.changes(account.workspace_id)]
    assert numbers == list(range(1, len(numbers) + 1))


async def test_a_stranger_s_log_is_another(
    service: Service, client: httpx.AsyncClient, stranger: Account, ids: dict[str, str]
) -> None:
    before = await service.seq(stranger.workspace_id)

    await client.patch(f"/v1/todos/{ids['todo_id']}", json={"title": "changed"})

    assert await service.seq(stranger.workspace_id) == before
