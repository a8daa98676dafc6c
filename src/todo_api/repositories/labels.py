"""Labels of workspaces."""

from functools import lru_cache
from typing import Any, ClassVar, Final

from sqlalchemy import Select, and_, bindparam, exists, insert, or_, select
from sqlalchemy.exc import IntegrityError

from todo_api.db.columns import Id
from todo_api.domain.changes import Kind, Operation
from todo_api.domain.identifiers import new_id
from todo_api.domain.paging import Position, Slice
from todo_api.domain.permissions import Role
from todo_api.domain.text import search_key
from todo_api.errors import LabelNameTakenError, LabelNotFoundError
from todo_api.models import Label, Todo, TodoLabel
from todo_api.repositories import _access
from todo_api.repositories._base import Repository
from todo_api.repositories._paging import Segment, fetch_page
from todo_api.schemas.labels import LabelCreate

_COLUMNS: Final = (Label.id, Label.workspace_id, Label.name, Label.color, Label.version, Label.created_at, Label.updated_at)


@lru_cache(maxsize=2)
def _visible(*, restricted: bool) -> Any:
    """Members see all labels of the workspace; guests and restricted credentials those on todos that they see."""
    member = _access.workspace_role(Label.workspace_id) >= Role.VIEWER.value
    carried = select(TodoLabel.todo_id).join(Todo, Todo.id == TodoLabel.todo_id).where(TodoLabel.label_id == Label.id)
    seen = exists(
        carried.where(Todo.deleted_at.is_(None), *_access.visible(Todo.workspace_id, Todo.list_id, restricted=restricted))
    )
    return seen if restricted else or_(member, seen)


@lru_cache(maxsize=4)
def _select(*, restricted: bool, one: bool) -> Select[*tuple[Any, ...]]:
    statement = select(*_COLUMNS, Label.name_key).where(Label.deleted_at.is_(None), _visible(restricted=restricted))
    return statement.where(Label.id == bindparam("id", type_=Id())) if one else statement


class LabelRepository(Repository):
    """Reading labels, and making them by hand; todos make theirs by name."""

    kind: ClassVar[Kind] = Kind.LABEL

    async def get(self, label_id: str) -> Any:
        """One label; raises LabelNotFoundError."""
        statement = _select(restricted=self._restricted, one=True)
        found = (await self.session.execute(statement, self._parameters(id=label_id))).one_or_none()
        if found is None:
            raise LabelNotFoundError
        return found

    async def page(self, *, limit: int, after: Position | None) -> Slice[Any]:
        """Labels that the actor sees, by name."""

        async def fetch(segment: Segment, count: int) -> list[Any]:
            statement = _select(restricted=self._restricted, one=False).order_by(Label.name_key, Label.id).limit(count)
            if segment.after is not None:
                value, id_ = segment.after.value, segment.after.id
                statement = statement.where(or_(Label.name_key > value, and_(Label.name_key == value, Label.id > id_)))
            return list((await self.session.execute(statement, self._parameters())).all())

        return await fetch_page(fetch, lambda row: Position(row.name_key, row.id), limit=limit, after=after, nullable=False)

    async def create(self, data: LabelCreate) -> Any:
        """A new label; raises LabelNameTakenError, WorkspaceNotFoundError and RoleTooLowError."""
        workspace_id, _ = await _access.workspace_for_new(self.session, self.actor, data.workspace_id)
        now = self.clock()
        values: dict[str, Any] = {
            "id": new_id(),
            "workspace_id": workspace_id,
            "name": data.name,
            "name_key": search_key(data.name),
        }
        values |= {"color": data.color, "version": 1, "created_at": now, "updated_at": now, "deleted_at": None}
        try:
            row = (await self.session.execute(insert(Label).returning(*_COLUMNS), values)).one()
        except IntegrityError as error:
            raise LabelNameTakenError from error
        after = {"name": data.name, "color": data.color}
        self._record(row.id, Operation.CREATE, workspace_id=workspace_id, after=after)
        return row
