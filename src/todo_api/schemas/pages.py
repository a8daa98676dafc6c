"""Pages of a list."""

from typing import Generic, TypeVar

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
