"""The dates of a filter as boundaries in time, ready to be compared with any kind of date."""

import calendar
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from todo_api.domain.dates import day_bounds, local_today
from todo_api.domain.dates import resolve as instant_of
from todo_api.domain.filter_tree import Anchor, Day, Instant, LocalTime, Relative, Time, Unit

TICK: Final = timedelta(microseconds=1)  # the resolution of stored instants: `<= x` is `< x + TICK`

_ONE_DAY: Final = timedelta(days=1)
_WINDOW: Final = timedelta(hours=26)  # no zone ever changed by more: a clock change further away moves no wall time across
_STEP: Final = timedelta(hours=2)  # no zone has two changes that cancel each other in less
_WEEKDAYS: Final = (
    Anchor.MONDAY,
    Anchor.TUESDAY,
    Anchor.WEDNESDAY,
    Anchor.THURSDAY,
    Anchor.FRIDAY,
    Anchor.SATURDAY,
    Anchor.SUNDAY,
)


@dataclass(frozen=True, slots=True)
class WallRange:
    """Naive wall times from `since` (included; None: from ever) to `until` (excluded)."""

    since: datetime | None
    until: datetime


@dataclass(frozen=True, slots=True)
class Boundary:
    """A cut through time, said once for each kind of date.

    An all-day date and a deadline lie before it when their day is before `day`; a floating date when its wall time is in one of
    `walls`; a zoned date and an instant when they are before `instant`. There is one range of wall times but in the hours after a
    clock change: those that do not exist count by the offset from before the gap, which can make it two.
    """

    day: date
    walls: tuple[WallRange, ...]
    instant: datetime


@dataclass(frozen=True, slots=True)
class Span:
    """What a date literal covers: a whole day, or one microsecond; from `first` (included) to `end` (excluded)."""

    first: Boundary
    end: Boundary


@dataclass(frozen=True, slots=True, kw_only=True)
class FilterContext:
    """For whom and when a filter is asked.

    `now` is aware; `week_start` counts as `date.weekday()` does; `user_id` is None where nobody is `me`.
    """

    now: datetime
    zone: ZoneInfo
    user_id: str | None = None
    week_start: int = calendar.MONDAY


def span(value: Time, context: FilterContext, *, by_start: bool) -> Span:
    """Find the boundaries of a date. Against a date-time, an all-day date counts as its last instant, `by_start` as its first."""
    found = _day_or_instant(value, context)
    if isinstance(found, datetime):
        first, end = (_at(instant, context.zone, by_start=by_start) for instant in (found, found + TICK))
        return Span(first, end)
    starts, ends = day_bounds(found, context.zone)
    return Span(_midnight(found, starts), _midnight(found + _ONE_DAY, ends))


def overdue_boundary(context: FilterContext) -> Boundary:
    """Find what a due must lie before to be overdue now: see `WallTime.overdue_at`."""
    reached = context.now + TICK
    return Boundary(_day_of(context.now, context.zone), _walls_before(reached, context.zone), reached.astimezone(UTC))


def _midnight(day: date, instant: datetime) -> Boundary:
    return Boundary(day, (WallRange(None, datetime.combine(day, time.min)),), instant)


def _at(instant: datetime, zone: ZoneInfo, *, by_start: bool) -> Boundary:
    day = _day_of(instant, zone)
    begun = by_start and day_bounds(day, zone)[0] < instant
    return Boundary(day + _ONE_DAY if begun else day, _walls_before(instant, zone), instant.astimezone(UTC))


def _day_of(instant: datetime, zone: ZoneInfo) -> date:
    """Find the last day that has begun; not always the one on the wall, which can be set back over midnight."""
    day = local_today(instant, zone)
    while day_bounds(day, zone)[1] <= instant:
        day += _ONE_DAY
    return day


