"""Keyset pages: a position instead of an offset, so nothing that stays unchanged is skipped or repeated."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from todo_api.domain.paging import Position, Slice

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of the order: rows with a sort value, or those without one, from a position on."""

    with_value: bool
    after: Position | None


Fetch = Callable[[Segment, int], Awaitable[Sequence[Row]]]


async def fetch_page(
    fetch: Fetch[Row], position_of: Callable[[Row], Position], *, limit: int, after: Position | None, nullable: bool
) -> Slice[Row]:
    """Read ``limit`` rows and one more; rows without a sort value come last in both directions, as a second segment.

    Each segment is one range of one index, which a single ``NULLS LAST`` order is not.
    """
    rows: list[Row] = []
    if after is None or after.value is not None:
        rows.extend(await fetch(Segment(with_value=True, after=after), limit + 1))
    if nullable and len(rows) <= limit:
        start = after if after is not None and after.value is None else None
        rows.extend(await fetch(Segment(with_value=False, after=start), limit + 1 - len(rows)))
    more = len(rows) > limit
    items = rows[:limit]
    return Slice(items, position_of(items[-1]) if more else None)
