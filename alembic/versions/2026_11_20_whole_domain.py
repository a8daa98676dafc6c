"""whole domain."""

from collections.abc import Iterator
from datetime import date, time
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from alembic import op

from todo_api.db import columns
from todo_api.domain.dates import WallTime
from todo_api.domain.text import search_key

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: str | None = None
depends_on: str | None = None


BATCH = 1000


def _each(table: str, names: str) -> Iterator[list[Any]]:
    """All rows of a table in batches, in the order of their ids."""
    connection, last = op.get_bind(), ""
    first = sa.text(f"SELECT id, {names} FROM {table} ORDER BY id LIMIT {BATCH}")
    further = sa.text(f"SELECT id, {names} FROM {table} WHERE id > :last ORDER BY id LIMIT {BATCH}")
    while rows := connection.execute(further if last else first, {"last": last} if last else {}).all():
        yield list(rows)
        last = rows[-1][0]


def _fold_text() -> None:
    """Fill the folded text that filters compare."""
    connection = op.get_bind()
    todo = sa.text("UPDATE todo SET title_search = :title, notes_search = :notes WHERE id = :id")
    for rows in _each("todo", "title, notes"):
        values = [{"id": row[0], "title": search_key(row[1]), "notes": search_key(row[2])} for row in rows]
        connection.execute(todo, values)
    for table in ("todo_list", "user_account"):
        statement = sa.text(f"UPDATE {table} SET name_key = :name WHERE id = :id")
        for rows in _each(table, "name"):
            connection.execute(statement, [{"id": row[0], "name": search_key(row[1])} for row in rows])


def _place_starts() -> None:
    """Fill the sort key and the instant of start dates, as due dates have them."""
    connection = op.get_bind()
    table = sa.table("todo", sa.column("id"), sa.column("start_key"), sa.column("start_instant", columns.Instant()))
    for rows in _each("todo", "start_date, start_time, start_timezone"):
        for id_, day, clock, timezone in rows:
            if day is None:
                continue
            date_ = day if isinstance(day, date) else date.fromisoformat(day)
            moment = WallTime(date_, None if clock is None else time.fromisoformat(clock), timezone)
            key = f"{date_.isoformat()}T{'24:00:00' if moment.time is None else moment.time.isoformat('seconds')}"
            instant = None if timezone is None else moment.starts_at(ZoneInfo("UTC"))
            values = {"start_key": key, "start_instant": instant}
            connection.execute(table.update().where(table.c.id == id_).values(values))


