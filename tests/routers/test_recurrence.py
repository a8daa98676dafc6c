from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from tests.support.clock import TestClock
from tests.support.todos import act, make, patch

CLAMP_31 = "FREQ=MONTHLY;BYMONTHDAY=28,29,30,31;BYSETPOS=-1"
CLAMP_30 = "FREQ=MONTHLY;BYMONTHDAY=28,29,30;BYSETPOS=-1"
LEAP_DAY = "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=28,29;BYSETPOS=-1"
LAST_WORKDAY = "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1"


def recurrence(**changes: Any) -> dict[str, Any]:
    """A daily recurrence from the day of the test's clock, as it is read."""
    start = {"date": "2027-03-10", "time": None, "timezone": None}
    read = {"rrule": "FREQ=DAILY", "text": "every day", "anchor": "schedule", "catch_up": "next_future", "start": start}
    return read | {"exdates": [], "paused": False, "reset_subtasks": False} | changes


async def steps(client: httpx.AsyncClient, todo: dict[str, Any], number: int) -> list[dict[str, Any]]:
    """The todo after each of so many completions."""
    return [await act(client, todo, "complete") for _ in range(number)]


# --- creating


@pytest.mark.parametrize("sent", [{"rrule": "freq=daily"}, {"text": "every day"}, {"rrule": "FREQ=DAILY", "text": "every day"}])
async def test_rule_and_text_are_both_answered(client: httpx.AsyncClient, sent: dict[str, Any]) -> None:
    todo = await make(client, due="2027-03-10", recurrence=sent)

    assert todo["recurrence"] == recurrence()
    assert todo["occurrence"] == "2027-03-10"


async def test_what_is_read_can_be_sent(client: httpx.AsyncClient) -> None:
    todo = await make(client, due="2027-03-31T09:00", recurrence={"text": "every! month", "exdates": ["2027-05-31T09:00"]})
    fields = {name: todo[name] for name in ("title", "due", "recurrence")}

    copy = await client.post("/v1/todos", json=fields)

    assert (copy.status_code, copy.json()["recurrence"]) == (201, todo["recurrence"])


@pytest.mark.parametrize(
    ("sent", "due", "occurrence"),
    [
        ({"text": "every day"}, {"date": "2027-03-10", "time": None, "timezone": None}, "2027-03-10"),
        ({"text": "every friday"}, {"date": "2027-03-12", "time": None, "timezone": None}, "2027-03-12"),
        ({"rrule": "FREQ=MONTHLY;BYMONTHDAY=1"}, {"date": "2027-04-01", "time": None, "timezone": None}, "2027-04-01"),
        ({"text": "every friday at 17:30"}, {"date": "2027-03-12", "time": "17:30", "timezone": None}, "2027-03-12T17:30:00"),
        ({"text": "every day", "exdates": ["2027-03-10"]}, {"date": "2027-03-11", "time": None, "timezone": None}, "2027-03-11"),
        (
            {"rrule": "FREQ=DAILY", "start": {"date": "2027-05-01", "time": "09:00", "timezone": "Europe/Berlin"}},
            {"date": "2027-05-01", "time": "09:00", "timezone": "Europe/Berlin"},
            "2027-05-01T09:00:00",
        ),
    ],
)
async def test_recurrence_without_a_due_date_gets_the_first_occurrence_from_today(
    client: httpx.AsyncClient, sent: dict[str, Any], due: dict[str, Any], occurrence: str
) -> None:
    todo = await make(client, recurrence=sent)

    assert (todo["due"], todo["occurrence"]) == (due, occurrence)


async def test_today_is_that_of_the_user(client: httpx.AsyncClient, clock: TestClock) -> None:
    await client.patch("/v1/me", json={"timezone": "Pacific/Kiritimati"})  # 14 hours ahead
    clock.advance(hours=1)

    todo = await make(client, recurrence={"text": "every day at 9"})

    assert todo["due"] == {"date": "2027-03-11", "time": "09:00", "timezone": None}


async def test_due_date_that_the_rule_does_not_name_stays(client: httpx.AsyncClient) -> None:
    todo = await make(client, due="2027-03-11", recurrence={"text": "every friday"})

    following = await act(client, todo, "complete")

    assert (todo["due"]["date"], following["due"]["date"]) == ("2027-03-11", "2027-03-12")


