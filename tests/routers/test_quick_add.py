"""POST /v1/todos/quick."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import httpx
import pytest

from tests.support.corpora import rows
from tests.support.service import Account, Service
from todo_api.domain.permissions import PRESETS, Preset

RENT = "Pay rent every 1st at 9am #Home @bills !high //from the joint account"


async def quick(client: httpx.AsyncClient, text: str, **more: Any) -> httpx.Response:
    return await client.post("/v1/todos/quick", json={"text": text, **more})


async def listed(client: httpx.AsyncClient) -> list[str]:
    return [todo["title"] for todo in (await client.get("/v1/todos")).json()["items"]]


async def test_line_becomes_a_todo(client: httpx.AsyncClient) -> None:
    home = (await client.post("/v1/lists", json={"name": "Home"})).json()["id"]

    answer = await quick(client, RENT)

    body = answer.json()
    todo = (await client.get(answer.headers["location"])).json()
    assert answer.status_code == 201
    assert answer.headers["etag"] == '"1"'
    assert body["todo"] == todo
    assert body["todos"] == [todo]
    expected = {
        "title": "Pay rent",
        "list_id": home,
        "labels": ["bills"],
        "priority": "high",
        "notes": "from the joint account",
        "due": {"date": "2027-04-01", "time": "09:00", "timezone": None},
        "occurrence": "2027-04-01T09:00:00",
    }
    assert {name: todo[name] for name in expected} == expected
    assert (todo["recurrence"]["rrule"], todo["recurrence"]["anchor"]) == ("FREQ=MONTHLY;BYMONTHDAY=1", "schedule")


async def test_what_was_understood_is_told(client: httpx.AsyncClient) -> None:
    await client.post("/v1/lists", json={"name": "Home"})

    parsed = (await quick(client, RENT)).json()["parsed"]

    assert parsed == [
        {"span": [9, 25], "kind": "recurrence", "text": "every 1st at 9am", "value": "FREQ=MONTHLY;BYMONTHDAY=1"},
        {"span": [26, 31], "kind": "list", "text": "#Home", "value": "Home"},
        {"span": [32, 38], "kind": "label", "text": "@bills", "value": "bills"},
        {"span": [39, 44], "kind": "priority", "text": "!high", "value": "high"},
        {"span": [45, 69], "kind": "notes", "text": "//from the joint account", "value": "from the joint account"},
    ]


async def test_series_from_quick_add_steps(client: httpx.AsyncClient) -> None:
    todo = (await quick(client, "Water plants every! 3 days")).json()["todo"]

    done = await client.post(f"/v1/todos/{todo['id']}/complete", json={"occurrence": todo["occurrence"]})

    assert todo["due"]["date"] == "2027-03-10"
    assert done.json()["due"]["date"] == "2027-03-13"


async def test_lines_become_todos_and_subtasks_in_one_unit(client: httpx.AsyncClient, service: Service, account: Account) -> None:
    seq = await service.seq(account.workspace_id)

    body = (await quick(client, "Trip\n  Pack @bag\n  Book\nMilk")).json()

    trip, pack, book, milk = body["todos"]
    assert [todo["title"] for todo in body["todos"]] == ["Trip", "Pack", "Book", "Milk"]
    assert [todo["parent_id"] for todo in (pack, book, milk)] == [trip["id"], trip["id"], None]
    assert body["todo"] == trip
    assert trip["subtask_counts"] == {"open": 2, "completed": 0}
    for todo in body["todos"]:
        assert (await client.get(f"/v1/todos/{todo['id']}")).json() == todo
    changes = [change for change in await service.changes(account.workspace_id) if change.seq > seq]
    assert [(change.kind, change.op) for change in changes] == [("label", "create")] + [("todo", "create")] * 4
    assert len({change.unit_id for change in changes}) == 1


async def test_dry_run_answers_what_would_be_made(client: httpx.AsyncClient, service: Service, account: Account) -> None:
    seq = await service.seq(account.workspace_id)

    answer = await quick(client, "Pack tomorrow @new\n  Socks", dry_run=True)

    body = answer.json()
    assert answer.status_code == 200
    assert [(todo["title"], todo["parent"], todo["labels"]) for todo in body["todos"]] == [
        ("Pack", None, ["new"]),
        ("Socks", 0, []),
    ]
    assert body["todo"] == body["todos"][0]
    assert body["todo"]["due"] == {"date": "2027-03-11", "time": None, "timezone": None}
    assert [part["kind"] for part in body["parsed"]] == ["due", "label"]
    assert await listed(client) == []
    assert await service.seq(account.workspace_id) == seq


@pytest.mark.parametrize("text", [title for _, title in rows("ordinary_titles.tsv")][::40])
async def test_ordinary_title_is_kept(client: httpx.AsyncClient, text: str) -> None:
    answer = await quick(client, text)

    assert answer.status_code == 201, answer.text


@pytest.mark.parametrize(
    "text",
    [
        "#", "@", "!", "+", "/", "//", "{}", "~", "\\", "every", "every!", "tomorrow", "#Home", "@x", "every day", "!high !low",
        "\u200bx", "x" * 16_000, "# " * 8_000, "@a " * 5_000, "+a " * 5_000, "x every hour", "x {31 dec 9999}",
        "\tx\r\n\r\n  y\r\n", "x " + " ".join(f"@l{number}" for number in range(120)), "\U0001f600" * 16_000,
    ],
)  # fmt: skip
async def test_text_never_fails(client: httpx.AsyncClient, text: str) -> None:
    answer = await quick(client, text)

    assert answer.status_code == 201, answer.text


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "#/text"),
        ({"text": ""}, "#/text"),
        ({"text": " \n\t"}, "#/text"),
        ({"text": "\u200b"}, "#/text"),
        ({"text": "a\x00"}, "#/text"),
        ({"text": "a\rb"}, "#/text"),
        ({"text": "x" * 16_001}, "#/text"),
        ({"text": "a\n" * 501}, "#/text"),
        ({"text": 7}, "#/text"),
        ({"text": "a", "timezone": "Mars/Olympus"}, "#/timezone"),
        ({"text": "a", "list_id": "x"}, "#/list_id"),
        ({"text": "a", "dry_run": "no"}, "#/dry_run"),
        ({"text": "a", "due": "2027-03-14"}, "#/due"),
    ],
)
async def test_malformed_request_makes_nothing(client: httpx.AsyncClient, body: dict[str, Any], pointer: str) -> None:
    answer = await client.post("/v1/todos/quick", json=body)

    assert (answer.status_code, [flaw["pointer"] for flaw in answer.json()["errors"]]) == (422, [pointer])
    assert await listed(client) == []


@pytest.mark.parametrize("dry_run", [False, True])
async def test_list_that_is_not_seen_is_not_found(client: httpx.AsyncClient, stranger: Account, dry_run: bool) -> None:  # noqa: FBT001  # a parameter
    answer = await quick(client, "a", list_id=stranger.inbox_id, dry_run=dry_run)

    assert (answer.status_code, answer.json()["code"]) == (404, "list_not_found")


async def test_capture_only_key_learns_ids_only(service: Service, account: Account, client: httpx.AsyncClient) -> None:
    await client.post("/v1/lists", json={"name": "Home"})
    capture = service.client(key=await service.key(account, PRESETS[Preset.CAPTURE_ONLY]))

    answer = await quick(capture, "a #Home\n  b")
    dry = await quick(capture, "a #Home", dry_run=True)

    body = answer.json()
    assert answer.status_code == 201
    assert [list(todo) for todo in (body["todo"], *body["todos"])] == [["id"]] * 3
    assert body["parsed"] == []
    assert (dry.status_code, dry.json()["missing_scope"]) == (403, "todos:read")


async def test_scope_and_credentials_are_needed(service: Service, account: Account, anonymous: httpx.AsyncClient) -> None:
    reader = service.client(key=await service.key(account, PRESETS[Preset.READ_ONLY]))

    assert (await quick(reader, "a")).json()["missing_scope"] == "todos:write"
    assert (await quick(anonymous, "a")).status_code == 401


async def test_repeated_quick_add_happens_once(client: httpx.AsyncClient) -> None:
    first = await client.post("/v1/todos/quick", json={"text": "a"}, headers={"Idempotency-Key": "k"})

    again = await client.post("/v1/todos/quick", json={"text": "a"}, headers={"Idempotency-Key": "k"})

    assert again.json() == first.json()
    assert await listed(client) == ["a"]


async def test_quick_add_can_be_referred_to_in_a_batch(client: httpx.AsyncClient) -> None:
    operations = [
        {"op_id": "a", "method": "POST", "path": "/v1/todos/quick", "body": {"text": "Trip tomorrow"}},
        {"op_id": "b", "method": "POST", "path": "/v1/todos", "body": {"title": "Pack", "parent_id": "$ref:a"}},
    ]

    results = (await client.post("/v1/batch", json={"operations": operations})).json()["results"]

    assert [result["status"] for result in results] == [201, 201]
    assert results[1]["body"]["parent_id"] == results[0]["body"]["todo"]["id"]


async def test_statements_do_not_grow_with_the_lines(
    client: httpx.AsyncClient, statements: Callable[[], AbstractContextManager[list[str]]]
) -> None:
    await client.post("/v1/lists", json={"name": "Home"})
    line = "x #Home /Soon @a +ada every day\n  y @b +ada\n"

    with statements() as plain:
        await quick(client, "Buy milk tomorrow")
    with statements() as few:
        await quick(client, line)
    with statements() as many:
        await quick(client, line * 100)

    assert len(plain) <= 6
    assert len(many) <= len(few) <= 18
