"""What a new todo is made of: its place, its column values, and the references that are checked first."""

from typing import Any

from todo_api.domain import ranking
from todo_api.domain.permissions import Role
from todo_api.domain.preconditions import ANY
from todo_api.errors import InvalidInputError
from todo_api.repositories import _places, _tree
from todo_api.repositories._places import Place
from todo_api.repositories._todo_base import notes_columns, title_columns
from todo_api.repositories._todo_links import external_columns, merged_metadata
from todo_api.repositories._todo_rows import wall_time_columns
from todo_api.repositories._todo_series import TodoSeries
from todo_api.schemas.todo_parts import wall_time_of
from todo_api.schemas.todos import Status, TodoCreate


class TodoCreation(TodoSeries):
    """Column values for new todos."""

    async def _place_for(self, data: TodoCreate) -> Place:
        if data.parent_id is None:
            return await _places.find_place(self.session, self.actor, data.list_id)
        await self._lock_tree(data.parent_id)
        parent = await self._load(data.parent_id, Role.EDITOR, ANY)
        if data.list_id is not None and data.list_id != parent.list_id:
            raise InvalidInputError.at("#/parent_id", "is in another list than list_id", "other_list")
        self._require_depth(len(await _tree.ancestors(self.session, parent.id)) + 1)
        return Place(id=parent.list_id, workspace_id=parent.workspace_id, last_order=await self._last_order(parent.list_id))

    def _new_values(self, data: TodoCreate, place: Place) -> dict[str, Any]:
        now = self.clock()
        status = data.status or (Status.COMPLETED if data.completed else Status.OPEN)
        done = status is Status.COMPLETED
        values = {
            "workspace_id": place.workspace_id,
            "list_id": place.id,
            "parent_id": data.parent_id,
            **title_columns(data.title),
            **notes_columns(data.notes),
            "status": status.value,
            "completed_at": now if done else None,
            "completed_by": self.actor.user_id if done else None,
            "completed_with": None,
            "priority": data.priority.rank,
            **wall_time_columns("due", wall_time_of(data.due)),
            **wall_time_columns("start", wall_time_of(data.start)),
            "deadline": data.deadline,
            "duration_minutes": data.duration_minutes,
            "recurrence": None,
            "occurrence": None,
            "reminders": [reminder.stored for reminder in data.reminders],
            **external_columns(data.external),
            "custom_metadata": merged_metadata({}, data.metadata),
            "order": ranking.between(place.last_order, None),
            "created_by": self.actor.user_id,
            "trash_id": None,
            "deleted_at": None,
            "version": 1,
            "created_at": now,
            "updated_at": now,
        }
        if data.recurrence is not None:
            due = wall_time_of(data.due)
            values |= self._recurrence_values(data.recurrence, kept=None, occurrence=None, due=due)
        return values

    async def _new_references(self, todo_id: str, data: TodoCreate, place: Place) -> dict[str, Any]:
        where = {"workspace_id": place.workspace_id, "list_id": place.id}
        if data.section_id is not None:
            await self._require_section(data.section_id, place.id)
        blocked_by = await self._require_blockers(todo_id, data.blocked_by, workspace_id=place.workspace_id)
        assignee_ids = await self._require_assignees(data.assignee_ids, **where) if data.assignee_ids else []
        return {"section_id": data.section_id, "blocked_by": blocked_by, "assignee_ids": assignee_ids}
