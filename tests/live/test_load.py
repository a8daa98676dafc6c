import asyncio
import logging
import os
import time
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import select

from tests.support.live import Server, serving
from todo_api.db.engine import Database
from todo_api.domain.changes import Kind
from todo_api.models import Change
from todo_api.settings import Settings

SECONDS = float(os.environ.get("TODO_API_TEST_LOAD_SECONDS", "3"))
WRITERS = 50
PATIENT = {  # so that a machine with other things to do is slow here, and not overloaded
    "sqlite_write_seconds": "30",
    "postgresql_pool_seconds": "30",
    "postgresql_lock_seconds": "30",
    "postgresql_statement_seconds": "30",
}
FIGURES = logging.getLogger("figures")  # pytest --log-cli-level=info shows them


class Call(NamedTuple):
    """A request and when it was sent and answered, by one clock."""

    status: int
    todo_id: str
    sent: float
    answered: float


async def write(server: Server, until: float) -> list[Call]:
    """Create todos one after another."""
    calls: list[Call] = []
    async with server.client() as client:
        while time.monotonic() < until:
            sent = time.monotonic()
            response = await client.post("/v1/todos", json={"title": "Buy milk", "labels": ["food"]})
            calls.append(Call(response.status_code, response.json().get("id", ""), sent, time.monotonic()))
    return calls


async def logged(url: str) -> tuple[list[int], dict[str, int]]:
    """The numbers of all changes, and of the change that made each todo."""
    database = Database(Settings(database_url=url))
    async with database.snapshot() as session:
        rows = (await session.execute(select(Change.seq, Change.kind, Change.entity_id).order_by(Change.seq))).all()
    await database.close()
    return [row.seq for row in rows], {row.entity_id: row.seq for row in rows if row.kind == Kind.TODO}


def overtaken(calls: list[Call], numbers: dict[str, int]) -> list[Call]:
    """Calls that were sent after another was answered, and yet have the lower number."""
    found, earliest_answer = [], float("inf")
    for call in sorted(calls, key=lambda call: numbers[call.todo_id], reverse=True):
        if call.sent > earliest_answer:
            found.append(call)
        earliest_answer = min(earliest_answer, call.answered)
    return found


async def test_fifty_writers_get_no_error_and_gapless_numbers_in_order(url: str, database_kind: str, tmp_path: Path) -> None:
    options = ("--workers", "2") if database_kind == "postgresql" else ()
    with serving(tmp_path, *options, database_url=url, **PATIENT) as server:
        until = time.monotonic() + SECONDS
        calls = [call for calls in await asyncio.gather(*(write(server, until) for _ in range(WRITERS))) for call in calls]

    seqs, numbers = await logged(url)
    times = sorted(call.answered - call.sent for call in calls)
    quantiles = [round(times[index] * 1000) for index in (len(times) // 2, -(len(times) // 100) - 1, -1)]
    FIGURES.info("%d writes in %g s; p50, p99, longest: %s ms", len(calls), SECONDS, quantiles)
    assert Counter(call.status for call in calls) == {201: len(calls)}
    assert seqs == list(range(1, len(seqs) + 1))
    assert numbers.keys() == {call.todo_id for call in calls}
    assert overtaken(calls, numbers) == []
