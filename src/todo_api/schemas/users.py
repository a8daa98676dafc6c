"""People and their settings."""

from pydantic import ConfigDict, Field

from todo_api.domain.permissions import Scope
from todo_api.schemas._base import Input, Output, unset
from todo_api.schemas.fields import Name, RoleWord, Timestamp, Timezone


class UserRead(Output):
    """A person."""

    id: str
    email: str
    name: str
    timezone: str
    version: int
    created_at: Timestamp
    updated_at: Timestamp


class MyWorkspace(Output):
    """A workspace of the caller, in short."""

    id: str
    name: str
    is_personal: bool
    my_role: RoleWord
    inbox_id: str | None = Field(description="The inbox list; only personal workspaces have one.")


class Limits(Output):
    """What a client may send."""

    max_body_bytes: int
    page_limit: int
    title_length: int
    notes_bytes: int
    nesting_depth: int


class Me(UserRead):
    """The caller, what this credential may do, and the limits."""

    scopes: list[Scope]
    list_ids: list[str] | None = Field(description="The lists this credential is restricted to; null: no restriction.")
    workspaces: list[MyWorkspace]
    limits: Limits


class UserUpdate(Input):
    """A merge patch of the caller."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"timezone": "Europe/Berlin"}]})

    name: Name = unset()
    timezone: Timezone = unset()
