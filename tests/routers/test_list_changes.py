"""PATCH and move of lists: what changes, what is logged, what archiving forbids."""

from typing import Any

import httpx
import pytest
from sqlalchemy import update

from tests.support.clock import TestClock
from tests.support.service import Account, Service, serving
from todo_api.models import TodoList

UNKNOWN_ID = "01900000-0000-7000-8000-000000000000"


async def create(client: httpx.AsyncClient, name: str = "Home", **members: Any) -> dict[str, Any]:
    answer = await client.post("/v1/lists", json={"name": name} | members)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def add_todo(client: httpx.AsyncClient, list_id: str, title: str = "Milk") -> str:
    todo_id: str = (await client.post("/v1/todos", json={"title": title, "list_id": list_id})).json()["id"]
    return todo_id


async def names(client: httpx.AsyncClient, **parameters: str) -> list[str]:
    return [list_["name"] for list_ in (await client.get("/v1/lists", params=parameters)).json()["items"]]


async def archived(client: httpx.AsyncClient) -> dict[str, Any]:
    made = await create(client, "Old")
    answer = await client.patch(f"/v1/lists/{made['id']}", json={"archived": True})
    assert answer.status_code == 200, answer.text
    changed: dict[str, Any] = answer.json()
    return changed


def told(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


# --- update


async def test_update_list_changes_what_was_sent(client: httpx.AsyncClient, clock: TestClock) -> None:
    made = await create(client, description="all", color="#2d7ff9", icon="🏠")
    clock.advance(minutes=1)

    answer = await client.patch(f"/v1/lists/{made['id']}", json={"name": "House", "color": None})

    assert answer.status_code == 200, answer.text
    assert answer.json() == made | {
        "name": "House",
        "color": None,
        "version": 2,
        "updated_at": "2027-03-10T09:01:00.000000Z",
    }
    assert answer.headers["etag"] == '"2"'


async def test_update_list_is_what_is_read_afterwards(client: httpx.AsyncClient) -> None:
    made = await create(client)

    changed = await client.patch(f"/v1/lists/{made['id']}", json={"description": "all", "icon": "🏠"})

    assert (await client.get(f"/v1/lists/{made['id']}")).json() == changed.json()


async def test_update_list_logs_what_differs(service: Service, account: Account, client: httpx.AsyncClient) -> None:
    made = await create(client, color="#2d7ff9")

    await client.patch(f"/v1/lists/{made['id']}", json={"name": "House", "color": "#2d7ff9"})

    change = (await service.changes(account.workspace_id))[-1]
    assert (change.op, change.before, change.after) == ("update", {"name": "Home"}, {"name": "House"})


@pytest.mark.parametrize("patch", [{}, {"name": "Home"}, {"name": "Home", "color": None, "archived": False}])
async def test_update_list_that_changes_nothing_keeps_the_version(
    service: Service, account: Account, client: httpx.AsyncClient, clock: TestClock, patch: dict[str, Any]
) -> None:
    made = await create(client)
    clock.advance(minutes=1)

    answer = await client.patch(f"/v1/lists/{made['id']}", json=patch)

    assert (answer.status_code, answer.json(), answer.headers["etag"]) == (200, made, '"1"')
    assert await service.seq(account.workspace_id) == 3


@pytest.mark.parametrize("media_type", ["application/json", "application/merge-patch+json", "application/json; charset=UTF-8"])
async def test_update_list_takes_a_merge_patch(client: httpx.AsyncClient, media_type: str) -> None:
    made = await create(client)

    answer = await client.patch(f"/v1/lists/{made['id']}", content=b'{"name": "House"}', headers={"Content-Type": media_type})

    assert (answer.status_code, answer.json()["name"]) == (200, "House")


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("name", None),
        ("name", " "),
        ("description", None),
        ("color", "red"),
        ("archived", None),
        ("archived", "true"),
        ("archived", 1),
        ("id", UNKNOWN_ID),
        ("workspace_id", UNKNOWN_ID),
        ("version", 2),
        ("order", "a0"),
        ("is_inbox", True),
        ("archived_at", "2027-03-10T09:00:00Z"),
    ],
)
async def test_update_list_bad_member_is_refused(client: httpx.AsyncClient, member: str, value: object) -> None:
    made = await create(client)

    answer = await client.patch(f"/v1/lists/{made['id']}", json={member: value})

    assert told(answer) == (422, "invalid_input")
    assert [flaw["pointer"] for flaw in answer.json()["errors"]] == [f"#/{member}"]


