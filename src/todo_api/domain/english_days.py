"""Days in English: `tomorrow`, `next friday`, `14 march`, `end of month`; what they mean is told in `english_dates`."""

import datetime as dt
import re
from dataclasses import dataclass, replace
from enum import Enum, auto
from functools import partial
from typing import Final

from todo_api.domain.english_calendar import WEEK, Calendar, add_months, days_of, period_start, upcoming
from todo_api.domain.english_words import MONTHS, PARTS_OF_DAY, WEEKDAYS, Reader

DAY_OF_MONTH: Final = r"0?[1-9]|[12][0-9]|3[01]"
ENDS: Final = {"eod": "day", "eow": "week", "eom": "month", "eoq": "quarter", "eoy": "year"}

_SATURDAY: Final = 5
_ENGLISH_WORDS: Final = frozenset({"sat", "sun", "wed"})  # weekdays only where something else says so
_SHORT: Final = frozenset({"mon", "tue", "tues", "thu", "thur", "thurs", "fri"})
_UNITS: Final = {
    name: unit
    for unit, names in {
        "minute": ("minute", "minutes", "min", "mins"),
        "hour": ("hour", "hours", "hr", "hrs"),
        "day": ("day", "days"),
        "week": ("week", "weeks"),
        "month": ("month", "months"),
        "year": ("year", "years"),
    }.items()
    for name in names
}
_MONTHS_IN: Final = {"month": 1, "quarter": 3, "year": 12}
_ISO: Final = re.compile(r"(20[0-9]{2})-([0-9]{2})-([0-9]{2})(?:t([0-9]{2}):([0-9]{2}))?")
_DOTTED: Final = re.compile(r"([0-9]{1,2})\.([0-9]{1,2})\.(20[0-9]{2})?")
_DAY: Final = re.compile(rf"({DAY_OF_MONTH})(?:st|nd|rd|th)?")
_ORDINAL: Final = re.compile(rf"({DAY_OF_MONTH})(?:st|nd|rd|th)")
_YEAR: Final = re.compile(r"20[0-9]{2}")


class Nature(Enum):
    """What a date was said with, on which depends where in a title it counts."""

    RELATIVE = auto()  # today, tomorrow, tonight, this evening
    SPAN = auto()  # in 3 days
    CALENDAR = auto()  # 14 march, next week, end of month
    ORDINAL = auto()  # 1st
    WEEKDAY = auto()  # monday
    SHORT = auto()  # mon
    TIME = auto()  # at 17:00, 5pm
    HOUR = auto()  # at 9


@dataclass(frozen=True, slots=True)
class Day:
    """A day as it was said; ``weak`` counts only after `on`, `by` or `due`, or beside a time."""

    date: dt.date
    nature: Nature = Nature.CALENDAR
    weak: bool = False
    part: str = ""
    time: dt.time | None = None


def read_day(reader: Reader, calendar: Calendar, *, introduced: bool = False) -> Day | None:
    """Read a day; after an introduction it may have an article, as in `on the 1st`."""
    article = bool(reader.accept("the"))
    if article and not introduced:
        return _day_after_tomorrow(reader, calendar)
    day = reader.first(*(partial(read, calendar=calendar) for read in (_WITH_ARTICLE if article else _DAYS)))
    if day is None or day.time is not None or day.part or day.nature is Nature.SPAN:
        return day
    part = reader.accept(*PARTS_OF_DAY)
    return replace(day, part=part, weak=day.weak and not article and not part)


def read_month_day(reader: Reader) -> tuple[int, int] | None:
    """Read `14 march`, `14th of march` or `march 14th` as month and day; the month may be too short for it."""
    month = reader.look_up(MONTHS)
    found = reader.match(_DAY)
    if found is None:
        return None
    if month is None:
        reader.accept("of")
        month = reader.look_up(MONTHS)
    return (month, int(found[1])) if month is not None else None


def _near(reader: Reader, calendar: Calendar) -> Day | None:
    if reader.accept("tonight"):
        return Day(calendar.today, Nature.RELATIVE, part="night")
    if reader.accept("tomorrow", "tmr", "tmrw"):
        return Day(calendar.today + dt.timedelta(1), Nature.RELATIVE)
    if reader.accept("this"):
        part = reader.accept(*(PARTS_OF_DAY - {"night"}))
        return Day(calendar.today, Nature.RELATIVE, part=part) if part else None
    reader.accept("later")
    return Day(calendar.today, Nature.RELATIVE) if reader.accept("today", "tod") else None


def _day_after_tomorrow(reader: Reader, calendar: Calendar) -> Day | None:
    if reader.accept("day") and reader.accept("after") and reader.accept("tomorrow"):
        return Day(calendar.today + dt.timedelta(2), Nature.RELATIVE)
    return None


def _weekday(reader: Reader, calendar: Calendar) -> Day | None:
    which, name = reader.accept("this", "next"), reader.peek()
    written = reader.words[reader.at].text if name else ""
    weekday = reader.look_up(WEEKDAYS)
    if weekday is None or (which == "this" and name in _ENGLISH_WORDS):
        return None
    if which:
        if which == "next":
            return _of_next_week(calendar, weekday)
        return Day(calendar.today + dt.timedelta((weekday - calendar.today.weekday()) % WEEK))
    first = calendar.today + dt.timedelta(1)
    weak = name in _ENGLISH_WORDS or written == "Mon"
    nature = Nature.SHORT if name in _SHORT else Nature.WEEKDAY
    dated = _dated(reader, calendar, weekday)
    if dated is not None:
        return dated
    if reader.peek() == "next" and reader.peek(1) == "week":
        reader.at += 2
        return _of_next_week(calendar, weekday)
    return Day(first + dt.timedelta((weekday - first.weekday()) % WEEK), nature, weak)


