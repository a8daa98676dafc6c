"""Todos: what clients send and what they get."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, ConfigDict, Field, model_validator

from todo_api.domain.filter_tree import Field as FilterField
from todo_api.domain.filter_tree import Filter, fields_of
from todo_api.schemas._base import Input, Output, cleared_to, unset
from todo_api.schemas.fields import (
    PLAIN_INTEGER,
    Boolean,
    Id,
    IdText,
    LabelName,
    LocalDate,
    Moment,
    Notes,
    Timestamp,
    Title,
)
from todo_api.schemas.todo_parts import (
    External,
    ExternalRead,
    Metadata,
    Occurrence,
    RecurrenceInput,
    RecurrenceRead,
    ReminderRead,
    Reminders,
    WallTimeRead,
    When,
    WhenPatch,
)

LONGEST_DURATION = 60 * 24 * 366
_ABOUT_STATUS = {FilterField.STATUS, FilterField.COMPLETED}


class Status(StrEnum):
    """Where a todo stands; the first two count as open."""

    OPEN = "open"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


OPEN_STATUSES = (Status.OPEN, Status.IN_PROGRESS)


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


Labels = Annotated[list[LabelName], Field(max_length=100)]
UserIds = Annotated[list[Id], Field(max_length=50)]
TodoIds = Annotated[list[Id], Field(max_length=50)]
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
    section_id: Id | None = Field(default=None, description="A section of the list.")
    parent_id: Id | None = None
    notes: Notes = Field(default="", description="Empty unless given.")
    status: Status | None = Field(default=None, description="`open` unless given.")
    completed: Boolean | None = Field(default=None, description="`true` is the plain form of `status: completed`.")
    priority: Priority = Field(default=Priority.NONE, description="`none` unless given.")
    due: When | None = None
    start: When | None = None
    deadline: LocalDate | None = None
    duration_minutes: Duration | None = None
    recurrence: RecurrenceInput | None = None
    labels: Labels = Field(default_factory=list)
    assignee_ids: UserIds = Field(default_factory=list)
    reminders: Reminders = Field(default_factory=list)
    blocked_by: TodoIds = Field(default_factory=list, description="Todos to be done before this one.")
    external: External | None = None
    metadata: Metadata = Field(default_factory=dict)


class TodoUpdate(_StatusAgrees):
    """A merge patch: members that are absent stay as they are, null clears."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"completed": True}, {"title": "Buy oat milk", "due": None}]})

    title: Title = unset()
    list_id: Id = unset(description="Moves it to another list; a subtask is detached from its parent.")
    section_id: Id | None = unset(description="A section of the list; null takes it out.")
    parent_id: Id | None = unset(description="Nests it below another todo; null brings it to the top level.")
    notes: Annotated[Notes, cleared_to("", Notes)] = unset()
    status: Status = unset()
    completed: Boolean = unset(description="true completes, false reopens.")
    priority: Annotated[Priority, cleared_to(Priority.NONE, Priority)] = unset()
    due: WhenPatch | None = unset()
    start: WhenPatch | None = unset()
    deadline: LocalDate | None = unset()
    duration_minutes: Duration | None = unset()
    recurrence: RecurrenceInput | None = unset(description="Merged into the recurrence there is; null makes it happen once.")
    assignee_ids: Annotated[UserIds, cleared_to([], UserIds)] = unset(description="Replaces the assignees kept.")
    reminders: Annotated[Reminders, cleared_to([], Reminders)] = unset(description="Replaces the reminders kept.")
    blocked_by: Annotated[TodoIds, cleared_to([], TodoIds)] = unset(description="Replaces the blockers kept.")
    external: External | None = unset()
    metadata: Metadata | None = unset(description="Merged key by key; null removes a key, or all of them.")
    labels: Annotated[Labels, cleared_to([], Labels)] = unset(description="Replaces the labels kept.")
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

    occurrence: Occurrence | None = Field(
        default=None, description="Which occurrence; the current one unless given. Send it, and a repeat cannot step twice."
    )
    completed_at: Moment | None = Field(default=None, description="When it was done; now unless given, at most 5 minutes ahead.")
    subtasks: Subtasks = Field(default=Subtasks.COMPLETE, description="What becomes of open subtasks; `complete` unless given.")
    force: Boolean = Field(default=False, description="Complete it although an open todo blocks it; `false` unless given.")


