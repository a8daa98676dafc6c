"""Lists of todos."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Any, ClassVar, Final

from sqlalchemy import Select, and_, bindparam, func, insert, or_, select, update

from todo_api.db.columns import Id
from todo_api.domain import ranking
from todo_api.domain.changes import Kind, Operation
from todo_api.domain.identifiers import new_id
from todo_api.domain.paging import Position, Slice
from todo_api.domain.permissions import Role
from todo_api.domain.preconditions import ANY, Expected
from todo_api.domain.text import search_key
from todo_api.errors import (
    ForbiddenError,
    InboxProtectedError,
    InvalidInputError,
    ListArchivedError,
    ListNotFoundError,
    RoleTooLowError,
)
from todo_api.models import Section, Todo, TodoList
from todo_api.repositories import _access
from todo_api.repositories._base import Repository, before, changed
from todo_api.repositories._paging import Segment, fetch_page
from todo_api.repositories._places import key_between
from todo_api.repositories._todo_rows import OPEN
from todo_api.repositories._tree import lock_structure
from todo_api.schemas.lists import ListCreate, ListMove, ListRead, ListUpdate

_ID: Final = bindparam("id", type_=Id())
_WORKSPACE: Final = bindparam("workspace", type_=Id())


@dataclass(slots=True)
class ListRow:
    """The columns of ``_COLUMNS`` in their order."""

    id: str
    workspace_id: str
    name: str
    description: str
    color: str | None
    icon: str | None
    order: str
    is_inbox: bool
    archived_at: datetime | None
    deleted_at: datetime | None
    trash_id: str | None
    version: int
    created_at: datetime
    updated_at: datetime
    open_count: int
    my_role: int


_OPEN_COUNT: Final = (
    select(func.count())
    .select_from(Todo)
    .where(Todo.list_id == TodoList.id, Todo.deleted_at.is_(None), Todo.status.in_(OPEN))
    .scalar_subquery()
)
_ROLE: Final = _access.list_role(TodoList.workspace_id, TodoList.id)
_COLUMNS: Final = (
    TodoList.id,
    TodoList.workspace_id,
    TodoList.name,
    TodoList.description,
    TodoList.color,
    TodoList.icon,
    TodoList.order,
    TodoList.is_inbox,
    TodoList.archived_at,
    TodoList.deleted_at,
    TodoList.trash_id,
    TodoList.version,
    TodoList.created_at,
    TodoList.updated_at,
    _OPEN_COUNT,
    _ROLE,
)


@lru_cache(maxsize=4)
def _one(*, restricted: bool, locked: bool) -> Select[Any]:
    seen = _access.visible(TodoList.workspace_id, TodoList.id, restricted=restricted)
    statement = select(*_COLUMNS).where(TodoList.id == _ID, *seen)
    return statement.with_for_update(of=TodoList) if locked else statement.where(TodoList.deleted_at.is_(None))


@lru_cache(maxsize=2)
def _workspace_of(*, restricted: bool) -> Select[str]:
    seen = _access.visible(TodoList.workspace_id, TodoList.id, restricted=restricted)
    return select(TodoList.workspace_id).where(TodoList.id == _ID, *seen)


@lru_cache(maxsize=32)
def _page(*, single: bool, guest: bool, restricted: bool, archived: bool, continued: bool) -> Select[Any]:
    near = _access.near(TodoList.workspace_id, TodoList.id, single=single, guest=guest)
    seen = _access.visible(TodoList.workspace_id, TodoList.id, restricted=restricted)
    statement = select(*_COLUMNS).where(near, TodoList.deleted_at.is_(None), *seen)
    statement = statement.where(TodoList.archived_at.is_not(None) if archived else TodoList.archived_at.is_(None))
    if continued:
        position, id_ = bindparam("position", type_=TodoList.order.type), bindparam("position_id", type_=Id())
        further = or_(TodoList.order > position, and_(TodoList.order == position, TodoList.id > id_))
        statement = statement.where(TodoList.order >= position, further)
    return statement.order_by(TodoList.order, TodoList.id).limit(bindparam("row_limit"))


_LIVE: Final = and_(TodoList.workspace_id == _WORKSPACE, TodoList.deleted_at.is_(None))
_LAST_ORDER: Final = select(func.max(TodoList.order)).where(_LIVE)
_ORDERS: Final = select(TodoList.id, TodoList.order).where(_LIVE).order_by(TodoList.order, TodoList.id)
_TODOS: Final = select(Todo.id, Todo.version).where(Todo.list_id == _ID, Todo.deleted_at.is_(None)).order_by(Todo.id)
_TRASH_TODOS: Final = (
    update(Todo)
    .where(Todo.list_id == bindparam("trash", type_=Id()), Todo.deleted_at.is_(None))
    .values(
        deleted_at=bindparam("now", type_=Todo.deleted_at.type),
        updated_at=bindparam("now", type_=Todo.updated_at.type),
        trash_id=bindparam("trash", type_=Id()),
        version=Todo.version + 1,
    )
)
_SECTIONS_IN: Final = and_(Section.list_id == bindparam("trash", type_=Id()), Section.deleted_at.is_(None))
_SECTIONS: Final = select(Section.id).where(_SECTIONS_IN).order_by(Section.id)
_TRASH_SECTIONS: Final = (
    update(Section)
    .where(_SECTIONS_IN)
    .values(
        deleted_at=bindparam("now", type_=Section.deleted_at.type),
        updated_at=bindparam("now", type_=Section.updated_at.type),
        trash_id=bindparam("trash", type_=Id()),
        version=Section.version + 1,
    )
)


class ListRepository(Repository):
    """Everything that can be done to lists."""

    kind: ClassVar[Kind] = Kind.LIST

    async def get(self, list_id: str) -> ListRow:
        """One list; raises ListNotFoundError."""
        statement = _one(restricted=self._restricted, locked=False)
        found = (await self.session.execute(statement, self._parameters(id=list_id))).one_or_none()
        if found is None:
            raise ListNotFoundError
        return ListRow(*found)

    async def page(self, *, limit: int, after: Position | None, archived: bool) -> Slice[ListRow]:
        """Lists that the actor sees, in order."""
        if not self.actor.workspace_ids and not self.actor.guest_list_ids:
            return Slice([], None)
        parameters = self._parameters() | _access.near_parameters(self.actor)

        async def fetch(segment: Segment, count: int) -> list[ListRow]:
            start = segment.after
            statement = _page(
                single=_access.is_single(self.actor),
                guest=bool(self.actor.guest_list_ids),
                restricted=self._restricted,
                archived=archived,
                continued=start is not None,
            )
            bounds = {} if start is None else {"position": start.value, "position_id": start.id}
            return [ListRow(*row) for row in await self.session.execute(statement, parameters | bounds | {"row_limit": count})]

        return await fetch_page(fetch, lambda row: Position(row.order, row.id), limit=limit, after=after, nullable=False)

    async def create(self, data: ListCreate) -> ListRow:
        """A new list at the end; raises WorkspaceNotFoundError, ForbiddenError and RoleTooLowError."""
        if self._restricted:
            raise ForbiddenError("A credential that is restricted to lists makes no others.")
        workspace_id, role = await _access.workspace_for_new(self.session, self.actor, data.workspace_id)
        last = (await self.session.execute(_LAST_ORDER, {"workspace": workspace_id})).scalar_one()
        now = self.clock()
        values = data.model_dump(exclude={"workspace_id"}) | {
            "name_key": search_key(data.name),
            "id": new_id(),
            "workspace_id": workspace_id,
            "order": ranking.between(last, None),
            "is_inbox": False,
            "archived_at": None,
            "deleted_at": None,
            "trash_id": None,
            "version": 1,
            "created_at": now,
            "updated_at": now,
        }
        await self.session.execute(insert(TodoList), values)
        logged = {name: values[name] for name in ("name", "description", "color", "icon", "order")}
        self._record(values["id"], Operation.CREATE, workspace_id=workspace_id, list_id=values["id"], after=logged)
        del values["name_key"]
        return ListRow(**values, open_count=0, my_role=role)

    async def update(self, list_id: str, data: ListUpdate, expected: Expected = ANY) -> ListRow:
        """Change the fields that were sent; an archived list takes nothing but ``archived: false``."""
        row = await self._load(list_id, expected)
        fields = data.model_fields_set
        values: dict[str, Any] = {
            name: getattr(data, name) for name in ("name", "description", "color", "icon") if name in fields
        }
        if "archived" in fields and data.archived != (row.archived_at is not None):
            values["archived_at"] = self.clock() if data.archived else None
        if row.archived_at is not None and changed(row, values) and data.archived is not False:
            raise ListArchivedError
        if row.is_inbox and values.get("archived_at") is not None:
            raise InboxProtectedError
        return await self._apply(row, values, Operation.UPDATE)

    async def move(self, list_id: str, data: ListMove, expected: Expected = ANY) -> ListRow:
        """Put a list before or after another of its workspace."""
        await self._lock_structure(list_id)
        row = await self._load(list_id, expected)
        place = await self._gap(row, data)
        key = key_between(*place)
        if key is None:
            await self._rebalance(row)
            key = ranking.between(*await self._gap(row, data))
        return await self._apply(row, {"order": key}, Operation.MOVE)

    async def delete(self, list_id: str, expected: Expected = ANY) -> None:
        """Move a list and all in it to the trash as one unit; doing it again does nothing."""
        await self._lock_structure(list_id)
        row = await self._find(list_id)
        if row.deleted_at is not None:
            return
        self._expect(row, expected)
        if row.is_inbox:
            raise InboxProtectedError
        todos = (await self.session.execute(_TODOS, {"id": list_id})).all()
        now = self.clock()
        await self.session.execute(_TRASH_TODOS, {"now": now, "trash": list_id})
        for todo in todos:
            self._record(todo.id, Operation.DELETE, workspace_id=row.workspace_id, list_id=list_id, after={}, kind=Kind.TODO)
        await self._trash_sections(row, now)
        await self._apply(row, {"deleted_at": now, "trash_id": list_id}, Operation.DELETE)

    async def _lock_structure(self, list_id: str) -> None:
        """Take the lock on the shape of the list's workspace before its row: who writes todos takes them in this order too."""
        if self.session.dialect_name == "sqlite":  # the single writer is this lock
            return
        statement = _workspace_of(restricted=self._restricted)
        workspace_id = (await self.session.execute(statement, self._parameters(id=list_id))).scalar_one_or_none()
        if workspace_id is None:
            raise ListNotFoundError
        await lock_structure(self.session, workspace_id)

    async def _trash_sections(self, row: ListRow, now: datetime) -> None:
        ids = (await self.session.execute(_SECTIONS, {"trash": row.id})).scalars().all()
        await self.session.execute(_TRASH_SECTIONS, {"trash": row.id, "now": now})
        for id_ in ids:
            self._record(id_, Operation.DELETE, workspace_id=row.workspace_id, list_id=row.id, after={}, kind=Kind.SECTION)

    async def _find(self, list_id: str) -> ListRow:
        """A list that the actor may change, live or trashed, locked for writing; guests change todos, never the list."""
        statement = _one(restricted=self._restricted, locked=True)
        found = (await self.session.execute(statement, self._parameters(id=list_id))).one_or_none()
        if found is None:
            raise ListNotFoundError
        row = ListRow(*found)
        if row.workspace_id not in self.actor.workspace_ids:
            raise RoleTooLowError(Role.EDITOR.word, where=" in the workspace")  # guests change todos, never the list
        self._require_role(row.my_role, Role.EDITOR)
        return row

    async def _load(self, list_id: str, expected: Expected) -> ListRow:
        row = await self._find(list_id)
        if row.deleted_at is not None:
            raise ListNotFoundError
        self._expect(row, expected)
        return row

    def _expect(self, row: ListRow, expected: Expected) -> None:
        stale = None if expected.accepts(row.version) else ListRead.model_validate(row).model_dump(mode="json")
        self._require_version(row, expected, stale)

    async def _apply(self, row: ListRow, values: Mapping[str, Any], op: Operation) -> ListRow:
        differing = changed(row, values)
        if not differing:
            return row
        now = self.clock()
        derived = {"name_key": search_key(differing["name"])} if "name" in differing else {}
        await self._write(TodoList, row, differing | derived | {"updated_at": now})
        logged = {name: value for name, value in differing.items() if name not in {"deleted_at", "trash_id"}}
        self._record(row.id, op, workspace_id=row.workspace_id, list_id=row.id, before=before(row, logged), after=logged)
        return replace(row, **differing, version=row.version + 1, updated_at=now)

    async def _gap(self, row: ListRow, data: ListMove) -> tuple[str | None, str | None]:
        found = (await self.session.execute(_ORDERS, {"workspace": row.workspace_id})).all()
        orders = [(list_.id, list_.order) for list_ in found if list_.id != row.id]
        neighbour = data.before or data.after
        if self.actor.list_ids is not None and neighbour not in self.actor.list_ids:
            neighbour = None  # it is not seen, so it is not there
        index = next((index for index, (id_, _) in enumerate(orders) if id_ == neighbour), None)
        if index is None:
            pointer = "#/before" if data.before is not None else "#/after"
            raise InvalidInputError.at(pointer, "must be another list of the same workspace", "not_a_neighbour")
        low, high = (index - 1, index) if data.before is not None else (index, index + 1)
        return (orders[low][1] if low >= 0 else None), (orders[high][1] if high < len(orders) else None)

    async def _rebalance(self, row: ListRow) -> None:
        """Give the lists of the workspace new, short, distinct keys in their present order."""
        found = (await self.session.execute(_ORDERS, {"workspace": row.workspace_id})).all()
        others = [list_.id for list_ in found if list_.id != row.id]
        for id_, order in zip(others, ranking.spread(len(others), None, None), strict=True):
            statement = _one(restricted=False, locked=True)  # also those that a restricted credential does not see
            other = (await self.session.execute(statement, self._parameters(id=id_))).one()
            await self._apply(ListRow(*other), {"order": order}, Operation.MOVE)
