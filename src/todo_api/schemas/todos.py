"""Todos: what clients send and what they get."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, ConfigDict, Field, model_validator

from todo_api.domain.dates import WallTime, parse_wall_time
from todo_api.schemas._base import Input, Output, unset
from todo_api.schemas.fields import (
    PLAIN_INTEGER,
    Boolean,
    Id,
    LabelName,
    LocalDate,
    LocalTime,
    Moment,
    Notes,
    Timestamp,
    Timezone,
    Title,
)

LONGEST_DURATION = 60 * 24 * 366


class Status(StrEnum):
    """Where a todo stands; the first two count as open."""

    OPEN = "open"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


class Priority(StrEnum):
    """Words, never numbers; the order is that of the members."""

    NONE = "none"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    URGENT = "urgent"

    @property
    def rank(self) -> int:
        """0 for none to 4 for urgent, as stored."""
        return PRIORITIES.index(self)


PRIORITIES = tuple(Priority)


class Subtasks(StrEnum):
    """What completing a parent does to its open subtasks."""

    COMPLETE = "complete"
    LEAVE = "leave"
    REFUSE = "refuse"


class LocalMoment(Input):
    """A date, perhaps with a time, perhaps with a zone: all day, floating, or zoned."""

    date: LocalDate
    time: LocalTime | None = None
    timezone: Timezone | None = None

    @model_validator(mode="after")
    def _zone_needs_time(self) -> Self:
        WallTime(self.date, self.time, self.timezone)
        return self

    @property
    def wall_time(self) -> WallTime:
        """The same as a value of the domain."""
        return WallTime(self.date, self.time, self.timezone)


def wall_time_of(moment: LocalMoment | None) -> WallTime | None:
    """The value of a moment that may be missing."""
    return None if moment is None else moment.wall_time


def _shortcut(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    found = parse_wall_time(value)
    return LocalMoment(date=found.date, time=found.time, timezone=found.timezone)


When = Annotated[
    LocalMoment,
    BeforeValidator(_shortcut, json_schema_input_type=LocalMoment | str),
    Field(
        description="An object or a shortcut: `2027-03-14` (all day), `2027-03-14T09:00` (floating), an RFC 3339 instant (UTC).",
        examples=["2027-03-14", {"date": "2027-03-14", "time": "09:00", "timezone": "Europe/Berlin"}],
    ),
]
Labels = Annotated[list[LabelName], Field(max_length=100)]
Duration = Annotated[int, Field(ge=1, le=LONGEST_DURATION), PLAIN_INTEGER]


class _StatusAgrees(Input):
    @model_validator(mode="after")
    def _status_and_completed_agree(self) -> Self:
        status: Status | None = getattr(self, "status", None)
        completed: bool | None = getattr(self, "completed", None)
        if status is not None and completed is not None and completed != (status is Status.COMPLETED):
            raise ValueError("status and completed contradict each other")
        return self


class TodoCreate(_StatusAgrees):
    """A new todo."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"title": "Buy milk"}, {"title": "Pay rent", "due": "2027-03-01", "labels": ["home"]}]}
    )

    title: Title
    list_id: Id | None = Field(default=None, description="The inbox unless given; a subtask is in its parent's list.")
    parent_id: Id | None = None
    notes: Notes = ""
    status: Status | None = Field(default=None, description="`open` unless given.")
    completed: Boolean | None = Field(default=None, description="`true` is the plain form of `status: completed`.")
    priority: Priority = Priority.NONE
    due: When | None = None
    start: When | None = None
    deadline: LocalDate | None = None
    duration_minutes: Duration | None = None
    labels: Labels = Field(default_factory=list)


