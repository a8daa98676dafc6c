"""Records of completed and skipped occurrences."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from todo_api.db.base import Base
from todo_api.db.columns import Id, Instant, Json

_STANDING = text("undone_at IS NULL")


class Completion(Base):
    """One occurrence that was completed or skipped.

    An occurrence has one standing record, which the unique index keeps true under retries. ``restores`` holds the columns as they
    were, for reopening, which sets ``undone_at`` and leaves the record as it is. A todo without a rule has an empty occurrence.
    """

    __tablename__ = "completion"
    __table_args__ = (
        Index(
            "uq_completion_occurrence", "todo_id", "occurrence", unique=True, sqlite_where=_STANDING, postgresql_where=_STANDING
        ),
        Index("ix_completion_todo", "todo_id", "id"),
        Index("ix_completion_at", "workspace_id", "at", "id"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    workspace_id: Mapped[str] = mapped_column(Id, ForeignKey("workspace.id"))
    todo_id: Mapped[str] = mapped_column(Id, ForeignKey("todo.id", ondelete="CASCADE"))
    occurrence: Mapped[str] = mapped_column(String(19))
    kind: Mapped[str] = mapped_column(String(9))
    at: Mapped[datetime] = mapped_column(Instant)
    by: Mapped[str] = mapped_column(Id)
    due_was: Mapped[Any] = mapped_column(Json, nullable=True)
    next_due: Mapped[Any] = mapped_column(Json, nullable=True)
    restores: Mapped[Any] = mapped_column(Json)
    created_at: Mapped[datetime] = mapped_column(Instant)
    undone_at: Mapped[datetime | None] = mapped_column(Instant)
