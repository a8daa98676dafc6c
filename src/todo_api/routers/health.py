"""Whether the service lives and can serve, the welcome, and the pages that problems point to."""

import asyncio
import shutil
from typing import Any, Final

from fastapi import APIRouter, Request, Response

from todo_api import __version__
from todo_api.dependencies.session import CurrentState
from todo_api.errors import NotFoundError, UnavailableError, catalogue
from todo_api.repositories.health import HealthRepository
from todo_api.runtime.state import State
from todo_api.schemas.health import Live, ProblemKind, Ready, Welcome

router = APIRouter(tags=["service"])

_SECONDS: Final = 1.0
_LEAST_SPACE: Final = 64 * 2**20
_KINDS: Final = {error.code: error for error in catalogue()}


@router.get("/", response_model=Welcome)
async def welcome(request: Request) -> dict[str, Any]:
    """What this is, and where to go from here."""
    root = request.scope.get("root_path", "")
    paths = {
        "docs": "/docs",
        "redoc": "/redoc",
        "openapi": "/openapi.json",
        "live": "/livez",
        "ready": "/readyz",
        "api": "/v1/me",
    }
    return {"name": "todo-api", "version": __version__, "links": {name: root + path for name, path in paths.items()}}


@router.get("/livez")
async def live() -> Live:
    """The process answers; nothing else is looked at."""
    return Live()


@router.get("/readyz", responses={503: {"model": Ready}})
async def ready(state: CurrentState, response: Response) -> Ready:
    """Whether requests should be sent here: the database answers, there is room on the disk, no shutdown has begun."""
    checks = {"database": await _database(state), "disk": _disk(state), "shutdown": "begun" if state.stopping else "ok"}
    if all(check == "ok" for check in checks.values()):
        return Ready(status="ready", checks=checks)
    response.status_code = 503
    return Ready(status="not_ready", checks=checks)


@router.get("/problems/{code}", response_model=ProblemKind)
async def get_problem(code: str) -> dict[str, Any]:
    """What a kind of problem means: the `type` of every problem document leads here."""
    kind = _KINDS.get(code)
    if kind is None:
        raise NotFoundError
    return {"code": kind.code, "status": kind.status, "title": kind.title}


async def _database(state: State) -> str:
    try:
        async with asyncio.timeout(_SECONDS), state.database.snapshot() as session:
            revision = await HealthRepository(session, state.clock).revision()
    except (TimeoutError, UnavailableError):
        return "does not answer"
    return "ok" if revision == state.revision else f"has schema {revision or 'none'}, needed {state.revision}"


def _disk(state: State) -> str:
    file = state.database.file
    free = _LEAST_SPACE if file is None else shutil.disk_usage(file.parent).free
    return "ok" if free >= _LEAST_SPACE else "almost full"
