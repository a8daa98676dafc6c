"""What several tables have in common."""

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from todo_api.db.columns import Id, Instant


class Versioned:
    """A row with an id, a version that counts real changes, and its times."""

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = mapped_column(Instant)
    updated_at: Mapped[datetime] = mapped_column(Instant)


class Synced(Versioned):
    """A row whose every change is logged under its workspace's sequence; deleted rows stay as tombstones."""

    deleted_at: Mapped[datetime | None] = mapped_column(Instant)

    @declared_attr
    @classmethod
    def workspace_id(cls) -> Mapped[str]:
        """The workspace that owns the row, and whose ``seq`` orders its changes."""
        return mapped_column(Id, ForeignKey("workspace.id"))
