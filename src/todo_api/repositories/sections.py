"""Sections of lists."""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, ClassVar, Final

from sqlalchemy import Select, and_, bindparam, func, insert, or_, select, update

from todo_api.db.columns import Id, Instant
from todo_api.domain import ranking
from todo_api.domain.changes import Kind, Operation
from todo_api.domain.identifiers import new_id
from todo_api.domain.paging import Position, Slice
from todo_api.domain.permissions import Role
from todo_api.domain.preconditions import ANY, Expected
from todo_api.domain.text import search_key
from todo_api.errors import ListNotFoundError, SectionNotFoundError
from todo_api.models import Section, Todo, TodoList
from todo_api.repositories import _access, _places
from todo_api.repositories._base import Repository
from todo_api.repositories._ordering import place
from todo_api.repositories._paging import Segment, fetch_page
from todo_api.schemas.sections import SectionCreate, SectionMove, SectionRead, SectionUpdate

_ID: Final = bindparam("id", type_=Id())
_LIST: Final = bindparam("list", type_=Id())


@dataclass(slots=True)
class SectionRow:
    """The columns of ``_COLUMNS`` in their order."""

    id: str
    workspace_id: str
    list_id: str
    name: str
    order: str
    deleted_at: datetime | None
    trash_id: str | None
    version: int
    created_at: datetime
    updated_at: datetime


_COLUMNS: Final = (
    Section.id,
    Section.workspace_id,
    Section.list_id,
    Section.name,
    Section.order,
    Section.deleted_at,
    Section.trash_id,
    Section.version,
    Section.created_at,
    Section.updated_at,
)
_ROLE: Final = _access.list_role(TodoList.workspace_id, TodoList.id).label("role")
_LIST_STATE: Final = (_ROLE, TodoList.archived_at, TodoList.deleted_at.label("list_deleted_at"))


@lru_cache(maxsize=4)
def _one(*, restricted: bool, locked: bool) -> Select[*tuple[Any, ...]]:
    """One section; for writing with the state of its list, and also when it is in the trash."""
    seen = _access.visible(Section.workspace_id, Section.list_id, restricted=restricted)
    if not locked:
        return select(*_COLUMNS).where(Section.id == _ID, Section.deleted_at.is_(None), *seen)
    statement = select(*_COLUMNS, *_LIST_STATE).join(TodoList, TodoList.id == Section.list_id)
    return statement.where(Section.id == _ID, *seen).with_for_update(of=Section)


@lru_cache(maxsize=2)
def _list(*, restricted: bool) -> Select[*tuple[Any, ...]]:
    seen = _access.visible(TodoList.workspace_id, TodoList.id, restricted=restricted)
    return select(TodoList.id, TodoList.workspace_id, *_LIST_STATE).where(TodoList.id == _LIST, *seen)


@lru_cache(maxsize=4)
def _page(*, restricted: bool, continued: bool) -> Select[*tuple[Any, ...]]:
    seen = _access.visible(Section.workspace_id, Section.list_id, restricted=restricted)
    statement = select(*_COLUMNS).where(_LIVE, *seen)
    if continued:
        position, id_ = bindparam("position", type_=Section.order.type), bindparam("position_id", type_=Id())
        further = or_(Section.order > position, and_(Section.order == position, Section.id > id_))
        statement = statement.where(Section.order >= position, further)
    return statement.order_by(Section.order, Section.id).limit(bindparam("row_limit"))


_LIVE: Final = and_(Section.list_id == _LIST, Section.deleted_at.is_(None))
_LAST_ORDER: Final = select(func.max(Section.order)).where(_LIVE)
_ORDERS: Final = (
    select(Section.id, Section.workspace_id, Section.list_id, Section.order).where(_LIVE).order_by(Section.order, Section.id)
)
_LIST_OF_SECTION: Final = select(Section.list_id).where(Section.id == _ID).scalar_subquery()
_LOCK_LIST: Final = select(TodoList.id).where(TodoList.id == _LIST).with_for_update(key_share=True)
_LOCK_LIST_OF_SECTION: Final = select(TodoList.id).where(TodoList.id == _LIST_OF_SECTION).with_for_update(key_share=True)
_INSERT: Final = insert(Section)
_WITHIN: Final = and_(Todo.section_id == bindparam("section", type_=Id()), Todo.deleted_at.is_(None))
_TODOS: Final = select(Todo.id, Todo.workspace_id, Todo.list_id).where(_WITHIN).order_by(Todo.id).with_for_update(of=Todo)
_DETACH: Final = (
    update(Todo).where(_WITHIN).values(section_id=None, updated_at=bindparam("now", type_=Instant()), version=Todo.version + 1)
)


