"""Who may: roles, applied in SQL, in this one place."""

from functools import lru_cache
from typing import Any, Final

from sqlalchemy import ColumnElement, ScalarSelect, Select, SQLColumnExpression, bindparam, case, exists, func, or_, select

from todo_api.db.columns import Id
from todo_api.db.session import Session
from todo_api.domain.actor import Actor
from todo_api.domain.permissions import Role
from todo_api.errors import RoleTooLowError, WorkspaceNotFoundError
from todo_api.models import ListGuest, Member, Workspace

ME: Final = bindparam("me", type_=Id())
_ALLOWED: Final = bindparam("allowed_lists", expanding=True, type_=Id())


def workspace_role(workspace_id: SQLColumnExpression[str]) -> ColumnElement[int]:
    """The caller's rank as a member of the workspace; 0 for strangers."""
    member = select(Member.role).where(Member.user_id == ME, Member.workspace_id == workspace_id).scalar_subquery()
    return func.coalesce(member, 0)


def list_role(workspace_id: SQLColumnExpression[str], list_id: SQLColumnExpression[str]) -> ColumnElement[int]:
    """The caller's rank on a list: as a member or as a guest, whichever is higher; 0 for strangers."""
    guest = func.coalesce(
        select(ListGuest.role).where(ListGuest.user_id == ME, ListGuest.list_id == list_id).scalar_subquery(), 0
    )
    member = workspace_role(workspace_id)
    return case((member >= guest, member), else_=guest)


def visible(
    workspace_id: SQLColumnExpression[str], list_id: SQLColumnExpression[str], *, restricted: bool
) -> tuple[ColumnElement[bool], ...]:
    """Conditions for the rows of lists that the caller, with this credential, may see: any role will do.

    Where a member is found nobody looks for a guest: these two look-ups are most of what a row of a long list costs.
    """
    member = exists().where(Member.user_id == ME, Member.workspace_id == workspace_id)
    seen = or_(member, exists().where(ListGuest.user_id == ME, ListGuest.list_id == list_id))
    return (seen, list_id.in_(_ALLOWED)) if restricted else (seen,)


def near(
    workspace_id: SQLColumnExpression[str], list_id: SQLColumnExpression[str], *, single: bool, guest: bool
) -> ColumnElement[bool]:
    """Narrow to the caller's workspaces and lists, so that an index serves the order; never a permission by itself."""
    own = workspace_id == bindparam("workspace", type_=Id()) if single else workspace_id.in_(_expanding("workspaces"))
    return or_(own, list_id.in_(_expanding("guest_lists"))) if guest else own


def _expanding(name: str) -> Any:
    return bindparam(name, expanding=True, type_=Id())


def parameters(actor: Actor) -> dict[str, Any]:
    """Values for the conditions of ``visible``."""
    values: dict[str, Any] = {"me": actor.user_id}
    if actor.list_ids is not None:
        values["allowed_lists"] = actor.list_ids
    return values


def near_parameters(actor: Actor) -> dict[str, Any]:
    """Values for ``near``."""
    values: dict[str, Any] = {}
    if is_single(actor):
        values["workspace"] = actor.workspace_ids[0]
    else:
        values["workspaces"] = actor.workspace_ids
    if actor.guest_list_ids:
        values["guest_lists"] = actor.guest_list_ids
    return values


def is_single(actor: Actor) -> bool:
    """Whether the actor belongs to one workspace, so that equality narrows instead of a list."""
    return len(actor.workspace_ids) == 1


def home() -> ScalarSelect[str]:
    """The caller's personal workspace: the first one owned, should somebody have handed over another."""
    owned = select(Member.workspace_id).join(Workspace, Workspace.id == Member.workspace_id)
    personal = owned.where(Member.role == Role.OWNER.value, Workspace.is_personal, Workspace.deleted_at.is_(None))
    return personal.where(Member.user_id == ME).order_by(Member.created_at, Member.workspace_id).limit(1).scalar_subquery()


@lru_cache(maxsize=2)
def _workspace_statement(*, personal: bool) -> Select[str, int]:
    role = workspace_role(Workspace.id)
    statement = select(Workspace.id, role.label("role")).where(Workspace.deleted_at.is_(None))
    if personal:
        return statement.where(Workspace.id == home())
    return statement.where(Workspace.id == bindparam("workspace", type_=Id()), role >= Role.VIEWER.value)


async def workspace_for_new(session: Session, actor: Actor, workspace_id: str | None) -> tuple[str, int]:
    """The workspace that a new thing belongs to, and the actor's rank there; the personal one unless named.

    Raises WorkspaceNotFoundError, and RoleTooLowError below editor.
    """
    statement = _workspace_statement(personal=workspace_id is None)
    found = (await session.execute(statement, {"me": actor.user_id, "workspace": workspace_id})).one_or_none()
    if found is None:
        raise WorkspaceNotFoundError
    if found.role < Role.EDITOR:
        raise RoleTooLowError(Role.EDITOR.word)
    return found.id, found.role
