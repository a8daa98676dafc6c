"""Lists."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from todo_api.dependencies.auth import needs
from todo_api.dependencies.paging import Pages
from todo_api.dependencies.paths import ListId
from todo_api.dependencies.preconditions import IfMatch, IfNoneMatch, tagged, unless_known
from todo_api.dependencies.repositories import Lists
from todo_api.domain.permissions import Scope
from todo_api.repositories.lists import ListRow
from todo_api.schemas.fields import QueryBoolean
from todo_api.schemas.lists import ListCreate, ListMove, ListRead, ListUpdate
from todo_api.schemas.pages import Page
from todo_api.web.route import Route

router = APIRouter(prefix="/v1/lists", tags=["lists"], route_class=Route)

READ = needs(Scope.LISTS_READ)
WRITE = needs(Scope.LISTS_READ, Scope.LISTS_WRITE)


@router.get("", dependencies=[READ], response_model=Page[ListRead])
async def list_lists(
    lists: Lists,
    pages: Pages,
    response: Response,
    archived: Annotated[QueryBoolean, Query(description="Archived lists instead of the others.")] = False,  # noqa: FBT002  # a query parameter
) -> dict[str, Any]:
    """Lists you see, in order."""
    return pages.answer(response, await lists.page(limit=pages.limit, after=pages.after, archived=archived))


@router.post("", dependencies=[WRITE], status_code=201, response_model=ListRead)
async def create_list(data: ListCreate, lists: Lists, response: Response) -> ListRow:
    """Create a list, in your personal workspace unless you name another."""
    row = await lists.create(data)
    response.headers["location"] = f"/v1/lists/{row.id}"
    return tagged(response, row)


@router.get("/{list_id}", dependencies=[READ], response_model=ListRead)
async def get_list(list_id: ListId, lists: Lists, known: IfNoneMatch, response: Response) -> ListRow:
    """One list."""
    return unless_known(response, await lists.get(list_id), known)


@router.patch("/{list_id}", dependencies=[WRITE], response_model=ListRead)
async def update_list(list_id: ListId, data: ListUpdate, lists: Lists, expected: IfMatch, response: Response) -> ListRow:
    """Change the fields you send; `archived` archives and unarchives."""
    return tagged(response, await lists.update(list_id, data, expected))


@router.delete("/{list_id}", dependencies=[WRITE], status_code=204)
async def delete_list(list_id: ListId, lists: Lists, expected: IfMatch) -> None:
    """Move a list and all in it to the trash as one unit; doing it again answers the same."""
    await lists.delete(list_id, expected)


@router.post("/{list_id}/move", dependencies=[WRITE], response_model=ListRead)
async def move_list(list_id: ListId, data: ListMove, lists: Lists, expected: IfMatch, response: Response) -> ListRow:
    """Put a list before or after another."""
    return tagged(response, await lists.move(list_id, data, expected))
