"""Labels, kept once by each workspace, and which todos carry them."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from todo_api.db.base import Base
from todo_api.db.columns import Id, Instant, SortableText
from todo_api.models._mixins import Synced

_LIVE = text("deleted_at IS NULL")


class Label(Synced, Base):
    """``name_key`` is what names are compared by: case and accents do not make another label.

    ``retired_at`` is set where a label was deleted but todos keep its name: people do not see it, filters still find it,
    and who uses the name again has it back.
    """

    __tablename__ = "label"
    __table_args__ = (
        Index("uq_label_name", "workspace_id", "name_key", unique=True, sqlite_where=_LIVE, postgresql_where=_LIVE),
    )

    name: Mapped[str] = mapped_column(String(100))
    name_key: Mapped[str] = mapped_column(SortableText)
    color: Mapped[str | None] = mapped_column(String(20))
    retired_at: Mapped[datetime | None] = mapped_column(Instant)


class TodoLabel(Base):
    """The index behind ``Todo.labels``: written with it, in one place, for filters and renames."""

    __tablename__ = "todo_label"

    label_id: Mapped[str] = mapped_column(Id, ForeignKey("label.id", ondelete="CASCADE"), primary_key=True)
    todo_id: Mapped[str] = mapped_column(Id, ForeignKey("todo.id", ondelete="CASCADE"), primary_key=True, index=True)
