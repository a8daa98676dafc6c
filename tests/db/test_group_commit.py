import asyncio
import random
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import IntegrityError

from todo_api.db.engine import Database
from todo_api.db.session import Session
from todo_api.errors import DatabaseBusyError, DatabaseUnavailableError, StorageFullError
from todo_api.settings import Settings

INSERT = text("INSERT INTO note (unit, part) VALUES (:unit, :part)")
SLOW = text("WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500000) SELECT count(*) FROM n")


@contextmanager
def executed(database: Database) -> Iterator[list[str]]:
    """The first word of everything that reaches the writing connection in the block."""
    words: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        words.append(statement.split(maxsplit=1)[0])

    writing = database.engines[1].sync_engine
    event.listen(writing, "before_cursor_execute", note)
    try:
        yield words
    finally:
        event.remove(writing, "before_cursor_execute", note)


def stored(file: Path) -> dict[int, int]:
    """How many rows each unit has, as another program sees it."""
    with closing(sqlite3.connect(file)) as connection:
        return dict(connection.execute("SELECT unit, count(*) FROM note GROUP BY unit"))


async def write(database: Database, unit: int) -> None:
    """A unit of two halves."""
    async with database.transaction() as session:
        await session.execute(INSERT, {"unit": unit, "part": 1})
        await asyncio.sleep(0)
        await session.execute(INSERT, {"unit": unit, "part": 2})


async def open_unit(database: Database) -> Session:
    """A unit that holds the turn until the test ends it."""
    session = database.writer()
    await session.execute(INSERT, {"unit": 0, "part": 1})
    return session


async def queue(*work: Any) -> list[asyncio.Task[Any]]:
    """Start tasks and let them come to the point where they wait."""
    tasks = [asyncio.ensure_future(one) for one in work]
    for _ in range(5):
        await asyncio.sleep(0)
    return tasks


async def test_units_that_queue_share_one_commit(bare: Database, file: Path) -> None:
    first = await open_unit(bare)
    tasks = await queue(*(write(bare, unit) for unit in range(1, 10)))

    with executed(bare) as words:
        await asyncio.gather(first.commit(), *tasks)

    assert Counter(words) == {"SAVEPOINT": 9, "INSERT": 18, "RELEASE": 9, "COMMIT": 1}
    assert stored(file) == {0: 1} | dict.fromkeys(range(1, 10), 2)


async def test_lone_unit_needs_no_savepoint(bare: Database) -> None:
    with executed(bare) as words:
        await write(bare, 1)

    assert words == ["BEGIN", "INSERT", "INSERT", "COMMIT"]


async def test_unit_that_queues_behind_a_group_commit_begins_anew(bare: Database) -> None:
    first = await open_unit(bare)
    second = await queue(write(bare, 1), first.commit())
    third = await queue(write(bare, 2))

    with executed(bare) as words:
        await asyncio.gather(*second, *third)

    assert [word for word in words if word != "INSERT"] == ["RELEASE", "COMMIT", "BEGIN", "COMMIT"]


async def test_failing_unit_rolls_back_alone(bare: Database, file: Path) -> None:
    async def fail() -> None:
        async with bare.transaction() as session:
            await session.execute(INSERT, {"unit": 2, "part": 1})
            raise ZeroDivisionError

    first = await open_unit(bare)
    tasks = await queue(write(bare, 1), fail(), write(bare, 3))

    await first.commit()
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)

    assert [type(outcome) for outcome in outcomes] == [type(None), ZeroDivisionError, type(None)]
    assert stored(file) == {0: 1, 1: 2, 3: 2}


async def test_failing_first_unit_takes_nobody_along(bare: Database, file: Path) -> None:
    first = await open_unit(bare)
    tasks = await queue(write(bare, 1), write(bare, 2))

    await first.rollback()
    await asyncio.gather(*tasks)

    assert stored(file) == {1: 2, 2: 2}


async def test_nobody_is_answered_before_the_commit(bare: Database, file: Path) -> None:
    async def answer(unit: int) -> int:
        await write(bare, unit)
        return stored(file).get(unit, 0)

    answers = await asyncio.gather(*(answer(unit) for unit in range(100)))

    assert answers == [2] * 100


async def test_finished_unit_waits_while_the_commit_is_due(bare: Database, file: Path) -> None:
    first, gate = await open_unit(bare), asyncio.Event()

    async def hold() -> None:
        async with bare.transaction() as session:
            await session.execute(INSERT, {"unit": 1, "part": 1})
            await gate.wait()

    (holding,) = await queue(hold())
    (finished,) = await queue(first.commit())
    for _ in range(20):
        await asyncio.sleep(0.001)
    before = (finished.done(), stored(file))
    gate.set()
    await asyncio.gather(finished, holding)

    assert before == (False, {})
    assert stored(file) == {0: 1, 1: 1}


