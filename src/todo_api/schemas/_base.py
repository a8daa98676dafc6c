"""What all messages have in common."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class Input(BaseModel):
    """A message from a client: unknown members are refused, and text is kept exactly as sent."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Output(BaseModel):
    """A message to a client, read from the attributes of a row."""

    model_config = ConfigDict(from_attributes=True, json_schema_serialization_defaults_required=True)


def _without_default(schema: dict[str, Any]) -> None:
    schema.pop("default", None)


def unset(**keywords: Any) -> Any:
    """A member of a merge patch (RFC 7396): absent means unchanged, so ``model_fields_set`` decides, never the default."""
    return Field(default=None, json_schema_extra=_without_default, **keywords)
