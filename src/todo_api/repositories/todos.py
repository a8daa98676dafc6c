"""Todos: reading, writing, completing, moving and deleting them."""

from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import bindparam, insert, select
from sqlalchemy.exc import IntegrityError

from todo_api.db.columns import Id
from todo_api.domain import ranking
from todo_api.domain.changes import Operation
from todo_api.domain.identifiers import new_id
from todo_api.domain.paging import Position, Slice
from todo_api.domain.permissions import Role, Scope
from todo_api.domain.preconditions import ANY, Expected
from todo_api.domain.text import search_key
from todo_api.errors import (
    AlreadyExistsError,
    InvalidInputError,
    ListTrashedError,
    OpenSubtasksError,
    TodoNotFoundError,
    TodoTrashedError,
    WriteConflictError,
)
from todo_api.models import Todo
from todo_api.repositories import _labels, _places, _tree
from todo_api.repositories._paging import Segment, fetch_page
from todo_api.repositories._places import Place
from todo_api.repositories._todo_base import get_statement, logged_values, title_columns
from todo_api.repositories._todo_moves import TodoMoves
from todo_api.repositories._todo_page import (
    NULLABLE,
    TodoSort,
    count_statement,
    filter_parameters,
    page_statement,
    segment_parameters,
    shape_of,
)
from todo_api.repositories._todo_rows import COLUMNS, OPEN, TodoRow, wall_time_columns
from todo_api.schemas.todos import (
    Status,
    Subtasks,
    TodoComplete,
    TodoCreate,
    TodoFilter,
    TodoMove,
    TodoPut,
    TodoUpdate,
    wall_time_of,
)

_CLOCKS_DIFFER: Final = timedelta(minutes=5)
_MOST_LABELS: Final = 100
_EXISTS: Final = select(Todo.id).where(Todo.id == bindparam("id", type_=Id()))
_INSERT: Final = insert(Todo)
_STATUS_FIELDS: Final = frozenset({"status", "completed"})
_PLACE_FIELDS: Final = frozenset({"list_id", "parent_id"})
_LABEL_FIELDS: Final = frozenset({"labels", "labels_add", "labels_remove"})


