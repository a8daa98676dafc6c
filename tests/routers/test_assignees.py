from typing import Any

import httpx
import pytest
from sqlalchemy import update

from tests.support.service import Account, Service
from tests.support.todos import act, make, patch, read
from todo_api.domain.permissions import Role
from todo_api.models import User

ABSENT = "0197a000-0000-7000-8000-000000000001"


@pytest.fixture
async def member(service: Service, account: Account) -> Account:
    """bob@example.com, who sees the workspace of ``account``."""
    bob = await service.account("bob@example.com")
    await service.add_member(bob, account.workspace_id, Role.VIEWER)
    return bob


@pytest.fixture
async def shared(client: httpx.AsyncClient) -> str:
    """The id of a list."""
    list_id: str = (await client.post("/v1/lists", json={"name": "Shared"})).json()["id"]
    return list_id


@pytest.fixture
async def guest(service: Service, shared: str) -> Account:
    """grace@example.com, who sees the list ``shared`` and nothing else."""
    grace = await service.account("grace@example.com")
    await service.add_guest(grace, shared, Role.VIEWER)
    return grace


async def refused(client: httpx.AsyncClient, todo: dict[str, Any], *user_ids: str) -> list[tuple[str, str]]:
    """Where and why these assignees are refused."""
    response = await client.patch(f"/v1/todos/{todo['id']}", json={"assignee_ids": user_ids})
    assert response.status_code == 422, response.text
    return [(flaw["pointer"], flaw["code"]) for flaw in response.json()["errors"]]


# --- who may be assigned


async def test_members_are_assigned_in_the_order_sent(client: httpx.AsyncClient, account: Account, member: Account) -> None:
    todo = await make(client, assignee_ids=[member.user_id, account.user_id, member.user_id])

    assert todo["assignee_ids"] == [member.user_id, account.user_id]
    assert await read(client, todo) == todo


async def test_guest_is_assigned_in_the_list_it_sees(client: httpx.AsyncClient, shared: str, guest: Account) -> None:
    todo = await make(client, list_id=shared, assignee_ids=[guest.user_id])

    assert todo["assignee_ids"] == [guest.user_id]


async def test_guest_is_refused_in_other_lists(client: httpx.AsyncClient, guest: Account) -> None:
    todo = await make(client)

    assert await refused(client, todo, guest.user_id) == [("#/assignee_ids/0", "assignee_not_found")]


async def test_stranger_is_as_unknown_as_nobody(client: httpx.AsyncClient, member: Account, stranger: Account) -> None:
    todo = await make(client)

    assert await refused(client, todo, stranger.user_id, member.user_id, ABSENT) == [
        ("#/assignee_ids/0", "assignee_not_found"),
        ("#/assignee_ids/2", "assignee_not_found"),
    ]


async def test_disabled_user_is_refused(service: Service, client: httpx.AsyncClient, member: Account) -> None:
    todo = await make(client)
    async with service.state.database.transaction() as session:
        await session.execute(update(User).where(User.id == member.user_id).values(disabled_at=service.clock()))

    assert await refused(client, todo, member.user_id) == [("#/assignee_ids/0", "assignee_not_found")]


async def test_refused_assignee_makes_no_todo(client: httpx.AsyncClient, stranger: Account) -> None:
    response = await client.post("/v1/todos", json={"title": "x", "assignee_ids": [stranger.user_id]})

    assert (response.status_code, response.json()["errors"][0]["pointer"]) == (422, "#/assignee_ids/0")
    assert (await client.get("/v1/todos")).json()["items"] == []


async def test_too_many_assignees_are_refused(client: httpx.AsyncClient) -> None:
    todo = await make(client)

    assert [pointer for pointer, _ in await refused(client, todo, *[ABSENT] * 51)] == ["#/assignee_ids"]


# --- changing


