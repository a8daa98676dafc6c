"""Sections: headings inside a list, or columns of a board."""

from pydantic import ConfigDict, Field

from todo_api.schemas._base import Input, Output, unset
from todo_api.schemas._moves import Move
from todo_api.schemas.fields import IdText, Name, Timestamp


class SectionCreate(Input):
    """A new section."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "This week"}]})

    name: Name


class SectionUpdate(Input):
    """A merge patch of a section: members that are absent stay as they are."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Next week"}]})

    name: Name = unset()


class SectionMove(Move):
    """Where a section goes among the sections of its list: before one or after one."""


class SectionRead(Output):
    """A section."""

    id: IdText
    workspace_id: IdText
    list_id: IdText
    name: str
    order: str = Field(description="Opaque; sorts as text by code point.")
    version: int
    created_at: Timestamp
    updated_at: Timestamp