class TodoUpdate(_StatusAgrees):
    """A merge patch: members that are absent stay as they are, null clears."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"completed": True}, {"title": "Buy oat milk", "due": None}]})

    title: Title = unset()
    list_id: Id = unset(description="Moves it to another list; a subtask is detached from its parent.")
    parent_id: Id | None = unset(description="Nests it below another todo; null brings it to the top level.")
    notes: Notes = unset()
    status: Status = unset()
    completed: Boolean = unset(description="true completes, false reopens.")
    priority: Priority = unset()
    due: When | None = unset()
    start: When | None = unset()
    deadline: LocalDate | None = unset()
    duration_minutes: Duration | None = unset()
    labels: Labels = unset(description="Replaces the labels kept.")
    labels_add: Labels = unset(description="Adds labels; merges safely when two clients write.")
    labels_remove: Labels = unset(description="Removes labels; merges safely when two clients write.")

    @model_validator(mode="after")
    def _labels_one_way(self) -> Self:
        if "labels" in self.model_fields_set and self.model_fields_set & {"labels_add", "labels_remove"}:
            raise ValueError("send either labels, or labels_add and labels_remove")
        return self


class TodoPut(TodoUpdate):
    """A todo under the client's id: created with these fields, or, where it exists, changed by them."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"title": "Buy milk"}, {"completed": True}]})


class TodoComplete(Input):
    """How to complete."""

    model_config = ConfigDict(json_schema_extra={"examples": [{}, {"completed_at": "2026-11-01T18:30:00Z", "subtasks": "leave"}]})

    completed_at: Moment | None = Field(default=None, description="When it was done; now unless given, at most 5 minutes ahead.")
    subtasks: Subtasks = Field(default=Subtasks.COMPLETE, description="What becomes of open subtasks.")


class TodoMove(Input):
    """Where a todo goes: to a list, below a parent, and among its new neighbours."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"position": "top"}]})

    list_id: Id = unset()
    parent_id: Id | None = unset(description="null brings it to the top level.")
    before: Id | None = Field(default=None, description="The neighbour that follows.")
    after: Id | None = Field(default=None, description="The neighbour that precedes.")
    position: Literal["top", "bottom"] | None = None

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        places = sum(place is not None for place in (self.before, self.after, self.position))
        if places > 1:
            raise ValueError("send at most one of before, after and position")
        if places == 0 and not self.model_fields_set & {"list_id", "parent_id"}:
            raise ValueError("say where to: list_id, parent_id, before, after or position")
        return self


def _priority_word(value: Any) -> Any:
    return PRIORITIES[value] if isinstance(value, int) else value


class SubtaskCounts(Output):
    """Direct subtasks."""

    open: int
    completed: int


class WallTimeRead(Output):
    """A date, perhaps with a time, perhaps with a zone."""

    date: date
    time: str | None = Field(examples=["09:00"])
    timezone: str | None


class TodoRead(Output):
    """A todo."""

    id: str
    workspace_id: str
    list_id: str
    parent_id: str | None
    title: str
    notes: str
    status: Status
    completed: bool
    completed_at: Timestamp | None
    completed_by: str | None
    priority: Annotated[Priority, BeforeValidator(_priority_word)]
    due: WallTimeRead | None
    due_at: Timestamp | None = Field(description="When it becomes overdue, for the caller.")
    start: WallTimeRead | None
    deadline: date | None
    duration_minutes: int | None
    labels: list[str]
    order: str = Field(description="Opaque; sorts as text by code point.")
    subtask_counts: SubtaskCounts
    is_overdue: bool
    created_by: str
    version: int
    created_at: Timestamp
    updated_at: Timestamp


class TodoCreated(Output):
    """All that a credential without `todos:read` learns of a todo it made."""

    id: str


class TodoCompleted(TodoRead):
    """A todo after completing or reopening; `replayed` when it was so already."""

    replayed: bool


class TodoMoved(TodoRead):
    """A todo after moving."""


class TodoFilter(Input):
    """Which todos a list holds; several values of one parameter mean any of them."""

    list_id: tuple[str, ...] = ()
    parent_id: tuple[str, ...] = ()
    label: tuple[str, ...] = ()
    status: tuple[Status, ...] | None = None  # None: any
    priority: tuple[Priority, ...] = ()
    due_before: date | datetime | None = None
    due_after: date | datetime | None = None
    overdue: bool | None = None
    updated_since: datetime | None = None
    completed_since: datetime | None = None
