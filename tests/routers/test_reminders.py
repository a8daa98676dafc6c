from typing import Any

import httpx
import pytest
from sqlalchemy import select, update

from tests.support.clock import TestClock
from tests.support.service import Account, Service
from tests.support.todos import act, make, patch, read
from todo_api.models import Todo, User

DUE = "2027-03-14T09:00:00Z"


async def fires(service: Service, todo: dict[str, Any]) -> str | None:
    """When the next reminder of the todo fires, as the worker finds it."""
    async with service.state.database.snapshot() as session:
        statement = select(Todo.next_reminder_at).where(Todo.id == todo["id"])
        found = (await session.execute(statement)).scalar_one()
    return None if found is None else f"{found:%Y-%m-%dT%H:%M:%S}"


def before(minutes: int) -> dict[str, Any]:
    return {"minutes_before": minutes}


def at(instant: str) -> dict[str, Any]:
    return {"at": instant}


# --- what is kept


async def test_reminders_are_kept_in_the_order_sent(client: httpx.AsyncClient) -> None:
    sent = [before(30), at("2027-03-12T08:00:00+01:00"), before(0)]

    todo = await make(client, due=DUE, reminders=sent)

    assert todo["reminders"] == [
        {"minutes_before": 30, "at": None},
        {"minutes_before": None, "at": "2027-03-12T07:00:00.000000Z"},
        {"minutes_before": 0, "at": None},
    ]
    assert await read(client, todo) == todo


async def test_reminders_that_are_sent_replace_those_kept(client: httpx.AsyncClient) -> None:
    todo = await make(client, due=DUE, reminders=[before(30)])

    changed = await patch(client, todo, reminders=[before(5), before(10)])

    assert [reminder["minutes_before"] for reminder in changed["reminders"]] == [5, 10]


async def test_same_reminders_again_change_nothing(client: httpx.AsyncClient) -> None:
    todo = await make(client, due=DUE, reminders=[before(30)])

    assert await patch(client, todo, reminders=[before(30)]) == todo


async def test_twenty_reminders_are_the_most(client: httpx.AsyncClient) -> None:
    todo = await make(client, due=DUE, reminders=[before(minutes) for minutes in range(20)])

    response = await client.patch(f"/v1/todos/{todo['id']}", json={"reminders": [before(minutes) for minutes in range(21)]})

    assert len(todo["reminders"]) == 20
    assert (response.status_code, [flaw["pointer"] for flaw in response.json()["errors"]]) == (422, ["#/reminders"])


@pytest.mark.parametrize(
    ("reminder", "pointer"),
    [
        ({}, "#/reminders/0"),
        ({"minutes_before": 30, "at": "2027-03-12T07:00:00Z"}, "#/reminders/0"),
        ({"minutes_before": -1}, "#/reminders/0/minutes_before"),
        ({"minutes_before": 366 * 24 * 60 + 1}, "#/reminders/0/minutes_before"),
        ({"minutes_before": "30"}, "#/reminders/0/minutes_before"),
        ({"minutes_before": True}, "#/reminders/0/minutes_before"),
        ({"at": "2027-03-12T07:00:00"}, "#/reminders/0/at"),
        ({"at": "2027-03-12"}, "#/reminders/0/at"),
        ({"minutes_after": 5}, "#/reminders/0/minutes_after"),
    ],
)
async def test_bad_reminder_is_refused_where_it_is_wrong(
    client: httpx.AsyncClient, reminder: dict[str, Any], pointer: str
) -> None:
    response = await client.post("/v1/todos", json={"title": "x", "reminders": [reminder]})

    assert response.status_code == 422
    assert [flaw["pointer"] for flaw in response.json()["errors"]] == [pointer]


# --- when the next one fires


@pytest.mark.parametrize(
    ("due", "reminders", "instant"),
    [
        (DUE, [before(30)], "2027-03-14T08:30:00"),
        (DUE, [before(0), before(60)], "2027-03-14T08:00:00"),
        (DUE, [before(30), at("2027-03-12T07:00:00Z")], "2027-03-12T07:00:00"),
        ({"date": "2027-03-14", "time": "09:00", "timezone": "Europe/Berlin"}, [before(30)], "2027-03-14T07:30:00"),
        ("2027-03-14T09:00", [before(30)], "2027-03-14T08:30:00"),
        ("2027-03-14", [before(30)], "2027-03-14T08:30:00"),  # the day starts at 09:00
        (None, [at("2027-03-12T07:00:00Z")], "2027-03-12T07:00:00"),
        (None, [before(30)], None),
        (DUE, [], None),
        (DUE, [at("2027-03-10T09:00:00Z")], None),  # now
        ("2027-03-10T09:10:00Z", [before(30)], None),
    ],
)
async def test_next_reminder_is_known(
    service: Service, client: httpx.AsyncClient, due: Any, reminders: list[dict[str, Any]], instant: str | None
) -> None:
    todo = await make(client, due=due, reminders=reminders)

    assert await fires(service, todo) == instant


