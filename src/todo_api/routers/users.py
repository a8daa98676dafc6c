"""The caller."""

from typing import Any

from fastapi import APIRouter, Response

from todo_api.dependencies.auth import CurrentActor, needs
from todo_api.dependencies.paging import LARGEST_LIMIT
from todo_api.dependencies.preconditions import IfMatch, tagged
from todo_api.dependencies.repositories import Users, Workspaces
from todo_api.dependencies.session import CurrentState
from todo_api.domain.permissions import Scope
from todo_api.schemas.users import Limits, Me, UserRead, UserUpdate
from todo_api.web.route import Route

router = APIRouter(prefix="/v1/me", tags=["me"], route_class=Route)


@router.get("", dependencies=[needs()], response_model=Me)
async def get_me(
    actor: CurrentActor, users: Users, workspaces: Workspaces, state: CurrentState, response: Response
) -> dict[str, Any]:
    """You, what this credential may do, and the limits, so that a client never guesses.

    The `ETag` is for `If-Match`: it names the version of your settings, and what depends on the credential changes without it.
    """
    user = tagged(response, await users.get(actor.user_id))
    limits = Limits(
        max_body_bytes=state.settings.max_body_bytes,
        page_limit=LARGEST_LIMIT,
        title_length=1000,
        notes_bytes=65536,
        comment_bytes=16384,
        nesting_depth=5,
    )
    return {
        **UserRead.model_validate(user).model_dump(),
        "scopes": sorted(actor.scopes),
        "list_ids": actor.list_ids,
        "workspaces": await workspaces.all(),
        "limits": limits,
    }


@router.patch("", dependencies=[needs(Scope.WORKSPACE_MANAGE, account=True)], response_model=UserRead)
async def update_me(data: UserUpdate, actor: CurrentActor, users: Users, expected: IfMatch, response: Response) -> Any:
    """Change the settings you send. Of a new time zone, all-day and floating dates follow you, zoned ones do not."""
    return tagged(response, await users.update(actor.user_id, data, expected))
