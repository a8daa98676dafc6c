from typing import Any

import httpx
import pytest

from tests.support.clock import TestClock
from tests.support.todos import act, make, patch, read, records

DAILY = {"text": "every day"}
RESET = DAILY | {"reset_subtasks": True}
ONCE = {"text": "every day for 1 time"}
NOW = "2027-03-10T09:00:00.000000Z"
LATER = "2027-03-10T10:00:00.000000Z"


async def attempt(client: httpx.AsyncClient, todo: dict[str, Any], action: str, **fields: Any) -> tuple[int, dict[str, Any]]:
    """Status and body of an action that may be refused."""
    response = await client.post(f"/v1/todos/{todo['id']}/{action}", json=fields)
    return response.status_code, response.json()


def unversioned(todo: dict[str, Any]) -> dict[str, Any]:
    """The todo without what every change counts."""
    return {name: value for name, value in todo.items() if name not in {"version", "updated_at", "replayed"}}


async def full(client: httpx.AsyncClient, **fields: Any) -> dict[str, Any]:
    """A recurring todo with everything that a step moves along."""
    due = {"date": "2027-03-27", "time": "09:00", "timezone": "Europe/Berlin"}
    reminders = [{"minutes_before": 30}, {"at": "2027-03-26T17:00:00Z"}]
    dates = {"due": due, "start": "2027-03-26T08:00", "deadline": "2027-03-29", "reminders": reminders}
    return await make(client, **dates, recurrence=DAILY, **fields)


# --- what a step moves along


async def test_start_deadline_and_absolute_reminders_shift_by_local_days(client: httpx.AsyncClient) -> None:
    todo = await full(client)

    done = await act(client, todo, "complete")

    assert {name: done[name] for name in ("start", "deadline", "reminders")} == {
        "start": {"date": "2027-03-27", "time": "08:00", "timezone": None},
        "deadline": "2027-03-30",
        "reminders": [
            {"minutes_before": 30, "at": None},
            {"minutes_before": None, "at": "2027-03-27T17:00:00.000000Z"},
        ],
    }


async def test_absolute_reminder_keeps_its_time_of_day_through_a_change_of_clocks(client: httpx.AsyncClient) -> None:
    due = {"date": "2027-03-27", "time": "20:00", "timezone": "Europe/Berlin"}
    todo = await make(client, due=due, recurrence=DAILY, reminders=[{"at": "2027-03-27T18:00:00Z"}])

    done = await act(client, todo, "complete")

    assert done["reminders"][0]["at"] == "2027-03-28T17:00:00.000000Z"


async def test_shift_is_that_of_the_occurrence_and_not_of_where_it_was_moved(client: httpx.AsyncClient) -> None:
    todo = await make(client, recurrence={"text": "every friday"}, deadline="2027-03-13")
    await act(client, todo, "reschedule", due="2027-03-14")

    done = await act(client, todo, "complete")

    assert (done["due"]["date"], done["deadline"]) == ("2027-03-19", "2027-03-20")


async def test_dates_at_the_end_of_the_calendar_stay(client: httpx.AsyncClient) -> None:
    dates = {"deadline": "9000-12-31", "start": "9000-12-31T23:00", "reminders": [{"at": "9000-12-31T23:00:00Z"}]}
    todo = await make(client, recurrence=DAILY, **dates)

    done = await act(client, todo, "complete")

    assert {name: done[name] for name in dates} == {name: todo[name] for name in dates}


# --- reopening


@pytest.mark.parametrize("action", ["complete", "skip"])
async def test_reopening_takes_the_step_back(client: httpx.AsyncClient, action: str) -> None:
    todo = await full(client, status="in_progress")
    await act(client, todo, action)

    reopened = await act(client, todo, "reopen")

    assert reopened == todo | {"version": 3, "replayed": False}


async def test_reopening_marks_the_record_and_keeps_it(client: httpx.AsyncClient, clock: TestClock) -> None:
    todo = await make(client, recurrence=DAILY)
    await act(client, todo, "complete")
    [record] = await records(client, todo)
    clock.advance(hours=1)

    await act(client, todo, "reopen")

    assert await records(client, todo) == [record | {"undone_at": LATER}]


async def test_reopening_goes_back_record_by_record(client: httpx.AsyncClient) -> None:
    todo = await make(client, recurrence=DAILY)
    for action in ("complete", "skip", "complete"):
        await act(client, todo, action)

    back = [await act(client, todo, "reopen") for _ in range(4)]

    assert [one["occurrence"] for one in back] == ["2027-03-12", "2027-03-11", "2027-03-10", "2027-03-10"]
    assert [one["replayed"] for one in back] == [False, False, False, True]