class TodoRepository(TodoMoves):
    """Everything that can be done to todos."""

    async def get(self, todo_id: str) -> TodoRow:
        """One todo; raises TodoNotFoundError."""
        statement = get_statement(restricted=self._restricted)
        found = (await self.session.execute(statement, self._parameters(id=todo_id))).one_or_none()
        if found is None:
            raise TodoNotFoundError
        return self._row(found)

    async def page(
        self,
        filter_: TodoFilter,
        *,
        sort: TodoSort,
        descending: bool,
        limit: int,
        after: Position | None,
        counted: bool = False,
    ) -> Slice[TodoRow]:
        """Todos that the actor sees, in order; ``counted`` asks for the number of all of them as well."""
        if not self.actor.workspace_ids and not self.actor.guest_list_ids:
            return Slice([], None, 0 if counted else None)
        shape = shape_of(filter_, self.actor)
        parameters = filter_parameters(filter_, self.actor, self.clock())

        async def fetch(segment: Segment, count: int) -> list[tuple[TodoRow, Any]]:
            statement = page_statement(
                shape, sort, descending=descending, with_value=segment.with_value, continued=segment.after is not None
            )
            result = await self.session.execute(statement, parameters | segment_parameters(segment) | {"row_limit": count})
            return [(self._row(columns), columns[len(COLUMNS)]) for columns in result]

        found = await fetch_page(
            fetch, lambda item: Position(item[1], item[0].id), limit=limit, after=after, nullable=sort in NULLABLE
        )
        total = (await self.session.execute(count_statement(shape), parameters)).scalar_one() if counted else None
        return Slice([row for row, _ in found.items], found.next_position, total)

    async def create(self, data: TodoCreate, *, todo_id: str | None = None) -> TodoRow:
        """A new todo at the bottom of its list; raises what ``find_place`` and the parent raise, and NestingTooDeepError."""
        place = await self._place_for(data)
        id_, now = todo_id or new_id(), self.clock()
        label_ids = await self._label_names(place.workspace_id, data.labels)
        values = self._new_values(data, place, now) | {"id": id_, "labels": list(label_ids)}
        try:
            await self.session.execute(_INSERT, values)
        except IntegrityError as error:  # the same id was created by somebody else in this instant
            raise WriteConflictError from error
        await _labels.attach(self.session, id_, label_ids.values(), replace=False)
        self._record(id_, Operation.CREATE, workspace_id=place.workspace_id, list_id=place.id, after=logged_values(values))
        return self._row([values.get(column.key) for column in COLUMNS[:-2]] + [0, 0])

    async def put(self, todo_id: str, data: TodoPut, expected: Expected, *, only_new: bool) -> tuple[TodoRow, bool]:
        """Create the todo under this id or change it; tells whether it is new.

        Raises TodoNotFoundError also for an id that somebody else's todo has, and TodoTrashedError for one that was deleted.
        """
        if data.model_fields_set & _PLACE_FIELDS:
            await self._lock_tree(todo_id)
        found = await self._find(todo_id)
        if found is None:
            await self._require_free(todo_id, expected)
            return await self.create(_as_new(data), todo_id=todo_id), True
        row, state = found
        if only_new:
            raise AlreadyExistsError
        if state.list_deleted_at is not None:
            raise ListTrashedError
        if row.deleted_at is not None:
            raise TodoTrashedError
        if not self.actor.may(Scope.TODOS_READ):
            return row, False  # a credential that sees nothing creates, and may repeat that, but changes nothing
        _places.require_writable(state.role, _role_for(data), archived_at=state.archived_at, trashed_at=None)
        self._expect(row, expected)
        return await self._change(row, data), False

    async def update(self, todo_id: str, data: TodoUpdate, expected: Expected = ANY) -> TodoRow:
        """Change the fields that were sent; a patch that changes nothing keeps the version."""
        if data.model_fields_set & _PLACE_FIELDS:
            await self._lock_tree(todo_id)
        return await self._change(await self._load(todo_id, _role_for(data), expected), data)

    async def complete(self, todo_id: str, data: TodoComplete, expected: Expected = ANY) -> tuple[TodoRow, bool]:
        """Complete a todo; one that is completed already stays as it is, which the second value tells."""
        now = self.clock()
        if data.completed_at is not None and data.completed_at > now + _CLOCKS_DIFFER:
            raise InvalidInputError.at("#/completed_at", "lies in the future", "in_future")
        row = await self._load(todo_id, Role.COMPLETER, expected)
        if row.completed:
            return row, True
        values = await self._status_values(row, Status.COMPLETED, at=data.completed_at or now, subtasks=data.subtasks)
        return await self._apply(row, values, Operation.COMPLETE), False

    async def reopen(self, todo_id: str, expected: Expected = ANY) -> tuple[TodoRow, bool]:
        """Reopen a todo and the subtasks that its completion closed; an open one stays as it is."""
        row = await self._load(todo_id, Role.COMPLETER, expected)
        if row.status in OPEN:
            return row, True
        values = await self._status_values(row, Status.OPEN, at=self.clock(), subtasks=Subtasks.LEAVE)
        return await self._apply(row, values, Operation.REOPEN), False

    async def move(self, todo_id: str, data: TodoMove, expected: Expected = ANY) -> TodoRow:
        """Put a todo and its subtree elsewhere; raises ParentCycleError and NestingTooDeepError."""
        await self._lock_tree(todo_id)
        row = await self._load(todo_id, Role.EDITOR, expected)
        return await self._apply(row, await self._moved(row, data), Operation.MOVE)

    async def delete(self, todo_id: str, expected: Expected = ANY) -> None:
        """Move a todo and its subtree to the trash as one unit; doing it again does nothing."""
        await self._lock_tree(todo_id)
        found = await self._find(todo_id)
        if found is None:
            raise TodoNotFoundError
        row, state = found
        self._require_role(state.role, Role.EDITOR)
        if row.deleted_at is not None:
            return
        _places.require_writable(state.role, Role.EDITOR, archived_at=state.archived_at, trashed_at=None)
        self._expect(row, expected)
        values = {"deleted_at": self.clock(), "trash_id": row.id}
        for child in await self._below(row):
            await self._apply(child, values, Operation.DELETE)
        await self._apply(row, values, Operation.DELETE)

    async def _change(self, row: TodoRow, data: TodoUpdate) -> TodoRow:
        fields, values = data.model_fields_set, _plain_values(data)
        if fields & _PLACE_FIELDS:
            values |= await self._moved(row, data)
        if fields & _LABEL_FIELDS:  # after the move: labels belong to the workspace where the todo ends up
            workspace_id = values.get("workspace_id", row.workspace_id)
            values |= await self._set_labels(row, _wanted_labels(row, data), workspace_id)
        target, op = _wanted_status(data), Operation.MOVE if "list_id" in values else Operation.UPDATE
        if target is Status.OPEN and "status" not in fields and row.status in OPEN:
            target = None  # what is in progress is not completed either
        if target is not None and target != row.status:
            values |= await self._status_values(row, target, at=self.clock(), subtasks=Subtasks.COMPLETE)
            op = _operation(row, target)
        return await self._apply(row, values, op)

    async def _require_free(self, todo_id: str, expected: Expected) -> None:
        taken = (await self.session.execute(_EXISTS, {"id": todo_id})).one_or_none() is not None
        if taken and await self._find(todo_id) is not None:  # made by the same caller in this instant
            raise WriteConflictError
        if taken or expected.existing:
            raise TodoNotFoundError

    async def _place_for(self, data: TodoCreate) -> Place:
        if data.parent_id is None:
            return await _places.find_place(self.session, self.actor, data.list_id)
        await self._lock_tree(data.parent_id)
        parent = await self._load(data.parent_id, Role.EDITOR, ANY)
        if data.list_id is not None and data.list_id != parent.list_id:
            raise InvalidInputError.at("#/parent_id", "is in another list than list_id", "other_list")
        self._require_depth(len(await _tree.ancestors(self.session, parent.id)) + 1)
        return Place(id=parent.list_id, workspace_id=parent.workspace_id, last_order=await self._last_order(parent.list_id))

    def _new_values(self, data: TodoCreate, place: Place, now: datetime) -> dict[str, Any]:
        status = data.status or (Status.COMPLETED if data.completed else Status.OPEN)
        done = status is Status.COMPLETED
        return {
            "workspace_id": place.workspace_id,
            "list_id": place.id,
            "parent_id": data.parent_id,
            **title_columns(data.title),
            "notes": data.notes,
            "status": status.value,
            "completed_at": now if done else None,
            "completed_by": self.actor.user_id if done else None,
            "completed_with": None,
            "priority": data.priority.rank,
            **wall_time_columns("due", wall_time_of(data.due)),
            **wall_time_columns("start", wall_time_of(data.start)),
            "deadline": data.deadline,
            "duration_minutes": data.duration_minutes,
            "order": ranking.between(place.last_order, None),
            "created_by": self.actor.user_id,
            "trash_id": None,
            "deleted_at": None,
            "version": 1,
            "created_at": now,
            "updated_at": now,
        }

    async def _status_values(self, row: TodoRow, target: Status, *, at: datetime, subtasks: Subtasks) -> dict[str, Any]:
        """Column values of the new status; subtasks follow: closed with their parent, reopened with it."""
        if target is Status.COMPLETED:
            await self._close_subtasks(row, subtasks, at)
            return self._done(at, closed_with=None)
        if target in OPEN and row.status not in OPEN:  # also by way of cancelled
            await self._reopen_subtasks(row)
        return {"status": target.value, "completed_at": None, "completed_by": None, "completed_with": None}

    def _done(self, at: datetime, *, closed_with: str | None) -> dict[str, Any]:
        status = Status.COMPLETED.value
        return {"status": status, "completed_at": at, "completed_by": self.actor.user_id, "completed_with": closed_with}

    async def _close_subtasks(self, row: TodoRow, how: Subtasks, at: datetime) -> None:
        if how is Subtasks.LEAVE:
            return
        still_open = [child for child in await self._below(row) if child.status in OPEN]
        if still_open and how is Subtasks.REFUSE:
            raise OpenSubtasksError
        for child in still_open:
            await self._apply(child, self._done(at, closed_with=row.id), Operation.COMPLETE)
        row.completed_subtasks += sum(child.parent_id == row.id for child in still_open)
        row.open_subtasks -= sum(child.parent_id == row.id for child in still_open)

    async def _reopen_subtasks(self, row: TodoRow) -> None:
        values = {"status": Status.OPEN.value, "completed_at": None, "completed_by": None, "completed_with": None}
        closed = [child for child in await self._below(row) if child.completed_with == row.id]
        for child in closed:
            await self._apply(child, values, Operation.REOPEN)
        row.open_subtasks += sum(child.parent_id == row.id for child in closed)
        row.completed_subtasks -= sum(child.parent_id == row.id for child in closed)


