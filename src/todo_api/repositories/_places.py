"""Where todos live: lists as a writer of todos sees them, and order keys between neighbours."""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, bindparam, func, literal_column, or_, select

from todo_api.db.columns import Id
from todo_api.db.session import Session
from todo_api.domain import ranking
from todo_api.domain.actor import Actor
from todo_api.domain.permissions import Role
from todo_api.errors import ListArchivedError, ListNotFoundError, ListTrashedError, RoleTooLowError
from todo_api.models import Todo, TodoList
from todo_api.repositories import _access

_LIST: Final = bindparam("list", type_=Id())
IS_INBOX: Final[ColumnElement[bool]] = literal_column("todo_list.is_inbox")  # `= 1` keeps SQLite from the index of inboxes


@dataclass(frozen=True, slots=True)
class Place:
    """A list that the actor may put todos into; ``last_order`` is the key of its last todo."""

    id: str
    workspace_id: str
    last_order: str | None


@lru_cache(maxsize=4)
def _statement(*, inbox: bool, restricted: bool) -> Select[Any]:
    last = select(func.max(Todo.order)).where(Todo.list_id == TodoList.id, Todo.deleted_at.is_(None)).scalar_subquery()
    role = _access.list_role(TodoList.workspace_id, TodoList.id)
    columns = (
        TodoList.id,
        TodoList.workspace_id,
        TodoList.archived_at,
        TodoList.deleted_at,
        role.label("role"),
        last.label("last_order"),
    )
    statement = select(*columns).where(*_access.visible(TodoList.workspace_id, TodoList.id, restricted=restricted))
    # As the todo's foreign key would, but before the look: a list cannot be trashed between the two.
    statement = statement.with_for_update(of=TodoList, read=True, key_share=True)
    if not inbox:
        return statement.where(TodoList.id == _LIST)
    return statement.where(IS_INBOX, TodoList.workspace_id == _access.home())


async def find_place(session: Session, actor: Actor, list_id: str | None) -> Place:
    """The list to write todos into: the one named, else the credential's only list, else the inbox.

    Raises ListNotFoundError, ListTrashedError, ListArchivedError and RoleTooLowError.
    """
    if list_id is None and actor.list_ids is not None and len(actor.list_ids) == 1:
        list_id = actor.list_ids[0]
    statement = _statement(inbox=list_id is None, restricted=actor.list_ids is not None)
    row = (await session.execute(statement, _access.parameters(actor) | {"list": list_id})).one_or_none()
    if row is None:
        raise ListNotFoundError
    require_writable(row.role, Role.EDITOR, archived_at=row.archived_at, trashed_at=row.deleted_at)
    return Place(id=row.id, workspace_id=row.workspace_id, last_order=row.last_order)


def require_writable(rank: int, needed: Role, *, archived_at: datetime | None, trashed_at: datetime | None) -> None:
    """Raise what keeps the actor from writing into a list that it sees."""
    if trashed_at is not None:
        raise ListTrashedError
    if rank < needed:
        raise RoleTooLowError(needed.word)
    if archived_at is not None:
        raise ListArchivedError


def _neighbour(*, before: bool) -> Select[str]:
    order, id_ = bindparam("order", type_=Todo.order.type), bindparam("id", type_=Id())
    beyond = Todo.order < order if before else Todo.order > order
    tied = and_(Todo.order == order, Todo.id < id_ if before else Todo.id > id_)
    moving = bindparam("moving", type_=Id())
    statement = select(Todo.order).where(Todo.list_id == _LIST, Todo.deleted_at.is_(None), Todo.id != moving, or_(beyond, tied))
    keys = (Todo.order.desc(), Todo.id.desc()) if before else (Todo.order.asc(), Todo.id.asc())
    return statement.order_by(*keys).limit(1)


_BEFORE: Final = _neighbour(before=True)
_AFTER: Final = _neighbour(before=False)
_FIRST: Final = select(func.min(Todo.order)).where(
    Todo.list_id == _LIST, Todo.deleted_at.is_(None), Todo.id != bindparam("moving", type_=Id())
)
IN_ORDER: Final = (
    select(Todo.id, Todo.order, Todo.version)
    .where(Todo.list_id == _LIST, Todo.deleted_at.is_(None))
    .order_by(Todo.order, Todo.id)
)


async def first_order(session: Session, list_id: str, moving: str) -> str | None:
    """The key of the first todo of a list, but for the one that moves."""
    return (await session.execute(_FIRST, {"list": list_id, "moving": moving})).scalar_one()


async def neighbour_order(session: Session, list_id: str, moving: str, *, order: str, id_: str, before: bool) -> str | None:
    """The key next to a todo of a list, on either side, but for the one that moves."""
    parameters = {"list": list_id, "moving": moving, "order": order, "id": id_}
    return (await session.execute(_BEFORE if before else _AFTER, parameters)).scalar_one_or_none()


def key_between(low: str | None, high: str | None) -> str | None:
    """A key between two, or None when there is no room: equal keys (concurrent appends), or a key grown too long."""
    if low is not None and high is not None and low >= high:
        return None
    key = ranking.between(low, high)
    return None if len(key) > ranking.REBALANCE_LENGTH else key
