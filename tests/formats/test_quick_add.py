"""Lines of quick add as messages: whatever is said, a todo comes of it that can be made."""

import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from todo_api.domain.dates import WallTime
from todo_api.domain.quick_add import Parsed, parse
from todo_api.domain.series import compile_series
from todo_api.formats.quick_add import Found, Reading, message
from todo_api.schemas.todos import TodoCreate

WEDNESDAY = dt.datetime.fromisoformat("2027-03-10T10:00")
LIST = "0193a5b0-7c1e-7000-8000-000000000001"

pieces = st.sampled_from(
    [
        *("Call", "mum", "today", "tomorrow", "on friday", "at 9am", "17:00", "every day", "every! 3 days", "every 31st"),
        *("every monday until 1 may", "every week for 2 weeks", "every 29 feb", "every hour", "in 999999 days", "31 dec 9999"),
        *("starting 1 jan 8999", "@a", "@b", "!high", "#Home", "/Soon", "+bob", "{fri}", "~999h9999m", "// notes", "x" * 1200),
        *("\u200b" * 1500, "\U0001f600" * 700, "\t", '"quoted"', "\\every day", *(f"@label{number}" for number in range(9))),
    ]
)
lines = st.lists(pieces, min_size=1, max_size=200).map(" ".join) | st.text(st.characters(exclude_categories=["C"]), min_size=1)
moments = st.datetimes(dt.datetime.fromisoformat("2020-01-01"), dt.datetime.fromisoformat("2090-01-01"))


def made(text: str, reading: Reading | None = None) -> TodoCreate:
    """The message of the one line."""
    reading = reading or Reading(WEDNESDAY)
    (line,) = parse(text, reading.now)
    return message(line, text, reading, Found())[0]


def when(value: Any) -> WallTime | None:
    return None if value is None else value.wall_time


@given(lines, moments, st.sampled_from([None, "America/New_York"]))
def test_every_line_makes_a_todo(text: str, now: dt.datetime, timezone: str | None) -> None:
    for line in parse(text, now):
        data, _ = message(line, text, Reading(now, timezone), Found(list_id=LIST))

        assert TodoCreate.model_validate(data.model_dump(exclude_unset=True)) == data
        assert data.list_id == LIST
        if data.recurrence is not None:
            sent = {"rrule": data.recurrence.rrule, "anchor": data.recurrence.anchor, "start": when(data.recurrence.start)}
            compile_series(sent, kept=None, due=when(data.due), current=None, now_local=now, week_start=0)


def test_everything_said_is_carried_over() -> None:
    text = "Pay rent tomorrow at 9am @bills @home !high {fri} ~30m +bob #Home /Soon //from the joint account"
    (line,) = parse(text, WEDNESDAY)

    data, understood = message(line, text, Reading(WEDNESDAY), Found(LIST, LIST, [LIST]))

    assert understood
    assert data.model_dump(exclude_unset=True, mode="json") == {
        "title": "Pay rent",
        "notes": "from the joint account",
        "list_id": LIST,
        "section_id": LIST,
        "assignee_ids": [LIST],
        "priority": "high",
        "due": {"date": "2027-03-11", "time": "09:00:00", "timezone": None},
        "deadline": "2027-03-12",
        "duration_minutes": 30,
        "labels": ["bills", "home"],
    }


@pytest.mark.parametrize(
    ("text", "due", "start"),
    [
        ("x every day", "2027-03-10", "2027-03-10"),
        ("x every day at 9am", "2027-03-11T09:00", "2027-03-10T09:00"),  # nine has passed
        ("x every day at 10am", "2027-03-11T10:00", "2027-03-10T10:00"),  # this very minute
        ("x every day at 11am", "2027-03-10T11:00", "2027-03-10T11:00"),
        ("x every week at 9am", "2027-03-17T09:00", "2027-03-10T09:00"),  # still on Wednesdays
        ("x every friday", "2027-03-12", "2027-03-10"),
        ("x every 31st", "2027-03-31", "2027-03-10"),
        ("x every day starting 20 march", "2027-03-20", "2027-03-20"),
        ("x every monday due friday", "2027-03-12", "2027-03-12"),
        ("x every 2 hours", "2027-03-10T12:00", "2027-03-10T10:00"),
        ("x tomorrow every 3 days", "2027-03-11", "2027-03-11"),
    ],
)
def test_recurrence_begins(text: str, due: str, start: str) -> None:
    data = made(text)

    assert data.due is not None
    assert data.recurrence is not None
    assert data.recurrence.start is not None
    assert [moment(data.due), moment(data.recurrence.start)] == [due, start]


def moment(value: Any) -> str:
    return f"{value.date}" + (f"T{value.time:%H:%M}" if value.time else "")


def test_times_of_another_zone_stay_there() -> None:
    reading = Reading(WEDNESDAY, "America/New_York")

    timed, whole, recurring = made("x tomorrow at 9am", reading), made("x tomorrow", reading), made("x every day at 9am", reading)

    assert timed.due == made("x tomorrow at 9am").due.model_copy(update={"timezone": "America/New_York"})  # type: ignore[union-attr]  # it has one
    assert whole.due == made("x tomorrow").due
    assert recurring.due is not None
    assert recurring.recurrence is not None
    assert recurring.recurrence.start is not None
    assert {recurring.due.timezone, recurring.recurrence.start.timezone} == {"America/New_York"}


def test_title_too_long_is_kept_in_the_notes() -> None:
    title = "word " * 300

    data = made(f"{title} //and more")

    assert data.title == title[:999] + "\N{HORIZONTAL ELLIPSIS}"
    assert data.notes.startswith(title.strip())


def test_title_that_begins_with_nothing_visible_shows_something() -> None:
    data = made("\u200b" * 2000 + "x")

    assert data.title == "x\N{HORIZONTAL ELLIPSIS}"


def test_longest_title_is_not_cut() -> None:
    assert made("x" * 1000).model_dump(exclude_unset=True)["title"] == "x" * 1000
    assert made("x" * 1000).notes == ""


def test_what_cannot_be_kept_is_the_title() -> None:
    text = "x " + " ".join(f"@l{number}" for number in range(101)) + " tomorrow"
    line = Parsed("x", labels=tuple(f"l{number}" for number in range(101)), due=WallTime(WEDNESDAY.date()))

    data, understood = message(line, text, Reading(WEDNESDAY), Found(LIST))

    assert not understood
    assert data == TodoCreate(title=text, notes="", list_id=LIST)
