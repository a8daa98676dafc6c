"""A todo as its repository reads it: the columns, and what is derived from them for the viewer."""

from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import aliased

from todo_api.domain.dates import WallTime
from todo_api.models import Comment, Todo, TodoBlocker
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
    section_id: str | None
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
    recurrence: dict[str, Any] | None
    occurrence: str | None
    labels: list[str]
    assignee_ids: list[str]
    reminders: list[dict[str, Any]]
    blocked_by: list[str]
    external_source: str | None
    external_id: str | None
    external_url: str | None
    custom_metadata: dict[str, Any]
    order: str
    created_by: str
    trash_id: str | None
    deleted_at: datetime | None
    version: int
    created_at: datetime
    updated_at: datetime
    open_subtasks: int
    completed_subtasks: int
    comment_count: int
    open_blockers: int
    warnings: list[str] = field(default_factory=list)

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
    def due_moment(self) -> WallTime | None:
        """The due date as a value."""
        return moment(self.due_date, self.due_time, self.due_timezone)

    @property
    def start_moment(self) -> WallTime | None:
        """The start date as a value."""
        return moment(self.start_date, self.start_time, self.start_timezone)

    @property
    def is_open(self) -> bool:
        return self.status in OPEN

    @property
    def is_blocked(self) -> bool:
        return self.open_blockers > 0

    @property
    def external(self) -> dict[str, str | None] | None:
        if self.external_id is None:
            return None
        return {"source": self.external_source, "id": self.external_id, "url": self.external_url}

    @property
    def metadata(self) -> dict[str, Any]:
        return self.custom_metadata

    @property
    def subtask_counts(self) -> dict[str, int]:
        return {"open": self.open_subtasks, "completed": self.completed_subtasks}


def moment(day: date | None, clock: str | None, timezone: str | None) -> WallTime | None:
    """A stored date as a value of the domain."""
    return None if day is None else WallTime(day, None if clock is None else time.fromisoformat(clock), timezone)


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


_COMMENTS: Final = (
    select(func.count()).select_from(Comment).where(Comment.todo_id == Todo.id, Comment.deleted_at.is_(None)).scalar_subquery()
)
_BLOCKER: Final = aliased(Todo)
_OPEN_BLOCKERS: Final = (
    select(func.count())
    .select_from(TodoBlocker)
    .join(_BLOCKER, _BLOCKER.id == TodoBlocker.blocker_id)
    .where(TodoBlocker.todo_id == Todo.id, _BLOCKER.deleted_at.is_(None), _BLOCKER.status.in_(OPEN))
    .scalar_subquery()
)
STORED: Final = (
    Todo.id,
    Todo.workspace_id,
    Todo.list_id,
    Todo.section_id,
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
    Todo.recurrence,
    Todo.occurrence,
    Todo.labels,
    Todo.assignee_ids,
    Todo.reminders,
    Todo.blocked_by,
    Todo.external_source,
    Todo.external_id,
    Todo.external_url,
    Todo.custom_metadata,
    Todo.order,
    Todo.created_by,
    Todo.trash_id,
    Todo.deleted_at,
    Todo.version,
    Todo.created_at,
    Todo.updated_at,
)
COLUMNS: Final = (*STORED, _subtasks(OPEN), _subtasks((Status.COMPLETED.value,)), _COMMENTS, _OPEN_BLOCKERS)


def wall_time_columns(prefix: str, value: WallTime | None) -> dict[str, Any]:
    """Column values for a due or start date, with the key it sorts by and, when zoned, its instant."""
    names = [f"{prefix}_{part}" for part in ("date", "time", "timezone", "key", "instant")]
    if value is None:
        return dict.fromkeys(names)
    clock = None if value.time is None else value.time.isoformat("minutes" if value.time.second == 0 else "seconds")
    key = value.date.isoformat() + (END_OF_DAY if value.time is None else f"T{value.time.isoformat('seconds')}")
    instant = value.starts_at(ZoneInfo("UTC")) if value.timezone is not None else None
    return dict(zip(names, (value.date, clock, value.timezone, key, instant), strict=True))
