"""What members, guests and strangers may do with a list."""

from typing import Any

import httpx
import pytest

from tests.support.service import Account, Service
from todo_api.domain.permissions import Role

READERS = [Role.VIEWER, Role.COMMENTER, Role.COMPLETER]
WRITERS = [Role.EDITOR, Role.ADMIN, Role.OWNER]
GUESTS = [Role.VIEWER, Role.COMMENTER, Role.COMPLETER, Role.EDITOR]
WRITES = [
    ("PATCH", "", {"name": "Mine"}),
    ("DELETE", "", None),
    ("POST", "/move", {"after": "01900000-0000-7000-8000-000000000000"}),
]


async def create(client: httpx.AsyncClient, **members: Any) -> dict[str, Any]:
    answer = await client.post("/v1/lists", json={"name": "Shared"} | members)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def told(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


# --- members


@pytest.mark.parametrize("role", Role)
async def test_member_sees_the_lists_and_the_own_role(
    service: Service, account: Account, client: httpx.AsyncClient, stranger: Account, role: Role
) -> None:
    made = await create(client)
    await service.add_member(stranger, account.workspace_id, role)

    answer = await service.client(stranger).get(f"/v1/lists/{made['id']}")

    assert answer.json() == made | {"my_role": role.name.lower()}


async def test_member_sees_the_lists_of_all_workspaces(
    service: Service, account: Account, client: httpx.AsyncClient, stranger: Account
) -> None:
    made = await create(client)
    await service.add_member(stranger, account.workspace_id, Role.VIEWER)

    items = (await service.client(stranger).get("/v1/lists")).json()["items"]

    assert [item["id"] for item in items] == [*sorted([account.inbox_id, stranger.inbox_id]), made["id"]]


@pytest.mark.parametrize("role", WRITERS)
async def test_member_who_edits_may_change_a_list(
    service: Service, account: Account, client: httpx.AsyncClient, stranger: Account, role: Role
) -> None:
    made = await create(client)
    await service.add_member(stranger, account.workspace_id, role)

    answer = await service.client(stranger).patch(f"/v1/lists/{made['id']}", json={"name": "Ours"})

    assert (answer.status_code, answer.json()["name"]) == (200, "Ours")


@pytest.mark.parametrize("role", WRITERS)
async def test_member_who_edits_may_add_a_list(service: Service, account: Account, stranger: Account, role: Role) -> None:
    await service.add_member(stranger, account.workspace_id, role)

    made = await create(service.client(stranger), workspace_id=account.workspace_id)

    assert (made["workspace_id"], made["my_role"]) == (account.workspace_id, role.name.lower())


@pytest.mark.parametrize("role", READERS)
@pytest.mark.parametrize(("method", "suffix", "body"), WRITES)
async def test_member_who_reads_may_change_no_list(
    service: Service, account: Account, client: httpx.AsyncClient, stranger: Account, role: Role, method: str, suffix: str,
    body: object,
) -> None:  # fmt: skip
    made = await create(client)
    await service.add_member(stranger, account.workspace_id, role)

    answer = await service.client(stranger).request(method, f"/v1/lists/{made['id']}{suffix}", json=body)

    assert told(answer) == (403, "role_too_low")
    assert answer.json()["missing_role"] == "editor"
    assert (await client.get(f"/v1/lists/{made['id']}")).json() == made


@pytest.mark.parametrize("role", READERS)
async def test_member_who_reads_may_add_no_list(service: Service, account: Account, stranger: Account, role: Role) -> None:
    await service.add_member(stranger, account.workspace_id, role)

    answer = await service.client(stranger).post("/v1/lists", json={"name": "Mine", "workspace_id": account.workspace_id})

    assert told(answer) == (403, "role_too_low")
    assert await service.seq(account.workspace_id) == 2


async def test_member_adds_lists_to_the_own_workspace_unless_told(service: Service, account: Account, stranger: Account) -> None:
    await service.add_member(stranger, account.workspace_id, Role.ADMIN)

    made = await create(service.client(stranger))

    assert (made["workspace_id"], made["my_role"]) == (stranger.workspace_id, "owner")


# --- guests


@pytest.mark.parametrize("role", GUESTS)
async def test_guest_sees_that_list_and_the_own_role(
    service: Service, client: httpx.AsyncClient, stranger: Account, role: Role
) -> None:
    made = await create(client)
    await service.add_guest(stranger, made["id"], role)

    items = (await service.client(stranger).get("/v1/lists")).json()["items"]

    assert [item["id"] for item in items] == [stranger.inbox_id, made["id"]]
    assert items[1] == made | {"my_role": role.name.lower()}


async def test_guest_sees_no_other_list_of_the_workspace(
    service: Service, account: Account, client: httpx.AsyncClient, stranger: Account
) -> None:
    await service.add_guest(stranger, (await create(client))["id"], Role.EDITOR)

    answer = await service.client(stranger).get(f"/v1/lists/{account.inbox_id}")

    assert told(answer) == (404, "list_not_found")


@pytest.mark.parametrize("role", GUESTS)
@pytest.mark.parametrize(("method", "suffix", "body"), WRITES)
async def test_guest_may_not_change_the_list(
    service: Service, client: httpx.AsyncClient, stranger: Account, role: Role, method: str, suffix: str, body: object
) -> None:
    made = await create(client)
    await service.add_guest(stranger, made["id"], role)

    answer = await service.client(stranger).request(method, f"/v1/lists/{made['id']}{suffix}", json=body)

    assert told(answer) == (403, "role_too_low")
    assert (await client.get(f"/v1/lists/{made['id']}")).json() == made


async def test_guest_who_edits_may_add_todos(service: Service, client: httpx.AsyncClient, stranger: Account) -> None:
    made = await create(client)
    await service.add_guest(stranger, made["id"], Role.EDITOR)

    answer = await service.client(stranger).post("/v1/todos", json={"title": "Milk", "list_id": made["id"]})

    assert (answer.status_code, answer.json()["created_by"]) == (201, stranger.user_id)


async def test_guest_who_is_a_member_too_has_the_higher_role(
    service: Service, account: Account, client: httpx.AsyncClient, stranger: Account
) -> None:
    made = await create(client)
    await service.add_member(stranger, account.workspace_id, Role.VIEWER)
    await service.add_guest(stranger, made["id"], Role.EDITOR)

    answer = await service.client(stranger).get(f"/v1/lists/{made['id']}")

    assert answer.json()["my_role"] == "editor"


# --- strangers


@pytest.mark.parametrize(("method", "suffix", "body"), [("GET", "", None), *WRITES])
async def test_stranger_is_told_as_of_a_missing_list(
    service: Service, client: httpx.AsyncClient, stranger: Account, method: str, suffix: str, body: object
) -> None:
    made = await create(client)
    eve = service.client(stranger)

    foreign = await eve.request(method, f"/v1/lists/{made['id']}{suffix}", json=body)
    missing = await eve.request(method, f"/v1/lists/01900000-0000-7000-8000-000000000000{suffix}", json=body)

    assert told(foreign) == told(missing) == (404, "list_not_found")
    assert foreign.json()["detail"] == missing.json()["detail"]


async def test_stranger_is_told_as_of_a_missing_list_after_its_end(
    service: Service, client: httpx.AsyncClient, stranger: Account
) -> None:
    made = await create(client)
    await client.delete(f"/v1/lists/{made['id']}")

    answer = await service.client(stranger).delete(f"/v1/lists/{made['id']}")

    assert told(answer) == (404, "list_not_found")


async def test_stranger_may_add_no_list(service: Service, account: Account, stranger: Account) -> None:
    eve = service.client(stranger)

    foreign = await eve.post("/v1/lists", json={"name": "Mine", "workspace_id": account.workspace_id})
    missing = await eve.post("/v1/lists", json={"name": "Mine", "workspace_id": "01900000-0000-7000-8000-000000000000"})

    assert told(foreign) == told(missing) == (404, "workspace_not_found")
