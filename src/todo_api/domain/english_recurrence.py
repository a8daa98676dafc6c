"""Recurrence in English: `every other monday at 9`, `every! 3 days`, `every 31st until 1 may`.

A phrase is read as a whole or not at all, and what has two readings (`every second monday`, `biweekly`) has none here.

    phrase  = "every" ["!"] pattern ends | adverb ends          `every!` counts from the completion
            | ["on"] ["the"] ordinals [weekday] "of every month" ends
    adverb  = "daily" | "weekly" | "fortnightly" | "monthly" | "quarterly" | "yearly" | "annually" | "hourly"
    pattern = [number | "other" | ordinal] unit ["on" days]     every 2 weeks on mon and thu, every 3rd day
            | ["other"] weekdays | "weekday" | "workday" | "weekend" | part of the day
            | ordinals ["of the month"]                         every 1st and 15th; 29th to 31st clamp to shorter months
            | (ordinals | "last") (weekday | "workday" | "day") ["of the month" | "of" month]
            | day month                                         every 14 march; 29 february clamps to the 28th
    ends    = [["at"] time] ["starting" day] ["until" day | "for" number ("times" | unit)]    in any order

`every weekend` is on Saturdays. `every 3rd tuesday` is the month's third, `every 3rd day` every three days.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from todo_api.domain.english_calendar import Calendar, add_months
from todo_api.domain.english_clock import Clock, read_clock, time_of_day
from todo_api.domain.english_days import read_day
from todo_api.domain.english_patterns import (
    Pattern,
    clamped_month,
    clamped_year,
    may_begin,
    read_adverb,
    read_of_every,
    read_pattern,
)
from todo_api.domain.english_words import MAX_LINE, WEEKDAYS, Reader, Word, split_words

Anchor = Literal["schedule", "completion"]

_MONDAY: Final = 0
_WEEKDAYS: Final = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_SHORTEST_MONTH: Final = 28
_LEAP_DAY: Final = (2, 29)
_MAX_INTERVAL: Final = 1_000  # what an RRULE may have
_DAYS_IN: Final = {"day": 1, "days": 1, "week": 7, "weeks": 7}
_MONTHS_IN: Final = {"month": 1, "months": 1, "year": 12, "years": 12}

_BEGINNINGS: Final = "every, daily, weekly, fortnightly, monthly, quarterly, yearly or hourly"
_MIDDLES: Final = "a day, a weekday, a date, or a number and a unit of time"
_ENDS: Final = "a time, starting, until, for, or the end"


class RecurrenceTextError(ValueError):
    """Not a recurrence in English; ``position`` is the offset of the first word that does not fit, ``expected`` what would."""

    def __init__(self, position: int, expected: str) -> None:
        super().__init__(f"expected {expected}")
        self.position = position
        self.expected = expected


@dataclass(frozen=True, slots=True)
class Recurrence:
    """A recurrence as it was said: an RRULE, what it counts from, and the time and the first day if they were said."""

    rrule: str
    anchor: Anchor = "schedule"
    time: dt.time | None = None
    start: dt.date | None = None


@dataclass(frozen=True, slots=True)
class RecurrencePhrase:
    """A recurrence in the words from ``start`` to ``end``; it becomes a rule when the day it begins on is known.

    It may end at a date, a count, or a number of months and days from the beginning.
    """

    start: int
    end: int
    pattern: Pattern
    anchor: Anchor
    clock: Clock | None = None
    first: dt.date | None = None
    until: dt.date | None = None
    count: int | None = None
    length: tuple[int, int] | None = None
    week_start: int | None = None

    @property
    def has_time(self) -> bool:
        return self.has_hour or bool(self.pattern.part)

    @property
    def has_hour(self) -> bool:
        return self.clock is not None

    @property
    def is_bounded(self) -> bool:
        return any(bound is not None for bound in (self.until, self.count, self.length))

    def compile(self, calendar: Calendar, due: dt.date | None = None, *, clock: Clock | None = None) -> Recurrence:
        """Make the rule, with the time if one was said elsewhere.

        `every month` takes its day from the start said, or else from the due date, or else from today.
        """
        first = self.first or due or calendar.today
        until = self.until
        if self.length is not None:
            months, days = self.length
            until = add_months(first, months) + dt.timedelta(days - 1)
        pattern = _clamped(self.pattern, first) if self.anchor == "schedule" else self.pattern
        week_start = calendar.week_start if self.week_start is None else self.week_start
        rrule = _rrule(pattern, count=self.count, until=until, week_start=week_start)
        return Recurrence(rrule, self.anchor, time_of_day(self.clock or clock, self.pattern.part), self.first)


def parse_recurrence(text: str, calendar: Calendar, *, due: dt.date | None = None, anchor: Anchor | None = None) -> Recurrence:
    """Read a text that is nothing but a recurrence; `RecurrenceTextError` says where it stops being one.

    ``anchor`` was said elsewhere, and counts more than what the text says of it.
    """
    if len(text) > MAX_LINE:
        raise RecurrenceTextError(MAX_LINE, f"at most {MAX_LINE} characters")
    words = split_words(text)
    reader = Reader(words)
    phrase = _read(reader, calendar)
    if phrase is not None and phrase.end == len(words):
        return replace(phrase, anchor=anchor or phrase.anchor).compile(calendar, due)
    position = words[reader.furthest].start if reader.furthest < len(words) else len(text)
    middle = _MIDDLES if reader.furthest else _BEGINNINGS
    raise RecurrenceTextError(position, _ENDS if phrase is not None and phrase.end == reader.furthest else middle)


def find_recurrence(words: Sequence[Word], at: int, calendar: Calendar) -> RecurrencePhrase | None:
    """Read the recurrence that begins at a word, as far as it goes."""
    return _read(Reader(words, at), calendar) if may_begin(words[at].key) else None


def _read(reader: Reader, calendar: Calendar) -> RecurrencePhrase | None:
    anchor: Anchor = "schedule"
    at = reader.at
    if reader.accept("every"):
        if reader.peek() == "!" and reader.words[reader.at].start == reader.words[reader.at - 1].end:
            reader.accept("!")
            anchor = "completion"
        pattern = read_pattern(reader)
    else:
        pattern = reader.first(read_adverb, read_of_every)
    if pattern is None or pattern.interval > _MAX_INTERVAL:
        return None
    phrase = RecurrencePhrase(at, reader.at, pattern, anchor)
    longer: RecurrencePhrase | None = phrase
    while longer is not None:
        phrase = replace(longer, end=reader.at)
        longer = _longer(reader, calendar, phrase)
    return phrase if phrase.until is None or phrase.until >= (phrase.first or calendar.today) else None


def _longer(reader: Reader, calendar: Calendar, phrase: RecurrencePhrase) -> RecurrencePhrase | None:
    """Read one of the ends that were not said yet."""
    at = reader.at
    comma = bool(reader.accept(","))
    longer = reader.first(
        lambda reader: _at(reader, phrase),
        lambda reader: _starting(reader, calendar, phrase),
        lambda reader: _until(reader, calendar, phrase),
        lambda reader: _for(reader, phrase),
        lambda reader: _behind_comma(reader, phrase) if comma else None,
    )
    if longer is None:
        reader.at = at
    return longer


def _at(reader: Reader, phrase: RecurrencePhrase) -> RecurrencePhrase | None:
    clock = read_clock(reader) if phrase.clock is None else None
    return replace(phrase, clock=clock) if clock is not None else None


def _starting(reader: Reader, calendar: Calendar, phrase: RecurrencePhrase) -> RecurrencePhrase | None:
    if phrase.first is None and reader.accept("starting", "starts", "beginning", "from"):
        start = _day(reader, calendar)
        return replace(phrase, first=start) if start is not None else _at(reader, phrase)
    return None


def _until(reader: Reader, calendar: Calendar, phrase: RecurrencePhrase) -> RecurrencePhrase | None:
    if not phrase.is_bounded and reader.accept("until", "till", "til", "ending"):
        start = phrase.first or calendar.today
        until = _day(reader, replace(calendar, now=dt.datetime.combine(start, calendar.now.time())))
        return replace(phrase, until=until) if until is not None else None
    return None


def _for(reader: Reader, phrase: RecurrencePhrase) -> RecurrencePhrase | None:
    if phrase.is_bounded or not reader.accept("for"):
        return None
    number = 1 if reader.accept("a", "one") else reader.number()
    if number is None:
        return None
    if reader.accept("time", "times", "occurrences"):
        return replace(phrase, count=number)
    days, months = reader.look_up(_DAYS_IN), reader.look_up(_MONTHS_IN)
    return replace(phrase, length=((months or 0) * number, (days or 0) * number)) if days or months else None


def _behind_comma(reader: Reader, phrase: RecurrencePhrase) -> RecurrencePhrase | None:
    """Read `, 10 times` and `, with weeks from Sunday`; without the comma, `10 times` is how often a day."""
    if reader.accept("with"):
        week_start = reader.look_up(WEEKDAYS) if reader.accept("weeks") and reader.accept("from") else None
        return replace(phrase, week_start=week_start) if week_start is not None else None
    if phrase.is_bounded:
        return None
    if reader.accept("once"):
        return replace(phrase, count=1)
    number = reader.number()
    return replace(phrase, count=number) if number is not None and reader.accept("times") else None


def _day(reader: Reader, calendar: Calendar) -> dt.date | None:
    """Read a day without a time: the time belongs to every occurrence."""
    reader.accept("on")
    day = read_day(reader, calendar, introduced=True)
    return day.date if day is not None and day.time is None and not day.part else None


def _clamped(pattern: Pattern, first: dt.date) -> Pattern:
    """Give `every month` and `every year` their day, where some months or years do not have it."""
    if pattern.month_days or pattern.days or pattern.months:
        return pattern
    clamped = None
    if pattern.frequency == "MONTHLY" and first.day > _SHORTEST_MONTH:
        clamped = clamped_month(pattern, (first.day,))
    elif pattern.frequency == "YEARLY" and (first.month, first.day) == _LEAP_DAY:
        clamped = clamped_year(pattern, *_LEAP_DAY)
    return clamped or pattern


def _rrule(pattern: Pattern, *, count: int | None, until: dt.date | None, week_start: int) -> str:
    lists = {
        "BYMONTH": pattern.months,
        "BYMONTHDAY": pattern.month_days,
        "BYDAY": pattern.days,
        "BYSETPOS": pattern.positions,
    }
    weeks_matter = pattern.frequency == "WEEKLY" and pattern.interval > 1 and pattern.days
    parts = {
        "FREQ": pattern.frequency,
        "INTERVAL": pattern.interval if pattern.interval > 1 else None,
        "COUNT": count,
        "UNTIL": f"{until:%Y%m%d}" if until is not None else None,
        **{name: ",".join(map(str, values)) for name, values in lists.items()},
        "WKST": _WEEKDAYS[week_start] if weeks_matter and week_start != _MONDAY else None,
    }
    return ";".join(f"{name}={value}" for name, value in parts.items() if value)
