from typing import Any

import httpx
import pytest

from tests.support.clock import TestClock
from tests.support.service import Account, Service
from todo_api.domain.permissions import PRESETS, Preset

NOW = "2027-03-10T09:00:00.000000Z"
LATER = "2027-03-10T10:00:00.000000Z"

Way = tuple[str, str, dict[str, Any] | None]

# Every way to complete, and every way to reopen: they are the same operation.
COMPLETE: list[Way] = [
    ("POST", "/complete", None),
    ("PATCH", "", {"completed": True}),
    ("PATCH", "", {"status": "completed"}),
    ("PUT", "", {"completed": True}),
    ("PUT", "", {"status": "completed", "completed": True}),
]
REOPEN: list[Way] = [
    ("POST", "/reopen", None),
    ("PATCH", "", {"completed": False}),
    ("PATCH", "", {"status": "open"}),
    ("PUT", "", {"completed": False}),
    ("PUT", "", {"status": "open"}),
]


async def make(client: httpx.AsyncClient, **fields: Any) -> dict[str, Any]:
    response = await client.post("/v1/todos", json={"title": "Buy milk"} | fields)
    assert response.status_code == 201, response.text
    todo: dict[str, Any] = response.json()
    return todo


async def read(client: httpx.AsyncClient, *todos: dict[str, Any]) -> list[dict[str, Any]]:
    return [(await client.get(f"/v1/todos/{todo['id']}")).json() for todo in todos]


async def statuses(client: httpx.AsyncClient, *todos: dict[str, Any]) -> list[str]:
    return [todo["status"] for todo in await read(client, *todos)]


async def go(client: httpx.AsyncClient, todo: dict[str, Any], way: Way) -> httpx.Response:
    method, path, body = way
    response = await client.request(method, f"/v1/todos/{todo['id']}{path}", json=body)
    assert response.status_code == 200, response.text
    return response


# One todo


async def test_complete_answers_the_whole_todo(client: httpx.AsyncClient, account: Account, clock: TestClock) -> None:
    todo = await make(client, due="2027-03-14", labels=["food"], priority="high")
    clock.advance(hours=1)

    response = await client.post(f"/v1/todos/{todo['id']}/complete")

    done = {"status": "completed", "completed": True, "completed_at": LATER, "completed_by": account.user_id}
    assert (response.status_code, response.headers["etag"]) == (200, '"2"')
    assert response.json() == todo | done | {"version": 2, "updated_at": LATER, "replayed": False}


async def test_reopen_answers_the_whole_todo(client: httpx.AsyncClient, clock: TestClock) -> None:
    todo = await make(client, due="2027-03-14", labels=["food"])
    await client.post(f"/v1/todos/{todo['id']}/complete")
    clock.advance(hours=1)

    response = await client.post(f"/v1/todos/{todo['id']}/reopen")

    assert (response.status_code, response.headers["etag"]) == (200, '"3"')
    assert response.json() == todo | {"version": 3, "updated_at": LATER, "replayed": False}


@pytest.mark.parametrize("way", COMPLETE)
async def test_every_way_to_complete_is_the_same(client: httpx.AsyncClient, account: Account, way: Way) -> None:
    parent = await make(client)
    child = await make(client, parent_id=parent["id"])

    answer = (await go(client, parent, way)).json()

    done = {"status": "completed", "completed": True, "completed_at": NOW, "completed_by": account.user_id, "version": 2}
    seen_parent, seen_child = await read(client, parent, child)
    assert seen_parent == parent | done | {"subtask_counts": {"open": 0, "completed": 1}}
    assert seen_child == child | done
    assert {name: value for name, value in answer.items() if name != "replayed"} == seen_parent


@pytest.mark.parametrize("way", REOPEN)
async def test_every_way_to_reopen_is_the_same(client: httpx.AsyncClient, way: Way) -> None:
    parent = await make(client)
    child = await make(client, parent_id=parent["id"])
    await client.post(f"/v1/todos/{parent['id']}/complete")

    answer = (await go(client, parent, way)).json()

    seen_parent, seen_child = await read(client, parent, child)
    assert seen_parent == parent | {"version": 3, "subtask_counts": {"open": 1, "completed": 0}}
    assert seen_child == child | {"version": 3}
    assert {name: value for name, value in answer.items() if name != "replayed"} == seen_parent


@pytest.mark.parametrize("way", COMPLETE)
async def test_completing_again_changes_nothing(
    service: Service, client: httpx.AsyncClient, account: Account, clock: TestClock, way: Way
) -> None:
    todo = await make(client)
    first = (await client.post(f"/v1/todos/{todo['id']}/complete")).json()
    seq = await service.seq(account.workspace_id)
    clock.advance(hours=1)

    again = (await go(client, todo, way)).json()

    assert again.pop("replayed", True) is True
    assert again | {"replayed": False} == first
    assert await service.seq(account.workspace_id) == seq


