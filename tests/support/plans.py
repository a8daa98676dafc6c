"""How a database would answer what was asked of it."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import event, text

from todo_api.db.engine import Database


@dataclass
class Plan:
    """What it reads: tables from end to end, indexes, and indexes whose rows it sorts before it cuts them off at the limit."""

    scans: list[str] = field(default_factory=list)
    indexes: list[str] = field(default_factory=list)
    sorted: list[str] = field(default_factory=list)


class Asked:
    """The statements of a block, and what the database plans for them."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.statements: list[tuple[str, Any]] = []

    async def plan(self) -> Plan:
        """One plan of all statements together."""
        plan = Plan()
        async with self._database.transaction() as session:
            connection = await session.connection()
            if session.dialect_name == "postgresql":
                await connection.execute(text("SET LOCAL enable_seqscan = off"))  # these tables are small enough to be read whole
            for statement, parameters in self.statements:
                if session.dialect_name == "sqlite":
                    rows = await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
                    found: list[tuple[Any, ...]] = [tuple(row) for row in rows]
                    _read_sqlite(plan, [(row[0], row[1], row[3]) for row in found])
                else:
                    rows = await connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", parameters)
                    _read_postgresql(plan, rows.scalar_one()[0]["Plan"], above="")
        return plan


@asynccontextmanager
async def asked(database: Database) -> AsyncIterator[Asked]:
    """Note what is asked in the block."""
    found = Asked(database)

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if statement.startswith(("SELECT", "WITH")):
            found.statements.append((statement, parameters))

    for engine in database.engines:
        event.listen(engine.sync_engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        for engine in database.engines:
            event.remove(engine.sync_engine, "before_cursor_execute", note)


def _read_sqlite(plan: Plan, nodes: list[tuple[int, int, str]]) -> None:
    sorting = {parent for _, parent, detail in nodes if detail.startswith("USE TEMP B-TREE")}
    for _, parent, detail in nodes:
        words = detail.split()
        if words[0] == "SCAN" and not words[1].startswith("anon_"):
            if "VIRTUAL" in words:  # `INDEX 0:M…` is a full-text match
                (plan.indexes if ":M" in words[-1] else plan.scans).append(words[1])
            elif "CONSTANT" not in words:
                plan.scans.append(words[1])
        if words[0] == "SEARCH":
            index = words[words.index("INDEX") + 1] if "INDEX" in words else "primary key"
            plan.indexes.append(index)
            if parent in sorting and words[1] == "todo" and index.startswith("ix_todo_"):
                plan.sorted.append(index)


def _read_postgresql(plan: Plan, node: dict[str, Any], *, above: str) -> None:
    kind = node["Node Type"]
    above = {"Limit": "limit", "Sort": "sort", "Incremental Sort": "sort"}.get(kind, above)
    if "Seq Scan" in kind:
        plan.scans.append(node["Relation Name"])
    if index := node.get("Index Name"):
        plan.indexes.append(index)
        if above == "sort" and index.startswith("ix_todo_"):
            plan.sorted.append(index)
    for child in _children(node):
        _read_postgresql(plan, child, above="" if child.get("Parent Relationship") in {"SubPlan", "InitPlan"} else above)


def _children(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield from node.get("Plans", ())