def _as_new(data: TodoPut) -> TodoCreate:
    """What a PUT means where there is no todo yet; raises InvalidInputError without a title."""
    if "title" not in data.model_fields_set:
        raise InvalidInputError.at("#/title", "a new todo needs a title", "missing")
    fields = {name: getattr(data, name) for name in data.model_fields_set & TodoCreate.model_fields.keys()}
    if "labels_add" in data.model_fields_set:
        fields["labels"] = data.labels_add
    return TodoCreate.model_construct(**fields)


def _role_for(data: TodoUpdate) -> Role:
    """Completing and reopening needs less than changing."""
    only_status = data.model_fields_set <= _STATUS_FIELDS and _wanted_status(data) in {None, Status.OPEN, Status.COMPLETED}
    return Role.COMPLETER if only_status else Role.EDITOR


def _wanted_status(data: TodoUpdate) -> Status | None:
    if "status" in data.model_fields_set:
        return data.status
    if "completed" not in data.model_fields_set:
        return None
    return Status.COMPLETED if data.completed else Status.OPEN


def _operation(row: TodoRow, target: Status) -> Operation:
    if target is Status.COMPLETED:
        return Operation.COMPLETE
    return Operation.REOPEN if target in OPEN and row.status not in OPEN else Operation.UPDATE


def _plain_values(data: TodoUpdate) -> dict[str, Any]:
    """Column values of the fields that are stored as they are sent."""
    fields = data.model_fields_set
    values: dict[str, Any] = {name: getattr(data, name) for name in ("notes", "deadline", "duration_minutes") if name in fields}
    if "title" in fields:
        values |= title_columns(data.title)
    if "priority" in fields:
        values["priority"] = data.priority.rank
    for name, moment in (("due", data.due), ("start", data.start)):
        if name in fields:
            values |= wall_time_columns(name, wall_time_of(moment))
    return values


def _wanted_labels(row: TodoRow, data: TodoUpdate) -> list[str]:
    if "labels" in data.model_fields_set:
        return data.labels
    removed = {search_key(name) for name in data.labels_remove or []}
    names = [name for name in [*row.labels, *(data.labels_add or [])] if search_key(name) not in removed]
    if len(_labels.distinct(names)) > _MOST_LABELS:
        raise InvalidInputError.at("#/labels_add", f"a todo carries at most {_MOST_LABELS} labels", "too_long")
    return names


__all__ = ["TodoRepository", "TodoRow", "TodoSort"]
