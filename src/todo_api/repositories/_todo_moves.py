"""Moving todos: to another list, below another parent, among their neighbours."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from todo_api.domain import ranking
from todo_api.domain.changes import Kind, Operation
from todo_api.domain.permissions import Role
from todo_api.domain.preconditions import ANY
from todo_api.errors import InvalidInputError, NestingTooDeepError, ParentCycleError
from todo_api.models import Todo
from todo_api.repositories import _belongings, _labels, _places, _tree
from todo_api.repositories._todo_links import TodoLinks
from todo_api.repositories._todo_rows import TodoRow
from todo_api.schemas.todos import TodoMove, TodoUpdate


@dataclass(frozen=True, slots=True)
class Target:
    """Where a todo goes, before its order key is known."""

    workspace_id: str
    list_id: str
    parent_id: str | None


class TodoMoves(TodoLinks):
    """The operations that change where a todo is."""

    async def _moved(self, row: TodoRow, data: TodoMove | TodoUpdate) -> dict[str, Any]:
        """Column values that put the todo where ``data`` says; its subtree is taken along."""
        target = await self._target(row, data)
        values: dict[str, Any] = {"section_id": await self._section(row, data, target)}
        settled = (target.list_id, target.parent_id) == (row.list_id, row.parent_id)
        move = data if isinstance(data, TodoMove) else TodoMove(position="bottom")
        if settled and (isinstance(data, TodoUpdate) or not (move.before or move.after or move.position)):
            return values
        values |= {"workspace_id": target.workspace_id, "list_id": target.list_id, "parent_id": target.parent_id}
        values["order"] = await self._order(row, target, move)
        if target.list_id != row.list_id:
            if target.workspace_id != row.workspace_id:
                await self._free_blocked([row.id, *(id_ for id_, _ in await _tree.descendants(self.session, row.id))])
            await self._take_subtree(row, target)
            values |= await self._leave_list(row, target)
        return values

    async def _section(self, row: TodoRow, data: TodoMove | TodoUpdate, target: Target) -> str | None:
        """The section named; else the present one, which a todo leaves together with its list."""
        if "section_id" not in data.model_fields_set:
            return row.section_id if target.list_id == row.list_id else None
        if data.section_id is not None:
            await self._require_section(data.section_id, target.list_id)
        return data.section_id

    async def _target(self, row: TodoRow, data: TodoMove | TodoUpdate) -> Target:
        fields = data.model_fields_set
        list_id = data.list_id if "list_id" in fields else None
        if "parent_id" in fields and data.parent_id is not None:
            return await self._below_parent(row, data.parent_id, list_id)
        if list_id is None or list_id == row.list_id:
            parent_id = None if "parent_id" in fields else row.parent_id
            return Target(row.workspace_id, row.list_id, parent_id)
        place = await _places.find_place(self.session, self.actor, list_id)
        return Target(place.workspace_id, place.id, None)

    async def _below_parent(self, row: TodoRow, parent_id: str, list_id: str | None) -> Target:
        if parent_id == row.id:
            raise ParentCycleError
        parent = await self._load(parent_id, Role.EDITOR, ANY)
        if list_id is not None and list_id != parent.list_id:
            raise InvalidInputError.at("#/parent_id", "is in another list than list_id", "other_list")
        above = await _tree.ancestors(self.session, parent_id)
        if row.id in above:
            raise ParentCycleError
        height = max((level for _, level in await _tree.descendants(self.session, row.id)), default=0)
        self._require_depth(len(above) + 1 + height)
        return Target(parent.workspace_id, parent.list_id, parent_id)

    def _require_depth(self, depth: int) -> None:
        if depth > _tree.DEEPEST:
            raise NestingTooDeepError(_tree.DEEPEST)

    async def _last_order(self, list_id: str) -> str | None:
        statement = select(Todo.order).where(Todo.list_id == list_id, Todo.deleted_at.is_(None))
        last = statement.order_by(Todo.order.desc(), Todo.id.desc()).limit(1)
        return (await self.session.execute(last)).scalar_one_or_none()

    async def _order(self, row: TodoRow, target: Target, move: TodoMove) -> str:
        """A key at the wanted place; where there is no room, the list's keys are made anew first."""
        low, high = await self._gap(row, target, move)
        key = _places.key_between(low, high)
        if key is None:
            await self._rebalance(target.list_id, leave_out=row.id)
            low, high = await self._gap(row, target, move)
            key = ranking.between(low, high)
        return key

    async def _gap(self, row: TodoRow, target: Target, move: TodoMove) -> tuple[str | None, str | None]:
        if move.position == "top":
            return None, await _places.first_order(self.session, target.list_id, row.id)
        neighbour_id = move.before or move.after
        if neighbour_id is None:
            return await self._last_order(target.list_id), None
        before = move.before is not None
        pointer = "#/before" if before else "#/after"
        neighbour = await self._load(neighbour_id, Role.EDITOR, ANY)
        if neighbour.list_id != target.list_id or neighbour.id == row.id:
            raise InvalidInputError.at(pointer, "must be another todo of the same list", "not_a_neighbour")
        beyond = await _places.neighbour_order(
            self.session, target.list_id, row.id, order=neighbour.order, id_=neighbour.id, before=before
        )
        return (beyond, neighbour.order) if before else (neighbour.order, beyond)

    async def _rebalance(self, list_id: str, *, leave_out: str) -> None:
        """Give the todos of a list new, short, distinct keys in their present order."""
        found = await self.session.execute(_places.IN_ORDER, {"list": list_id})
        ids = [row.id for row in found if row.id != leave_out]
        rows = {row.id: row for row in await self._rows(ids)}
        for id_, order in zip(ids, ranking.spread(len(ids), None, None), strict=True):
            if id_ in rows:  # not deleted meanwhile
                await self._apply(rows[id_], {"order": order}, Operation.MOVE)

    async def _take_subtree(self, row: TodoRow, target: Target) -> None:
        for child in await self._below(row):
            values = {"workspace_id": target.workspace_id, "list_id": target.list_id, "section_id": None}
            await self._apply(child, values | await self._leave_list(child, target), Operation.MOVE)
            row.warnings.extend(child.warnings)

    async def _leave_list(self, row: TodoRow, target: Target) -> dict[str, Any]:
        """Column values of what depends on the list; an assignee who cannot see the new one is dropped, and named."""
        known = await self._with_access(row.assignee_ids, workspace_id=target.workspace_id, list_id=target.list_id)
        kept = [user_id for user_id in row.assignee_ids if user_id in known]
        if kept != row.assignee_ids:
            await self._attach_assignees(row.id, kept, replace=True)
            dropped = ", ".join(user_id for user_id in row.assignee_ids if user_id not in known)
            row.warnings.append(f"No longer assigned to {dropped}: no access to the list.")
        values: dict[str, Any] = {"assignee_ids": kept}
        return values if target.workspace_id == row.workspace_id else values | await self._leave_workspace(row, target)

    async def _leave_workspace(self, row: TodoRow, target: Target) -> dict[str, Any]:
        """Tell the old workspace's readers that the todo is gone, carry its label names over, and forget its blockers."""
        gone = {"workspace_id": target.workspace_id, "list_id": target.list_id}
        self._record(row.id, Operation.MOVE, workspace_id=row.workspace_id, list_id=row.list_id, after=gone)
        ids = await self._label_names(target.workspace_id, row.labels)
        await _labels.attach(self.session, row.id, ids.values(), replace=True)
        await self._attach_blockers(row.id, [], replace=True)
        row.open_blockers = 0
        await self._take_belongings(row, target)
        return {"labels": list(ids), "blocked_by": []}

    async def _take_belongings(self, row: TodoRow, target: Target) -> None:
        """Its comments and records go along; readers of either workspace hear of the comments."""
        for id_ in await _belongings.take_along(self.session, row.id, target.workspace_id, now=self.clock()):
            old, new = {"workspace_id": row.workspace_id}, {"workspace_id": target.workspace_id}
            for place, list_id in ((row.workspace_id, row.list_id), (target.workspace_id, target.list_id)):
                self._record(id_, Operation.MOVE, workspace_id=place, list_id=list_id, before=old, after=new, kind=Kind.COMMENT)
