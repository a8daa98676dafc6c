"""Which todos a list holds: conditions for each parameter of the API, and where their rows are looked for."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import ColumnElement, ScalarSelect, and_, bindparam, exists, literal_column, or_, select

from todo_api.db.columns import Id, Instant
from todo_api.domain.actor import Actor
from todo_api.domain.filter_boundaries import FilterContext, span
from todo_api.domain.filter_resolution import Resolved, Within, resolve
from todo_api.domain.filter_tree import Day, Field, Flag, Not
from todo_api.domain.filter_tree import Instant as InstantLiteral
from todo_api.domain.permissions import Role
from todo_api.domain.text import search_key
from todo_api.models import Label, Member, Todo, TodoAssignee, TodoLabel, TodoList, Workspace
from todo_api.repositories import _access, _places, _search
from todo_api.repositories._filter_sql import Form, condition, parametrized
from todo_api.repositories._search import SearchShape
from todo_api.repositories._todo_rows import OPEN
from todo_api.schemas.todos import TodoFilter

ME: Final = "me"
_MOST_BRANCHES: Final = 12  # of a statement; whoever is in more workspaces gets one that sorts
_LISTED: Final = ("label", "priority", "updated_since", "completed_since")


@dataclass(frozen=True, slots=True)
class Shape:
    """All that changes a statement's text; values are parameters.

    Each of the ``branches`` is one place where rows are looked for, ``workspace:0`` or ``list:2``, so that one range of an index
    serves each. ``parts`` are plain conditions, ``forms`` those that the filter language makes.
    """

    branches: tuple[str, ...]
    parts: frozenset[str]
    forms: tuple[Form, ...]
    restricted: bool
    search: SearchShape | None


def context_of(actor: Actor, now: datetime) -> FilterContext:
    """For whom and when a filter is asked."""
    return FilterContext(now=now, zone=actor.zone, user_id=actor.user_id, week_start=actor.week_start)


def shaped(
    filter_: TodoFilter, actor: Actor, now: datetime, dialect: str, *, branch: str | None = None
) -> tuple[Shape, dict[str, Any]]:
    """The shape that serves this filter for this actor, and its parameters; ``branch`` says where to look instead."""
    branches = (branch,) if branch is not None else _branches(filter_, actor)
    parameters = _parameters(filter_, actor)
    forms = []
    for number, tree in enumerate(_trees(filter_, context_of(actor, now))):
        form, values = parametrized(tree, f"f{number}")
        forms.append(form)
        parameters |= values
    search = None
    if filter_.q is not None:
        search = _search.search_shape(filter_.q, dialect)
        parameters |= _search.search_parameters(filter_.q, dialect, **_search_scope(filter_, actor))
    parts = frozenset(_parts(filter_, branches[0].partition(":")[0]))
    return Shape(branches, parts, tuple(forms), actor.list_ids is not None, search), parameters


def _branches(filter_: TodoFilter, actor: Actor) -> tuple[str, ...]:
    """The narrowest places there are."""
    if filter_.q is not None:
        return ("search",)
    if filter_.parent_id:
        return ("parent",)
    if filter_.section_id:
        return ("section",)
    if lists := _lists(filter_, actor):
        return _numbered("list", lists) if len(lists) <= _MOST_BRANCHES else ("lists",)
    if filter_.assignee:
        return ("assignee",)
    homes = (*_numbered("workspace", actor.workspace_ids), *_numbered("guest", actor.guest_list_ids))
    return homes if len(homes) <= _MOST_BRANCHES else ("near",)


def _lists(filter_: TodoFilter, actor: Actor) -> tuple[str, ...]:
    return tuple(dict.fromkeys(filter_.list_id or actor.list_ids or ()))


def _numbered(kind: str, things: Iterable[str]) -> tuple[str, ...]:
    return tuple(f"{kind}:{number}" for number, _ in enumerate(things))


def _search_scope(filter_: TodoFilter, actor: Actor) -> dict[str, tuple[str, ...]]:
    if lists := _lists(filter_, actor):
        return {"workspace_ids": (), "list_ids": lists}
    return {"workspace_ids": actor.workspace_ids, "list_ids": actor.guest_list_ids}


def _parts(filter_: TodoFilter, kind: str) -> list[str]:
    parts = [name for name in _LISTED if getattr(filter_, name)]
    if filter_.list_id and kind not in {"list", "lists"}:
        parts.append("lists")
    if filter_.parent_id and kind != "parent":
        parts.append("parent")
    if filter_.section_id and kind != "section":
        parts.append("section")
    if filter_.assignee and kind != "assignee":
        parts.append("assignee")
    if not filter_.list_id:
        parts.append("not_archived")
    if filter_.status is not None:
        wanted = {status.value for status in filter_.status}
        parts += (["open"] if wanted <= {*OPEN} else []) + (["status"] if wanted != {*OPEN} else [])
    return parts


def _trees(filter_: TodoFilter, context: FilterContext) -> list[Resolved]:
    """What the filter language says, and the parameters that it says as well."""
    trees = [] if filter_.filter is None else [resolve(filter_.filter, context)]
    if filter_.due_before is not None:
        trees.append(Within(Field.DUE, None, span(_literal(filter_.due_before), context, by_start=False).first))
    if filter_.due_after is not None:
        trees.append(Within(Field.DUE, span(_literal(filter_.due_after), context, by_start=False).end, None))
    if filter_.overdue is not None:
        overdue = Flag(Field.OVERDUE)
        trees.append(resolve(overdue if filter_.overdue else Not(overdue), context))
    return trees


def _literal(value: date | datetime) -> Day | InstantLiteral:
    return InstantLiteral(value) if isinstance(value, datetime) else Day(value)


def _parameters(filter_: TodoFilter, actor: Actor) -> dict[str, Any]:
    lists = _lists(filter_, actor)
    values = _access.parameters(actor) | {
        "workspaces": actor.workspace_ids,
        "guest_lists": actor.guest_list_ids,
        "lists": lists,
        "section": filter_.section_id,
        "parent": filter_.parent_id,
        "assignee": [actor.user_id if user_id == ME else user_id for user_id in filter_.assignee],
        "status": filter_.status,
        "priority": [word.rank for word in filter_.priority],
        "label": [search_key(name) for name in filter_.label],
        "updated_since": filter_.updated_since,
        "completed_since": filter_.completed_since,
    }
    for kind, ids in (("workspace", actor.workspace_ids), ("guest", actor.guest_list_ids), ("list", lists)):
        values |= {f"{kind}_{number}": id_ for number, id_ in enumerate(ids[:_MOST_BRANCHES])}
    return values


# --- SQL


def conditions(shape: Shape, branch: str) -> tuple[ColumnElement[bool], ...]:
    """What a row of the list fulfils, in one of the places where it is looked for."""
    return (_branch(branch, shape), *_common(shape))


def all_conditions(shape: Shape) -> tuple[ColumnElement[bool], ...]:
    """What a row of the list fulfils, wherever it is."""
    return (or_(*(_branch(branch, shape) for branch in shape.branches)), *_common(shape))


@lru_cache(maxsize=256)
def _common(shape: Shape) -> tuple[ColumnElement[bool], ...]:
    seen = _access.visible(Todo.workspace_id, Todo.list_id, restricted=shape.restricted)
    return (Todo.deleted_at.is_(None), *map(_part, sorted(shape.parts)), *map(condition, shape.forms), *seen)


def _many(name: str, type_: Any = None) -> Any:
    return bindparam(name, expanding=True, type_=type_)


def _branch(branch: str, shape: Shape) -> ColumnElement[bool]:  # noqa: PLR0911  # one case for each kind of place
    """Narrow to one place, so that an index serves it; never a permission by itself."""
    kind, _, number = branch.partition(":")
    value = bindparam(f"{kind}_{number}", type_=Id())
    match kind:
        case "workspace":
            return Todo.workspace_id == value
        case "guest":
            return and_(Todo.list_id == value, Todo.workspace_id.not_in(_many("workspaces", Id())))
        case "list":
            return Todo.list_id == value
        case "inbox":
            return Todo.list_id == _inbox()
        case "near":
            return _access.near(Todo.workspace_id, Todo.list_id, single=False, guest=True)
        case "search" if shape.search is not None:
            return _search.search_condition(shape.search)
        case _:
            return _part(kind)


def _inbox() -> ScalarSelect[str]:
    owned = select(Member.workspace_id).join(Workspace, Workspace.id == Member.workspace_id)
    mine = owned.where(Member.user_id == _access.ME, Member.role == Role.OWNER.value, Workspace.is_personal)
    return select(TodoList.id).where(_places.IS_INBOX, TodoList.workspace_id.in_(mine)).scalar_subquery()


def _part(part: str) -> ColumnElement[bool]:  # noqa: C901, PLR0911  # one case for each parameter of the API
    match part:
        case "lists":
            return Todo.list_id.in_(_many("lists", Id()))
        case "section":
            return Todo.section_id.in_(_many("section", Id()))
        case "parent":
            return and_(Todo.parent_id.is_not(None), Todo.parent_id.in_(_many("parent", Id())))
        case "assignee":
            return Todo.id.in_(select(TodoAssignee.todo_id).where(TodoAssignee.user_id.in_(_many("assignee", Id()))))
        case "label":
            return _labelled()
        case "priority":
            return Todo.priority.in_(_many("priority"))
        case "open":  # written out, or no partial index of open todos serves it
            return Todo.status.in_([literal_column(f"'{status}'") for status in OPEN])
        case "status":
            return Todo.status.in_(_many("status"))
        case "not_archived":
            return ~exists().where(TodoList.id == Todo.list_id, TodoList.archived_at.is_not(None))
        case "updated_since":
            return Todo.updated_at >= bindparam("updated_since", type_=Instant())
        case _:
            return Todo.completed_at >= bindparam("completed_since", type_=Instant())


def _labelled() -> ColumnElement[bool]:
    carried = select(TodoLabel.todo_id).join(Label, Label.id == TodoLabel.label_id)
    named = Label.name_key.in_(_many("label", Label.name_key.type))
    return exists(carried.where(TodoLabel.todo_id == Todo.id, named, Label.deleted_at.is_(None)))
