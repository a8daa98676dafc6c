"""What repeats, in English: `2 weeks on mon and thu`, `last workday`, `1st and 15th`, `14 march`."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final, NamedTuple, TypeVar

from todo_api.domain.english_days import DAY_OF_MONTH, read_month_day
from todo_api.domain.english_words import MONTHS, PARTS_OF_DAY, WEEKDAYS, Reader

_WEEK: Final = 7
_SATURDAY: Final = 5
_WORKDAYS: Final = (0, 1, 2, 3, 4)
_LAST: Final = -1
_SHORTEST_MONTH: Final = 28
_LONGEST_MONTH: Final = 31
_WEEKS_OF_MONTH: Final = 5
_WORKDAYS_OF_MONTH: Final = 23
_FEBRUARY: Final = 2
_LONGEST_LIST: Final = 12  # more is prose, and would be read again from each of its words
_LENGTHS: Final = {_FEBRUARY: 29, 4: 30, 6: 30, 9: 30, 11: 30}
_CODES: Final = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_RANGE: Final = re.compile(r"([a-z]++)-([a-z]++)")
_ORDINAL: Final = re.compile(rf"({DAY_OF_MONTH})(?:st|nd|rd|th)")
_ORDINALS: Final = {"first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "last": _LAST}
_ADVERBS: Final = {
    "hourly": "hour",
    "daily": "day",
    "weekly": "week",
    "fortnightly": "fortnight",
    "monthly": "month",
    "quarterly": "quarter",
    "yearly": "year",
    "annually": "year",
}

_Item = TypeVar("_Item")


@dataclass(frozen=True, slots=True)
class Pattern:
    """The parts of an RRULE but for its end; ``days`` are written as there, ``part`` is a part of the day."""

    frequency: str
    interval: int = 1
    months: tuple[int, ...] = ()
    month_days: tuple[int, ...] = ()
    days: tuple[str, ...] = ()
    positions: tuple[int, ...] = ()
    part: str = ""


_FIRST_WORDS: Final = _ADVERBS.keys() | _ORDINALS.keys() | {"every", "on", "the"}
_UNITS: Final = {
    name: pattern
    for names, pattern in {
        ("hour", "hours"): Pattern("HOURLY"),
        ("day", "days"): Pattern("DAILY"),
        ("week", "weeks"): Pattern("WEEKLY"),
        ("fortnight", "fortnights"): Pattern("WEEKLY", 2),
        ("month", "months"): Pattern("MONTHLY"),
        ("quarter", "quarters"): Pattern("MONTHLY", 3),
        ("year", "years"): Pattern("YEARLY"),
    }.items()
    for name in names
}


class _Ordinals(NamedTuple):
    """`1st and 15th`; -1 is the last. ``spelled`` ones (`first`) need a noun; `second` alone may mean `other`."""

    numbers: tuple[int, ...]
    spelled: bool
    ambiguous: bool


def read_adverb(reader: Reader) -> Pattern | None:
    """Read `daily`, `weekly on friday` and the like."""
    unit = reader.look_up(_ADVERBS)
    return _on(reader, _UNITS[unit]) if unit is not None else None


def may_begin(key: str) -> bool:
    """Tell quickly that no recurrence begins with this word."""
    return key in _FIRST_WORDS or key[:1].isdigit()


def read_of_every(reader: Reader) -> Pattern | None:
    """Read `on the 1st of every month`."""
    reader.accept("on")
    reader.accept("the")
    pattern = _ordinal(reader)
    return pattern if pattern is not None and reader.words[reader.at - 2].key in {"each", "every"} else None


def read_pattern(reader: Reader) -> Pattern | None:
    """Read what follows `every`."""
    pattern = reader.first(_part_of_day, _intervals, _weekdays, _yearly, _ordinal)
    if pattern is None or pattern.part or pattern.frequency == "HOURLY":
        return pattern
    at = reader.at
    if reader.accept("in") and not reader.accept("the"):
        reader.at = at
    part = reader.accept(*PARTS_OF_DAY)
    if not part:
        reader.at = at
    return replace(pattern, part=part)


def clamped_month(pattern: Pattern, days: tuple[int, ...]) -> Pattern | None:
    """Repeat on days of the month; one of the 29th to 31st is the last day where the month is shorter."""
    long = [day for day in days if day > _SHORTEST_MONTH]
    short = sorted({day for day in days if 0 < day <= _SHORTEST_MONTH})
    if not long:
        return replace(pattern, month_days=(*short, *([_LAST] if _LAST in days else [])))
    if len(long) > 1 or _LAST in days:  # would fall on one and the same day
        return None
    month_days = sorted({*short, *range(_SHORTEST_MONTH, long[0] + 1)})
    return replace(pattern, month_days=tuple(month_days), positions=(*range(1, len(short) + 1), _LAST))


def clamped_year(pattern: Pattern, month: int, day: int) -> Pattern | None:
    """Repeat on a date; 29 February is the 28th where the year has none."""
    if not 1 <= day <= _LENGTHS.get(month, _LONGEST_MONTH):
        return None
    if month == _FEBRUARY and day > _SHORTEST_MONTH:
        return replace(pattern, months=(month,), month_days=(_SHORTEST_MONTH, day), positions=(_LAST,))
    return replace(pattern, months=(month,), month_days=(day,))


def _part_of_day(reader: Reader) -> Pattern | None:
    interval = 2 if reader.accept("other") else 1
    part = reader.accept(*PARTS_OF_DAY)
    return Pattern("DAILY", interval, part=part) if part else None


def _intervals(reader: Reader) -> Pattern | None:
    """Read `day`, `2 weeks`, `other month on the 1st`, `other tuesday`."""
    other = bool(reader.accept("other"))
    number = 2 if other else reader.number() or 1
    unit = reader.look_up(_UNITS)
    if unit is not None:
        return _on(reader, replace(unit, interval=unit.interval * number))
    days = _weekday_list(reader) if other else None
    return Pattern("WEEKLY", number, days=_codes(days)) if days is not None else None


def _on(reader: Reader, unit: Pattern) -> Pattern:
    """Read the days within a week, month or year, if some are said."""
    at = reader.at
    found = None
    if reader.accept("on"):
        if unit.frequency == "WEEKLY":
            days = _weekday_list(reader)
            found = replace(unit, days=_codes(days)) if days is not None else None
        elif unit.frequency in {"MONTHLY", "YEARLY"}:
            reader.accept("the")
            found = reader.first(_yearly, _ordinal)
            found = replace(found, interval=unit.interval) if found is not None and found.frequency == unit.frequency else None
    if found is None:
        reader.at = at
    return found or unit


def _weekdays(reader: Reader) -> Pattern | None:
    if reader.accept("weekend"):
        return Pattern("WEEKLY", days=_codes([_SATURDAY]))
    days = list(_WORKDAYS) if _workday(reader) else _weekday_list(reader)
    return Pattern("WEEKLY", days=_codes(days)) if days is not None else None


def _workday(reader: Reader) -> bool:
    if reader.accept("weekday", "workday"):
        return True
    at = reader.at
    if reader.accept("working", "business", "work") and reader.accept("day"):
        return True
    reader.at = at
    return False


def _weekday_list(reader: Reader) -> list[int] | None:
    found = _list_of(reader, _weekday_range)
    return sorted({day for days in found for day in days}) if found else None


def _weekday_range(reader: Reader) -> list[int] | None:
    """Read `mon`, `mon-fri` or `mon to fri`, as the days it stands for."""
    joined = _RANGE.fullmatch(reader.peek())
    if joined is not None and joined[1] in WEEKDAYS and joined[2] in WEEKDAYS:
        reader.accept(joined[0])
        return _between(WEEKDAYS[joined[1]], WEEKDAYS[joined[2]])
    first = reader.look_up(WEEKDAYS)
    if first is None:
        return None
    at = reader.at
    last = reader.look_up(WEEKDAYS) if reader.accept("to", "-", "through") else None
    if last is None:
        reader.at = at
        return [first]
    return _between(first, last)


def _between(first: int, last: int) -> list[int]:
    return [(first + step) % _WEEK for step in range((last - first) % _WEEK + 1)]


def _yearly(reader: Reader) -> Pattern | None:
    found = read_month_day(reader)
    if found is None:
        return None
    if found == (_FEBRUARY, _LENGTHS[_FEBRUARY]):
        _skip(reader, "or", "the", "28th")
    return clamped_year(Pattern("YEARLY"), *found)


def _ordinal(reader: Reader) -> Pattern | None:
    """Read what begins with a place in order: `1st and 15th`, `last friday of january`, `3rd day`."""
    ordinals = _read_ordinals(reader)
    if ordinals is None:
        return None
    weekday = reader.look_up(WEEKDAYS)
    if weekday is None:
        return _ordinal_workday(reader, ordinals) if _workday(reader) else _ordinal_day(reader, ordinals)
    month = _of_month(reader)
    if any(number > _WEEKS_OF_MONTH for number in ordinals.numbers) or (month is None and ordinals.ambiguous):
        return None
    return _in_month(Pattern("MONTHLY", days=tuple(f"{number}{_CODES[weekday]}" for number in ordinals.numbers)), month)


def _ordinal_workday(reader: Reader, ordinals: _Ordinals) -> Pattern | None:
    month = _of_month(reader)
    clear = month is not None or set(ordinals.numbers) <= {1, _LAST}  # "every 3rd workday" may mean every third one
    if not clear or max(ordinals.numbers) > _WORKDAYS_OF_MONTH:
        return None
    return _in_month(Pattern("MONTHLY", days=_codes(_WORKDAYS), positions=ordinals.numbers), month)


def _ordinal_day(reader: Reader, ordinals: _Ordinals) -> Pattern | None:
    """Read a day of the month, or an interval where the month is not spoken of: `every third day`, `every 2nd week`."""
    number = ordinals.numbers[0] if len(ordinals.numbers) == 1 else 0
    day = bool(reader.accept("day"))
    if not day and number > _SHORTEST_MONTH:
        _skip(reader, "or", "the", "last", "day")
    month = _of_month(reader)
    if not day and month is None:
        unit = reader.look_up(_UNITS)
        if unit is not None:
            return _on(reader, replace(unit, interval=unit.interval * number)) if number > 1 else None
    if month is None and day and number != _LAST:
        return Pattern("DAILY", number) if number > 1 else None
    if not day and ordinals.spelled:
        return None
    if month and len(ordinals.numbers) == 1 and number != _LAST:
        return clamped_year(Pattern("YEARLY"), month, number)
    pattern = clamped_month(Pattern("MONTHLY"), ordinals.numbers)
    return _in_month(pattern, month) if pattern is not None and not (month and pattern.positions) else None


def _read_ordinals(reader: Reader) -> _Ordinals | None:
    begin = reader.at
    numbers = _list_of(reader, _read_ordinal)
    if not numbers:
        return None
    texts = {word.key for word in reader.words[begin : reader.at]}
    ordered = tuple(sorted(set(numbers), key=lambda number: (number < 0, number)))
    return _Ordinals(ordered, spelled=bool(texts & _ORDINALS.keys()), ambiguous="second" in texts and len(ordered) == 1)


def _read_ordinal(reader: Reader) -> int | None:
    reader.accept("the")
    found = reader.match(_ORDINAL)
    return int(found[1]) if found is not None else reader.look_up(_ORDINALS)


def _of_month(reader: Reader) -> int | None:
    """Read `of the month` as 0, `of january` as 1; nothing where neither is said."""
    at = reader.at
    if reader.accept("of", "in"):
        month = reader.look_up(MONTHS)
        if month is not None:
            return month
        reader.accept("the", "each", "every")
        if reader.accept("month"):
            return 0
    reader.at = at
    return None


def _skip(reader: Reader, *words: str) -> None:
    """Step over words that say what holds anyway."""
    if all(reader.peek(ahead) == word for ahead, word in enumerate(words)):
        for word in words:
            reader.accept(word)


def _in_month(pattern: Pattern, month: int | None) -> Pattern:
    return replace(pattern, frequency="YEARLY", months=(month,)) if month else pattern


def _list_of(reader: Reader, read: Callable[[Reader], _Item | None]) -> list[_Item]:
    """Read things with commas and `and` between them; a comma in front of something else is left alone."""
    found: list[_Item] = []
    item = read(reader)
    while item is not None and len(found) < _LONGEST_LIST:
        found.append(item)
        at = reader.at
        item = read(reader) if any([reader.accept(","), reader.accept("and", "&")]) else None
        if item is None:
            reader.at = at
    return found


def _codes(days: list[int] | tuple[int, ...]) -> tuple[str, ...]:
    return tuple(_CODES[day] for day in days)
