"""A filter made concrete: relative dates become boundaries, names become keys or ids, and few kinds of conditions remain."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeAlias

from todo_api.domain.filter_boundaries import Boundary, FilterContext, overdue_boundary, span
from todo_api.domain.filter_fields import FIELDS, PRIORITIES, STATUSES, Kind
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
    Tree,
    Value,
    Word,
)
from todo_api.domain.text import search_key

OPEN_STATUSES: Final = STATUSES[:2]

_UUID: Final = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)


class Feature(StrEnum):
    """What only a look beyond the todo's own fields, or a field no comparison reaches, can tell."""

    SUBTASKS = "subtasks"
    COMMENTS = "comments"
    REMINDERS = "reminders"
    DURATION = "duration"
    RECURRENCE = "recurrence"
    OPEN_BLOCKERS = "open_blockers"


@dataclass(frozen=True, slots=True)
class MatchText:
    """TITLE or NOTES contains `key`, or with `whole` equals it; `key` is never empty.

    SQL: against a stored column made by `domain.text.search_key` of the text (`title_key`, `notes_key`): `= :key`, or
    `instr(column, :key) > 0` on SQLite and `strpos(column, :key) > 0` on PostgreSQL: by code point; no LIKE, no lower().
    """

    field: Field
    key: str
    whole: bool


@dataclass(frozen=True, slots=True)
class Within:
    """A DUE, START, DEADLINE, COMPLETED, CREATED or UPDATED that exists, is not before `since` and is before `until`.

    SQL: `column IS NOT NULL AND NOT (before since) AND (before until)`, without what is None. `Boundary` says what lies before
    it for each kind of date: CASE over the kind of DUE and START, so that no NULL gets under NOT. An instant is `>=` and `<`.
    """

    field: Field
    since: Boundary | None
    until: Boundary | None


@dataclass(frozen=True, slots=True)
class OneOf:
    """STATUS or PRIORITY is one of the words; without words, false. SQL: `column IN (…)`; neither column is ever NULL."""

    field: Field
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RefersTo:
    """The LIST, SECTION, PARENT, CREATOR, or any LABEL or ASSIGNEE has one of these ids, or a name with one of these keys.

    SQL: `id IN (…)` on the todo or its association, or `EXISTS (… name_key IN (…))` on the row it points to, with `name_key` made
    by `domain.text.search_key` (a parent's is `title_key`). Ids are canonical text. Mind NULL: a missing reference is false.
    Neither ids nor keys (`assignee:me` where nobody asks) is false.
    """

    field: Field
    ids: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Has:
    """The todo has it. SQL: DURATION, RECURRENCE `IS NOT NULL`; the others EXISTS, as `filter_fields.HAS` and BLOCKED say."""

    feature: Feature


# IsNull stays. SQL: `column IS NULL`; NOTES `= ''`; LABEL and ASSIGNEE `NOT EXISTS`; CREATOR also where the user is gone.
Condition: TypeAlias = MatchText | Within | OneOf | RefersTo | IsNull | Has
Resolved: TypeAlias = Tree[Condition]

_HAS: Final[Mapping[str, Condition | Not[Condition]]] = {
    "due": Not(IsNull(Field.DUE)),
    "start": Not(IsNull(Field.START)),
    "deadline": Not(IsNull(Field.DEADLINE)),
    "notes": Not(IsNull(Field.NOTES)),
    "labels": Not(IsNull(Field.LABEL)),
    "assignee": Not(IsNull(Field.ASSIGNEE)),
    "parent": Not(IsNull(Field.PARENT)),
    "duration": Has(Feature.DURATION),
    "subtasks": Has(Feature.SUBTASKS),
    "comments": Has(Feature.COMMENTS),
    "reminders": Has(Feature.REMINDERS),
    "recurrence": Has(Feature.RECURRENCE),
}


