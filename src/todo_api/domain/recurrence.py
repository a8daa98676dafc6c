"""When a recurring todo comes next: the series of a rule on the wall clock, its exceptions, and the step after a completion.

An occurrence is a date where the series is all day and a naive wall-clock time otherwise; `as_wall_time` gives it the zone
of the series, and `dates.resolve` then finds the instant, so that a daily 09:00 stays 09:00 through every change of clocks.
"""

import datetime as dt
from collections.abc import Collection, Iterator
from dataclasses import replace
from itertools import islice
from typing import Literal

from todo_api.domain.dates import LAST_YEAR, WallTime, zone
from todo_api.domain.recurrence_expansion import instances
from todo_api.domain.recurrence_rules import RecurrenceError, Rule, monthly_clamped, yearly_clamped

Occurrence = dt.date | dt.datetime  # a datetime here never has a zone
Anchor = Literal["schedule", "completion"]
CatchUp = Literal["next_future", "each"]

_END_OF_TIME = dt.datetime.combine(dt.date(LAST_YEAR, 12, 31), dt.time.max)


def require_fit(rule: Rule, start: WallTime) -> None:
    """Refuse a rule that cannot begin here: it names times of day and the start has none, or nothing comes of it."""
    if first_occurrence(rule, start) is None:
        hint = "Choose another start, a later UNTIL, or an interval that meets the other parts."
        raise RecurrenceError("rrule_never_occurs", f"The rule names no date from {start.date} on.", hint=hint)


def first_occurrence(rule: Rule, start: WallTime, exdates: Collection[Occurrence] = ()) -> Occurrence | None:
    """Find the first occurrence at or after the start; the start itself is one only where the rule names it."""
    return next(_series(rule, start, _moment(start, start.date, dt.time.min), _END_OF_TIME, exdates), None)


def next_occurrence(rule: Rule, start: WallTime, after: Occurrence, exdates: Collection[Occurrence] = ()) -> Occurrence | None:
    """Find the first occurrence later than ``after``; after a date means after that whole day."""
    floor = _moment(start, after, dt.time.max)
    found = _series(rule, start, floor, _END_OF_TIME, exdates)
    return next((occurrence for occurrence in found if _moment(start, occurrence, dt.time.min) > floor), None)


def occurrences(  # one question, all its circumstances
    rule: Rule,
    start: WallTime,
    *,
    since: Occurrence,
    until: Occurrence,
    limit: int,
    exdates: Collection[Occurrence] = (),
) -> list[Occurrence]:
    """List the occurrences from ``since`` to ``until``, both included; a date includes its whole day."""
    floor, ceiling = _moment(start, since, dt.time.min), _moment(start, until, dt.time.max)
    return list(islice(_series(rule, start, floor, ceiling, exdates), limit))


def advance(  # noqa: PLR0913  # one question, all its circumstances
    rule: Rule,
    *,
    anchor: Anchor,
    catch_up: CatchUp,
    start: WallTime,
    current: Occurrence,
    now_local: dt.datetime,
    completed_on_local: Occurrence,
    exdates: Collection[Occurrence] = (),
    recorded: int | None = None,
) -> Occurrence | None:
    """Find the occurrence that follows when the current one is completed or skipped; `None` ends the series.

    All local values are wall clocks in the zone of the series, or the viewer's where it has none. What follows is always
    later than ``current``, so an occurrence never comes up twice.

    With the anchor ``schedule``, ``next_future`` also leaves out what is not after ``now_local``: of an all-day series,
    today. With the anchor ``completion``, ``catch_up`` says nothing, and COUNT, which has no fixed days to count, counts
    the records of the series instead: ``recorded`` says how many there are, this one included.
    """
    if anchor == "completion":
        if rule.count is not None and recorded is None:
            raise ValueError("a counted rule from completion needs the number of records")
        if rule.count is not None and recorded is not None and recorded >= rule.count:
            return None
        return _next_from_completion(rule, start, current, completed_on_local, exdates)
    if catch_up == "next_future":
        current = max(_moment(start, current, dt.time.max), _moment(start, now_local, dt.time.max))
    return next_occurrence(rule, start, current, exdates)


