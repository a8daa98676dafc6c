"""Dates in English: `tomorrow`, `next friday at 9`, `in 2 weeks`, `14 march`, `end of month`.

What the words mean, from the wall clock where the user is:

- `monday` is the next Monday, never today; `this monday` may be today; `next monday` is the Monday of next week.
- A date without a year (`14 mar`, `on the 1st`) is the next one, and may be today; 29 February waits for a leap year.
- `next week` is its Monday; `next month`, `next quarter` and `next year` are their first day; the weekend is its Saturday.
- `end of week` is the week's last day, by the user's first day of the week; `end of month` and the like are the last day too.
- A time alone is the next such time. Midnight ends the day it is named with: `friday at midnight` is Saturday 00:00.
- Where no hour is said, morning is 09:00, afternoon 15:00, evening 18:00, night and `tonight` 20:00; all day once that is over.
- Hours are of the 24-hour clock, but for `at 1` to `at 6`, which are in the afternoon.
- Never a date: a number alone, a month alone, `3/14` (whose day is it?), a day the calendar does not have.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from todo_api.domain.dates import LAST_YEAR, WallTime
from todo_api.domain.english_calendar import Calendar
from todo_api.domain.english_clock import DAY_MINUTES, Clock, minutes_of_day, read_clock
from todo_api.domain.english_days import ENDS, Day, Nature, read_day
from todo_api.domain.english_words import MONTHS, NUMBERS, WEEKDAYS, Reader, Word

_OTHER_WORDS: Final = (
    "today tod later tonight tomorrow tmr tmrw this next the day weekend start beginning end in a an half due on by at over noon "
    "midday midnight"
)
_FIRST_WORDS: Final = WEEKDAYS.keys() | MONTHS.keys() | NUMBERS.keys() | ENDS.keys() | set(_OTHER_WORDS.split())


@dataclass(frozen=True, slots=True)
class DatePhrase:
    """A day, a time or both, in the words from ``start`` to ``end``; ``introduction`` is `on`, `at`, `by`, `due` or empty."""

    start: int
    end: int
    day: Day | None
    clock: Clock | None
    introduction: str = ""
    day_end: int | None = None

    @property
    def nature(self) -> Nature:
        if self.day is not None:
            return self.day.nature
        return Nature.HOUR if self.clock is not None and self.clock.bare else Nature.TIME

    @property
    def is_weak(self) -> bool:
        """Whether this is a date only where nothing else can be meant."""
        if self.day is None:
            return self.clock is not None and self.clock.weak and self.introduction not in {"by", "due"}
        is_introduced = bool(self.introduction) and not (self.introduction == "on" and self.nature is Nature.ORDINAL)  # a street
        return self.day.weak and not is_introduced and self.clock is None

    @property
    def has_hour(self) -> bool:
        return self.clock is not None or (self.day is not None and self.day.time is not None)

    @property
    def has_time(self) -> bool:
        return self.has_hour or (self.day is not None and bool(self.day.part))

    def without_clock(self) -> "DatePhrase | None":
        """Leave the time away, where it is said last."""
        if self.clock is None or self.day_end is None:
            return None
        shorter = replace(self, end=self.day_end, clock=None)
        return None if shorter.is_weak else shorter


def parse_date(words: Sequence[Word], at: int, calendar: Calendar, *, alone: bool = False) -> DatePhrase | None:
    """Read the date that begins at a word, as far as it goes.

    ``alone`` is for places where only a date can be: there what is weak elsewhere (`sat`, `1st`, `14.3.`) is one too.
    """
    if not (words[at].key in _FIRST_WORDS or words[at].key[:1].isdigit()):
        return None
    reader = Reader(words, at)
    introduction = _introduction(reader)
    try:
        phrase = reader.first(
            partial(_day_first, calendar=calendar, introduction=introduction, alone=alone),
            partial(_clock_first, calendar=calendar, introduction=introduction),
        )
    except (OverflowError, ValueError):  # a day the calendar does not have
        return None
    if phrase is None or (phrase.is_weak and not alone) or (phrase.day is not None and phrase.day.date.year >= LAST_YEAR):
        return None
    return replace(phrase, start=at)


def wall_time(calendar: Calendar, day: Day | None, clock: Clock | None) -> WallTime | None:
    """Put a day and a time together; nothing comes of nothing."""
    minutes = minutes_of_day(clock, day.part if day is not None else "")
    if minutes is None:
        return WallTime(day.date, day.time) if day is not None else None
    days, minutes = divmod(minutes, DAY_MINUTES)
    time = dt.time(*divmod(minutes, 60))
    if day is None:
        return WallTime(calendar.today + dt.timedelta(int(time <= calendar.now.time())), time)
    if clock is None and dt.datetime.combine(day.date, time) <= calendar.now:
        return WallTime(day.date)
    return WallTime(day.date + dt.timedelta(days), time)


def _introduction(reader: Reader) -> str:
    due = reader.accept("due")
    if due:
        reader.accept(":")
    word = reader.accept("on", "by")
    following = reader.peek(1) if reader.peek(1) != "the" else reader.peek(2)
    if not word and following in {"end", "weekend"}:
        word = reader.accept("at", "over")
    return due or word


def _day_first(reader: Reader, calendar: Calendar, introduction: str, *, alone: bool) -> DatePhrase | None:
    day = read_day(reader, calendar, introduced=alone or bool(introduction))
    if day is None:
        return None
    at = reader.at
    reader.accept(",")
    clock = read_clock(reader) if day.time is None else None
    if clock is None:
        reader.at = at
    return DatePhrase(at, reader.at, day, clock, introduction, day_end=at)


def _clock_first(reader: Reader, calendar: Calendar, introduction: str) -> DatePhrase | None:
    clock = read_clock(reader)
    if clock is None or introduction == "on" or (clock.bare and introduction == "by"):
        return None
    at = reader.at
    on = reader.accept("on")
    day = read_day(reader, calendar, introduced=bool(on))
    if day is not None and day.time is None:
        return DatePhrase(at, reader.at, day, clock, introduction or on)
    reader.at = at
    return DatePhrase(at, at, None, clock, introduction)