@pytest.mark.parametrize("tags", ['"1"', '"7", "1"', "*"])
async def test_update_list_of_the_expected_version_is_made(client: httpx.AsyncClient, tags: str) -> None:
    made = await create(client)

    answer = await client.patch(f"/v1/lists/{made['id']}", json={"name": "House"}, headers={"If-Match": tags})

    assert (answer.status_code, answer.headers["etag"]) == (200, '"2"')


@pytest.mark.parametrize("tags", ['"2"', 'W/"1"', '"01x"', '"2", W/"1"'])
async def test_update_list_of_another_version_is_refused(client: httpx.AsyncClient, tags: str) -> None:
    made = await create(client)

    answer = await client.patch(f"/v1/lists/{made['id']}", json={"name": "House"}, headers={"If-Match": tags})

    assert told(answer) == (412, "version_mismatch")
    assert answer.json()["current"] == made


@pytest.mark.parametrize(("method", "suffix"), [("PATCH", ""), ("DELETE", ""), ("POST", "/move")])
async def test_change_list_blindly_where_versions_are_asked_for_is_refused(
    service: Service, client: httpx.AsyncClient, account: Account, method: str, suffix: str
) -> None:
    made = await create(client)
    strict = service.state.settings.model_copy(update={"require_if_match": True})
    bodies = {"PATCH": {"name": "House"}, "POST": {"before": account.inbox_id}}

    async with serving(strict, service.clock) as careful:
        answer = await careful.client(account).request(method, f"/v1/lists/{made['id']}{suffix}", json=bodies.get(method))

    assert told(answer) == (428, "precondition_required")


async def test_update_list_that_is_not_there_is_refused(client: httpx.AsyncClient) -> None:
    answer = await client.patch(f"/v1/lists/{UNKNOWN_ID}", json={"name": "House"}, headers={"If-Match": '"1"'})

    assert told(answer) == (404, "list_not_found")


async def test_update_deleted_list_is_refused(client: httpx.AsyncClient) -> None:
    made = await create(client)
    await client.delete(f"/v1/lists/{made['id']}")

    answer = await client.patch(f"/v1/lists/{made['id']}", json={"name": "House"})

    assert told(answer) == (404, "list_not_found")


async def test_inbox_can_be_renamed(client: httpx.AsyncClient, account: Account) -> None:
    answer = await client.patch(f"/v1/lists/{account.inbox_id}", json={"name": "Eingang"})

    assert (answer.status_code, answer.json()["name"], answer.json()["is_inbox"]) == (200, "Eingang", True)


# --- archive


async def test_archive_list_says_when(client: httpx.AsyncClient) -> None:
    made = await create(client)

    answer = await client.patch(f"/v1/lists/{made['id']}", json={"archived": True})

    assert answer.json() == made | {"archived_at": "2027-03-10T09:00:00.000000Z", "version": 2}


async def test_archive_list_takes_it_out_of_view(client: httpx.AsyncClient) -> None:
    old = await archived(client)
    await client.patch(f"/v1/lists/{old['id']}", json={"archived": False})
    await add_todo(client, old["id"])
    await client.patch(f"/v1/lists/{old['id']}", json={"archived": True})

    assert (await names(client), await names(client, archived="true")) == (["Inbox"], ["Old"])
    assert (await client.get("/v1/todos")).json()["items"] == []


