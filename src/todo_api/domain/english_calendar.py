"""Days counted from where the user is: weeks, months and periods as a calendar on the wall has them."""

import calendar as months_of
import datetime as dt
from dataclasses import dataclass
from typing import Final

WEEK: Final = 7

_LEAP_CYCLE: Final = 9  # years within which any date comes again (1896 to 1904)


@dataclass(frozen=True, slots=True)
class Calendar:
    """What dates are relative to: the wall clock where the user is, and the first day of their week (0 is Monday)."""

    now: dt.datetime
    week_start: int = 0

    @property
    def today(self) -> dt.date:
        return self.now.date()

    @property
    def week(self) -> dt.date:
        """The first day of this week."""
        return self.today - dt.timedelta((self.today.weekday() - self.week_start) % WEEK)


def upcoming(today: dt.date, month: int, day: int) -> dt.date | None:
    """Find the first date of that month and day from today on."""
    for year in range(today.year, today.year + _LEAP_CYCLE):
        if 1 <= day <= months_of.monthrange(year, month)[1] and dt.date(year, month, day) >= today:
            return dt.date(year, month, day)
    return None


def add_months(date: dt.date, months: int) -> dt.date:
    """Step by months; where the month is too short, to its last day."""
    start = period_start(date, 1, months)
    return start.replace(day=min(date.day, days_of(start)))


def period_start(date: dt.date, length: int, steps: int) -> dt.date:
    """Find the first day of the period of so many months that the date is in, or of one some steps later."""
    year, month = divmod(date.year * 12 + (date.month - 1) // length * length + length * steps, 12)
    return dt.date(year, month + 1, 1)


def days_of(month: dt.date) -> int:
    return months_of.monthrange(month.year, month.month)[1]
