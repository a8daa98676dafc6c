"""Times of day in English: `at 9`, `9:30pm`, `noon`, `at 9 in the evening`."""

import datetime as dt
import re
from dataclasses import dataclass
from typing import Final

from todo_api.domain.english_words import PARTS_OF_DAY, Reader

# What a part of the day means where no hour is said.
PART_MINUTES: Final = {"morning": 9 * 60, "afternoon": 15 * 60, "evening": 18 * 60, "night": 20 * 60}
DAY_MINUTES: Final = 24 * 60

_HALF_DAY: Final = 12
_EARLIEST_HOUR: Final = 7  # "at 5" is in the afternoon: who means 05:00 says "5am" or "05:00"
_DAWN: Final = 5  # "tonight at 2" is after midnight
_LATEST_HOUR: Final = 23
_LATEST_MINUTE: Final = 59
_HALVES: Final = {"am": "am", "a.m": "am", "a.m.": "am", "pm": "pm", "p.m": "pm", "p.m.": "pm"}
_TIME: Final = re.compile(r"([0-9]{1,2})(?:([:.])([0-9]{2}))?(am|pm|a\.m\.?|p\.m\.?)?")
_NAMED: Final = {"noon": _HALF_DAY, "midday": _HALF_DAY, "midnight": 24}


@dataclass(frozen=True, slots=True)
class Clock:
    """A time of day as it was said.

    ``bare`` is an hour and nothing more (`at 9`); ``weak`` a time that counts only beside a day (`17:00`, `noon`, `at 20`).
    """

    hour: int
    minute: int = 0
    half: str = ""
    bare: bool = False
    weak: bool = False

    def minutes(self, part: str = "") -> int:
        """Count from the day's beginning, with the part of the day said beside it; midnight ends its day: 1440."""
        if self.half:
            return (self.hour % _HALF_DAY + (_HALF_DAY if self.half == "pm" else 0)) * 60 + self.minute
        if part == "night" and self.hour % _HALF_DAY < _DAWN and self.hour <= _HALF_DAY:
            return DAY_MINUTES + self.hour % _HALF_DAY * 60 + self.minute
        later = part != "morning" if part else self.bare and self.hour < _EARLIEST_HOUR
        return (self.hour + (_HALF_DAY if later and self.hour < _HALF_DAY else 0)) * 60 + self.minute


def minutes_of_day(clock: Clock | None, part: str) -> int | None:
    """Count from the day's beginning for a time, a part of the day, or both; nothing where neither was said."""
    return clock.minutes(part) if clock is not None else PART_MINUTES.get(part)


def time_of_day(clock: Clock | None, part: str) -> dt.time | None:
    """Find the time on the wall; midnight is 00:00."""
    minutes = minutes_of_day(clock, part)
    return dt.time(*divmod(minutes % DAY_MINUTES, 60)) if minutes is not None else None


def read_clock(reader: Reader) -> Clock | None:
    """Read a time of day, with or without `at`, as far as it goes."""
    at = bool(reader.accept("at"))
    named = reader.look_up(_NAMED)
    if named is not None:
        return Clock(named, weak=not at)
    found = reader.match(_TIME)
    if found is None:
        return None
    half = _HALVES.get(found[4] or "") or reader.look_up(_HALVES) or ""
    hour, minute, bare = int(found[1]), int(found[3] or 0), not found[3] and not half
    if bare and reader.accept("o'clock"):
        bare = at = True
    if hour > _LATEST_HOUR or minute > _LATEST_MINUTE or (found[2] == "." and not half) or (bare and not (at and hour)):
        return None
    if half and not 1 <= hour <= _HALF_DAY:
        return None
    half = half or _read_half(reader)
    return Clock(hour, minute, half if hour <= _HALF_DAY else "", bare, weak=_is_weak(hour, bare=bare, at=at, half=half))


def _is_weak(hour: int, *, bare: bool, at: bool, half: str) -> bool:
    return not half and (hour > _HALF_DAY if bare else not at)


def _read_half(reader: Reader) -> str:
    """Read `in the evening` or `at night` behind an hour."""
    at = reader.at
    if reader.accept("in") and reader.accept("the"):
        part = reader.accept(*(PARTS_OF_DAY - {"night"}))
        if part:
            return "am" if part == "morning" else "pm"
    reader.at = at
    if reader.accept("at") and reader.accept("night"):
        return "pm"
    reader.at = at
    return ""