@pytest.mark.parametrize("status", ["open", "in_progress"])
@pytest.mark.parametrize("way", [REOPEN[0], REOPEN[1], REOPEN[3]])
async def test_reopening_what_is_open_changes_nothing(
    service: Service, client: httpx.AsyncClient, account: Account, status: str, way: Way
) -> None:
    todo = await make(client, status=status)
    seq = await service.seq(account.workspace_id)

    answer = (await go(client, todo, way)).json()

    assert answer.pop("replayed", True) is True
    assert (answer, await service.seq(account.workspace_id)) == (todo, seq)


async def test_complete_only_key_completes_and_reopens(service: Service, client: httpx.AsyncClient, account: Account) -> None:
    todo = await make(client)
    button = service.client(key=await service.key(account, PRESETS[Preset.COMPLETE_ONLY]))

    done = await button.post(f"/v1/todos/{todo['id']}/complete")
    reopened = await button.post(f"/v1/todos/{todo['id']}/reopen")

    assert (done.json()["completed"], reopened.json()["completed"]) == (True, False)


# When it was done


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("2027-03-10T09:05:00Z", "2027-03-10T09:05:00.000000Z"),  # the last instant that clocks may differ by
        ("2027-03-09T23:30:00.123456+02:00", "2027-03-09T21:30:00.123456Z"),
        ("1900-01-01T00:00:00Z", "1900-01-01T00:00:00.000000Z"),
        (None, NOW),
    ],
)
async def test_completed_at_is_kept_as_an_instant(client: httpx.AsyncClient, sent: str | None, kept: str) -> None:
    todo = await make(client)

    await client.post(f"/v1/todos/{todo['id']}/complete", json={"completed_at": sent})

    assert (await read(client, todo))[0]["completed_at"] == kept


@pytest.mark.parametrize(
    "sent",
    [
        "2027-03-10T09:05:00.000001Z", "2028-01-01T00:00:00Z", "2027-03-10T08:00:00", "2027-03-10", "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59-14:00", "2027-13-01T00:00:00Z", "2027-03-10T25:00:00Z", "", 5, True,
    ],
)  # fmt: skip
async def test_completed_at_is_refused_and_nothing_is_done(client: httpx.AsyncClient, sent: Any) -> None:
    todo = await make(client)

    response = await client.post(f"/v1/todos/{todo['id']}/complete", json={"completed_at": sent})

    assert response.status_code == 422, response.text
    assert [error["pointer"] for error in response.json()["errors"]] == ["#/completed_at"]
    assert await read(client, todo) == [todo]


# Subtasks


async def test_completing_closes_the_open_subtree(client: httpx.AsyncClient) -> None:
    parent = await make(client)
    child = await make(client, parent_id=parent["id"], status="in_progress")
    grandchild = await make(client, parent_id=child["id"])
    done = await make(client, parent_id=parent["id"], completed=True)
    cancelled = await make(client, parent_id=parent["id"], status="cancelled")

    response = await client.post(f"/v1/todos/{parent['id']}/complete", json={"subtasks": "complete"})

    assert response.json()["subtask_counts"] == {"open": 0, "completed": 2}
    expected = ["completed", "completed", "completed", "completed", "cancelled"]
    assert await statuses(client, parent, child, grandchild, done, cancelled) == expected
    assert (await read(client, done, cancelled)) == [done, cancelled]


async def test_completing_leaves_subtasks_when_told(client: httpx.AsyncClient) -> None:
    parent = await make(client)
    child = await make(client, parent_id=parent["id"])

    response = await client.post(f"/v1/todos/{parent['id']}/complete", json={"subtasks": "leave"})

    assert (response.json()["status"], response.json()["subtask_counts"]) == ("completed", {"open": 1, "completed": 0})
    assert await read(client, child) == [child]


async def test_completing_is_refused_over_open_subtasks_when_told(
    service: Service, client: httpx.AsyncClient, account: Account
) -> None:
    parent = await make(client)
    child = await make(client, parent_id=parent["id"], completed=True)
    grandchild = await make(client, parent_id=child["id"])
    seq = await service.seq(account.workspace_id)

    response = await client.post(f"/v1/todos/{parent['id']}/complete", json={"subtasks": "refuse"})

    assert (response.status_code, response.json()["code"]) == (409, "open_subtasks")
    assert (await statuses(client, parent, grandchild), await service.seq(account.workspace_id)) == (["open", "open"], seq)


@pytest.mark.parametrize("status", ["completed", "cancelled"])
async def test_closed_subtasks_refuse_nothing(client: httpx.AsyncClient, status: str) -> None:
    parent = await make(client)
    await make(client, parent_id=parent["id"], status=status)

    response = await client.post(f"/v1/todos/{parent['id']}/complete", json={"subtasks": "refuse"})

    assert (response.status_code, response.json()["status"]) == (200, "completed")


async def test_subtasks_in_other_words_are_refused(client: httpx.AsyncClient) -> None:
    todo = await make(client)

    response = await client.post(f"/v1/todos/{todo['id']}/complete", json={"subtasks": "delete"})

    assert [error["pointer"] for error in response.json()["errors"]] == ["#/subtasks"]


