"""Workspaces."""

from todo_api.schemas._base import Output
from todo_api.schemas.fields import IdText, RoleWord, Timestamp


class WorkspaceRead(Output):
    """A workspace and what the caller may do in it."""

    id: IdText
    name: str
    is_personal: bool
    my_role: RoleWord
    version: int
    created_at: Timestamp
    updated_at: Timestamp
