"""What a todo refers to: its section, the people it is assigned to, the todos that block it, and where it comes from."""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import bindparam, delete, exists, func, insert, or_, select

from todo_api.db.columns import Id
from todo_api.domain.changes import Operation
from todo_api.errors import BlockCycleError, Flaw, InvalidInputError
from todo_api.models import ListGuest, Member, Section, Todo, TodoAssignee, TodoBlocker, User
from todo_api.repositories import _access, _tree
from todo_api.repositories._todo_base import TodoBase
from todo_api.repositories._todo_rows import OPEN
from todo_api.schemas.todo_parts import External

_IDS: Final = bindparam("ids", expanding=True, type_=Id())
_LIST: Final = bindparam("list", type_=Id())
_WITH_ACCESS: Final = select(User.id).where(
    User.id.in_(_IDS),
    User.disabled_at.is_(None),
    or_(
        exists().where(Member.user_id == User.id, Member.workspace_id == bindparam("workspace", type_=Id())),
        exists().where(ListGuest.user_id == User.id, ListGuest.list_id == _LIST),
    ),
)


_BLOCKERS: Final = select(TodoBlocker.blocker_id).where(TodoBlocker.todo_id == bindparam("todo", type_=Id()))
_BLOCKED_BY: Final = select(TodoBlocker.todo_id).where(TodoBlocker.blocker_id.in_(_IDS))
_OPEN_AMONG: Final = (
    select(func.count()).select_from(Todo).where(Todo.id.in_(_IDS), Todo.deleted_at.is_(None), Todo.status.in_(OPEN))
)


def _reached() -> Any:
    start = select(TodoBlocker.blocker_id.label("id")).where(TodoBlocker.todo_id.in_(_IDS))
    chain = start.cte("chain", recursive=True)
    step = select(TodoBlocker.blocker_id).where(TodoBlocker.todo_id == chain.c.id)
    chain = chain.union(step)  # not UNION ALL: what was seen is not walked again
    return select(chain.c.id).where(chain.c.id == bindparam("target", type_=Id()))


_REACHES: Final = _reached()


class TodoLinks(TodoBase):
    """Checks references before they are stored; an id that the actor may not see is as unknown as one that does not exist."""

    async def _require_section(self, section_id: str, list_id: str) -> None:
        statement = select(Section.id).where(Section.id == section_id, Section.list_id == list_id, Section.deleted_at.is_(None))
        if (await self.session.execute(statement)).first() is None:
            raise InvalidInputError.at("#/section_id", "is not a section of the list", "section_not_found")

    async def _with_access(self, user_ids: Sequence[str], *, workspace_id: str, list_id: str) -> set[str]:
        """Those of the users who may see the list."""
        if not user_ids:
            return set()
        parameters = {"ids": list(user_ids), "workspace": workspace_id, "list": list_id}
        return {row.id for row in await self.session.execute(_WITH_ACCESS, parameters)}

    async def _require_assignees(self, user_ids: Sequence[str], *, workspace_id: str, list_id: str) -> list[str]:
        """The distinct users, in the order sent; raises InvalidInputError for those who have no access to the list."""
        wanted = list(dict.fromkeys(user_ids))
        known = await self._with_access(wanted, workspace_id=workspace_id, list_id=list_id)
        flaws = [
            Flaw("has no access to the list", "assignee_not_found", pointer=f"#/assignee_ids/{index}")
            for index, user_id in enumerate(user_ids)
            if user_id not in known
        ]
        if flaws:
            raise InvalidInputError(flaws)
        return wanted

    async def _attach_assignees(self, todo_id: str, user_ids: Sequence[str], *, replace: bool) -> None:
        if replace:
            await self.session.execute(delete(TodoAssignee).where(TodoAssignee.todo_id == todo_id))
        if user_ids:
            await self.session.execute(insert(TodoAssignee), [{"todo_id": todo_id, "user_id": user_id} for user_id in user_ids])

    async def _require_blockers(self, todo_id: str, blocker_ids: Sequence[str], *, workspace_id: str) -> list[str]:
        """The distinct blockers, in the order sent; raises InvalidInputError for unknown ones and BlockCycleError.

        One that blocks already may be in the trash or out of the actor's sight: whoever adds another one sends it along.
        """
        wanted = list(dict.fromkeys(blocker_ids))
        if not wanted:
            return []
        await _tree.lock_structure(self.session, workspace_id)
        known = await self._visible_among(wanted, workspace_id=workspace_id)
        if len(known) < len(wanted):
            known |= set((await self.session.execute(_BLOCKERS, {"todo": todo_id})).scalars())
        flaws = [
            Flaw("is not a todo of the workspace", "blocker_not_found", pointer=f"#/blocked_by/{index}")
            for index, blocker_id in enumerate(blocker_ids)
            if blocker_id not in known
        ]
        if flaws:
            raise InvalidInputError(flaws)
        reaches = (await self.session.execute(_REACHES, {"ids": wanted, "target": todo_id})).first() is not None
        if todo_id in wanted or reaches:
            raise BlockCycleError
        return wanted

    async def _visible_among(self, todo_ids: Sequence[str], *, workspace_id: str) -> set[str]:
        """Those of the ids that are live todos of the workspace, and that the actor sees."""
        seen = _access.visible(Todo.workspace_id, Todo.list_id, restricted=self._restricted)
        statement = select(Todo.id).where(Todo.id.in_(_IDS), Todo.workspace_id == workspace_id, Todo.deleted_at.is_(None), *seen)
        return {row.id for row in await self.session.execute(statement, self._parameters(ids=list(todo_ids)))}

    async def _attach_blockers(self, todo_id: str, blocker_ids: Sequence[str], *, replace: bool) -> None:
        if replace:
            await self.session.execute(delete(TodoBlocker).where(TodoBlocker.todo_id == todo_id))
        if blocker_ids:
            rows = [{"todo_id": todo_id, "blocker_id": blocker_id} for blocker_id in blocker_ids]
            await self.session.execute(insert(TodoBlocker), rows)

    async def _count_open(self, ids: Sequence[str]) -> int:
        """How many of these todos are open."""
        return (await self.session.execute(_OPEN_AMONG, {"ids": list(ids)})).scalar_one() if ids else 0

    async def _free_blocked(self, blocker_ids: Sequence[str]) -> None:
        """Forget these blockers, which leave the workspace, where they block todos that stay."""
        blocked = await self.session.execute(_BLOCKED_BY, {"ids": list(blocker_ids)})
        for row in await self._rows(sorted(set(blocked.scalars()) - set(blocker_ids))):
            left = [id_ for id_ in row.blocked_by if id_ not in blocker_ids]
            await self._attach_blockers(row.id, left, replace=True)
            await self._apply(row, {"blocked_by": left}, Operation.UPDATE)


def external_columns(external: External | None) -> dict[str, Any]:
    """Column values of an external reference."""
    if external is None:
        return {"external_source": None, "external_id": None, "external_url": None}
    return {"external_source": external.source, "external_id": external.id, "external_url": external.url}


def merged_metadata(kept: dict[str, Any], patch: dict[str, Any]) -> dict[str, Any]:
    """The metadata after a merge patch (RFC 7396): null removes a key."""
    return {name: value for name, value in (kept | patch).items() if value is not None}
