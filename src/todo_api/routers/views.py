"""Views of todos."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response
from pydantic import Field

from todo_api.dependencies.auth import needs
from todo_api.dependencies.paging import Pages
from todo_api.dependencies.todo_query import Counted
from todo_api.dependencies.views import Views
from todo_api.domain.permissions import Scope
from todo_api.domain.views import View
from todo_api.errors import Flaw, InvalidInputError
from todo_api.repositories.views import UPCOMING_DAYS
from todo_api.schemas.fields import PLAIN_DIGITS
from todo_api.schemas.pages import Page
from todo_api.schemas.todos import TodoRead
from todo_api.web.route import Route

router = APIRouter(prefix="/v1/views", tags=["views"], route_class=Route)

READ = needs(Scope.TODOS_READ)
Days = Annotated[int, Field(ge=1, le=366), PLAIN_DIGITS]


@router.get("/{view}", dependencies=[READ], response_model=Page[TodoRead])
async def get_view(  # noqa: PLR0917  # FastAPI's way to ask for things
    view: Annotated[View, Path(description="Which view.")],
    views: Views,
    pages: Pages,
    counted: Counted,
    response: Response,
    days: Annotated[Days | None, Query(description=f"Only `upcoming`: days after today, {UPCOMING_DAYS} unless given.")] = None,
) -> dict[str, Any]:
    """Open todos of all lists you see that are not archived, chosen and ordered for one purpose.

    * `inbox`: those of your inbox, as you ordered them.
    * `today`: overdue and due today, by date; then those that have started, by start.
    * `upcoming`: due after today, within some days, by date.
    * `overdue`: by date.
    * `no-date`: without a due date, as you ordered them.
    * `completed`: completed ones, the newest first.
    * `assigned`: those assigned to you, by due date.
    """
    if days is not None and view is not View.UPCOMING:
        raise InvalidInputError([Flaw("only upcoming looks ahead", "unknown_parameter", parameter="days")])
    found = await views.page_of(view, days=days or UPCOMING_DAYS, limit=pages.limit, after=pages.after, counted=counted)
    return pages.answer(response, found)
