"""People with a login."""

from datetime import datetime

from sqlalchemy import SmallInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from todo_api.db.base import Base
from todo_api.db.columns import Instant, SortableText
from todo_api.models._mixins import Versioned


class User(Versioned, Base):
    """``email_key`` is what addresses are compared by; ``email`` is as the person wrote it.

    ``week_start`` counts from Monday, 0, to Sunday, 6; ``day_start`` is the wall time at which all-day reminders fire.
    """

    __tablename__ = "user_account"

    email: Mapped[str] = mapped_column(String(254))
    email_key: Mapped[str] = mapped_column(String(512), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    name_key: Mapped[str] = mapped_column(SortableText)
    password_hash: Mapped[str] = mapped_column(String(255))
    timezone: Mapped[str] = mapped_column(String(64), default="UTC")
    week_start: Mapped[int] = mapped_column(SmallInteger)
    day_start: Mapped[str] = mapped_column(String(5))
    locale: Mapped[str] = mapped_column(String(35))
    disabled_at: Mapped[datetime | None] = mapped_column(Instant)
