from typing import Any

import httpx
import pytest

from tests.support.service import Account, Service
from tests.support.todos import act, make, patch, read
from todo_api.domain.permissions import Role

ABSENT = "0197a000-0000-7000-8000-000000000001"


async def refused(client: httpx.AsyncClient, todo: dict[str, Any], **fields: Any) -> tuple[int, str, list[str]]:
    """Status, code and pointers of a patch that is refused."""
    response = await client.patch(f"/v1/todos/{todo['id']}", json=fields)
    problem = response.json()
    return response.status_code, problem["code"], [flaw["pointer"] for flaw in problem["errors"]]


# --- what blocks


async def test_todo_is_blocked_by_what_is_open(client: httpx.AsyncClient) -> None:
    blocker = await make(client)

    todo = await make(client, blocked_by=[blocker["id"]])

    assert (todo["blocked_by"], todo["is_blocked"]) == ([blocker["id"]], True)
    assert await read(client, todo) == todo


@pytest.mark.parametrize("status", ["completed", "cancelled"])
async def test_blocker_that_is_closed_blocks_no_more(client: httpx.AsyncClient, status: str) -> None:
    blocker = await make(client)
    todo = await make(client, blocked_by=[blocker["id"]])

    await patch(client, blocker, status=status)

    assert await read(client, todo) == todo | {"is_blocked": False}


async def test_blocker_in_the_trash_blocks_no_more(client: httpx.AsyncClient) -> None:
    blocker = await make(client)
    todo = await make(client, blocked_by=[blocker["id"]])

    await client.delete(f"/v1/todos/{blocker['id']}")

    assert (await read(client, todo))["is_blocked"] is False


async def test_recurring_blocker_blocks_on(client: httpx.AsyncClient) -> None:
    blocker = await make(client, recurrence={"text": "every day"})
    todo = await make(client, blocked_by=[blocker["id"]])

    await act(client, blocker, "complete")

    assert (await read(client, todo))["is_blocked"] is True


async def test_blockers_that_are_sent_replace_those_kept(client: httpx.AsyncClient) -> None:
    one, other = [await make(client) for _ in range(2)]
    todo = await make(client, blocked_by=[one["id"]])

    changed = await patch(client, todo, blocked_by=[other["id"], other["id"]])

    assert changed == todo | {"blocked_by": [other["id"]], "version": 2}


async def test_same_blockers_again_change_nothing(client: httpx.AsyncClient) -> None:
    blocker = await make(client)
    todo = await make(client, blocked_by=[blocker["id"]])

    assert await patch(client, todo, blocked_by=[blocker["id"]]) == todo


async def test_blocker_that_is_kept_may_be_in_the_trash(client: httpx.AsyncClient) -> None:
    trashed, other = [await make(client) for _ in range(2)]
    todo = await make(client, blocked_by=[trashed["id"]])
    await client.delete(f"/v1/todos/{trashed['id']}")

    changed = await patch(client, todo, blocked_by=[trashed["id"], other["id"]])

    assert changed["blocked_by"] == [trashed["id"], other["id"]]


# --- completing


@pytest.mark.parametrize("recurrence", [None, {"text": "every day"}])
async def test_blocked_todo_is_not_completed(client: httpx.AsyncClient, recurrence: dict[str, Any] | None) -> None:
    blocker = await make(client)
    todo = await make(client, recurrence=recurrence, blocked_by=[blocker["id"]])

    response = await client.post(f"/v1/todos/{todo['id']}/complete")

    assert (response.status_code, response.json()["code"]) == (409, "todo_blocked")
    assert await read(client, todo) == todo


@pytest.mark.parametrize("fields", [{"completed": True}, {"status": "completed"}])
async def test_blocked_todo_is_not_completed_by_a_change_of_status(client: httpx.AsyncClient, fields: dict[str, Any]) -> None:
    blocker = await make(client)
    todo = await make(client, blocked_by=[blocker["id"]])

    assert await refused(client, todo, **fields) == (409, "todo_blocked", [])


async def test_force_completes_what_is_blocked(client: httpx.AsyncClient) -> None:
    blocker = await make(client)
    todo = await make(client, blocked_by=[blocker["id"]])

    done = await act(client, todo, "complete", force=True)

    assert (done["status"], done["is_blocked"]) == ("completed", True)


async def test_todo_is_unblocked_and_completed_at_once(client: httpx.AsyncClient) -> None:
    blocker = await make(client)
    todo = await make(client, blocked_by=[blocker["id"]])

    done = await patch(client, todo, blocked_by=[], completed=True)

    assert (done["status"], done["is_blocked"]) == ("completed", False)


async def test_todo_is_not_blocked_and_completed_at_once(client: httpx.AsyncClient) -> None:
    blocker, todo = [await make(client) for _ in range(2)]

    assert await refused(client, todo, blocked_by=[blocker["id"]], completed=True) == (409, "todo_blocked", [])


async def test_repeated_completion_is_replayed_although_it_is_blocked_since(client: httpx.AsyncClient) -> None:
    todo = await make(client, recurrence={"text": "every day"})
    await act(client, todo, "complete", occurrence="2027-03-10")
    await patch(client, todo, blocked_by=[(await make(client))["id"]])

    again = await act(client, todo, "complete", occurrence="2027-03-10")

    assert again["replayed"] is True


