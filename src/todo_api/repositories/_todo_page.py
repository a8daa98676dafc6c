"""Lists of todos: one statement for each shape of filter and sort, compiled once."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, bindparam, exists, func, literal_column, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from todo_api.db.columns import Id, Instant
from todo_api.domain.actor import Actor
from todo_api.domain.sorting import TodoSort
from todo_api.domain.text import search_key
from todo_api.models import Label, Todo, TodoLabel, TodoList
from todo_api.repositories import _access
from todo_api.repositories._paging import Segment
from todo_api.repositories._todo_rows import COLUMNS, END_OF_DAY, OPEN
from todo_api.schemas.todos import TodoFilter

SORT_COLUMNS: Final[dict[TodoSort, InstrumentedAttribute[Any]]] = {
    TodoSort.ORDER: Todo.order,
    TodoSort.DUE: Todo.due_key,
    TodoSort.PRIORITY: Todo.priority,
    TodoSort.CREATED_AT: Todo.created_at,
    TodoSort.UPDATED_AT: Todo.updated_at,
    TodoSort.COMPLETED_AT: Todo.completed_at,
    TodoSort.TITLE: Todo.title_key,
}
NULLABLE: Final = {TodoSort.DUE, TodoSort.COMPLETED_AT}


@dataclass(frozen=True, slots=True)
class Shape:
    """All that changes a statement's text; values are parameters."""

    filters: frozenset[str]
    single_workspace: bool
    guest: bool
    restricted: bool


def shape_of(filter_: TodoFilter, actor: Actor) -> Shape:
    """The shape that serves this filter for this actor."""
    return Shape(
        filters=frozenset(_parts(filter_)),
        single_workspace=_access.is_single(actor),
        guest=bool(actor.guest_list_ids),
        restricted=actor.list_ids is not None,
    )


def _parts(filter_: TodoFilter) -> list[str]:
    plain = ("parent_id", "label", "priority", "due_before", "due_after", "updated_since", "completed_since")
    parts = [name for name in plain if getattr(filter_, name)]
    if filter_.list_id:
        parts.append("list_id" if len(filter_.list_id) == 1 else "list_ids")
    if filter_.status is not None:
        parts.append("status")
    if filter_.overdue is not None:
        parts.append("overdue" if filter_.overdue else "not_overdue")
    return parts


def _wall(prefix: str) -> ColumnElement[str]:
    return bindparam(f"{prefix}_wall")


def _instant(prefix: str) -> ColumnElement[datetime]:
    return bindparam(f"{prefix}_instant", type_=Instant())


def _overdue() -> ColumnElement[bool]:
    """The date has passed for the viewer; one comparison for each way of keeping it."""
    passed = or_(
        Todo.due_instant <= _instant("now"),
        and_(Todo.due_instant.is_(None), Todo.due_key.is_not(None), Todo.due_key <= _wall("now")),
    )
    return and_(func.coalesce(passed, literal_column("false")), Todo.status.in_(OPEN))


def _labelled() -> ColumnElement[bool]:
    names = bindparam("label", expanding=True, type_=Label.name_key.type)
    carried = select(TodoLabel.todo_id).join(Label, Label.id == TodoLabel.label_id)
    return exists(carried.where(TodoLabel.todo_id == Todo.id, Label.name_key.in_(names), Label.deleted_at.is_(None)))


def _condition(part: str) -> ColumnElement[bool]:  # noqa: C901, PLR0911  # one case for each parameter of the API
    match part:
        case "list_id":
            return Todo.list_id == bindparam("list_id", type_=Id())
        case "list_ids":
            return Todo.list_id.in_(bindparam("list_ids", expanding=True, type_=Id()))
        case "parent_id":
            return Todo.parent_id.in_(bindparam("parent_id", expanding=True, type_=Id()))
        case "status":
            return Todo.status.in_(bindparam("status", expanding=True))
        case "priority":
            return Todo.priority.in_(bindparam("priority", expanding=True))
        case "label":
            return _labelled()
        case "due_before":
            floating = and_(Todo.due_instant.is_(None), Todo.due_key < _wall("due_before"))
            return or_(Todo.due_instant < _instant("due_before"), floating)
        case "due_after":
            floating = and_(Todo.due_instant.is_(None), Todo.due_key > _wall("due_after"))
            return or_(Todo.due_instant > _instant("due_after"), floating)
        case "overdue":
            return _overdue()
        case "not_overdue":
            return ~_overdue()
        case "updated_since":
            return Todo.updated_at >= _instant("updated_since")
        case _:
            return Todo.completed_at >= _instant("completed_since")


