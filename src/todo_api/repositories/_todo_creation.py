"""Making todos: one, many, or trees of them, in a number of statements that does not grow with theirs."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError

from todo_api.db.dialect import violates_unique
from todo_api.domain.changes import Operation
from todo_api.domain.identifiers import new_id
from todo_api.domain.permissions import Role
from todo_api.domain.preconditions import ANY
from todo_api.errors import ExternalTakenError, Flaw, InvalidInputError, WriteConflictError
from todo_api.models import Todo
from todo_api.repositories import _labels, _places, _search, _tree
from todo_api.repositories._places import Place
from todo_api.repositories._todo_base import EXTERNAL_UNIQUE, logged_values, notes_columns, title_columns
from todo_api.repositories._todo_links import external_columns, merged_metadata
from todo_api.repositories._todo_rows import OPEN, STORED, TodoRow, wall_time_columns
from todo_api.repositories._todo_seeds import NewTodo, Seed, TodoSeeds, refuse, seeded, told
from todo_api.schemas.todo_parts import wall_time_of
from todo_api.schemas.todos import Status, TodoCreate

_INSERT: Final = insert(Todo)


class TodoCreation(TodoSeeds):
    """New todos, each at the bottom of its list."""

    async def create(self, data: TodoCreate, *, todo_id: str | None = None) -> TodoRow:
        """A new todo; raises what ``find_place`` and the references raise, and NestingTooDeepError."""
        return (await self.create_all([NewTodo(data, id=todo_id or new_id())]))[0]

    async def create_all(self, items: Sequence[NewTodo]) -> list[TodoRow]:
        """New todos, each followed by its subtasks; raises as ``create`` does, pointing to what is wrong."""
        seeds = seeded(await self._placed(items))
        values = self._values_of(seeds)
        open_blockers = await self._check_references(seeds)
        labels = await self._labels_of(seeds)
        rows = []
        for columns, seed in zip(values, seeds, strict=True):
            columns["labels"] = list(labels[seed.id])
            row = self._new_row(columns, seed, open_blockers)
            columns["next_reminder_at"] = self._next_reminder(row) if row.reminders else None
            rows.append(row)
        await self._insert(values)
        await self._link(values, labels)
        for columns, seed in zip(values, seeds, strict=True):
            _search.index_todo(self.session, columns)
            place, logged = seed.place, logged_values(columns)
            self._record(seed.id, Operation.CREATE, workspace_id=place.workspace_id, list_id=place.id, after=logged)
        return rows

    async def draft_all(self, items: Sequence[NewTodo]) -> list[TodoRow]:
        """What ``create_all`` would make; nothing is written, and what todos refer to is not checked."""
        seeds = seeded(await self._placed(items))
        rows = []
        for columns, seed in zip(self._values_of(seeds), seeds, strict=True):
            columns["labels"] = list(_labels.distinct(seed.data.labels).values())
            rows.append(self._new_row(columns, seed, set()))
        return rows

    async def _placed(self, items: Sequence[NewTodo]) -> list[tuple[NewTodo, Place]]:
        places: dict[tuple[str | None, str | None], Place] = {}
        found = []
        for item in items:
            where = (item.data.list_id, item.data.parent_id)
            if where not in places:
                with told(item.pointer):
                    places[where] = await self._place_for(item.data)
            found.append((item, places[where]))
        return found

    async def _place_for(self, data: TodoCreate) -> Place:
        if data.parent_id is None:
            return await _places.find_place(self.session, self.actor, data.list_id)
        await self._lock_tree(data.parent_id)
        parent = await self._load(data.parent_id, Role.EDITOR, ANY)
        if data.list_id is not None and data.list_id != parent.list_id:
            raise InvalidInputError.at("#/parent_id", "is in another list than list_id", "other_list")
        self._require_depth(len(await _tree.ancestors(self.session, parent.id)) + 1)
        return Place(id=parent.list_id, workspace_id=parent.workspace_id, last_order=await self._last_order(parent.list_id))

    def _values_of(self, seeds: Sequence[Seed]) -> list[dict[str, Any]]:
        """Column values, but for the labels; raises InvalidInputError with all that is wrong."""
        values, flaws = [], list[Flaw]()
        for seed in seeds:
            try:
                with told(seed.new.pointer):
                    values.append(self._new_values(seed))
            except InvalidInputError as error:
                if len(seeds) == 1:
                    raise
                flaws += error.flaws
        refuse(flaws)
        return values

    def _new_values(self, seed: Seed) -> dict[str, Any]:
        now, data = self.clock(), seed.data
        done = seed.new.status is Status.COMPLETED
        values = {
            "id": seed.id,
            "workspace_id": seed.place.workspace_id,
            "list_id": seed.place.id,
            "section_id": data.section_id,
            "parent_id": seed.parent_id,
            **title_columns(data.title),
            **notes_columns(data.notes),
            "status": seed.new.status.value,
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
            "assignee_ids": list(dict.fromkeys(data.assignee_ids)),
            "reminders": [reminder.stored for reminder in data.reminders],
            "blocked_by": list(dict.fromkeys(data.blocked_by)),
            **external_columns(data.external),
            "custom_metadata": merged_metadata({}, data.metadata or {}),
            "order": seed.order,
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

    def _new_row(self, columns: Mapping[str, Any], seed: Seed, open_blockers: set[str]) -> TodoRow:
        states = [child.status for child in seed.new.children]
        counts = [sum(state in OPEN for state in states), states.count(Status.COMPLETED), 0]
        return self._row([columns[column.key] for column in STORED] + counts + [len(open_blockers & {*columns["blocked_by"]})])

    async def _insert(self, values: Sequence[dict[str, Any]]) -> None:
        try:
            await self.session.execute(_INSERT, values)
        except IntegrityError as error:
            if violates_unique(error, *EXTERNAL_UNIQUE):
                raise ExternalTakenError from error
            raise WriteConflictError from error  # the same id was created by somebody else in this instant
