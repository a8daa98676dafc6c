"""Who makes a request: the user, the credential, its scopes and restrictions."""

from dataclasses import dataclass
from datetime import datetime, time
from zoneinfo import ZoneInfo

from todo_api.domain.permissions import Scope


@dataclass(frozen=True, slots=True)
class Actor:
    """The user behind a request.

    ``workspace_ids`` and ``guest_list_ids`` narrow statements, so that an index serves them; the permission itself is
    checked by each statement. ``list_ids`` None means that the credential is not restricted to lists.
    ``expires_at`` is when a key ends; what is made with it ends no later.
    ``week_start`` counts from Monday, 0; ``day_start`` is when all-day reminders fire.
    """

    user_id: str
    credential: str
    scopes: frozenset[Scope]
    zone: ZoneInfo
    workspace_ids: tuple[str, ...] = ()
    guest_list_ids: tuple[str, ...] = ()
    list_ids: tuple[str, ...] | None = None
    week_start: int = 0
    day_start: time = time(9)
    expires_at: datetime | None = None

    def may(self, scope: Scope) -> bool:
        """Whether the credential holds ``scope``."""
        return scope in self.scopes
