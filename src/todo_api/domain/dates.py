"""Dates as people mean them: wall clocks, zones, and the instants they stand for."""

import datetime as dt
import re
import zoneinfo
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

FIRST_YEAR = 1900
LAST_YEAR = 9000  # far enough from datetime's ends that no zone, day or step can overflow

DateKind = Literal["all_day", "floating", "zoned"]

_MIDNIGHT = dt.time()
_ONE_DAY = dt.timedelta(days=1)
_ONE_SECOND = dt.timedelta(seconds=1)
# Files that zone folders hold and `ZoneInfo` opens, but that name the machine's setting or no place at all.
_NOT_PLACES = {"localtime", "posixrules", "Factory"}
_WALL_TIME = re.compile(
    r"(?P<date>\d{4}-\d\d-\d\d)"
    r"(?:T(?P<time>(?:[01]\d|2[0-3]):[0-5]\d(?P<seconds>:[0-5]\d)?)"
    r"(?(seconds)(?P<fraction>\.\d+)?(?P<offset>Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)?))?",
    re.ASCII,
)


class WallTimeError(ValueError):
    """Not a date or time of day that can be kept."""


class UnknownTimezoneError(ValueError):
    """Not the name of an IANA time zone."""


@cache
def _zone_names() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones() - _NOT_PLACES)


@cache
def zone(name: str) -> ZoneInfo:
    """Find the IANA zone of exactly this name."""
    # Names are looked up, never opened as a path: `ZoneInfo` itself accepts `localtime`, `right/…` and, on some
    # file systems, any case. Refusals are not cached, so the cache is bounded by the zones there are.
    if name not in _zone_names():
        alike = (known for known in _zone_names() if known.casefold() == name.casefold())
        raise UnknownTimezoneError(f"is not an IANA time zone; use a name like {next(alike, 'Europe/Berlin')!r}")
    return ZoneInfo(name)


def resolve(local: dt.datetime, zone: ZoneInfo) -> dt.datetime:
    """Find the UTC instant of a naive wall clock: in a gap by the offset from before it, the first where it occurs twice."""
    if local.tzinfo is not None:
        raise WallTimeError("a wall clock time has no offset of its own")
    try:
        return local.replace(tzinfo=zone, fold=0).astimezone(dt.UTC)  # fold=0 is both halves of the rule (PEP 495)
    except OverflowError:
        raise WallTimeError(f"{local} is too far away") from None


@dataclass(frozen=True, slots=True)
class WallTime:
    """A date, perhaps with a time of day, perhaps in a zone of its own; without one it follows the viewer."""

    date: dt.date
    time: dt.time | None = None
    timezone: str | None = None

    def __post_init__(self) -> None:
        if isinstance(self.date, dt.datetime):
            raise WallTimeError("date must be a date without a time")
        _require_year(self.date)
        if self.time is not None and (self.time.tzinfo is not None or self.time.microsecond):
            raise WallTimeError("time must be hours, minutes and seconds, without a fraction or an offset")
        if self.timezone is not None:
            if self.time is None:
                raise WallTimeError("timezone needs a time: a date alone follows the viewer's time zone")
            zone(self.timezone)

    @property
    def kind(self) -> DateKind:
        if self.time is None:
            return "all_day"
        return "floating" if self.timezone is None else "zoned"

    @property
    def parts(self) -> dict[str, str | None]:
        """The same as JSON has it, in the shape that clients read."""
        clock = None if self.time is None else self.time.isoformat("minutes" if self.time.second == 0 else "seconds")
        return {"date": self.date.isoformat(), "time": clock, "timezone": self.timezone}

    def starts_at(self, viewer: ZoneInfo) -> dt.datetime:
        """Find the UTC instant this begins: of an all-day date, the first moment of that day where the viewer is."""
        if self.time is None:
            return _first_instant(self.date, viewer)
        where = viewer if self.timezone is None else zone(self.timezone)
        return resolve(dt.datetime.combine(self.date, self.time), where)

    def overdue_at(self, viewer: ZoneInfo) -> dt.datetime:
        """Find the UTC instant from which this counts as overdue: of an all-day date, the end of that day."""
        return self.starts_at(viewer) if self.time is not None else _first_instant(self.date + _ONE_DAY, viewer)


def parse_wall_time(text: str) -> WallTime:
    """Read `2027-03-14`, `2027-03-14T09:00[:00]` or an RFC 3339 instant, which is kept in UTC."""
    found = _WALL_TIME.fullmatch(text)
    if found is None:
        raise WallTimeError("is not like '2027-03-14', '2027-03-14T09:00' or '2027-03-14T09:00:00Z'")
    date, time, fraction, offset = found.group("date", "time", "fraction", "offset")
    if fraction is not None and fraction.strip(".0"):
        raise WallTimeError("fractions of a second are not kept")
    try:
        local = dt.datetime.fromisoformat(f"{date}T{time or '00:00'}{offset or ''}")
    except ValueError:
        raise WallTimeError("is not a day of the calendar") from None
    if time is None:
        return WallTime(local.date())
    if offset is not None:
        _require_year(local)  # before the conversion, which overflows at the ends of the calendar
        local = local.astimezone(dt.UTC)
    return WallTime(local.date(), local.time(), None if offset is None else "UTC")


def local_today(now: dt.datetime, zone: ZoneInfo) -> dt.date:
    """Read the date off the wall in this zone at an aware instant."""
    if now.tzinfo is None:
        raise WallTimeError("now must be an instant: it has no offset")
    return now.astimezone(zone).date()


def day_bounds(date: dt.date, zone: ZoneInfo) -> tuple[dt.datetime, dt.datetime]:
    """Find the UTC instants a day begins (included) and ends (excluded): one and the same for a day the zone skipped."""
    _require_year(date)
    return _first_instant(date, zone), _first_instant(date + _ONE_DAY, zone)


def shift_days(wall_time: WallTime, days: int) -> WallTime:
    """Move the date by whole days; the wall clock and the zone stay."""
    try:
        return replace(wall_time, date=wall_time.date + dt.timedelta(days=days))
    except OverflowError:
        raise WallTimeError(f"{days} days from {wall_time.date} is too far away") from None


def _require_year(date: dt.date) -> None:
    if not FIRST_YEAR <= date.year <= LAST_YEAR:
        raise WallTimeError(f"the year must be from {FIRST_YEAR} to {LAST_YEAR}, not {date.year}")


@lru_cache(maxsize=4096)
def _first_instant(date: dt.date, zone: ZoneInfo) -> dt.datetime:
    """Find the UTC instant from which the date, or already a later one, is on the wall."""
    midnight = dt.datetime.combine(date, _MIDNIGHT, zone)
    start = midnight.astimezone(dt.UTC)
    before = midnight.replace(fold=1).astimezone(dt.UTC)
    if before >= start:  # midnight exists; the first one is meant
        return start
    # Midnight fell into a gap, which need not begin at midnight (Toronto, 1919: 23:30 to 00:30). The clock was
    # changed after `before` and not after `start`.
    while start - before > _ONE_SECOND:
        middle = before + (start - before) // 2
        if middle.astimezone(zone).date() < date:
            before = middle
        else:
            start = middle
    return start.replace(microsecond=0)