@pytest.mark.parametrize("way", REOPEN)
async def test_reopening_opens_exactly_what_was_closed(client: httpx.AsyncClient, way: Way) -> None:
    parent = await make(client)
    child = await make(client, parent_id=parent["id"])
    grandchild = await make(client, parent_id=child["id"])
    done = await make(client, parent_id=parent["id"], completed=True)
    below_done = await make(client, parent_id=done["id"])
    cancelled = await make(client, parent_id=parent["id"], status="cancelled")
    await client.post(f"/v1/todos/{parent['id']}/complete")

    answer = await go(client, parent, way)

    assert answer.json()["subtask_counts"] == {"open": 1, "completed": 1}
    seen = await statuses(client, parent, child, grandchild, done, below_done, cancelled)
    assert seen == ["open", "open", "open", "completed", "open", "cancelled"]


async def test_reopening_leaves_what_was_completed_again_meanwhile(client: httpx.AsyncClient) -> None:
    parent = await make(client)
    child = await make(client, parent_id=parent["id"])
    await client.post(f"/v1/todos/{parent['id']}/complete")
    await client.post(f"/v1/todos/{child['id']}/reopen")
    await client.post(f"/v1/todos/{child['id']}/complete")

    await client.post(f"/v1/todos/{parent['id']}/reopen")

    assert await statuses(client, parent, child) == ["open", "completed"]


async def test_reopening_reaches_below_a_child_that_was_reopened(client: httpx.AsyncClient) -> None:
    parent = await make(client)
    child = await make(client, parent_id=parent["id"])
    grandchild = await make(client, parent_id=child["id"])
    await client.post(f"/v1/todos/{parent['id']}/complete")
    await client.post(f"/v1/todos/{child['id']}/reopen")
    assert await statuses(client, child, grandchild) == ["open", "completed"]

    await client.post(f"/v1/todos/{parent['id']}/reopen")

    assert await statuses(client, parent, child, grandchild) == ["open", "open", "open"]


async def test_reopening_leaves_what_moved_away(client: httpx.AsyncClient) -> None:
    parent = await make(client)
    child = await make(client, parent_id=parent["id"])
    await client.post(f"/v1/todos/{parent['id']}/complete")
    await client.patch(f"/v1/todos/{child['id']}", json={"parent_id": None})

    await client.post(f"/v1/todos/{parent['id']}/reopen")

    assert await statuses(client, parent, child) == ["open", "completed"]


# The other statuses


@pytest.mark.parametrize("before", ["open", "in_progress", "completed", "cancelled"])
@pytest.mark.parametrize("after", ["open", "in_progress", "completed", "cancelled"])
async def test_status_changes_to_any_other(client: httpx.AsyncClient, account: Account, before: str, after: str) -> None:
    todo = await make(client, status=before)

    changed = (await client.patch(f"/v1/todos/{todo['id']}", json={"status": after})).json()

    done = after == "completed"
    at, by = (NOW, account.user_id) if done else (None, None)
    expected = {"status": after, "completed": done, "completed_at": at, "completed_by": by}
    assert changed == todo | expected | {"version": 1 if before == after else 2}


@pytest.mark.parametrize("way", REOPEN)
async def test_reopen_opens_what_was_cancelled(client: httpx.AsyncClient, way: Way) -> None:
    todo = await make(client, status="cancelled")

    await go(client, todo, way)

    assert await statuses(client, todo) == ["open"]


async def test_cancelling_leaves_subtasks(client: httpx.AsyncClient) -> None:
    parent = await make(client)
    child = await make(client, parent_id=parent["id"])

    await client.patch(f"/v1/todos/{parent['id']}", json={"status": "cancelled"})

    assert await read(client, child) == [child]


async def test_cancelling_what_was_completed_reopens_no_subtask(client: httpx.AsyncClient) -> None:
    parent = await make(client)
    child = await make(client, parent_id=parent["id"])
    await client.post(f"/v1/todos/{parent['id']}/complete")

    await client.patch(f"/v1/todos/{parent['id']}", json={"status": "cancelled"})

    assert await statuses(client, parent, child) == ["cancelled", "completed"]


@pytest.mark.parametrize("status", ["open", "in_progress"])
async def test_reopening_by_way_of_cancelled_opens_what_was_closed(client: httpx.AsyncClient, status: str) -> None:
    parent = await make(client)
    child = await make(client, parent_id=parent["id"])
    await client.post(f"/v1/todos/{parent['id']}/complete")
    await client.patch(f"/v1/todos/{parent['id']}", json={"status": "cancelled"})

    await client.patch(f"/v1/todos/{parent['id']}", json={"status": status})

    assert await statuses(client, parent, child) == [status, "open"]


async def test_patch_completes_and_changes_in_one_step(service: Service, client: httpx.AsyncClient, account: Account) -> None:
    todo = await make(client)

    changed = await client.patch(f"/v1/todos/{todo['id']}", json={"completed": True, "title": "Bought milk", "labels": ["food"]})

    assert (changed.json()["completed"], changed.json()["title"], changed.json()["version"]) == (True, "Bought milk", 2)
    assert [change.op for change in await service.changes(account.workspace_id) if change.entity_id == todo["id"]] == [
        "create",
        "complete",
    ]
