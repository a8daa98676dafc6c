"""What all messages have in common."""

from copy import copy
from typing import Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue


class Input(BaseModel):
    """A message from a client: unknown members are refused, and text is kept exactly as sent."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: Any, handler: GetJsonSchemaHandler, /) -> JsonSchemaValue:
        """Leave defaults to descriptions: some generators of clients require a member that has one."""
        schema = handler(core_schema)
        for member in handler.resolve_ref_schema(schema).get("properties", {}).values():
            _without_default(member)
        return schema


class Output(BaseModel):
    """A message to a client, read from the attributes of a row."""

    model_config = ConfigDict(from_attributes=True, json_schema_serialization_defaults_required=True)


def cleared_to(empty: Any, kind: Any) -> BeforeValidator:
    """In a merge patch null clears a member (RFC 7396): to ``empty``, where a member of this kind is never null."""

    def replace(value: Any) -> Any:
        return copy(empty) if value is None else value

    return BeforeValidator(replace, json_schema_input_type=kind | None)


def _without_default(schema: dict[str, Any]) -> None:
    schema.pop("default", None)


def unset(**keywords: Any) -> Any:
    """A member of a merge patch (RFC 7396): absent means unchanged, so ``model_fields_set`` decides, never the default."""
    return Field(default=None, json_schema_extra=_without_default, **keywords)
