"""Appending to the change log: collected while a request works, written last before its commit."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from typing import Any, Final

from sqlalchemy import bindparam, insert, update

from todo_api.db.columns import Id
from todo_api.db.session import Session
from todo_api.domain.changes import Kind, Operation
from todo_api.domain.clock import Clock
from todo_api.domain.identifiers import new_id
from todo_api.models import Change, Workspace

_PENDING: Final = "pending changes"
_TAKE_SEQ: Final = (
    update(Workspace)
    .where(Workspace.id == bindparam("workspace", type_=Id()))
    .values(seq=Workspace.seq + bindparam("count"))
    .returning(Workspace.seq)
)
_APPEND: Final = insert(Change)


@dataclass(frozen=True, slots=True)
class Entry:
    """One change of one row, before it has its number."""

    workspace_id: str
    kind: Kind
    entity_id: str
    op: Operation
    actor_id: str | None
    credential: str
    list_id: str | None = None
    before: Mapping[str, Any] | None = None
    after: Mapping[str, Any] | None = None


def record(session: Session, clock: Clock, entry: Entry) -> None:
    """Log ``entry`` when the session commits.

    The numbers are taken last: the row of the workspace is the one that all its writers share, so it is locked shortest, and
    in the order of workspace ids, so that two writers of several workspaces cannot wait for each other.
    """
    session.memory.setdefault(_PENDING, []).append(entry)
    session.before_commit(_PENDING, partial(_append, clock=clock))


async def _append(session: Session, *, clock: Clock) -> None:
    entries: list[Entry] = session.memory.pop(_PENDING, [])
    by_workspace: defaultdict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        by_workspace[entry.workspace_id].append(entry)
    shared = {"unit_id": new_id(), "at": clock()}
    for workspace_id, group in sorted(by_workspace.items()):
        result = await session.execute(_TAKE_SEQ, {"workspace": workspace_id, "count": len(group)})
        first = result.scalar_one() - len(group) + 1
        await session.execute(_APPEND, [_row(entry, first + offset) | shared for offset, entry in enumerate(group)])


def _row(entry: Entry, seq: int) -> dict[str, Any]:
    return {
        "workspace_id": entry.workspace_id,
        "seq": seq,
        "id": new_id(),
        "kind": entry.kind.value,
        "entity_id": entry.entity_id,
        "list_id": entry.list_id,
        "op": entry.op.value,
        "actor_id": entry.actor_id,
        "credential": entry.credential,
        "before": None if entry.before is None else json_values(entry.before),
        "after": None if entry.after is None else json_values(entry.after),
    }


def json_values(values: Mapping[str, Any]) -> dict[str, Any]:
    """Column values as JSON has them: instants and dates as RFC 3339 text."""
    return {name: _json_value(value) for name, value in values.items()}


def _json_value(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return value.isoformat() if isinstance(value, date) else value
