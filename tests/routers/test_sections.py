import asyncio
from typing import Any

import httpx
import pytest
from sqlalchemy import update

from tests.support.service import Account, Service
from todo_api.domain.identifiers import new_id
from todo_api.domain.permissions import ALL_SCOPES, Role, Scope
from todo_api.models import Section


@pytest.fixture
async def list_id(client: httpx.AsyncClient) -> str:
    """A list of ``account``."""
    made: str = (await client.post("/v1/lists", json={"name": "Home"})).json()["id"]
    return made


async def make(client: httpx.AsyncClient, list_id: str, name: str = "Later") -> dict[str, Any]:
    response = await client.post(f"/v1/lists/{list_id}/sections", json={"name": name})
    assert response.status_code == 201, response.text
    section: dict[str, Any] = response.json()
    return section


async def names(client: httpx.AsyncClient, list_id: str) -> list[str]:
    response = await client.get(f"/v1/lists/{list_id}/sections")
    assert response.status_code == 200, response.text
    return [section["name"] for section in response.json()["items"]]


async def todo_in(client: httpx.AsyncClient, section: dict[str, Any]) -> dict[str, Any]:
    """A todo in a section."""
    body = {"title": "Sweep", "list_id": section["list_id"], "section_id": section["id"]}
    response = await client.post("/v1/todos", json=body)
    assert response.status_code == 201, response.text
    todo: dict[str, Any] = response.json()
    return todo