async def test_archived_list_can_still_be_read(client: httpx.AsyncClient) -> None:
    old = await archived(client)

    assert (await client.get(f"/v1/lists/{old['id']}")).json() == old


async def test_archive_inbox_is_refused(client: httpx.AsyncClient, account: Account) -> None:
    answer = await client.patch(f"/v1/lists/{account.inbox_id}", json={"archived": True})

    assert told(answer) == (409, "inbox_protected")


async def test_archive_list_twice_changes_nothing(client: httpx.AsyncClient, clock: TestClock) -> None:
    old = await archived(client)
    clock.advance(days=1)

    answer = await client.patch(f"/v1/lists/{old['id']}", json={"archived": True})

    assert (answer.status_code, answer.json()) == (200, old)


@pytest.mark.parametrize("patch", [{"name": "New"}, {"archived": True, "name": "New"}, {"color": "#2d7ff9"}])
async def test_archived_list_takes_no_change(client: httpx.AsyncClient, patch: dict[str, Any]) -> None:
    old = await archived(client)

    answer = await client.patch(f"/v1/lists/{old['id']}", json=patch)

    assert told(answer) == (409, "list_archived")
    assert (await client.get(f"/v1/lists/{old['id']}")).json() == old


async def test_unarchive_list_may_change_it_as_well(client: httpx.AsyncClient) -> None:
    old = await archived(client)

    answer = await client.patch(f"/v1/lists/{old['id']}", json={"archived": False, "name": "New"})

    assert answer.json() == old | {"archived_at": None, "name": "New", "version": 3}


@pytest.mark.parametrize(
    ("method", "suffix", "body"),
    [
        ("PATCH", "", {"title": "Oat milk"}),
        ("PATCH", "", {"completed": True}),
        ("PUT", "", {"title": "Oat milk"}),
        ("DELETE", "", None),
        ("POST", "/complete", {}),
        ("POST", "/reopen", None),
        ("POST", "/move", {"position": "top"}),
    ],
)
async def test_todo_of_an_archived_list_takes_no_change(
    client: httpx.AsyncClient, method: str, suffix: str, body: object
) -> None:
    list_id = (await create(client))["id"]
    todo_id = await add_todo(client, list_id)
    await client.patch(f"/v1/lists/{list_id}", json={"archived": True})

    answer = await client.request(method, f"/v1/todos/{todo_id}{suffix}", json=body)

    assert told(answer) == (409, "list_archived")


async def test_archived_list_takes_no_todo(client: httpx.AsyncClient, account: Account) -> None:
    old = await archived(client)
    todo_id = await add_todo(client, account.inbox_id)

    answers = [
        await client.post("/v1/todos", json={"title": "Milk", "list_id": old["id"]}),
        await client.put(f"/v1/todos/{UNKNOWN_ID}", json={"title": "Milk", "list_id": old["id"]}),
        await client.patch(f"/v1/todos/{todo_id}", json={"list_id": old["id"]}),
        await client.post(f"/v1/todos/{todo_id}/move", json={"list_id": old["id"]}),
    ]

    assert [told(answer) for answer in answers] == [(409, "list_archived")] * 4


async def test_archived_list_can_be_deleted(client: httpx.AsyncClient) -> None:
    old = await archived(client)

    answer = await client.delete(f"/v1/lists/{old['id']}")

    assert answer.status_code == 204


# --- move


