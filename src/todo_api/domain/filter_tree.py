"""The filter as values: a tree of and, or, not over terms."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Generic, TypeAlias, TypeVar

Leaf = TypeVar("Leaf")

# These three without slots: Python 3.11 cannot call `And[Term](…)` on a frozen class with slots.


@dataclass(frozen=True)
class And(Generic[Leaf]):
    """True when every item is; a parsed one has at least two."""

    items: tuple[Tree[Leaf], ...]


@dataclass(frozen=True)
class Or(Generic[Leaf]):
    """True when any item is; a parsed one has at least two."""

    items: tuple[Tree[Leaf], ...]


@dataclass(frozen=True)
class Not(Generic[Leaf]):
    """True when the item is not. Every leaf is true or false, never unknown, so this is plain negation."""

    item: Tree[Leaf]


Tree: TypeAlias = And[Leaf] | Or[Leaf] | Not[Leaf] | Leaf


class Field(StrEnum):
    TITLE = "title"
    NOTES = "notes"
    TEXT = "text"
    LIST = "list"
    SECTION = "section"
    LABEL = "label"
    ASSIGNEE = "assignee"
    CREATOR = "creator"
    STATUS = "status"
    PRIORITY = "priority"
    DUE = "due"
    START = "start"
    DEADLINE = "deadline"
    COMPLETED = "completed"
    CREATED = "created"
    UPDATED = "updated"
    PARENT = "parent"
    BLOCKED = "blocked"
    RECURRING = "recurring"
    OVERDUE = "overdue"
    HAS = "has"


class Operator(StrEnum):
    """`!=` is Not over EQUAL, and `:` is EQUAL but for texts."""

    EQUAL = "="
    LESS = "<"
    AT_MOST = "<="
    GREATER = ">"
    AT_LEAST = ">="
    CONTAINS = ":"


class Anchor(StrEnum):
    """Where a relative date begins; all are days but NOW. What each means is in `filter_fields.ANCHORS`."""

    NOW = "now"
    TODAY = "today"
    TOMORROW = "tomorrow"
    YESTERDAY = "yesterday"
    MONDAY = "monday"
    TUESDAY = "tuesday"
    WEDNESDAY = "wednesday"
    THURSDAY = "thursday"
    FRIDAY = "friday"
    SATURDAY = "saturday"
    SUNDAY = "sunday"
    START_OF_WEEK = "sow"
    END_OF_WEEK = "eow"
    START_OF_MONTH = "som"
    END_OF_MONTH = "eom"
    START_OF_YEAR = "soy"
    END_OF_YEAR = "eoy"


class Unit(StrEnum):
    """Minutes and hours move the instant, the others the calendar day, ending on the last day of a shorter month."""

    MINUTE = "min"
    HOUR = "h"
    DAY = "d"
    WEEK = "w"
    MONTH = "mo"
    YEAR = "y"


@dataclass(frozen=True, slots=True)
class Text:
    """A text, or the name or id of a list, section, label, user or todo."""

    text: str


@dataclass(frozen=True, slots=True)
class Me:
    """The user who asks."""


@dataclass(frozen=True, slots=True)
class Missing:
    """No value: `none` in an `in` list; elsewhere the parser writes IsNull."""


@dataclass(frozen=True, slots=True)
class Word:
    """One of the words the field knows: a status, a priority, or what a todo can have."""

    word: str


@dataclass(frozen=True, slots=True)
class Day:
    """A calendar day, `2027-03-14`."""

    day: date


@dataclass(frozen=True, slots=True)
class LocalTime:
    """A wall time in the viewer's zone, `2027-03-14T09:00`; a naive datetime."""

    wall: datetime


@dataclass(frozen=True, slots=True)
class Instant:
    """A point in time in UTC, `2027-03-14T09:00:00Z`."""

    at: datetime


@dataclass(frozen=True, slots=True)
class Relative:
    """An anchor moved by an amount of a unit; unmoved, the amount is 0 and the unit None."""

    anchor: Anchor
    amount: int = 0
    unit: Unit | None = None


Time: TypeAlias = Day | LocalTime | Instant | Relative
Value: TypeAlias = Text | Me | Missing | Word | Time


@dataclass(frozen=True, slots=True)
class Compare:
    """A field against one value."""

    field: Field
    operator: Operator
    value: Value


@dataclass(frozen=True, slots=True)
class Member:
    """A field equal to any of at least two values."""

    field: Field
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class IsNull:
    """The todo has no value in this field."""

    field: Field


@dataclass(frozen=True, slots=True)
class Flag:
    """A field that stands alone: blocked, recurring, overdue, completed."""

    field: Field


Term: TypeAlias = Compare | Member | IsNull | Flag
Filter: TypeAlias = Tree[Term]


def fields_of(tree: Filter) -> frozenset[Field]:
    """Name the fields a filter speaks of, so that a default (open todos only) can give way to it."""
    match tree:
        case And(items) | Or(items):
            return frozenset[Field]().union(*map(fields_of, items))
        case Not(item):
            return fields_of(item)
        case Compare(field=field) | Member(field=field) | IsNull(field) | Flag(field):
            return frozenset({field})