async def test_failing_commit_reaches_every_unit_of_the_group(bare: Database, file: Path) -> None:
    async with bare.transaction() as session:
        await session.execute(text("CREATE TABLE parent (id INTEGER PRIMARY KEY)"))
        reference = "REFERENCES parent DEFERRABLE INITIALLY DEFERRED"  # checked by COMMIT
        await session.execute(text(f"CREATE TABLE child (parent INTEGER {reference})"))

    async def orphan() -> None:
        async with bare.transaction() as session:
            await session.execute(text("INSERT INTO child VALUES (7)"))

    first = await open_unit(bare)
    tasks = await queue(write(bare, 1), orphan(), write(bare, 2))

    outcomes = await asyncio.gather(first.commit(), *tasks, return_exceptions=True)
    await write(bare, 3)

    assert [type(outcome) for outcome in outcomes] == [IntegrityError] * 4
    assert stored(file) == {3: 2}


async def test_statement_that_undoes_the_transaction_is_told_to_the_group(bare: Database, file: Path) -> None:
    async def overflow() -> None:
        async with bare.transaction() as session:
            await session.execute(text("PRAGMA max_page_count = 8"))
            await session.execute(INSERT, {"unit": 9, "part": bytes(10**6)})

    first = await open_unit(bare)
    tasks = await queue(write(bare, 1), overflow())

    outcomes = await asyncio.gather(first.commit(), *tasks, return_exceptions=True)
    await write(bare, 2)

    assert [type(outcome) for outcome in outcomes] == [DatabaseUnavailableError, DatabaseUnavailableError, StorageFullError]
    assert stored(file) == {2: 2}


async def test_unit_cancelled_in_a_statement_rolls_back_alone(bare: Database, file: Path) -> None:
    started = asyncio.Event()

    async def be_slow() -> None:
        async with bare.transaction() as session:
            await session.execute(INSERT, {"unit": 2, "part": 1})
            started.set()
            await session.execute(SLOW)

    first = await open_unit(bare)
    before, slow, after = await queue(write(bare, 1), be_slow(), write(bare, 3))
    (opening,) = await queue(first.commit())

    await started.wait()
    slow.cancel()
    await asyncio.gather(opening, before, after)

    with pytest.raises(asyncio.CancelledError):
        await slow
    assert stored(file) == {0: 1, 1: 2, 3: 2}


async def test_unit_cancelled_while_it_waits_for_the_commit_is_kept(bare: Database, file: Path) -> None:
    first = await open_unit(bare)
    (second,) = await queue(write(bare, 1))
    (opening,) = await queue(first.commit())

    opening.cancel()
    await second

    assert opening.cancelled()
    assert stored(file) == {0: 1, 1: 2}


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_cancelled_units_leave_no_half_and_no_lock(bare: Database, file: Path, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311  # repeatable, no secret
    working: list[asyncio.Task[None]] = []

    async def work(unit: int) -> None:
        async with bare.transaction() as session:
            await session.execute(INSERT, {"unit": unit, "part": 1})
            working[:] = [tasks[unit]]
            await session.execute(INSERT, {"unit": unit, "part": 2})

    tasks = [asyncio.create_task(work(unit)) for unit in range(300)]
    while alive := [task for task in tasks if not task.done()]:
        await asyncio.sleep(chance.uniform(0, 0.002))
        chance.choice([*working, chance.choice(alive)]).cancel()

    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    await write(bare, 300)

    found = stored(file)
    answered = {unit for unit, outcome in enumerate(outcomes) if outcome is None}
    assert {type(outcome) for outcome in outcomes} == {type(None), asyncio.CancelledError}
    assert set(found.values()) == {2}
    assert answered <= found.keys()


async def test_full_queue_is_busy(bare: Database, file: Path) -> None:
    await bare.close()
    database = Database(Settings(database_url=f"sqlite:///{file}", sqlite_write_queue=2, sqlite_write_seconds=60))
    first = await open_unit(database)
    waiting = await queue(write(database, 1), write(database, 2))

    with pytest.raises(DatabaseBusyError, match="Too many writes are waiting"):
        await write(database, 3)

    await asyncio.gather(first.commit(), *waiting)
    await database.close()
    assert stored(file) == {0: 1, 1: 2, 2: 2}


async def test_unit_that_waits_too_long_is_busy(bare: Database, file: Path) -> None:
    await bare.close()
    database = Database(Settings(database_url=f"sqlite:///{file}", sqlite_write_seconds=0.1))
    first = await open_unit(database)

    with pytest.raises(DatabaseBusyError, match="busy with other writes"):
        await write(database, 1)

    await first.commit()
    await write(database, 2)
    await database.close()
    assert stored(file) == {0: 1, 2: 2}


async def test_closing_waits_for_the_commit_that_is_due(bare: Database, file: Path) -> None:
    first = await open_unit(bare)
    tasks = await queue(write(bare, 1), first.commit())

    await bare.close()
    await asyncio.gather(*tasks)

    assert stored(file) == {0: 1, 1: 2}


async def test_concurrent_increments_lose_nothing(bare: Database, file: Path) -> None:
    await write(bare, 1)

    async def increment() -> None:
        async with bare.transaction() as session:
            part = (await session.execute(text("SELECT min(part) FROM note"))).scalar_one()
            await session.execute(text("UPDATE note SET part = :part"), {"part": part + 1})

    await asyncio.gather(*(increment() for _ in range(100)))

    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("SELECT part FROM note").fetchall() == [(101,), (101,)]
