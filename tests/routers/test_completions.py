from typing import Any

import httpx
import pytest

from tests.support.service import Account, Service
from tests.support.todos import act, make, read, records
from todo_api.domain.permissions import Role, Scope

DAILY = {"text": "every day"}
ACTIONS: list[tuple[str, dict[str, Any]]] = [
    ("complete", {}),
    ("reopen", {}),
    ("skip", {}),
    ("reschedule", {"due": "2027-03-14"}),
    ("end-series", {}),
]
COMPLETING = ACTIONS[:3]
WRITING = ACTIONS[3:]
VIEWS = ["completions", "occurrences"]


async def test_records_are_listed_newest_first_page_by_page(client: httpx.AsyncClient) -> None:
    todo = await make(client, recurrence=DAILY)
    for _ in range(3):
        await act(client, todo, "complete")
    url = f"/v1/todos/{todo['id']}/completions"

    first = (await client.get(url, params={"limit": 2})).json()
    second = (await client.get(url, params={"limit": 2, "cursor": first["next_cursor"]})).json()

    assert [record["occurrence"] for record in first["items"]] == ["2027-03-12", "2027-03-11"]
    assert [record["occurrence"] for record in second["items"]] == ["2027-03-10"]
    assert second["next_cursor"] is None


async def test_record_of_a_todo_that_happens_once_has_no_occurrence(client: httpx.AsyncClient) -> None:
    todo = await make(client, due="2027-03-10")

    await act(client, todo, "complete")

    [record] = await records(client, todo)
    assert (record["occurrence"], record["due_was"]["date"], record["next_due"]) == (None, "2027-03-10", None)


async def test_record_names_who_did_it(service: Service, account: Account, client: httpx.AsyncClient) -> None:
    todo = await make(client, recurrence=DAILY)
    helper = await service.account("bob@example.com")
    await service.add_member(helper, account.workspace_id, Role.COMPLETER)

    await act(service.client(helper), todo, "complete")

    assert [record["by"] for record in await records(client, todo)] == [helper.user_id]


async def test_records_stay_when_the_rule_changes(client: httpx.AsyncClient) -> None:
    todo = await make(client, recurrence=DAILY)
    await act(client, todo, "complete")
    before = await records(client, todo)

    await client.patch(f"/v1/todos/{todo['id']}", json={"recurrence": {"text": "every month"}, "due": "2027-08-01"})

    assert await records(client, todo) == before


async def test_completing_and_reopening_are_logged(service: Service, account: Account, client: httpx.AsyncClient) -> None:
    todo = await make(client, recurrence=DAILY)

    for action, _ in ACTIONS:
        await client.post(f"/v1/todos/{todo['id']}/{action}", json={"due": "2027-03-20"} if action == "reschedule" else None)

    changes = [change for change in await service.changes(account.workspace_id) if change.entity_id == todo["id"]]
    assert [change.op for change in changes] == ["create", "complete", "reopen", "skip", "reschedule", "update"]
    assert changes[1].before["occurrence"] == "2027-03-10"
    assert changes[1].after["occurrence"] == "2027-03-11"


@pytest.mark.parametrize("view", VIEWS)
async def test_what_is_listed_needs_sight_of_the_todo(
    service: Service, client: httpx.AsyncClient, stranger: Account, view: str
) -> None:
    todo = await make(client, recurrence=DAILY)

    response = await service.client(stranger).get(f"/v1/todos/{todo['id']}/{view}")

    assert (response.status_code, response.json()["code"]) == (404, "todo_not_found")


@pytest.mark.parametrize("view", VIEWS)
async def test_what_is_listed_is_gone_with_the_todo(client: httpx.AsyncClient, view: str) -> None:
    todo = await make(client, recurrence=DAILY)
    await client.delete(f"/v1/todos/{todo['id']}")

    response = await client.get(f"/v1/todos/{todo['id']}/{view}")

    assert (response.status_code, response.json()["code"]) == (404, "todo_not_found")


@pytest.mark.parametrize("view", VIEWS)
async def test_listing_needs_the_scope_to_read(service: Service, account: Account, client: httpx.AsyncClient, view: str) -> None:
    todo = await make(client, recurrence=DAILY)
    writer = service.client(key=await service.key(account, [Scope.TODOS_WRITE]))

    response = await writer.get(f"/v1/todos/{todo['id']}/{view}")

    assert (response.status_code, response.json()["missing_scope"]) == (403, "todos:read")


@pytest.mark.parametrize(("action", "body"), ACTIONS)
async def test_action_needs_credentials(
    anonymous: httpx.AsyncClient, client: httpx.AsyncClient, action: str, body: dict[str, Any]
) -> None:
    todo = await make(client, recurrence=DAILY)

    response = await anonymous.post(f"/v1/todos/{todo['id']}/{action}", json=body)

    assert response.status_code == 401


@pytest.mark.parametrize(
    ("action", "body", "scope"),
    [(*action, Scope.TODOS_COMPLETE) for action in COMPLETING] + [(*action, Scope.TODOS_WRITE) for action in WRITING],
)
async def test_action_needs_its_scope(
    service: Service, account: Account, client: httpx.AsyncClient, action: str, body: dict[str, Any], scope: Scope
) -> None:
    todo = await make(client, recurrence=DAILY)
    reader = service.client(key=await service.key(account, [Scope.TODOS_READ]))

    response = await reader.post(f"/v1/todos/{todo['id']}/{action}", json=body)

    assert (response.status_code, response.json()["missing_scope"]) == (403, scope.value)


@pytest.mark.parametrize(("action", "body"), ACTIONS)
async def test_action_on_a_todo_out_of_sight_finds_none(
    service: Service, client: httpx.AsyncClient, stranger: Account, action: str, body: dict[str, Any]
) -> None:
    todo = await make(client, recurrence=DAILY)

    response = await service.client(stranger).post(f"/v1/todos/{todo['id']}/{action}", json=body)

    assert (response.status_code, response.json()["code"]) == (404, "todo_not_found")


@pytest.mark.parametrize(("action", "body"), ACTIONS)
async def test_action_on_a_version_that_is_past_is_refused(client: httpx.AsyncClient, action: str, body: dict[str, Any]) -> None:
    todo = await make(client, recurrence=DAILY)

    response = await client.post(f"/v1/todos/{todo['id']}/{action}", json=body, headers={"If-Match": '"7"'})

    assert (response.status_code, response.json()["code"]) == (412, "version_mismatch")
    assert response.json()["current"] == todo
    assert await read(client, todo) == todo


@pytest.mark.parametrize(("action", "body"), ACTIONS)
async def test_action_answers_the_etag(client: httpx.AsyncClient, action: str, body: dict[str, Any]) -> None:
    todo = await make(client, recurrence=DAILY)

    response = await client.post(f"/v1/todos/{todo['id']}/{action}", json=body)

    assert response.headers["etag"] == f'"{response.json()["version"]}"'


async def test_completion_with_an_idempotency_key_is_answered_again(client: httpx.AsyncClient) -> None:
    todo = await make(client, recurrence=DAILY)
    url, headers = f"/v1/todos/{todo['id']}/complete", {"Idempotency-Key": "one"}

    answers = [await client.post(url, headers=headers) for _ in range(2)]

    assert answers[0].json() == answers[1].json()
    assert [answer.headers.get("idempotent-replayed") for answer in answers] == [None, "true"]
    assert len(await records(client, todo)) == 1
