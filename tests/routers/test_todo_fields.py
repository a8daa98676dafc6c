from datetime import datetime
from typing import Any

import httpx
import pytest

from tests.support.clock import TestClock
from tests.support.service import Account, Service
from todo_api.domain.permissions import Role


async def make(client: httpx.AsyncClient, **fields: Any) -> dict[str, Any]:
    response = await client.post("/v1/todos", json={"title": "Buy milk"} | fields)
    assert response.status_code == 201, response.text
    todo: dict[str, Any] = response.json()
    return todo


def pointers(response: httpx.Response) -> tuple[int, set[str]]:
    return response.status_code, {error["pointer"] for error in response.json()["errors"]}


# Text


@pytest.mark.parametrize(
    "title",
    [
        "x" * 1000,
        "🎉" * 1000,
        "e\u0301" * 500,
        "👩‍👩‍👧‍👦",
        "  padded ",
        "é is not e\u0301",
        "ﬁ Å ①",
        "a\tb\nc",
        "<b>&amp;'\"%\\",
        "0",
        "\u202eabc",
    ],
)
async def test_title_comes_back_exactly(client: httpx.AsyncClient, title: str) -> None:
    todo = await make(client, title=title)

    assert (await client.get(f"/v1/todos/{todo['id']}")).json()["title"] == title


@pytest.mark.parametrize(
    "title",
    ["", " ", "\t\n", "\u3000\u00a0", "\u200b\ufeff", "x" * 1001, "🎉" * 1001, "e\u0301" * 501, "a\0", "\x07", "\x85", "a\rb"],
)
async def test_title_is_refused(client: httpx.AsyncClient, title: str) -> None:
    response = await client.post("/v1/todos", json={"title": title})

    assert pointers(response) == (422, {"#/title"})


async def test_half_a_character_is_refused(client: httpx.AsyncClient) -> None:
    headers = {"Content-Type": "application/json"}

    response = await client.post("/v1/todos", content=rb'{"title": "a \ud83c b"}', headers=headers)

    assert pointers(response) == (422, {"#/title"})


@pytest.mark.parametrize("notes", ["", "x" * 65536, "é" * 32768, "# Markdown\r\n\r\n\t* item\n", "🎉" * 16384])
async def test_notes_come_back_exactly(client: httpx.AsyncClient, notes: str) -> None:
    todo = await make(client, notes=notes)

    assert (await client.get(f"/v1/todos/{todo['id']}")).json()["notes"] == notes


@pytest.mark.parametrize("notes", ["x" * 65537, "é" * 32769, "🎉" * 16385, "a\0b", "\x1b[31m", "old\rMac"])
async def test_notes_are_refused(client: httpx.AsyncClient, notes: str) -> None:
    response = await client.post("/v1/todos", json={"title": "x", "notes": notes})

    assert pointers(response) == (422, {"#/notes"})


# Other fields


@pytest.mark.parametrize("priority", ["none", "low", "medium", "high", "urgent"])
async def test_priority_is_a_word(client: httpx.AsyncClient, priority: str) -> None:
    todo = await make(client, priority=priority)

    assert (await client.get(f"/v1/todos/{todo['id']}")).json()["priority"] == priority


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", None), ("title", 7), ("title", ["x"]), ("priority", 3), ("priority", "High"), ("priority", None),
        ("status", "done"), ("completed", "true"), ("completed", 1), ("deadline", "2027-03-14T09:00"), ("deadline", "2027-02-29"),
        ("deadline", 5), ("duration_minutes", 0), ("duration_minutes", 527041), ("duration_minutes", 1.5),
        ("duration_minutes", "30"), ("duration_minutes", True), ("duration_minutes", 2**63), ("list_id", "inbox"),
        ("parent_id", 5), ("labels", "home"), ("labels/0", [""]), ("labels/1", ["a", " "]), ("labels/0", ["x" * 101]),
        ("colour", "red"), ("id", "01890000-0000-7000-8000-000000000000"), ("version", 1),
    ],
)  # fmt: skip
async def test_create_refuses_and_points_at_the_field(client: httpx.AsyncClient, field: str, value: Any) -> None:
    response = await client.post("/v1/todos", json={"title": "x", field.partition("/")[0]: value})

    assert pointers(response) == (422, {f"#/{field}"})


@pytest.mark.parametrize(("path", "method"), [("", "PATCH"), ("", "PUT"), ("/complete", "POST"), ("/move", "POST")])
async def test_unknown_fields_are_refused(client: httpx.AsyncClient, path: str, method: str) -> None:
    todo = await make(client)

    response = await client.request(method, f"/v1/todos/{todo['id']}{path}", json={"colour": "red"})

    assert pointers(response) == (422, {"#/colour"})