def _of_next_week(calendar: Calendar, weekday: int) -> Day:
    week = calendar.week + dt.timedelta(WEEK)
    return Day(week + dt.timedelta((weekday - week.weekday()) % WEEK))


def _dated(reader: Reader, calendar: Calendar, weekday: int) -> Day | None:
    """Read the date behind its weekday, as in `fri, 14 march`; one that falls on another weekday is not read."""
    at = reader.at
    reader.accept(",")
    day = reader.first(lambda reader: _numeric(reader, calendar), lambda reader: _month_day(reader, calendar))
    if day is not None and day.date.weekday() == weekday:
        return replace(day, weak=False)
    reader.at = at
    return None


def _period(reader: Reader, calendar: Calendar) -> Day | None:
    """Read `next week`, `next month`, `this weekend` and the like."""
    which = reader.accept("this", "next", "start", "beginning")
    if which in {"start", "beginning"} and not (reader.accept("of") and reader.accept("next")):
        return None
    if reader.accept("weekend"):
        week = calendar.week + dt.timedelta(WEEK if which == "next" else 0)
        saturday = week + dt.timedelta((_SATURDAY - week.weekday()) % WEEK)
        return Day(max(saturday, calendar.today), weak=not which)
    if which in {"", "this"}:
        return None
    if reader.accept("week"):
        at = reader.at
        reader.accept("on")
        weekday = reader.look_up(WEEKDAYS)
        if weekday is None:
            reader.at = at
        return _of_next_week(calendar, weekday or 0)
    length = reader.look_up(_MONTHS_IN)
    return Day(period_start(calendar.today, length, 1)) if length is not None else None


def _span(reader: Reader, calendar: Calendar) -> Day | None:
    """Read `in 3 days`, `in half an hour` or `3 days from now`."""
    before = reader.accept("in")
    half = bool(reader.accept("half"))
    number = 1 if reader.accept("a", "an") else reader.number()
    unit = reader.look_up(_UNITS)
    if number is None or unit is None or (half and (unit != "hour" or number != 1)):
        return None
    if not before and not (reader.accept("from") and reader.accept("now", "today")):
        return None
    if unit in _MONTHS_IN:
        return Day(add_months(calendar.today, number * _MONTHS_IN[unit]), Nature.SPAN)
    if unit in {"day", "week"}:
        return Day(calendar.today + dt.timedelta(number * (WEEK if unit == "week" else 1)), Nature.SPAN)
    minutes = 30 if half else number * (60 if unit == "hour" else 1)
    then = calendar.now.replace(second=0, microsecond=0) + dt.timedelta(minutes=minutes)
    return Day(then.date(), Nature.SPAN, time=then.time())


def _numeric(reader: Reader, calendar: Calendar) -> Day | None:
    iso = reader.match(_ISO)
    if iso is not None:
        year, month, day = int(iso[1]), int(iso[2]), int(iso[3])
        time = dt.time(int(iso[4]), int(iso[5])) if iso[4] else None
        date = dt.date(year, month, day)
        return Day(date, weak=date < calendar.today, time=time)
    dotted = reader.match(_DOTTED)
    if dotted is None:
        return None
    if dotted[3]:
        date = dt.date(int(dotted[3]), int(dotted[2]), int(dotted[1]))
        return Day(date, weak=date < calendar.today)
    following = upcoming(calendar.today, int(dotted[2]), int(dotted[1]))
    return Day(following, weak=True) if following is not None else None


def _month_day(reader: Reader, calendar: Calendar) -> Day | None:
    found = read_month_day(reader)
    if found is None:
        return None
    at = reader.at
    reader.accept(",")
    year = reader.match(_YEAR)
    if year is None:
        reader.at = at
        following = upcoming(calendar.today, *found)
        return Day(following) if following is not None else None
    date = dt.date(int(year[0]), *found)
    return Day(date, weak=date < calendar.today)


def _day_of_month(reader: Reader, calendar: Calendar) -> Day | None:
    found = reader.match(_ORDINAL)
    day = int(found[1]) if found is not None else 0
    for offset in range(3):  # of two months that follow each other, one has 31 days; three for January's 31st
        start = period_start(calendar.today, 1, offset)
        if 0 < day <= days_of(start) and start.replace(day=day) >= calendar.today:
            return Day(start.replace(day=day), Nature.ORDINAL, weak=True)
    return None


def _end(reader: Reader, calendar: Calendar) -> Day | None:
    """Read `eom`, `end of the month`, `end of next week`, `end of march`."""
    unit = reader.look_up(ENDS)
    steps = 0
    if unit is None:
        if not (reader.accept("end") and reader.accept("of")):
            return None
        month = reader.look_up(MONTHS)
        if month is not None:
            start = upcoming(period_start(calendar.today, 1, 0), month, 1) or calendar.today
            return Day(start.replace(day=days_of(start)))
        steps = int(reader.accept("the", "this", "next") == "next")
        unit = reader.accept("day", "week", "month", "quarter", "year")
    if unit == "week":
        return Day(calendar.week + dt.timedelta(WEEK * (steps + 1) - 1))
    if unit in _MONTHS_IN:
        return Day(period_start(calendar.today, _MONTHS_IN[unit], steps + 1) - dt.timedelta(1))
    return Day(calendar.today, Nature.RELATIVE) if unit == "day" and not steps else None


_WITH_ARTICLE: Final = (_day_after_tomorrow, _month_day, _day_of_month, _end, _period)
_DAYS: Final = (_near, _day_after_tomorrow, _weekday, _period, _span, _numeric, _month_day, _day_of_month, _end)
