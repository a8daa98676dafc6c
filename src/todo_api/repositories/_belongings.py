"""What goes with a todo into another workspace: its comments, and the records of its completions."""

from datetime import datetime
from typing import Any, Final

from sqlalchemy import bindparam, update

from todo_api.db.columns import Id, Instant
from todo_api.db.session import Session
from todo_api.models import Comment, Completion

_TODO: Final = bindparam("todo", type_=Id())
_TARGET: Final = bindparam("target", type_=Id())
_COMPLETIONS: Final = update(Completion).where(Completion.todo_id == _TODO).values(workspace_id=_TARGET)
_COMMENTS: Final = (
    update(Comment)
    .where(Comment.todo_id == _TODO)
    .values(workspace_id=_TARGET, updated_at=bindparam("now", type_=Instant()), version=Comment.version + 1)
    .returning(Comment.id, Comment.deleted_at)
)


async def take_along(session: Session, todo_id: str, workspace_id: str, *, now: datetime) -> list[str]:
    """Move them; the ids of the comments that are alive, in order, for the log."""
    parameters: dict[str, Any] = {"todo": todo_id, "target": workspace_id}
    await session.execute(_COMPLETIONS, parameters)
    moved = await session.execute(_COMMENTS, parameters | {"now": now})
    return sorted(row.id for row in moved if row.deleted_at is None)