# --- changing


async def test_patch_merges_into_the_recurrence(client: httpx.AsyncClient) -> None:
    todo = await make(client, recurrence={"text": "every day", "catch_up": "each"})

    changed = await patch(client, todo, recurrence={"paused": True, "reset_subtasks": True})

    assert changed["recurrence"] == recurrence(catch_up="each", paused=True, reset_subtasks=True)
    assert changed["version"] == 2


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ({"paused": True}, {"paused": True}),
        ({"exdates": ["2027-03-12", "2027-03-11"]}, {"exdates": ["2027-03-11", "2027-03-12"]}),
        ({"anchor": "completion"}, {"anchor": "completion", "text": "every! day"}),
        ({"catch_up": "each"}, {"catch_up": "each"}),
        ({"reset_subtasks": True}, {"reset_subtasks": True}),
        ({"start": "2027-01-01"}, {"start": {"date": "2027-01-01", "time": None, "timezone": None}}),
    ],
)
async def test_patch_of_one_member_changes_that_one(
    client: httpx.AsyncClient, sent: dict[str, Any], read: dict[str, Any]
) -> None:
    todo = await make(client, recurrence={"text": "every day"})

    changed = await patch(client, todo, recurrence=sent)

    assert changed == todo | {"recurrence": recurrence(**read), "version": 2}


@pytest.mark.parametrize("sent", [{}, {"rrule": "FREQ=DAILY;COUNT=3"}, {"text": "every day, 3 times"}, {"paused": False}])
async def test_same_recurrence_again_changes_nothing(client: httpx.AsyncClient, sent: dict[str, Any]) -> None:
    todo = await make(client, recurrence={"text": "every day, 3 times"})
    [stepped] = await steps(client, todo, 1)

    again = await patch(client, todo, recurrence=sent)

    assert stepped == again | {"replayed": False}


async def test_new_rule_in_mid_series_changes_the_future_only(client: httpx.AsyncClient) -> None:
    todo = await make(client, recurrence={"text": "every day"})
    await steps(client, todo, 2)

    changed = await patch(client, todo, recurrence={"text": "every friday at 9"})
    [following] = await steps(client, todo, 1)

    assert (changed["due"]["date"], changed["occurrence"]) == ("2027-03-12", "2027-03-12")
    assert following["due"] == {"date": "2027-03-19", "time": "09:00", "timezone": None}


async def test_new_count_in_mid_series_counts_from_there(client: httpx.AsyncClient) -> None:
    todo = await make(client, recurrence={"text": "every! day"})
    await steps(client, todo, 3)

    await patch(client, todo, recurrence={"text": "every! day for 2 times"})
    ends = await steps(client, todo, 2)

    assert [end["status"] for end in ends] == ["open", "completed"]


async def test_null_ends_the_recurrence_and_keeps_the_due_date(client: httpx.AsyncClient) -> None:
    todo = await make(client, recurrence={"text": "every day"})

    changed = await patch(client, todo, recurrence=None)

    assert changed == todo | {"recurrence": None, "occurrence": None, "version": 2}


async def test_changing_the_due_date_leaves_the_series_alone(client: httpx.AsyncClient) -> None:
    todo = await make(client, recurrence={"text": "every friday"})

    changed = await patch(client, todo, title="Feed the cat", due="2027-03-14")
    [following] = await steps(client, todo, 1)

    assert (changed["recurrence"], changed["occurrence"]) == (todo["recurrence"], "2027-03-12")
    assert following["due"]["date"] == "2027-03-19"


async def test_changing_the_recurrence_leaves_the_due_date_alone(client: httpx.AsyncClient) -> None:
    todo = await make(client, due="2027-03-14T09:00", recurrence={"text": "every friday"})

    changed = await patch(client, todo, recurrence={"text": "every monday at 8"})

    assert (changed["due"], changed["occurrence"]) == (todo["due"], todo["occurrence"])


async def test_clearing_the_due_date_keeps_the_place_in_the_series(client: httpx.AsyncClient) -> None:
    todo = await make(client, recurrence={"text": "every friday"})

    await patch(client, todo, due=None)
    [following] = await steps(client, todo, 1)

    assert following["due"]["date"] == "2027-03-19"


