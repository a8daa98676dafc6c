"""Pages of a list."""

from typing import Any, Generic, TypeVar

from pydantic import Field

from todo_api.schemas._base import Output

Item = TypeVar("Item")


class Page(Output, Generic[Item]):
    """Some items, and where the next ones are."""

    items: list[Item]
    next_cursor: str | None = Field(
        description="Send it as `cursor`, with the same parameters, for the next page; null at the end."
    )
    total: int | None = Field(
        default=None, exclude_if=lambda total: total is None, description="How many there are in all; only with `count=exact`."
    )

    @classmethod
    def model_parametrized_name(cls, params: tuple[Any, ...]) -> str:
        """``TodoPage`` for ``Page[TodoRead]``: the schema's name in OpenAPI and in generated clients."""
        return f"{params[0].__name__.removesuffix('Read')}Page"
