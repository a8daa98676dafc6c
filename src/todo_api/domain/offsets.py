"""Stretches of time over which a zone keeps one offset, so that SQL, which knows no zones, can tell local days."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

_STEP: Final = timedelta(hours=6)  # no zone changes its offset and back within it
_SECOND: Final = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Stretch:
    """``seconds`` east of UTC, until ``ends_at`` (excluded)."""

    seconds: int
    ends_at: datetime


def stretches(begin: datetime, end: datetime, zone: ZoneInfo) -> list[Stretch]:
    """Part the time from ``begin`` to ``end`` (excluded), in order; neighbours have different offsets."""
    found: list[Stretch] = []
    at, seconds = begin.astimezone(UTC).replace(microsecond=0), _offset(begin, zone)
    while at < end:
        following = min(at + _STEP, end)
        if (later := _offset(following, zone)) != seconds:
            found.append(Stretch(seconds, _change(at, following, zone)))
            seconds = later
        at = following
    return [*found, Stretch(seconds, end)]


def _offset(at: datetime, zone: ZoneInfo) -> int:
    offset = at.astimezone(zone).utcoffset()
    return 0 if offset is None else round(offset.total_seconds())


def _change(low: datetime, high: datetime, zone: ZoneInfo) -> datetime:
    """Find the instant between the two from which the later offset holds."""
    before = _offset(low, zone)
    while high - low > _SECOND:
        middle = low + ((high - low) // 2 // _SECOND) * _SECOND
        if _offset(middle, zone) == before:
            low = middle
        else:
            high = middle
    return high
