"""Roles, what a person may do, and scopes, what a credential may do."""

from enum import IntEnum, StrEnum
from typing import Final


class Role(IntEnum):
    """A person's power in a workspace or, up to editor, on one list; stored and compared as its rank."""

    VIEWER = 1
    COMMENTER = 2
    COMPLETER = 3
    EDITOR = 4
    ADMIN = 5
    OWNER = 6

    @property
    def word(self) -> str:
        """The role as the API spells it."""
        return self.name.lower()


class Scope(StrEnum):
    """What a credential may do; a login session holds all of them."""

    TODOS_READ = "todos:read"
    TODOS_WRITE = "todos:write"
    TODOS_COMPLETE = "todos:complete"
    LISTS_READ = "lists:read"
    LISTS_WRITE = "lists:write"
    COMMENTS_WRITE = "comments:write"
    WEBHOOKS_MANAGE = "webhooks:manage"
    KEYS_MANAGE = "keys:manage"
    WORKSPACE_MANAGE = "workspace:manage"


ALL_SCOPES: Final = frozenset(Scope)

_IMPLIED: Final[dict[Scope, frozenset[Scope]]] = {Scope.TODOS_WRITE: frozenset({Scope.TODOS_COMPLETE})}


class Preset(StrEnum):
    """Ready sets of scopes for an API key."""

    FULL = "full"
    READ_ONLY = "read-only"
    CAPTURE_ONLY = "capture-only"
    COMPLETE_ONLY = "complete-only"


PRESETS: Final[dict[Preset, frozenset[Scope]]] = {
    Preset.FULL: ALL_SCOPES,
    Preset.READ_ONLY: frozenset({Scope.TODOS_READ, Scope.LISTS_READ}),
    Preset.CAPTURE_ONLY: frozenset({Scope.TODOS_WRITE}),
    Preset.COMPLETE_ONLY: frozenset({Scope.TODOS_READ, Scope.LISTS_READ, Scope.TODOS_COMPLETE}),
}


def effective(scopes: frozenset[Scope]) -> frozenset[Scope]:
    """The scopes together with those they imply: who may write todos may complete them."""
    return scopes.union(*(_IMPLIED.get(scope, frozenset()) for scope in scopes))
