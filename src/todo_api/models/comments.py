"""Comments on todos, and what they said before."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from todo_api.db.base import Base
from todo_api.db.columns import Id, Instant
from todo_api.models._mixins import Synced

_LIVE = text("deleted_at IS NULL")


class Comment(Synced, Base):
    """A comment; only its author edits it."""

    __tablename__ = "comment"
    __table_args__ = (Index("ix_comment_todo", "todo_id", "id", sqlite_where=_LIVE, postgresql_where=_LIVE),)

    todo_id: Mapped[str] = mapped_column(Id, ForeignKey("todo.id", ondelete="CASCADE"))
    author_id: Mapped[str] = mapped_column(Id)
    body: Mapped[str] = mapped_column(String)
    edited_at: Mapped[datetime | None] = mapped_column(Instant)


class CommentEdit(Base):
    """What a comment said before an edit."""

    __tablename__ = "comment_edit"
    __table_args__ = (Index("ix_comment_edit_comment", "comment_id", "id"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    comment_id: Mapped[str] = mapped_column(Id, ForeignKey("comment.id", ondelete="CASCADE"))
    body: Mapped[str] = mapped_column(String)
    replaced_at: Mapped[datetime] = mapped_column(Instant)
