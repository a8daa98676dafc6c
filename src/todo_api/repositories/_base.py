"""What every repository has: the session, the clock, who asks, and the one way to write a synced row."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, ClassVar, Protocol

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


def changed(row: Any, values: Mapping[str, Any]) -> dict[str, Any]:
    """Those of ``values`` that differ from the attributes of ``row``."""
    return {name: value for name, value in values.items() if getattr(row, name) != value}


def before(row: Any, values: Mapping[str, Any]) -> dict[str, Any]:
    """What ``row`` holds where ``values`` says something else."""
    return {name: getattr(row, name) for name in values}
