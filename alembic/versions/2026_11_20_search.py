"""search, and indexes for what is open."""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

from todo_api.db import columns
from todo_api.domain.search import indexed
from todo_api.models import TODO_SEARCH

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels: str | None = None
depends_on: str | None = None

LIVE = sa.text("deleted_at IS NULL")
OPEN = sa.text("deleted_at IS NULL AND status IN ('open', 'in_progress')")
STARTING = sa.text("deleted_at IS NULL AND status IN ('open', 'in_progress') AND start_key IS NOT NULL")
INDEXES = {
    "ix_todo_open_in_list": (["list_id", "order", "id"], OPEN),
    "ix_todo_open_order": (["workspace_id", "order", "id"], OPEN),
    "ix_todo_open_due": (["workspace_id", "due_key", "order", "id"], OPEN),
    "ix_todo_open_priority": (["workspace_id", "priority", "id"], OPEN),
    "ix_todo_open_start": (["workspace_id", "start_key", "order", "id"], STARTING),
}
# detail=column: phrases are looked for in the text itself. The tokenizer only splits what the service joined with spaces.
SQLITE = """
CREATE VIRTUAL TABLE todo_search USING fts5(
    todo_id UNINDEXED, title, notes, comments, scope, detail=column, tokenize="ascii tokenchars '$'"
)
"""
POSTGRESQL = (
    """
CREATE TABLE todo_search (
    todo_id uuid PRIMARY KEY REFERENCES todo (id) ON DELETE CASCADE,
    title text NOT NULL,
    notes text NOT NULL,
    comments text NOT NULL,
    scope text NOT NULL,
    vector tsvector NOT NULL GENERATED ALWAYS AS (
        array_to_tsvector(array_remove(string_to_array(title || ' ' || notes || ' ' || comments || ' ' || scope, ' '), ''))
    ) STORED
)
""",
    # fastupdate would let one write in thousands wait for half a second, and reads look through what it put off
    "CREATE INDEX ix_todo_search_vector ON todo_search USING gin (vector) WITH (fastupdate = off)",
)
BATCH = 500
TODO = sa.table(
    "todo",
    *(sa.column(name, columns.Id()) for name in ("id", "list_id", "workspace_id")),
    *(sa.column(name, sa.String()) for name in ("title", "notes")),
)
COMMENT = sa.table(
    "comment",
    *(sa.column(name, columns.Id()) for name in ("id", "todo_id")),
    sa.column("body", sa.String()),
    sa.column("deleted_at", columns.Instant()),
)


def _batches() -> Iterator[list[Any]]:
    """All todos in the order of their ids."""
    found = sa.select(TODO).order_by(TODO.c.id).limit(BATCH)
    rows = op.get_bind().execute(found).all()
    while rows:
        yield list(rows)
        rows = op.get_bind().execute(found.where(TODO.c.id > rows[-1].id)).all()


def _scope(row: Any) -> str:
    words = (f"@{kind}{id_.replace('-', '')}" for kind, id_ in (("t", row.id), ("l", row.list_id), ("w", row.workspace_id)))
    return f" {' '.join(words)} "


def _comments(ids: list[str]) -> dict[str, list[str]]:
    """Live comments of these todos, the newest first."""
    found = sa.select(COMMENT.c.todo_id, COMMENT.c.body).where(COMMENT.c.todo_id.in_(ids), COMMENT.c.deleted_at.is_(None))
    bodies: dict[str, list[str]] = {}
    for todo_id, body in op.get_bind().execute(found.order_by(COMMENT.c.id.desc())):
        bodies.setdefault(todo_id, []).append(body)
    return bodies


def _fill() -> None:
    """Index the todos there are."""
    for rows in _batches():
        comments = _comments([row.id for row in rows])
        values = [
            {
                "todo_id": row.id,
                "title": indexed([row.title]),
                "notes": indexed([row.notes]),
                "comments": indexed(comments.get(row.id, [])),
                "scope": _scope(row),
            }
            for row in rows
        ]
        op.get_bind().execute(TODO_SEARCH.insert(), values)


def upgrade() -> None:
    with op.batch_alter_table("todo", schema=None) as batch_op:
        batch_op.drop_index("ix_todo_due", sqlite_where=LIVE, postgresql_where=LIVE)
        batch_op.create_index("ix_todo_due", ["workspace_id", "due_key", "order", "id"], sqlite_where=LIVE, postgresql_where=LIVE)
        for name, (names, where) in INDEXES.items():
            batch_op.create_index(name, names, sqlite_where=where, postgresql_where=where)
    for statement in (SQLITE,) if op.get_bind().dialect.name == "sqlite" else POSTGRESQL:
        op.execute(statement)
    _fill()


def downgrade() -> None:
    op.execute("DROP TABLE todo_search")
    with op.batch_alter_table("todo", schema=None) as batch_op:
        for name, (_, where) in INDEXES.items():
            batch_op.drop_index(name, sqlite_where=where, postgresql_where=where)
        batch_op.drop_index("ix_todo_due", sqlite_where=LIVE, postgresql_where=LIVE)
        batch_op.create_index("ix_todo_due", ["workspace_id", "due_key", "id"], sqlite_where=LIVE, postgresql_where=LIVE)
