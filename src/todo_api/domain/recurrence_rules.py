"""Recurrence rules as values: what an RFC 5545 RRULE says, its canonical text, and the two clamping rules."""

import datetime as dt
from dataclasses import dataclass
from typing import Literal, NamedTuple, get_args

Frequency = Literal["YEARLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY"]

FREQUENCIES: tuple[Frequency, ...] = get_args(Frequency)
WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")

_SHORTEST_MONTH = 28
_LONGEST_MONTH = 31
_LEAP_DAY = (2, 29)
_A_LEAP_YEAR = 2000


class RecurrenceError(ValueError):
    """Not a rule that can be kept; ``position`` is the offset of the wrong part in the text, ``hint`` says what to do."""

    def __init__(self, code: str, message: str, *, hint: str, position: int | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint
        self.position = position


class Day(NamedTuple):
    """A weekday (0 is Monday), perhaps only the nth of its month or year: 1 is the first, -1 the last, 0 every one."""

    weekday: int
    ordinal: int = 0

    @property
    def text(self) -> str:
        return f"{self.ordinal or ''}{WEEKDAYS[self.weekday]}"


@dataclass(frozen=True, slots=True)
class Rule:
    """An RRULE. `parse_rrule` makes valid ones: lists sorted and without repeats, numbers in range, parts that go together.

    ``until`` is included: a date, a naive wall clock, or an aware UTC instant.
    """

    frequency: Frequency
    interval: int = 1
    count: int | None = None
    until: dt.date | dt.datetime | None = None
    by_month: tuple[int, ...] = ()
    by_week_number: tuple[int, ...] = ()
    by_year_day: tuple[int, ...] = ()
    by_month_day: tuple[int, ...] = ()
    by_day: tuple[Day, ...] = ()
    by_hour: tuple[int, ...] = ()
    by_minute: tuple[int, ...] = ()
    by_set_position: tuple[int, ...] = ()
    week_start: int = 0

    @property
    def text(self) -> str:
        """The RRULE in canonical order, without the parts that say what holds anyway."""
        parts = [f"FREQ={self.frequency}"]
        if self.interval != 1:
            parts.append(f"INTERVAL={self.interval}")
        if self.count is not None:
            parts.append(f"COUNT={self.count}")
        if self.until is not None:
            parts.append(f"UNTIL={_until_text(self.until)}")
        lists = {
            "BYMONTH": self.by_month,
            "BYWEEKNO": self.by_week_number,
            "BYYEARDAY": self.by_year_day,
            "BYMONTHDAY": self.by_month_day,
            "BYDAY": tuple(day.text for day in self.by_day),
            "BYHOUR": self.by_hour,
            "BYMINUTE": self.by_minute,
            "BYSETPOS": self.by_set_position,
        }
        parts.extend(f"{name}={','.join(map(str, values))}" for name, values in lists.items() if values)
        if self.week_start:
            parts.append(f"WKST={WEEKDAYS[self.week_start]}")
        return ";".join(parts)


def monthly_clamped(day: int, *, interval: int = 1) -> Rule:
    """Make the rule for a day of each month, or for the month's last day where the month is shorter."""
    if not 1 <= day <= _LONGEST_MONTH:
        raise ValueError(f"no month has a day {day}")
    if day <= _SHORTEST_MONTH:
        return Rule("MONTHLY", interval, by_month_day=(day,))
    return Rule("MONTHLY", interval, by_month_day=tuple(range(_SHORTEST_MONTH, day + 1)), by_set_position=(-1,))


def yearly_clamped(month: int, day: int, *, interval: int = 1) -> Rule:
    """Make the rule for a date of each year; 29 February becomes the 28th where the year has none."""
    dt.date(_A_LEAP_YEAR, month, day)  # raises ValueError for what no year has
    if (month, day) != _LEAP_DAY:
        return Rule("YEARLY", interval, by_month=(month,), by_month_day=(day,))
    return Rule("YEARLY", interval, by_month=(month,), by_month_day=(_SHORTEST_MONTH, day), by_set_position=(-1,))


def _until_text(until: dt.date | dt.datetime) -> str:
    if not isinstance(until, dt.datetime):
        return f"{until:%Y%m%d}"
    return f"{until:%Y%m%dT%H%M%S}{'Z' if until.tzinfo is not None else ''}"
