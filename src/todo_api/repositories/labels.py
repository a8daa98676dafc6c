"""Labels of workspaces."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, ClassVar, Final

from sqlalchemy import Select, and_, bindparam, exists, insert, or_, select
from sqlalchemy.exc import IntegrityError

from todo_api.db.columns import Id
from todo_api.domain.changes import Kind, Operation
from todo_api.domain.identifiers import new_id
from todo_api.domain.paging import Position, Slice
from todo_api.domain.permissions import Role
from todo_api.domain.preconditions import ANY, Expected
from todo_api.domain.text import search_key
from todo_api.errors import ForbiddenError, LabelNameTakenError, LabelNotFoundError, WriteConflictError
from todo_api.models import Label, Todo, TodoLabel
from todo_api.repositories import _access, _labelled
from todo_api.repositories._base import Repository
from todo_api.repositories._paging import Segment, fetch_page
from todo_api.schemas.labels import LabelCreate, LabelRead, LabelUpdate, OnTodos

_ID: Final = bindparam("id", type_=Id())


@dataclass(slots=True)
class LabelRow:
    """The columns of ``_COLUMNS`` in their order."""

    id: str
    workspace_id: str
    name: str
    name_key: str
    color: str | None
    retired_at: datetime | None
    deleted_at: datetime | None
    version: int
    created_at: datetime
    updated_at: datetime


_COLUMNS: Final = (
    Label.id,
    Label.workspace_id,
    Label.name,
    Label.name_key,
    Label.color,
    Label.retired_at,
    Label.deleted_at,
    Label.version,
    Label.created_at,
    Label.updated_at,
)
_INSERT: Final = insert(Label)
_NAMED: Final = (
    select(*_COLUMNS)
    .where(Label.workspace_id == bindparam("workspace", type_=Id()), Label.deleted_at.is_(None))
    .where(Label.name_key == bindparam("key", type_=Label.name_key.type))
    .with_for_update(of=Label)
)


@lru_cache(maxsize=2)
def _visible(*, restricted: bool) -> Any:
    """Members see all labels of the workspace; guests and restricted credentials those on todos that they see."""
    member = _access.workspace_role(Label.workspace_id) >= Role.VIEWER.value
    carried = select(TodoLabel.todo_id).join(Todo, Todo.id == TodoLabel.todo_id).where(TodoLabel.label_id == Label.id)
    seen = exists(
        carried.where(Todo.deleted_at.is_(None), *_access.visible(Todo.workspace_id, Todo.list_id, restricted=restricted))
    )
    return seen if restricted else or_(member, seen)


@lru_cache(maxsize=2)
def _one(*, restricted: bool) -> Select[*tuple[Any, ...]]:
    live = and_(Label.deleted_at.is_(None), Label.retired_at.is_(None))
    return select(*_COLUMNS).where(Label.id == _ID, live, _visible(restricted=restricted))


@lru_cache(maxsize=2)
def _for_writing(*, restricted: bool) -> Select[*tuple[Any, ...]]:
    role = _access.workspace_role(Label.workspace_id).label("role")
    statement = select(*_COLUMNS, role).where(Label.id == _ID, _visible(restricted=restricted))
    return statement.with_for_update(of=Label)


@lru_cache(maxsize=4)
def _page(*, restricted: bool, continued: bool) -> Select[*tuple[Any, ...]]:
    live = and_(Label.deleted_at.is_(None), Label.retired_at.is_(None))
    statement = select(*_COLUMNS).where(live, _visible(restricted=restricted))
    if continued:
        position, id_ = bindparam("position", type_=Label.name_key.type), bindparam("position_id", type_=Id())
        further = or_(Label.name_key > position, and_(Label.name_key == position, Label.id > id_))
        statement = statement.where(Label.name_key >= position, further)
    return statement.order_by(Label.name_key, Label.id).limit(bindparam("row_limit"))


class LabelRepository(Repository):
    """Everything that is done to labels by hand; todos make theirs by name."""

    kind: ClassVar[Kind] = Kind.LABEL

    async def get(self, label_id: str) -> LabelRow:
        """One label; raises LabelNotFoundError."""
        found = (await self.session.execute(_one(restricted=self._restricted), self._parameters(id=label_id))).one_or_none()
        if found is None:
            raise LabelNotFoundError
        return LabelRow(*found)

    async def page(self, *, limit: int, after: Position | None) -> Slice[LabelRow]:
        """Labels that the actor sees, by name."""

        async def fetch(segment: Segment, count: int) -> list[LabelRow]:
            start = segment.after
            statement = _page(restricted=self._restricted, continued=start is not None)
            bounds = {} if start is None else {"position": start.value, "position_id": start.id}
            found = await self.session.execute(statement, self._parameters(**bounds, row_limit=count))
            return [LabelRow(*row) for row in found]

        return await fetch_page(fetch, lambda row: Position(row.name_key, row.id), limit=limit, after=after, nullable=False)

    async def create(self, data: LabelCreate) -> LabelRow:
        """A new label, or one that todos kept the name of; raises LabelNameTakenError and what ``workspace_for_new`` raises."""
        workspace_id, _ = await _access.workspace_for_new(self.session, self.actor, data.workspace_id)
        key, now = search_key(data.name), self.clock()
        known = await self._named(workspace_id, key)
        if known is not None:
            if known.retired_at is None:
                raise LabelNameTakenError
            return await self._revive(known, data)
        row = LabelRow(
            id=new_id(),
            workspace_id=workspace_id,
            name=data.name,
            name_key=key,
            color=data.color,
            retired_at=None,
            deleted_at=None,
            version=1,
            created_at=now,
            updated_at=now,
        )
        try:
            await self.session.execute(_INSERT, {column.key: getattr(row, column.key) for column in _COLUMNS})
        except IntegrityError as error:  # somebody made it in this instant
            raise LabelNameTakenError from error
        self._record(row.id, Operation.CREATE, workspace_id=workspace_id, after={"name": row.name, "color": row.color})
        return row

    async def update(self, label_id: str, data: LabelUpdate, expected: Expected = ANY) -> tuple[LabelRow, bool]:
        """Change the fields that were sent; the second value tells that the label was merged into the one given back.

        A new name is written on the todos that carry the label. Where another label has the name, that one survives.
        """
        row = await self._load(label_id, expected)
        values = {"color": data.color} if "color" in data.model_fields_set else {}
        if "name" not in data.model_fields_set or data.name == row.name:
            return await self._change(Label, row, values, Operation.UPDATE), False
        key = search_key(data.name)
        other = await self._named(row.workspace_id, key) if key != row.name_key else None
        if other is not None and other.retired_at is None:
            await self._merge(row, other)
            return await self._change(Label, other, values, Operation.UPDATE), True
        return await self._rename(row, data.name, values, instead_of=other), False

    async def delete(self, label_id: str, on_todos: OnTodos, expected: Expected = ANY) -> None:
        """Delete a label, and take it off its todos or leave them its name; doing it again does nothing."""
        row = await self._find(label_id)
        gone = row.deleted_at is not None or (row.retired_at is not None and on_todos is OnTodos.KEEP)
        if gone:
            return
        if row.retired_at is None:
            self._expect(row, expected)
        if on_todos is OnTodos.KEEP and await _labelled.is_carried(self.session, row.id):
            await self._write(Label, row, {"retired_at": self.clock(), "color": None, "updated_at": self.clock()})
            self._record(row.id, Operation.DELETE, workspace_id=row.workspace_id, before={}, after={})
            return
        await self._rewrite({row.id: row.name_key}, None)
        await _labelled.detach(self.session, row.id)
        await self._end(row)

    async def _named(self, workspace_id: str, key: str) -> LabelRow | None:
        """The label of a name, also one that is retired, locked for writing."""
        found: Any = (await self.session.execute(_NAMED, {"workspace": workspace_id, "key": key})).one_or_none()
        return None if found is None else LabelRow(*found)

    async def _revive(self, row: LabelRow, data: LabelCreate) -> LabelRow:
        """Make a retired label anew, under the id that its todos know."""
        if data.name != row.name:
            await self._rewrite({row.id: row.name_key}, data.name)
        values = {"name": data.name, "color": data.color, "retired_at": None}
        return await self._change(Label, row, values, Operation.CREATE)

    async def _rename(self, row: LabelRow, name: str, values: Mapping[str, Any], *, instead_of: LabelRow | None) -> LabelRow:
        """Rename a label and the names on its todos, and on those of a retired label that had the name."""
        keys = {row.id: row.name_key}
        if instead_of is not None:
            keys[instead_of.id] = instead_of.name_key
        await self._rewrite(keys, name)
        if instead_of is not None:
            await _labelled.attach_instead(self.session, [instead_of.id], row.id)
            await self._end(instead_of)
        derived = {"name_key": search_key(name)}
        try:
            return await self._change(Label, row, {"name": name, **values}, Operation.UPDATE, derived=derived)
        except IntegrityError as error:  # somebody made a label of this name in this instant: look again, and merge
            raise WriteConflictError from error

    async def _merge(self, row: LabelRow, other: LabelRow) -> None:
        """Let the todos of ``row`` carry ``other``, and end ``row``."""
        await self._rewrite({row.id: row.name_key}, other.name)
        await _labelled.attach_instead(self.session, [row.id], other.id)
        await self._end(row)

    async def _end(self, row: LabelRow) -> None:
        """Delete a label that no todo carries any more; of a retired one, that is known already."""
        await self._write(Label, row, {"deleted_at": self.clock(), "retired_at": None, "updated_at": self.clock()})
        if row.retired_at is None:
            self._record(row.id, Operation.DELETE, workspace_id=row.workspace_id, before={}, after={})

    async def _rewrite(self, keys: Mapping[str, str], name: str | None) -> None:
        """Write ``name`` on the todos of the labels ``keys`` (by id) instead of the labels' own, and log each."""
        changed = await _labelled.rename(self.session, keys.keys(), set(keys.values()), name, now=self.clock())
        for todo in changed:
            self._record(
                todo.id,
                Operation.UPDATE,
                workspace_id=todo.workspace_id,
                list_id=todo.list_id,
                before={"labels": todo.before},
                after={"labels": todo.after},
                kind=Kind.TODO,
            )

    async def _find(self, label_id: str) -> LabelRow:
        """A label, live or gone, locked for writing together with its todos, those of archived lists included.

        A label is its whole workspace's: guests, and credentials that are restricted to lists, would change todos unseen.
        """
        await _labelled.lock_carriers(self.session, self.actor, label_id)
        statement = _for_writing(restricted=self._restricted)
        found: Any = (await self.session.execute(statement, self._parameters(id=label_id))).one_or_none()
        if found is None:
            raise LabelNotFoundError
        self._require_role(found.role, Role.EDITOR)
        if self._restricted:
            raise ForbiddenError("A credential that is restricted to lists does not change labels: other lists share them.")
        return LabelRow(*found[: len(_COLUMNS)])

    async def _load(self, label_id: str, expected: Expected) -> LabelRow:
        row = await self._find(label_id)
        if row.deleted_at is not None or row.retired_at is not None:
            raise LabelNotFoundError
        self._expect(row, expected)
        return row

    def _expect(self, row: LabelRow, expected: Expected) -> None:
        stale = None if expected.accepts(row.version) else LabelRead.model_validate(row).model_dump(mode="json")
        self._require_version(row, expected, stale)