def _walls_before(instant: datetime, zone: ZoneInfo) -> tuple[WallRange, ...]:
    """Find the wall times whose instant lies before this one.

    A clock change cuts the wall at the later of its two readings: before that its old offset counts, after it the new one.
    """
    here = instant.astimezone(UTC).replace(tzinfo=None)
    offset = _offset(instant - _WINDOW, zone)
    ranges: list[WallRange] = []
    since: datetime | None = None
    for change, after in _changes(instant, zone):
        cut = change.replace(tzinfo=None) + max(offset, after)
        _extend(ranges, since, min(cut, here + offset))
        since, offset = cut, after
    _extend(ranges, since, here + offset)
    return tuple(ranges)


def _extend(ranges: list[WallRange], since: datetime | None, until: datetime) -> None:
    if since is not None and until <= since:
        return
    if ranges and ranges[-1].until == since:
        ranges[-1] = WallRange(ranges[-1].since, until)
    else:
        ranges.append(WallRange(since, until))


def _offset(instant: datetime, zone: ZoneInfo) -> timedelta:
    return instant.astimezone(zone).utcoffset() or timedelta()


def _changes(instant: datetime, zone: ZoneInfo) -> list[tuple[datetime, timedelta]]:
    """Find the clock changes near an instant: when, to the second, and to which offset."""
    changes: list[tuple[datetime, timedelta]] = []
    low = (instant - _WINDOW).astimezone(UTC).replace(microsecond=0)
    while low < instant + _WINDOW:
        high = low + _STEP
        after = _offset(high, zone)
        if after != _offset(low, zone):
            changes.append((_bisect(low, high, zone), after))
        low = high
    return changes


def _bisect(low: datetime, high: datetime, zone: ZoneInfo) -> datetime:
    after = _offset(high, zone)
    while high - low > timedelta(seconds=1):
        middle = (low + (high - low) / 2).replace(microsecond=0)
        low, high = (low, middle) if _offset(middle, zone) == after else (middle, high)
    return high


def _day_or_instant(value: Time, context: FilterContext) -> date | datetime:
    match value:
        case Day(day):
            return day
        case LocalTime(wall):
            return instant_of(wall, context.zone)
        case Instant(at):
            return at
        case Relative(Anchor.NOW, amount, unit):
            return _shift_now(amount, unit, context)
        case Relative(anchor, amount, unit):
            return _shift(_anchor_day(anchor, context), amount, unit)


def _shift_now(amount: int, unit: Unit | None, context: FilterContext) -> datetime:
    match unit:
        case Unit.MINUTE:
            return context.now + timedelta(minutes=amount)
        case Unit.HOUR:
            return context.now + timedelta(hours=amount)
        case None:
            return context.now
        case _:
            wall = context.now.astimezone(context.zone).replace(tzinfo=None, fold=0)
            return instant_of(datetime.combine(_shift(wall.date(), amount, unit), wall.time()), context.zone)


def _shift(day: date, amount: int, unit: Unit | None) -> date:
    if unit in {Unit.MONTH, Unit.YEAR}:
        months = day.year * 12 + day.month - 1 + amount * (12 if unit is Unit.YEAR else 1)
        year, month = months // 12, months % 12 + 1
        return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))
    return day + timedelta(days=amount * (7 if unit is Unit.WEEK else 1))


def _anchor_day(anchor: Anchor, context: FilterContext) -> date:
    today = _day_of(context.now, context.zone)
    if anchor in _WEEKDAYS:
        return today + timedelta(days=(_WEEKDAYS.index(anchor) - today.weekday() - 1) % 7 + 1)
    into_the_week = (today.weekday() - context.week_start) % 7
    return {
        Anchor.TODAY: today,
        Anchor.TOMORROW: today + _ONE_DAY,
        Anchor.YESTERDAY: today - _ONE_DAY,
        Anchor.START_OF_WEEK: today - timedelta(days=into_the_week),
        Anchor.END_OF_WEEK: today + timedelta(days=6 - into_the_week),
        Anchor.START_OF_MONTH: today.replace(day=1),
        Anchor.END_OF_MONTH: today.replace(day=calendar.monthrange(today.year, today.month)[1]),
        Anchor.START_OF_YEAR: date(today.year, 1, 1),
        Anchor.END_OF_YEAR: date(today.year, 12, 31),
    }[anchor]
