"""Saved filters."""

from typing import Any

from fastapi import APIRouter, Response

from todo_api.dependencies.auth import needs
from todo_api.dependencies.paging import Pages
from todo_api.dependencies.paths import FilterId
from todo_api.dependencies.preconditions import IfMatch, IfNoneMatch, tagged, unless_known
from todo_api.dependencies.repositories import Filters
from todo_api.domain.permissions import Scope
from todo_api.repositories.filters import FilterRow
from todo_api.schemas.filters import FilterCreate, FilterMove, FilterRead, FilterUpdate
from todo_api.schemas.pages import Page
from todo_api.web.route import Route

router = APIRouter(prefix="/v1/filters", tags=["filters"], route_class=Route)

READ = needs(Scope.TODOS_READ, account=True)
WRITE = needs(Scope.TODOS_READ, Scope.TODOS_WRITE, account=True)


@router.get("", dependencies=[READ], response_model=Page[FilterRead])
async def list_filters(filters: Filters, pages: Pages, response: Response) -> dict[str, Any]:
    """Your saved filters, in order; nobody else sees them."""
    return pages.answer(response, await filters.page(limit=pages.limit, after=pages.after))


@router.post("", dependencies=[WRITE], status_code=201, response_model=FilterRead)
async def create_filter(data: FilterCreate, filters: Filters, response: Response) -> FilterRow:
    """Save a filter. One that cannot be read is refused, with its `offset`, `length` and what was `expected` there."""
    row = await filters.create(data)
    response.headers["location"] = f"/v1/filters/{row.id}"
    return tagged(response, row)


@router.get("/{filter_id}", dependencies=[READ], response_model=FilterRead)
async def get_filter(filter_id: FilterId, filters: Filters, known: IfNoneMatch, response: Response) -> FilterRow:
    """One saved filter."""
    return unless_known(response, await filters.get(filter_id), known)


@router.patch("/{filter_id}", dependencies=[WRITE], response_model=FilterRead)
async def update_filter(
    filter_id: FilterId, data: FilterUpdate, filters: Filters, expected: IfMatch, response: Response
) -> FilterRow:
    """Change the fields you send."""
    return tagged(response, await filters.update(filter_id, data, expected))


@router.delete("/{filter_id}", dependencies=[WRITE], status_code=204)
async def delete_filter(filter_id: FilterId, filters: Filters, expected: IfMatch) -> None:
    """Delete a saved filter; doing it again answers the same."""
    await filters.delete(filter_id, expected)


@router.post("/{filter_id}/move", dependencies=[WRITE], response_model=FilterRead)
async def move_filter(
    filter_id: FilterId, data: FilterMove, filters: Filters, expected: IfMatch, response: Response
) -> FilterRow:
    """Put a saved filter before or after another."""
    return tagged(response, await filters.move(filter_id, data, expected))
