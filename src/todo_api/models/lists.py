"""Lists of todos."""

from datetime import datetime

from sqlalchemy import Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from todo_api.db.base import Base
from todo_api.db.columns import Id, Instant, SortableText
from todo_api.models._mixins import Synced

_INBOXES = text("is_inbox")
_LIVE = text("deleted_at IS NULL")


class TodoList(Synced, Base):
    """A list; one of each personal workspace is its inbox."""

    __tablename__ = "todo_list"
    __table_args__ = (
        Index("uq_todo_list_inbox", "workspace_id", unique=True, sqlite_where=_INBOXES, postgresql_where=_INBOXES),
        Index("ix_todo_list_order", "workspace_id", "order", "id", sqlite_where=_LIVE, postgresql_where=_LIVE),
    )

    name: Mapped[str] = mapped_column(String(200))
    name_key: Mapped[str] = mapped_column(SortableText)
    description: Mapped[str] = mapped_column(String)
    color: Mapped[str | None] = mapped_column(String(20))
    icon: Mapped[str | None] = mapped_column(String(64))
    order: Mapped[str] = mapped_column(SortableText)
    is_inbox: Mapped[bool]
    archived_at: Mapped[datetime | None] = mapped_column(Instant)
    trash_id: Mapped[str | None] = mapped_column(Id)
