from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from tests.support.service import Account, Service
from todo_api.domain.permissions import ALL_SCOPES, Role, Scope

NOTHING: dict[str, Any] = {"created": 0, "completed": 0, "overdue": 0}


async def make(client: httpx.AsyncClient, **fields: Any) -> dict[str, Any]:
    response = await client.post("/v1/todos", json={"title": "Run"} | fields)
    assert response.status_code == 201, response.text
    todo: dict[str, Any] = response.json()
    return todo


async def complete(client: httpx.AsyncClient, todo: dict[str, Any], action: str = "complete") -> None:
    response = await client.post(f"/v1/todos/{todo['id']}/{action}")
    assert response.status_code == 200, response.text


async def stats(client: httpx.AsyncClient, **parameters: Any) -> dict[str, Any]:
    response = await client.get("/v1/stats", params=parameters)
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    return found


async def days(client: httpx.AsyncClient, measure: str, **parameters: Any) -> dict[str, int]:
    """The days on which there is something."""
    return {item["day"]: item[measure] for item in (await stats(client, **parameters))["items"] if item[measure]}


async def day(client: httpx.AsyncClient, **parameters: Any) -> dict[str, int]:
    """The numbers of the whole period."""
    totals: dict[str, int] = (await stats(client, **parameters))["totals"]
    return totals


def told(response: httpx.Response) -> tuple[int, str, str | None]:
    problem = response.json()
    return response.status_code, problem["code"], next((flaw["parameter"] for flaw in problem["errors"]), None)


# The period


async def test_the_last_seven_days_unless_asked(client: httpx.AsyncClient) -> None:
    await make(client)

    assert await stats(client) == {
        "from": "2027-03-04",
        "to": "2027-03-10",
        "timezone": "UTC",
        "group": "day",
        "totals": NOTHING | {"created": 1},
        "items": [
            NOTHING | {"day": f"2027-03-{number:02}", "list_id": None, "created": int(number == 10)} for number in range(4, 11)
        ],
        "streaks": [],
    }


async def test_a_period_has_366_days_at_most(client: httpx.AsyncClient) -> None:
    assert len((await stats(client, **{"from": "2027-01-01", "to": "2028-01-01"}))["items"]) == 366

    response = await client.get("/v1/stats", params={"from": "2027-01-01", "to": "2028-01-02"})

    assert told(response) == (422, "invalid_input", "from")


@pytest.mark.parametrize(
    ("parameters", "flawed"),
    [
        ({"from": "2027-03-02", "to": "2027-03-01"}, "from"),
        ({"from": "2028-01-01"}, "from"),
        ({"to": "2026-02-30"}, "to"),
        ({"from": "yesterday"}, "from"),
        ({"from": "1899-12-31", "to": "1900-01-01"}, "from"),
        ({"to": "9001-01-01"}, "to"),
        ({"group": "week"}, "group"),
        ({"since": "2027-03-01"}, "since"),
    ],
)
async def test_invalid_periods_are_refused(client: httpx.AsyncClient, parameters: dict[str, str], flawed: str) -> None:
    assert told(await client.get("/v1/stats", params=parameters)) == (422, "invalid_input", flawed)


@pytest.mark.parametrize("edge", ["1900-01-01", "9000-12-31"])
async def test_the_ends_of_the_calendar(service: Service, edge: str) -> None:
    for name, timezone in (("b", "Europe/Berlin"), ("h", "Pacific/Honolulu")):
        there = service.client(await service.account(f"{name}@example.com", timezone=timezone))

        assert (await stats(there, **{"from": edge, "to": edge}))["totals"] == NOTHING


# By day, where the caller is


@pytest.mark.parametrize(
    ("timezone", "utc", "local"),
    [
        ("UTC", "2027-03-10T23:59:59", "2027-03-10"),
        ("America/New_York", "2027-03-11T04:59:59", "2027-03-10"),
        ("America/New_York", "2027-03-15T03:59:59", "2027-03-14"),
        ("America/New_York", "2027-03-15T04:00:00", "2027-03-15"),
        ("Asia/Kolkata", "2027-03-10T18:30:00", "2027-03-11"),
        ("America/Sao_Paulo", "2018-02-18T01:59:59", "2018-02-17"),
        ("America/Sao_Paulo", "2018-02-18T02:30:00", "2018-02-17"),
        ("America/Sao_Paulo", "2018-02-18T03:00:00", "2018-02-18"),
        ("Pacific/Apia", "2011-12-30T10:00:00", "2011-12-31"),
    ],
)
async def test_days_are_those_of_the_caller(service: Service, timezone: str, utc: str, local: str) -> None:
    there = service.client(await service.account("there@example.com", timezone=timezone))
    service.clock.now = datetime.fromisoformat(utc).replace(tzinfo=UTC)
    todo = await make(there)
    await complete(there, todo)
    service.clock.advance(hours=30)

    assert await days(there, "created") == {local: 1}
    assert await days(there, "completed") == {local: 1}
    assert (await day(there, **{"from": local, "to": local}))["created"] == 1


