"""Todos."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger, String, text
from sqlalchemy.orm import Mapped, mapped_column

from todo_api.db.base import Base
from todo_api.db.columns import Id, Instant, Json, SortableText
from todo_api.models._mixins import Synced

_LIVE = text("deleted_at IS NULL")
_OPEN = text("deleted_at IS NULL AND status IN ('open', 'in_progress')")
_STARTING = text("deleted_at IS NULL AND status IN ('open', 'in_progress') AND start_key IS NOT NULL")
_EXTERNAL = text("deleted_at IS NULL AND external_id IS NOT NULL")
_REMINDED = text("deleted_at IS NULL AND next_reminder_at IS NOT NULL")
_CHILDREN = text("deleted_at IS NULL AND parent_id IS NOT NULL")


def _live(name: str, *columns: str) -> Index:
    return Index(f"ix_todo_{name}", *columns, "id", sqlite_where=_LIVE, postgresql_where=_LIVE)


def _open(name: str, *columns: str) -> Index:
    """For what lists show unless asked: a long history of completed todos costs them nothing."""
    return Index(f"ix_todo_open_{name}", *columns, "id", sqlite_where=_OPEN, postgresql_where=_OPEN)


class Todo(Synced, Base):
    """A todo.

    ``due_key`` is the wall clock as text (an all-day date ends with ``T24:00:00``), so that one comparison with the viewer's
    wall clock tells overdue; ``due_instant`` is set for zoned dates only. ``labels`` repeats the names of ``todo_label``.
    ``title_search`` and ``notes_search`` are folded for filters, ``title_key`` is the short beginning that sorts.
    ``occurrence`` is the key of the current occurrence, which rescheduling leaves alone. ``completed_with`` is the todo whose
    completion closed this one; ``trash_id`` the thing whose deletion took this one along.
    """

    __tablename__ = "todo"
    __table_args__ = (
        CheckConstraint("status IN ('open', 'in_progress', 'completed', 'cancelled')", name="status"),
        CheckConstraint("priority BETWEEN 0 AND 4", name="priority"),
        CheckConstraint("parent_id <> id", name="parent"),
        _live("in_list", "list_id", "order"),
        _live("order", "workspace_id", "order"),
        _live("due", "workspace_id", "due_key", "order"),
        _live("priority", "workspace_id", "priority"),
        _live("created_at", "workspace_id", "created_at"),
        _live("updated_at", "workspace_id", "updated_at"),
        _live("completed_at", "workspace_id", "completed_at"),
        _live("title", "workspace_id", "title_key"),
        _open("in_list", "list_id", "order"),
        _open("order", "workspace_id", "order"),
        _open("due", "workspace_id", "due_key", "order"),
        _open("priority", "workspace_id", "priority"),
        Index(
            "ix_todo_open_start",
            "workspace_id",
            "start_key",
            "order",
            "id",
            sqlite_where=_STARTING,
            postgresql_where=_STARTING,
        ),
        Index("ix_todo_parent", "parent_id", "status", sqlite_where=_CHILDREN, postgresql_where=_CHILDREN),
        Index("ix_todo_trash", "trash_id"),
        Index(
            "uq_todo_external",
            "workspace_id",
            "external_source",
            "external_id",
            unique=True,
            sqlite_where=_EXTERNAL,
            postgresql_where=_EXTERNAL,
        ),
        Index("ix_todo_reminder", "next_reminder_at", "id", sqlite_where=_REMINDED, postgresql_where=_REMINDED),
    )

    list_id: Mapped[str] = mapped_column(Id, ForeignKey("todo_list.id"))
    section_id: Mapped[str | None] = mapped_column(Id, ForeignKey("section.id"), index=True)
    parent_id: Mapped[str | None] = mapped_column(Id, ForeignKey("todo.id"))
    title: Mapped[str] = mapped_column(String(1000))
    title_key: Mapped[str] = mapped_column(SortableText)
    title_search: Mapped[str] = mapped_column(SortableText)
    notes: Mapped[str] = mapped_column(String)
    notes_search: Mapped[str] = mapped_column(SortableText)
    status: Mapped[str] = mapped_column(String(11))
    completed_at: Mapped[datetime | None] = mapped_column(Instant)
    completed_by: Mapped[str | None] = mapped_column(Id)
    completed_with: Mapped[str | None] = mapped_column(Id, index=True)
    priority: Mapped[int] = mapped_column(SmallInteger)
    due_date: Mapped[date | None]
    due_time: Mapped[str | None] = mapped_column(String(8))
    due_timezone: Mapped[str | None] = mapped_column(String(64))
    due_key: Mapped[str | None] = mapped_column(SortableText)
    due_instant: Mapped[datetime | None] = mapped_column(Instant)
    start_date: Mapped[date | None]
    start_time: Mapped[str | None] = mapped_column(String(8))
    start_timezone: Mapped[str | None] = mapped_column(String(64))
    start_key: Mapped[str | None] = mapped_column(SortableText)
    start_instant: Mapped[datetime | None] = mapped_column(Instant)
    deadline: Mapped[date | None]
    duration_minutes: Mapped[int | None]
    recurrence: Mapped[Any] = mapped_column(Json, nullable=True)
    occurrence: Mapped[str | None] = mapped_column(String(19))
    assignee_ids: Mapped[Any] = mapped_column(Json)
    blocked_by: Mapped[Any] = mapped_column(Json)
    reminders: Mapped[Any] = mapped_column(Json)
    next_reminder_at: Mapped[datetime | None] = mapped_column(Instant)
    external_source: Mapped[str | None] = mapped_column(String(100))
    external_id: Mapped[str | None] = mapped_column(String(255))
    external_url: Mapped[str | None] = mapped_column(String(2000))
    custom_metadata: Mapped[Any] = mapped_column(Json)
    labels: Mapped[Any] = mapped_column(Json)
    order: Mapped[str] = mapped_column(SortableText)
    created_by: Mapped[str] = mapped_column(Id)
    trash_id: Mapped[str | None] = mapped_column(Id)


class TodoAssignee(Base):
    """The index behind ``Todo.assignee_ids``."""

    __tablename__ = "todo_assignee"

    user_id: Mapped[str] = mapped_column(Id, ForeignKey("user_account.id"), primary_key=True)
    todo_id: Mapped[str] = mapped_column(Id, ForeignKey("todo.id", ondelete="CASCADE"), primary_key=True, index=True)


class TodoBlocker(Base):
    """The index behind ``Todo.blocked_by``: an edge of a graph without cycles."""

    __tablename__ = "todo_blocker"

    todo_id: Mapped[str] = mapped_column(Id, ForeignKey("todo.id", ondelete="CASCADE"), primary_key=True)
    blocker_id: Mapped[str] = mapped_column(Id, ForeignKey("todo.id", ondelete="CASCADE"), primary_key=True, index=True)