@pytest.mark.parametrize("method", ["POST", "PATCH", "PUT"])
@pytest.mark.parametrize(("status", "completed"), [("open", True), ("completed", False), ("cancelled", True)])
async def test_status_against_completed_is_refused(
    client: httpx.AsyncClient, method: str, status: str, *, completed: bool
) -> None:
    path = "/v1/todos" if method == "POST" else f"/v1/todos/{(await make(client))['id']}"

    response = await client.request(method, path, json={"title": "x", "status": status, "completed": completed})

    assert pointers(response) == (422, {"#"})


# Dates


@pytest.mark.parametrize(
    ("sent", "kept", "due_at"),
    [
        ("2027-03-14", ("2027-03-14", None, None), "2027-03-14T23:00"),
        ({"date": "2027-03-28"}, ("2027-03-28", None, None), "2027-03-28T22:00"),  # a day of 23 hours
        ("2027-03-14T09:00", ("2027-03-14", "09:00", None), "2027-03-14T08:00"),
        ({"date": "2027-03-28", "time": "02:30"}, ("2027-03-28", "02:30", None), "2027-03-28T01:30"),  # never was
        ({"date": "2027-10-31", "time": "02:30"}, ("2027-10-31", "02:30", None), "2027-10-31T00:30"),  # was twice
        ("2027-03-14T09:00:00Z", ("2027-03-14", "09:00", "UTC"), "2027-03-14T09:00"),
        ("2027-03-14T00:30:00+02:00", ("2027-03-13", "22:30", "UTC"), "2027-03-13T22:30"),
        ({"date": "2027-03-14", "time": "09:00", "timezone": "America/New_York"},
         ("2027-03-14", "09:00", "America/New_York"), "2027-03-14T13:00"),
    ],
)  # fmt: skip
async def test_due_keeps_the_wall_clock_and_tells_the_instant(
    service: Service, sent: Any, kept: tuple[str, str | None, str | None], due_at: str
) -> None:
    client = service.client(await service.account("berlin@example.com", timezone="Europe/Berlin"))

    todo = await make(client, due=sent, start=sent)

    date, time, timezone = kept
    wall_time = {"date": date, "time": time, "timezone": timezone}
    assert (todo["due"], todo["start"], todo["due_at"]) == (wall_time, wall_time, f"{due_at}:00.000000Z")


@pytest.mark.parametrize("field", ["due", "start"])
@pytest.mark.parametrize(
    "value",
    [
        "", "tomorrow", "2027-02-30", "14.03.2027", "2027-03-14T25:00", "2027-03-14T09:00:00.5Z", "1899-12-31", "9001-01-01",
        5, True, [], {}, {"time": "09:00"}, {"date": "2027-03-14", "timezone": "Europe/Berlin"}, {"date": "2027-3-14"},
        {"date": "2027-03-14", "time": "09:00", "timezone": "Mars/Base"}, {"date": "2027-03-14", "time": "9:00"},
        {"date": "2027-03-14", "time": "24:00"}, {"date": "2027-03-14", "hour": 9},
    ],
)  # fmt: skip
async def test_date_is_refused(client: httpx.AsyncClient, field: str, value: Any) -> None:
    response = await client.post("/v1/todos", json={"title": "x", field: value})

    assert response.status_code == 422, response.text
    assert {error["pointer"].split("/")[1] for error in response.json()["errors"]} == {field}


@pytest.mark.parametrize(
    ("due", "instant"),
    [
        ("2027-03-10", "2027-03-10T23:00:00Z"),  # midnight in Berlin
        ("2027-03-10T23:30", "2027-03-10T22:30:00Z"),
        ({"date": "2027-03-10", "time": "18:30", "timezone": "America/New_York"}, "2027-03-10T23:30:00Z"),
    ],
)
async def test_overdue_begins_at_its_instant(service: Service, clock: TestClock, due: Any, instant: str) -> None:
    client = service.client(await service.account("berlin@example.com", timezone="Europe/Berlin"))
    todo = await make(client, due=due)

    async def is_overdue() -> tuple[bool, int]:
        filtered = await client.get("/v1/todos?overdue=true")
        return (await client.get(f"/v1/todos/{todo['id']}")).json()["is_overdue"], len(filtered.json()["items"])

    clock.now = datetime.fromisoformat(instant)
    clock.advance(microseconds=-1)
    before = await is_overdue()
    clock.advance(microseconds=1)
    assert (before, await is_overdue()) == ((False, 0), (True, 1))


async def test_due_follows_the_viewer(service: Service, client: httpx.AsyncClient, account: Account) -> None:
    tokyo = await service.account("tokyo@example.com", timezone="Asia/Tokyo")
    await service.add_member(tokyo, account.workspace_id, Role.VIEWER)
    todo = await make(client, due="2027-03-14")

    seen = (await service.client(tokyo).get(f"/v1/todos/{todo['id']}")).json()

    assert (todo["due_at"], seen["due_at"]) == ("2027-03-15T00:00:00.000000Z", "2027-03-14T15:00:00.000000Z")


