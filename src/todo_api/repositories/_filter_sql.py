"""Filters as SQL: a resolved tree becomes a form, which is the text of a statement, and parameters, which are the values."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final, TypeAlias

from sqlalchemy import ColumnElement, Select, and_, bindparam, case, exists, false, literal, not_, or_, select
from sqlalchemy.orm import aliased

from todo_api.db.columns import Id, Instant, Json
from todo_api.db.dialect import contains
from todo_api.domain.filter_boundaries import Boundary
from todo_api.domain.filter_fields import PRIORITIES
from todo_api.domain.filter_resolution import OPEN_STATUSES, Condition, Feature, Has, MatchText, OneOf, RefersTo, Resolved, Within
from todo_api.domain.filter_tree import And, Field, IsNull, Not, Or, Tree
from todo_api.models import Comment, Label, Section, Todo, TodoAssignee, TodoBlocker, TodoLabel, TodoList, User

_SLACK: Final = timedelta(days=3)  # no zone is so far from another that a wall clock shows a day further off


@dataclass(frozen=True, slots=True)
class Nearby:
    """Due or start keys from one day (included) to another (excluded): a range of an index, wider than what is meant."""

    field: Field
    since: date | None
    until: date | None


@dataclass(frozen=True, slots=True)
class Slot:
    """A condition without its values: these are parameters whose names begin with ``name``.

    ``details`` is what else changes the SQL: which parts there are, and how many.
    """

    kind: type[Condition | Nearby]
    about: Field | Feature
    name: str
    details: tuple[Any, ...] = ()


Form: TypeAlias = Tree[Slot]


def around(within: Within) -> And[Condition | Nearby]:
    """The same condition, with the range of the index in which its rows are."""
    since = None if within.since is None else (within.since.instant - _SLACK).date()
    until = None if within.until is None else (within.until.instant + _SLACK).date()
    return And((Nearby(within.field, since, until), within))


def parametrized(tree: Resolved | Tree[Condition | Nearby], prefix: str) -> tuple[Form, dict[str, Any]]:
    """The form of a tree and its values, under names with this prefix; trees of one form share one compiled statement."""
    values: dict[str, Any] = {}
    return _form(tree, prefix, values), values


def condition(form: Form) -> ColumnElement[bool]:
    """The form as a condition on ``Todo``: true or false for every row, never NULL."""
    match form:
        case And(items):
            return and_(*map(condition, items))
        case Or(items):
            return or_(*map(condition, items))
        case Not(item):
            return not_(condition(item))
        case Slot():
            return _leaf(form)


# --- values


def _form(tree: Any, name: str, values: dict[str, Any]) -> Form:
    match tree:
        case And(items):
            return And(tuple(_form(item, f"{name}_{number}", values) for number, item in enumerate(items)))
        case Or(items):
            return Or(tuple(_form(item, f"{name}_{number}", values) for number, item in enumerate(items)))
        case Not(item):
            return Not(_form(item, name, values))
        case _:
            return _slot(tree, name, values)


def _slot(leaf: Condition | Nearby, name: str, values: dict[str, Any]) -> Slot:  # noqa: PLR0911  # one case for each kind
    match leaf:
        case MatchText(field, key, whole):
            values[name] = key
            return Slot(MatchText, field, name, (whole,))
        case OneOf(field, words):
            values[name] = list(words) if field is Field.STATUS else [PRIORITIES.index(word) for word in words]
            return Slot(OneOf, field, name, (bool(words),))
        case RefersTo(field, ids, keys):
            values |= {f"{name}_ids": ids, f"{name}_keys": keys}
            return Slot(RefersTo, field, name, (bool(ids), bool(keys)))
        case Within(field, since, until):
            return Slot(Within, field, name, (_cut(since, f"{name}_since", values), _cut(until, f"{name}_until", values)))
        case Nearby(field, since, until):
            values |= {f"{name}_since": since and since.isoformat(), f"{name}_until": until and until.isoformat()}
            return Slot(Nearby, field, name, (since is not None, until is not None))
        case IsNull(field):
            return Slot(IsNull, field, name)
        case Has(feature):
            return Slot(Has, feature, name)


def _cut(boundary: Boundary | None, name: str, values: dict[str, Any]) -> tuple[bool, ...] | None:
    """Of each range of wall times, whether it has a beginning; None without a boundary."""
    if boundary is None:
        return None
    values |= {f"{name}_day": boundary.day, f"{name}_instant": boundary.instant}
    for number, walls in enumerate(boundary.walls):
        values[f"{name}_end_{number}"] = walls.until.isoformat()
        if walls.since is not None:
            values[f"{name}_begin_{number}"] = walls.since.isoformat()
    return tuple(walls.since is not None for walls in boundary.walls)


# --- SQL


def _leaf(slot: Slot) -> ColumnElement[bool]:
    if isinstance(slot.about, Feature):
        return _FEATURES[slot.about]
    kinds = {MatchText: _text, OneOf: _choice, RefersTo: _reference, Within: _within, Nearby: _nearby, IsNull: _missing}
    return kinds[slot.kind](slot.about, slot)


def _value(name: str, type_: Any) -> Any:
    return bindparam(name, type_=type_)


def _any_of(name: str, type_: Any) -> Any:
    return bindparam(name, type_=type_, expanding=True)


def _text(field: Field, slot: Slot) -> ColumnElement[bool]:
    column = Todo.title_search if field is Field.TITLE else Todo.notes_search
    value = _value(slot.name, column.type)
    return column == value if slot.details[0] else contains(column, value)


def _choice(field: Field, slot: Slot) -> ColumnElement[bool]:
    if not slot.details[0]:
        return false()
    column: Any = Todo.status if field is Field.STATUS else Todo.priority
    chosen: ColumnElement[bool] = column.in_(_any_of(slot.name, column.type))
    return chosen


def _reference(field: Field, slot: Slot) -> ColumnElement[bool]:
    """The row that is referred to exists and has one of the ids or names."""
    if not any(slot.details):
        return false()
    statement, id_, key = _referred(field)
    by_id, by_name = slot.details
    named = [id_.in_(_any_of(f"{slot.name}_ids", Id()))] if by_id else []
    if by_name:
        named.append(key.in_(_any_of(f"{slot.name}_keys", key.type)))
    return statement.where(or_(*named)).exists()


def _referred(field: Field) -> tuple[Select[Any], Any, Any]:
    """The rows that a todo refers to, with the columns of their ids and names."""
    match field:
        case Field.LIST:
            return select(TodoList.id).where(TodoList.id == Todo.list_id), TodoList.id, TodoList.name_key
        case Field.SECTION:
            return select(Section.id).where(Section.id == Todo.section_id), Section.id, Section.name_key
        case Field.PARENT:
            parent = aliased(Todo)
            return select(parent.id).where(parent.id == Todo.parent_id), parent.id, parent.title_search
        case Field.CREATOR:
            return select(User.id).where(User.id == Todo.created_by), User.id, User.name_key
        case Field.LABEL:
            carried = select(Label.id).join(TodoLabel, TodoLabel.label_id == Label.id)
            return carried.where(TodoLabel.todo_id == Todo.id, Label.deleted_at.is_(None)), Label.id, Label.name_key
        case _:
            assigned = select(User.id).join(TodoAssignee, TodoAssignee.user_id == User.id)
            return assigned.where(TodoAssignee.todo_id == Todo.id), User.id, User.name_key


def _missing(field: Field, _slot: Slot) -> ColumnElement[bool]:
    columns: dict[Field, Any] = {
        Field.SECTION: Todo.section_id,
        Field.PARENT: Todo.parent_id,
        Field.DUE: Todo.due_key,
        Field.START: Todo.start_key,
        Field.DEADLINE: Todo.deadline,
        Field.COMPLETED: Todo.completed_at,
    }
    if field in columns:
        missing: ColumnElement[bool] = columns[field].is_(None)
        return missing
    return Todo.notes == literal("", Todo.notes.type) if field is Field.NOTES else ~_referred(field)[0].exists()


def _within(field: Field, slot: Slot) -> ColumnElement[bool]:
    since, until = slot.details
    before, present = _BEFORE.get(field, _instant_before), _PRESENT.get(field)
    parts = [] if present is None else [present]
    if since is not None:
        parts.append(not_(before(field, f"{slot.name}_since", since)))
    if until is not None:
        parts.append(before(field, f"{slot.name}_until", until))
    return and_(*parts)


def _moment_before(field: Field, name: str, walls: tuple[bool, ...]) -> ColumnElement[bool]:
    """A zoned date is compared by its instant, an all-day one by its day, a floating one by its wall time."""
    prefix = field.value
    day, clock, key, instant = (getattr(Todo, f"{prefix}_{part}") for part in ("date", "time", "key", "instant"))
    return case(
        (instant.is_not(None), instant < _value(f"{name}_instant", Instant())),
        (clock.is_(None), day < _value(f"{name}_day", day.type)),
        else_=or_(*(_in_range(key, name, number, begins=begins) for number, begins in enumerate(walls))),
    )


def _in_range(key: Any, name: str, number: int, *, begins: bool) -> ColumnElement[bool]:
    ends: ColumnElement[bool] = key < _value(f"{name}_end_{number}", key.type)
    return and_(key >= _value(f"{name}_begin_{number}", key.type), ends) if begins else ends


def _day_before(_field: Field, name: str, _walls: tuple[bool, ...]) -> ColumnElement[bool]:
    return Todo.deadline < bindparam(f"{name}_day", type_=Todo.deadline.type)


def _instant_before(field: Field, name: str, _walls: tuple[bool, ...]) -> ColumnElement[bool]:
    column: Any = getattr(Todo, f"{field.value}_at")
    before: ColumnElement[bool] = column < _value(f"{name}_instant", Instant())
    return before


def _nearby(field: Field, slot: Slot) -> ColumnElement[bool]:
    key: Any = Todo.due_key if field is Field.DUE else Todo.start_key
    since, until = slot.details
    parts: list[ColumnElement[bool]] = [key >= _value(f"{slot.name}_since", key.type)] if since else []
    if until:
        parts.append(key < _value(f"{slot.name}_until", key.type))
    return and_(*parts)


_BEFORE: Final = {Field.DUE: _moment_before, Field.START: _moment_before, Field.DEADLINE: _day_before}
_PRESENT: Final[dict[Field, ColumnElement[bool]]] = {
    Field.DUE: Todo.due_key.is_not(None),
    Field.START: Todo.start_key.is_not(None),
    Field.DEADLINE: Todo.deadline.is_not(None),
    Field.COMPLETED: Todo.completed_at.is_not(None),
}
_CHILD: Final = aliased(Todo)
_BLOCKER: Final = aliased(Todo)
_FEATURES: Final[dict[Feature, ColumnElement[bool]]] = {
    Feature.DURATION: Todo.duration_minutes.is_not(None),
    Feature.RECURRENCE: Todo.recurrence.is_not(None),
    Feature.REMINDERS: Todo.reminders != literal([], Json()),
    Feature.COMMENTS: exists().where(Comment.todo_id == Todo.id, Comment.deleted_at.is_(None)),
    Feature.SUBTASKS: exists().where(_CHILD.parent_id == Todo.id, _CHILD.parent_id.is_not(None), _CHILD.deleted_at.is_(None)),
    Feature.OPEN_BLOCKERS: exists(
        select(_BLOCKER.id)
        .join(TodoBlocker, TodoBlocker.blocker_id == _BLOCKER.id)
        .where(TodoBlocker.todo_id == Todo.id, _BLOCKER.deleted_at.is_(None), _BLOCKER.status.in_(OPEN_STATUSES))
    ),
}