def resolve(tree: Filter, context: FilterContext) -> Resolved:
    """Make a filter concrete. Every condition is true or false for every todo, so AND, OR and NOT need no third value."""
    match tree:
        case And(items):
            return And(tuple(resolve(item, context) for item in items))
        case Or(items):
            return Or(tuple(resolve(item, context) for item in items))
        case Not(item):
            return Not(resolve(item, context))
        case Compare() | Member() | IsNull() | Flag():
            return _term(tree, context)


def _term(term: Term, context: FilterContext) -> Resolved:
    match term:
        case IsNull():
            return term
        case Flag(field):
            return _flag(field, context)
        case Member(field, values) if FIELDS[field].kind in {Kind.NAME, Kind.USER}:
            return _refers(field, values, context)
        case Member(Field.STATUS | Field.PRIORITY as field, values):
            return OneOf(field, tuple(value.word for value in values if isinstance(value, Word)))
        case Member(field, values):
            return Or(tuple(_comparison(field, Operator.EQUAL, value, context) for value in values))
        case Compare(field, operator, value):
            return _comparison(field, operator, value, context)


def _flag(field: Field, context: FilterContext) -> Resolved:
    match field:
        case Field.OVERDUE:
            return And((OneOf(Field.STATUS, OPEN_STATUSES), Within(Field.DUE, None, overdue_boundary(context))))
        case Field.COMPLETED:
            return OneOf(Field.STATUS, ("completed",))
        case Field.RECURRING:
            return Has(Feature.RECURRENCE)
        case _:
            return Has(Feature.OPEN_BLOCKERS)


def _comparison(field: Field, operator: Operator, value: Value, context: FilterContext) -> Resolved:
    match value:
        case Missing():
            return IsNull(field)
        case Word(word):
            return _choice(field, operator, word)
        case Text(text) if FIELDS[field].kind is Kind.TEXT:
            return _text(field, search_key(text), whole=operator is Operator.EQUAL)
        case Text() | Me():
            return _refers(field, (value,), context)
        case Day() | LocalTime() | Instant() | Relative():
            return _within(field, operator, value, context)


def _text(field: Field, key: str, *, whole: bool) -> Resolved:
    if field is Field.TEXT:
        return Or((MatchText(Field.TITLE, key, whole), MatchText(Field.NOTES, key, whole)))
    return MatchText(field, key, whole)


def _choice(field: Field, operator: Operator, word: str) -> Resolved:
    if field is Field.HAS:
        return _HAS[word]
    if operator is Operator.EQUAL:
        return OneOf(field, (word,))
    rank = PRIORITIES.index(word)
    lower, higher = PRIORITIES[:rank], PRIORITIES[rank + 1 :]
    ordered = {
        Operator.LESS: lower,
        Operator.AT_MOST: (*lower, word),
        Operator.GREATER: higher,
        Operator.AT_LEAST: (word, *higher),
    }
    return OneOf(field, ordered[operator])


def _within(field: Field, operator: Operator, value: Time, context: FilterContext) -> Within:
    covered = span(value, context, by_start=field is Field.START)
    match operator:
        case Operator.LESS:
            return Within(field, None, covered.first)
        case Operator.AT_MOST:
            return Within(field, None, covered.end)
        case Operator.GREATER:
            return Within(field, covered.end, None)
        case Operator.AT_LEAST:
            return Within(field, covered.first, None)
        case _:
            return Within(field, covered.first, covered.end)


def _refers(field: Field, values: Sequence[Value], context: FilterContext) -> Resolved:
    texts = [value.text for value in values if isinstance(value, Text)]
    ids = [text.lower() for text in texts if _UUID.fullmatch(text)]
    keys = [search_key(text) for text in texts if not _UUID.fullmatch(text)]
    if context.user_id is not None and Me() in values:
        ids.append(context.user_id)
    refers = RefersTo(field, tuple(dict.fromkeys(ids)), tuple(dict.fromkeys(keys)))
    return Or((IsNull(field), refers)) if Missing() in values else refers
