"""Reading one value of a filter: a name, a word, a date."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import Final

from todo_api.domain.dates import FIRST_YEAR, LAST_YEAR
from todo_api.domain.filter_fields import FIELDS, SHIFT_LIMITS, FieldRule, Kind
from todo_api.domain.filter_syntax import RESERVED, Token, TokenKind
from todo_api.domain.filter_tree import (
    Anchor,
    Day,
    Field,
    Instant,
    LocalTime,
    Me,
    Missing,
    Relative,
    Text,
    Time,
    Unit,
    Value,
    Word,
)
from todo_api.domain.text import is_blank, search_key

TIME_EXAMPLES: Final = (
    "today",
    "now",
    "tomorrow",
    "yesterday",
    "monday",
    "eom",
    "+3d",
    "today+7d",
    "2027-03-14",
    "2027-03-14T09:00",
)

_RELATIVE: Final = re.compile(r"([a-z]*)(?:([+-])([0-9]{1,9})([a-z]+))?")
_UNSIGNED: Final = re.compile(r"[0-9]+(?:min|h|d|w|mo|y)")
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_DATE_TIME: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}t(?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:\.[0-9]{1,6})?)?"
    r"(z|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])?"
)
_WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_SHORT: Final = {name[:3]: name for name in _WEEKDAYS}


def read_value(field: Field, token: Token) -> Value:
    """Read what a token means to a field; raise where it means nothing."""
    rule = FIELDS[field]
    if token.kind not in {TokenKind.WORD, TokenKind.STRING}:
        raise token.error(f"`{field}` needs a value here, not {token}.", _expected(rule))
    if token.word in RESERVED:
        raise token.error(
            f"`{field}` needs a value before {token}; a name that is a word of the language goes in quotes.", _expected(rule)
        )
    if rule.nullable and rule.kind is not Kind.TEXT and token.word in {"none", "null"}:
        return Missing()
    return _READERS[rule.kind](rule, token)


def _expected(rule: FieldRule) -> tuple[str, ...]:
    match rule.kind:
        case Kind.TIME:
            return TIME_EXAMPLES
        case Kind.CHOICE:
            return rule.words
        case Kind.FLAG:
            return ("true", "false")
        case Kind.USER:
            return ("a name", "an id", "me")
        case Kind.NAME:
            return ("a name", "an id")
        case Kind.TEXT:
            return ("a word", "a text in quotes")


def _text(rule: FieldRule, token: Token) -> Text:
    if is_blank(search_key(token.text)):
        raise token.error("There is nothing to look for in this text; `is null` finds what is missing.", _expected(rule))
    return Text(token.text)


def _user(rule: FieldRule, token: Token) -> Text | Me:
    return Me() if token.word == "me" else _text(rule, token)


def _choice(rule: FieldRule, token: Token) -> Word:
    word = token.text.lower()
    if word not in rule.words:
        raise token.error(f"{token} is none of {', '.join(rule.words)}.", rule.words)
    return Word(word)


def _flag(_rule: FieldRule, token: Token) -> Word:
    word = token.text.lower()
    if word not in {"true", "false"}:
        raise token.error(f"{token} is neither true nor false.", ("true", "false"))
    return Word(word)


def _time(_rule: FieldRule, token: Token) -> Time:
    written = token.text.lower()
    try:
        if _DATE.fullmatch(written):
            return Day(_in_range(date.fromisoformat(written), token))
        if found := _DATE_TIME.fullmatch(written):
            return _date_time(datetime.fromisoformat(written.upper()), token, local=found.group(1) is None)
    except ValueError:
        raise token.error(f"There is no such day as {token}.", TIME_EXAMPLES) from None
    return _relative(written, token)


def _date_time(written: datetime, token: Token, *, local: bool) -> Time:
    _in_range(written.date(), token)
    return LocalTime(written) if local else Instant(written.astimezone(UTC))


def _in_range(day: date, token: Token) -> date:
    if not FIRST_YEAR < day.year < LAST_YEAR:  # a year's room on both sides for any zone
        raise token.error(f"The year must be from {FIRST_YEAR + 1} to {LAST_YEAR - 1}.", TIME_EXAMPLES)
    return day


def _relative(written: str, token: Token) -> Relative:
    found = _RELATIVE.fullmatch(written)
    if _UNSIGNED.fullmatch(written):
        raise token.error(f"{token} needs a sign; in a URL, `+` is written `%2B`.", [f"+{written}", f"-{written}"])
    if found is None or not written:
        raise token.error(f"{token} is not a date.", TIME_EXAMPLES)
    name, sign, digits, unit_name = found.groups()
    if unit_name is not None and unit_name not in set(Unit):
        raise token.error(f"`{unit_name}` is not a unit of time.", [f"{sign}{digits}{unit}" for unit in Unit])
    unit = None if unit_name is None else Unit(unit_name)
    anchor = _anchor(name, unit, token)
    if unit is None or int(digits) == 0:
        return Relative(anchor)
    if int(digits) > SHIFT_LIMITS[unit]:
        raise token.error(f"At most {SHIFT_LIMITS[unit]}{unit}, a hundred years.", [f"{sign}{SHIFT_LIMITS[unit]}{unit}"])
    return Relative(anchor, int(f"{sign}{digits}"), unit)


def _anchor(name: str, unit: Unit | None, token: Token) -> Anchor:
    of_the_clock = unit in {Unit.MINUTE, Unit.HOUR}
    if not name:
        return Anchor.NOW if of_the_clock else Anchor.TODAY
    name = _SHORT.get(name, name)
    if name not in set(Anchor):
        raise token.error(f"{token} is not a date.", TIME_EXAMPLES)
    if of_the_clock and name != Anchor.NOW:
        raise token.error("Minutes and hours go with `now` only.", ["now+2h", "-30min", f"{name}+1d"])
    return Anchor(name)


_READERS: Final[Mapping[Kind, Callable[[FieldRule, Token], Value]]] = {
    Kind.TEXT: _text,
    Kind.NAME: _text,
    Kind.USER: _user,
    Kind.CHOICE: _choice,
    Kind.FLAG: _flag,
    Kind.TIME: _time,
}
