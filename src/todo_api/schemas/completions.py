"""Records of completed and skipped occurrences, and previews of those to come."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from todo_api.schemas._base import Output
from todo_api.schemas.fields import IdText, Timestamp
from todo_api.schemas.todo_parts import WallTimeRead


def _none_for_once(value: Any) -> Any:
    return value or None


class CompletionRead(Output):
    """One occurrence that was completed or skipped; it never changes, but it can be undone."""

    id: IdText
    todo_id: IdText
    occurrence: Annotated[str | None, BeforeValidator(_none_for_once)] = Field(
        description="The key of the occurrence; null for a todo that happens once."
    )
    kind: Literal["completed", "skipped"]
    at: Timestamp
    by: IdText
    due_was: WallTimeRead | None
    next_due: WallTimeRead | None = Field(description="What the todo moved on to; null at the end of the series.")
    undone_at: Timestamp | None


class OccurrenceRead(Output):
    """An occurrence that the rule names."""

    occurrence: str
    due: WallTimeRead
    due_at: Timestamp = Field(description="When it becomes overdue, for the caller.")


class Occurrences(Output):
    """Occurrences in order."""

    items: list[OccurrenceRead]
