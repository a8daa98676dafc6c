"""first schema."""

import sqlalchemy as sa
from alembic import op

from todo_api.db import columns

revision: str = "0001"
down_revision: str | None = None
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.create_table(
        "idempotency_record",
        sa.Column("scope", sa.String(length=64), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=False),
        sa.Column("headers", columns.Json(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", columns.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("scope", name=op.f("pk_idempotency_record")),
    )
    with op.batch_alter_table("idempotency_record", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_idempotency_record_created_at"), ["created_at"], unique=False)

    op.create_table(
        "login_throttle",
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("blocked_until", columns.Instant(), nullable=False),
        sa.Column("updated_at", columns.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("subject", name=op.f("pk_login_throttle")),
    )
    with op.batch_alter_table("login_throttle", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_login_throttle_updated_at"), ["updated_at"], unique=False)

    op.create_table(
        "signing_key",
        sa.Column("id", columns.Id(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", columns.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signing_key")),
    )
    op.create_table(
        "user_account",
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("email_key", sa.String(length=512), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("password_hash", sa.String(length=255), nullable=False),
        sa.Column("timezone", sa.String(length=64), nullable=False),
        sa.Column("disabled_at", columns.Instant(), nullable=True),
        sa.Column("id", columns.Id(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", columns.Instant(), nullable=False),
        sa.Column("updated_at", columns.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_account")),
        sa.UniqueConstraint("email_key", name=op.f("uq_user_account_email_key")),
    )
    op.create_table(
        "workspace",
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("is_personal", sa.Boolean(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("deleted_at", columns.Instant(), nullable=True),
        sa.Column("id", columns.Id(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", columns.Instant(), nullable=False),
        sa.Column("updated_at", columns.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workspace")),
    )
    op.create_table(
        "api_key",
        sa.Column("user_id", columns.Id(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("secret_hash", sa.String(length=64), nullable=False),
        sa.Column("scopes", columns.Json(), nullable=False),
        sa.Column("list_ids", columns.Json(), nullable=True),
        sa.Column("expires_at", columns.Instant(), nullable=True),
        sa.Column("last_used_at", columns.Instant(), nullable=True),
        sa.Column("revoked_at", columns.Instant(), nullable=True),
        sa.Column("id", columns.Id(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", columns.Instant(), nullable=False),
        sa.Column("updated_at", columns.Instant(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_api_key_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_key")),
    )
    with op.batch_alter_table("api_key", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_api_key_user_id"), ["user_id"], unique=False)

    op.create_table(
        "change",
        sa.Column("workspace_id", columns.Id(), nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", columns.Id(), nullable=False),
        sa.Column("unit_id", columns.Id(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("entity_id", columns.Id(), nullable=False),
        sa.Column("list_id", columns.Id(), nullable=True),
        sa.Column("op", sa.String(length=20), nullable=False),
        sa.Column("actor_id", columns.Id(), nullable=True),
        sa.Column("credential", sa.String(length=60), nullable=False),
        sa.Column("at", columns.Instant(), nullable=False),
        sa.Column("before", columns.Json(), nullable=True),
        sa.Column("after", columns.Json(), nullable=True),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], name=op.f("fk_change_workspace_id")),
        sa.PrimaryKeyConstraint("workspace_id", "seq", name=op.f("pk_change")),
        sa.UniqueConstraint("id", name=op.f("uq_change_id")),
    )
    with op.batch_alter_table("change", schema=None) as batch_op:
        batch_op.create_index("ix_change_entity", ["entity_id", "seq"], unique=False)

    op.create_table(
        "label",
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("name_key", columns.SortableText(), nullable=False),
        sa.Column("color", sa.String(length=20), nullable=True),
        sa.Column("deleted_at", columns.Instant(), nullable=True),
        sa.Column("workspace_id", columns.Id(), nullable=False),
        sa.Column("id", columns.Id(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", columns.Instant(), nullable=False),
        sa.Column("updated_at", columns.Instant(), nullable=False),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], name=op.f("fk_label_workspace_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_label")),
    )
    with op.batch_alter_table("label", schema=None) as batch_op:
        batch_op.create_index(
            "uq_label_name",
            ["workspace_id", "name_key"],
            unique=True,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )

    op.create_table(
        "login_session",
        sa.Column("id", columns.Id(), nullable=False),
        sa.Column("user_id", columns.Id(), nullable=False),
        sa.Column("user_agent", sa.String(length=300), nullable=False),
        sa.Column("created_at", columns.Instant(), nullable=False),
        sa.Column("last_used_at", columns.Instant(), nullable=False),
        sa.Column("expires_at", columns.Instant(), nullable=False),
        sa.Column("ended_at", columns.Instant(), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_login_session_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_login_session")),
    )
    with op.batch_alter_table("login_session", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_login_session_expires_at"), ["expires_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_login_session_user_id"), ["user_id"], unique=False)

    op.create_table(
        "member",
        sa.Column("user_id", columns.Id(), nullable=False),
        sa.Column("workspace_id", columns.Id(), nullable=False),
        sa.Column("role", sa.SmallInteger(), nullable=False),
        sa.Column("created_at", columns.Instant(), nullable=False),
        sa.CheckConstraint("role BETWEEN 1 AND 6", name=op.f("ck_member_role")),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_member_user_id")),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], name=op.f("fk_member_workspace_id")),
        sa.PrimaryKeyConstraint("user_id", "workspace_id", name=op.f("pk_member")),
    )
    with op.batch_alter_table("member", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_member_workspace_id"), ["workspace_id"], unique=False)

    op.create_table(
        "todo_list",
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("description", sa.String(), nullable=False),
        sa.Column("color", sa.String(length=20), nullable=True),
        sa.Column("icon", sa.String(length=64), nullable=True),
        sa.Column("order", columns.SortableText(), nullable=False),
        sa.Column("is_inbox", sa.Boolean(), nullable=False),
        sa.Column("archived_at", columns.Instant(), nullable=True),
        sa.Column("trash_id", columns.Id(), nullable=True),
        sa.Column("deleted_at", columns.Instant(), nullable=True),
        sa.Column("workspace_id", columns.Id(), nullable=False),
        sa.Column("id", columns.Id(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", columns.Instant(), nullable=False),
        sa.Column("updated_at", columns.Instant(), nullable=False),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], name=op.f("fk_todo_list_workspace_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_todo_list")),
    )
    with op.batch_alter_table("todo_list", schema=None) as batch_op:
        batch_op.create_index(
            "ix_todo_list_order",
            ["workspace_id", "order", "id"],
            unique=False,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )
        batch_op.create_index(
            "uq_todo_list_inbox",
            ["workspace_id"],
            unique=True,
            sqlite_where=sa.text("is_inbox"),
            postgresql_where=sa.text("is_inbox"),
        )

    op.create_table(
        "list_guest",
        sa.Column("user_id", columns.Id(), nullable=False),
        sa.Column("list_id", columns.Id(), nullable=False),
        sa.Column("role", sa.SmallInteger(), nullable=False),
        sa.Column("created_at", columns.Instant(), nullable=False),
        sa.CheckConstraint("role BETWEEN 1 AND 4", name=op.f("ck_list_guest_role")),
        sa.ForeignKeyConstraint(["list_id"], ["todo_list.id"], name=op.f("fk_list_guest_list_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_list_guest_user_id")),
        sa.PrimaryKeyConstraint("user_id", "list_id", name=op.f("pk_list_guest")),
    )
    with op.batch_alter_table("list_guest", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_list_guest_list_id"), ["list_id"], unique=False)

    op.create_table(
        "refresh_token",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("session_id", columns.Id(), nullable=False),
        sa.Column("created_at", columns.Instant(), nullable=False),
        sa.Column("used_at", columns.Instant(), nullable=True),
        sa.ForeignKeyConstraint(
            ["session_id"], ["login_session.id"], name=op.f("fk_refresh_token_session_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_refresh_token")),
    )
    with op.batch_alter_table("refresh_token", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_refresh_token_session_id"), ["session_id"], unique=False)

    op.create_table(
        "todo",
        sa.Column("list_id", columns.Id(), nullable=False),
        sa.Column("parent_id", columns.Id(), nullable=True),
        sa.Column("title", sa.String(length=1000), nullable=False),
        sa.Column("title_key", columns.SortableText(), nullable=False),
        sa.Column("notes", sa.String(), nullable=False),
        sa.Column("status", sa.String(length=11), nullable=False),
        sa.Column("completed_at", columns.Instant(), nullable=True),
        sa.Column("completed_by", columns.Id(), nullable=True),
        sa.Column("completed_with", columns.Id(), nullable=True),
        sa.Column("priority", sa.SmallInteger(), nullable=False),
        sa.Column("due_date", sa.Date(), nullable=True),
        sa.Column("due_time", sa.String(length=8), nullable=True),
        sa.Column("due_timezone", sa.String(length=64), nullable=True),
        sa.Column("due_key", columns.SortableText(), nullable=True),
        sa.Column("due_instant", columns.Instant(), nullable=True),
        sa.Column("start_date", sa.Date(), nullable=True),
        sa.Column("start_time", sa.String(length=8), nullable=True),
        sa.Column("start_timezone", sa.String(length=64), nullable=True),
        sa.Column("deadline", sa.Date(), nullable=True),
        sa.Column("duration_minutes", sa.Integer(), nullable=True),
        sa.Column("labels", columns.Json(), nullable=False),
        sa.Column("order", columns.SortableText(), nullable=False),
        sa.Column("created_by", columns.Id(), nullable=False),
        sa.Column("trash_id", columns.Id(), nullable=True),
        sa.Column("deleted_at", columns.Instant(), nullable=True),
        sa.Column("workspace_id", columns.Id(), nullable=False),
        sa.Column("id", columns.Id(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", columns.Instant(), nullable=False),
        sa.Column("updated_at", columns.Instant(), nullable=False),
        sa.CheckConstraint("status IN ('open', 'in_progress', 'completed', 'cancelled')", name=op.f("ck_todo_status")),
        sa.CheckConstraint("parent_id <> id", name=op.f("ck_todo_parent")),
        sa.CheckConstraint("priority BETWEEN 0 AND 4", name=op.f("ck_todo_priority")),
        sa.ForeignKeyConstraint(["list_id"], ["todo_list.id"], name=op.f("fk_todo_list_id")),
        sa.ForeignKeyConstraint(["parent_id"], ["todo.id"], name=op.f("fk_todo_parent_id")),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], name=op.f("fk_todo_workspace_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_todo")),
    )
    with op.batch_alter_table("todo", schema=None) as batch_op:
        batch_op.create_index(
            "ix_todo_completed_at",
            ["workspace_id", "completed_at", "id"],
            unique=False,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )
        batch_op.create_index(batch_op.f("ix_todo_completed_with"), ["completed_with"], unique=False)
        batch_op.create_index(
            "ix_todo_created_at",
            ["workspace_id", "created_at", "id"],
            unique=False,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )
        batch_op.create_index(
            "ix_todo_due",
            ["workspace_id", "due_key", "id"],
            unique=False,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )
        batch_op.create_index(
            "ix_todo_in_list",
            ["list_id", "order", "id"],
            unique=False,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )
        batch_op.create_index(
            "ix_todo_order",
            ["workspace_id", "order", "id"],
            unique=False,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )
        batch_op.create_index(
            "ix_todo_parent",
            ["parent_id", "status"],
            unique=False,
            sqlite_where=sa.text("deleted_at IS NULL AND parent_id IS NOT NULL"),
            postgresql_where=sa.text("deleted_at IS NULL AND parent_id IS NOT NULL"),
        )
        batch_op.create_index(
            "ix_todo_priority",
            ["workspace_id", "priority", "id"],
            unique=False,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )
        batch_op.create_index(
            "ix_todo_title",
            ["workspace_id", "title_key", "id"],
            unique=False,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )
        batch_op.create_index("ix_todo_trash", ["trash_id"], unique=False)
        batch_op.create_index(
            "ix_todo_updated_at",
            ["workspace_id", "updated_at", "id"],
            unique=False,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )

    op.create_table(
        "todo_label",
        sa.Column("label_id", columns.Id(), nullable=False),
        sa.Column("todo_id", columns.Id(), nullable=False),
        sa.ForeignKeyConstraint(["label_id"], ["label.id"], name=op.f("fk_todo_label_label_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["todo_id"], ["todo.id"], name=op.f("fk_todo_label_todo_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("label_id", "todo_id", name=op.f("pk_todo_label")),
    )
    with op.batch_alter_table("todo_label", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_todo_label_todo_id"), ["todo_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("todo_label", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_todo_label_todo_id"))

    op.drop_table("todo_label")
    with op.batch_alter_table("todo", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_todo_updated_at", sqlite_where=sa.text("deleted_at IS NULL"), postgresql_where=sa.text("deleted_at IS NULL")
        )
        batch_op.drop_index("ix_todo_trash")
        batch_op.drop_index(
            "ix_todo_title", sqlite_where=sa.text("deleted_at IS NULL"), postgresql_where=sa.text("deleted_at IS NULL")
        )
        batch_op.drop_index(
            "ix_todo_priority", sqlite_where=sa.text("deleted_at IS NULL"), postgresql_where=sa.text("deleted_at IS NULL")
        )
        batch_op.drop_index(
            "ix_todo_parent",
            sqlite_where=sa.text("deleted_at IS NULL AND parent_id IS NOT NULL"),
            postgresql_where=sa.text("deleted_at IS NULL AND parent_id IS NOT NULL"),
        )
        batch_op.drop_index(
            "ix_todo_order", sqlite_where=sa.text("deleted_at IS NULL"), postgresql_where=sa.text("deleted_at IS NULL")
        )
        batch_op.drop_index(
            "ix_todo_in_list", sqlite_where=sa.text("deleted_at IS NULL"), postgresql_where=sa.text("deleted_at IS NULL")
        )
        batch_op.drop_index(
            "ix_todo_due", sqlite_where=sa.text("deleted_at IS NULL"), postgresql_where=sa.text("deleted_at IS NULL")
        )
        batch_op.drop_index(
            "ix_todo_created_at", sqlite_where=sa.text("deleted_at IS NULL"), postgresql_where=sa.text("deleted_at IS NULL")
        )
        batch_op.drop_index(batch_op.f("ix_todo_completed_with"))
        batch_op.drop_index(
            "ix_todo_completed_at", sqlite_where=sa.text("deleted_at IS NULL"), postgresql_where=sa.text("deleted_at IS NULL")
        )

    op.drop_table("todo")
    with op.batch_alter_table("refresh_token", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_refresh_token_session_id"))

    op.drop_table("refresh_token")
    with op.batch_alter_table("list_guest", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_list_guest_list_id"))

    op.drop_table("list_guest")
    with op.batch_alter_table("todo_list", schema=None) as batch_op:
        batch_op.drop_index("uq_todo_list_inbox", sqlite_where=sa.text("is_inbox"), postgresql_where=sa.text("is_inbox"))
        batch_op.drop_index(
            "ix_todo_list_order", sqlite_where=sa.text("deleted_at IS NULL"), postgresql_where=sa.text("deleted_at IS NULL")
        )

    op.drop_table("todo_list")
    with op.batch_alter_table("member", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_member_workspace_id"))

    op.drop_table("member")
    with op.batch_alter_table("login_session", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_login_session_user_id"))
        batch_op.drop_index(batch_op.f("ix_login_session_expires_at"))

    op.drop_table("login_session")
    with op.batch_alter_table("label", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_label_name", sqlite_where=sa.text("deleted_at IS NULL"), postgresql_where=sa.text("deleted_at IS NULL")
        )

    op.drop_table("label")
    with op.batch_alter_table("change", schema=None) as batch_op:
        batch_op.drop_index("ix_change_entity")

    op.drop_table("change")
    with op.batch_alter_table("api_key", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_api_key_user_id"))

    op.drop_table("api_key")
    op.drop_table("workspace")
    op.drop_table("user_account")
    op.drop_table("signing_key")
    with op.batch_alter_table("login_throttle", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_login_throttle_updated_at"))

    op.drop_table("login_throttle")
    with op.batch_alter_table("idempotency_record", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_idempotency_record_created_at"))

    op.drop_table("idempotency_record")