async def test_assignees_that_are_sent_replace_those_kept(client: httpx.AsyncClient, account: Account, member: Account) -> None:
    todo = await make(client, assignee_ids=[account.user_id])

    changed = await patch(client, todo, assignee_ids=[member.user_id])

    assert changed == todo | {"assignee_ids": [member.user_id], "version": 2}


async def test_same_assignees_again_change_nothing(client: httpx.AsyncClient, member: Account) -> None:
    todo = await make(client, assignee_ids=[member.user_id])

    assert await patch(client, todo, assignee_ids=[member.user_id]) == todo


async def test_nobody_is_assigned_after_an_empty_list(client: httpx.AsyncClient, member: Account) -> None:
    todo = await make(client, assignee_ids=[member.user_id])

    assert (await patch(client, todo, assignee_ids=[]))["assignee_ids"] == []


async def test_todos_are_found_by_who_is_assigned_now(client: httpx.AsyncClient, account: Account, member: Account) -> None:
    todo = await make(client, assignee_ids=[account.user_id])
    await patch(client, todo, assignee_ids=[member.user_id])

    found = [
        [item["id"] for item in (await client.get("/v1/todos", params={"assignee": user_id})).json()["items"]]
        for user_id in (account.user_id, member.user_id)
    ]

    assert found == [[], [todo["id"]]]


# --- moving


async def test_assignee_without_access_to_the_new_list_is_dropped_and_named(
    client: httpx.AsyncClient, account: Account, shared: str, guest: Account
) -> None:
    todo = await make(client, list_id=shared, assignee_ids=[guest.user_id, account.user_id])

    moved = await act(client, todo, "move", list_id=account.inbox_id)

    assert moved["assignee_ids"] == [account.user_id]
    assert moved["warnings"] == [f"No longer assigned to {guest.user_id}: no access to the list."]
    assert "warnings" not in await read(client, todo)


async def test_change_of_list_drops_them_too(client: httpx.AsyncClient, account: Account, shared: str, guest: Account) -> None:
    todo = await make(client, list_id=shared, assignee_ids=[guest.user_id])

    moved = await patch(client, todo, list_id=account.inbox_id)

    assert (moved["assignee_ids"], len(moved["warnings"])) == ([], 1)


async def test_assignees_of_subtasks_are_dropped_and_named(
    client: httpx.AsyncClient, account: Account, shared: str, guest: Account
) -> None:
    parent = await make(client, list_id=shared)
    child = await make(client, parent_id=parent["id"], assignee_ids=[guest.user_id])

    moved = await act(client, parent, "move", list_id=account.inbox_id)

    assert moved["warnings"] == [f"No longer assigned to {guest.user_id}: no access to the list."]
    assert (await read(client, child))["assignee_ids"] == []


async def test_move_that_drops_nobody_has_no_warnings(client: httpx.AsyncClient, shared: str, member: Account) -> None:
    todo = await make(client, assignee_ids=[member.user_id])

    moved = await act(client, todo, "move", list_id=shared)

    assert (moved["assignee_ids"], "warnings" in moved) == ([member.user_id], False)


async def test_todo_is_moved_and_assigned_at_once(client: httpx.AsyncClient, shared: str, guest: Account) -> None:
    todo = await make(client)

    moved = await patch(client, todo, list_id=shared, assignee_ids=[guest.user_id])

    assert (moved["list_id"], moved["assignee_ids"]) == (shared, [guest.user_id])


async def test_assignee_of_another_workspace_is_dropped_and_labels_stay(
    service: Service, client: httpx.AsyncClient, account: Account, member: Account
) -> None:
    other = await service.account("carol@example.com")
    await service.add_member(account, other.workspace_id, Role.EDITOR)
    todo = await make(client, labels=["food"], assignee_ids=[member.user_id, account.user_id])

    moved = await act(client, todo, "move", list_id=other.inbox_id)

    assert (moved["assignee_ids"], moved["labels"]) == ([account.user_id], ["food"])
    assert moved["warnings"] == [f"No longer assigned to {member.user_id}: no access to the list."]