async def test_a_reopened_todo_was_not_completed(client: httpx.AsyncClient) -> None:
    todo = await make(client)
    await complete(client, todo)
    await complete(client, todo, "reopen")

    assert (await day(client))["completed"] == 0


async def test_each_occurrence_counts(service: Service, client: httpx.AsyncClient) -> None:
    todo = await make(client, due="2027-03-10", recurrence={"rrule": "FREQ=DAILY;COUNT=3"})
    for action in ("complete", "skip", "complete"):
        await complete(client, todo, action)
        service.clock.advance(days=1)

    assert (await client.get(f"/v1/todos/{todo['id']}")).json()["status"] == "completed"
    assert await days(client, "completed") == {"2027-03-10": 1, "2027-03-12": 1}


async def test_an_occurrence_that_was_undone_does_not_count(client: httpx.AsyncClient) -> None:
    todo = await make(client, due="2027-03-10", recurrence={"rrule": "FREQ=DAILY"})
    await complete(client, todo)
    await complete(client, todo, "reopen")

    found = await stats(client)

    assert (found["totals"]["completed"], found["streaks"]) == (0, [])


async def test_subtasks_count_with_their_parent(client: httpx.AsyncClient) -> None:
    parent = await make(client)
    await make(client, parent_id=parent["id"])
    await complete(client, parent)

    assert (await day(client))["completed"] == 2


async def test_what_is_late_counts_on_its_day(service: Service) -> None:
    there = service.client(await service.account("there@example.com", timezone="America/New_York"))
    service.clock.now = datetime(2027, 3, 10, 14, 0, tzinfo=UTC)  # 9:00 there
    for due in (
        "2027-03-08",
        "2027-03-09",
        {"date": "2027-03-10", "time": "08:59"},
        {"date": "2027-03-10", "time": "03:30", "timezone": "Europe/Berlin"},  # 21:30 on the 9th
        {"date": "2027-03-10", "time": "09:00", "timezone": "America/New_York"},
    ):
        await make(there, due=due)
    for due in (
        "2027-03-10",
        {"date": "2027-03-10", "time": "09:01"},
        {"date": "2027-03-10", "time": "15:01", "timezone": "Europe/Berlin"},
    ):
        await make(there, due=due)
    await complete(there, await make(there, due="2027-03-08"))

    assert await days(there, "overdue") == {"2027-03-08": 1, "2027-03-09": 2, "2027-03-10": 2}
    assert await days(there, "overdue", **{"from": "2027-03-09", "to": "2027-03-09"}) == {"2027-03-09": 2}


# By list


async def test_by_list(client: httpx.AsyncClient, account: Account) -> None:
    home = (await client.post("/v1/lists", json={"name": "Home"})).json()["id"]
    await client.post("/v1/lists", json={"name": "Empty"})
    await make(client, due="2027-03-09")
    await complete(client, await make(client, list_id=home))
    series = await make(client, list_id=home, due="2027-03-10", recurrence={"rrule": "FREQ=DAILY"})
    await complete(client, series)

    found = await stats(client, group="list")

    assert found["items"] == sorted(
        [
            {"day": None, "list_id": account.inbox_id, "created": 1, "completed": 0, "overdue": 1},
            {"day": None, "list_id": home, "created": 2, "completed": 2, "overdue": 0},
        ],
        key=lambda item: str(item["list_id"]),
    )
    assert found["totals"] == {"created": 3, "completed": 2, "overdue": 1}


@pytest.mark.parametrize("group", ["day", "list"])
async def test_what_is_in_the_trash_does_not_count(client: httpx.AsyncClient, group: str) -> None:
    todo = await make(client, due="2027-03-09", recurrence={"rrule": "FREQ=DAILY"})
    await complete(client, todo)
    await client.delete(f"/v1/todos/{todo['id']}")

    found = await stats(client, group=group)

    assert (found["totals"], found["streaks"]) == (NOTHING, [])


