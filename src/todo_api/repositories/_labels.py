"""Labels by name, for repositories that write them together with something else."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, Final

from sqlalchemy import bindparam, delete, insert, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from todo_api.db.columns import Id, Instant
from todo_api.db.session import Session
from todo_api.domain.identifiers import new_id
from todo_api.domain.text import search_key
from todo_api.models import Label, TodoLabel

_WORKSPACE: Final = bindparam("label_workspace", type_=Id())
# Locked as the foreign key of TodoLabel would, but before the look: a label is not renamed between the two.
_FIND: Final = (
    select(Label.id, Label.name, Label.name_key, Label.retired_at)
    .where(Label.workspace_id == _WORKSPACE, Label.deleted_at.is_(None), Label.name_key.in_(bindparam("keys", expanding=True)))
    .with_for_update(of=Label, read=True, key_share=True)
)
_REVIVE: Final = (
    update(Label)
    .where(Label.id.in_(bindparam("retired", expanding=True, type_=Id())), Label.retired_at.is_not(None))
    .values(retired_at=None, updated_at=bindparam("now", type_=Instant()), version=Label.version + 1)
    .returning(Label.id, Label.name, Label.color)
)
_DETACH: Final = delete(TodoLabel).where(TodoLabel.todo_id == bindparam("labelled", type_=Id()))
_ROW: Final = (Label.id, Label.name, Label.name_key)
_NAME: Final = (Label.workspace_id, Label.name_key)
_LIVE: Final = Label.deleted_at.is_(None)
_INSERT: Final = {
    "sqlite": sqlite_insert(Label).on_conflict_do_nothing(index_elements=_NAME, index_where=_LIVE).returning(*_ROW),
    "postgresql": postgresql_insert(Label).on_conflict_do_nothing(index_elements=_NAME, index_where=_LIVE).returning(*_ROW),
}


def distinct(names: Iterable[str]) -> dict[str, str]:
    """Names by the key they are compared by; the first spelling of each wins, in the order sent."""
    found: dict[str, str] = {}
    for name in names:
        found.setdefault(search_key(name), name)
    return found


async def find_or_create(
    session: Session, workspace_id: str, names: Iterable[str], *, now: datetime, created: Callable[[dict[str, Any]], None]
) -> dict[str, str]:
    """Ids by the workspace's own spelling, in the order sent; ``created`` hears of each new label, and of those back again."""
    wanted = distinct(names)
    if not wanted:
        return {}
    parameters = {"label_workspace": workspace_id, "keys": list(wanted)}
    known: dict[str, Any] = {row.name_key: row for row in await session.execute(_FIND, parameters)}
    if retired := [row.id for row in known.values() if row.retired_at is not None]:
        for back in await session.execute(_REVIVE, {"retired": retired, "now": now}):
            created({"id": back.id, "name": back.name, "color": back.color})
    missing = sorted(wanted.keys() - known.keys())  # in one order everywhere, so that no two writers wait for each other
    if missing:
        new = {key: _new(workspace_id, wanted[key], key, now) for key in missing}
        made = await session.execute(_INSERT[session.dialect_name], list(new.values()))
        for row in sorted(made, key=lambda row: row.name_key):
            known[row.name_key] = row
            created(new[row.name_key])
    if others := [key for key in missing if key not in known]:  # another transaction made them meanwhile
        known |= {row.name_key: row for row in await session.execute(_FIND, parameters | {"keys": others})}
    return {known[key].name: known[key].id for key in wanted}


async def attach(session: Session, todo_id: str, label_ids: Iterable[str], *, replace: bool) -> None:
    """Make these the labels of a todo; ``replace`` says that it may have others."""
    if replace:
        await session.execute(_DETACH, {"labelled": todo_id})
    rows = [{"todo_id": todo_id, "label_id": label_id} for label_id in label_ids]
    if rows:
        await session.execute(insert(TodoLabel), rows)


def _new(workspace_id: str, name: str, key: str, now: datetime) -> dict[str, Any]:
    return {
        "id": new_id(),
        "workspace_id": workspace_id,
        "name": name,
        "name_key": key,
        "color": None,
        "version": 1,
        "created_at": now,
        "updated_at": now,
        "deleted_at": None,
    }
