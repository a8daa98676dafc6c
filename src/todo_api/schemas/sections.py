"""Sections: headings inside a list, or columns of a board."""

from typing import Self

from pydantic import ConfigDict, Field, model_validator

from todo_api.schemas._base import Input, Output, unset
from todo_api.schemas.fields import Id, Name, Timestamp


class SectionCreate(Input):
    """A new section."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "This week"}]})

    name: Name


class SectionUpdate(Input):
    """A merge patch of a section: members that are absent stay as they are."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Next week"}]})

    name: Name = unset()


class SectionMove(Input):
    """Where a section goes among the sections of its list: before one or after one."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"after": "0193a5b0-7c1e-7000-8000-000000000001"}]})

    before: Id | None = None
    after: Id | None = None

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.before is None) == (self.after is None):
            raise ValueError("send either before or after")
        return self


class SectionRead(Output):
    """A section."""

    id: str
    workspace_id: str
    list_id: str
    name: str
    order: str = Field(description="Opaque; sorts as text by code point.")
    version: int
    created_at: Timestamp
    updated_at: Timestamp
