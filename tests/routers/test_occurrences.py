from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from tests.support.clock import TestClock
from tests.support.service import Account, Service
from tests.support.todos import act, make, patch, read, records
from todo_api.domain.permissions import Role

DAILY = {"text": "every day"}
ONCE = {"text": "every day for 1 time"}


async def attempt(client: httpx.AsyncClient, todo: dict[str, Any], action: str, **fields: Any) -> tuple[int, dict[str, Any]]:
    """Status and body of an action that may be refused."""
    response = await client.post(f"/v1/todos/{todo['id']}/{action}", json=fields)
    return response.status_code, response.json()


def all_day(date: str) -> dict[str, Any]:
    return {"date": date, "time": None, "timezone": None}


# --- completing


@pytest.mark.parametrize("sent", [{}, {"occurrence": "2027-03-10"}])
async def test_completing_the_current_occurrence_moves_on(client: httpx.AsyncClient, sent: dict[str, Any]) -> None:
    todo = await make(client, recurrence=DAILY)

    done = await act(client, todo, "complete", **sent)

    moved = {"due": all_day("2027-03-11"), "due_at": "2027-03-12T00:00:00.000000Z", "occurrence": "2027-03-11"}
    assert done == todo | moved | {"version": 2, "replayed": False}


async def test_completing_writes_a_record(client: httpx.AsyncClient, account: Account, clock: TestClock) -> None:
    todo = await make(client, recurrence=DAILY)
    clock.advance(minutes=5)

    await act(client, todo, "complete")

    [record] = await records(client, todo)
    assert record == {
        "id": record["id"],
        "todo_id": todo["id"],
        "occurrence": "2027-03-10",
        "kind": "completed",
        "at": "2027-03-10T09:05:00.000000Z",
        "by": account.user_id,
        "due_was": all_day("2027-03-10"),
        "next_due": all_day("2027-03-11"),
        "undone_at": None,
    }


@pytest.mark.parametrize("action", ["complete", "skip"])
async def test_occurrence_that_was_recorded_is_not_stepped_over_again(client: httpx.AsyncClient, action: str) -> None:
    todo = await make(client, recurrence=DAILY)
    done = await act(client, todo, "complete", occurrence="2027-03-10")

    again = await act(client, todo, action, occurrence="2027-03-10")

    assert again == done | {"replayed": True}
    assert len(await records(client, todo)) == 1


async def test_floating_occurrence_may_be_named_to_the_minute(client: httpx.AsyncClient) -> None:
    todo = await make(client, due="2027-03-10T09:00", recurrence=DAILY)

    done = await act(client, todo, "complete", occurrence="2027-03-10T09:00")

    assert (todo["occurrence"], done["occurrence"]) == ("2027-03-10T09:00:00", "2027-03-11T09:00:00")


@pytest.mark.parametrize("action", ["complete", "skip"])
@pytest.mark.parametrize("occurrence", ["2027-03-11", "2027-03-01", "2027-03-10T09:00:00"])
async def test_later_or_unknown_occurrence_is_refused_with_the_current_one(
    client: httpx.AsyncClient, action: str, occurrence: str
) -> None:
    todo = await make(client, recurrence=DAILY)

    status, problem = await attempt(client, todo, action, occurrence=occurrence)

    assert (status, problem["code"], problem["current_occurrence"]) == (409, "occurrence_mismatch", "2027-03-10")
    assert await read(client, todo) == todo


async def test_occurrence_of_a_todo_that_happens_once_is_refused(client: httpx.AsyncClient) -> None:
    todo = await make(client, due="2027-03-10")

    status, problem = await attempt(client, todo, "complete", occurrence="2027-03-10")

    assert (status, problem["code"], problem["current_occurrence"]) == (409, "occurrence_mismatch", None)


async def test_last_occurrence_completes_the_todo(client: httpx.AsyncClient, account: Account) -> None:
    todo = await make(client, recurrence=ONCE)

    done = await act(client, todo, "complete")

    completed = {"status": "completed", "completed": True, "completed_at": "2027-03-10T09:00:00.000000Z"}
    assert done == todo | completed | {"completed_by": account.user_id, "version": 2, "replayed": False}
    assert [record["next_due"] for record in await records(client, todo)] == [None]


