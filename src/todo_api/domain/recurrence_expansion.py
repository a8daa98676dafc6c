"""The wall-clock times a recurrence rule names, in order, computed period by period at a bounded cost.

A rule is worked through in periods: years, months and weeks, and for DAILY and HOURLY rules months too, whose days are
then filtered by the interval. A period is known by its number, so any of them is reached by arithmetic. Days are
proleptic Gregorian ordinals; day 1 was a Monday.
"""

import calendar
import datetime as dt
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from math import gcd, inf
from typing import ClassVar, TypeVar

from todo_api.domain.recurrence_rules import Day, Rule

_T = TypeVar("_T")

_WEEK = 7
_HOURS_OF_DAY = 24
_HOURS_OF_WEEK = 168
_MONTHS_OF_YEAR = 12
_MIDWEEK = 3  # a week belongs to the year that has its fourth day
_FIRST_WEEK_DAY = 4  # 4 January is always in week 1
_MONTH_LENGTHS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def instances(rule: Rule, start: dt.datetime, since: dt.datetime, until: dt.datetime) -> Iterator[dt.datetime]:
    """Go through the wall-clock times from ``start`` on that are not before ``since`` nor after ``until``, in order.

    ``rule.until`` is not looked at. COUNT counts from ``start``, also what ``since`` hides. The start itself is no
    instance unless the rule names it.
    """
    full = _completed(rule, start)
    periods, times = _periods(full, start), _Times(full, start)
    if times.is_empty or not _can_meet(full, start):
        return
    since = max(start, since)
    counted_from = since if rule.count is None else start
    left = inf if rule.count is None else rule.count
    start_day, since_day = start.toordinal(), since.toordinal()
    for number in periods.numbers(start_day, counted_from.toordinal(), until.toordinal()):
        days = periods.days(number)
        if not days:
            continue
        if start_day < days[0] and days[-1] < since_day:
            left -= times.count(days)
            if left <= 0:
                return
            continue
        for moment in times.on(days, counted_from):
            left -= 1
            if left < 0 or moment > until:
                return
            if moment >= since:
                yield moment


def _completed(rule: Rule, start: dt.datetime) -> Rule:
    """Take from the start what the rule leaves open: the day, the hour, the minute."""
    found: dict[str, tuple[int, ...] | tuple[Day, ...]] = {}
    if not (rule.by_day or rule.by_month_day or rule.by_year_day):
        if rule.frequency == "WEEKLY" or rule.by_week_number:
            found["by_day"] = (Day(start.weekday()),)
        elif rule.frequency in {"YEARLY", "MONTHLY"}:
            found["by_month_day"] = (start.day,)
            if rule.frequency == "YEARLY" and not rule.by_month:
                found["by_month"] = (start.month,)
    if len(rule.by_month) == _MONTHS_OF_YEAR and rule.frequency == "WEEKLY":
        found["by_month"] = ()  # a filter that lets everything pass
    if not rule.by_hour and rule.frequency != "HOURLY":
        found["by_hour"] = (start.hour,)
    if not rule.by_minute:
        found["by_minute"] = (start.minute,)
    return replace(rule, **found)  # type: ignore[arg-type]  # every name is a field of its type


def _can_meet(rule: Rule, start: dt.datetime) -> bool:
    """Whether an interval of days or hours ever falls on one of the weekdays and hours of the rule."""
    if rule.frequency == "DAILY":
        hours: Sequence[int] = (0,)
        phase, step = start.weekday() * _HOURS_OF_DAY, gcd(rule.interval * _HOURS_OF_DAY, _HOURS_OF_WEEK)
    elif rule.frequency == "HOURLY":
        hours = _hours(rule)
        phase, step = start.weekday() * _HOURS_OF_DAY + start.hour, gcd(rule.interval, _HOURS_OF_WEEK)
    else:
        return True
    weekdays = {day.weekday for day in rule.by_day} or range(_WEEK)
    return any((weekday * _HOURS_OF_DAY + hour - phase) % step == 0 for weekday in weekdays for hour in hours)


class _Periods:
    """The periods of a rule: how they are numbered, and the days each one names, in order.

    ``most`` bounds the search. It is 400 years of periods, after which the calendar repeats: what is not found by then is
    not there, but for a DAILY or HOURLY rule whose long interval meets its other parts less than once in that time.
    """

    most: ClassVar[int]

    def __init__(self, rule: Rule, step: int) -> None:
        self.rule = rule
        self.step = step

    def number(self, day: int) -> int:
        raise NotImplementedError

    def days(self, number: int) -> Sequence[int]:
        raise NotImplementedError

    def numbers(self, start_day: int, since_day: int, until_day: int) -> range:
        """Count in the rule's steps from the start's period, leaving out what lies before or after the other two days."""
        start, since = self.number(start_day), self.number(since_day)
        first = start - (start - since) // self.step * self.step
        beyond = first + (self.most + 1) * self.step  # one more: the first period may have begun before the start
        return range(first, min(self.number(until_day) + 1, beyond), self.step)