class SectionRepository(Repository):
    """Everything that can be done to sections."""

    kind: ClassVar[Kind] = Kind.SECTION

    async def get(self, section_id: str) -> SectionRow:
        """One section; raises SectionNotFoundError."""
        statement = _one(restricted=self._restricted, locked=False)
        found = (await self.session.execute(statement, self._parameters(id=section_id))).one_or_none()
        if found is None:
            raise SectionNotFoundError
        return SectionRow(*found)

    async def page(self, list_id: str, *, limit: int, after: Position | None) -> Slice[SectionRow]:
        """Sections of a list, in order; raises ListNotFoundError."""
        parameters = self._parameters(list=list_id)

        async def fetch(segment: Segment, count: int) -> list[SectionRow]:
            start = segment.after
            statement = _page(restricted=self._restricted, continued=start is not None)
            bounds = {} if start is None else {"position": start.value, "position_id": start.id}
            found = await self.session.execute(statement, parameters | bounds | {"row_limit": count})
            return [SectionRow(*row) for row in found]

        rows = await fetch_page(fetch, lambda row: Position(row.order, row.id), limit=limit, after=after, nullable=False)
        if not rows.items:
            await self._require_list(parameters)
        return rows

    async def create(self, list_id: str, data: SectionCreate) -> SectionRow:
        """A new section at the end of a list; raises ListNotFoundError and what keeps the actor from writing there."""
        await self._lock(_LOCK_LIST, list=list_id)
        statement = _list(restricted=self._restricted)
        found = (await self.session.execute(statement, self._parameters(list=list_id))).one_or_none()
        if found is None:
            raise ListNotFoundError
        _require_editor(found)
        last = (await self.session.execute(_LAST_ORDER, {"list": list_id})).scalar_one()
        now = self.clock()
        row = SectionRow(
            id=new_id(),
            workspace_id=found.workspace_id,
            list_id=list_id,
            name=data.name,
            order=ranking.between(last, None),
            deleted_at=None,
            trash_id=None,
            version=1,
            created_at=now,
            updated_at=now,
        )
        values = {column.key: getattr(row, column.key) for column in _COLUMNS}
        await self.session.execute(_INSERT, values | {"name_key": search_key(row.name)})
        after = {"name": row.name, "order": row.order}
        self._record(row.id, Operation.CREATE, workspace_id=row.workspace_id, list_id=list_id, after=after)
        return row

    async def update(self, section_id: str, data: SectionUpdate, expected: Expected = ANY) -> SectionRow:
        """Change the fields that were sent."""
        row = await self._load(section_id, expected)
        if "name" not in data.model_fields_set:
            return row
        derived = {"name_key": search_key(data.name)}
        return await self._change(Section, row, {"name": data.name}, Operation.UPDATE, list_id=row.list_id, derived=derived)

    async def move(self, section_id: str, data: SectionMove, expected: Expected = ANY) -> SectionRow:
        """Put a section before or after another of its list."""
        await self._lock(_LOCK_LIST_OF_SECTION, id=section_id)
        row = await self._load(section_id, expected)
        rows = (await self.session.execute(_ORDERS, {"list": row.list_id})).all()
        placing = place(row, rows, data, neighbour="another section of the same list")
        await self._reorder(Section, rows, placing.others)
        return await self._change(Section, row, {"order": placing.key}, Operation.MOVE, list_id=row.list_id)

    async def delete(self, section_id: str, expected: Expected = ANY) -> None:
        """Delete a section; its todos stay in the list, without a section. Doing it again does nothing."""
        await self._lock(_LOCK_LIST_OF_SECTION, id=section_id)
        row, state = await self._find(section_id)
        self._require_role(state.role, Role.EDITOR)
        if row.deleted_at is not None:
            return
        _require_editor(state)
        self._expect(row, expected)
        now = self.clock()
        todos = (await self.session.execute(_TODOS, {"section": section_id})).all()
        await self.session.execute(_DETACH, {"section": section_id, "now": now})
        for todo in todos:
            self._record(
                todo.id,
                Operation.UPDATE,
                workspace_id=todo.workspace_id,
                list_id=todo.list_id,
                before={"section_id": section_id},
                after={"section_id": None},
                kind=Kind.TODO,
            )
        await self._change(Section, row, {"deleted_at": now}, Operation.DELETE, list_id=row.list_id)

    async def _lock(self, statement: Select[Any], **parameters: str) -> None:
        """Let one transaction at a time arrange the sections of a list; its deletion takes the same lock, before theirs."""
        if self.session.dialect_name == "postgresql":  # the single writer of SQLite is such a lock
            await self.session.execute(statement, parameters)

    async def _require_list(self, parameters: dict[str, Any]) -> None:
        found = (await self.session.execute(_list(restricted=self._restricted), parameters)).one_or_none()
        if found is None or found.list_deleted_at is not None:
            raise ListNotFoundError

    async def _find(self, section_id: str) -> tuple[SectionRow, Any]:
        """The section, live or trashed, locked for writing, with the state of its list."""
        statement = _one(restricted=self._restricted, locked=True)
        found = (await self.session.execute(statement, self._parameters(id=section_id))).one_or_none()
        if found is None:
            raise SectionNotFoundError
        return SectionRow(*found[: len(_COLUMNS)]), found

    async def _load(self, section_id: str, expected: Expected) -> SectionRow:
        """A live section that the actor may write; raises SectionNotFoundError, ListTrashedError and the like."""
        row, state = await self._find(section_id)
        if row.deleted_at is not None and state.list_deleted_at is None:
            raise SectionNotFoundError
        _require_editor(state)
        self._expect(row, expected)
        return row

    def _expect(self, row: SectionRow, expected: Expected) -> None:
        stale = None if expected.accepts(row.version) else SectionRead.model_validate(row).model_dump(mode="json")
        self._require_version(row, expected, stale)


def _require_editor(state: Any) -> None:
    _places.require_writable(state.role, Role.EDITOR, archived_at=state.archived_at, trashed_at=state.list_deleted_at)