async def test_occurrence_that_was_reopened_can_be_completed_again(client: httpx.AsyncClient) -> None:
    todo = await make(client, recurrence=DAILY)
    await act(client, todo, "complete", occurrence="2027-03-10")
    await act(client, todo, "reopen")

    done = await act(client, todo, "complete", occurrence="2027-03-10")

    assert (done["occurrence"], done["replayed"]) == ("2027-03-11", False)
    assert [record["undone_at"] for record in await records(client, todo)] == [None, NOW]


@pytest.mark.parametrize("due", ["2027-03-20", None])
async def test_due_date_that_was_edited_since_is_not_overwritten(client: httpx.AsyncClient, due: str | None) -> None:
    todo = await make(client, recurrence=DAILY)
    await act(client, todo, "complete")
    edited = await patch(client, todo, due=due)

    status, problem = await attempt(client, todo, "reopen")

    assert (status, problem["code"]) == (409, "due_changed")
    assert problem["current_due"] == edited["due"]
    assert problem["recorded_due"] == {"date": "2027-03-11", "time": None, "timezone": None}
    assert await read(client, todo) == edited


async def test_other_dates_that_were_edited_since_stay(client: httpx.AsyncClient) -> None:
    todo = await full(client)
    await act(client, todo, "complete")
    edited = {"start": "2027-03-01", "deadline": None, "reminders": [{"minutes_before": 5}]}
    changed = await patch(client, todo, **edited)

    reopened = await act(client, todo, "reopen")

    assert (reopened["due"], reopened["occurrence"]) == (todo["due"], todo["occurrence"])
    assert {name: reopened[name] for name in edited} == {name: changed[name] for name in edited}


async def test_last_occurrence_reopens(client: httpx.AsyncClient) -> None:
    todo = await make(client, recurrence=ONCE)
    await act(client, todo, "complete")

    reopened = await act(client, todo, "reopen")

    assert reopened == todo | {"version": 3, "replayed": False}


async def test_last_occurrence_that_was_skipped_reopens(client: httpx.AsyncClient) -> None:
    todo = await make(client, recurrence=ONCE)
    await act(client, todo, "skip")

    reopened = await act(client, todo, "reopen")

    assert reopened == todo | {"version": 3, "replayed": False}
    assert [record["undone_at"] for record in await records(client, todo)] == [NOW]


@pytest.mark.parametrize("how", [{"status": "open"}, {"completed": False}])
async def test_change_of_status_reopens_too(client: httpx.AsyncClient, how: dict[str, Any]) -> None:
    todo = await make(client, recurrence=ONCE)
    await act(client, todo, "complete")

    reopened = await patch(client, todo, **how)

    assert reopened == todo | {"version": 3}
    assert [record["undone_at"] for record in await records(client, todo)] == [NOW]


async def test_change_to_in_progress_reopens_too(client: httpx.AsyncClient) -> None:
    todo = await make(client, due="2027-03-10")
    await act(client, todo, "complete")

    reopened = await patch(client, todo, status="in_progress")

    assert reopened == todo | {"status": "in_progress", "version": 3}
    assert [record["undone_at"] for record in await records(client, todo)] == [NOW]


async def test_open_todo_whose_series_ended_has_nothing_to_reopen(client: httpx.AsyncClient) -> None:
    todo = await make(client, recurrence=DAILY)
    await act(client, todo, "complete")
    ended = await act(client, todo, "end-series")

    assert await act(client, todo, "reopen") == ended | {"replayed": True}


# --- cancelling


async def test_reopening_a_cancelled_todo_keeps_its_place_in_the_series(client: httpx.AsyncClient) -> None:
    todo = await make(client, recurrence=DAILY)
    stepped = await act(client, todo, "complete")
    await patch(client, todo, status="cancelled")

    reopened = await act(client, todo, "reopen")

    assert unversioned(reopened) == unversioned(stepped)
    assert [record["undone_at"] for record in await records(client, todo)] == [None]


@pytest.mark.parametrize("sent", [{}, {"occurrence": "2027-03-10"}])
async def test_cancelled_todo_can_be_completed(client: httpx.AsyncClient, sent: dict[str, Any]) -> None:
    todo = await make(client, recurrence=DAILY)
    await patch(client, todo, status="cancelled")

    done = await act(client, todo, "complete", **sent)

    assert (done["status"], done["occurrence"], done["replayed"]) == ("completed", "2027-03-10", False)


