from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from tests.support.clock import TestClock
from tests.support.service import Account, Service
from tests.support.todos import act, make
from todo_api.domain.permissions import Role, Scope

VIEWS = ("inbox", "today", "upcoming", "overdue", "no-date", "completed", "assigned")


async def view(client: httpx.AsyncClient, name: str, **parameters: Any) -> list[str]:
    """Titles of the first page."""
    response = await client.get(f"/v1/views/{name}", params=parameters)
    assert response.status_code == 200, response.text
    return [todo["title"] for todo in response.json()["items"]]


async def pages(client: httpx.AsyncClient, name: str, **parameters: Any) -> list[str]:
    """Titles of all pages."""
    titles, cursor = [], None
    while True:
        sent = parameters if cursor is None else parameters | {"cursor": cursor}
        page = (await client.get(f"/v1/views/{name}", params=sent)).json()
        titles += [todo["title"] for todo in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            return titles


@pytest.fixture
async def other_list(client: httpx.AsyncClient) -> str:
    response = await client.post("/v1/lists", json={"name": "Other"})
    return str(response.json()["id"])


@pytest.fixture
async def seeded(client: httpx.AsyncClient, account: Account, clock: TestClock, other_list: str) -> None:
    """It is Wednesday, 10 March 2027, 09:00 UTC."""
    me = [account.user_id]
    await make(client, title="all day today", due="2027-03-10")
    await make(client, title="late tonight", due="2027-03-10T23:30", list_id=other_list)
    await make(client, title="this morning", due="2027-03-10T08:00")
    await make(client, title="yesterday", due="2027-03-09", assignee_ids=me)
    await make(client, title="in Tokyo", due={"date": "2027-03-11", "time": "08:00", "timezone": "Asia/Tokyo"})
    await make(client, title="tomorrow", due="2027-03-11", start="2027-03-11")
    await make(client, title="in a week", due="2027-03-17", assignee_ids=me)
    await make(client, title="in eight days", due="2027-03-18")
    await make(client, title="started, due later", start="2027-03-02", due="2027-03-30")
    await make(client, title="started", start="2027-03-01", list_id=other_list)
    await make(client, title="starts today", start="2027-03-10T18:00", assignee_ids=me)
    await make(client, title="starts tomorrow", start="2027-03-11")
    for title in ("done first", "done last"):
        todo = await make(client, title=title, due="2027-03-01", assignee_ids=me)
        clock.advance(minutes=1)
        await act(client, todo, "complete")
    cancelled = await make(client, title="cancelled", due="2027-03-01")
    await client.patch(f"/v1/todos/{cancelled['id']}", json={"status": "cancelled"})
    trashed = await make(client, title="trashed", due="2027-03-01")
    await client.delete(f"/v1/todos/{trashed['id']}")


EXPECTED = {
    "inbox": [
        "all day today",
        "this morning",
        "yesterday",
        "in Tokyo",
        "tomorrow",
        "in a week",
        "in eight days",
        "started, due later",
        "starts today",
        "starts tomorrow",
    ],
    "today": [
        "yesterday",
        "this morning",
        "late tonight",
        "all day today",
        "in Tokyo",
        "started",
        "started, due later",
        "starts today",
    ],
    "upcoming": ["tomorrow", "in a week"],
    "overdue": ["yesterday", "this morning"],
    "no-date": ["started", "starts today", "starts tomorrow"],
    "completed": ["done last", "done first"],
    "assigned": ["yesterday", "in a week", "starts today"],
}


@pytest.mark.usefixtures("seeded")
@pytest.mark.parametrize("name", VIEWS)
async def test_view_holds_its_todos_in_its_order(client: httpx.AsyncClient, name: str) -> None:
    assert await view(client, name) == EXPECTED[name]


@pytest.mark.usefixtures("seeded")
@pytest.mark.parametrize("name", VIEWS)
async def test_pages_of_a_view_hold_every_todo_once(client: httpx.AsyncClient, name: str) -> None:
    assert await pages(client, name, limit=1) == await pages(client, name, limit=3) == EXPECTED[name]


@pytest.mark.usefixtures("seeded")
async def test_views_are_counted_when_asked(client: httpx.AsyncClient) -> None:
    for name, expected in EXPECTED.items():
        page = (await client.get(f"/v1/views/{name}", params={"limit": 1, "count": "exact"})).json()
        assert page["total"] == len(expected), name


@pytest.mark.usefixtures("seeded")
@pytest.mark.parametrize(
    ("days", "expected"),
    [
        (1, ["tomorrow"]),
        (7, ["tomorrow", "in a week"]),
        (8, ["tomorrow", "in a week", "in eight days"]),
        (366, ["tomorrow", "in a week", "in eight days", "started, due later"]),
    ],
)
async def test_upcoming_looks_as_far_as_asked(client: httpx.AsyncClient, days: int, expected: list[str]) -> None:
    assert await view(client, "upcoming", days=days) == expected


@pytest.mark.usefixtures("seeded")
async def test_view_answers_whole_todos_with_their_link(client: httpx.AsyncClient) -> None:
    response = await client.get("/v1/views/today", params={"limit": 1})

    body = response.json()
    todo = (await client.get(f"/v1/todos/{body['items'][0]['id']}")).json()
    assert body == {"items": [todo], "next_cursor": body["next_cursor"]}
    assert response.headers["link"] == f'<http://test/v1/views/today?limit=1&cursor={body["next_cursor"]}>; rel="next"'


async def test_equal_dates_come_in_the_order_of_the_list(client: httpx.AsyncClient) -> None:
    first = await make(client, title="first", due="2027-03-10")
    await make(client, title="second", due="2027-03-10")
    await client.post(f"/v1/todos/{first['id']}/move", json={"position": "bottom"})

    assert await view(client, "today") == ["second", "first"]


@pytest.mark.parametrize("name", ["today", "upcoming", "overdue", "no-date", "assigned"])
async def test_archived_lists_are_outside_views(client: httpx.AsyncClient, account: Account, other_list: str, name: str) -> None:
    dues = {"upcoming": "2027-03-12", "no-date": None}
    todo = {"list_id": other_list, "due": dues.get(name, "2027-03-09"), "assignee_ids": [account.user_id]}
    await make(client, title="there", **todo)
    assert await view(client, name) == ["there"]

    await client.patch(f"/v1/lists/{other_list}", json={"archived": True})

    assert await view(client, name) == []


async def test_completed_todos_of_archived_lists_are_outside_views(client: httpx.AsyncClient, other_list: str) -> None:
    await act(client, await make(client, list_id=other_list), "complete")
    await client.patch(f"/v1/lists/{other_list}", json={"archived": True})

    assert await view(client, "completed") == []


# Time zones


async def test_days_are_those_of_the_user(service: Service) -> None:
    ada = service.client(await service.account("ada@tokyo.example", timezone="Pacific/Kiritimati"))  # 23:00 there
    for title, due in (("today", "2027-03-10"), ("past", "2027-03-10T22:59"), ("tomorrow", "2027-03-11")):
        await make(ada, title=title, due=due)

    assert await view(ada, "today") == ["past", "today"]
    assert await view(ada, "overdue") == ["past"]
    assert await view(ada, "upcoming") == ["tomorrow"]


async def test_days_are_those_of_the_zone_that_is_asked_for(client: httpx.AsyncClient) -> None:
    for title, due in (("ninth", "2027-03-09"), ("tenth", "2027-03-10"), ("eleventh", "2027-03-11")):
        await make(client, title=title, due=due)

    for zone, expected in {
        "Pacific/Pago_Pago": ["ninth"],  # still the ninth there, 22:00
        "UTC": ["ninth", "tenth"],
        "Pacific/Kiritimati": ["ninth", "tenth"],  # still the tenth, 23:00
    }.items():
        assert await view(client, "today", timezone=zone) == expected, zone
    assert await view(client, "overdue", timezone="Pacific/Pago_Pago") == []
    assert await view(client, "upcoming", timezone="Pacific/Pago_Pago", days=1) == ["tenth"]


async def test_todos_are_shown_in_the_zone_that_is_asked_for(client: httpx.AsyncClient) -> None:
    await make(client, due="2027-03-09")

    here = (await client.get("/v1/views/today")).json()["items"][0]
    there = (await client.get("/v1/views/today", params={"timezone": "Pacific/Pago_Pago"})).json()["items"][0]

    assert (here["due_at"], here["is_overdue"]) == ("2027-03-10T00:00:00.000000Z", True)
    assert (there["due_at"], there["is_overdue"]) == ("2027-03-10T11:00:00.000000Z", False)


@pytest.mark.parametrize(
    ("zone", "days", "instants"),
    [
        # 02:00 to 03:00 do not exist on 14 March, 01:00 to 02:00 occur twice on 7 November
        ("America/New_York", ("2027-03-13", "2027-03-14"), ("2027-03-14T06:45", "2027-03-14T07:15", "2027-03-14T07:31")),
        ("America/New_York", ("2027-11-06", "2027-11-07"), ("2027-11-07T05:15", "2027-11-07T05:45", "2027-11-07T06:15")),
        # the clock goes from 23:59 to 01:00, and from 01:00 back to 00:00
        ("America/Havana", ("2027-03-13", "2027-03-14"), ("2027-03-14T04:45", "2027-03-14T05:15", "2027-03-14T05:45")),
        ("America/Havana", ("2027-11-06", "2027-11-07"), ("2027-11-07T04:15", "2027-11-07T04:45", "2027-11-07T05:15")),
        # 24:00 becomes 23:00 of the same day
        ("Africa/Cairo", ("2027-10-28", "2027-10-29"), ("2027-10-28T20:45", "2027-10-28T21:15", "2027-10-28T22:15")),
    ],
)
async def test_view_parameter_filter_and_row_agree_when_clocks_change(
    service: Service, clock: TestClock, zone: str, days: tuple[str, ...], instants: tuple[str, ...]
) -> None:
    account = await service.account("ada@zone.example", timezone=zone)
    ada = service.client(account)
    for day in days:
        await make(ada, title=day, due=day)
        for time in ("00:00", "00:30", "01:00", "01:30", "02:00", "02:30", "03:00", "23:30"):
            await make(ada, title=f"{day} {time}", due=f"{day}T{time}")
            await make(ada, title=f"{day} {time} {zone}", due={"date": day, "time": time, "timezone": zone})

    for instant in instants:
        clock.now = datetime.fromisoformat(instant).replace(tzinfo=UTC)
        rows = (await ada.get("/v1/todos", params={"limit": 200})).json()["items"]
        late = {row["title"] for row in rows if row["is_overdue"]}
        assert 0 < len(late) < len(rows)
        assert {*await view(ada, "overdue", limit=200)} == late
        for parameters in ({"overdue": "true"}, {"filter": "overdue"}, {"filter": "due <= now"}):
            found = (await ada.get("/v1/todos", params=parameters | {"limit": 200})).json()["items"]
            assert {row["title"] for row in found} == late, (instant, parameters)
        kept = (await ada.get("/v1/todos", params={"overdue": "false", "limit": 200})).json()["items"]
        assert {row["title"] for row in kept} == {row["title"] for row in rows} - late


# Who sees what


async def test_views_reach_over_all_workspaces_and_lists_that_are_seen(
    service: Service, client: httpx.AsyncClient, account: Account, stranger: Account
) -> None:
    friend = service.client(stranger)
    guest_list = (await friend.post("/v1/lists", json={"name": "Shared"})).json()["id"]
    team = await service.account("grace@example.com")
    await service.add_member(account, team.workspace_id, Role.VIEWER)
    await service.add_guest(account, guest_list, Role.VIEWER)
    await make(client, title="mine", due="2027-03-09")
    await make(service.client(team), title="the team's", due="2027-03-08")
    await make(friend, title="shared", due="2027-03-10", list_id=guest_list)
    await make(friend, title="private", due="2027-03-07")

    assert await view(client, "today") == await pages(client, "today", limit=1) == ["the team's", "mine", "shared"]
    assert await view(client, "overdue") == ["the team's", "mine"]
    assert await view(client, "inbox") == ["mine"]
    assert await view(friend, "today") == ["private", "shared"]


async def test_restricted_key_sees_its_lists_only(
    service: Service, client: httpx.AsyncClient, account: Account, other_list: str
) -> None:
    await make(client, title="in the inbox", due="2027-03-10")
    await make(client, title="in the other", due="2027-03-10", list_id=other_list)
    restricted = service.client(key=await service.key(account, list_ids=[other_list]))

    assert await view(restricted, "today") == ["in the other"]
    assert await view(restricted, "inbox") == []


async def test_views_need_a_credential_with_the_scope(service: Service, account: Account, anonymous: httpx.AsyncClient) -> None:
    blind = service.client(key=await service.key(account, [Scope.TODOS_WRITE, Scope.LISTS_READ]))

    refused, forbidden = await anonymous.get("/v1/views/today"), await blind.get("/v1/views/today")

    assert (refused.status_code, refused.json()["code"]) == (401, "unauthenticated")
    assert (forbidden.status_code, forbidden.json()["missing_scope"]) == (403, "todos:read")


# What is refused


@pytest.mark.parametrize(
    ("path", "parameter"),
    [
        ("/v1/views/tomorrow", "view"),
        ("/v1/views/Today", "view"),
        ("/v1/views/today?timezone=Europe/Atlantis", "timezone"),
        ("/v1/views/today?timezone=europe/berlin", "timezone"),
        ("/v1/views/today?days=3", "days"),
        ("/v1/views/upcoming?days=0", "days"),
        ("/v1/views/upcoming?days=367", "days"),
        ("/v1/views/upcoming?days=1.5", "days"),
        ("/v1/views/today?limit=201", "limit"),
        ("/v1/views/today?sort=due", "sort"),
        ("/v1/views/today?q=milk", "q"),
    ],
)
async def test_what_no_view_takes_is_refused(client: httpx.AsyncClient, path: str, parameter: str) -> None:
    response = await client.get(path)

    assert response.status_code == 422, response.text
    assert [flaw["parameter"] for flaw in response.json()["errors"]] == [parameter]


@pytest.mark.usefixtures("seeded")
@pytest.mark.parametrize("path", ["/v1/views/overdue?limit=1", "/v1/views/today?limit=1&timezone=UTC", "/v1/todos?limit=1"])
async def test_cursor_of_another_view_is_refused(client: httpx.AsyncClient, path: str) -> None:
    cursor = (await client.get("/v1/views/today?limit=1")).json()["next_cursor"]

    response = await client.get(f"{path}&cursor={cursor}")

    assert (response.status_code, response.json()["code"]) == (400, "cursor_invalid")


@pytest.mark.usefixtures("seeded")
@pytest.mark.parametrize(
    ("name", "most"),
    [("inbox", 2), ("today", 3), ("upcoming", 2), ("overdue", 2), ("no-date", 2), ("completed", 2), ("assigned", 3)],
)
async def test_views_take_few_statements(
    client: httpx.AsyncClient, statements: Callable[[], AbstractContextManager[list[str]]], name: str, most: int
) -> None:
    with statements() as seen:
        await view(client, name)

    assert len(seen) <= most  # the credential, and one for each stretch of the order
