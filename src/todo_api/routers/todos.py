"""Todos."""

from typing import Annotated, Any

from fastapi import APIRouter, Body, Response
from fastapi.responses import JSONResponse

from todo_api.dependencies.auth import CurrentActor, needs
from todo_api.dependencies.paging import Pages
from todo_api.dependencies.paths import ExternalId, ExternalSource, TodoId
from todo_api.dependencies.preconditions import IfMatch, IfNoneMatch, OnlyNew, tagged, unless_known
from todo_api.dependencies.repositories import Todos
from todo_api.dependencies.todo_query import Counted, Filter, Sort
from todo_api.domain.actor import Actor
from todo_api.domain.permissions import Scope
from todo_api.repositories.todos import TodoRow
from todo_api.schemas.pages import Page
from todo_api.schemas.todos import TodoComplete, TodoCompleted, TodoCreate, TodoCreated, TodoMove, TodoPut, TodoRead, TodoUpdate
from todo_api.web.route import Route

router = APIRouter(prefix="/v1/todos", tags=["todos"], route_class=Route)

READ = needs(Scope.TODOS_READ)
CREATE = needs(Scope.TODOS_WRITE)
WRITE = needs(Scope.TODOS_READ, Scope.TODOS_WRITE)
COMPLETE = needs(Scope.TODOS_READ, Scope.TODOS_COMPLETE)  # of PATCH and PUT: what is more than that, the repository refuses
PUT = needs(Scope.TODOS_COMPLETE)
_MADE: Any = TodoRead | TodoCreated  # the answer to a credential with todos:read, and to one without


@router.get("", dependencies=[READ], response_model=Page[TodoRead])
async def list_todos(  # noqa: PLR0917  # FastAPI's way to ask for things
    todos: Todos, filter_: Filter, sort: Sort, pages: Pages, counted: Counted, response: Response
) -> dict[str, Any]:
    """Todos of all lists you see: open ones outside archived lists, unless you ask for others.

    Several values of one parameter mean any of them. Todos without a value of the sort key come last, in both directions.
    """
    by, descending = sort
    found = await todos.page(filter_, sort=by, descending=descending, limit=pages.limit, after=pages.after, counted=counted)
    return pages.answer(response, found)


@router.post("", dependencies=[CREATE], status_code=201, response_model=TodoRead, responses={201: {"model": _MADE}})
async def create_todo(data: TodoCreate, todos: Todos, actor: CurrentActor, response: Response) -> TodoRow | Response:
    """Create a todo, in the inbox unless you name a list.

    A credential without the scope `todos:read` gets the `id` only.
    """
    return _created(response, await todos.create(data), actor)


@router.get("/{todo_id}", dependencies=[READ], response_model=TodoRead)
async def get_todo(todo_id: TodoId, todos: Todos, known: IfNoneMatch, response: Response) -> TodoRow:
    """One todo."""
    return unless_known(response, await todos.get(todo_id), known)


@router.patch("/{todo_id}", dependencies=[COMPLETE], response_model=TodoRead)
async def update_todo(todo_id: TodoId, data: TodoUpdate, todos: Todos, expected: IfMatch, response: Response) -> TodoRow:
    """Change the fields you send; leave the others alone (JSON Merge Patch).

    `completed` and `status` complete and reopen as the actions do, and need `todos:complete`; all else needs `todos:write`.
    """
    return tagged(response, await todos.update(todo_id, data, expected))


@router.put(
    "/{todo_id}",
    dependencies=[PUT],
    response_model=TodoRead,
    responses={200: {"model": _MADE}, 201: {"model": _MADE}},
)
async def put_todo(  # noqa: PLR0917  # FastAPI's way to ask for things
    todo_id: TodoId,
    data: TodoPut,
    todos: Todos,
    actor: CurrentActor,
    expected: IfMatch,
    only_new: OnlyNew,
    response: Response,
) -> TodoRow | Response:
    """Create a todo under your own id, or change the fields you send where it exists.

    Repeating it changes nothing, so an offline client can create safely. All but completing and reopening needs the scope
    `todos:write`. A credential without `todos:read` creates and repeats, and gets the `id`; what would change an existing todo
    is refused.
    """
    row, created = await todos.put(todo_id, data, expected, only_new=only_new)
    if created:
        response.status_code = 201
        return _created(response, row, actor)
    return tagged(response, row) if actor.may(Scope.TODOS_READ) else JSONResponse({"id": row.id})


@router.put(
    "/by-external/{source}/{external_id:path}",
    dependencies=[COMPLETE],
    response_model=TodoRead,
    responses={201: {"model": TodoRead}},
)
async def upsert_todo(  # noqa: PLR0917  # FastAPI's way to ask for things
    source: ExternalSource, external_id: ExternalId, data: TodoPut, todos: Todos, expected: IfMatch, response: Response
) -> TodoRow:
    """Create the todo of an external reference, or change the fields you send where it exists.

    The reference is unique in a workspace: that of the list you name, else your default list's. All but
    completing and reopening needs the scope `todos:write`.
    """
    row, created = await todos.upsert_external(source, external_id, data, expected)
    if created:
        response.status_code = 201
        response.headers["location"] = f"/v1/todos/{row.id}"
    return tagged(response, row)


@router.delete("/{todo_id}", dependencies=[WRITE], status_code=204)
async def delete_todo(todo_id: TodoId, todos: Todos, expected: IfMatch) -> None:
    """Move a todo and its subtasks to the trash; doing it again answers the same."""
    await todos.delete(todo_id, expected)


@router.post("/{todo_id}/complete", dependencies=[COMPLETE])
async def complete_todo(
    todo_id: TodoId, todos: Todos, expected: IfMatch, response: Response, data: Annotated[TodoComplete | None, Body()] = None
) -> TodoCompleted:
    """Complete a todo and, unless you say otherwise, its open subtasks.

    Completing it again changes nothing and answers `replayed: true`.
    """
    row, replayed = await todos.complete(todo_id, data or TodoComplete(), expected)
    return TodoCompleted.of(tagged(response, row), replayed=replayed)


@router.post("/{todo_id}/reopen", dependencies=[COMPLETE])
async def reopen_todo(todo_id: TodoId, todos: Todos, expected: IfMatch, response: Response) -> TodoCompleted:
    """Reopen a todo, and exactly the subtasks that its completion closed."""
    row, replayed = await todos.reopen(todo_id, expected)
    return TodoCompleted.of(tagged(response, row), replayed=replayed)


@router.post("/{todo_id}/move", dependencies=[WRITE], response_model=TodoRead)
async def move_todo(todo_id: TodoId, data: TodoMove, todos: Todos, expected: IfMatch, response: Response) -> TodoRow:
    """Put a todo and its subtasks into another list, below another todo, or elsewhere among its neighbours."""
    return tagged(response, await todos.move(todo_id, data, expected))


def _created(response: Response, row: TodoRow, actor: Actor) -> TodoRow | Response:
    location = f"/v1/todos/{row.id}"
    if not actor.may(Scope.TODOS_READ):
        return JSONResponse({"id": row.id}, status_code=201, headers={"location": location})
    response.headers["location"] = location
    return tagged(response, row)
