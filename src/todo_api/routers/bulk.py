"""Many todos in one request."""

from typing import Any

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse

from todo_api.dependencies.auth import CurrentActor, needs
from todo_api.dependencies.repositories import Todos
from todo_api.dependencies.todo_query import filter_of
from todo_api.domain.permissions import Scope
from todo_api.errors import ScopeMissingError
from todo_api.repositories.todos import NewTodo
from todo_api.schemas.bulk import BulkCreate, BulkCreated, BulkCreatedIds, BulkUpdate, BulkUpdated
from todo_api.web.route import Route

router = APIRouter(prefix="/v1/todos", tags=["todos"], route_class=Route)

CREATE = needs(Scope.TODOS_WRITE)
COMPLETE = needs(Scope.TODOS_READ, Scope.TODOS_COMPLETE)


@router.post(
    "/bulk",
    dependencies=[CREATE],
    status_code=201,
    response_model=BulkCreated,
    responses={201: {"model": BulkCreated | BulkCreatedIds}},
)
async def create_todos(data: BulkCreate, todos: Todos, actor: CurrentActor) -> dict[str, Any] | Response:
    """Create up to 500 todos, all of them or none.

    Problems point to what is wrong: `#/todos/3/title`. A credential without the scope `todos:read` gets the ids only.
    """
    rows = await todos.create_all([NewTodo(item, pointer=f"#/todos/{index}") for index, item in enumerate(data.todos)])
    if not actor.may(Scope.TODOS_READ):
        return JSONResponse({"items": [{"id": row.id} for row in rows]}, status_code=201)
    return {"items": rows}


@router.post("/bulk-update", dependencies=[COMPLETE], response_model=BulkUpdated)
async def update_todos(data: BulkUpdate, todos: Todos, actor: CurrentActor) -> dict[str, Any]:
    """Do the same to up to 500 todos, all of them or none: change fields, complete, reopen, move or delete.

    Choose them by `ids`, or by a `filter` of the parameters of `GET /v1/todos`. `dry_run` tells how many and which, and whether
    it can be done. A failure names the todo in `todo_id`. All but completing and reopening needs the scope `todos:write`.
    """
    if data.action not in {"complete", "reopen"} and not actor.may(Scope.TODOS_WRITE):
        raise ScopeMissingError(Scope.TODOS_WRITE.value)
    ids = list(dict.fromkeys(data.ids or ())) if data.filter is None else await todos.matching(await filter_of(data.filter))
    items = await todos.change_all(ids, data)
    return {"dry_run": data.dry_run, "count": len(ids), "ids": ids, "items": items}
