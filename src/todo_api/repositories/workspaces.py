"""Workspaces."""

from typing import Any, ClassVar, Final

from sqlalchemy import bindparam, select

from todo_api.db.columns import Id
from todo_api.domain.changes import Kind
from todo_api.domain.permissions import Role
from todo_api.errors import WorkspaceNotFoundError
from todo_api.models import Member, TodoList, Workspace
from todo_api.repositories import _access
from todo_api.repositories._base import Repository

_INBOX: Final = (
    select(TodoList.id)
    .where(TodoList.workspace_id == Workspace.id, TodoList.is_inbox, TodoList.deleted_at.is_(None))
    .scalar_subquery()
)
_MINE: Final = (
    select(
        Workspace.id,
        Workspace.name,
        Workspace.is_personal,
        Member.role.label("my_role"),
        Workspace.version,
        Workspace.created_at,
        Workspace.updated_at,
        _INBOX.label("inbox_id"),
    )
    .join(Member, Member.workspace_id == Workspace.id)
    .where(Member.user_id == _access.ME, Member.role >= Role.VIEWER.value, Workspace.deleted_at.is_(None))
    .order_by(Workspace.created_at, Workspace.id)
)
_ONE: Final = _MINE.where(Workspace.id == bindparam("id", type_=Id()))


class WorkspaceRepository(Repository):
    """Reading the workspaces that the actor is a member of."""

    kind: ClassVar[Kind] = Kind.WORKSPACE

    async def get(self, workspace_id: str) -> Any:
        """One workspace; raises WorkspaceNotFoundError."""
        found = (await self.session.execute(_ONE, {"me": self.actor.user_id, "id": workspace_id})).one_or_none()
        if found is None:
            raise WorkspaceNotFoundError
        return found

    async def all(self) -> list[Any]:
        """Every workspace of the actor, oldest first; people have few."""
        return list((await self.session.execute(_MINE, {"me": self.actor.user_id})).all())
