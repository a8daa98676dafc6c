"""Secrets of the service: several sign and verify at once, so that one can be rotated."""

from datetime import datetime

from sqlalchemy import LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from todo_api.db.base import Base
from todo_api.db.columns import Id, Instant


class SigningKey(Base):
    """The newest signs; all of them verify until they are removed."""

    __tablename__ = "signing_key"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    secret: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(Instant)
