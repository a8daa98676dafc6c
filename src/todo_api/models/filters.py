"""Saved filters."""

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from todo_api.db.base import Base
from todo_api.db.columns import Id, SortableText
from todo_api.models._mixins import Synced

_LIVE = text("deleted_at IS NULL")


class SavedFilter(Synced, Base):
    """A filter that a user keeps in the personal workspace; nobody else sees it."""

    __tablename__ = "saved_filter"
    __table_args__ = (Index("ix_saved_filter_order", "user_id", "order", "id", sqlite_where=_LIVE, postgresql_where=_LIVE),)

    user_id: Mapped[str] = mapped_column(Id, ForeignKey("user_account.id"))
    name: Mapped[str] = mapped_column(String(200))
    query: Mapped[str] = mapped_column(String(2000))
    sort: Mapped[str] = mapped_column(String(20))
    order: Mapped[str] = mapped_column(SortableText)