def as_wall_time(occurrence: Occurrence, start: WallTime) -> WallTime:
    """Place an occurrence in the zone of the series that begins at ``start``."""
    if isinstance(occurrence, dt.datetime):
        return WallTime(occurrence.date(), occurrence.time(), start.timezone)
    return WallTime(occurrence)


def _next_from_completion(
    rule: Rule, start: WallTime, current: Occurrence, completed: Occurrence, exdates: Collection[Occurrence]
) -> Occurrence | None:
    """Begin the rule anew on the day of completion, at the time of day it always has.

    A rule with several times a day goes on from the moment of completion: "every 4 hours" must not wait for tomorrow.
    """
    rule = replace(rule, count=None)
    day = completed.date() if isinstance(completed, dt.datetime) else completed
    time, done = start.time, dt.datetime.combine(day, dt.time.max)
    if time is not None and isinstance(completed, dt.datetime) and _comes_several_times_a_day(rule):
        done = completed
        if rule.frequency == "HOURLY":
            time = completed.time().replace(second=0, microsecond=0, fold=0, tzinfo=None)
        time = time.replace(hour=0 if rule.by_hour else time.hour, minute=0 if rule.by_minute else time.minute)
    else:
        rule = _clamped(rule, day)
    after = max(_moment(start, current, dt.time.max), _moment(start, done, dt.time.max))
    return next_occurrence(rule, WallTime(day, time, start.timezone), after, exdates)


def _comes_several_times_a_day(rule: Rule) -> bool:
    return rule.frequency == "HOURLY" or len(rule.by_hour) > 1 or len(rule.by_minute) > 1


def _clamped(rule: Rule, day: dt.date) -> Rule:
    """Let "a month after the 31st" be the last day of a shorter month, where the rule itself says nothing of days."""
    if rule.by_day or rule.by_month_day or rule.by_year_day or rule.by_week_number or rule.by_set_position:
        return rule
    if rule.frequency == "MONTHLY":
        clamped = monthly_clamped(day.day)
    elif rule.frequency == "YEARLY" and not rule.by_month:
        clamped = yearly_clamped(day.month, day.day)
    else:
        return rule
    return replace(
        rule,
        by_month=rule.by_month or clamped.by_month,
        by_month_day=clamped.by_month_day,
        by_set_position=clamped.by_set_position,
    )


def _series(
    rule: Rule, start: WallTime, since: dt.datetime, until: dt.datetime, exdates: Collection[Occurrence]
) -> Iterator[Occurrence]:
    """Go through what the rule names between two wall clocks, both included, without the exceptions.

    An exception that is a date hides all of its day.
    """
    if start.time is None and (rule.frequency == "HOURLY" or rule.by_hour or rule.by_minute):
        hint = "Give the start a time, or leave out HOURLY, BYHOUR and BYMINUTE."
        raise RecurrenceError("rrule_needs_time", "The rule names times of day, but it starts on an all-day date.", hint=hint)
    hidden = {_moment(start, exdate, dt.time.min) if start.time is None else exdate for exdate in exdates}
    begin = dt.datetime.combine(start.date, start.time or dt.time.min)
    for moment in instances(rule, begin, since, min(until, _last_moment(rule, start))):
        if moment not in hidden and moment.date() not in hidden:
            yield moment.date() if start.time is None else moment


def _last_moment(rule: Rule, start: WallTime) -> dt.datetime:
    """Put UNTIL on the wall clock of the series; a date includes its whole day, an instant means the series' own zone."""
    until = rule.until
    if until is None:
        return _END_OF_TIME
    if not isinstance(until, dt.datetime):
        return dt.datetime.combine(until, dt.time.max)
    if until.tzinfo is not None and start.timezone is not None:
        until = until.astimezone(zone(start.timezone))
    return until.replace(tzinfo=None)


def _moment(start: WallTime, value: Occurrence, time: dt.time) -> dt.datetime:
    """Make a date or time comparable within the series: ``time`` is for a date, and all-day series are at midnight."""
    if start.time is None:
        return dt.datetime.combine(value.date() if isinstance(value, dt.datetime) else value, dt.time.min)
    return value.replace(tzinfo=None) if isinstance(value, dt.datetime) else dt.datetime.combine(value, time)