class _Weeks(_Periods):
    most = 10_000  # 191 years are enough: a week is like another one, and only a counted rule can need more

    def __init__(self, rule: Rule) -> None:
        super().__init__(rule, rule.interval)
        self.offsets = sorted((day.weekday - rule.week_start) % _WEEK for day in rule.by_day)
        self.months = frozenset(rule.by_month)

    def number(self, day: int) -> int:
        return (day - 1 - self.rule.week_start) // _WEEK

    def days(self, number: int) -> Sequence[int]:
        first = number * _WEEK + 1 + self.rule.week_start
        if not self.months:
            return [first + offset for offset in self.offsets]
        month = _month(first)
        is_one = month == _month(first + _WEEK - 1)
        if is_one and month not in self.months:
            return ()
        return [first + offset for offset in self.offsets if is_one or _month(first + offset) in self.months]


class _Months(_Periods):
    most = 4_800

    def __init__(self, rule: Rule, step: int) -> None:
        super().__init__(rule, step)
        self.months = frozenset(rule.by_month or range(1, _MONTHS_OF_YEAR + 1))
        self.shapes: dict[tuple[int, int], Sequence[int]] = {}

    def number(self, day: int) -> int:
        date = dt.date.fromordinal(day)
        return date.year * _MONTHS_OF_YEAR + date.month - 1

    def days(self, number: int) -> Sequence[int]:
        year, month = divmod(number, _MONTHS_OF_YEAR)
        if month + 1 not in self.months:
            return ()
        first = dt.date(year, month + 1, 1).toordinal()
        return self._days(first, _MONTH_LENGTHS[month] + (month == 1 and calendar.isleap(year)))

    def _days(self, first: int, length: int) -> Sequence[int]:
        offsets = self._offsets(first, length)
        return [first + offset for offset in offsets] if offsets else ()

    def _offsets(self, first: int, length: int) -> Sequence[int]:
        """Find the days of a month, counted from 0: they depend on its length and first weekday, not on which month it is."""
        shape = (length, first % _WEEK)
        if (known := self.shapes.get(shape)) is not None:
            return known
        offsets: Sequence[int] = range(length)
        if dates := self.rule.by_month_day:
            offsets = [offset for offset in offsets if offset + 1 in dates or offset - length in dates]
        if self.rule.by_day:
            offsets = list(filter(_on(self.rule.by_day, first, length), offsets))
        self.shapes[shape] = offsets
        return offsets


class _Stretches(_Months):
    """DAILY and HOURLY rules, a month at a time."""

    def __init__(self, rule: Rule, start: dt.datetime) -> None:
        super().__init__(rule, 1)
        self.hours, self.phase = _steps(rule, start)
        self.wanted = range(_HOURS_OF_DAY) if rule.frequency == "DAILY" else _hours(rule)

    def _days(self, first: int, length: int) -> Sequence[int]:
        if self.hours <= _HOURS_OF_DAY:
            return super()._days(first, length)
        begin = (self.phase - first * _HOURS_OF_DAY) % self.hours
        end = length * _HOURS_OF_DAY
        if begin >= end or not (offsets := self._offsets(first, length)):
            return ()
        hits = range(begin, end, self.hours)
        if len(offsets) < len(hits):
            return [first + offset for offset in offsets if (begin - offset * _HOURS_OF_DAY) % self.hours in self.wanted]
        found = (divmod(hit, _HOURS_OF_DAY) for hit in hits)
        return [first + offset for offset, hour in found if hour in self.wanted and offset in offsets]


class _Years(_Periods):
    most = 400

    def __init__(self, rule: Rule) -> None:
        super().__init__(rule, rule.interval)
        # Without BYMONTH, "the 20th Monday" is counted in the year, which a month cannot see.
        self.counted = () if rule.by_month or all(day.ordinal == 0 for day in rule.by_day) else rule.by_day
        self.months = _Months(replace(rule, by_day=()) if self.counted else rule, 1)
        self.shapes: dict[tuple[int, int, bool], list[int]] = {}

    def number(self, day: int) -> int:
        return dt.date.fromordinal(day).year

    def days(self, number: int) -> Sequence[int]:
        first = dt.date(number, 1, 1).toordinal()
        length = dt.date(number + 1, 1, 1).toordinal() - first
        shape = (length, first % _WEEK, calendar.isleap(number - 1))  # week numbers look into the year before
        if shape not in self.shapes:
            self.shapes[shape] = self._offsets(number, first, length)
        return [first + offset for offset in self.shapes[shape]]

    def _offsets(self, year: int, first: int, length: int) -> list[int]:
        january = year * _MONTHS_OF_YEAR
        offsets = [day - first for month in range(january, january + _MONTHS_OF_YEAR) for day in self.months.days(month)]
        if year_days := frozenset(self.rule.by_year_day):
            offsets = [offset for offset in offsets if offset + 1 in year_days or offset - length in year_days]
        if self.counted:
            offsets = list(filter(_on(self.counted, first, length), offsets))
        if self.rule.by_week_number:
            in_weeks = self._in_weeks(first, length)
            offsets = [offset for offset in offsets if offset in in_weeks]
        return offsets

    def _in_weeks(self, first: int, length: int) -> set[int]:
        found: set[int] = set()
        for begin in range(first - (first - 1 - self.rule.week_start) % _WEEK, first + length, _WEEK):
            year = dt.date.fromordinal(begin + _MIDWEEK).year
            first_week, week_after = self._first_week(year), self._first_week(year + 1)
            number, total = (begin - first_week) // _WEEK + 1, (week_after - first_week) // _WEEK
            if number in self.rule.by_week_number or number - total - 1 in self.rule.by_week_number:
                found.update(range(begin - first, begin - first + _WEEK))
        return found

    def _first_week(self, year: int) -> int:
        day = dt.date(year, 1, _FIRST_WEEK_DAY).toordinal()
        return day - (day - 1 - self.rule.week_start) % _WEEK


