"""Comments."""

from typing import Any

from fastapi import APIRouter, Response

from todo_api.dependencies.auth import needs
from todo_api.dependencies.paging import Pages
from todo_api.dependencies.paths import CommentId, TodoId
from todo_api.dependencies.preconditions import IfMatch, IfNoneMatch, tagged, unless_known
from todo_api.dependencies.repositories import Comments
from todo_api.domain.permissions import Scope
from todo_api.repositories.comments import CommentRow
from todo_api.schemas.comments import CommentCreate, CommentEditRead, CommentRead, CommentUpdate
from todo_api.schemas.pages import Page
from todo_api.web.route import Route

router = APIRouter(prefix="/v1", tags=["comments"], route_class=Route)

READ = needs(Scope.TODOS_READ)
WRITE = needs(Scope.TODOS_READ, Scope.COMMENTS_WRITE)


@router.get("/todos/{todo_id}/comments", dependencies=[READ], response_model=Page[CommentRead])
async def list_comments(todo_id: TodoId, comments: Comments, pages: Pages, response: Response) -> dict[str, Any]:
    """Comments on a todo, the oldest first."""
    return pages.answer(response, await comments.page(todo_id, limit=pages.limit, after=pages.after))


@router.post("/todos/{todo_id}/comments", dependencies=[WRITE], status_code=201, response_model=CommentRead)
async def create_comment(todo_id: TodoId, data: CommentCreate, comments: Comments, response: Response) -> CommentRow:
    """Comment on a todo."""
    row = await comments.create(todo_id, data)
    response.headers["location"] = f"/v1/comments/{row.id}"
    return tagged(response, row)


@router.get("/comments/{comment_id}", dependencies=[READ], response_model=CommentRead)
async def get_comment(comment_id: CommentId, comments: Comments, known: IfNoneMatch, response: Response) -> CommentRow:
    """One comment."""
    return unless_known(response, await comments.get(comment_id), known)


@router.patch("/comments/{comment_id}", dependencies=[WRITE], response_model=CommentRead)
async def update_comment(
    comment_id: CommentId, data: CommentUpdate, comments: Comments, expected: IfMatch, response: Response
) -> CommentRow:
    """Edit your comment; what it said before is kept among its edits."""
    return tagged(response, await comments.update(comment_id, data, expected))


@router.delete("/comments/{comment_id}", dependencies=[WRITE], status_code=204)
async def delete_comment(comment_id: CommentId, comments: Comments, expected: IfMatch) -> None:
    """Delete your comment, or, as an admin of the workspace, anybody's; doing it again answers the same."""
    await comments.delete(comment_id, expected)


@router.get("/comments/{comment_id}/edits", dependencies=[READ], response_model=Page[CommentEditRead])
async def list_comment_edits(comment_id: CommentId, comments: Comments, pages: Pages, response: Response) -> dict[str, Any]:
    """What a comment said before each edit, the oldest first."""
    return pages.answer(response, await comments.edits(comment_id, limit=pages.limit, after=pages.after))
