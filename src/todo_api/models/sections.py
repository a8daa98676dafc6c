"""Headings inside lists, or columns of a board."""

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from todo_api.db.base import Base
from todo_api.db.columns import Id, SortableText
from todo_api.models._mixins import Synced

_LIVE = text("deleted_at IS NULL")


class Section(Synced, Base):
    """A section; ``name_key`` is what filters compare."""

    __tablename__ = "section"
    __table_args__ = (Index("ix_section_order", "list_id", "order", "id", sqlite_where=_LIVE, postgresql_where=_LIVE),)

    list_id: Mapped[str] = mapped_column(Id, ForeignKey("todo_list.id"))
    name: Mapped[str] = mapped_column(String(200))
    name_key: Mapped[str] = mapped_column(SortableText)
    order: Mapped[str] = mapped_column(SortableText)
    trash_id: Mapped[str | None] = mapped_column(Id)