async def test_series_may_begin_again_at_an_occurrence_that_was_recorded(client: httpx.AsyncClient) -> None:
    todo = await make(client, recurrence={"text": "every day"})
    await steps(client, todo, 1)
    await patch(client, todo, recurrence=None, due="2027-03-10")
    await patch(client, todo, recurrence={"text": "every week"})

    [following] = await steps(client, todo, 1)

    assert (following["occurrence"], following["replayed"]) == ("2027-03-17", False)


# --- what is refused


def reading(position: int, expected: str) -> dict[str, Any]:
    flaw = {"pointer": "#/recurrence/text", "code": "recurrence_text", "message": f"at character {position}: expected {expected}"}
    return {"code": "recurrence_invalid", "offset": position, "errors": [flaw]}


@pytest.mark.parametrize(
    ("text", "position", "expected"),
    [
        ("monday", 0, "every, daily, weekly, fortnightly, monthly, quarterly, yearly or hourly"),
        ("every blue moon", 6, "a day, a weekday, a date, or a number and a unit of time"),
        ("every day blah", 10, "a time, starting, until, for, or the end"),
    ],
)
async def test_text_that_is_no_recurrence_says_where(client: httpx.AsyncClient, text: str, position: int, expected: str) -> None:
    response = await client.post("/v1/todos", json={"title": "x", "recurrence": {"text": text}})

    wanted = reading(position, expected)
    assert response.status_code == 422
    assert {name: response.json()[name] for name in wanted} == wanted


@pytest.mark.parametrize(
    ("sent", "pointer", "code"),
    [
        ({"rrule": "FREQ=MINUTELY"}, "#/recurrence/rrule", "rrule_unsupported"),
        ({"rrule": "every day"}, "#/recurrence/rrule", "rrule_syntax"),
        ({"rrule": "FREQ=DAILY;INTERVAL=0"}, "#/recurrence/rrule", "rrule_value"),
        ({"rrule": "FREQ=DAILY;COUNT=2;UNTIL=20280101"}, "#/recurrence/rrule", "rrule_combination"),
        ({"rrule": "FREQ=DAILY;UNTIL=20270101"}, "#/recurrence/rrule", "rrule_never_occurs"),
        ({"rrule": "FREQ=HOURLY"}, "#/recurrence/rrule", "rrule_needs_time"),
        ({"text": "every hour"}, "#/recurrence/text", "rrule_needs_time"),
        ({"rrule": "FREQ=DAILY;COUNT=1", "exdates": ["2027-03-10"]}, "#/recurrence/exdates", "exdates_hide_all"),
        ({"rrule": "FREQ=DAILY", "text": "every week"}, "#/recurrence/text", "contradiction"),
        ({"paused": True}, "#/recurrence", "missing"),
        ({"rrule": "x" * 501}, "#/recurrence/rrule", "too_long"),
        ({"text": "every day", "anchor": "due"}, "#/recurrence/anchor", "literal_error"),
        ({"text": "every day", "exdates": ["2027-03-10T09:00:00Z"]}, "#/recurrence/exdates/0", "value_error"),
        ({"text": "every day", "paused": "yes"}, "#/recurrence/paused", "value_error"),
        ({"text": "every day", "every": 2}, "#/recurrence/every", "extra_forbidden"),
    ],
)
async def test_bad_recurrence_is_refused_where_it_is_wrong(
    client: httpx.AsyncClient, sent: dict[str, Any], pointer: str, code: str
) -> None:
    response = await client.post("/v1/todos", json={"title": "x", "recurrence": sent})

    assert response.status_code == 422, response.text
    assert [(flaw["pointer"], flaw["code"]) for flaw in response.json()["errors"]] == [(pointer, code)]


async def test_start_that_does_not_fit_the_rule_is_refused(client: httpx.AsyncClient) -> None:
    todo = await make(client, recurrence={"text": "every day until 1 april"})

    response = await client.patch(f"/v1/todos/{todo['id']}", json={"recurrence": {"start": "2027-05-01"}})

    assert response.status_code == 422
    assert response.json()["errors"][0]["pointer"] == "#/recurrence/start"


# --- the vectors of the product page, by completing


