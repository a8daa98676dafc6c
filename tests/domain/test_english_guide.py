"""What docs/recurrence.md says of English phrases."""

import datetime as dt
import re
from pathlib import Path

import pytest

from todo_api.domain.english_calendar import Calendar
from todo_api.domain.english_recurrence import RecurrenceTextError, parse_recurrence

GUIDE = (Path(__file__).parents[2] / "docs" / "recurrence.md").read_text()
WEDNESDAY = Calendar(dt.datetime.fromisoformat("2027-03-10T10:00"))
PHRASES = [
    (text, rrule)
    for texts, rrule in re.findall(r"^\| (`(?:[^|]+)`) \| `(FREQ=[^`]+)` \|$", GUIDE, re.MULTILINE)
    for text in re.findall("`([^`]+)`", texts)
]


@pytest.mark.parametrize(("text", "rrule"), PHRASES)
def test_phrase_of_the_guide_means_its_rule(text: str, rrule: str) -> None:
    assert parse_recurrence(text, WEDNESDAY).rrule == rrule


@pytest.mark.parametrize("end", ["at 9", "at 9:30pm", "17:00", "at noon", "starting monday", "from 1 april"])
def test_ends_of_the_guide_are_read(end: str) -> None:
    assert end in GUIDE
    assert parse_recurrence(f"every day {end}", WEDNESDAY).rrule == "FREQ=DAILY"


@pytest.mark.parametrize("text", ["biweekly", "every second monday"])
def test_what_the_guide_calls_ambiguous_is_refused(text: str) -> None:
    assert text in GUIDE
    with pytest.raises(RecurrenceTextError):
        parse_recurrence(text, WEDNESDAY)


def test_guide_lists_phrases() -> None:
    assert len(PHRASES) > 30