@pytest.mark.parametrize("status", ["completed", "cancelled"])
async def test_what_is_closed_is_not_overdue(client: httpx.AsyncClient, status: str) -> None:
    todo = await make(client, due="2027-03-01", status=status)

    assert (todo["is_overdue"], todo["due_at"]) == (False, "2027-03-02T00:00:00.000000Z")


@pytest.mark.parametrize(
    ("patch", "due", "start"),
    [
        ({}, ("2027-03-14", "09:00", "Europe/Berlin"), ("2027-03-12", None, None)),
        ({"due": None}, None, ("2027-03-12", None, None)),
        ({"due": "2027-03-15"}, ("2027-03-15", None, None), ("2027-03-12", None, None)),
        ({"start": None}, ("2027-03-14", "09:00", "Europe/Berlin"), None),
    ],
)
async def test_patch_changes_the_dates_it_names(
    client: httpx.AsyncClient, patch: dict[str, Any], due: tuple[Any, ...] | None, start: tuple[Any, ...] | None
) -> None:
    zoned = {"date": "2027-03-14", "time": "09:00", "timezone": "Europe/Berlin"}
    todo = await make(client, due=zoned, start="2027-03-12")

    changed = (await client.patch(f"/v1/todos/{todo['id']}", json=patch)).json()

    names = ("date", "time", "timezone")
    expected = [None if parts is None else dict(zip(names, parts, strict=True)) for parts in (due, start)]
    assert [changed["due"], changed["start"]] == expected


async def test_patch_with_the_same_moment_in_other_words_changes_nothing(client: httpx.AsyncClient) -> None:
    todo = await make(client, due="2027-03-14T09:00:00Z", start="2027-03-14T09:00", deadline="2027-03-15")

    same = {
        "due": {"date": "2027-03-14", "time": "09:00:00", "timezone": "UTC"},
        "start": {"date": "2027-03-14", "time": "09:00"},
        "deadline": "2027-03-15",
    }
    response = await client.patch(f"/v1/todos/{todo['id']}", json=same)

    assert (response.status_code, response.json()) == (200, todo)


async def test_overdue_is_told_again_when_the_user_moves(service: Service, clock: TestClock) -> None:
    account = await service.account("traveller@example.com", timezone="Asia/Tokyo")
    client = service.client(account)
    todo = await make(client, due="2027-03-10")
    clock.now = datetime.fromisoformat("2027-03-10T18:00:00Z")
    assert (await client.get(f"/v1/todos/{todo['id']}")).json()["is_overdue"] is True

    moved = await client.patch("/v1/me", json={"timezone": "America/New_York"})

    assert moved.status_code == 200, moved.text
    seen = (await client.get(f"/v1/todos/{todo['id']}")).json()
    assert (seen["is_overdue"], seen["due_at"]) == (False, "2027-03-11T05:00:00.000000Z")


@pytest.mark.parametrize(
    ("field", "sent", "empty"),
    [
        ("notes", "Oat", ""),
        ("priority", "high", "none"),
        ("labels", ["food"], []),
        ("reminders", [{"minutes_before": 5}], []),
        ("metadata", {"shop": 7}, {}),
        ("deadline", "2027-03-14", None),
    ],
)
async def test_null_clears(client: httpx.AsyncClient, field: str, sent: Any, empty: Any) -> None:
    todo = await make(client, **{field: sent})

    patched = await client.patch(f"/v1/todos/{todo['id']}", json={field: None})

    assert (patched.status_code, patched.json()[field], patched.json()["version"]) == (200, empty, 2)


BERLIN = {"date": "2027-03-14", "time": "09:00", "timezone": "Europe/Berlin"}


@pytest.mark.parametrize(
    ("patch", "expected"),
    [
        ({"date": "2027-03-15"}, BERLIN | {"date": "2027-03-15"}),
        ({"time": "10:00"}, BERLIN | {"time": "10:00"}),
        ({"timezone": None}, BERLIN | {"timezone": None}),
        ({"time": None}, BERLIN | {"time": None, "timezone": None}),
        ("2027-03-15", {"date": "2027-03-15", "time": None, "timezone": None}),
        ({}, BERLIN),
    ],
)
@pytest.mark.parametrize("field", ["due", "start"])
async def test_patch_merges_into_a_date(client: httpx.AsyncClient, field: str, patch: Any, expected: dict[str, Any]) -> None:
    todo = await make(client, **{field: BERLIN})

    patched = await client.patch(f"/v1/todos/{todo['id']}", json={field: patch})

    assert (patched.status_code, patched.json()[field]) == (200, expected)


@pytest.mark.parametrize(
    "patch", [{"time": "10:00"}, {"timezone": "Europe/Berlin"}, {"date": None}, {"date": "2027-03-14", "timezone": "UTC"}]
)
async def test_patch_of_a_date_that_makes_none_is_refused(client: httpx.AsyncClient, patch: dict[str, Any]) -> None:
    todo = await make(client)

    patched = await client.patch(f"/v1/todos/{todo['id']}", json={"due": patch})

    assert patched.status_code == 422