async def test_todo_whose_last_occurrence_was_skipped_can_be_completed(client: httpx.AsyncClient) -> None:
    todo = await make(client, recurrence=ONCE)
    await act(client, todo, "skip")

    done = await act(client, todo, "complete")

    assert done["status"] == "completed"
    assert [(one["kind"], one["undone_at"]) for one in await records(client, todo)] == [("completed", None), ("skipped", NOW)]


async def test_todo_that_was_completed_and_cancelled_can_be_completed_again(client: httpx.AsyncClient) -> None:
    todo = await make(client)
    await act(client, todo, "complete")
    await patch(client, todo, status="cancelled")

    done = await act(client, todo, "complete")

    assert (done["status"], done["replayed"]) == ("completed", False)
    assert [record["undone_at"] for record in await records(client, todo)] == [None, NOW]


# --- subtasks


async def test_subtasks_are_reset_with_each_step(client: httpx.AsyncClient) -> None:
    todo = await make(client, recurrence=RESET)
    done, still_open = [await make(client, parent_id=todo["id"], title=title) for title in ("done", "open")]
    await act(client, done, "complete")

    stepped = await act(client, todo, "complete")

    assert stepped["subtask_counts"] == {"open": 2, "completed": 0}
    assert unversioned(await read(client, done)) == unversioned(done)
    assert await read(client, still_open) == still_open


async def test_subtask_that_was_reset_is_completed_and_reset_again(client: httpx.AsyncClient) -> None:
    todo = await make(client, recurrence=RESET)
    child = await make(client, parent_id=todo["id"])

    for _ in range(3):
        assert (await act(client, child, "complete"))["replayed"] is False
        await act(client, todo, "complete")

    assert [record["undone_at"] for record in await records(client, child)] == [NOW, NOW, NOW]


async def test_reopening_completes_the_subtasks_that_were_reset(client: httpx.AsyncClient) -> None:
    todo = await make(client, recurrence=RESET)
    child = await make(client, parent_id=todo["id"])
    done = await act(client, child, "complete")
    await act(client, todo, "complete")

    reopened = await act(client, todo, "reopen")

    assert reopened["subtask_counts"] == {"open": 0, "completed": 1}
    assert unversioned(await read(client, child)) == unversioned(done)
    assert [record["undone_at"] for record in await records(client, child)] == [None]


async def test_reset_refuses_open_subtasks_when_asked_to(client: httpx.AsyncClient) -> None:
    todo = await make(client, recurrence=RESET)
    await make(client, parent_id=todo["id"])

    status, problem = await attempt(client, todo, "complete", subtasks="refuse")

    assert (status, problem["code"]) == (409, "open_subtasks")
    assert (await read(client, todo))["occurrence"] == "2027-03-10"


async def test_step_without_reset_completes_open_subtasks_and_records_them(client: httpx.AsyncClient) -> None:
    todo = await make(client, recurrence=DAILY)
    child = await make(client, parent_id=todo["id"], due="2027-03-09")

    stepped = await act(client, todo, "complete")

    assert stepped["subtask_counts"] == {"open": 0, "completed": 1}
    assert [(one["kind"], one["due_was"]["date"]) for one in await records(client, child)] == [("completed", "2027-03-09")]


async def test_reopening_reopens_what_the_step_completed_and_nothing_else(client: httpx.AsyncClient) -> None:
    todo = await make(client, recurrence=DAILY)
    children = [await make(client, parent_id=todo["id"], title=title) for title in ("before", "with", "after")]
    await act(client, children[0], "complete")
    await act(client, todo, "complete")
    await act(client, children[2], "reopen")
    await act(client, children[2], "complete")

    reopened = await act(client, todo, "reopen")

    assert [(await read(client, child))["status"] for child in children] == ["completed", "open", "completed"]
    assert reopened["subtask_counts"] == {"open": 1, "completed": 2}


async def test_recurring_subtask_keeps_its_own_records_when_its_parent_reopens(client: httpx.AsyncClient) -> None:
    todo = await make(client)
    child = await make(client, parent_id=todo["id"], recurrence=DAILY)
    await act(client, child, "complete")
    await act(client, todo, "complete")

    await act(client, todo, "reopen")

    assert [record["undone_at"] for record in await records(client, child)] == [NOW, None]
    assert (await act(client, child, "complete"))["occurrence"] == "2027-03-12"


async def test_records_of_subtasks_are_left_when_subtasks_are(client: httpx.AsyncClient) -> None:
    todo = await make(client, recurrence=DAILY)
    child = await make(client, parent_id=todo["id"])

    await act(client, todo, "complete", subtasks="leave")

    assert await read(client, child) == child
    assert await records(client, child) == []
