"""Todos that carry a label, rewritten when the label is: their names, the index behind these, and the log."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import bindparam, delete, exists, insert, select, update
from sqlalchemy.orm import aliased

from todo_api.db.columns import Id, Instant, Json
from todo_api.db.session import Session
from todo_api.domain.actor import Actor
from todo_api.domain.permissions import Role
from todo_api.domain.text import search_key
from todo_api.models import Todo, TodoLabel
from todo_api.repositories import _access

_LABELS: Final = bindparam("label_ids", expanding=True, type_=Id())
_CARRIERS: Final = (
    select(Todo.id, Todo.workspace_id, Todo.list_id, Todo.labels, Todo.deleted_at)
    .where(Todo.id.in_(select(TodoLabel.todo_id).where(TodoLabel.label_id.in_(_LABELS))))
    .order_by(Todo.id)
    .with_for_update(of=Todo)
)
_LOCK: Final = _CARRIERS.with_only_columns(Todo.id).where(_access.workspace_role(Todo.workspace_id) >= Role.EDITOR.value)
_CARRIED: Final = select(TodoLabel.todo_id).where(TodoLabel.label_id == bindparam("label_id", type_=Id())).limit(1)
_RENAME: Final = (
    update(Todo)
    .where(Todo.id == bindparam("todo", type_=Id()))
    .values(
        labels=bindparam("names", type_=Json()),
        updated_at=bindparam("now", type_=Instant()),
        version=Todo.version + 1,
    )
)
_OLD: Final = aliased(TodoLabel)
_TARGET: Final = bindparam("target", type_=Id())
_ATTACH: Final = insert(TodoLabel).from_select(
    ["label_id", "todo_id"],
    select(_TARGET, _OLD.todo_id)
    .where(_OLD.label_id.in_(_LABELS))
    .where(~exists().where(TodoLabel.todo_id == _OLD.todo_id, TodoLabel.label_id == _TARGET))
    .distinct(),
)
_DETACH: Final = delete(TodoLabel).where(TodoLabel.label_id.in_(_LABELS))


@dataclass(frozen=True, slots=True)
class Relabelled:
    """A live todo whose names changed."""

    id: str
    workspace_id: str
    list_id: str
    before: list[str]
    after: list[str]


async def lock_carriers(session: Session, actor: Actor, label_id: str) -> None:
    """Lock the todos of a label before the label itself: who writes todos takes the two in this order too."""
    if session.dialect_name == "postgresql":  # the single writer of SQLite needs no locks
        await session.execute(_LOCK, {"label_ids": [label_id], "me": actor.user_id})


async def is_carried(session: Session, label_id: str) -> bool:
    """Whether any todo carries the label, those in the trash included."""
    return (await session.execute(_CARRIED, {"label_id": label_id})).first() is not None


async def rename(
    session: Session, label_ids: Collection[str], keys: Collection[str], name: str | None, *, now: datetime
) -> list[Relabelled]:
    """Write ``name``, or nothing, where todos with these labels say a name of ``keys``; the live ones that changed, for the log.

    Todos in the trash are written as well, so that they come back with the names of their labels. It takes two statements,
    however many todos there are.
    """
    carriers = (await session.execute(_CARRIERS, {"label_ids": list(label_ids)})).all()
    new = {row.id: _renamed(row.labels, keys, name) for row in carriers}
    changed = [row for row in carriers if new[row.id] != row.labels]
    if changed:
        await session.execute(_RENAME, [{"todo": row.id, "names": new[row.id], "now": now} for row in changed])
    live = (row for row in changed if row.deleted_at is None)
    return [Relabelled(row.id, row.workspace_id, row.list_id, row.labels, new[row.id]) for row in live]


async def attach_instead(session: Session, label_ids: Collection[str], target: str) -> None:
    """Let the todos of these labels carry ``target`` instead, each once."""
    parameters = {"label_ids": list(label_ids)}
    await session.execute(_ATTACH, parameters | {"target": target})
    await session.execute(_DETACH, parameters)


async def detach(session: Session, label_id: str) -> None:
    """Let no todo carry the label."""
    await session.execute(_DETACH, {"label_ids": [label_id]})


def _renamed(names: Iterable[str], keys: Collection[str], name: str | None) -> list[str]:
    """Names with the new one in the place of the first old one, each once."""
    found: dict[str, str] = {}
    for old in names:
        new = name if search_key(old) in keys else old
        if new is not None:
            found.setdefault(search_key(new), new)
    return list(found.values())