class _Times:
    """The times of day of a rule, and BYSETPOS, which chooses among the times of a whole period."""

    def __init__(self, rule: Rule, start: dt.datetime) -> None:
        self.second = start.second
        self.positions = rule.by_set_position
        self.minutes: Sequence[int] = rule.by_minute
        self.clock: Sequence[dt.time] = ()
        self.hours, self.phase = _steps(rule, start)
        self.wanted = _hours(rule)
        self.hourly = rule.frequency == "HOURLY"
        self.hours_from: dict[int, Sequence[int]] = {}
        if self.hourly:
            self.minutes, self.positions = self._chosen(self.minutes), ()
        else:
            self.clock = [dt.time(hour, minute, self.second) for hour in rule.by_hour for minute in rule.by_minute]
        if rule.frequency == "DAILY":
            self.clock, self.positions = self._chosen(self.clock), ()

    @property
    def is_empty(self) -> bool:
        return not (self.minutes if self.hourly else self.clock)

    def count(self, days: Sequence[int]) -> int:
        """Count the times on the days of one period."""
        if self.hourly:
            return sum(len(self._hours_of(day)) for day in days) * len(self.minutes)
        total = len(days) * len(self.clock)
        return len(self._places(total)) if self.positions else total

    def on(self, days: Sequence[int], since: dt.datetime) -> Iterator[dt.datetime]:
        """Go through the times on the days of one period that are not before ``since``, in order."""
        if self.positions:
            places = [divmod(place, len(self.clock)) for place in self._places(len(days) * len(self.clock))]
            moments = (dt.datetime.combine(dt.date.fromordinal(days[day]), self.clock[time]) for day, time in places)
        else:
            later = days[bisect_left(days, since.toordinal()) :]
            dates = ((day, dt.date.fromordinal(day)) for day in later)
            moments = (dt.datetime.combine(date, time) for day, date in dates for time in self._clock_of(day))
        return (moment for moment in moments if moment >= since)

    def _clock_of(self, day: int) -> Sequence[dt.time]:
        if not self.hourly:
            return self.clock
        return [dt.time(hour, minute, self.second) for hour in self._hours_of(day) for minute in self.minutes]

    def _hours_of(self, day: int) -> Sequence[int]:
        first = (self.phase - day * _HOURS_OF_DAY) % self.hours
        hours = self.hours_from.get(first)
        if hours is None:
            steps = range(first, _HOURS_OF_DAY, self.hours)
            hours = self.hours_from[first] = [hour for hour in steps if hour in self.wanted]
        return hours

    def _chosen(self, values: Sequence[_T]) -> Sequence[_T]:
        return [values[place] for place in self._places(len(values))] if self.positions else values

    def _places(self, total: int) -> list[int]:
        places = {position - 1 if position > 0 else total + position for position in self.positions}
        return sorted(place for place in places if 0 <= place < total)


def _periods(rule: Rule, start: dt.datetime) -> _Periods:
    if rule.frequency == "YEARLY":
        return _Years(rule)
    if rule.frequency == "MONTHLY":
        return _Months(rule, rule.interval)
    if rule.frequency == "WEEKLY":
        return _Weeks(rule)
    return _Stretches(rule, start)


def _steps(rule: Rule, start: dt.datetime) -> tuple[int, int]:
    """Say how many hours a DAILY or HOURLY rule steps, and the hour it steps from."""
    hours = start.toordinal() * _HOURS_OF_DAY
    return (rule.interval, hours + start.hour) if rule.frequency == "HOURLY" else (rule.interval * _HOURS_OF_DAY, hours)


def _hours(rule: Rule) -> Sequence[int]:
    return rule.by_hour or range(_HOURS_OF_DAY)


def _month(day: int) -> int:
    return dt.date.fromordinal(day).month


def _on(days: Sequence[Day], first: int, length: int) -> Callable[[int], bool]:
    """Make the test for days of the span that begins on ``first`` being one of the weekdays, numbered from either end."""
    numbers: dict[int, set[int]] = {}
    for day in days:
        numbers.setdefault(day.weekday, set()).add(day.ordinal)

    def is_on(offset: int) -> bool:
        wanted = numbers.get((first + offset - 1) % _WEEK)
        if wanted is None:
            return False
        return 0 in wanted or offset // _WEEK + 1 in wanted or -((length - 1 - offset) // _WEEK + 1) in wanted

    return is_on
