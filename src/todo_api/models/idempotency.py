"""Remembered answers, written in the transaction of their effect."""

from datetime import datetime
from typing import Any

from sqlalchemy import LargeBinary, SmallInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from todo_api.db.base import Base
from todo_api.db.columns import Instant, Json


class IdempotencyRecord(Base):
    """The answer to one keyed request, sealed with its Idempotency-Key: who reads the table must guess the key to read it.

    ``scope`` and ``fingerprint`` are made with that key and, where a body counts, with a secret of the service.
    """

    __tablename__ = "idempotency_record"

    scope: Mapped[str] = mapped_column(String(64), primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String(64))
    status: Mapped[int] = mapped_column(SmallInteger)
    headers: Mapped[Any] = mapped_column(Json)
    body: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(Instant, index=True)
