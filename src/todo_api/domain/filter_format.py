"""The canonical text of a filter."""

import re
from datetime import UTC
from typing import Final

from todo_api.domain.filter_fields import FIELDS, Kind
from todo_api.domain.filter_syntax import RESERVED
from todo_api.domain.filter_tree import (
    And,
    Compare,
    Day,
    Field,
    Filter,
    Flag,
    Instant,
    IsNull,
    LocalTime,
    Me,
    Member,
    Missing,
    Not,
    Operator,
    Or,
    Relative,
    Term,
    Text,
    Time,
    Value,
    Word,
)

_PLAIN: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_NEEDS_QUOTES: Final = RESERVED | {"none", "null", "me"}
_ESCAPES: Final = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t"})


def format_filter(tree: Filter) -> str:
    """Write a filter so that parsing it gives the same tree.

    The text can be longer than the one it was parsed from, even too long to parse: keep what the user wrote.
    """
    match tree:
        case And(items):
            return " and ".join(map(_operand, items))
        case Or(items):
            return " or ".join(map(_operand, items))
        case Not(item):
            return _negation(item)
        case Compare() | Member() | IsNull() | Flag():
            return _term(tree)


def _term(term: Term) -> str:
    match term:
        case Compare(field, operator, value):
            return f"{field}{_between(field, operator)}{_value(value)}"
        case Member(field, values):
            return f"{field} in ({', '.join(map(_value, values))})"
        case IsNull(field):
            return f"{field} is null"
        case Flag(field):
            return str(field)


def _operand(tree: Filter) -> str:
    return f"({format_filter(tree)})" if isinstance(tree, (And, Or)) else format_filter(tree)


def _negation(item: Filter) -> str:
    match item:
        case Compare(field, Operator.EQUAL, value) if _between(field, Operator.EQUAL) != ":":
            return f"{field} != {_value(value)}"
        case Member(field, values):
            return f"{field} not in ({', '.join(map(_value, values))})"
        case IsNull(field):
            return f"{field} is not null"
        case _:
            return f"not {_operand(item)}"


def _between(field: Field, operator: Operator) -> str:
    names = field is Field.HAS or FIELDS[field].kind in {Kind.NAME, Kind.USER}
    return ":" if operator is Operator.CONTAINS or (names and operator is Operator.EQUAL) else f" {operator} "


def _value(value: Value) -> str:
    match value:
        case Text(text):
            plain = _PLAIN.fullmatch(text) and text.lower() not in _NEEDS_QUOTES
            return text if plain else f'"{text.translate(_ESCAPES)}"'
        case Me():
            return "me"
        case Missing():
            return "none"
        case Word(word):
            return word
        case Day() | LocalTime() | Instant() | Relative():
            return _time(value)


def _time(value: Time) -> str:
    match value:
        case Day(day):
            return day.isoformat()
        case LocalTime(wall):
            return wall.isoformat()
        case Instant(at):
            return at.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"
        case Relative(anchor, amount, unit):
            return f"{anchor}{amount:+d}{unit}" if unit else str(anchor)
