"""Todos: reading, writing, completing, moving and deleting them."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import bindparam, select

from todo_api.db.columns import Id
from todo_api.domain.changes import Operation
from todo_api.domain.permissions import Role, Scope
from todo_api.domain.preconditions import ANY, Expected
from todo_api.domain.sorting import TodoSort
from todo_api.errors import (
    AlreadyExistsError,
    CountMismatchError,
    ExternalTakenError,
    InvalidInputError,
    ListTrashedError,
    NotRecurringError,
    ScopeMissingError,
    TodoApiError,
    TodoBlockedError,
    TodoNotFoundError,
    TodoTrashedError,
    TooManyTodosError,
    UnavailableError,
    WriteConflictError,
)
from todo_api.models import Todo
from todo_api.repositories import _places, _todo_bulk
from todo_api.repositories._todo_base import get_statement
from todo_api.repositories._todo_creation import TodoCreation
from todo_api.repositories._todo_links import merged_metadata
from todo_api.repositories._todo_listing import TodoListing
from todo_api.repositories._todo_patch import (
    as_new,
    checked_metadata,
    operation,
    plain_values,
    present,
    role_for,
    scope_for,
    wanted_labels,
    wanted_status,
)
from todo_api.repositories._todo_rows import TodoRow, wall_time_columns
from todo_api.repositories._todo_seeds import NewTodo
from todo_api.repositories._todo_series import Finish
from todo_api.schemas.bulk import MOST_AT_ONCE, BulkUpdate
from todo_api.schemas.todo_parts import External
from todo_api.schemas.todos import (
    Status,
    Subtasks,
    TodoComplete,
    TodoFilter,
    TodoMove,
    TodoPut,
    TodoReschedule,
    TodoSkip,
    TodoUpdate,
)

_CLOCKS_DIFFER: Final = timedelta(minutes=5)
_EXISTS: Final = select(Todo.id).where(Todo.id == bindparam("id", type_=Id()))
_BY_EXTERNAL: Final = select(Todo.id).where(
    Todo.workspace_id == bindparam("workspace", type_=Id()),
    Todo.external_source == bindparam("source"),
    Todo.external_id == bindparam("external"),
    Todo.deleted_at.is_(None),
)
_PLACE_FIELDS: Final = frozenset({"list_id", "section_id", "parent_id"})
_TREE_FIELDS: Final = frozenset({"list_id", "parent_id", "blocked_by"})
_LABEL_FIELDS: Final = frozenset({"labels", "labels_add", "labels_remove"})


class _Rehearsed(Exception):  # noqa: N818  # no error
    """A dry run is over, and is taken back."""


class TodoRepository(TodoCreation, TodoListing):
    """Everything that can be done to todos."""

    async def get(self, todo_id: str) -> TodoRow:
        """One todo; raises TodoNotFoundError."""
        statement = get_statement(restricted=self._restricted)
        found = (await self.session.execute(statement, self._parameters(id=todo_id))).one_or_none()
        if found is None:
            raise TodoNotFoundError
        return self._row(found)

    async def put(self, todo_id: str, data: TodoPut, expected: Expected, *, only_new: bool) -> tuple[TodoRow, bool]:
        """Create the todo under this id or change it; tells whether it is new.

        Raises TodoNotFoundError also for an id that somebody else's todo has, and TodoTrashedError for one that was deleted;
        ScopeMissingError where the credential may complete only, and is to create or to change more.
        """
        if data.model_fields_set & _TREE_FIELDS:
            await self._lock_tree(todo_id)
        found = await self._find(todo_id)
        self._require_scope(Scope.TODOS_WRITE if found is None else scope_for(data))
        if found is None:
            await self._require_free(todo_id, expected)
            return await self.create(as_new(data), todo_id=todo_id), True
        row, state = found
        if only_new:
            raise AlreadyExistsError
        if state.list_deleted_at is not None:
            raise ListTrashedError
        if row.deleted_at is not None:
            raise TodoTrashedError
        if not self.actor.may(Scope.TODOS_READ):
            return await self._repeated(row, data, expected), False
        _places.require_writable(state.role, role_for(data), archived_at=state.archived_at, trashed_at=None)
        self._expect(row, expected)
        return await self._patch(row, data), False

    async def _repeated(self, row: TodoRow, data: TodoPut, expected: Expected) -> TodoRow:
        """The todo, for a credential that sees none: it creates, and may repeat that, but changes nothing.

        Raises VersionMismatchError, which shows nothing, and ScopeMissingError where there would be something to change: the
        unit of work is rolled back. Why a change would fail is not told either, for it depends on what is not seen.
        """
        self._require_version(row, expected)
        try:
            patched = await self._patch(row, data)
        except UnavailableError:
            raise
        except TodoApiError:
            raise ScopeMissingError(Scope.TODOS_READ.value) from None
        if patched.version != row.version:
            raise ScopeMissingError(Scope.TODOS_READ.value)
        return row

    def _require_scope(self, scope: Scope) -> None:
        if not self.actor.may(scope):
            raise ScopeMissingError(scope.value)

    async def update(self, todo_id: str, data: TodoUpdate, expected: Expected = ANY) -> TodoRow:
        """Change the fields that were sent; a patch that changes nothing keeps the version.

        Completing and reopening needs todos:complete, all else todos:write: raises ScopeMissingError.
        """
        self._require_scope(scope_for(data))
        if data.model_fields_set & _TREE_FIELDS:
            await self._lock_tree(todo_id)
        return await self._patch(await self._load(todo_id, role_for(data), expected), data)

    async def upsert_external(
        self, source: str, external_id: str, data: TodoPut, expected: Expected = ANY
    ) -> tuple[TodoRow, bool]:
        """Create or change the todo of an external reference; tells whether it is new.

        It is looked for in the workspace of the list named, else in that of the default list.
        """
        list_id = data.list_id if "list_id" in data.model_fields_set else None
        place = await _places.find_place(self.session, self.actor, list_id)
        parameters = {"workspace": place.workspace_id, "source": source, "external": external_id}
        found = (await self.session.execute(_BY_EXTERNAL, parameters)).scalar_one_or_none()
        sent = data.external
        if "external" in data.model_fields_set and (sent is None or (sent.source, sent.id) != (source, external_id)):
            raise InvalidInputError.at("#/external", "contradicts the path", "contradiction")
        if found is None:
            self._require_scope(Scope.TODOS_WRITE)
            external = External(source=source, id=external_id, url=None if sent is None else sent.url)
            return await self._create_external(external, data, expected), True
        try:
            return await self.update(found, data, expected), False
        except TodoNotFoundError:
            if await self._find(found) is None:
                raise ExternalTakenError from None  # by a todo in a list that the actor does not see
            raise

    async def _create_external(self, external: External, data: TodoPut, expected: Expected) -> TodoRow:
        if expected.existing:
            raise TodoNotFoundError
        try:
            return await self.create(as_new(data).model_copy(update={"external": external}))
        except ExternalTakenError as error:
            raise WriteConflictError from error  # by somebody in this instant: the next try finds it

    async def complete(self, todo_id: str, data: TodoComplete, expected: Expected = ANY) -> tuple[TodoRow, bool]:
        """Complete a todo, or the current occurrence of a recurring one, which then moves on and stays open.

        The second value tells that it was so already: completed, or this very occurrence recorded. Raises
        OccurrenceMismatchError for another occurrence and TodoBlockedError unless forced.
        """
        now = self.clock()
        if data.completed_at is not None and data.completed_at > now + _CLOCKS_DIFFER:
            raise InvalidInputError.at("#/completed_at", "lies in the future", "in_future")
        row = await self._load(todo_id, Role.COMPLETER, expected)
        if row.completed or await self._require_current(row, data.occurrence):
            return row, True
        if row.is_blocked and not data.force:
            raise TodoBlockedError
        finish = Finish("completed", at=data.completed_at or now, subtasks=data.subtasks)
        return await self._apply(row, await self._finish(row, finish), Operation.COMPLETE), False

    async def skip(self, todo_id: str, data: TodoSkip, expected: Expected = ANY) -> tuple[TodoRow, bool]:
        """Let the current occurrence of a recurring todo go by; the last one cancels the todo."""
        row = await self._load(todo_id, Role.COMPLETER, expected)
        if await self._require_current(row, data.occurrence):
            return row, True
        if row.recurrence is None or not row.is_open:
            raise NotRecurringError
        values = await self._finish(row, Finish("skipped", at=self.clock(), subtasks=Subtasks.LEAVE))
        return await self._apply(row, values, Operation.SKIP), False

    async def reschedule(self, todo_id: str, data: TodoReschedule, expected: Expected = ANY) -> TodoRow:
        """Move the current occurrence to another date; the rule and the key of the occurrence stay."""
        row = await self._load(todo_id, Role.EDITOR, expected)
        if row.recurrence is None or not row.is_open:
            raise NotRecurringError
        return await self._apply(row, wall_time_columns("due", data.due.wall_time), Operation.RESCHEDULE)

    async def end_series(self, todo_id: str, expected: Expected = ANY) -> TodoRow:
        """Forget the rule: the todo stays as it is and happens once more; doing it again does nothing."""
        row = await self._load(todo_id, Role.EDITOR, expected)
        return await self._apply(row, {"recurrence": None, "occurrence": None}, Operation.UPDATE)

    async def reopen(self, todo_id: str, expected: Expected = ANY) -> tuple[TodoRow, bool]:
        """Undo the latest completion or skip, with the subtasks that it closed; where there is none, nothing changes.

        Raises DueChangedError when the due date was edited since.
        """
        row = await self._load(todo_id, Role.COMPLETER, expected)
        values = await self._reopen_values(row)
        if values is None:
            return row, True
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

    async def _patch(self, row: TodoRow, data: TodoUpdate) -> TodoRow:
        fields, values = data.model_fields_set, plain_values(row, data)
        if fields & _PLACE_FIELDS:
            values |= await self._moved(row, data)
        if fields & _LABEL_FIELDS:  # after the move: labels belong to the workspace where the todo ends up
            workspace_id = values.get("workspace_id", row.workspace_id)
            values |= await self._set_labels(row, wanted_labels(row, data), workspace_id)
        values |= await self._changed_references(row, data, values)
        if "recurrence" in fields:
            due = row.due_moment if "due_date" not in values else replace(row, **present(row, values)).due_moment
            values |= await self._changed_recurrence(row, data.recurrence, due)
        target, op = wanted_status(data), Operation.MOVE if "list_id" in values else Operation.UPDATE
        if target is Status.OPEN and "status" not in fields and row.is_open:
            target = None  # what is in progress is not completed either
        if target is not None and target != row.status:
            patched = replace(row, **present(row, values))  # a step starts from the due date that this request sets
            values |= await self._status_values(patched, target)
            row = replace(row, open_subtasks=patched.open_subtasks, completed_subtasks=patched.completed_subtasks)
            op = operation(row, target)
        return await self._apply(row, values, op)

    async def matching(self, filter_: TodoFilter) -> list[str]:
        """Ids of the todos that the filter leaves, in order; raises TooManyTodosError above what can be changed at once."""
        found = await self.page(filter_, sort=TodoSort.ORDER, limit=MOST_AT_ONCE, after=None)
        if found.next_position is not None:
            counted = await self.page(filter_, sort=TodoSort.ORDER, limit=1, after=None, counted=True)
            raise TooManyTodosError(count=counted.total or 0, limit=MOST_AT_ONCE)
        return [row.id for row in found.items]

    async def change_all(self, ids: Sequence[str], data: BulkUpdate) -> list[TodoRow]:
        """Do the same to each of these todos, or to none of them; a dry run finds out whether it could.

        Raises CountMismatchError, and what the operation on one todo raises, with the id of that todo.
        """
        if data.expected_count is not None and data.expected_count != len(ids):
            raise CountMismatchError(expected=data.expected_count, count=len(ids))
        if data.dry_run:
            with suppress(_Rehearsed):
                async with self.session.savepoint():
                    await _todo_bulk.change_each(self, ids, data)
                    raise _Rehearsed
            return []
        warnings = await _todo_bulk.change_each(self, ids, data)
        rows = {} if data.action == "delete" else {row.id: row for row in await self._rows(ids)}
        return [replace(rows[id_], warnings=warnings[id_]) for id_ in ids if id_ in rows]

    async def _require_free(self, todo_id: str, expected: Expected) -> None:
        taken = (await self.session.execute(_EXISTS, {"id": todo_id})).one_or_none() is not None
        if taken and await self._find(todo_id) is not None:  # made by the same caller in this instant
            raise WriteConflictError
        if taken or expected.existing:
            raise TodoNotFoundError

    async def _changed_references(self, row: TodoRow, data: TodoUpdate, values: dict[str, Any]) -> dict[str, Any]:
        """Column values of the references that were sent; their index tables are written at once."""
        fields, found = data.model_fields_set, dict[str, Any]()
        workspace_id, list_id = values.get("workspace_id", row.workspace_id), values.get("list_id", row.list_id)
        if "assignee_ids" in fields:
            wanted = await self._require_assignees(data.assignee_ids, workspace_id=workspace_id, list_id=list_id)
            found["assignee_ids"] = wanted
            if wanted != row.assignee_ids:
                await self._attach_assignees(row.id, wanted, replace=True)
        if "blocked_by" in fields:
            wanted = await self._require_blockers(row.id, data.blocked_by, workspace_id=workspace_id)
            found["blocked_by"] = wanted
            if wanted != row.blocked_by:
                await self._attach_blockers(row.id, wanted, replace=True)
                row.open_blockers = await self._count_open(wanted)
        if "metadata" in fields:
            merged = {} if data.metadata is None else merged_metadata(row.custom_metadata, data.metadata)
            found["custom_metadata"] = checked_metadata(merged)
        return found

    async def _status_values(self, row: TodoRow, target: Status) -> dict[str, Any]:
        """Column values of the new status: completing and reopening are the same operations as by their actions."""
        if target is Status.COMPLETED:
            if row.is_blocked:
                raise TodoBlockedError
            return await self._finish(row, Finish("completed", at=self.clock()))
        if row.is_open or target is Status.CANCELLED:
            reopened = {"completed_at": None, "completed_by": None, "completed_with": None}
            return {"status": target.value} | reopened
        values = await self._reopen_values(row)
        return (values or {}) | {"status": target.value}


__all__ = ["NewTodo", "TodoRepository", "TodoRow"]
