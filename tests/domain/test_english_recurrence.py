import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.corpora import entries, rows
from todo_api.domain.english_calendar import Calendar
from todo_api.domain.english_recurrence import Recurrence, RecurrenceTextError, parse_recurrence

WEDNESDAY = Calendar(dt.datetime.fromisoformat("2027-03-10T10:00"))
SUNDAY = 6

VOCABULARY = "every ! day 2 other monday , and 31st first last of the month until for times at 9 on starting tomorrow 29 feb"


def as_data(recurrence: Recurrence) -> dict[str, Any]:
    data = {"rrule": recurrence.rrule}
    if recurrence.anchor != "schedule":
        data["anchor"] = recurrence.anchor
    if recurrence.time is not None:
        data["time"] = f"{recurrence.time:%H:%M}"
    if recurrence.start is not None:
        data["start"] = recurrence.start.isoformat()
    return data


@pytest.mark.parametrize("entry", entries("english_recurrences.json"), ids=lambda entry: entry["text"])
def test_recurrence_is_read(entry: dict[str, Any]) -> None:
    recurrence = parse_recurrence(entry["text"], WEDNESDAY)

    assert {"text": entry["text"], **as_data(recurrence)} == entry


@pytest.mark.parametrize(("text", "position"), rows("not_recurrences.tsv"))
def test_other_text_is_refused_where_it_stops_being_a_recurrence(text: str, position: str) -> None:
    with pytest.raises(RecurrenceTextError) as refused:
        parse_recurrence(text, WEDNESDAY)

    assert refused.value.position == int(position)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("monday", "every, daily"),
        ("every blue moon", "a day, a weekday"),
        ("every day blah", "a time, starting"),
        ("x" * 501, "at most 500"),
    ],
)
def test_refusal_says_what_would_fit(text: str, expected: str) -> None:
    with pytest.raises(RecurrenceTextError, match=f"expected {expected}"):
        parse_recurrence(text, WEDNESDAY)


@pytest.mark.parametrize(
    ("text", "due", "rrule"),
    [
        ("every month", "2027-03-28", "FREQ=MONTHLY"),
        ("every month", "2027-03-29", "FREQ=MONTHLY;BYMONTHDAY=28,29;BYSETPOS=-1"),
        ("every month", "2027-03-30", "FREQ=MONTHLY;BYMONTHDAY=28,29,30;BYSETPOS=-1"),
        ("every month", "2027-03-31", "FREQ=MONTHLY;BYMONTHDAY=28,29,30,31;BYSETPOS=-1"),
        ("every 2 months", "2027-03-31", "FREQ=MONTHLY;INTERVAL=2;BYMONTHDAY=28,29,30,31;BYSETPOS=-1"),
        ("quarterly", "2027-03-31", "FREQ=MONTHLY;INTERVAL=3;BYMONTHDAY=28,29,30,31;BYSETPOS=-1"),
        ("every month on the 15th", "2027-03-31", "FREQ=MONTHLY;BYMONTHDAY=15"),
        ("every month starting 1 april", "2027-03-31", "FREQ=MONTHLY"),
        ("every! month", "2027-03-31", "FREQ=MONTHLY"),
        ("every year", "2028-02-28", "FREQ=YEARLY"),
        ("every year", "2028-02-29", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=28,29;BYSETPOS=-1"),
        ("every 4 years", "2028-02-29", "FREQ=YEARLY;INTERVAL=4;BYMONTH=2;BYMONTHDAY=28,29;BYSETPOS=-1"),
        ("every week", "2027-03-31", "FREQ=WEEKLY"),
    ],
)
def test_due_date_clamps_months_and_years(text: str, due: str, rrule: str) -> None:
    assert parse_recurrence(text, WEDNESDAY, due=dt.date.fromisoformat(due)).rrule == rrule


def test_today_clamps_where_no_due_date_is() -> None:
    last_of_january = Calendar(dt.datetime.fromisoformat("2027-01-31T10:00"))

    assert parse_recurrence("every month", last_of_january).rrule == "FREQ=MONTHLY;BYMONTHDAY=28,29,30,31;BYSETPOS=-1"


@pytest.mark.parametrize(
    ("text", "rrule"),
    [
        ("every 2 weeks on sunday and monday", "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,SU;WKST=SU"),
        ("every 2 weeks", "FREQ=WEEKLY;INTERVAL=2"),
        ("every sunday and monday", "FREQ=WEEKLY;BYDAY=MO,SU"),
    ],
)
def test_week_start_is_said_where_it_matters(text: str, rrule: str) -> None:
    assert parse_recurrence(text, Calendar(WEDNESDAY.now, SUNDAY)).rrule == rrule


@given(st.text(max_size=60) | st.lists(st.sampled_from(VOCABULARY.split())).map(" ".join))
def test_any_text_is_read_or_refused_within_itself(text: str) -> None:
    try:
        parse_recurrence(text, WEDNESDAY)
    except RecurrenceTextError as refused:
        assert 0 <= refused.position <= len(text)  # noqa: PT017  # being read is as good