@pytest.mark.parametrize(("due", "instant"), [("2027-03-14", "2027-03-14T06:00:00"), ("2027-03-14T12:00", "2027-03-14T10:30:00")])
async def test_next_reminder_follows_the_zone_and_the_day_of_the_user(
    service: Service, client: httpx.AsyncClient, account: Account, due: str, instant: str
) -> None:
    async with service.state.database.transaction() as session:
        values = {"timezone": "Europe/Berlin", "day_start": "07:30"}
        await session.execute(update(User).where(User.id == account.user_id).values(values))

    todo = await make(client, due=due, reminders=[before(30)])

    assert await fires(service, todo) == instant


# --- computed anew


@pytest.mark.parametrize(
    ("fields", "instant"),
    [
        ({"due": "2027-03-20T09:00:00Z"}, "2027-03-20T08:30:00"),
        ({"due": {"date": "2027-03-14", "time": "09:00", "timezone": "Europe/Berlin"}}, "2027-03-14T07:30:00"),
        ({"due": None}, None),
        ({"reminders": [before(60)]}, "2027-03-14T08:00:00"),
        ({"reminders": []}, None),
        ({"title": "Feed the cat"}, "2027-03-14T08:30:00"),
        ({"status": "in_progress"}, "2027-03-14T08:30:00"),
    ],
)
async def test_change_moves_the_next_reminder(
    service: Service, client: httpx.AsyncClient, fields: dict[str, Any], instant: str | None
) -> None:
    todo = await make(client, due=DUE, reminders=[before(30)])

    await patch(client, todo, **fields)

    assert await fires(service, todo) == instant


async def test_reminder_that_went_by_fires_again_for_a_later_date(
    service: Service, client: httpx.AsyncClient, clock: TestClock
) -> None:
    todo = await make(client, due=DUE, reminders=[before(30)])
    clock.advance(days=7)

    await patch(client, todo, due="2027-03-20T09:00:00Z")

    assert await fires(service, todo) == "2027-03-20T08:30:00"


@pytest.mark.parametrize("status", ["completed", "cancelled"])
async def test_closed_todo_reminds_of_nothing(service: Service, client: httpx.AsyncClient, status: str) -> None:
    todo = await make(client, due=DUE, reminders=[before(30)])

    await patch(client, todo, status=status)

    assert await fires(service, todo) is None


async def test_todo_that_is_created_closed_reminds_of_nothing(service: Service, client: httpx.AsyncClient) -> None:
    todo = await make(client, due=DUE, reminders=[before(30)], completed=True)

    assert await fires(service, todo) is None


async def test_reopened_todo_reminds_again(service: Service, client: httpx.AsyncClient) -> None:
    todo = await make(client, due=DUE, reminders=[before(30)])
    await act(client, todo, "complete")

    await act(client, todo, "reopen")

    assert await fires(service, todo) == "2027-03-14T08:30:00"


async def test_subtask_that_is_closed_with_its_parent_reminds_of_nothing(service: Service, client: httpx.AsyncClient) -> None:
    parent = await make(client)
    child = await make(client, parent_id=parent["id"], due=DUE, reminders=[before(30)])

    await act(client, parent, "complete")
    closed = await fires(service, child)
    await act(client, parent, "reopen")

    assert (closed, await fires(service, child)) == (None, "2027-03-14T08:30:00")


async def test_step_moves_relative_and_absolute_reminders_along(service: Service, client: httpx.AsyncClient) -> None:
    reminders = [before(30), at("2027-03-14T08:00:00Z")]
    todo = await make(client, due=DUE, recurrence={"text": "every week"}, reminders=reminders)

    seen = [await fires(service, todo)]
    await act(client, todo, "complete")
    seen.append(await fires(service, todo))
    await patch(client, todo, reminders=[before(30)])
    seen.append(await fires(service, todo))

    assert seen == ["2027-03-14T08:00:00", "2027-03-21T08:00:00", "2027-03-21T08:30:00"]


@pytest.mark.parametrize(("action", "fields"), [("skip", {}), ("reschedule", {"due": "2027-03-21T09:00:00Z"})])
async def test_skipping_and_rescheduling_move_the_next_reminder(
    service: Service, client: httpx.AsyncClient, action: str, fields: dict[str, Any]
) -> None:
    todo = await make(client, due=DUE, recurrence={"text": "every week"}, reminders=[before(30)])

    await act(client, todo, action, **fields)

    assert await fires(service, todo) == "2027-03-21T08:30:00"


async def test_new_series_reminds_of_its_first_occurrence(service: Service, client: httpx.AsyncClient) -> None:
    todo = await make(client, reminders=[before(30)])

    await patch(client, todo, recurrence={"text": "every friday at 9"})

    assert await fires(service, todo) == "2027-03-12T08:30:00"
