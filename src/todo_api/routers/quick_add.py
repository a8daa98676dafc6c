"""Quick add."""

from typing import Any

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse

from todo_api.dependencies.auth import CurrentActor, needs
from todo_api.dependencies.preconditions import tagged
from todo_api.dependencies.services import QuickAdder
from todo_api.domain.permissions import Scope
from todo_api.errors import ScopeMissingError
from todo_api.schemas.quick_add import QuickAdd, QuickAdded, QuickAddedIds, QuickDraft, TodoDraft
from todo_api.web.route import Route

router = APIRouter(prefix="/v1/todos", tags=["todos"], route_class=Route)

CREATE = needs(Scope.TODOS_WRITE)


@router.post(
    "/quick",
    dependencies=[CREATE],
    status_code=201,
    response_model=QuickAdded,
    responses={200: {"model": QuickDraft}, 201: {"model": QuickAdded | QuickAddedIds}},
)
async def quick_add(data: QuickAdd, adder: QuickAdder, actor: CurrentActor, response: Response) -> dict[str, Any] | Response:
    """Create todos from text: `Pay rent every 1st at 9am #Home @bills !high //from the joint account`.

    `#List`, `/Section`, `@label`, `!low` to `!urgent`, `+person`, `{deadline}`, `~30m`, dates, `every …`, and `every! …` counted
    from completion. Each line is a todo, an indented one a subtask. What is not understood stays in the title; `parsed` tells
    what was. `dry_run` makes nothing, and answers 200. A credential without the scope `todos:read` gets the ids only.
    """
    reads = actor.may(Scope.TODOS_READ)
    if data.dry_run:
        if not reads:
            raise ScopeMissingError(Scope.TODOS_READ.value)
        drafted = await adder.draft(data)
        todos = TodoDraft.all_of(drafted.todos)
        answer = QuickDraft.model_validate({"todo": todos[0], "todos": todos, "parsed": drafted.parsed})
        return Response(answer.model_dump_json(), media_type="application/json")
    made = await adder.add(data)
    location = f"/v1/todos/{made.todos[0].id}"
    if not reads:
        ids = [{"id": row.id} for row in made.todos]
        return JSONResponse({"todo": ids[0], "todos": ids, "parsed": []}, 201, {"location": location})
    response.headers["location"] = location
    return {"todo": tagged(response, made.todos[0]), "todos": made.todos, "parsed": made.parsed}
