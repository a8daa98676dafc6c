"""When reminders fire."""

from collections.abc import Iterable
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from todo_api.domain.dates import WallTime, WallTimeError, shift_days


def next_fire(
    reminders: Iterable[dict[str, Any]], *, due: WallTime | None, zone: ZoneInfo, day_start: time, now: datetime
) -> datetime | None:
    """The first instant after ``now`` at which one of the reminders fires; a relative one needs a due date.

    An all-day date counts from ``day_start`` of that day, in the user's ``zone`` as floating dates do.
    """
    instants = [_instant(reminder, due, zone, day_start) for reminder in reminders]
    return min((instant for instant in instants if instant is not None and instant > now), default=None)


def shift_absolute(reminders: list[dict[str, Any]], days: int, zone: ZoneInfo) -> list[dict[str, Any]]:
    """The reminders with absolute ones moved by local days: the wall clock in ``zone`` stays."""
    return [reminder if "at" not in reminder else {"at": _shifted(reminder["at"], days, zone)} for reminder in reminders]


def _instant(reminder: dict[str, Any], due: WallTime | None, zone: ZoneInfo, day_start: time) -> datetime | None:
    if "at" in reminder:
        return datetime.fromisoformat(reminder["at"])
    if due is None:
        return None
    timed = due if due.time is not None else WallTime(due.date, day_start)
    return timed.starts_at(zone) - timedelta(minutes=reminder["minutes_before"])


def _shifted(at: str, days: int, zone: ZoneInfo) -> str:
    local = datetime.fromisoformat(at).astimezone(zone).replace(tzinfo=None)
    try:
        when = shift_days(WallTime(local.date(), local.time().replace(microsecond=0)), days)
    except WallTimeError:  # the calendar ends there
        return at
    return when.starts_at(zone).replace(microsecond=local.microsecond).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
