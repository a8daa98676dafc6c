import asyncio
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select

from tests.support.clock import TestClock
from tests.support.service import Account, Service
from todo_api.models import Todo

UNKNOWN_ID = "01900000-0000-7000-8000-000000000000"


async def create(client: httpx.AsyncClient, name: str = "Home", **members: Any) -> dict[str, Any]:
    answer = await client.post("/v1/lists", json={"name": name} | members)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def add_todo(client: httpx.AsyncClient, list_id: str, title: str = "Milk", **members: Any) -> str:
    answer = await client.post("/v1/todos", json={"title": title, "list_id": list_id} | members)
    assert answer.status_code == 201, answer.text
    todo_id: str = answer.json()["id"]
    return todo_id


async def names(client: httpx.AsyncClient, **parameters: str) -> list[str]:
    return [list_["name"] for list_ in (await client.get("/v1/lists", params=parameters)).json()["items"]]


def told(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


# --- create


async def test_create_list_answers_with_the_whole(client: httpx.AsyncClient, account: Account) -> None:
    members = {"name": "Home", "description": "all *of* it\n", "color": "#2d7ff9", "icon": "🏠"}

    answer = await client.post("/v1/lists", json=members)

    body = answer.json()
    assert answer.status_code == 201, answer.text
    assert body == {
        "id": body["id"],
        "workspace_id": account.workspace_id,
        "name": "Home",
        "description": "all *of* it\n",
        "color": "#2d7ff9",
        "icon": "🏠",
        "order": body["order"],
        "is_inbox": False,
        "archived_at": None,
        "my_role": "owner",
        "open_count": 0,
        "version": 1,
        "created_at": "2027-03-10T09:00:00.000000Z",
        "updated_at": "2027-03-10T09:00:00.000000Z",
    }
    assert (answer.headers["location"], answer.headers["etag"]) == (f"/v1/lists/{body['id']}", '"1"')


async def test_create_list_can_be_read_back(client: httpx.AsyncClient) -> None:
    made = await create(client)

    got = await client.get(f"/v1/lists/{made['id']}")

    assert (got.status_code, got.json(), got.headers["etag"]) == (200, made, '"1"')


async def test_create_list_logs_the_change(service: Service, account: Account, client: httpx.AsyncClient) -> None:
    made = await create(client, color="#2d7ff9")

    change = (await service.changes(account.workspace_id))[-1]

    assert (change.seq, change.kind, change.op, change.entity_id, change.list_id, change.actor_id) == (
        3, "list", "create", made["id"], made["id"], account.user_id,
    )  # fmt: skip
    assert (change.before, change.after) == (
        None,
        {"name": "Home", "description": "", "color": "#2d7ff9", "icon": None, "order": made["order"]},
    )


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("name", ""),
        ("name", " \u200b"),
        ("name", "a" * 201),
        ("name", "a\nb\0"),
        ("name", None),
        ("name", 7),
        ("description", "a" * 4097),
        ("description", "\x07"),
        ("color", "red"),
        ("color", "#2D7FF9"),
        ("color", "#2d7ff9\n"),
        ("icon", ""),
        ("icon", "a" * 65),
        ("workspace_id", "personal"),
        ("is_inbox", True),
        ("order", "a0"),
        ("archived", True),
    ],
)
async def test_create_list_bad_member_is_refused(
    service: Service, account: Account, client: httpx.AsyncClient, member: str, value: object
) -> None:
    answer = await client.post("/v1/lists", json={"name": "Home"} | {member: value})

    assert told(answer) == (422, "invalid_input")
    assert [flaw["pointer"] for flaw in answer.json()["errors"]] == [f"#/{member}"]
    assert await service.seq(account.workspace_id) == 2


async def test_create_list_name_is_kept_exactly(client: httpx.AsyncClient) -> None:
    made = await create(client, "  Cafe\u0301 \u202e🧺\t ")

    assert made["name"] == "  Cafe\u0301 \u202e🧺\t "


async def test_create_list_twice_with_one_name_makes_two(client: httpx.AsyncClient) -> None:
    first, second = await create(client), await create(client)

    assert first["id"] != second["id"]


async def test_create_list_repeated_with_its_key_makes_one(client: httpx.AsyncClient) -> None:
    headers = {"Idempotency-Key": "once"}
    first = await client.post("/v1/lists", json={"name": "Home"}, headers=headers)

    second = await client.post("/v1/lists", json={"name": "Home"}, headers=headers)

    assert (second.status_code, second.content, second.headers["etag"]) == (201, first.content, '"1"')
    assert await names(client) == ["Inbox", "Home"]


# --- get, page


@pytest.mark.parametrize("tags", ['"1"', '"7", "1"', 'W/"1"', "*"])
async def test_get_list_that_is_known_is_not_modified(client: httpx.AsyncClient, tags: str) -> None:
    made = await create(client)

    answer = await client.get(f"/v1/lists/{made['id']}", headers={"If-None-Match": tags})

    assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", '"1"')


