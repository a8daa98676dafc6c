from datetime import datetime
from typing import Any

import httpx
import pytest

from tests.support.clock import TestClock
from tests.support.service import Account, Service

SEED: list[dict[str, Any]] = [  # two of them a minute; the letter is kept in the notes
    {"notes": "A", "title": "milk", "due": "2027-03-14", "priority": "low", "labels": ["food"]},
    {"notes": "B", "title": "Eggs", "priority": "high", "labels": ["Food", "home"]},
    {"notes": "C", "title": "eggs", "due": "2027-03-14T09:00"},
    {"notes": "D", "title": "Äpfel", "due": "2027-03-13", "priority": "high"},
    {"notes": "E", "title": "zebra", "priority": "urgent", "status": "in_progress"},
    {"notes": "F", "title": "éclair", "due": "2027-03-14", "status": "cancelled", "labels": ["home"]},
    {"notes": "G", "title": "10", "priority": "medium"},
    {"notes": "H", "title": "milk", "due": "2027-03-14T09:00:00Z", "priority": "low"},
]
SORTED = [
    ("order", "ACBDEFGH"),
    ("-order", "HGFEDBCA"),
    ("due", "DCHAFBEG"),
    ("-due", "FAHCDGEB"),
    ("priority", "CFAHGBDE"),
    ("-priority", "EDBGHAFC"),
    ("created_at", "ABCDEFGH"),
    ("-created_at", "HGFEDCBA"),
    ("updated_at", "EFHBDGAC"),
    ("-updated_at", "CAGDBHFE"),
    ("completed_at", "BGDACEFH"),
    ("-completed_at", "DGBHFECA"),
    ("title", "GDFBCAHE"),
    ("-title", "EHACBFDG"),
]


