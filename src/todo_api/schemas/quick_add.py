"""Quick add: lines of text, and the todos they became."""

from datetime import date
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field

from todo_api.domain import text
from todo_api.domain.quick_add_tokens import Kind
from todo_api.schemas._base import Input, Output
from todo_api.schemas.fields import Boolean, Id, IdText, Timestamp, Timezone
from todo_api.schemas.todo_parts import RecurrenceRead, WallTimeRead
from todo_api.schemas.todos import Priority, SubtaskCounts, TodoCreated, TodoRead, priority_word

_LONGEST_TEXT: Final = 16_000  # a title too long goes to the notes as well, and whatever the characters are they fit there


def _sayable(value: str) -> str:
    if problem := text.clean_problem(value, multiline=True):
        raise ValueError(problem)
    if text.is_blank(value):
        raise ValueError("must hold more than white space")
    return value


class QuickAdd(Input):
    """A line for each todo; an indented line is a subtask of the one above it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"text": "Pay rent every 1st at 9am #Home @bills !high //from the joint account"}, {"text": "Buy milk"}]
        }
    )

    text: Annotated[str, Field(min_length=1, max_length=_LONGEST_TEXT), AfterValidator(_sayable)]
    timezone: Timezone | None = Field(default=None, description="Where dates and times are meant; your own zone unless given.")
    list_id: Id | None = Field(default=None, description="Where todos go that name no `#List`; the inbox unless given.")
    dry_run: Boolean = Field(default=False, description="Make nothing, and answer what would be made; `false` unless given.")


class QuickPart(Output):
    """A piece of the text that was understood."""

    span: tuple[int, int] = Field(description="Where it begins and ends, in code points of the whole text.", examples=[[9, 26]])
    kind: Kind
    text: str = Field(examples=["every 1st at 9am"])
    value: str | int = Field(
        description="A name, a priority, minutes, an ISO date with or without a time, a time, an RRULE or the notes.",
        examples=["FREQ=MONTHLY;BYMONTHDAY=1"],
    )


class QuickAdded(Output):
    """What was made."""

    todo: TodoRead = Field(description="The first one.")
    todos: list[TodoRead] = Field(description="All of them, each followed by its subtasks.")
    parsed: list[QuickPart]


class QuickAddedIds(Output):
    """All that a credential without `todos:read` learns of the todos it made."""

    todo: TodoCreated = Field(description="The first one.")
    todos: list[TodoCreated] = Field(description="All of them, each followed by its subtasks.")
    parsed: list[QuickPart] = Field(description="Empty.")


class TodoDraft(Output):
    """A todo that was not made; `parent` is the place of its parent among the `todos`."""

    parent: int | None = None
    list_id: IdText
    section_id: IdText | None
    title: str
    notes: str
    priority: Annotated[Priority, BeforeValidator(priority_word)]
    due: WallTimeRead | None
    due_at: Timestamp | None
    deadline: date | None
    duration_minutes: int | None
    recurrence: RecurrenceRead | None
    occurrence: str | None
    labels: list[str]
    assignee_ids: list[IdText]
    subtask_counts: SubtaskCounts

    @classmethod
    def all_of(cls, rows: list[Any]) -> list["TodoDraft"]:
        """The messages for rows that follow their parents."""
        places = {row.id: place for place, row in enumerate(rows)}
        return [cls.model_validate(row).model_copy(update={"parent": places.get(row.parent_id)}) for row in rows]


class QuickDraft(Output):
    """What would be made."""

    todo: TodoDraft = Field(description="The first one.")
    todos: list[TodoDraft] = Field(description="All of them, each followed by its subtasks.")
    parsed: list[QuickPart]