@pytest.mark.parametrize("list_id", ["7", "inbox", UNKNOWN_ID.replace("-", ""), "%F0%9F%8F%A0"])
async def test_get_list_with_a_malformed_id_is_refused(client: httpx.AsyncClient, list_id: str) -> None:
    answer = await client.get(f"/v1/lists/{list_id}")

    assert told(answer) == (422, "invalid_input")
    assert [flaw["parameter"] for flaw in answer.json()["errors"]] == ["list_id"]


async def test_get_list_takes_its_id_in_upper_case(client: httpx.AsyncClient) -> None:
    made = await create(client)

    assert (await client.get(f"/v1/lists/{made['id'].upper()}")).json() == made


async def test_open_count_counts_what_is_left_to_do(client: httpx.AsyncClient) -> None:
    list_id = (await create(client))["id"]
    parent = await add_todo(client, list_id)
    await add_todo(client, list_id, parent_id=parent)
    await add_todo(client, list_id, status="in_progress")
    for done in [await add_todo(client, list_id, status=status) for status in ("completed", "cancelled", "open")]:
        await client.post(f"/v1/todos/{done}/complete")
    await client.delete(f"/v1/todos/{await add_todo(client, list_id)}")

    answer = await client.get(f"/v1/lists/{list_id}")

    assert answer.json()["open_count"] == 3


async def test_list_lists_shows_them_in_order(client: httpx.AsyncClient) -> None:
    made = [await create(client, name) for name in ("b", "a")]

    answer = await client.get("/v1/lists")

    items = answer.json()["items"]
    assert ([item["name"] for item in items], items[1:]) == (["Inbox", "b", "a"], made)
    assert (answer.json()["next_cursor"], "link" in answer.headers) == (None, False)


async def test_list_lists_pages_through_all(client: httpx.AsyncClient) -> None:
    for number in range(4):
        await create(client, str(number))

    seen, url = [], "/v1/lists?limit=2"
    while url:
        answer = await client.get(url)
        seen.append([item["name"] for item in answer.json()["items"]])
        url = answer.links["next"]["url"] if "next" in answer.links else ""

    assert seen == [["Inbox", "0"], ["1", "2"], ["3"]]


async def test_list_lists_page_goes_on_after_what_was_added(client: httpx.AsyncClient) -> None:
    first, second = await create(client, "a"), await create(client, "b")
    page = (await client.get("/v1/lists", params={"limit": 2})).json()
    await client.post(f"/v1/lists/{second['id']}/move", json={"before": first["id"]})
    await create(client, "c")

    rest = await client.get("/v1/lists", params={"limit": 2, "cursor": page["next_cursor"]})

    assert [item["name"] for item in rest.json()["items"]] == ["c"]


@pytest.mark.parametrize("cursor", ["", "x", "W10", "é", "A" * 3000])
async def test_list_lists_forged_cursor_is_refused(client: httpx.AsyncClient, cursor: str) -> None:
    answer = await client.get("/v1/lists", params={"cursor": cursor})

    assert told(answer) == (400, "cursor_invalid")


async def test_list_lists_cursor_of_another_request_is_refused(
    service: Service, client: httpx.AsyncClient, stranger: Account
) -> None:
    await create(client)
    cursor = (await client.get("/v1/lists", params={"limit": 1})).json()["next_cursor"]

    answers = [
        await client.get("/v1/lists", params={"cursor": cursor, "archived": "true"}),
        await client.get("/v1/labels", params={"cursor": cursor}),
        await service.client(stranger).get("/v1/lists", params={"cursor": cursor}),
    ]

    assert [told(answer) for answer in answers] == [(400, "cursor_invalid")] * 3


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=201", "limit=-1", "limit=1_0", "limit=x", "limit=1&limit=2", "archived=1", "q=x", "limit=1e1"]
)
async def test_list_lists_bad_parameter_is_refused(client: httpx.AsyncClient, query: str) -> None:
    answer = await client.get(f"/v1/lists?{query}")

    assert told(answer) == (422, "invalid_input")
    assert [flaw["parameter"] for flaw in answer.json()["errors"]] == [query.partition("=")[0]]


# --- delete


async def test_delete_list_takes_it_away(client: httpx.AsyncClient) -> None:
    made = await create(client)

    answer = await client.delete(f"/v1/lists/{made['id']}")

    assert (answer.status_code, answer.content) == (204, b"")
    assert "content-type" not in answer.headers
    assert told(await client.get(f"/v1/lists/{made['id']}")) == (404, "list_not_found")
    assert await names(client) == ["Inbox"]


async def test_delete_list_again_answers_the_same(service: Service, account: Account, client: httpx.AsyncClient) -> None:
    made = await create(client)
    await client.delete(f"/v1/lists/{made['id']}")
    seq = await service.seq(account.workspace_id)

    answer = await client.delete(f"/v1/lists/{made['id']}")

    assert (answer.status_code, await service.seq(account.workspace_id)) == (204, seq)


