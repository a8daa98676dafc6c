"""Labels."""

from pydantic import ConfigDict, Field

from todo_api.schemas._base import Input, Output
from todo_api.schemas.fields import Color, Id, LabelName, Timestamp


class LabelCreate(Input):
    """A new label."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "errand", "color": "#2d7ff9"}]})

    name: LabelName
    workspace_id: Id | None = Field(default=None, description="Where it belongs; the personal workspace unless given.")
    color: Color | None = None


class LabelRead(Output):
    """A label; todos carry its name."""

    id: str
    workspace_id: str
    name: str
    color: str | None
    version: int
    created_at: Timestamp
    updated_at: Timestamp
