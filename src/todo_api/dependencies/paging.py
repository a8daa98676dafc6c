"""Pages: limit and cursor in, next_cursor and Link out."""

import hashlib
from datetime import UTC, datetime
from typing import Annotated, Any, Final, TypeVar

from fastapi import Depends, Query, Request, Response
from pydantic import Field

from todo_api.dependencies.auth import CurrentActor
from todo_api.domain.paging import Position, Slice
from todo_api.runtime.state import State
from todo_api.schemas.fields import PLAIN_DIGITS
from todo_api.security import cursors

Row = TypeVar("Row")

DEFAULT_LIMIT: Final = 50
LARGEST_LIMIT: Final = 200
_MOVING: Final = {"cursor", "limit"}

Limit = Annotated[int, Field(ge=1, le=LARGEST_LIMIT), PLAIN_DIGITS]


class Paging:
    """Where the page starts, and how to name the next one."""

    def __init__(self, request: Request, state: State, *, context: str, limit: int, after: Position | None) -> None:
        self._request = request
        self._state = state
        self._context = context
        self.limit = limit
        self.after = after

    def answer(self, response: Response, found: Slice[Row]) -> dict[str, Any]:
        """The body of a page, with the Link header set (RFC 8288)."""
        cursor = None
        if found.next_position is not None:
            position = [_plain(found.next_position.value), found.next_position.id]
            cursor = cursors.seal(self._state.ring, position, context=self._context)
            response.headers["link"] = f'<{self._request.url.include_query_params(cursor=cursor)}>; rel="next"'
        return {"items": found.items, "next_cursor": cursor, "total": found.total}


async def _paging(
    request: Request,
    actor: CurrentActor,
    limit: Annotated[Limit, Query(description="Items on a page.")] = DEFAULT_LIMIT,
    cursor: Annotated[str | None, Query(description="`next_cursor` of the page before.")] = None,
) -> Paging:
    state: State = request.state.runtime
    context = _context(request, actor.user_id)
    after = None
    if cursor is not None:
        value, id_ = cursors.unseal(state.ring, cursor, context=context)
        after = Position(_revived(value), id_)
    return Paging(request, state, context=context, limit=limit, after=after)


Pages = Annotated[Paging, Depends(_paging)]


def _context(request: Request, user_id: str) -> str:
    """A cursor is good for the same user, path and parameters."""
    parameters = sorted((name, value) for name, value in request.query_params.multi_items() if name not in _MOVING)
    return hashlib.sha256(repr((user_id, request.url.path, parameters)).encode("utf-8", "surrogatepass")).hexdigest()


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(part) for part in value]
    return {"at": value.astimezone(UTC).isoformat()} if isinstance(value, datetime) else value


def _revived(value: Any) -> Any:
    if isinstance(value, list):
        return [_revived(part) for part in value]
    return datetime.fromisoformat(value["at"]) if isinstance(value, dict) else value