@lru_cache(maxsize=1024)
def _conditions(shape: Shape) -> tuple[ColumnElement[bool], ...]:
    near = _access.near(Todo.workspace_id, Todo.list_id, single=shape.single_workspace, guest=shape.guest)
    seen = _access.visible(Todo.workspace_id, Todo.list_id, restricted=shape.restricted)
    chosen = [_condition(part) for part in sorted(shape.filters)]
    if not shape.filters & {"list_id", "list_ids"}:
        archived = exists().where(TodoList.id == Todo.list_id, TodoList.archived_at.is_not(None))
        chosen.append(~archived)
    return (near, Todo.deleted_at.is_(None), *chosen, *seen)


@lru_cache(maxsize=1024)
def page_statement(shape: Shape, sort: TodoSort, *, descending: bool, with_value: bool, continued: bool) -> Select[Any]:
    """Rows of one segment in order; parameters ``position``, ``position_id`` and ``row_limit`` besides those of the filter."""
    column = SORT_COLUMNS[sort]
    statement = select(*COLUMNS, column.label("sort_value")).where(*_conditions(shape))
    if sort in NULLABLE:
        statement = statement.where(column.is_not(None) if with_value else column.is_(None))
    if continued:
        position, position_id = bindparam("position", type_=column.type), bindparam("position_id", type_=Id())
        if with_value:
            further = column < position if descending else column > position
            tied = and_(column == position, Todo.id < position_id if descending else Todo.id > position_id)
            bound = column <= position if descending else column >= position  # lets the index start at the position
            statement = statement.where(bound, or_(further, tied))
        else:
            statement = statement.where(Todo.id < position_id if descending else Todo.id > position_id)
    order = (column, Todo.id) if with_value else (Todo.id,)
    ordered = [key.desc() for key in order] if descending else [key.asc() for key in order]
    return statement.order_by(*ordered).limit(bindparam("row_limit"))


@lru_cache(maxsize=256)
def count_statement(shape: Shape) -> Select[int]:
    """How many rows the filter leaves."""
    return select(func.count()).select_from(Todo).where(*_conditions(shape))


def filter_parameters(filter_: TodoFilter, actor: Actor, now: datetime) -> dict[str, Any]:
    """Values for the conditions of a filter."""
    values = _access.parameters(actor) | _access.near_parameters(actor)
    values |= {"now_instant": now, "now_wall": _wall_text(now, actor)}
    if len(filter_.list_id) == 1:
        values["list_id"] = filter_.list_id[0]
    values |= {"list_ids": filter_.list_id, "parent_id": filter_.parent_id, "status": filter_.status}
    values |= {"priority": [word.rank for word in filter_.priority], "label": [search_key(name) for name in filter_.label]}
    values |= _edge("due_before", filter_.due_before, actor, end_of_day=False)
    values |= _edge("due_after", filter_.due_after, actor, end_of_day=True)
    return values | {"updated_since_instant": filter_.updated_since, "completed_since_instant": filter_.completed_since}


def segment_parameters(segment: Segment) -> dict[str, Any]:
    """Values for the position of a page."""
    return {} if segment.after is None else {"position": segment.after.value, "position_id": segment.after.id}


def _wall_text(instant: datetime, actor: Actor) -> str:
    return instant.astimezone(actor.zone).strftime("%Y-%m-%dT%H:%M:%S")


def _edge(name: str, value: date | datetime | None, actor: Actor, *, end_of_day: bool) -> dict[str, Any]:
    """The edge on the wall clock and as an instant; a date means its beginning, or, for ``end_of_day``, its end."""
    if value is None:
        return {}
    if isinstance(value, datetime):
        return {f"{name}_wall": _wall_text(value, actor), f"{name}_instant": value}
    local = datetime(value.year, value.month, value.day, tzinfo=actor.zone)
    if end_of_day:
        local = local.replace(hour=23, minute=59, second=59, microsecond=999999)
    wall = value.isoformat() + (END_OF_DAY if end_of_day else "T00:00:00")
    return {f"{name}_wall": wall, f"{name}_instant": local.astimezone(UTC)}
