"""The tree of subtasks: ancestors, descendants, and the lock that keeps concurrent moves from making a cycle."""

from typing import Final

from sqlalchemy import Select, bindparam, literal, select, text
from sqlalchemy.orm import aliased

from todo_api.db.columns import Id
from todo_api.db.session import Session
from todo_api.models import Todo

DEEPEST: Final = 5  # levels, the top one included
_CHAIN_CAP: Final = 64  # ends a walk through a damaged tree

_LOCK: Final = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")


async def lock_structure(session: Session, workspace_id: str) -> None:
    """Let one transaction at a time change the shape of a workspace's trees.

    Take it before reading what is about to change: SQLite's single writer is such a lock already, PostgreSQL needs one,
    because two moves which each look at the other's old parent would make a cycle together.
    """
    if session.dialect_name == "postgresql":
        await session.execute(_LOCK, {"name": f"structure {workspace_id}"})


def _ancestors() -> Select[str]:
    start = select(Todo.id, Todo.parent_id, literal(1).label("level")).where(Todo.id == bindparam("start", type_=Id()))
    chain = start.cte("chain", recursive=True)
    above = aliased(Todo)
    step = select(above.id, above.parent_id, chain.c.level + 1).where(above.id == chain.c.parent_id, chain.c.level < _CHAIN_CAP)
    chain = chain.union_all(step)
    return select(chain.c.id).order_by(chain.c.level)


def _descendants() -> Select[str, int]:
    start = select(Todo.id, literal(1).label("level")).where(Todo.id == bindparam("start", type_=Id()))
    tree = start.cte("tree", recursive=True)
    below = aliased(Todo)
    step = select(below.id, tree.c.level + 1).where(
        below.parent_id == tree.c.id, below.parent_id.is_not(None), below.deleted_at.is_(None), tree.c.level < _CHAIN_CAP
    )
    tree = tree.union_all(step)
    return select(tree.c.id, tree.c.level).where(tree.c.level > 1).order_by(tree.c.level)


ANCESTORS: Final = _ancestors()
DESCENDANTS: Final = _descendants()


async def ancestors(session: Session, todo_id: str) -> list[str]:
    """The todo itself and everything above it, upwards."""
    result = await session.execute(ANCESTORS, {"start": todo_id})
    return list(result.scalars())


async def descendants(session: Session, todo_id: str) -> list[tuple[str, int]]:
    """Live todos below, with their level under the todo (its children have 1), parents before children."""
    result = await session.execute(DESCENDANTS, {"start": todo_id})
    return [(row.id, row.level - 1) for row in result]