async def test_delete_list_takes_its_todos_along(client: httpx.AsyncClient) -> None:
    list_id = (await create(client))["id"]
    todo_id = await add_todo(client, list_id)

    await client.delete(f"/v1/lists/{list_id}")

    assert told(await client.get(f"/v1/todos/{todo_id}")) == (404, "todo_not_found")
    assert (await client.get("/v1/todos", params={"status": "any"})).json()["items"] == []


async def test_delete_list_logs_every_todo_and_the_list_as_one_unit(
    service: Service, account: Account, client: httpx.AsyncClient
) -> None:
    list_id = (await create(client))["id"]
    todo_ids = sorted([await add_todo(client, list_id), await add_todo(client, list_id)])
    seq = await service.seq(account.workspace_id)

    await client.delete(f"/v1/lists/{list_id}")

    logged = (await service.changes(account.workspace_id))[seq:]
    assert [(change.seq, change.kind, change.op, change.entity_id) for change in logged] == [
        (seq + 1, "todo", "delete", todo_ids[0]),
        (seq + 2, "todo", "delete", todo_ids[1]),
        (seq + 3, "list", "delete", list_id),
    ]
    assert len({change.unit_id for change in logged}) == 1


@pytest.mark.parametrize(
    ("method", "suffix", "body"),
    [
        ("PATCH", "", {"title": "Oat milk"}),
        ("PUT", "", {"title": "Oat milk"}),
        ("POST", "/complete", {}),
        ("POST", "/reopen", None),
        ("POST", "/move", {"position": "top"}),
    ],
)
async def test_write_on_a_todo_of_a_deleted_list_is_refused(
    client: httpx.AsyncClient, method: str, suffix: str, body: object
) -> None:
    list_id = (await create(client))["id"]
    todo_id = await add_todo(client, list_id)
    await client.delete(f"/v1/lists/{list_id}")

    answer = await client.request(method, f"/v1/todos/{todo_id}{suffix}", json=body)

    assert told(answer) == (409, "list_trashed")


async def test_write_into_a_deleted_list_is_refused(client: httpx.AsyncClient, account: Account) -> None:
    list_id = (await create(client))["id"]
    parent = await add_todo(client, list_id)
    other = await add_todo(client, account.inbox_id)
    await client.delete(f"/v1/lists/{list_id}")

    answers = [
        await client.post("/v1/todos", json={"title": "Milk", "list_id": list_id}),
        await client.post("/v1/todos", json={"title": "Milk", "parent_id": parent}),
        await client.patch(f"/v1/todos/{other}", json={"list_id": list_id}),
        await client.post(f"/v1/todos/{other}/move", json={"parent_id": parent}),
    ]

    assert [told(answer) for answer in answers] == [(409, "list_trashed")] * 4


async def test_delete_inbox_is_refused(client: httpx.AsyncClient, account: Account) -> None:
    answer = await client.delete(f"/v1/lists/{account.inbox_id}")

    assert told(answer) == (409, "inbox_protected")
    assert await names(client) == ["Inbox"]


async def test_delete_list_of_another_version_is_refused(client: httpx.AsyncClient, clock: TestClock) -> None:
    made = await create(client)
    clock.advance(minutes=1)
    now = (await client.patch(f"/v1/lists/{made['id']}", json={"name": "House"})).json()

    answer = await client.delete(f"/v1/lists/{made['id']}", headers={"If-Match": '"1"'})

    assert told(answer) == (412, "version_mismatch")
    assert answer.json()["current"] == now


async def test_delete_list_while_todos_are_made_leaves_none_alive(service: Service, client: httpx.AsyncClient) -> None:
    list_id = (await create(client))["id"]
    body = {"title": "Milk", "list_id": list_id}

    makers = [client.post("/v1/todos", json=body) for _ in range(16)]
    answers = await asyncio.gather(*makers[:8], client.delete(f"/v1/lists/{list_id}"), *makers[8:])

    async with service.state.database.snapshot() as session:
        alive = select(func.count()).select_from(Todo).where(Todo.list_id == list_id, Todo.deleted_at.is_(None))
        assert (await session.execute(alive)).scalar_one() == 0
    assert answers[8].status_code == 204
    assert {answer.status_code for answer in answers} <= {201, 204, 409}


async def test_delete_list_while_subtasks_are_made_holds_nobody_up(client: httpx.AsyncClient, account: Account) -> None:
    list_id = (await create(client))["id"]
    body = {"title": "Milk", "parent_id": await add_todo(client, list_id)}

    makers = [client.post("/v1/todos", json=body) for _ in range(8)]
    move = client.post(f"/v1/lists/{list_id}/move", json={"before": account.inbox_id})
    answers = await asyncio.gather(*makers[:4], move, *makers[4:], client.delete(f"/v1/lists/{list_id}"))

    assert answers[-1].status_code == 204
    assert {answer.status_code for answer in answers} <= {200, 201, 204, 404, 409}  # never 503, after deadlocks
