"""What filters find, and whether a text is one."""

from typing import Any

from fastapi import APIRouter, Response

from todo_api.dependencies.auth import needs
from todo_api.dependencies.paging import Pages
from todo_api.dependencies.paths import FilterId
from todo_api.dependencies.repositories import FilterTodos
from todo_api.dependencies.todo_query import Counted, Sort
from todo_api.domain.filter_format import format_filter
from todo_api.domain.filter_language import parse
from todo_api.domain.filter_syntax import FilterSyntaxError
from todo_api.domain.permissions import Scope
from todo_api.errors import FilterInvalidError
from todo_api.schemas.filter_todos import FilterChecked, FilterQuery
from todo_api.schemas.pages import Page
from todo_api.schemas.todos import TodoRead
from todo_api.web.route import Route

router = APIRouter(prefix="/v1/filters", tags=["filters"], route_class=Route)

READ = needs(Scope.TODOS_READ)


@router.post("/validate", dependencies=[READ])
async def validate_filter(data: FilterQuery) -> FilterChecked:
    """Check an expression of the filter language, while it is typed, without saving it.

    Where it is none, the problem says at which `offset`, over which `length`, and what was `expected` there.
    """
    try:
        return FilterChecked(valid=True, canonical=format_filter(parse(data.query)))
    except FilterSyntaxError as error:
        raise FilterInvalidError(error, pointer="#/query") from None


@router.get("/{filter_id}/todos", dependencies=[needs(Scope.TODOS_READ, account=True)], response_model=Page[TodoRead])
async def list_filter_todos(  # noqa: PLR0917  # FastAPI's way to ask for things
    filter_id: FilterId, todos: FilterTodos, sort: Sort, pages: Pages, counted: Counted, response: Response
) -> dict[str, Any]:
    """Todos that one of your saved filters finds, in its order unless you ask for another.

    As in every list these are open todos outside archived lists; a filter that speaks of `status` or `completed` finds others.
    """
    by, descending = sort
    found = await todos.page_of(filter_id, sort=by, descending=descending, limit=pages.limit, after=pages.after, counted=counted)
    return pages.answer(response, found)
