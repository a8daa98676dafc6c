"""Columns that make an actor: its user, and where that user belongs."""

from datetime import datetime, time
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import String, cast, func, select

from todo_api.domain.actor import Actor
from todo_api.domain.dates import zone
from todo_api.domain.permissions import Scope, effective
from todo_api.models import ListGuest, Member, User, Workspace

_WORKSPACES: Final = (
    select(func.aggregate_strings(cast(Member.workspace_id, String), ","))
    .join(Workspace, Workspace.id == Member.workspace_id)
    .where(Member.user_id == User.id, Workspace.deleted_at.is_(None))
    .scalar_subquery()
)
_GUEST_LISTS: Final = (
    select(func.aggregate_strings(cast(ListGuest.list_id, String), ",")).where(ListGuest.user_id == User.id).scalar_subquery()
)
ACTOR_COLUMNS: Final = (
    User.id.label("user_id"),
    User.timezone,
    User.week_start,
    User.day_start,
    _WORKSPACES.label("workspace_ids"),
    _GUEST_LISTS.label("guest_list_ids"),
)


def actor_from(
    row: Any,
    *,
    credential: str,
    scopes: frozenset[Scope],
    list_ids: list[str] | None = None,
    expires_at: datetime | None = None,
) -> Actor:
    """The actor of a row with ``ACTOR_COLUMNS``."""
    return Actor(
        user_id=row.user_id,
        credential=credential,
        scopes=effective(scopes),
        zone=_known_zone(row.timezone),
        workspace_ids=_ids(row.workspace_ids),
        guest_list_ids=_ids(row.guest_list_ids),
        list_ids=None if list_ids is None else tuple(list_ids),
        week_start=row.week_start,
        day_start=time.fromisoformat(row.day_start),
        expires_at=expires_at,
    )


def _ids(joined: str | None) -> tuple[str, ...]:
    return tuple(sorted(joined.split(","))) if joined else ()


def _known_zone(name: str) -> ZoneInfo:
    """A zone that left the zone database after it was stored must not lock its user out."""
    try:
        return zone(name)
    except ValueError:
        return zone("UTC")
