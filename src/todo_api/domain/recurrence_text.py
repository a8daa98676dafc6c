"""A recurrence rule in English: the same words for the same rule."""

import datetime as dt
from collections.abc import Sequence

from todo_api.domain.recurrence_rules import Day, Rule

_UNITS = {"YEARLY": "year", "MONTHLY": "month", "WEEKLY": "week", "DAILY": "day", "HOURLY": "hour"}
# Own names: those of `calendar` follow the machine's language.
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_WORKDAYS = tuple(Day(weekday) for weekday in range(5))
_KINDS_OF_DAY = {_WORKDAYS: "weekday", (Day(5), Day(6)): "weekend day", tuple(Day(weekday) for weekday in range(7)): "day"}
_CLAMPS = {tuple(range(28, last + 1)): last for last in (29, 30, 31)}  # the BYMONTHDAY of the clamping rules
_FEBRUARY, _LEAP_DAY = 2, 29
_TEENS = range(11, 14)


def describe(rule: Rule) -> str:
    """Say a rule in English, like "every 2 weeks on Monday and Thursday until 31 December 2027".

    What the rule leaves to its start, like the day of a plain "every month", is left out.
    """
    if rule.by_day == _WORKDAYS and not rule.by_month_day and rule.interval == 1 and rule.frequency in {"WEEKLY", "DAILY"}:
        every, days = "every weekday", ""
    else:
        unit = _UNITS[rule.frequency]
        every = f"every {unit}" if rule.interval == 1 else f"every {rule.interval} {unit}s"
        days = _days(rule)
    return f"{every}{days}{_times(rule)}{_chosen(rule)}{_week_start(rule)}{_end(rule)}"


def _days(rule: Rule) -> str:
    if (clamp := _clamp(rule)) is not None:
        return f" on {clamp}"
    months = f" in {_and([_MONTHS[month - 1] for month in rule.by_month])}" if rule.by_month else ""
    weeks = f" in {_and([f'the {_nth(week)} week' for week in rule.by_week_number])}" if rule.by_week_number else ""
    dates = _and([_date(day) for day in rule.by_month_day])
    if rule.frequency == "YEARLY" and len(rule.by_month) == len(rule.by_month_day) == 1 and rule.by_month_day[0] > 0:
        months, dates = "", f"{rule.by_month_day[0]} {_MONTHS[rule.by_month[0] - 1]}"
    year_days = f"{_and([_date(day, 'day') for day in rule.by_year_day])} of the year" if rule.by_year_day else ""
    phrases = [words for words in (dates, year_days, _weekdays(rule)) if words]
    is_filter = rule.frequency in {"DAILY", "HOURLY"}
    return "".join(f"{', only' if is_filter or place else ''} on {words}" for place, words in enumerate(phrases)) + weeks + months


def _clamp(rule: Rule) -> str | None:
    """Name the day of a clamping rule, as `monthly_clamped` and `yearly_clamped` make them."""
    last = _CLAMPS.get(rule.by_month_day)
    if last is None or rule.by_set_position != (-1,) or rule.by_day or rule.by_year_day or rule.by_week_number:
        return None
    if rule.frequency == "YEARLY" and rule.by_month == (_FEBRUARY,) and last == _LEAP_DAY:
        return "29 February or the 28th"
    return f"the {_nth(last)} or the last day" if rule.frequency == "MONTHLY" and not rule.by_month else None


def _weekdays(rule: Rule) -> str:
    names = [_WEEKDAYS[day.weekday] for day in rule.by_day]
    kind = _KINDS_OF_DAY.get(rule.by_day)
    if _chooses_weekday(rule):
        kind = kind or _list(names, "or")
        return _and([f"the {_nth(position)} {kind}" for position in rule.by_set_position])
    is_span = rule.frequency in {"YEARLY", "MONTHLY"} and not (rule.by_month_day or rule.by_year_day or rule.by_week_number)
    if is_span and kind is not None:
        return f"every {kind}"
    plain = "every " if is_span else ""
    words = [f"the {_nth(day.ordinal)} " if day.ordinal else plain for day in rule.by_day]
    return _and([word + name for word, name in zip(words, names, strict=True)])


def _chooses_weekday(rule: Rule) -> bool:
    """Whether BYSETPOS reads as "the last weekday", because it has nothing but plain weekdays to choose from."""
    other = rule.by_month_day or rule.by_year_day or rule.by_week_number or rule.by_hour or rule.by_minute
    plain = bool(rule.by_day) and not any(day.ordinal for day in rule.by_day)
    return bool(rule.by_set_position) and plain and not other and rule.frequency in {"YEARLY", "MONTHLY", "WEEKLY"}


def _chosen(rule: Rule) -> str:
    if not rule.by_set_position or _clamp(rule) is not None or _chooses_weekday(rule):
        return ""
    return f", only the {_and([_nth(position) for position in rule.by_set_position])} of these"


def _times(rule: Rule) -> str:
    if rule.by_hour and rule.by_minute and rule.frequency != "HOURLY":
        return f" at {_and([f'{hour:02}:{minute:02}' for hour in rule.by_hour for minute in rule.by_minute])}"
    hours = f" in the hour{_s(rule.by_hour)} {_and([str(hour) for hour in rule.by_hour])}" if rule.by_hour else ""
    minutes = f" at minute{_s(rule.by_minute)} {_and([str(minute) for minute in rule.by_minute])}" if rule.by_minute else ""
    return hours + minutes


def _week_start(rule: Rule) -> str:
    return f", with weeks from {_WEEKDAYS[rule.week_start]}" if rule.week_start else ""


def _end(rule: Rule) -> str:
    if rule.count is not None:
        return ", once" if rule.count == 1 else f", {rule.count} times"
    if rule.until is None:
        return ""
    time = ""
    if isinstance(rule.until, dt.datetime):
        time = f" {rule.until:%H:%M:%S}".removesuffix(":00") + (" UTC" if rule.until.tzinfo is not None else "")
    return f" until {rule.until.day} {_MONTHS[rule.until.month - 1]} {rule.until.year}{time}"


def _date(day: int, unit: str = "") -> str:
    return f"the {_nth(day)} {unit or 'day'}" if day < 0 or unit else f"the {_nth(day)}"


def _nth(number: int) -> str:
    if number < 0:
        return "last" if number == -1 else f"{_nth(-number)} to last"
    suffix = "th" if number % 100 in _TEENS else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{suffix}"


def _s(items: Sequence[object]) -> str:
    return "s" if len(items) > 1 else ""


def _and(words: Sequence[str]) -> str:
    return _list(words, "and")


def _list(words: Sequence[str], last: str) -> str:
    return f" {last} ".join(part for part in (", ".join(words[:-1]), *words[-1:]) if part)
