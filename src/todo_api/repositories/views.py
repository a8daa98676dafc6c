"""The views: lists of todos that are asked for by name."""

from typing import Any, Final

from todo_api.domain.filter_boundaries import Boundary, FilterContext, overdue_boundary, span
from todo_api.domain.filter_resolution import Condition, Within
from todo_api.domain.filter_tree import Anchor, And, Field, Not, Relative, Unit
from todo_api.domain.paging import Position, Slice
from todo_api.domain.sorting import TodoSort
from todo_api.domain.views import View
from todo_api.repositories._filter_sql import Nearby, around, parametrized
from todo_api.repositories._todo_conditions import ME, context_of, shaped
from todo_api.repositories._todo_listing import Listing, TodoListing
from todo_api.repositories._todo_orders import Order, Stretch, order_of
from todo_api.repositories._todo_rows import TodoRow
from todo_api.schemas.todos import OPEN_STATUSES, Status, TodoFilter

UPCOMING_DAYS: Final = 7
_DUE: Final = ("due", "order")
_OPEN: Final = TodoFilter(status=OPEN_STATUSES)
_FILTERS: Final = {
    View.COMPLETED: TodoFilter(status=(Status.COMPLETED,)),
    View.ASSIGNED: TodoFilter(status=OPEN_STATUSES, assignee=(ME,)),
}

_ORDERS: Final = {
    View.INBOX: order_of(TodoSort.ORDER, descending=False),
    View.NO_DATE: Order(View.NO_DATE, (Stretch(_DUE, missing=True),)),
    View.COMPLETED: Order(View.COMPLETED, (Stretch(("completed_at",), descending=True),)),
    View.ASSIGNED: order_of(TodoSort.DUE, descending=False),
}


class ViewRepository(TodoListing):
    """Views are shown in the time zone of the actor."""

    async def page_of(
        self, view: View, *, days: int = UPCOMING_DAYS, limit: int, after: Position | None, counted: bool = False
    ) -> Slice[TodoRow]:
        """Todos of a view; ``days`` is how far ahead UPCOMING looks."""
        now = self.clock()
        order, values = _order(view, context_of(self.actor, now), days)
        filter_, branch = _FILTERS.get(view, _OPEN), "inbox" if view is View.INBOX else None
        shape, parameters = shaped(filter_, self.actor, now, self.session.dialect_name, branch=branch)
        return await self._page(Listing(shape, order, parameters | values), limit=limit, after=after, counted=counted)


def _order(view: View, context: FilterContext, days: int) -> tuple[Order, dict[str, Any]]:
    """The stretches of a view, which are also its conditions, and their parameters."""
    if view is View.TODAY:
        return _today(_end_of_day(context, 0))
    if view is View.UPCOMING:
        return _due(view, Within(Field.DUE, _end_of_day(context, 0), _end_of_day(context, days)))
    if view is View.OVERDUE:
        return _due(view, Within(Field.DUE, None, overdue_boundary(context)))
    return _ORDERS[view], {}


def _due(view: View, within: Within) -> tuple[Order, dict[str, Any]]:
    form, values = parametrized(around(within), "view")
    return Order(view, (Stretch(_DUE, form=form),)), values


def _today(end: Boundary) -> tuple[Order, dict[str, Any]]:
    """What is due comes first; then, by their start, todos that have only begun."""
    due, started = Within(Field.DUE, None, end), Within(Field.START, None, end)
    first, values = parametrized(around(due), "due")
    then, more = parametrized(And[Condition | Nearby]((around(started), Not(due))), "start")
    return Order(View.TODAY, (Stretch(_DUE, form=first), Stretch(("start", "order"), form=then))), values | more


def _end_of_day(context: FilterContext, days: int) -> Boundary:
    return span(Relative(Anchor.TODAY, days, Unit.DAY if days else None), context, by_start=False).end