def told(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, response.json()["code"]


# Creating and reading


async def test_create_answers_the_section(client: httpx.AsyncClient, account: Account, list_id: str) -> None:
    response = await client.post(f"/v1/lists/{list_id}/sections", json={"name": "Later"})

    section = response.json()
    assert section == {
        "id": section["id"],
        "workspace_id": account.workspace_id,
        "list_id": list_id,
        "name": "Later",
        "order": section["order"],
        "version": 1,
        "created_at": "2027-03-10T09:00:00.000000Z",
        "updated_at": "2027-03-10T09:00:00.000000Z",
    }
    assert response.headers["location"] == f"/v1/sections/{section['id']}"
    assert response.headers["etag"] == '"1"'
    assert (await client.get(response.headers["location"])).json() == section


async def test_create_is_logged(service: Service, client: httpx.AsyncClient, account: Account, list_id: str) -> None:
    section = await make(client, list_id)

    logged = (await service.changes(account.workspace_id))[-1]
    assert (logged.kind, logged.entity_id, logged.list_id, logged.op, logged.before, logged.after) == (
        "section", section["id"], list_id, "create", None, {"name": "Later", "order": section["order"]},
    )  # fmt: skip


async def test_sections_come_in_order(client: httpx.AsyncClient, list_id: str) -> None:
    for name in ("b", "a", "c"):
        await make(client, list_id, name)

    assert await names(client, list_id) == ["b", "a", "c"]


async def test_pages_cover_every_section_once(client: httpx.AsyncClient, list_id: str) -> None:
    for name in "abcde":
        await make(client, list_id, name)
    seen, cursor = [], None

    while True:
        parameters = {"limit": 2} | ({} if cursor is None else {"cursor": cursor})
        page = (await client.get(f"/v1/lists/{list_id}/sections", params=parameters)).json()
        seen += [section["name"] for section in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break

    assert seen == list("abcde")


async def test_a_page_is_one_statement_and_the_credential(client: httpx.AsyncClient, list_id: str, statements: Any) -> None:
    await make(client, list_id)

    with statements() as seen:
        await client.get(f"/v1/lists/{list_id}/sections")

    assert len(seen) == 2


async def test_a_list_without_sections_is_an_empty_page(client: httpx.AsyncClient, list_id: str) -> None:
    assert (await client.get(f"/v1/lists/{list_id}/sections")).json() == {"items": [], "next_cursor": None}


async def test_a_known_version_is_not_sent_again(client: httpx.AsyncClient, list_id: str) -> None:
    section = await make(client, list_id)

    response = await client.get(f"/v1/sections/{section['id']}", headers={"If-None-Match": '"1"'})

    assert (response.status_code, response.content) == (304, b"")


@pytest.mark.parametrize("body", [{}, {"name": " "}, {"name": "a\x00b"}, {"name": "x" * 201}, {"name": "a", "order": "a0"}])
async def test_invalid_sections_are_refused(client: httpx.AsyncClient, list_id: str, body: dict[str, Any]) -> None:
    assert told(await client.post(f"/v1/lists/{list_id}/sections", json=body)) == (422, "invalid_input")


async def test_one_key_makes_one_section(client: httpx.AsyncClient, list_id: str) -> None:
    headers = {"Idempotency-Key": "once"}

    first = await client.post(f"/v1/lists/{list_id}/sections", json={"name": "a"}, headers=headers)
    second = await client.post(f"/v1/lists/{list_id}/sections", json={"name": "a"}, headers=headers)

    assert (second.json(), second.headers["idempotent-replayed"]) == (first.json(), "true")
    assert await names(client, list_id) == ["a"]


async def test_simultaneous_sections_get_different_places(client: httpx.AsyncClient, list_id: str) -> None:
    made = await asyncio.gather(*(make(client, list_id, str(number)) for number in range(8)))

    assert len({section["order"] for section in made}) == 8


# Changing


async def test_rename(service: Service, client: httpx.AsyncClient, account: Account, list_id: str) -> None:
    section = await make(client, list_id)
    service.clock.advance(hours=1)

    response = await client.patch(f"/v1/sections/{section['id']}", json={"name": "Soon"}, headers={"If-Match": '"1"'})

    assert response.json() == section | {"name": "Soon", "version": 2, "updated_at": "2027-03-10T10:00:00.000000Z"}
    assert response.headers["etag"] == '"2"'
    logged = (await service.changes(account.workspace_id))[-1]
    assert (logged.op, logged.before, logged.after) == ("update", {"name": "Later"}, {"name": "Soon"})


@pytest.mark.parametrize("body", [{}, {"name": "Later"}])
async def test_a_patch_that_changes_nothing_keeps_the_version(
    service: Service, client: httpx.AsyncClient, account: Account, list_id: str, body: dict[str, Any]
) -> None:
    section = await make(client, list_id)
    seq = await service.seq(account.workspace_id)

    response = await client.patch(f"/v1/sections/{section['id']}", json=body)

    assert (response.json(), await service.seq(account.workspace_id)) == (section, seq)


@pytest.mark.parametrize("body", [{"name": None}, {"name": ""}, {"list_id": new_id()}])
async def test_an_invalid_patch_is_refused(client: httpx.AsyncClient, list_id: str, body: dict[str, Any]) -> None:
    section = await make(client, list_id)

    assert told(await client.patch(f"/v1/sections/{section['id']}", json=body)) == (422, "invalid_input")


@pytest.mark.parametrize("action", ["patch", "delete", "move"])
async def test_a_stale_write_is_refused_with_the_current_section(client: httpx.AsyncClient, list_id: str, action: str) -> None:
    section, other = await make(client, list_id), await make(client, list_id)
    path, headers = f"/v1/sections/{section['id']}", {"If-Match": '"7"'}

    match action:
        case "patch":
            response = await client.patch(path, json={"name": "Soon"}, headers=headers)
        case "delete":
            response = await client.delete(path, headers=headers)
        case _:
            response = await client.post(f"{path}/move", json={"after": other["id"]}, headers=headers)

    assert told(response) == (412, "version_mismatch")
    assert response.json()["current"] == section
    assert (await client.get(path)).json() == section


# Moving


@pytest.mark.parametrize(
    ("moving", "where", "neighbour", "order"),
    [("c", "before", "a", "cab"), ("a", "after", "c", "bca"), ("a", "after", "b", "bac"), ("c", "before", "b", "acb")],
)
async def test_move(client: httpx.AsyncClient, list_id: str, moving: str, where: str, neighbour: str, order: str) -> None:
    sections = {name: await make(client, list_id, name) for name in "abc"}

    response = await client.post(f"/v1/sections/{sections[moving]['id']}/move", json={where: sections[neighbour]["id"]})

    assert (response.status_code, response.json()["version"]) == (200, 2)
    assert await names(client, list_id) == list(order)


async def test_a_move_is_logged(service: Service, client: httpx.AsyncClient, account: Account, list_id: str) -> None:
    first, second = await make(client, list_id, "a"), await make(client, list_id, "b")

    moved = (await client.post(f"/v1/sections/{second['id']}/move", json={"before": first["id"]})).json()

    logged = (await service.changes(account.workspace_id))[-1]
    assert (logged.kind, logged.entity_id, logged.op) == ("section", second["id"], "move")
    assert (logged.before, logged.after) == ({"order": second["order"]}, {"order": moved["order"]})


async def test_a_move_to_where_it_is_changes_nothing(client: httpx.AsyncClient, list_id: str) -> None:
    first, second = await make(client, list_id, "a"), await make(client, list_id, "b")

    response = await client.post(f"/v1/sections/{first['id']}/move", json={"before": second["id"]})

    assert response.json() == first


async def test_where_there_is_no_room_all_get_new_places(
    service: Service, client: httpx.AsyncClient, account: Account, list_id: str
) -> None:
    sections = {name: await make(client, list_id, name) for name in "abc"}
    async with service.state.database.transaction() as session:
        await session.execute(update(Section).values(order="a0"))
    seq = await service.seq(account.workspace_id)

    await client.post(f"/v1/sections/{sections['c']['id']}/move", json={"before": sections["b"]["id"]})

    assert await names(client, list_id) == list("acb")
    logged = [change for change in await service.changes(account.workspace_id) if change.seq > seq]
    assert {change.op for change in logged} == {"move"}


@pytest.mark.parametrize("body", [{}, {"before": new_id(), "after": new_id()}, {"before": "first"}, {"position": "top"}])
async def test_a_move_names_one_neighbour(client: httpx.AsyncClient, list_id: str, body: dict[str, Any]) -> None:
    section = await make(client, list_id)

    assert told(await client.post(f"/v1/sections/{section['id']}/move", json=body)) == (422, "invalid_input")


async def test_the_neighbour_must_be_another_section_of_the_list(
    client: httpx.AsyncClient, account: Account, list_id: str
) -> None:
    section, elsewhere = await make(client, list_id), await make(client, account.inbox_id)

    for neighbour in (section["id"], elsewhere["id"], new_id()):
        response = await client.post(f"/v1/sections/{section['id']}/move", json={"after": neighbour})

        assert (response.status_code, response.json()["errors"][0]["pointer"]) == (422, "#/after")


# Deleting


async def test_a_deleted_section_leaves_its_todos_in_the_list(
    service: Service, client: httpx.AsyncClient, account: Account, list_id: str
) -> None:
    section = await make(client, list_id)
    todo = await todo_in(client, section)
    seq = await service.seq(account.workspace_id)

    response = await client.delete(f"/v1/sections/{section['id']}")

    assert response.status_code == 204
    left = (await client.get(f"/v1/todos/{todo['id']}")).json()
    assert left == todo | {"section_id": None, "version": 2}
    logged = [change for change in await service.changes(account.workspace_id) if change.seq > seq]
    assert [(change.kind, change.entity_id, change.op, change.before, change.after) for change in logged] == [
        ("todo", todo["id"], "update", {"section_id": section["id"]}, {"section_id": None}),
        ("section", section["id"], "delete", {}, {}),
    ]
    assert {change.list_id for change in logged} == {list_id}


async def test_deleting_takes_as_many_statements_for_many_todos(client: httpx.AsyncClient, list_id: str, statements: Any) -> None:
    counts = []
    for todos in (1, 5):
        section = await make(client, list_id)
        for _ in range(todos):
            await todo_in(client, section)
        with statements() as seen:
            await client.delete(f"/v1/sections/{section['id']}")
        counts.append(len(seen))

    assert counts[0] == counts[1]


async def test_deleting_again_answers_the_same(
    service: Service, client: httpx.AsyncClient, account: Account, list_id: str
) -> None:
    section = await make(client, list_id)
    await client.delete(f"/v1/sections/{section['id']}")
    seq = await service.seq(account.workspace_id)

    response = await client.delete(f"/v1/sections/{section['id']}")

    assert (response.status_code, await service.seq(account.workspace_id)) == (204, seq)


async def test_a_deleted_section_is_gone(client: httpx.AsyncClient, list_id: str) -> None:
    section, other = await make(client, list_id), await make(client, list_id, "b")
    path = f"/v1/sections/{section['id']}"
    await client.delete(path)

    assert told(await client.get(path)) == (404, "section_not_found")
    assert told(await client.patch(path, json={"name": "x"})) == (404, "section_not_found")
    assert told(await client.post(f"{path}/move", json={"after": other["id"]})) == (404, "section_not_found")
    assert await names(client, list_id) == ["b"]


async def test_a_deleted_list_takes_its_sections_along(
    service: Service, client: httpx.AsyncClient, account: Account, list_id: str
) -> None:
    section = await make(client, list_id)
    seq = await service.seq(account.workspace_id)

    await client.delete(f"/v1/lists/{list_id}")

    logged = [change for change in await service.changes(account.workspace_id) if change.seq > seq]
    assert [(change.kind, change.entity_id, change.op) for change in logged] == [
        ("section", section["id"], "delete"),
        ("list", list_id, "delete"),
    ]
    path = f"/v1/sections/{section['id']}"
    assert told(await client.get(path)) == (404, "section_not_found")
    assert told(await client.patch(path, json={"name": "x"})) == (409, "list_trashed")
    assert told(await client.get(f"/v1/lists/{list_id}/sections")) == (404, "list_not_found")
    assert told(await client.post(f"/v1/lists/{list_id}/sections", json={"name": "x"})) == (409, "list_trashed")


# Who may


async def test_an_archived_list_is_read_only(client: httpx.AsyncClient, list_id: str) -> None:
    section, other = await make(client, list_id, "a"), await make(client, list_id, "b")
    await client.patch(f"/v1/lists/{list_id}", json={"archived": True})
    path = f"/v1/sections/{section['id']}"

    answers = [
        await client.post(f"/v1/lists/{list_id}/sections", json={"name": "x"}),
        await client.patch(path, json={"name": "x"}),
        await client.delete(path),
        await client.post(f"{path}/move", json={"after": other["id"]}),
    ]

    assert [told(answer) for answer in answers] == [(409, "list_archived")] * 4
    assert await names(client, list_id) == ["a", "b"]


async def test_what_a_stranger_does_not_see_is_not_there(
    service: Service, client: httpx.AsyncClient, stranger: Account, list_id: str
) -> None:
    section = await make(client, list_id)
    other = service.client(stranger)
    path = f"/v1/sections/{section['id']}"

    answers = [
        await other.get(path),
        await other.patch(path, json={"name": "x"}),
        await other.delete(path),
        await other.post(f"{path}/move", json={"after": new_id()}),
    ]

    assert [told(answer) for answer in answers] == [(404, "section_not_found")] * 4
    for answer in (
        await other.get(f"/v1/lists/{list_id}/sections"),
        await other.post(f"/v1/lists/{list_id}/sections", json={"name": "x"}),
    ):
        assert told(answer) == (404, "list_not_found")


@pytest.mark.parametrize("role", [Role.VIEWER, Role.COMMENTER, Role.COMPLETER])
async def test_lesser_guests_read_only(
    service: Service, client: httpx.AsyncClient, stranger: Account, list_id: str, role: Role
) -> None:
    section, second = await make(client, list_id), await make(client, list_id)
    await service.add_guest(stranger, list_id, role)
    guest, path = service.client(stranger), f"/v1/sections/{section['id']}"

    answers = [
        await guest.post(f"/v1/lists/{list_id}/sections", json={"name": "x"}),
        await guest.patch(path, json={"name": "x"}),
        await guest.delete(path),
        await guest.post(f"{path}/move", json={"after": second["id"]}),
    ]

    assert (await guest.get(path)).json() == section
    assert [(*told(answer), answer.json()["missing_role"]) for answer in answers] == [(403, "role_too_low", "editor")] * 4


async def test_a_guest_who_edits_may_write(service: Service, stranger: Account, list_id: str) -> None:
    await service.add_guest(stranger, list_id, Role.EDITOR)
    guest = service.client(stranger)

    section = await make(guest, list_id)

    assert (await guest.patch(f"/v1/sections/{section['id']}", json={"name": "Soon"})).status_code == 200
    assert (await guest.delete(f"/v1/sections/{section['id']}")).status_code == 204


async def test_a_restricted_key_sees_its_lists_only(
    service: Service, client: httpx.AsyncClient, account: Account, list_id: str
) -> None:
    section, hidden = await make(client, list_id), await make(client, account.inbox_id)
    restricted = service.client(key=await service.key(account, list_ids=[list_id]))

    assert (await restricted.get(f"/v1/sections/{section['id']}")).status_code == 200
    assert told(await restricted.get(f"/v1/sections/{hidden['id']}")) == (404, "section_not_found")
    assert told(await restricted.delete(f"/v1/sections/{hidden['id']}")) == (404, "section_not_found")
    assert told(await restricted.get(f"/v1/lists/{account.inbox_id}/sections")) == (404, "list_not_found")


async def test_scopes_are_needed(service: Service, client: httpx.AsyncClient, account: Account, list_id: str) -> None:
    section = await make(client, list_id)
    reader = service.client(key=await service.key(account, {Scope.LISTS_READ}))
    outsider = service.client(key=await service.key(account, ALL_SCOPES - {Scope.LISTS_READ}))

    assert (await reader.get(f"/v1/sections/{section['id']}")).status_code == 200
    refused = await reader.patch(f"/v1/sections/{section['id']}", json={"name": "x"})
    assert (*told(refused), refused.json()["missing_scope"]) == (403, "scope_missing", "lists:write")
    assert told(await outsider.get(f"/v1/sections/{section['id']}")) == (403, "scope_missing")


async def test_credentials_are_needed(anonymous: httpx.AsyncClient, list_id: str) -> None:
    assert told(await anonymous.get(f"/v1/lists/{list_id}/sections")) == (401, "unauthenticated")
    assert told(await anonymous.post(f"/v1/lists/{list_id}/sections", json={"name": "x"})) == (401, "unauthenticated")
