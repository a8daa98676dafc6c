"""Lists of todos."""

from pydantic import ConfigDict, Field

from todo_api.schemas._base import Input, Output, unset
from todo_api.schemas._moves import Move
from todo_api.schemas.fields import Boolean, Color, Description, Icon, Id, IdText, Name, RoleWord, Timestamp


class ListCreate(Input):
    """A new list."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Groceries", "color": "#2d7ff9"}]})

    name: Name
    workspace_id: Id | None = Field(default=None, description="Where it belongs; the personal workspace unless given.")
    description: Description = Field(default="", description="Empty unless given.")
    color: Color | None = None
    icon: Icon | None = None


class ListUpdate(Input):
    """A merge patch of a list: members that are absent stay as they are."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Shopping"}]})

    name: Name = unset()
    description: Description = unset()
    color: Color | None = unset()
    icon: Icon | None = unset()
    archived: Boolean = unset(description="true archives: read-only, outside views.")


class ListMove(Move):
    """Where a list goes among its neighbours: before one or after one."""


class ListRead(Output):
    """A list and what the caller may do in it."""

    id: IdText
    workspace_id: IdText
    name: str
    description: str
    color: str | None
    icon: str | None
    order: str = Field(description="Opaque; sorts as text by code point.")
    is_inbox: bool
    archived_at: Timestamp | None
    my_role: RoleWord
    open_count: int
    version: int
    created_at: Timestamp
    updated_at: Timestamp
