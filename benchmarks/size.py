"""What a hundred times as many todos cost: ``python -m benchmarks.size [--database postgresql] [--rounds 30]``.

One user with 1,000 todos and one with 100,000, each in a database of their own; pages of 50, below HTTP. Rounds alternate between
the two, and medians are compared: only the ratio means something on a shared machine.
"""

import argparse
import asyncio
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import text
from tests.support import postgres
from tests.support.clock import TestClock
from tests.support.many_todos import add_many
from tests.support.service import Service, serving

from todo_api.db import migrations
from todo_api.db.session import Session
from todo_api.domain.actor import Actor
from todo_api.domain.filter_language import parse
from todo_api.domain.paging import Position, Slice
from todo_api.domain.search import parse_search
from todo_api.domain.sorting import TodoSort
from todo_api.domain.views import View
from todo_api.repositories.todos import TodoRepository, TodoRow
from todo_api.repositories.views import ViewRepository
from todo_api.schemas.todos import OPEN_STATUSES, TodoFilter
from todo_api.settings import Settings

SIZES = (1_000, 100_000)
LISTS = 10
CHUNK = 5_000
OPEN = TodoFilter(status=OPEN_STATUSES)


@dataclass
class World:
    """A database with one user's todos."""

    service: Service
    actor: Actor
    size: int
    last: Position | None = None

    async def timed(self, ask: Callable[["World", Session], Awaitable[object]]) -> float:
        """Milliseconds of one read."""
        async with self.service.state.database.snapshot() as session:
            began = time.perf_counter()
            await ask(self, session)
            return (time.perf_counter() - began) * 1000

    async def page(
        self,
        session: Session,
        filter_: TodoFilter,
        sort: TodoSort | None = None,
        *,
        after: Position | None = None,
        descending: bool = False,
    ) -> Slice[TodoRow]:
        """Fifty todos."""
        todos = TodoRepository(session, self.actor, self.service.clock)
        return await todos.page(filter_, sort=sort, descending=descending, limit=50, after=after)


def _search(query: str) -> TodoFilter:
    return TodoFilter(status=OPEN_STATUSES, q=parse_search(query))


def _filter(query: str) -> TodoFilter:
    return TodoFilter(status=OPEN_STATUSES, filter=parse(query))


READS: dict[str, Callable[[World, Session], Awaitable[object]]] = {
    "first page": lambda world, session: world.page(session, OPEN),
    "first page, any status": lambda world, session: world.page(session, TodoFilter()),
    "last page": lambda world, session: world.page(session, OPEN, after=world.last),
    "first page by due date": lambda world, session: world.page(session, OPEN, TodoSort.DUE),
    "first page by updated_at, newest": lambda world, session: world.page(session, OPEN, TodoSort.UPDATED_AT, descending=True),
    "search, one hit": lambda world, session: world.page(session, _search('"milk bread" 510')),
    "search, a hundredth": lambda world, session: world.page(session, _search("milk bread garden")),
    "search, a fifth": lambda world, session: world.page(session, _search("milk")),
    "filter, a fifth": lambda world, session: world.page(session, _filter("priority:high and due > today")),
    "filter, nothing": lambda world, session: world.page(session, _filter("title:nowhere")),
    "today": lambda world, session: _view(world, session, View.TODAY),
    "upcoming": lambda world, session: _view(world, session, View.UPCOMING),
    "no date": lambda world, session: _view(world, session, View.NO_DATE),
    "completed": lambda world, session: _view(world, session, View.COMPLETED),
    "assigned": lambda world, session: _view(world, session, View.ASSIGNED),
}


async def _view(world: World, session: Session, view: View) -> object:
    return await ViewRepository(session, world.actor, world.service.clock).page_of(view, limit=50, after=None)


async def _fill(service: Service, size: int) -> World:
    account = await service.account()
    client = service.client(account)
    lists = [account.inbox_id]
    for number in range(LISTS - 1):
        response = await client.post("/v1/lists", json={"name": f"List {number}"})
        lists.append(response.json()["id"])
    for start in range(0, size, CHUNK):
        async with service.state.database.transaction() as session:
            await add_many(session, account, lists, count=min(CHUNK, size), first=start)
    if service.state.database.dialect_name == "postgresql":
        async with service.state.database.transaction() as session:
            await session.execute(text("ANALYZE"))
    world = World(service, await service.actor(account), size)
    async with service.state.database.snapshot() as session:
        page = await world.page(session, OPEN, TodoSort.ORDER, descending=True)
        end = page.next_position
    if end is not None:
        world.last = Position(["order", *end.value[1:]], end.id)  # the same row, in the other direction
    return world


async def _measure(urls: list[str], rounds: int) -> None:
    async with AsyncExitStack() as stack:
        worlds = []
        for url, size in zip(urls, SIZES, strict=True):
            service = await stack.enter_async_context(serving(Settings(database_url=url, registration="open"), TestClock()))
            worlds.append(await _fill(service, size))
        print(f"{'':34}{SIZES[0]:>12,}{SIZES[1]:>12,}   ratio")
        for name, read in READS.items():
            times: list[list[float]] = [[], []]
            for _ in range(rounds + 3):
                for world, taken in zip(worlds, times, strict=True):
                    taken.append(await world.timed(read))
            small, large = (statistics.median(taken[3:]) for taken in times)
            print(f"{name:34}{small:9.2f} ms{large:9.2f} ms {large / small:7.1f}", flush=True)


def main() -> None:
    """Make the databases, measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--rounds", type=int, default=30)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if arguments.database == "sqlite":
            urls = [f"sqlite:///{Path(folder, f'{size}.db')}" for size in SIZES]
        else:
            server = postgres.start()
            urls = [server.url(f"size_{size}") for size in SIZES]
            asyncio.run(server.execute(*(f"CREATE DATABASE size_{size}" for size in SIZES)))
        for url in urls:
            migrations.upgrade(Settings(database_url=url))
        asyncio.run(_measure(urls, arguments.rounds))


if __name__ == "__main__":
    main()
