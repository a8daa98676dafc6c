"""Batches: many operations in one request."""

from collections.abc import Iterable
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, ConfigDict, Field

from todo_api.schemas._base import Input, Output, unset
from todo_api.schemas.fields import Boolean

OpId = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$", description="Your name for the operation.", examples=["milk"])]


class Operation(Input):
    """A request inside a batch. `$ref:<op_id>`, in the path or as a string of the body, is the id an earlier one made."""

    op_id: OpId
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
    path: Annotated[
        str, Field(max_length=8192, pattern=r"^/[!-\"$-~]*$", description="With its query, as in a request line: ASCII, escaped.")
    ]
    body: Any = unset(description="JSON.")
    if_match: Annotated[str, Field(pattern=r"^[ -~]{1,200}$")] | None = Field(
        default=None, description="As the header `If-Match`.", examples=['"3"']
    )


def _named_once(operations: list[Operation]) -> list[Operation]:
    if repeated := _repeated(operation.op_id for operation in operations):
        raise ValueError(f"each needs an op_id of its own: that of operation {repeated[0]} is taken")
    return operations


def _repeated(names: Iterable[str]) -> list[int]:
    """Places of names that came before."""
    seen: set[str] = set()
    return [place for place, name in enumerate(names) if name in seen or seen.add(name)]  # type: ignore[func-returns-value]  # add gives None


class BatchRequest(Input):
    """Operations, run in order in one transaction."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "atomic": True,
                    "operations": [
                        {"op_id": "trip", "method": "POST", "path": "/v1/lists", "body": {"name": "Trip"}},
                        {
                            "op_id": "pack",
                            "method": "POST",
                            "path": "/v1/todos",
                            "body": {"title": "Pack", "list_id": "$ref:trip"},
                        },
                    ],
                }
            ]
        }
    )

    atomic: Boolean = Field(
        default=False, description="All or nothing: the first failure undoes everything. `false` unless given."
    )
    operations: Annotated[list[Operation], Field(min_length=1, max_length=100), AfterValidator(_named_once)]


class OperationHeaders(Output):
    """What the operation's own answer says besides its body."""

    etag: str | None = Field(default=None, examples=['"1"'])
    location: str | None = None


class OperationResult(Output):
    """The answer to one operation."""

    op_id: str
    status: int = Field(examples=[201])
    headers: OperationHeaders
    body: Any = Field(description="As the operation alone would have answered it: a resource, a problem, or null.")


class BatchResult(Output):
    """The answers, in the order of the operations."""

    succeeded: int
    failed: int
    results: list[OperationResult]
