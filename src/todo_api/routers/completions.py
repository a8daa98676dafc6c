"""Occurrences of recurring todos: records of those gone by, previews of those to come, and what is done to the present one."""

from typing import Annotated, Any

from fastapi import APIRouter, Body, Query, Response
from pydantic import Field

from todo_api.dependencies.auth import needs
from todo_api.dependencies.paging import Pages
from todo_api.dependencies.paths import TodoId
from todo_api.dependencies.preconditions import IfMatch, tagged
from todo_api.dependencies.repositories import Completions, Todos
from todo_api.domain.permissions import Scope
from todo_api.domain.series import occurrence_from
from todo_api.repositories.todos import TodoRow
from todo_api.schemas.completions import CompletionRead, Occurrences
from todo_api.schemas.fields import PLAIN_DIGITS
from todo_api.schemas.pages import Page
from todo_api.schemas.todo_parts import Occurrence
from todo_api.schemas.todos import TodoCompleted, TodoRead, TodoReschedule, TodoSkip
from todo_api.web.route import Route

router = APIRouter(prefix="/v1/todos", tags=["todos"], route_class=Route)

READ = needs(Scope.TODOS_READ)
WRITE = needs(Scope.TODOS_READ, Scope.TODOS_WRITE)
COMPLETE = needs(Scope.TODOS_READ, Scope.TODOS_COMPLETE)


@router.get("/{todo_id}/completions", dependencies=[READ], response_model=Page[CompletionRead])
async def list_completions(todo_id: TodoId, completions: Completions, pages: Pages, response: Response) -> dict[str, Any]:
    """What was completed and skipped, the newest first."""
    return pages.answer(response, await completions.page(todo_id, limit=pages.limit, after=pages.after))


@router.get("/{todo_id}/occurrences", dependencies=[READ], response_model=Occurrences)
async def list_occurrences(
    todo_id: TodoId,
    completions: Completions,
    since: Annotated[Occurrence | None, Query(alias="from", description="The current occurrence unless given.")] = None,
    until: Annotated[Occurrence | None, Query(alias="to", description="The last date, included.")] = None,
    limit: Annotated[Annotated[int, Field(ge=1, le=100), PLAIN_DIGITS], Query(description="How many.")] = 10,
) -> dict[str, Any]:
    """What the rule names from a date on; a preview, in which no completion is assumed."""
    first = None if since is None else occurrence_from(since)
    last = None if until is None else occurrence_from(until)
    return {"items": await completions.occurrences(todo_id, since=first, until=last, limit=limit)}


@router.post("/{todo_id}/skip", dependencies=[COMPLETE])
async def skip_occurrence(
    todo_id: TodoId, todos: Todos, expected: IfMatch, response: Response, data: Annotated[TodoSkip | None, Body()] = None
) -> TodoCompleted:
    """Let the current occurrence go by; the last one of a series cancels the todo.

    Send `occurrence`, and a repeat changes nothing and answers `replayed: true`.
    """
    row, replayed = await todos.skip(todo_id, data or TodoSkip(), expected)
    return TodoCompleted.of(tagged(response, row), replayed=replayed)


@router.post("/{todo_id}/reschedule", dependencies=[WRITE], response_model=TodoRead)
async def reschedule_occurrence(
    todo_id: TodoId, data: TodoReschedule, todos: Todos, expected: IfMatch, response: Response
) -> TodoRow:
    """Move this occurrence to another date; the rule and the key of the occurrence stay, so the series does not drift."""
    return tagged(response, await todos.reschedule(todo_id, data, expected))


@router.post("/{todo_id}/end-series", dependencies=[WRITE], response_model=TodoRead)
async def end_series(todo_id: TodoId, todos: Todos, expected: IfMatch, response: Response) -> TodoRow:
    """Forget the rule: the todo stays as it is and happens once more."""
    return tagged(response, await todos.end_series(todo_id, expected))
