"""Problem documents (RFC 9457)."""

from pydantic import ConfigDict, Field

from todo_api.schemas._base import Output, unset


class ProblemFlaw(Output):
    """One thing wrong with the request; one of `pointer`, `parameter` and `header` says where."""

    model_config = ConfigDict(json_schema_serialization_defaults_required=False)

    pointer: str = unset(description="JSON Pointer into the body, as a fragment.", examples=["#/title"])
    parameter: str = unset(description="Name of the path or query parameter.")
    header: str = unset(description="Name of the header.")
    code: str = Field(examples=["string_too_short"])
    message: str


class Problem(Output):
    """What went wrong. `code` is stable: programs decide by it."""

    model_config = ConfigDict(extra="allow")

    type: str = Field(description="URL of the description of this kind of problem.")
    title: str
    status: int
    detail: str
    code: str = Field(examples=["todo_not_found"])
    instance: str = Field(description="`urn:uuid:` or `urn:request:` and the request id.")
    request_id: str
    errors: list[ProblemFlaw] = Field(default_factory=list)
