"""Registration and passwords."""

from typing import Any

from fastapi import APIRouter, Request, Response

from todo_api.dependencies.auth import CurrentActor, needs
from todo_api.dependencies.idempotency import KEYED
from todo_api.dependencies.services import Accounts, LoginFlow
from todo_api.dependencies.session import CurrentState
from todo_api.domain.permissions import Scope
from todo_api.errors import RegistrationClosedError
from todo_api.schemas.accounts import PasswordChange, Registration
from todo_api.schemas.logins import RegisteredUser
from todo_api.web.route import Route

router = APIRouter(prefix="/v1/auth", tags=["auth"], route_class=Route)


@router.post("/register", dependencies=[KEYED], status_code=201, response_model=RegisteredUser, responses={403: {}})
async def register(  # noqa: PLR0917  # FastAPI's way to ask for things
    data: Registration, accounts: Accounts, flow: LoginFlow, state: CurrentState, request: Request, response: Response
) -> dict[str, Any]:
    """Create an account with its personal workspace and inbox, and log in."""
    if not state.settings.registration_open:
        raise RegistrationClosedError
    made = await accounts.register(data)
    response.headers["location"] = "/v1/me"
    tokens = await flow.open(made.user.id, user_agent=request.headers.get("user-agent", ""))
    return {"user": made.user, "workspace_id": made.workspace_id, "inbox_id": made.inbox_id, "tokens": tokens}


@router.post(
    "/password", dependencies=[needs(Scope.KEYS_MANAGE, hashes=True, account=True)], status_code=204, responses={429: {}}
)
async def change_password(data: PasswordChange, accounts: Accounts, actor: CurrentActor) -> None:
    """Change your password; your other sessions end."""
    kind, _, session_id = actor.credential.partition(":")
    await accounts.change_password(
        actor.user_id,
        current=data.current_password.get_secret_value(),
        new=data.new_password.get_secret_value(),
        keep_session=session_id if kind == "session" else None,
    )