class TodoSkip(Input):
    """Which occurrence to skip."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"occurrence": "2027-03-14"}]})

    occurrence: Occurrence | None = None


class TodoReschedule(Input):
    """Where this occurrence goes; the rule and the key of the occurrence stay."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"due": "2027-03-16"}]})

    due: When


class TodoMove(Input):
    """Where a todo goes: to a list, below a parent, and among its new neighbours."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"position": "top"}]})

    list_id: Id = unset()
    section_id: Id | None = unset(description="A section of the list; null takes it out.")
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


def priority_word(value: Any) -> Any:
    return PRIORITIES[value] if isinstance(value, int) else value


class SubtaskCounts(Output):
    """Direct subtasks."""

    open: int
    completed: int


class TodoRead(Output):
    """A todo."""

    id: IdText
    workspace_id: IdText
    list_id: IdText
    section_id: IdText | None
    parent_id: IdText | None
    title: str
    notes: str
    status: Status
    completed: bool
    completed_at: Timestamp | None
    completed_by: IdText | None
    priority: Annotated[Priority, BeforeValidator(priority_word)]
    due: WallTimeRead | None
    due_at: Timestamp | None = Field(description="When it becomes overdue, for the caller.")
    start: WallTimeRead | None
    deadline: date | None
    duration_minutes: int | None
    recurrence: RecurrenceRead | None
    occurrence: str | None = Field(description="The key of the current occurrence: send it with `complete`.")
    labels: list[str]
    assignee_ids: list[IdText]
    reminders: list[ReminderRead]
    blocked_by: list[IdText]
    is_blocked: bool
    external: ExternalRead | None
    metadata: dict[str, Any]
    comment_count: int
    order: str = Field(description="Opaque; sorts as text by code point.")
    subtask_counts: SubtaskCounts
    is_overdue: bool
    created_by: IdText
    version: int
    created_at: Timestamp
    updated_at: Timestamp
    warnings: list[str] = Field(
        default_factory=list, exclude_if=lambda warnings: not warnings, description="What the request could not keep."
    )


class TodoCreated(Output):
    """All that a credential without `todos:read` learns of a todo it made."""

    id: IdText


class TodoCompleted(TodoRead):
    """A todo after completing or reopening; `replayed` when it was so already."""

    replayed: bool

    @classmethod
    def of(cls, row: Any, *, replayed: bool) -> "TodoCompleted":
        """The message for a row."""
        return cls.model_validate({**TodoRead.model_validate(row).model_dump(), "replayed": replayed})


class TodoMoved(TodoRead):
    """A todo after moving."""


class TodoFilter(Input):
    """Which todos a list holds; several values of one parameter mean any of them."""

    list_id: tuple[str, ...] = ()
    section_id: tuple[str, ...] = ()
    parent_id: tuple[str, ...] = ()
    label: tuple[str, ...] = ()
    assignee: tuple[str, ...] = ()  # ids, and `me`
    status: tuple[Status, ...] | None = None  # None: any
    priority: tuple[Priority, ...] = ()
    due_before: date | datetime | None = None
    due_after: date | datetime | None = None
    overdue: bool | None = None
    updated_since: datetime | None = None
    completed_since: datetime | None = None
    q: Any = None  # a domain.search.SearchQuery
    filter: Any = None  # a domain.filter_tree.Filter


def default_statuses(filter_: Filter | None) -> tuple[Status, ...] | None:
    """Which todos a list holds unless asked for others: open ones, or all where the filter itself speaks of the status."""
    return None if filter_ is not None and fields_of(filter_) & _ABOUT_STATUS else OPEN_STATUSES