async def test_archived_lists_count_but_are_never_late(client: httpx.AsyncClient) -> None:
    home = (await client.post("/v1/lists", json={"name": "Home"})).json()["id"]
    await make(client, list_id=home, due="2027-03-09")
    await complete(client, await make(client, list_id=home))
    await client.patch(f"/v1/lists/{home}", json={"archived": True})

    assert await day(client) == {"created": 2, "completed": 1, "overdue": 0}


# Streaks


async def test_streaks(service: Service, client: httpx.AsyncClient, account: Account) -> None:
    todo = await make(client, due="2027-03-10", recurrence={"rrule": "FREQ=DAILY"})
    for action in ("complete", "complete", "complete", "skip", "complete"):
        await complete(client, todo, action)
        service.clock.advance(days=1)
    short = await make(client, title="Swim", due="2027-03-15", recurrence={"rrule": "FREQ=DAILY"})
    await complete(client, short)
    await complete(client, short, "skip")

    assert (await stats(client))["streaks"] == [
        {
            "todo_id": todo["id"],
            "list_id": account.inbox_id,
            "title": "Run",
            "current": 1,
            "longest": 3,
            "last_completed_at": "2027-03-14T09:00:00.000000Z",
        },
        {
            "todo_id": short["id"],
            "list_id": account.inbox_id,
            "title": "Swim",
            "current": 0,
            "longest": 1,
            "last_completed_at": "2027-03-15T09:00:00.000000Z",
        },
    ]


async def test_streaks_count_beyond_the_period(service: Service, client: httpx.AsyncClient) -> None:
    todo = await make(client, due="2027-03-01", recurrence={"rrule": "FREQ=DAILY", "catch_up": "each"})
    service.clock.now = datetime(2027, 3, 1, 9, 0, tzinfo=UTC)
    for _ in range(10):
        await complete(client, todo)
        service.clock.advance(days=1)

    [streak] = (await stats(client, **{"from": "2027-03-10", "to": "2027-03-10"}))["streaks"]

    assert (streak["current"], streak["longest"]) == (10, 10)
    assert (await stats(client, **{"from": "2027-02-01", "to": "2027-02-10"}))["streaks"] == []


# How much it takes


async def test_statements_are_few_and_their_number_is_fixed(
    client: httpx.AsyncClient, statements: Callable[[], AbstractContextManager[list[str]]]
) -> None:
    counts = set()
    for number in (1, 4):
        for _ in range(number):
            await complete(client, await make(client, due="2027-03-10", recurrence={"rrule": "FREQ=DAILY"}))
        for parameters in ({}, {"group": "list"}, {"from": "2026-06-01", "to": "2027-06-01"}):
            with statements() as seen:
                await stats(client, **parameters)
            counts.add(len(seen))

    assert counts == {5}


# Who may


async def test_only_what_is_seen_counts(service: Service, client: httpx.AsyncClient, account: Account, stranger: Account) -> None:
    home = (await client.post("/v1/lists", json={"name": "Home"})).json()["id"]
    for list_id in (home, account.inbox_id):
        await complete(client, await make(client, list_id=list_id, due="2027-03-10", recurrence={"rrule": "FREQ=DAILY"}))
        await make(client, list_id=list_id, due="2027-03-09")
    await service.add_guest(stranger, home, Role.VIEWER)
    seen = {"created": 2, "completed": 1, "overdue": 1}

    guest = await stats(service.client(stranger), group="list")
    restricted = await stats(service.client(key=await service.key(account, list_ids=[home])), group="list")
    outsider = await stats(service.client(await service.account("mallory@example.com")), group="list")

    for found in (guest, restricted):
        assert (found["items"], len(found["streaks"])) == ([seen | {"day": None, "list_id": home}], 1)
    assert (outsider["items"], outsider["streaks"]) == ([], [])


async def test_members_of_several_workspaces_see_all_of_them(service: Service, account: Account, stranger: Account) -> None:
    await make(service.client(stranger))
    await service.add_member(account, stranger.workspace_id, Role.VIEWER)
    client = service.client(account)
    await make(client)

    assert (await day(client))["created"] == 2


async def test_a_scope_and_a_credential_are_needed(service: Service, account: Account, anonymous: httpx.AsyncClient) -> None:
    lesser = service.client(key=await service.key(account, ALL_SCOPES - {Scope.TODOS_READ}))

    refused = await lesser.get("/v1/stats")

    assert (refused.status_code, refused.json()["missing_scope"]) == (403, "todos:read")
    assert (await anonymous.get("/v1/stats")).status_code == 401