async def test_blocked_todo_can_be_skipped(client: httpx.AsyncClient) -> None:
    blocker = await make(client)
    todo = await make(client, recurrence={"text": "every day"}, blocked_by=[blocker["id"]])

    assert (await act(client, todo, "skip"))["occurrence"] == "2027-03-11"


# --- no cycles


async def test_todo_does_not_block_itself(client: httpx.AsyncClient) -> None:
    todo = await make(client)

    assert await refused(client, todo, blocked_by=[todo["id"]]) == (409, "block_cycle", [])


async def test_blockers_make_no_cycle(client: httpx.AsyncClient) -> None:
    last = await make(client)
    middle = await make(client, blocked_by=[last["id"]])
    first = await make(client, blocked_by=[middle["id"]])

    assert await refused(client, last, blocked_by=[first["id"]]) == (409, "block_cycle", [])


async def test_blockers_may_share_a_blocker(client: httpx.AsyncClient) -> None:
    last = await make(client)
    sides = [await make(client, blocked_by=[last["id"]]) for _ in range(2)]

    first = await make(client, blocked_by=[side["id"] for side in sides])

    assert first["is_blocked"] is True


# --- references


@pytest.mark.parametrize("method", ["POST", "PATCH"])
async def test_unknown_blocker_is_refused_where_it_stands(client: httpx.AsyncClient, method: str) -> None:
    blocker, todo = [await make(client) for _ in range(2)]
    url = "/v1/todos" if method == "POST" else f"/v1/todos/{todo['id']}"

    response = await client.request(method, url, json={"title": "x", "blocked_by": [blocker["id"], ABSENT]})

    assert response.status_code == 422
    assert [(flaw["pointer"], flaw["code"]) for flaw in response.json()["errors"]] == [("#/blocked_by/1", "blocker_not_found")]


async def test_blocker_out_of_sight_is_as_unknown_as_none(service: Service, client: httpx.AsyncClient, stranger: Account) -> None:
    hidden = await make(service.client(stranger))
    todo = await make(client)

    assert await refused(client, todo, blocked_by=[hidden["id"]]) == (422, "invalid_input", ["#/blocked_by/0"])


async def test_blocker_of_another_workspace_is_refused(service: Service, client: httpx.AsyncClient, account: Account) -> None:
    other = await service.account("bob@example.com")
    await service.add_member(account, other.workspace_id, Role.EDITOR)
    elsewhere = await make(client, list_id=other.inbox_id)
    todo = await make(client)

    assert await refused(client, todo, blocked_by=[elsewhere["id"]]) == (422, "invalid_input", ["#/blocked_by/0"])


async def test_guest_keeps_the_blockers_that_it_does_not_see(service: Service, client: httpx.AsyncClient) -> None:
    shared = (await client.post("/v1/lists", json={"name": "Shared"})).json()
    hidden = await make(client)
    todo = await make(client, list_id=shared["id"], blocked_by=[hidden["id"]])
    guest = await service.account("guest@example.com")
    await service.add_guest(guest, shared["id"], Role.EDITOR)
    theirs = service.client(guest)
    seen = await make(theirs, list_id=shared["id"])

    changed = await patch(theirs, todo, blocked_by=[hidden["id"], seen["id"]])

    assert changed["blocked_by"] == [hidden["id"], seen["id"]]


async def test_too_many_blockers_are_refused(client: httpx.AsyncClient) -> None:
    todo = await make(client)

    assert (await refused(client, todo, blocked_by=[ABSENT] * 51))[::2] == (422, ["#/blocked_by"])


# --- moving to another workspace


@pytest.fixture
async def elsewhere(service: Service, account: Account) -> Account:
    """Somebody in whose workspace ``account`` may edit."""
    other = await service.account("bob@example.com")
    await service.add_member(account, other.workspace_id, Role.EDITOR)
    return other


async def test_todo_that_leaves_the_workspace_forgets_its_blockers(client: httpx.AsyncClient, elsewhere: Account) -> None:
    blocker = await make(client)
    todo = await make(client, blocked_by=[blocker["id"]])

    moved = await act(client, todo, "move", list_id=elsewhere.inbox_id)

    assert (moved["blocked_by"], moved["is_blocked"]) == ([], False)


async def test_blocker_that_leaves_the_workspace_is_forgotten(client: httpx.AsyncClient, elsewhere: Account) -> None:
    blocker, other = [await make(client) for _ in range(2)]
    child = await make(client, parent_id=blocker["id"])
    todo = await make(client, blocked_by=[child["id"], other["id"]])

    await patch(client, blocker, list_id=elsewhere.inbox_id)

    assert await read(client, todo) == todo | {"blocked_by": [other["id"]], "version": 2}


async def test_subtree_that_leaves_the_workspace_forgets_what_blocks_within(
    client: httpx.AsyncClient, elsewhere: Account
) -> None:
    parent = await make(client)
    child = await make(client, parent_id=parent["id"], blocked_by=[parent["id"]])

    await patch(client, parent, list_id=elsewhere.inbox_id)

    moved = await read(client, child)
    assert (moved["list_id"], moved["blocked_by"]) == (elsewhere.inbox_id, [])


async def test_move_within_the_workspace_keeps_what_blocks(client: httpx.AsyncClient) -> None:
    other = (await client.post("/v1/lists", json={"name": "Other"})).json()
    blocker = await make(client)
    todo = await make(client, blocked_by=[blocker["id"]])

    moved = await patch(client, todo, list_id=other["id"])

    assert (moved["blocked_by"], moved["is_blocked"]) == ([blocker["id"]], True)
