"""All tables; importing this package fills the metadata."""

from todo_api.models.api_keys import ApiKey
from todo_api.models.changes import Change
from todo_api.models.comments import Comment, CommentEdit
from todo_api.models.completions import Completion
from todo_api.models.filters import SavedFilter
from todo_api.models.idempotency import IdempotencyRecord
from todo_api.models.labels import Label, TodoLabel
from todo_api.models.lists import TodoList
from todo_api.models.logins import LoginSession, LoginThrottle, RefreshToken
from todo_api.models.search import TODO_SEARCH
from todo_api.models.sections import Section
from todo_api.models.signing_keys import SigningKey
from todo_api.models.todos import Todo, TodoAssignee, TodoBlocker
from todo_api.models.users import User
from todo_api.models.workspaces import ListGuest, Member, Workspace

__all__ = [
    "TODO_SEARCH",
    "ApiKey",
    "Change",
    "Comment",
    "CommentEdit",
    "Completion",
    "IdempotencyRecord",
    "Label",
    "ListGuest",
    "LoginSession",
    "LoginThrottle",
    "Member",
    "RefreshToken",
    "SavedFilter",
    "Section",
    "SigningKey",
    "Todo",
    "TodoAssignee",
    "TodoBlocker",
    "TodoLabel",
    "TodoList",
    "User",
    "Workspace",
]