@pytest.mark.parametrize(
    ("start", "timezone", "instants"),
    [
        ("2027-03-13T02:30", "America/New_York", ["2027-03-13T07:30", "2027-03-14T07:30", "2027-03-15T06:30"]),
        ("2027-11-07T01:30", "America/New_York", ["2027-11-07T05:30", "2027-11-08T06:30"]),
        ("2027-03-27T09:00", "Europe/Berlin", ["2027-03-27T08:00", "2027-03-28T07:00"]),
    ],
    ids=["gap", "twice", "berlin"],
)
async def test_daily_time_stays_on_the_wall(client: httpx.AsyncClient, start: str, timezone: str, instants: list[str]) -> None:
    date, _, time = start.partition("T")
    due = {"date": date, "time": time, "timezone": timezone}
    todo = await make(client, due=due, recurrence={"rrule": "FREQ=DAILY"})

    following = await steps(client, todo, len(instants) - 1)

    assert [one["due_at"] for one in (todo, *following)] == [f"{instant}:00.000000Z" for instant in instants]
    assert {one["due"]["time"] for one in following} == {time}


@pytest.mark.parametrize(
    ("due", "rrule", "following"),
    [
        ("2027-01-31", CLAMP_31, "2027-02-28 2027-03-31 2027-04-30 2027-05-31 2027-06-30"),
        ("2027-01-31", "FREQ=MONTHLY;BYMONTHDAY=31", "2027-03-31 2027-05-31 2027-07-31 2027-08-31 2027-10-31"),
        ("2027-01-30", CLAMP_30, "2027-02-28 2027-03-30 2027-04-30"),
        ("2028-02-29", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", "2032-02-29 2036-02-29"),
        ("2028-02-29", LEAP_DAY, "2029-02-28 2030-02-28 2031-02-28 2032-02-29"),
        ("2027-01-29", "FREQ=MONTHLY;BYDAY=-1FR", "2027-02-26 2027-03-26 2027-04-30 2027-05-28"),
        ("2027-01-29", LAST_WORKDAY, "2027-02-26 2027-03-31 2027-04-30 2027-05-31"),
        ("2027-01-07", "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH;WKST=MO", "2027-01-18 2027-01-21 2027-02-01 2027-02-04"),
        ("2027-01-03", "FREQ=WEEKLY;INTERVAL=2;BYDAY=SU,MO;WKST=MO", "2027-01-11 2027-01-17 2027-01-25 2027-01-31"),
        ("2027-01-03", "FREQ=WEEKLY;INTERVAL=2;BYDAY=SU,MO;WKST=SU", "2027-01-04 2027-01-17 2027-01-18 2027-01-31"),
    ],
)
async def test_dates_are_those_of_the_calendar(
    client: httpx.AsyncClient, clock: TestClock, due: str, rrule: str, following: str
) -> None:
    clock.now = datetime(2027, 1, 1, 9, 0, tzinfo=UTC)
    todo = await make(client, due=due, recurrence={"rrule": rrule})

    found = await steps(client, todo, following.count(" ") + 1)

    assert " ".join(one["due"]["date"] for one in found) == following


@pytest.mark.parametrize(
    ("text", "due", "following"),
    [
        ("every month", "2027-01-31", "2027-02-28 2027-03-31 2027-04-30"),
        ("every month on the last workday", "2027-01-29", "2027-02-26 2027-03-31 2027-04-30"),
        ("every year", "2028-02-29", "2029-02-28 2030-02-28 2031-02-28 2032-02-29"),
    ],
)
async def test_text_means_what_people_mean(
    client: httpx.AsyncClient, clock: TestClock, text: str, due: str, following: str
) -> None:
    clock.now = datetime(2027, 1, 1, 9, 0, tzinfo=UTC)
    todo = await make(client, due=due, recurrence={"text": text})

    found = await steps(client, todo, following.count(" ") + 1)

    assert " ".join(one["due"]["date"] for one in found) == following


@pytest.mark.parametrize(("text", "following"), [("every 3 days", "2027-03-11"), ("every! 3 days", "2027-03-13")])
async def test_every_3_days_due_monday_done_wednesday(client: httpx.AsyncClient, text: str, following: str) -> None:
    todo = await make(client, due="2027-03-08", recurrence={"text": text})

    [found] = await steps(client, todo, 1)

    assert found["due"]["date"] == following
