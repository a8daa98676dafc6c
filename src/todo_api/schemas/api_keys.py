"""API keys."""

from typing import Annotated, Self

from pydantic import ConfigDict, Field, model_validator

from todo_api.domain.permissions import Preset, Scope
from todo_api.schemas._base import Input, Output
from todo_api.schemas.fields import Id, IdText, Moment, Name, Timestamp


class ApiKeyCreate(Input):
    """A new key: a preset or a set of scopes."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Backup script", "preset": "read-only"}]})

    name: Name
    preset: Preset | None = None
    scopes: Annotated[list[Scope], Field(min_length=1, max_length=len(Scope))] | None = None
    list_ids: Annotated[list[Id], Field(min_length=1, max_length=100)] | None = Field(
        default=None, description="Restrict the key to these lists; capture-only keys name exactly one."
    )
    expires_at: Moment | None = None

    @model_validator(mode="after")
    def _one_kind_of_power(self) -> Self:
        if (self.preset is None) == (self.scopes is None):
            raise ValueError("send either preset or scopes")
        if self.preset is Preset.CAPTURE_ONLY and len(self.list_ids or []) != 1:
            raise ValueError("a capture-only key names exactly one list in list_ids")
        return self


class ApiKeyRead(Output):
    """A key, without its secret."""

    id: IdText
    name: str
    scopes: list[Scope]
    list_ids: list[IdText] | None
    expires_at: Timestamp | None
    last_used_at: Timestamp | None = Field(description="Coarse: written every 30 seconds.")
    version: int
    created_at: Timestamp
    updated_at: Timestamp


class ApiKeyCreated(ApiKeyRead):
    """A new key; `key` is shown this once."""

    key: str = Field(description="Send it as `X-API-Key`, or as a bearer token. It cannot be shown again.")
