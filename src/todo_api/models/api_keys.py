"""API keys: scoped credentials for programs, stored hashed."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from todo_api.db.base import Base
from todo_api.db.columns import Id, Instant, Json
from todo_api.models._mixins import Versioned


class ApiKey(Versioned, Base):
    """``list_ids`` None means no restriction to lists; ``last_used_at`` is coarse, it is written in the background."""

    __tablename__ = "api_key"

    user_id: Mapped[str] = mapped_column(Id, ForeignKey("user_account.id"), index=True)
    name: Mapped[str] = mapped_column(String(200))
    secret_hash: Mapped[str] = mapped_column(String(64))
    scopes: Mapped[list[str]] = mapped_column(Json)
    list_ids: Mapped[Any] = mapped_column(Json, nullable=True)
    expires_at: Mapped[datetime | None] = mapped_column(Instant)
    last_used_at: Mapped[datetime | None] = mapped_column(Instant)
    revoked_at: Mapped[datetime | None] = mapped_column(Instant)
