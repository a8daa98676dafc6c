import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.corpora import rows
from todo_api.domain.dates import WallTime, parse_wall_time
from todo_api.domain.english_calendar import Calendar
from todo_api.domain.english_dates import parse_date, wall_time
from todo_api.domain.english_words import WEEKDAYS, split_words

WEDNESDAY = Calendar(dt.datetime.fromisoformat("2027-03-10T10:00"))
SUNDAY = 6

VOCABULARY = (
    "today tomorrow tonight this next week weekend month monday sat the day after on by due at : , in 3 half an hours days "
    "from now 14 14th mar march of 2027 2027-03-14 14.3. 9 9am pm 17:00 noon midnight morning night end eom"
)


def read(text: str, calendar: Calendar = WEDNESDAY, *, alone: bool = False) -> WallTime | None:
    """What a text says that is nothing but a date."""
    words = split_words(text)
    phrase = parse_date(words, 0, calendar, alone=alone)
    return wall_time(calendar, phrase.day, phrase.clock) if phrase is not None and phrase.end == len(words) else None


@pytest.mark.parametrize(("text", "expected"), rows("english_dates.tsv"))
def test_date_is_read(text: str, expected: str) -> None:
    assert read(text) == parse_wall_time(expected)


@pytest.mark.parametrize("text", [row[0] for row in rows("not_dates.tsv")])
def test_what_is_no_date_is_left_alone(text: str) -> None:
    assert read(text) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sat", "2027-03-13"),
        ("1st", "2027-04-01"),
        ("the 1st", "2027-04-01"),
        ("14.3.", "2027-03-14"),
        ("weekend", "2027-03-13"),
        ("2027-03-01", "2027-03-01"),
        ("1 march 2027", "2027-03-01"),
        ("17:00", "2027-03-10T17:00"),
        ("noon", "2027-03-10T12:00"),
    ],
)
def test_weak_date_is_read_where_only_a_date_can_be(text: str, expected: str) -> None:
    assert read(text, alone=True) == parse_wall_time(expected)


@pytest.mark.parametrize("text", ["may", "9", "1984", "3/14", "31 april", "at 25:00"])
def test_some_text_is_no_date_even_there(text: str) -> None:
    assert read(text, alone=True) is None


@pytest.mark.parametrize(
    ("today", "text", "expected"),
    [
        ("2027-03-14", "next week", "2027-03-22"),  # a Sunday: its week begins today
        ("2027-03-14", "next friday", "2027-03-26"),
        ("2027-03-14", "end of week", "2027-03-20"),
        ("2027-03-14", "this weekend", "2027-03-20"),
        ("2027-03-13", "next week", "2027-03-15"),
        ("2027-03-13", "next sunday", "2027-03-14"),
        ("2027-03-13", "end of week", "2027-03-13"),
        ("2027-03-13", "this weekend", "2027-03-13"),
    ],
)
def test_week_may_start_on_sunday(today: str, text: str, expected: str) -> None:
    calendar = Calendar(dt.datetime.fromisoformat(today), SUNDAY)

    assert read(text, calendar) == parse_wall_time(expected)


@pytest.mark.parametrize(
    ("now", "text", "expected"),
    [
        ("2027-03-14T10:00", "this weekend", "2027-03-14"),
        ("2027-03-14T10:00", "next week", "2027-03-15"),
        ("2027-03-31T10:00", "on the 31st", "2027-03-31"),
        ("2027-04-01T10:00", "on the 31st", "2027-05-31"),
        ("2027-01-30T10:00", "on the 29th", "2027-03-29"),
        ("2027-01-31T10:00", "in 1 month", "2027-02-28"),
        ("2027-12-31T10:00", "tomorrow", "2028-01-01"),
        ("2027-12-31T10:00", "next month", "2028-01-01"),
        ("2028-02-29T10:00", "29 feb", "2028-02-29"),
        ("2028-03-01T10:00", "29 feb", "2032-02-29"),
        ("2097-03-01T10:00", "29 feb", "2104-02-29"),  # 2100 is no leap year
        ("2027-03-10T23:30", "in 1 hour", "2027-03-11T00:30"),
        ("2027-03-10T09:59:59.5", "in 1 hour", "2027-03-10T10:59"),
        ("2027-03-10T22:00", "tonight", "2027-03-10"),  # 20:00 is over
        ("2027-03-10T22:00", "tonight at 11", "2027-03-10T23:00"),
        ("2027-03-10T09:00", "at 9", "2027-03-11T09:00"),
        ("2027-03-10T08:59", "at 9", "2027-03-10T09:00"),
        ("2027-03-10T22:00", "today at 9am", "2027-03-10T09:00"),
    ],
)
def test_date_depends_on_now(now: str, text: str, expected: str) -> None:
    assert read(text, Calendar(dt.datetime.fromisoformat(now))) == parse_wall_time(expected)


@given(st.dates(dt.date(2027, 1, 1), dt.date(2040, 12, 31)), st.sampled_from(sorted(WEEKDAYS)), st.integers(0, 6))
def test_weekday_is_the_next_one_and_never_today(today: dt.date, name: str, week_start: int) -> None:
    found = read(name, Calendar(dt.datetime.combine(today, dt.time(10)), week_start), alone=True)

    assert found is not None
    assert 1 <= (found.date - today).days <= 7
    assert found.date.weekday() == WEEKDAYS[name]


@given(st.dates(dt.date(2027, 1, 1), dt.date(2040, 12, 31)), st.sampled_from(sorted(WEEKDAYS)), st.integers(0, 6))
def test_next_weekday_is_in_the_week_that_follows(today: dt.date, name: str, week_start: int) -> None:
    calendar = Calendar(dt.datetime.combine(today, dt.time(10)), week_start)

    found = read(f"next {name}", calendar)

    assert found is not None
    assert 7 <= (found.date - calendar.week).days < 14
    assert found.date.weekday() == WEEKDAYS[name]


@given(st.lists(st.sampled_from(VOCABULARY.split()), max_size=8).map(" ".join) | st.text(max_size=40), st.booleans())
def test_any_text_can_be_tried(text: str, alone: bool) -> None:  # noqa: FBT001  # hypothesis passes it by name
    words = split_words(text)

    for at in range(len(words)):
        phrase = parse_date(words, at, WEDNESDAY, alone=alone)
        assert phrase is None or phrase.start == at < phrase.end <= len(words)
        assert phrase is None or wall_time(WEDNESDAY, phrase.day, phrase.clock) is not None
