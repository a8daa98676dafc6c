"""A todo as its repository reads it: the columns, and what is derived from them for the viewer."""

from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import aliased

from todo_api.domain.dates import WallTime
from todo_api.models import Todo
from todo_api.schemas.todos import Status

OPEN: Final = (Status.OPEN.value, Status.IN_PROGRESS.value)
END_OF_DAY: Final = "T24:00:00"


@dataclass(slots=True)
class TodoRow:
    """The viewer's zone and the time of reading, then the columns of ``COLUMNS`` in their order."""

    zone: ZoneInfo
    now: datetime
    id: str
    workspace_id: str
    list_id: str
    parent_id: str | None
    title: str
    notes: str
    status: str
    completed_at: datetime | None
    completed_by: str | None
    completed_with: str | None
    priority: int
    due_date: date | None
    due_time: str | None
    due_timezone: str | None
    due_instant: datetime | None
    start_date: date | None
    start_time: str | None
    start_timezone: str | None
    deadline: date | None
    duration_minutes: int | None
    labels: list[str]
    order: str
    created_by: str
    trash_id: str | None
    deleted_at: datetime | None
    version: int
    created_at: datetime
    updated_at: datetime
    open_subtasks: int
    completed_subtasks: int

    @property
    def completed(self) -> bool:
        return self.status == Status.COMPLETED

    @property
    def due(self) -> dict[str, Any] | None:
        return _parts(self.due_date, self.due_time, self.due_timezone)

    @property
    def start(self) -> dict[str, Any] | None:
        return _parts(self.start_date, self.start_time, self.start_timezone)

    @property
    def due_at(self) -> datetime | None:
        """The instant from which the todo counts as overdue for the viewer."""
        if self.due_date is None or self.due_instant is not None:
            return self.due_instant
        clock = None if self.due_time is None else time.fromisoformat(self.due_time)
        return WallTime(self.due_date, clock).overdue_at(self.zone)

    @property
    def is_overdue(self) -> bool:
        if self.due_date is None or self.status not in OPEN:
            return False
        due_at = self.due_at
        return due_at is not None and due_at <= self.now

    @property
    def subtask_counts(self) -> dict[str, int]:
        return {"open": self.open_subtasks, "completed": self.completed_subtasks}


def _parts(day: date | None, clock: str | None, timezone: str | None) -> dict[str, Any] | None:
    return None if day is None else {"date": day, "time": clock, "timezone": timezone}


def _subtasks(status: tuple[str, ...]) -> ColumnElement[int]:
    child = aliased(Todo)
    return (
        select(func.count())
        .select_from(child)
        .where(child.parent_id == Todo.id, child.deleted_at.is_(None), child.parent_id.is_not(None), child.status.in_(status))
        .scalar_subquery()
    )


STORED: Final = (
    Todo.id,
    Todo.workspace_id,
    Todo.list_id,
    Todo.parent_id,
    Todo.title,
    Todo.notes,
    Todo.status,
    Todo.completed_at,
    Todo.completed_by,
    Todo.completed_with,
    Todo.priority,
    Todo.due_date,
    Todo.due_time,
    Todo.due_timezone,
    Todo.due_instant,
    Todo.start_date,
    Todo.start_time,
    Todo.start_timezone,
    Todo.deadline,
    Todo.duration_minutes,
    Todo.labels,
    Todo.order,
    Todo.created_by,
    Todo.trash_id,
    Todo.deleted_at,
    Todo.version,
    Todo.created_at,
    Todo.updated_at,
)
COLUMNS: Final = (*STORED, _subtasks(OPEN), _subtasks((Status.COMPLETED.value,)))


def wall_time_columns(prefix: str, value: WallTime | None) -> dict[str, Any]:
    """Column values for a due or start date, with the key it sorts by and, when zoned, its instant."""
    names = [f"{prefix}_{part}" for part in ("date", "time", "timezone", "key", "instant")]
    if value is None:
        return dict.fromkeys(names)
    clock = None if value.time is None else value.time.isoformat("minutes" if value.time.second == 0 else "seconds")
    key = value.date.isoformat() + (END_OF_DAY if value.time is None else f"T{value.time.isoformat('seconds')}")
    instant = value.starts_at(ZoneInfo("UTC")) if value.timezone is not None else None
    return dict(zip(names, (value.date, clock, value.timezone, key, instant), strict=True))
