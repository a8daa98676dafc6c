"""Reading todos page by page."""

from dataclasses import dataclass
from typing import Any

from todo_api.domain.paging import Position, Slice
from todo_api.domain.sorting import TodoSort
from todo_api.errors import CursorInvalidError
from todo_api.repositories import _search
from todo_api.repositories._todo_base import TodoBase
from todo_api.repositories._todo_conditions import Shape, shaped
from todo_api.repositories._todo_orders import RELEVANCE, Order, order_of
from todo_api.repositories._todo_page import count_statement, page_statement, place_parameters
from todo_api.repositories._todo_rows import COLUMNS, TodoRow
from todo_api.schemas.todos import TodoFilter


@dataclass(frozen=True, slots=True)
class Listing:
    """Which todos, in which order, and the values of the statements that say so."""

    shape: Shape
    order: Order
    parameters: dict[str, Any]


class TodoListing(TodoBase):
    """Lists of todos."""

    async def page(
        self,
        filter_: TodoFilter,
        *,
        sort: TodoSort | None = None,
        descending: bool = False,
        limit: int,
        after: Position | None,
        counted: bool = False,
    ) -> Slice[TodoRow]:
        """Todos that the actor sees, in order; without ``sort``, what is searched for comes by relevance, all else by hand.

        ``counted`` asks for the number of all of them as well.
        """
        shape, parameters = shaped(filter_, self.actor, self.clock(), self.session.dialect_name)
        searched = sort is None and filter_.q is not None
        order = RELEVANCE if searched else order_of(sort or TodoSort.ORDER, descending=descending)
        return await self._page(Listing(shape, order, parameters), limit=limit, after=after, counted=counted)

    async def _page(self, listing: Listing, *, limit: int, after: Position | None, counted: bool) -> Slice[TodoRow]:
        if not self.actor.workspace_ids and not self.actor.guest_list_ids:
            return Slice([], None, 0 if counted else None)
        if listing.shape.search is not None:
            await _search.settle(self.session)
        start, keys = _opened(listing, after)
        found: list[tuple[TodoRow, Position]] = []
        for number in range(start, len(listing.order.stretches)):
            place = None if after is None or number > start else place_parameters(listing.order.stretches[number], keys, after.id)
            found += await self._fetch(listing, number, place, limit + 1 - len(found))
            if len(found) > limit:
                break
        total = await self._count(listing) if counted else None
        items = [row for row, _ in found[:limit]]
        return Slice(items, found[limit - 1][1] if len(found) > limit else None, total)

    async def _fetch(
        self, listing: Listing, number: int, place: dict[str, Any] | None, count: int
    ) -> list[tuple[TodoRow, Position]]:
        statement = page_statement(listing.shape, listing.order.stretches[number], continued=place is not None)
        result = await self.session.execute(statement, listing.parameters | (place or {}) | {"row_limit": count})
        return [
            (self._row(columns), Position([listing.order.name, number, *columns[len(COLUMNS) :]], columns[0]))
            for columns in result
        ]

    async def _count(self, listing: Listing) -> int:
        total = 0
        for stretch in listing.order.stretches:
            total += (await self.session.execute(count_statement(listing.shape, stretch), listing.parameters)).scalar_one()
        return total


def _opened(listing: Listing, after: Position | None) -> tuple[int, list[Any]]:
    """Where a page begins: the number of its stretch, and the keys of the row before; the cursor must be of the same order."""
    if after is None:
        return 0, []
    name, number, *keys = after.value
    if name != listing.order.name:
        raise CursorInvalidError
    return number, keys