@pytest.fixture
async def seeded(client: httpx.AsyncClient, account: Account, clock: TestClock) -> dict[str, str]:
    """Eight todos with ties and without values everywhere; ids by letter, and the list that C is in."""
    ids = {"list": (await client.post("/v1/lists", json={"name": "Groceries"})).json()["id"], "inbox": account.inbox_id}
    for index, fields in enumerate(SEED):
        clock.now = datetime.fromisoformat("2027-03-10T09:00:00Z").replace(minute=index // 2)
        place = {"C": {"list_id": ids["list"]}, "H": {"parent_id": ids.get("A")}}.get(fields["notes"], {})
        response = await client.post("/v1/todos", json=fields | place)
        assert response.status_code == 201, response.text
        ids[fields["notes"]] = response.json()["id"]
    clock.now = datetime.fromisoformat("2027-03-10T09:05:00Z")
    for letter, at in (("B", "2027-03-09T08:00:00Z"), ("D", "2027-03-10T08:00:00Z"), ("G", "2027-03-09T08:00:00Z")):
        await client.post(f"/v1/todos/{ids[letter]}/complete", json={"completed_at": at})
    clock.now = datetime.fromisoformat("2027-03-10T09:10:00Z")
    for letter in "AC":
        await client.patch(f"/v1/todos/{ids[letter]}", json={"deadline": "2027-03-20"})
    return ids


async def page(client: httpx.AsyncClient, **parameters: Any) -> dict[str, Any]:
    response = await client.get("/v1/todos", params=parameters)
    assert response.status_code == 200, response.text
    body: dict[str, Any] = response.json()
    return body


def letters(found: dict[str, Any]) -> str:
    return "".join(item["notes"] for item in found["items"])


async def pages(client: httpx.AsyncClient, **parameters: Any) -> list[str]:
    """The letters of every page."""
    found = await page(client, **parameters)
    every = [letters(found)]
    while found["next_cursor"] is not None:
        found = await page(client, **parameters, cursor=found["next_cursor"])
        every.append(letters(found))
    return every


def problem(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, response.json()["code"]


def parameters_at_fault(response: httpx.Response) -> tuple[int, list[str]]:
    return response.status_code, [error["parameter"] for error in response.json()["errors"]]


# Order and pages


@pytest.mark.usefixtures("seeded")
@pytest.mark.parametrize(("sort", "expected"), SORTED)
async def test_pages_of_any_size_hold_every_todo_in_order(client: httpx.AsyncClient, sort: str, expected: str) -> None:
    for size in (1, 3, 8):
        every = await pages(client, sort=sort, status="any", limit=size)
        assert every == [expected[start : start + size] for start in range(0, 8, size)]


@pytest.mark.usefixtures("seeded")
async def test_order_is_the_order_unless_asked(client: httpx.AsyncClient) -> None:
    assert letters(await page(client, status="any")) == "ACBDEFGH"


@pytest.mark.parametrize("sort", [sort for sort, _ in SORTED])
async def test_paging_neither_skips_nor_repeats_while_others_change(
    client: httpx.AsyncClient, clock: TestClock, sort: str
) -> None:
    ids = []
    for number in range(24):
        fields = {"priority": ["none", "high"][number % 2], "completed": number % 4 == 0, "notes": str(number)}
        due = {"due": f"2027-03-{10 + number // 6}"} if number % 3 else {}
        response = await client.post("/v1/todos", json=fields | due | {"title": f"todo {number % 5}"})
        ids.append(response.json()["id"])
        clock.advance(seconds=number % 2)
    steady, restless = ids[::2], ids[1::2]
    other = [
        {"due": "2027-03-11"},
        {"due": None, "completed": True},
        {"priority": "low", "title": "another"},
        {"completed": False},
    ]

    seen, parameters = [], {"sort": sort, "status": "any", "limit": 3}
    found = await page(client, **parameters)
    while found["next_cursor"] is not None:
        seen += [item["id"] for item in found["items"]]
        clock.advance(seconds=1)
        for index in (len(seen) // 3, len(seen) // 2):
            await client.patch(f"/v1/todos/{restless[index % 12]}", json=other[index % 4])
        if len(seen) < 18:
            await client.post("/v1/todos", json={"title": "todo 2", "due": "2027-03-12", "completed": bool(len(seen) % 2)})
            await client.delete(f"/v1/todos/{restless[-len(seen) // 3]}")
        found = await page(client, **parameters, cursor=found["next_cursor"])
    seen += [item["id"] for item in found["items"]]

    assert [id_ for id_ in seen if id_ in steady] == sorted(set(steady), key=seen.index)
    assert set(steady) <= set(seen)


@pytest.mark.usefixtures("seeded")
@pytest.mark.parametrize("sort", ["due", "-due", "completed_at", "-completed_at", "order", "title"])
async def test_a_page_that_ends_at_the_last_todo_has_no_next(client: httpx.AsyncClient, sort: str) -> None:
    found = await page(client, status="any", sort=sort, limit=8)

    assert (len(found["items"]), found["next_cursor"]) == (8, None)


async def test_nothing_is_an_empty_page(client: httpx.AsyncClient) -> None:
    response = await client.get("/v1/todos")

    assert (response.json(), "link" in response.headers) == ({"items": [], "next_cursor": None}, False)


async def test_link_leads_to_the_next_page(client: httpx.AsyncClient, seeded: dict[str, str]) -> None:
    url = f"/v1/todos?status=open&status=in_progress&list_id={seeded['inbox']}&limit=2"

    first = await client.get(url)
    link = first.headers["link"]
    second = await client.get(link.removeprefix("<").removesuffix('>; rel="next"'))

    assert link == f'<http://test{url}&cursor={first.json()["next_cursor"]}>; rel="next"'
    assert [letters(first.json()), letters(second.json())] == ["AE", "H"]
    assert "link" not in second.headers


@pytest.mark.usefixtures("seeded")
async def test_the_size_may_change_between_pages(client: httpx.AsyncClient) -> None:
    first = await page(client, status="any", sort="due", limit=2)

    second = await page(client, status="any", sort="due", limit=200, cursor=first["next_cursor"])

    assert [letters(first), letters(second)] == ["DC", "HAFBEG"]


# Filters


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({}, "ACEH"),
        ({"list_id": "list"}, "C"),
        ({"list_id": ["list", "inbox"]}, "ACEH"),
        ({"list_id": "A"}, ""),
        ({"parent_id": "A"}, "H"),
        ({"parent_id": ["A", "B"]}, "H"),
        ({"parent_id": "B"}, ""),
        ({"label": "FOOD"}, "A"),
        ({"label": ["food", "home"], "status": "any"}, "ABF"),
        ({"status": "any"}, "ABCDEFGH"),
        ({"status": "open"}, "ACH"),
        ({"status": ["in_progress", "cancelled"]}, "EF"),
        ({"status": "completed"}, "BDG"),
        ({"status": ["any", "open"]}, "ABCDEFGH"),
        ({"completed": "true"}, "BDG"),
        ({"completed": "false"}, "ACEH"),
        ({"priority": "low"}, "AH"),
        ({"priority": ["none", "urgent"]}, "CE"),
        ({"due_before": "2027-03-14"}, ""),
        ({"due_before": "2027-03-15"}, "ACH"),
        ({"due_before": "2027-03-14", "status": "any"}, "D"),
        ({"due_before": "2027-03-14T09:00:00Z"}, ""),
        ({"due_before": "2027-03-14T09:00:01Z"}, "CH"),
        ({"due_before": "2027-03-14T11:00:01+02:00"}, "CH"),
        ({"due_after": "2027-03-13"}, "ACH"),
        ({"due_after": "2027-03-14"}, ""),
        ({"due_after": "2027-03-12", "due_before": "2027-03-14", "status": "any"}, "D"),
        ({"due_after": "2027-03-14T08:59:59Z"}, "ACH"),
        ({"due_after": "2027-03-14T09:00:00Z"}, "A"),
        ({"overdue": "true"}, "CH"),
        ({"overdue": "true", "status": "any"}, "CH"),
        ({"overdue": "false"}, "AE"),
        ({"overdue": "false", "status": "any"}, "ABDEFG"),
        ({"overdue": "true", "completed": "true"}, ""),
        ({"updated_since": "2027-03-10T09:10:00Z"}, "AC"),
        ({"updated_since": "2027-03-10T09:10:00.000001Z"}, ""),
        ({"updated_since": "2027-03-10T09:03:00Z", "status": "any"}, "ABCDGH"),
        ({"completed_since": "2027-03-09T08:00:00Z"}, "BDG"),
        ({"completed_since": "2027-03-09T08:00:01Z"}, "D"),
        ({"completed_since": "2027-03-09T08:00:00Z", "status": "open"}, ""),
        ({"list_id": "inbox", "label": "food", "priority": ["low", "high"], "status": "any", "due_before": "2027-03-15"}, "A"),
        ({"parent_id": "A", "overdue": "true", "priority": "low", "completed": "false"}, "H"),
        ({"completed": "true", "priority": "high", "label": "home", "updated_since": "2027-03-10T09:05:00Z"}, "B"),
    ],
)
async def test_filters_leave_what_was_asked_for(
    client: httpx.AsyncClient, clock: TestClock, seeded: dict[str, str], filters: dict[str, Any], expected: str
) -> None:
    clock.now = datetime.fromisoformat("2027-03-14T12:00:00Z")
    named = {
        name: [seeded.get(value, value) for value in ([values] if isinstance(values, str) else values)]
        for name, values in filters.items()
    }

    found = await page(client, **named, sort="created_at", count="exact")

    assert (letters(found), found["total"]) == (expected, len(expected))
    assert "".join(await pages(client, **named, sort="created_at", limit=1)) == expected


async def test_dates_in_filters_are_the_users(service: Service) -> None:
    client = service.client(await service.account("berlin@example.com", timezone="Europe/Berlin"))
    await client.post("/v1/todos", json={"title": "x", "notes": "Z", "due": "2027-03-13T23:30:00Z"})  # half past midnight

    found = [
        letters(await page(client, **{name: day})) for name in ("due_before", "due_after") for day in ("2027-03-13", "2027-03-14")
    ]

    assert found == ["", "", "Z", ""]
    assert letters(await page(client, due_before="2027-03-15")) == "Z"


async def test_archived_lists_are_left_out_unless_named(client: httpx.AsyncClient, seeded: dict[str, str]) -> None:
    await client.patch(f"/v1/lists/{seeded['list']}", json={"archived": True})

    assert letters(await page(client, sort="created_at")) == "AEH"
    assert (await page(client, count="exact"))["total"] == 3
    assert letters(await page(client, list_id=seeded["list"])) == "C"
    assert letters(await page(client, sort="created_at", list_id=[seeded["list"], seeded["inbox"]])) == "ACEH"


async def test_trashed_lists_are_left_out_even_when_named(client: httpx.AsyncClient, seeded: dict[str, str]) -> None:
    await client.delete(f"/v1/lists/{seeded['list']}")

    assert letters(await page(client, sort="created_at")) == "AEH"
    assert letters(await page(client, list_id=seeded["list"])) == ""


@pytest.mark.usefixtures("seeded")
async def test_the_total_is_of_all_pages(client: httpx.AsyncClient) -> None:
    first = await page(client, status="any", limit=3, count="exact")

    second = await page(client, status="any", limit=3, count="exact", cursor=first["next_cursor"])

    assert (first["total"], second["total"]) == (8, 8)


# Refused


@pytest.mark.usefixtures("seeded")
async def test_a_forged_cursor_is_refused(client: httpx.AsyncClient) -> None:
    cursor = (await page(client, limit=1))["next_cursor"]
    flipped = [cursor[:at] + ("B" if cursor[at] == "A" else "A") + cursor[at + 1 :] for at in range(0, len(cursor) - 1, 9)]
    forged = ["", "x", "é", "A" * 3000, cursor[:-4], cursor[4:], cursor + "AAAA", cursor[::-1], *flipped]

    answers = [await client.get("/v1/todos", params={"limit": 1, "cursor": text}) for text in forged]

    assert {problem(answer) for answer in answers} == {(400, "cursor_invalid")}


@pytest.mark.usefixtures("seeded")
@pytest.mark.parametrize(
    "other",
    [
        {"sort": "-due"},
        {"sort": "title"},
        {"status": "open"},
        {"priority": "low"},
        {"count": "exact"},
        {"due_after": "2027-03-13"},
        {"sort": ""},
    ],
)
async def test_a_cursor_of_other_parameters_is_refused(client: httpx.AsyncClient, other: dict[str, str]) -> None:
    parameters = {"sort": "due", "status": "any", "limit": "1"}
    cursor = (await page(client, **parameters))["next_cursor"]
    changed = {name: value for name, value in (parameters | other).items() if value}

    response = await client.get("/v1/todos", params=changed | {"cursor": cursor})

    assert problem(response) == (400, "cursor_invalid")


@pytest.mark.usefixtures("seeded")
async def test_a_cursor_of_another_user_or_path_is_refused(
    service: Service, client: httpx.AsyncClient, stranger: Account
) -> None:
    cursor = (await page(client, limit=1))["next_cursor"]

    theirs = await service.client(stranger).get("/v1/todos", params={"limit": 1, "cursor": cursor})
    elsewhere = await client.get("/v1/lists", params={"limit": 1, "cursor": cursor})

    assert [problem(theirs), problem(elsewhere)] == [(400, "cursor_invalid"), (400, "cursor_invalid")]


@pytest.mark.parametrize("limit", ["0", "-1", "201", "999999999999999999999", "1.0", "1_0", "\u0661", " 5", "", "x", "true"])
async def test_a_limit_outside_its_bounds_is_refused(client: httpx.AsyncClient, limit: str) -> None:
    response = await client.get("/v1/todos", params={"limit": limit})

    assert parameters_at_fault(response) == (422, ["limit"])


@pytest.mark.parametrize("limit", ["1", "200"])
async def test_a_limit_at_its_bounds_is_taken(client: httpx.AsyncClient, limit: str) -> None:
    assert await page(client, limit=limit) == {"items": [], "next_cursor": None}


@pytest.mark.parametrize("query", ["colour=red", "offset=5", "Limit=5", "list_id[]=x", "query=milk", "=1"])
async def test_an_unknown_parameter_is_refused(client: httpx.AsyncClient, query: str) -> None:
    response = await client.get(f"/v1/todos?{query}")

    assert parameters_at_fault(response) == (422, [query.partition("=")[0]])


@pytest.mark.parametrize(
    "query",
    [
        "limit=5&limit=6",
        "sort=due&sort=due",
        "cursor=a&cursor=b",
        "completed=true&completed=true",
        "overdue=true&overdue=false",
        "due_before=2027-03-14&due_before=2027-03-15",
        "updated_since=x&updated_since=y",
        "count=exact&count=exact",
    ],
)
async def test_a_repeated_parameter_is_refused(client: httpx.AsyncClient, query: str) -> None:
    response = await client.get(f"/v1/todos?{query}")

    assert parameters_at_fault(response) == (422, [query.partition("=")[0]])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("list_id", "inbox"), ("parent_id", ""), ("label", ""), ("label", "x" * 101), ("status", "done"), ("status", ""),
        ("completed", "1"), ("completed", "True"), ("priority", "3"), ("priority", "HIGH"), ("due_before", "2027-02-30"),
        ("due_before", "tomorrow"), ("due_before", "2027-03-14T09:00:00"), ("due_after", "2027-W10-3"),
        ("due_after", "0001-01-01"),
        ("due_after", "9999-12-31T23:59:59-14:00"), ("due_after", "20270314T0900Z"), ("overdue", "yes"), ("sort", "name"),
        ("sort", "--due"), ("sort", ""), ("updated_since", "2027-03-14"), ("updated_since", "2027-03-14T09:00:00"),
        ("completed_since", "x"), ("count", "true"),
    ],
)  # fmt: skip
async def test_a_value_outside_its_type_is_refused_by_name(client: httpx.AsyncClient, name: str, value: str) -> None:
    response = await client.get("/v1/todos", params={name: value})

    assert response.status_code == 422, response.text
    assert {error["parameter"] for error in response.json()["errors"]} == {name}


async def test_status_and_completed_together_are_refused(client: httpx.AsyncClient) -> None:
    response = await client.get("/v1/todos", params={"status": "open", "completed": "true"})

    assert parameters_at_fault(response) == (422, ["completed"])