async def test_todo_that_is_completed_stays_so(client: httpx.AsyncClient) -> None:
    todo = await make(client, recurrence=ONCE)
    done = await act(client, todo, "complete")

    again = await act(client, todo, "complete")

    assert again == done | {"replayed": True}


async def test_paused_todo_is_completed_until_it_is_reopened(client: httpx.AsyncClient) -> None:
    todo = await make(client, recurrence=DAILY | {"paused": True})

    done = await act(client, todo, "complete")
    await act(client, todo, "reopen")
    await patch(client, todo, recurrence={"paused": False})
    resumed = await act(client, todo, "complete")

    assert (done["status"], done["occurrence"]) == ("completed", "2027-03-10")
    assert (resumed["status"], resumed["occurrence"]) == ("open", "2027-03-11")


@pytest.mark.parametrize("fields", [{"completed": True}, {"status": "completed"}])
@pytest.mark.parametrize("method", ["PATCH", "PUT"])
async def test_change_of_status_is_the_same_operation(client: httpx.AsyncClient, method: str, fields: dict[str, Any]) -> None:
    todo = await make(client, recurrence=DAILY)

    response = await client.request(method, f"/v1/todos/{todo['id']}", json=fields)

    assert (response.status_code, response.json()["status"], response.json()["occurrence"]) == (200, "open", "2027-03-11")
    assert [record["kind"] for record in await records(client, todo)] == ["completed"]


async def test_step_ends_what_was_in_progress(client: httpx.AsyncClient) -> None:
    todo = await make(client, recurrence=DAILY, status="in_progress")

    done = await act(client, todo, "complete")

    assert done["status"] == "open"


async def test_completing_in_the_past_counts_from_then(client: httpx.AsyncClient) -> None:
    todo = await make(client, due="2027-03-08", recurrence={"text": "every! 3 days"})

    done = await act(client, todo, "complete", completed_at="2027-03-09T20:00:00Z")

    assert done["due"] == all_day("2027-03-12")
    assert [record["at"] for record in await records(client, todo)] == ["2027-03-09T20:00:00.000000Z"]


async def test_completing_where_the_calendar_begins_counts_from_there(client: httpx.AsyncClient) -> None:
    await client.patch("/v1/me", json={"timezone": "America/New_York"})  # where it is still 1899
    todo = await make(client, due="2027-03-08", recurrence={"text": "every! day"})

    done = await act(client, todo, "complete", completed_at="1900-01-01T00:00:00Z")

    assert done["due"] == all_day("2027-03-09")


async def test_completer_completes_and_skips_but_does_not_reschedule(service: Service, account: Account) -> None:
    todo = await make(service.client(account), recurrence=DAILY)
    helper = await service.account("bob@example.com")
    await service.add_member(helper, account.workspace_id, Role.COMPLETER)
    client = service.client(helper)

    answers = [await attempt(client, todo, *rest) for rest in (("complete",), ("skip",), ("end-series",))]
    status, _ = await attempt(client, todo, "reschedule", due="2027-03-14")

    assert [answer[0] for answer in answers] == [200, 200, 403]
    assert status == 403


# --- late


async def test_completing_late_steps_once_into_the_future(client: httpx.AsyncClient, clock: TestClock) -> None:
    todo = await make(client, recurrence=DAILY)
    clock.advance(days=5)

    done = await act(client, todo, "complete")

    assert done["due"] == all_day("2027-03-16")
    assert [(record["occurrence"], record["next_due"]["date"]) for record in await records(client, todo)] == [
        ("2027-03-10", "2027-03-16")
    ]


async def test_completing_late_one_by_one_when_each_counts(client: httpx.AsyncClient, clock: TestClock) -> None:
    todo = await make(client, recurrence=DAILY | {"catch_up": "each"})
    clock.advance(days=5)

    done = [await act(client, todo, "complete") for _ in range(2)]

    assert [one["due"]["date"] for one in done] == ["2027-03-11", "2027-03-12"]
    assert [record["occurrence"] for record in await records(client, todo)] == ["2027-03-11", "2027-03-10"]


