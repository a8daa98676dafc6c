"""Workspaces, their members, and guests of single lists."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, SmallInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from todo_api.db.base import Base
from todo_api.db.columns import Id, Instant
from todo_api.models._mixins import Versioned


class Workspace(Versioned, Base):
    """The tenant; ``seq`` is the number of its newest change."""

    __tablename__ = "workspace"

    name: Mapped[str] = mapped_column(String(200))
    is_personal: Mapped[bool]
    seq: Mapped[int] = mapped_column(BigInteger, default=0)
    deleted_at: Mapped[datetime | None] = mapped_column(Instant)


class Member(Base):
    """A user's role in a workspace, as the rank of ``domain.permissions.Role``."""

    __tablename__ = "member"
    __table_args__ = (CheckConstraint("role BETWEEN 1 AND 6", name="role"),)

    user_id: Mapped[str] = mapped_column(Id, ForeignKey("user_account.id"), primary_key=True)
    workspace_id: Mapped[str] = mapped_column(Id, ForeignKey("workspace.id"), primary_key=True, index=True)
    role: Mapped[int] = mapped_column(SmallInteger)
    created_at: Mapped[datetime] = mapped_column(Instant)


class ListGuest(Base):
    """A user's role on one list of a workspace that the user is not a member of; guests are at most editors."""

    __tablename__ = "list_guest"
    __table_args__ = (CheckConstraint("role BETWEEN 1 AND 4", name="role"),)

    user_id: Mapped[str] = mapped_column(Id, ForeignKey("user_account.id"), primary_key=True)
    list_id: Mapped[str] = mapped_column(Id, ForeignKey("todo_list.id", ondelete="CASCADE"), primary_key=True, index=True)
    role: Mapped[int] = mapped_column(SmallInteger)
    created_at: Mapped[datetime] = mapped_column(Instant)
