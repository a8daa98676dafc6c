import asyncio
import logging
import os
import random
import sqlite3
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import select

from tests.support.live import Server, serving
from todo_api.db.engine import Database
from todo_api.models import Change, Todo, Workspace
from todo_api.security import api_keys
from todo_api.settings import Settings

KILLS = int(os.environ.get("TODO_API_TEST_KILLS", "5"))
WRITERS = 16
FIGURES = logging.getLogger("figures")  # pytest --log-cli-level=info shows them


@dataclass
class Ledger:
    """What the server said, by title; a title is also its Idempotency-Key."""

    acknowledged: dict[str, str] = field(default_factory=dict)
    unanswered: set[str] = field(default_factory=set)

    async def write(self, client: httpx.AsyncClient, title: str) -> bool:
        """Create a todo; whether the server answered."""
        headers = {"Idempotency-Key": title.replace(" ", "-")}
        try:
            response = await client.post("/v1/todos", json={"title": title, "notes": title * 9}, headers=headers)
        except httpx.TransportError:
            self.unanswered.add(title)
            return False
        if response.status_code == 409:  # on PostgreSQL, the killed server's transaction may still be ending
            await asyncio.sleep(0.05)
            return await self.write(client, title)
        assert response.status_code == 201, response.text
        self.acknowledged[title] = response.json()["id"]
        self.unanswered.discard(title)
        return True


async def write_until_killed(server: Server, ledger: Ledger, round_: int, chance: random.Random) -> None:
    """Write with all writers at once, and kill the server in the midst of it."""

    async def write(writer: int) -> None:
        number = 0
        async with server.client() as client:
            while await ledger.write(client, f"round {round_} writer {writer} number {number}"):
                number += 1

    writers = [asyncio.create_task(write(writer)) for writer in range(WRITERS)]
    await asyncio.sleep(chance.uniform(0.1, 0.5))
    await asyncio.to_thread(server.kill)
    await asyncio.gather(*writers)


async def retry(server: Server, ledger: Ledger) -> None:
    """Send what was not answered again, with the same keys."""
    async with server.client() as client:
        for title in sorted(ledger.unanswered):
            assert await ledger.write(client, title)


async def stored(url: str) -> tuple[list[Any], list[int], int]:
    """All todos, the numbers of all changes, and the number that the workspace says is the newest."""
    database = Database(Settings(database_url=url))
    async with database.snapshot() as session:
        todos = list((await session.execute(select(Todo.title, Todo.id, Todo.notes))).all())
        numbers = list((await session.execute(select(Change.seq).order_by(Change.seq))).scalars())
        newest = (await session.execute(select(Workspace.seq))).scalar_one()
    await database.close()
    return todos, numbers, newest


async def test_killed_server_loses_no_acknowledged_write(url: str, database_kind: str, tmp_path: Path) -> None:
    ledger, key, chance, unanswered = Ledger(), api_keys.generate(), random.Random(1), 0  # noqa: S311  # repeatable, no secret

    for round_ in range(KILLS):
        with serving(tmp_path, key=key, database_url=url) as server:
            await retry(server, ledger)
            await write_until_killed(server, ledger, round_, chance)
        unanswered += len(ledger.unanswered)
    with serving(tmp_path, key=key, database_url=url) as server:
        await retry(server, ledger)

    todos, numbers, newest = await stored(url)
    FIGURES.info("%d kills, %d writes acknowledged, %d unanswered and retried", KILLS, len(todos), unanswered)
    assert unanswered > 0  # or nothing was killed in the midst of anything
    assert sorted(todos) == sorted((title, id_, title * 9) for title, id_ in ledger.acknowledged.items())
    assert numbers == list(range(1, newest + 1))
    assert newest == len(todos) + 2  # the workspace and its inbox came first
    if database_kind == "sqlite":
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
