"""Reading RFC 5545 RRULE text: what is taken, what is refused and why."""

import datetime as dt
import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, NamedTuple

from todo_api.domain.dates import FIRST_YEAR, LAST_YEAR
from todo_api.domain.recurrence_expansion import instances
from todo_api.domain.recurrence_rules import FREQUENCIES, WEEKDAYS, Day, Frequency, RecurrenceError, Rule

MAX_LENGTH = 500
MAX_INTERVAL = 1_000
MAX_COUNT = 2_000  # daily for five years; counting is what a question about a counted rule costs
MAX_TIMES_A_DAY = 96  # every quarter of an hour; more would bring MINUTELY back through BYHOUR and BYMINUTE

_PREFIX = "RRULE:"
_SHOWN = 40  # characters of wrong text that an error repeats
_HOURS_OF_DAY = 24
_WEEKS_OF_MONTH = 5
_NUMBER = re.compile(r"[0-9]{1,5}")
_POSITION = re.compile(r"[+-]?[0-9]{1,3}")
_DAY = re.compile(rf"(?P<ordinal>[+-]?(?:0?[1-9]|[1-4][0-9]|5[0-3]))?(?P<weekday>{'|'.join(WEEKDAYS)})")
_UNTIL = re.compile(r"[0-9]{8}(?P<time>T(?:[01][0-9]|2[0-3])[0-9]{4}Z?)?")
# A Monday, the first of a month and of a year: days a rule can leave open are days that every period has.
_SAMPLE = dt.datetime.combine(dt.date(2001, 1, 1), dt.time())
_SAMPLE_END = dt.datetime.combine(dt.date(2029, 1, 1), dt.time())  # 28 years have every kind of year, month and week


class _Part(NamedTuple):
    """One ``NAME=VALUE`` of the text, in capitals, and the offset it begins at."""

    name: str
    value: str
    position: int

    def wrong(self, hint: str) -> RecurrenceError:
        return RecurrenceError("rrule_value", f"{self.name} is not valid.", hint=hint, position=self.position)


def parse_rrule(text: str) -> Rule:
    """Read an RRULE in any case, with or without its name in front; `RecurrenceError` says what is wrong with it."""
    if len(text) > MAX_LENGTH:
        raise RecurrenceError(
            "rrule_too_long", f"The rule has {len(text)} characters.", hint=f"Use at most {MAX_LENGTH}.", position=MAX_LENGTH
        )
    parts = _parts(text)
    fields = {_READERS[name].field: _READERS[name].read(part) for name, part in parts.items()}
    fields.pop("by_second", None)
    rule = Rule(**fields)
    _refuse_combinations(rule, parts)
    if next(instances(replace(rule, interval=1, count=None), _SAMPLE, _SAMPLE, _SAMPLE_END), None) is None:
        raise RecurrenceError("rrule_never_occurs", "No date fits all parts of the rule.", hint="Take one of them out.")
    return rule


def _parts(text: str) -> dict[str, _Part]:
    """Cut the text into its parts; every name is known and comes once, and FREQ is there."""
    offset = len(text) - len(text.lstrip())
    rest = text.strip().upper()
    if not text.isascii():
        position = next(index for index, character in enumerate(text) if not character.isascii())
        raise _syntax("A rule has only ASCII characters.", position)
    if rest.startswith(_PREFIX):
        offset, rest = offset + len(_PREFIX), rest[len(_PREFIX) :]
    parts: dict[str, _Part] = {}
    for item in rest.split(";"):
        name, equals, value = item.partition("=")
        if not (name and equals and value):
            raise _syntax(f"{item[:_SHOWN]!r} is not a part of a rule.", offset)
        if name in parts:
            raise _syntax(f"{name[:_SHOWN]} comes twice.", offset)
        parts[name] = _Part(name, value, offset)
        if name not in _READERS:
            raise RecurrenceError(
                "rrule_unsupported", f"{name[:_SHOWN]} is not supported.", hint=f"Use {', '.join(_READERS)}.", position=offset
            )
        offset += len(item) + 1
    if "FREQ" not in parts:
        raise _syntax("FREQ is missing.", 0)
    return parts


def _syntax(message: str, position: int) -> RecurrenceError:
    hint = "Write NAME=VALUE parts with ; between them, each name once, like FREQ=WEEKLY;BYDAY=MO,TH."
    return RecurrenceError("rrule_syntax", message, hint=hint, position=position)


