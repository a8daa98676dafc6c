"""Places in a list, and the stretch of it that a page shows."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Position:
    """Where a page ended: the sort value of its last row (None: among the rows without one) and that row's id."""

    value: Any
    id: str


@dataclass(frozen=True, slots=True)
class Slice(Generic[Row]):
    """Rows of one page, where the next begins, and the count of all when it was asked for."""

    items: Sequence[Row]
    next_position: Position | None
    total: int | None = None
