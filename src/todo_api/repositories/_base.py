"""What every repository has: the session, the clock, who asks, and the one way to write a synced row."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any, ClassVar, Final, Protocol, TypeVar

from sqlalchemy import Update, bindparam, update

from todo_api.db.columns import Id
from todo_api.db.session import Session
from todo_api.domain.actor import Actor
from todo_api.domain.changes import Kind, Operation
from todo_api.domain.clock import Clock
from todo_api.domain.permissions import Role
from todo_api.domain.preconditions import Expected
from todo_api.errors import PreconditionRequiredError, RoleTooLowError, VersionMismatchError, WriteConflictError
from todo_api.repositories import _access, _changes

_UNLOGGED: Final = {"deleted_at", "trash_id", "retired_at"}  # the operation says it


class SystemRepository:
    """Works without an actor: logins, registration, idempotency, upkeep. The list of them is short, and a test keeps it so."""

    def __init__(self, session: Session, clock: Clock) -> None:
        self.session = session
        self.clock = clock


class VersionedRow(Protocol):
    """A row as its repository loaded it."""

    @property
    def id(self) -> str: ...
    @property
    def version(self) -> int: ...


Row = TypeVar("Row", bound=Any)  # a dataclass with id, workspace_id, version and updated_at


class Repository:
    """Works for an actor: every statement carries what the actor may see or change."""

    kind: ClassVar[Kind]

    def __init__(self, session: Session, actor: Actor, clock: Clock) -> None:
        self.session = session
        self.actor = actor
        self.clock = clock

    @property
    def _restricted(self) -> bool:
        return self.actor.list_ids is not None

    def _parameters(self, **values: Any) -> dict[str, Any]:
        return _access.parameters(self.actor) | values

    def _require_role(self, rank: int, needed: Role) -> None:
        if rank < needed:
            raise RoleTooLowError(needed.word)

    def _require_version(self, row: VersionedRow, expected: Expected, current: Any = None) -> None:
        if expected.is_missing:
            raise PreconditionRequiredError
        if not expected.accepts(row.version):
            raise VersionMismatchError(current)

    async def _write(self, model: Any, row: VersionedRow, values: Mapping[str, Any]) -> None:
        """Change the columns ``values`` of the row and count its version; raises WriteConflictError when it changed meanwhile."""
        statement = _update_statement(model, tuple(sorted(values)))
        parameters = {f"new_{name}": value for name, value in values.items()}
        result = await self.session.execute(statement, parameters | {"row_id": row.id, "row_version": row.version})
        if result.rowcount != 1:
            raise WriteConflictError

    async def _change(
        self,
        model: Any,
        row: Row,
        values: Mapping[str, Any],
        op: Operation,
        *,
        list_id: str | None = None,
        derived: Mapping[str, Any] | None = None,
    ) -> Row:
        """Write what differs, log it, and give back the new row; nothing different, nothing written.

        ``derived`` are columns that rows do not carry; they are written along, and not logged.
        """
        differing = changed(row, values)
        if not differing:
            return row
        now = self.clock()
        await self._write(model, row, differing | dict(derived or {}) | {"updated_at": now})
        logged = {name: value for name, value in differing.items() if name not in _UNLOGGED}
        self._record(row.id, op, workspace_id=row.workspace_id, list_id=list_id, before=before(row, logged), after=logged)
        changed_row: Row = replace(row, **differing, version=row.version + 1, updated_at=now)
        return changed_row

    async def _reorder(self, model: Any, rows: Iterable[Any], keys: Mapping[str, str]) -> None:
        """Give the rows that ``keys`` names new order keys, in one statement, and log each; no one else may be moving them."""
        moving = [row for row in rows if row.id in keys]
        if not moving:
            return
        now = self.clock()
        parameters = [{"row_id": row.id, "key": keys[row.id], "now": now} for row in moving]
        await self.session.execute(_reorder_statement(model), parameters)
        for row in moving:
            old, new = {"order": row.order}, {"order": keys[row.id]}
            list_id = getattr(row, "list_id", None)
            self._record(row.id, Operation.MOVE, workspace_id=row.workspace_id, list_id=list_id, before=old, after=new)

    def _record(
        self,
        entity_id: str,
        op: Operation,
        *,
        workspace_id: str,
        list_id: str | None = None,
        before: Mapping[str, Any] | None = None,
        after: Mapping[str, Any] | None = None,
        kind: Kind | None = None,
    ) -> None:
        entry = _changes.Entry(
            workspace_id=workspace_id,
            kind=kind or self.kind,
            entity_id=entity_id,
            op=op,
            actor_id=self.actor.user_id,
            credential=self.actor.credential,
            list_id=list_id,
            before=before,
            after=after,
        )
        _changes.record(self.session, self.clock, entry)


@lru_cache(maxsize=512)
def _update_statement(model: Any, columns: tuple[str, ...]) -> Update:
    """One statement for each set of columns, so that it is compiled once."""
    values: dict[str, Any] = {name: bindparam(f"new_{name}", type_=getattr(model, name).type) for name in columns}
    return (
        update(model)
        .where(model.id == bindparam("row_id", type_=Id()), model.version == bindparam("row_version"))
        .values(version=model.version + 1, **values)
    )


@lru_cache(maxsize=8)
def _reorder_statement(model: Any) -> Update:
    return (
        update(model)
        .where(model.id == bindparam("row_id", type_=Id()))
        .values(
            order=bindparam("key", type_=model.order.type),
            updated_at=bindparam("now", type_=model.updated_at.type),
            version=model.version + 1,
        )
    )


def changed(row: Any, values: Mapping[str, Any]) -> dict[str, Any]:
    """Those of ``values`` that differ from the attributes of ``row``."""
    return {name: value for name, value in values.items() if not _same(getattr(row, name), value)}


def _same(kept: Any, new: Any) -> bool:
    """Whether nothing is to be written; in an object of JSON ``true`` and ``1`` are not the same, as they are in Python."""
    return kept == new and (not isinstance(new, dict) or json.dumps(kept, sort_keys=True) == json.dumps(new, sort_keys=True))


def before(row: Any, values: Mapping[str, Any]) -> dict[str, Any]:
    """What ``row`` holds where ``values`` says something else."""
    return {name: getattr(row, name) for name in values}