@pytest.mark.parametrize(
    ("moved", "place", "order"),
    [
        ("c", {"before": "a"}, ["Inbox", "c", "a", "b"]),
        ("a", {"after": "b"}, ["Inbox", "b", "a", "c"]),
        ("a", {"after": "c"}, ["Inbox", "b", "c", "a"]),
        ("c", {"before": "Inbox"}, ["c", "Inbox", "a", "b"]),
        ("Inbox", {"after": "c"}, ["a", "b", "c", "Inbox"]),
        ("a", {"before": "b"}, ["Inbox", "a", "b", "c"]),
        ("a", {"after": "Inbox"}, ["Inbox", "a", "b", "c"]),
    ],
)
async def test_move_list_puts_it_there(
    client: httpx.AsyncClient, account: Account, moved: str, place: dict[str, str], order: list[str]
) -> None:
    ids = {"Inbox": account.inbox_id} | {name: (await create(client, name))["id"] for name in "abc"}

    answer = await client.post(f"/v1/lists/{ids[moved]}/move", json={side: ids[neighbour] for side, neighbour in place.items()})

    assert answer.status_code == 200, answer.text
    assert await names(client) == order


async def test_move_list_counts_the_version_and_logs(service: Service, account: Account, client: httpx.AsyncClient) -> None:
    first, second = await create(client, "a"), await create(client, "b")

    answer = await client.post(f"/v1/lists/{second['id']}/move", json={"before": first["id"]})

    change = (await service.changes(account.workspace_id))[-1]
    assert (answer.json(), answer.headers["etag"]) == (second | {"order": answer.json()["order"], "version": 2}, '"2"')
    assert (change.op, change.entity_id, change.before, change.after) == (
        "move", second["id"], {"order": second["order"]}, {"order": answer.json()["order"]},
    )  # fmt: skip


@pytest.mark.parametrize("body", [{}, {"before": None}, {"before": UNKNOWN_ID, "after": UNKNOWN_ID}, {"position": "top"}])
async def test_move_list_to_no_one_place_is_refused(client: httpx.AsyncClient, account: Account, body: dict[str, Any]) -> None:
    answer = await client.post(f"/v1/lists/{account.inbox_id}/move", json=body)

    assert told(answer) == (422, "invalid_input")


async def test_move_list_beside_what_is_no_neighbour_is_refused(
    client: httpx.AsyncClient, account: Account, stranger: Account
) -> None:
    gone = await create(client)
    await client.delete(f"/v1/lists/{gone['id']}")

    for neighbour in (account.inbox_id, gone["id"], stranger.inbox_id, UNKNOWN_ID):
        answer = await client.post(f"/v1/lists/{account.inbox_id}/move", json={"after": neighbour})

        assert [(flaw["pointer"], flaw["code"]) for flaw in answer.json()["errors"]] == [("#/after", "not_a_neighbour")]


async def test_move_list_of_another_version_is_refused(client: httpx.AsyncClient, account: Account) -> None:
    made = await create(client)

    answer = await client.post(f"/v1/lists/{made['id']}/move", json={"before": account.inbox_id}, headers={"If-Match": '"2"'})

    assert (told(answer), answer.json()["current"]) == ((412, "version_mismatch"), made)


async def test_move_list_between_equal_keys_makes_room(service: Service, client: httpx.AsyncClient) -> None:
    ids = [(await create(client, name))["id"] for name in "abc"]
    async with service.state.database.transaction() as session:  # as concurrent creations may leave them
        await session.execute(update(TodoList).where(TodoList.id.in_(ids[:2])).values(order="a1"))

    answer = await client.post(f"/v1/lists/{ids[2]}/move", json={"before": ids[1]})

    assert answer.status_code == 200, answer.text
    assert await names(client) == ["Inbox", "a", "c", "b"]


async def test_move_list_by_a_restricted_key_may_make_room(service: Service, account: Account, client: httpx.AsyncClient) -> None:
    ids = [(await create(client, name))["id"] for name in "abc"]
    async with service.state.database.transaction() as session:
        await session.execute(update(TodoList).where(TodoList.id.in_(ids[:2])).values(order="a1"))
    restricted = service.client(key=await service.key(account, list_ids=ids[1:]))

    answer = await restricted.post(f"/v1/lists/{ids[2]}/move", json={"before": ids[1]})

    assert answer.status_code == 200, answer.text
    assert await names(client) == ["Inbox", "a", "c", "b"]
