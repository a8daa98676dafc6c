"""Labels."""

from enum import StrEnum

from pydantic import ConfigDict, Field

from todo_api.schemas._base import Input, Output, unset
from todo_api.schemas.fields import Color, Id, IdText, LabelName, Timestamp


class LabelCreate(Input):
    """A new label."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "errand", "color": "#2d7ff9"}]})

    name: LabelName
    workspace_id: Id | None = Field(default=None, description="Where it belongs; the personal workspace unless given.")
    color: Color | None = None


class LabelUpdate(Input):
    """A merge patch of a label: members that are absent stay as they are."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "errands"}, {"color": "#2d7ff9"}]})

    name: LabelName = unset(description="Written on the todos too; the name of another label merges this one into that one.")
    color: Color | None = unset()


class OnTodos(StrEnum):
    """What becomes of a deleted label's name on todos."""

    REMOVE = "remove"
    KEEP = "keep"


class LabelRead(Output):
    """A label; todos carry its name."""

    id: IdText
    workspace_id: IdText
    name: str
    color: str | None
    version: int
    created_at: Timestamp
    updated_at: Timestamp


class LabelUpdated(LabelRead):
    """A label after a change."""

    merged: bool = Field(description="Another label had the new name: this is that one, and the one you patched is gone.")
