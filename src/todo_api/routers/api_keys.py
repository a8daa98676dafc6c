"""API keys."""

from typing import Any

from fastapi import APIRouter, Response

from todo_api.dependencies.auth import CurrentActor, needs
from todo_api.dependencies.paging import Pages
from todo_api.dependencies.paths import KeyId
from todo_api.dependencies.preconditions import IfNoneMatch, tagged, unless_known
from todo_api.dependencies.repositories import ApiKeys
from todo_api.dependencies.services import KeyMaking
from todo_api.domain.permissions import Scope
from todo_api.schemas.api_keys import ApiKeyCreate, ApiKeyCreated, ApiKeyRead
from todo_api.schemas.pages import Page
from todo_api.web.route import Route

router = APIRouter(prefix="/v1/keys", tags=["keys"], route_class=Route)

MANAGE = needs(Scope.KEYS_MANAGE, account=True)


@router.get("", dependencies=[MANAGE], response_model=Page[ApiKeyRead])
async def list_keys(keys: ApiKeys, actor: CurrentActor, pages: Pages, response: Response) -> dict[str, Any]:
    """Your API keys, the oldest first."""
    return pages.answer(response, await keys.page(actor.user_id, limit=pages.limit, after=pages.after))


@router.post("", dependencies=[MANAGE], status_code=201, response_model=ApiKeyCreated)
async def create_key(data: ApiKeyCreate, making: KeyMaking, actor: CurrentActor, response: Response) -> dict[str, Any]:
    """Create an API key that may do no more than this credential; its text is shown this once."""
    row, key = await making.create(actor, data)
    response.headers["location"] = f"/v1/keys/{row.id}"
    return {**tagged(response, row)._asdict(), "key": key}


@router.get("/{key_id}", dependencies=[MANAGE], response_model=ApiKeyRead)
async def get_key(key_id: KeyId, keys: ApiKeys, actor: CurrentActor, known: IfNoneMatch, response: Response) -> Any:
    """One API key, without its secret."""
    return unless_known(response, await keys.get(actor.user_id, key_id), known)


@router.delete("/{key_id}", dependencies=[MANAGE], status_code=204)
async def revoke_key(key_id: KeyId, keys: ApiKeys, actor: CurrentActor) -> None:
    """Revoke an API key for ever; doing it again answers the same."""
    await keys.revoke(actor.user_id, key_id)