@pytest.mark.parametrize(
    ("due", "following"),
    [
        ("2027-03-10T20:00", "2027-03-13T20:00"),  # floating: in Tokyo it is the 13th, 09:00
        (
            {"date": "2027-03-10", "time": "20:00", "timezone": "America/New_York"},
            "2027-03-12T20:00",
        ),  # there it is the 12th, 19:00
    ],
)
async def test_what_is_past_is_told_by_the_clock_of_the_series(
    client: httpx.AsyncClient, clock: TestClock, due: Any, following: str
) -> None:
    await client.patch("/v1/me", json={"timezone": "Asia/Tokyo"})
    todo = await make(client, due=due, recurrence=DAILY)
    clock.now = datetime(2027, 3, 13, 0, 0, tzinfo=UTC)

    done = await act(client, todo, "complete")

    assert f"{done['due']['date']}T{done['due']['time']}" == following


async def test_all_day_and_floating_follow_the_user_to_another_time_zone(client: httpx.AsyncClient) -> None:
    zoned = {"date": "2027-03-10", "time": "09:00", "timezone": "Europe/Berlin"}
    todos = [await make(client, due=due, recurrence=DAILY) for due in ("2027-03-10", "2027-03-10T09:00", zoned)]

    await client.patch("/v1/me", json={"timezone": "America/New_York"})
    done = [await act(client, todo, "complete") for todo in todos]

    assert [one["due_at"] for one in done] == [
        "2027-03-12T05:00:00.000000Z",
        "2027-03-11T14:00:00.000000Z",
        "2027-03-11T08:00:00.000000Z",
    ]


# --- skipping


async def test_skip_moves_on_and_records_it(client: httpx.AsyncClient) -> None:
    todo = await make(client, recurrence=DAILY)

    skipped = await act(client, todo, "skip", occurrence="2027-03-10")

    assert (skipped["occurrence"], skipped["replayed"]) == ("2027-03-11", False)
    assert [(record["kind"], record["occurrence"]) for record in await records(client, todo)] == [("skipped", "2027-03-10")]


async def test_skipping_the_last_occurrence_cancels_the_todo(client: httpx.AsyncClient) -> None:
    todo = await make(client, recurrence=ONCE)

    skipped = await act(client, todo, "skip")

    assert skipped == todo | {"status": "cancelled", "version": 2, "replayed": False}


async def test_skip_leaves_subtasks_alone(client: httpx.AsyncClient) -> None:
    todo = await make(client, recurrence=ONCE)
    child = await make(client, parent_id=todo["id"])

    await act(client, todo, "skip")

    assert await read(client, child) == child


@pytest.mark.parametrize("fields", [{}, {"recurrence": DAILY, "status": "cancelled"}])
@pytest.mark.parametrize(("action", "body"), [("skip", {}), ("reschedule", {"due": "2027-03-14"})])
async def test_only_open_recurring_todos_are_skipped_and_rescheduled(
    client: httpx.AsyncClient, action: str, body: dict[str, Any], fields: dict[str, Any]
) -> None:
    todo = await make(client, **fields)

    status, problem = await attempt(client, todo, action, **body)

    assert (status, problem["code"]) == (409, "not_recurring")


# --- rescheduling and ending


async def test_rescheduled_occurrence_keeps_its_key_and_the_rule(client: httpx.AsyncClient) -> None:
    todo = await make(client, recurrence={"text": "every friday"})

    moved = await act(client, todo, "reschedule", due="2027-03-14")

    due = {"due": all_day("2027-03-14"), "due_at": "2027-03-15T00:00:00.000000Z"}
    assert moved == todo | due | {"version": 2}


async def test_series_does_not_drift_after_a_moved_occurrence(client: httpx.AsyncClient) -> None:
    todo = await make(client, recurrence={"text": "every friday"})
    await act(client, todo, "reschedule", due={"date": "2027-03-14", "time": "09:00"})

    done = await act(client, todo, "complete", occurrence="2027-03-12")

    assert done["due"] == all_day("2027-03-19")
    assert (await records(client, todo))[0]["due_was"] == {"date": "2027-03-14", "time": "09:00", "timezone": None}


