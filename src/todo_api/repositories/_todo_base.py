"""Loading a todo to write it, and writing it: the steps that every operation on todos shares."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from typing import Any, ClassVar, Final

from sqlalchemy import Select, bindparam, select
from sqlalchemy.exc import IntegrityError

from todo_api.db.columns import Id
from todo_api.db.dialect import violates_unique
from todo_api.domain.changes import Kind, Operation
from todo_api.domain.permissions import Role
from todo_api.domain.preconditions import Expected
from todo_api.domain.reminders import next_fire
from todo_api.domain.text import search_key
from todo_api.errors import ExternalTakenError, TodoNotFoundError
from todo_api.models import Todo, TodoList
from todo_api.repositories import _access, _labels, _places, _search, _tree
from todo_api.repositories._base import Repository, before, changed
from todo_api.repositories._todo_rows import COLUMNS, STORED, TodoRow
from todo_api.schemas.todos import TodoRead

EXTERNAL_UNIQUE: Final = ("uq_todo_external", "todo.workspace_id, todo.external_source, todo.external_id")
_ID: Final = bindparam("id", type_=Id())
_UNLOGGED: Final = {
    "title_key",
    "title_search",
    "notes_search",
    "due_key",
    "due_instant",
    "start_key",
    "start_instant",
    "next_reminder_at",
    "trash_id",
    "deleted_at",
    "completed_with",
}
_LONGEST_TITLE_KEY: Final = 100  # sorts titles; longer ones are told apart by id, and cursors stay short
_DERIVED: Final = {  # columns that rows do not carry
    "title_key",
    "title_search",
    "notes_search",
    "due_key",
    "start_key",
    "start_instant",
    "next_reminder_at",
}
_REMINDING: Final = {"due_date", "due_time", "due_timezone", "reminders", "status"}
_LIVE: Final = (Todo.id.in_(bindparam("ids", expanding=True, type_=Id())), Todo.deleted_at.is_(None))
_ROWS: Final = select(*COLUMNS).where(*_LIVE).order_by(Todo.id).with_for_update(of=Todo, key_share=True)


@lru_cache(maxsize=2)
def get_statement(*, restricted: bool) -> Select[Any]:
    """One live todo that the actor sees."""
    seen = _access.visible(Todo.workspace_id, Todo.list_id, restricted=restricted)
    return select(*COLUMNS).where(Todo.id == _ID, Todo.deleted_at.is_(None), *seen)


@lru_cache(maxsize=2)
def _write_statement(*, restricted: bool) -> Select[Any]:
    role = _access.list_role(Todo.workspace_id, Todo.list_id)
    seen = _access.visible(Todo.workspace_id, Todo.list_id, restricted=restricted)
    # Subqueries, not a join: PostgreSQL joins a row that it waited for with the old list, and loses one that moved meanwhile.
    archived, trashed = (
        select(column).where(TodoList.id == Todo.list_id).scalar_subquery()
        for column in (TodoList.archived_at, TodoList.deleted_at)
    )
    columns = (*COLUMNS, role.label("role"), archived.label("archived_at"), trashed.label("list_deleted_at"))
    return select(*columns).where(Todo.id == _ID, *seen).with_for_update(of=Todo, key_share=True)


@lru_cache(maxsize=2)
def _workspace_statement(*, restricted: bool) -> Select[str]:
    seen = _access.visible(Todo.workspace_id, Todo.list_id, restricted=restricted)
    return select(Todo.workspace_id).where(Todo.id == _ID, *seen)


class TodoBase(Repository):
    """Reading for writing, the diff, the log."""

    kind: ClassVar[Kind] = Kind.TODO

    def _row(self, columns: Sequence[Any]) -> TodoRow:
        return TodoRow(self.actor.zone, self.clock(), *columns[: len(COLUMNS)])

    async def _find(self, todo_id: str) -> tuple[TodoRow, Any] | None:
        """The row, live or trashed, locked for writing, with its list's state; None when it is not visible."""
        statement = _write_statement(restricted=self._restricted)
        found = (await self.session.execute(statement, self._parameters(id=todo_id))).one_or_none()
        return None if found is None else (self._row(found), found)

    async def _load(self, todo_id: str, needed: Role, expected: Expected) -> TodoRow:
        """A live todo that the actor may write and whose version is expected.

        Raises TodoNotFoundError, ListTrashedError, RoleTooLowError, ListArchivedError and VersionMismatchError.
        """
        found = await self._find(todo_id)
        if found is None:
            raise TodoNotFoundError
        row, state = found
        if row.deleted_at is not None and state.list_deleted_at is None:
            raise TodoNotFoundError
        _places.require_writable(state.role, needed, archived_at=state.archived_at, trashed_at=state.list_deleted_at)
        self._expect(row, expected)
        return row

    def _expect(self, row: TodoRow, expected: Expected) -> None:
        stale = None if expected.accepts(row.version) else TodoRead.model_validate(row).model_dump(mode="json")
        self._require_version(row, expected, stale)

    async def _lock_tree(self, todo_id: str) -> None:
        """Take the lock on the shape of the todo's workspace before its row; loading the row tells when there is none."""
        if self.session.dialect_name == "sqlite":  # the single writer is this lock
            return
        statement = _workspace_statement(restricted=self._restricted)
        workspace_id = (await self.session.execute(statement, self._parameters(id=todo_id))).scalar_one_or_none()
        if workspace_id is not None:
            await _tree.lock_structure(self.session, workspace_id)

    async def _rows(self, ids: Iterable[str]) -> list[TodoRow]:
        """Those of these todos that are live, locked in the order of ids; the caller knows that the actor may write them."""
        wanted = list(ids)
        if not wanted:
            return []
        found = await self.session.execute(_ROWS, {"ids": wanted})
        return [self._row(columns) for columns in found]

    async def _below(self, row: TodoRow) -> list[TodoRow]:
        """The live subtree under a todo."""
        return await self._rows(id_ for id_, _ in await _tree.descendants(self.session, row.id))

    async def _apply(self, row: TodoRow, values: Mapping[str, Any], op: Operation) -> TodoRow:
        """Write what differs, log it, and give back the new row; nothing different, nothing written.

        Raises ExternalTakenError for a reference that another todo of the workspace has.
        """
        differing = changed(row, {name: value for name, value in values.items() if name not in _DERIVED})
        if not differing:
            return row
        derived = {name: value for name, value in values.items() if name in _DERIVED}
        now = self.clock()
        new = replace(row, **differing, version=row.version + 1, updated_at=now)
        if differing.keys() & _REMINDING and (row.reminders or new.reminders):
            derived["next_reminder_at"] = self._next_reminder(new)
        try:
            await self._write(Todo, row, differing | derived | {"updated_at": now})
        except IntegrityError as error:
            if violates_unique(error, *EXTERNAL_UNIQUE):
                raise ExternalTakenError from error
            raise
        await _search.reindex(self.session, new, differing)
        self._log(row, differing, op)
        return new

    def _next_reminder(self, row: TodoRow) -> datetime | None:
        if not row.is_open:
            return None
        return next_fire(
            row.reminders, due=row.due_moment, zone=self.actor.zone, day_start=self.actor.day_start, now=self.clock()
        )

    def _log(self, row: TodoRow, differing: Mapping[str, Any], op: Operation) -> None:
        logged = {name: value for name, value in differing.items() if name not in _UNLOGGED}
        self._record(
            row.id,
            op,
            workspace_id=differing.get("workspace_id", row.workspace_id),
            list_id=differing.get("list_id", row.list_id),
            before=before(row, logged),
            after=logged,
        )

    async def _label_names(self, workspace_id: str, names: Iterable[str]) -> dict[str, str]:
        """Ids of labels by the workspace's spelling; labels that do not exist are made, and logged."""

        def created(values: dict[str, Any]) -> None:
            after = {name: values[name] for name in ("name", "color")}
            self._record(values["id"], Operation.CREATE, workspace_id=workspace_id, after=after, kind=Kind.LABEL)

        return await _labels.find_or_create(self.session, workspace_id, names, now=self.clock(), created=created)

    async def _set_labels(self, row: TodoRow, names: Iterable[str], workspace_id: str) -> dict[str, Any]:
        """Make these the labels of the todo; the column value that says so."""
        ids = await self._label_names(workspace_id, names)
        if list(ids) != row.labels or workspace_id != row.workspace_id:
            await _labels.attach(self.session, row.id, ids.values(), replace=True)
        return {"labels": list(ids)}


def title_columns(title: str) -> dict[str, Any]:
    """A title, the key it sorts by, and the text that filters compare."""
    key = search_key(title)
    return {"title": title, "title_key": key[:_LONGEST_TITLE_KEY], "title_search": key}


def notes_columns(notes: str) -> dict[str, Any]:
    """Notes and the text that filters compare."""
    return {"notes": notes, "notes_search": search_key(notes)}


def logged_values(values: Mapping[str, Any]) -> dict[str, Any]:
    """What the log keeps of a new todo."""
    names = {column.key for column in STORED} - _UNLOGGED - {"id", "workspace_id", "version", "created_at", "updated_at"}
    return {name: value for name, value in values.items() if name in names}