def upgrade() -> None:
    op.create_table(
        "saved_filter",
        sa.Column("user_id", columns.Id(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("query", sa.String(length=2000), nullable=False),
        sa.Column("sort", sa.String(length=20), nullable=False),
        sa.Column("order", columns.SortableText(), nullable=False),
        sa.Column("deleted_at", columns.Instant(), nullable=True),
        sa.Column("workspace_id", columns.Id(), nullable=False),
        sa.Column("id", columns.Id(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", columns.Instant(), nullable=False),
        sa.Column("updated_at", columns.Instant(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_saved_filter_user_id")),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], name=op.f("fk_saved_filter_workspace_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_filter")),
    )
    with op.batch_alter_table("saved_filter", schema=None) as batch_op:
        batch_op.create_index(
            "ix_saved_filter_order",
            ["user_id", "order", "id"],
            unique=False,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )

    op.create_table(
        "section",
        sa.Column("list_id", columns.Id(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("name_key", columns.SortableText(), nullable=False),
        sa.Column("order", columns.SortableText(), nullable=False),
        sa.Column("trash_id", columns.Id(), nullable=True),
        sa.Column("deleted_at", columns.Instant(), nullable=True),
        sa.Column("workspace_id", columns.Id(), nullable=False),
        sa.Column("id", columns.Id(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", columns.Instant(), nullable=False),
        sa.Column("updated_at", columns.Instant(), nullable=False),
        sa.ForeignKeyConstraint(["list_id"], ["todo_list.id"], name=op.f("fk_section_list_id")),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], name=op.f("fk_section_workspace_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_section")),
    )
    with op.batch_alter_table("section", schema=None) as batch_op:
        batch_op.create_index(
            "ix_section_order",
            ["list_id", "order", "id"],
            unique=False,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )

    op.create_table(
        "comment",
        sa.Column("todo_id", columns.Id(), nullable=False),
        sa.Column("author_id", columns.Id(), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("edited_at", columns.Instant(), nullable=True),
        sa.Column("deleted_at", columns.Instant(), nullable=True),
        sa.Column("workspace_id", columns.Id(), nullable=False),
        sa.Column("id", columns.Id(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", columns.Instant(), nullable=False),
        sa.Column("updated_at", columns.Instant(), nullable=False),
        sa.ForeignKeyConstraint(["todo_id"], ["todo.id"], name=op.f("fk_comment_todo_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], name=op.f("fk_comment_workspace_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_comment")),
    )
    with op.batch_alter_table("comment", schema=None) as batch_op:
        batch_op.create_index(
            "ix_comment_todo",
            ["todo_id", "id"],
            unique=False,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )

    op.create_table(
        "completion",
        sa.Column("id", columns.Id(), nullable=False),
        sa.Column("workspace_id", columns.Id(), nullable=False),
        sa.Column("todo_id", columns.Id(), nullable=False),
        sa.Column("occurrence", sa.String(length=19), nullable=False),
        sa.Column("kind", sa.String(length=9), nullable=False),
        sa.Column("at", columns.Instant(), nullable=False),
        sa.Column("by", columns.Id(), nullable=False),
        sa.Column("due_was", columns.Json(), nullable=True),
        sa.Column("next_due", columns.Json(), nullable=True),
        sa.Column("restores", columns.Json(), nullable=False),
        sa.Column("created_at", columns.Instant(), nullable=False),
        sa.Column("undone_at", columns.Instant(), nullable=True),
        sa.ForeignKeyConstraint(["todo_id"], ["todo.id"], name=op.f("fk_completion_todo_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], name=op.f("fk_completion_workspace_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_completion")),
    )
    with op.batch_alter_table("completion", schema=None) as batch_op:
        batch_op.create_index("ix_completion_at", ["workspace_id", "at", "id"], unique=False)
        batch_op.create_index("ix_completion_todo", ["todo_id", "id"], unique=False)
        batch_op.create_index(
            "uq_completion_occurrence",
            ["todo_id", "occurrence"],
            unique=True,
            sqlite_where=sa.text("undone_at IS NULL"),
            postgresql_where=sa.text("undone_at IS NULL"),
        )

    op.create_table(
        "todo_assignee",
        sa.Column("user_id", columns.Id(), nullable=False),
        sa.Column("todo_id", columns.Id(), nullable=False),
        sa.ForeignKeyConstraint(["todo_id"], ["todo.id"], name=op.f("fk_todo_assignee_todo_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_todo_assignee_user_id")),
        sa.PrimaryKeyConstraint("user_id", "todo_id", name=op.f("pk_todo_assignee")),
    )
    with op.batch_alter_table("todo_assignee", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_todo_assignee_todo_id"), ["todo_id"], unique=False)

    op.create_table(
        "todo_blocker",
        sa.Column("todo_id", columns.Id(), nullable=False),
        sa.Column("blocker_id", columns.Id(), nullable=False),
        sa.ForeignKeyConstraint(["blocker_id"], ["todo.id"], name=op.f("fk_todo_blocker_blocker_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["todo_id"], ["todo.id"], name=op.f("fk_todo_blocker_todo_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("todo_id", "blocker_id", name=op.f("pk_todo_blocker")),
    )
    with op.batch_alter_table("todo_blocker", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_todo_blocker_blocker_id"), ["blocker_id"], unique=False)

    op.create_table(
        "comment_edit",
        sa.Column("id", columns.Id(), nullable=False),
        sa.Column("comment_id", columns.Id(), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("replaced_at", columns.Instant(), nullable=False),
        sa.ForeignKeyConstraint(["comment_id"], ["comment.id"], name=op.f("fk_comment_edit_comment_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_comment_edit")),
    )
    with op.batch_alter_table("comment_edit", schema=None) as batch_op:
        batch_op.create_index("ix_comment_edit_comment", ["comment_id", "id"], unique=False)

    with op.batch_alter_table("todo", schema=None) as batch_op:
        batch_op.add_column(sa.Column("section_id", columns.Id(), nullable=True))
        batch_op.add_column(sa.Column("title_search", columns.SortableText(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("notes_search", columns.SortableText(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("start_key", columns.SortableText(), nullable=True))
        batch_op.add_column(sa.Column("start_instant", columns.Instant(), nullable=True))
        batch_op.add_column(sa.Column("recurrence", columns.Json(), nullable=True))
        batch_op.add_column(sa.Column("occurrence", sa.String(length=19), nullable=True))
        batch_op.add_column(sa.Column("assignee_ids", columns.Json(), nullable=False, server_default="[]"))
        batch_op.add_column(sa.Column("blocked_by", columns.Json(), nullable=False, server_default="[]"))
        batch_op.add_column(sa.Column("reminders", columns.Json(), nullable=False, server_default="[]"))
        batch_op.add_column(sa.Column("next_reminder_at", columns.Instant(), nullable=True))
        batch_op.add_column(sa.Column("external_source", sa.String(length=100), nullable=True))
        batch_op.add_column(sa.Column("external_id", sa.String(length=255), nullable=True))
        batch_op.add_column(sa.Column("external_url", sa.String(length=2000), nullable=True))
        batch_op.add_column(sa.Column("custom_metadata", columns.Json(), nullable=False, server_default="{}"))
        batch_op.create_index(
            "ix_todo_reminder",
            ["next_reminder_at", "id"],
            unique=False,
            sqlite_where=sa.text("deleted_at IS NULL AND next_reminder_at IS NOT NULL"),
            postgresql_where=sa.text("deleted_at IS NULL AND next_reminder_at IS NOT NULL"),
        )
        batch_op.create_index(batch_op.f("ix_todo_section_id"), ["section_id"], unique=False)
        batch_op.create_index(
            "uq_todo_external",
            ["workspace_id", "external_source", "external_id"],
            unique=True,
            sqlite_where=sa.text("deleted_at IS NULL AND external_id IS NOT NULL"),
            postgresql_where=sa.text("deleted_at IS NULL AND external_id IS NOT NULL"),
        )
        batch_op.create_foreign_key(batch_op.f("fk_todo_section_id"), "section", ["section_id"], ["id"])

    with op.batch_alter_table("label", schema=None) as batch_op:
        batch_op.add_column(sa.Column("retired_at", columns.Instant(), nullable=True))

    with op.batch_alter_table("todo_list", schema=None) as batch_op:
        batch_op.add_column(sa.Column("name_key", columns.SortableText(), nullable=False, server_default=""))

    with op.batch_alter_table("user_account", schema=None) as batch_op:
        batch_op.add_column(sa.Column("name_key", columns.SortableText(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("week_start", sa.SmallInteger(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("day_start", sa.String(length=5), nullable=False, server_default="09:00"))
        batch_op.add_column(sa.Column("locale", sa.String(length=35), nullable=False, server_default="en"))

    _fold_text()
    _place_starts()


def downgrade() -> None:
    with op.batch_alter_table("user_account", schema=None) as batch_op:
        batch_op.drop_column("locale")
        batch_op.drop_column("day_start")
        batch_op.drop_column("week_start")
        batch_op.drop_column("name_key")

    with op.batch_alter_table("todo_list", schema=None) as batch_op:
        batch_op.drop_column("name_key")

    with op.batch_alter_table("label", schema=None) as batch_op:
        batch_op.drop_column("retired_at")

    with op.batch_alter_table("todo", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_todo_section_id"), type_="foreignkey")
        batch_op.drop_index(
            "uq_todo_external",
            sqlite_where=sa.text("deleted_at IS NULL AND external_id IS NOT NULL"),
            postgresql_where=sa.text("deleted_at IS NULL AND external_id IS NOT NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_todo_section_id"))
        batch_op.drop_index(
            "ix_todo_reminder",
            sqlite_where=sa.text("deleted_at IS NULL AND next_reminder_at IS NOT NULL"),
            postgresql_where=sa.text("deleted_at IS NULL AND next_reminder_at IS NOT NULL"),
        )
        batch_op.drop_column("custom_metadata")
        batch_op.drop_column("external_url")
        batch_op.drop_column("external_id")
        batch_op.drop_column("external_source")
        batch_op.drop_column("next_reminder_at")
        batch_op.drop_column("reminders")
        batch_op.drop_column("blocked_by")
        batch_op.drop_column("assignee_ids")
        batch_op.drop_column("occurrence")
        batch_op.drop_column("recurrence")
        batch_op.drop_column("start_instant")
        batch_op.drop_column("start_key")
        batch_op.drop_column("notes_search")
        batch_op.drop_column("title_search")
        batch_op.drop_column("section_id")

    with op.batch_alter_table("comment_edit", schema=None) as batch_op:
        batch_op.drop_index("ix_comment_edit_comment")

    op.drop_table("comment_edit")
    with op.batch_alter_table("todo_blocker", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_todo_blocker_blocker_id"))

    op.drop_table("todo_blocker")
    with op.batch_alter_table("todo_assignee", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_todo_assignee_todo_id"))

    op.drop_table("todo_assignee")
    with op.batch_alter_table("completion", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_completion_occurrence", sqlite_where=sa.text("undone_at IS NULL"), postgresql_where=sa.text("undone_at IS NULL")
        )
        batch_op.drop_index("ix_completion_todo")
        batch_op.drop_index("ix_completion_at")

    op.drop_table("completion")
    with op.batch_alter_table("comment", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_comment_todo", sqlite_where=sa.text("deleted_at IS NULL"), postgresql_where=sa.text("deleted_at IS NULL")
        )

    op.drop_table("comment")
    with op.batch_alter_table("section", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_section_order", sqlite_where=sa.text("deleted_at IS NULL"), postgresql_where=sa.text("deleted_at IS NULL")
        )

    op.drop_table("section")
    with op.batch_alter_table("saved_filter", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_saved_filter_order", sqlite_where=sa.text("deleted_at IS NULL"), postgresql_where=sa.text("deleted_at IS NULL")
        )

    op.drop_table("saved_filter")