async def test_rescheduling_needs_a_date(client: httpx.AsyncClient) -> None:
    todo = await make(client, recurrence=DAILY)

    status, problem = await attempt(client, todo, "reschedule")

    assert (status, [flaw["pointer"] for flaw in problem["errors"]]) == (422, ["#/due"])


async def test_series_that_is_ended_happens_once_more(client: httpx.AsyncClient) -> None:
    todo = await make(client, recurrence=DAILY)

    ended = await act(client, todo, "end-series")
    done = await act(client, todo, "complete")

    assert ended == todo | {"recurrence": None, "occurrence": None, "version": 2}
    assert (done["status"], done["due"]) == ("completed", todo["due"])


async def test_ending_a_series_again_changes_nothing(client: httpx.AsyncClient) -> None:
    todo = await make(client, recurrence=DAILY)

    ended = [await act(client, todo, "end-series") for _ in range(2)]

    assert ended[0] == ended[1]


# --- previews


async def preview(client: httpx.AsyncClient, todo: dict[str, Any], **parameters: Any) -> list[dict[str, Any]]:
    response = await client.get(f"/v1/todos/{todo['id']}/occurrences", params=parameters)
    assert response.status_code == 200, response.text
    items: list[dict[str, Any]] = response.json()["items"]
    return items


async def test_preview_tells_when_each_is_due(client: httpx.AsyncClient) -> None:
    todo = await make(client, due={"date": "2027-03-27", "time": "09:00", "timezone": "Europe/Berlin"}, recurrence=DAILY)

    found = await preview(client, todo, limit=2)

    assert found == [
        {
            "occurrence": f"2027-03-{day}T09:00:00",
            "due": {"date": f"2027-03-{day}", "time": "09:00", "timezone": "Europe/Berlin"},
            "due_at": f"2027-03-{day}T0{hour}:00:00.000000Z",
        }
        for day, hour in ((27, 8), (28, 7))
    ]


@pytest.mark.parametrize(
    ("parameters", "days"),
    [
        ({}, "11 12 13 14 15 16 17 18 19 20"),
        ({"limit": 2}, "11 12"),
        ({"from": "2027-03-09", "limit": 2}, "10 11"),
        ({"to": "2027-03-12"}, "11 12"),
        ({"from": "2027-03-15", "to": "2027-03-16"}, "15 16"),
        ({"from": "2027-03-16", "to": "2027-03-15"}, ""),
    ],
)
async def test_preview_covers_the_days_asked_for(client: httpx.AsyncClient, parameters: dict[str, Any], days: str) -> None:
    todo = await make(client, recurrence=DAILY)
    await act(client, todo, "complete")

    found = await preview(client, todo, **parameters)

    assert " ".join(item["occurrence"].removeprefix("2027-03-") for item in found) == days


async def test_preview_from_completion_assumes_that_each_is_done_in_time(client: httpx.AsyncClient) -> None:
    todo = await make(client, due="2027-03-08", recurrence={"text": "every! 3 days for 3 times"})
    await act(client, todo, "complete")

    found = await preview(client, todo)

    assert [item["occurrence"] for item in found] == ["2027-03-13", "2027-03-16"]


async def test_preview_without_a_rule_is_empty(client: httpx.AsyncClient) -> None:
    assert await preview(client, await make(client, due="2027-03-10")) == []


@pytest.mark.parametrize(
    ("name", "value"), [("from", "tomorrow"), ("to", "2027-03-10T09:00:00Z"), ("limit", "101"), ("limit", "0")]
)
async def test_preview_refuses_what_it_does_not_understand(client: httpx.AsyncClient, name: str, value: str) -> None:
    todo = await make(client, recurrence=DAILY)

    response = await client.get(f"/v1/todos/{todo['id']}/occurrences", params={name: value})

    assert (response.status_code, [flaw["parameter"] for flaw in response.json()["errors"]]) == (422, [name])