def _refuse_combinations(rule: Rule, parts: dict[str, _Part]) -> None:
    """Refuse parts that RFC 5545 does not allow together, and more times a day than a todo can mean."""
    yearly, monthly = rule.frequency == "YEARLY", rule.frequency == "MONTHLY"
    highest = max((abs(day.ordinal) for day in rule.by_day), default=0)
    lists = [name for name in parts if name.startswith("BY") and name != "BYSETPOS"]
    hours = len(rule.by_hour) or (_HOURS_OF_DAY if rule.frequency == "HOURLY" else 1)
    refused = {
        ("UNTIL", "Give COUNT or UNTIL, not both."): rule.count is not None and rule.until is not None,
        ("BYSETPOS", "BYSETPOS chooses from another BY part: add one."): bool(rule.by_set_position) and not lists,
        ("BYWEEKNO", "BYWEEKNO goes with FREQ=YEARLY only."): bool(rule.by_week_number) and not yearly,
        ("BYYEARDAY", "BYYEARDAY goes with FREQ=YEARLY only."): bool(rule.by_year_day) and not yearly,
        ("BYMONTHDAY", "BYMONTHDAY does not go with FREQ=WEEKLY."): bool(rule.by_month_day) and rule.frequency == "WEEKLY",
        ("BYDAY", "A weekday is numbered, like 2MO, with FREQ=MONTHLY or YEARLY only."): highest > 0 and not (yearly or monthly),
        ("BYDAY", "A weekday is not numbered where BYWEEKNO is given."): highest > 0 and bool(rule.by_week_number),
        ("BYDAY", "A month has at most five of a weekday."): highest > _WEEKS_OF_MONTH and (monthly or bool(rule.by_month)),
        ("BYMINUTE", f"Use at most {MAX_TIMES_A_DAY} times a day."): hours * len(rule.by_minute) > MAX_TIMES_A_DAY,
    }
    for (name, hint), is_refused in refused.items():
        if is_refused:
            part = parts[name]
            message = f"{part.name} does not go with the rest of the rule."
            raise RecurrenceError("rrule_combination", message, hint=hint, position=part.position)


def _frequency(part: _Part) -> Frequency:
    for frequency in FREQUENCIES:
        if part.value == frequency:
            return frequency
    if part.value in {"MINUTELY", "SECONDLY"}:
        hint = f"Use {', '.join(FREQUENCIES)}."
        raise RecurrenceError("rrule_unsupported", f"{part.value} is not supported.", hint=hint, position=part.position)
    raise part.wrong(f"Use {', '.join(FREQUENCIES)}.")


def _number(highest: int) -> Callable[[_Part], int]:
    def read(part: _Part) -> int:
        number = int(part.value) if _NUMBER.fullmatch(part.value) else 0
        if not 1 <= number <= highest:
            raise part.wrong(f"Use a whole number from 1 to {highest}.")
        return number

    return read


def _numbers(lowest: int, highest: int) -> Callable[[_Part], tuple[int, ...]]:
    def read(part: _Part) -> tuple[int, ...]:
        items = part.value.split(",")
        if not all(_NUMBER.fullmatch(item) and lowest <= int(item) <= highest for item in items):
            raise part.wrong(f"Use whole numbers from {lowest} to {highest}, with commas between them.")
        return _sorted(int(item) for item in items)

    return read


def _positions(highest: int) -> Callable[[_Part], tuple[int, ...]]:
    def read(part: _Part) -> tuple[int, ...]:
        items = part.value.split(",")
        if not all(_POSITION.fullmatch(item) and 1 <= abs(int(item)) <= highest for item in items):
            raise part.wrong(f"Use whole numbers from 1 to {highest}, or from -{highest} to -1 to count from the end.")
        return _sorted(int(item) for item in items)

    return read


def _sorted(numbers: Iterable[int]) -> tuple[int, ...]:
    return tuple(sorted(set(numbers), key=lambda number: (number < 0, number)))


def _days(part: _Part) -> tuple[Day, ...]:
    found = [_DAY.fullmatch(item) for item in part.value.split(",")]
    days = [Day(WEEKDAYS.index(day["weekday"]), int(day["ordinal"] or 0)) for day in found if day is not None]
    if len(days) < len(found):
        raise part.wrong(
            f"Use {', '.join(WEEKDAYS)} with commas between them, perhaps numbered from -53 to 53, like 2MO or -1FR."
        )
    return tuple(sorted(set(days), key=lambda day: (day.weekday, day.ordinal < 0, day.ordinal)))


def _weekday(part: _Part) -> int:
    if part.value not in WEEKDAYS:
        raise part.wrong(f"Use one of {', '.join(WEEKDAYS)}.")
    return WEEKDAYS.index(part.value)


def _until(part: _Part) -> dt.date | dt.datetime:
    found = _UNTIL.fullmatch(part.value)
    try:
        moment = dt.datetime.fromisoformat(part.value) if found is not None else None
    except ValueError:
        moment = None
    if found is None or moment is None or not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise part.wrong("Use a date like 20271231, or a time like 20271231T090000 or, in UTC, 20271231T090000Z.")
    return moment.date() if found["time"] is None else moment


def _zero(part: _Part) -> None:
    """Take BYSECOND=0, which many calendars write, for what it says: nothing."""
    if part.value != "0":
        raise part.wrong("Leave it out: a todo does not recur by the second.")


class _Reader(NamedTuple):
    """Which field of `Rule` a part fills, and how its value is read."""

    field: str
    read: Callable[[_Part], Any]


_READERS = {
    "FREQ": _Reader("frequency", _frequency),
    "INTERVAL": _Reader("interval", _number(MAX_INTERVAL)),
    "COUNT": _Reader("count", _number(MAX_COUNT)),
    "UNTIL": _Reader("until", _until),
    "BYMONTH": _Reader("by_month", _numbers(1, 12)),
    "BYWEEKNO": _Reader("by_week_number", _positions(53)),
    "BYYEARDAY": _Reader("by_year_day", _positions(366)),
    "BYMONTHDAY": _Reader("by_month_day", _positions(31)),
    "BYDAY": _Reader("by_day", _days),
    "BYHOUR": _Reader("by_hour", _numbers(0, 23)),
    "BYMINUTE": _Reader("by_minute", _numbers(0, 59)),
    "BYSECOND": _Reader("by_second", _zero),
    "BYSETPOS": _Reader("by_set_position", _positions(366)),
    "WKST": _Reader("week_start", _weekday),
}
