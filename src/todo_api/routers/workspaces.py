"""Workspaces."""

from typing import Any

from fastapi import APIRouter, Response

from todo_api.dependencies.auth import needs
from todo_api.dependencies.paths import WorkspaceId
from todo_api.dependencies.preconditions import IfNoneMatch, unless_known
from todo_api.dependencies.repositories import Workspaces
from todo_api.domain.permissions import Scope
from todo_api.schemas.pages import Page
from todo_api.schemas.workspaces import WorkspaceRead
from todo_api.web.route import Route

router = APIRouter(prefix="/v1/workspaces", tags=["workspaces"], route_class=Route)

READ = needs(Scope.LISTS_READ)


@router.get("", dependencies=[READ], response_model=Page[WorkspaceRead])
async def list_workspaces(workspaces: Workspaces) -> dict[str, Any]:
    """Workspaces you are a member of, the oldest first; there is always one page."""
    return {"items": await workspaces.all(), "next_cursor": None}


@router.get("/{workspace_id}", dependencies=[READ], response_model=WorkspaceRead)
async def get_workspace(workspace_id: WorkspaceId, workspaces: Workspaces, known: IfNoneMatch, response: Response) -> Any:
    """One workspace."""
    return unless_known(response, await workspaces.get(workspace_id), known)
