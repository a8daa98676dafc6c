import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import asyncpg
import httpx
import pytest
from fastapi import APIRouter
from sqlalchemy import text
from sqlalchemy.engine import make_url

from tests.support import postgres
from tests.support.clock import TestClock
from tests.support.service import Account, Service, serving
from todo_api.db import migrations
from todo_api.db.session import Session
from todo_api.dependencies.session import CurrentSession
from todo_api.errors import DatabaseBusyError, WriteConflictError
from todo_api.settings import Settings
from todo_api.web.route import Route

TITLE = text("UPDATE todo SET title = :title WHERE id = :id")
Work = Callable[[Session], Awaitable[None]]
Launch = Callable[[], Awaitable[postgres.Server]]


@pytest.fixture(autouse=True)
def _on_postgresql(database_kind: str) -> None:
    if database_kind != "postgresql":
        pytest.skip("about PostgreSQL: runs with --database postgresql")


@pytest.fixture
async def strained(database_url: str, clock: TestClock, _emptied: None) -> AsyncIterator[Service]:
    """The service with one connection of each kind and little patience."""
    settings = Settings(
        database_url=database_url,
        postgresql_pool=1,
        postgresql_readers=1,
        postgresql_pool_seconds=0.5,
        postgresql_statement_seconds=1,
        postgresql_lock_seconds=0.5,
    )
    async with serving(settings, clock) as running:
        yield running


@pytest.fixture
async def ada(strained: Service) -> Account:
    return await strained.account()


@pytest.fixture
async def outside(database_url: str) -> AsyncIterator[Any]:
    """A connection that the service does not know of."""
    url = make_url(database_url)
    connection = await asyncpg.connect(
        host=url.host, port=url.port, user=url.username, password=url.password, database=url.database
    )
    yield connection
    await connection.close()


def add_route(service: Service, path: str, work: Work) -> None:
    """A route of the service that does ``work`` in its unit of work."""
    router = APIRouter(route_class=Route)

    @router.post(path, status_code=204)
    async def handle(session: CurrentSession) -> None:
        await work(session)

    service.app.router.routes[:0] = router.routes


async def test_reader_cannot_write(service: Service) -> None:
    await service.account()

    async with service.state.database.snapshot() as session:
        with pytest.raises(Exception, match="read-only transaction"):
            await session.execute(text("UPDATE workspace SET name = 'Mine'"))

    async with service.state.database.snapshot() as session:
        assert (await session.execute(text("SELECT name FROM workspace"))).scalars().all() == ["Personal"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("statement_timeout", "1s"),
        ("lock_timeout", "500ms"),
        ("idle_in_transaction_session_timeout", "6s"),
        ("application_name", "todo-api"),
        ("transaction_isolation", "read committed"),
        ("default_transaction_read_only", "off"),
    ],
)
async def test_writing_connection_has_the_setting(strained: Service, name: str, value: str) -> None:
    async with strained.state.database.transaction() as session:
        assert (await session.execute(text(f"SHOW {name}"))).scalar_one() == value


@pytest.mark.parametrize(("name", "value"), [("statement_timeout", "1s"), ("default_transaction_read_only", "on")])
async def test_reading_connection_has_the_setting(strained: Service, name: str, value: str) -> None:
    async with strained.state.database.snapshot() as session:
        assert (await session.execute(text(f"SHOW {name}"))).scalar_one() == value


async def test_statement_that_takes_too_long_is_busy(strained: Service) -> None:
    async with strained.state.database.snapshot() as session:
        with pytest.raises(DatabaseBusyError):
            await session.execute(text("SELECT pg_sleep(5)"))


async def test_connection_serves_on_after_a_statement_that_took_too_long(strained: Service) -> None:
    async with strained.state.database.snapshot() as session:
        with pytest.raises(DatabaseBusyError):
            await session.execute(text("SELECT pg_sleep(5)"))

    async with strained.state.database.snapshot() as session:
        assert (await session.execute(text("SELECT 1"))).scalar_one() == 1


async def test_write_to_a_locked_row_is_503(strained: Service, ada: Account, outside: Any) -> None:
    client = strained.client(ada)
    todo = (await client.post("/v1/todos", json={"title": "Locked"})).json()

    async with outside.transaction():
        await outside.execute("SELECT 1 FROM todo WHERE id = $1 FOR UPDATE", todo["id"])
        response = await client.patch(f"/v1/todos/{todo['id']}", json={"title": "Changed"})

    assert response.status_code == 503
    assert response.json()["code"] == "database_busy"
    assert response.headers["retry-after"] == "1"


async def test_read_of_a_locked_row_succeeds(strained: Service, ada: Account, outside: Any) -> None:
    client = strained.client(ada)
    todo = (await client.post("/v1/todos", json={"title": "Locked"})).json()

    async with outside.transaction():
        await outside.execute("SELECT 1 FROM todo WHERE id = $1 FOR UPDATE", todo["id"])
        response = await client.get(f"/v1/todos/{todo['id']}")

    assert response.status_code == 200


async def test_write_without_a_free_connection_is_503(strained: Service, ada: Account) -> None:
    client = strained.client(ada)

    async with strained.state.database.transaction() as session:
        await session.execute(text("SELECT 1"))
        response = await client.post("/v1/todos", json={"title": "Late"})

    assert response.status_code == 503
    assert response.json()["code"] == "database_busy"


async def test_read_without_a_free_connection_is_503(strained: Service, ada: Account) -> None:
    client = strained.client(ada)

    async with strained.state.database.snapshot() as session:
        await session.execute(text("SELECT 1"))
        response = await client.get("/v1/todos")

    assert response.status_code == 503
    assert response.json()["code"] == "database_busy"


async def test_requests_that_deadlock_both_succeed(service: Service, account: Account) -> None:
    client = service.client(account)
    one, two = [(await client.post("/v1/todos", json={"title": "old"})).json()["id"] for _ in range(2)]
    met, tries = asyncio.Barrier(2), 0

    def crossing(first: str, second: str, title: str) -> Work:
        async def work(session: Session) -> None:
            nonlocal tries
            tries += 1
            await session.execute(TITLE, {"id": first, "title": title})
            if tries <= 2:
                await met.wait()
            await session.execute(TITLE, {"id": second, "title": title})

        return work

    add_route(service, "/forth", crossing(one, two, "forth"))
    add_route(service, "/back", crossing(two, one, "back"))

    responses = await asyncio.gather(client.post("/forth"), client.post("/back"))

    titles = {(await client.get(f"/v1/todos/{todo}")).json()["title"] for todo in (one, two)}
    assert [response.status_code for response in responses] == [204, 204]
    assert tries == 3
    assert len(titles) == 1


async def test_collision_that_never_ends_is_503_after_four_tries(service: Service, account: Account) -> None:
    tries = 0

    async def collide(session: Session) -> None:
        nonlocal tries
        tries += 1
        await session.execute(text("SELECT 1"))
        raise WriteConflictError

    add_route(service, "/collide", collide)

    response = await service.client(account).post("/collide")

    assert (response.status_code, response.json()["code"], tries) == (503, "write_conflict", 4)


async def test_work_before_a_collision_is_taken_back(service: Service, account: Account) -> None:
    client, tries = service.client(account), 0
    todo = (await client.post("/v1/todos", json={"title": "0"})).json()["id"]

    async def count(session: Session) -> None:
        nonlocal tries
        tries += 1
        await session.execute(text("UPDATE todo SET title = title || 'x' WHERE id = :id"), {"id": todo})
        if tries < 3:
            raise WriteConflictError

    add_route(service, "/count", count)

    response = await client.post("/count")

    assert response.status_code == 204
    assert (await client.get(f"/v1/todos/{todo}")).json()["title"] == "0x"


async def test_cancelled_units_give_their_connections_back(service: Service, account: Account) -> None:
    chance, database = random.Random(1), service.state.database  # noqa: S311  # repeatable, no secret

    async def rename(name: str) -> None:
        async with database.transaction() as session:
            for _ in range(2):
                await session.execute(text("UPDATE workspace SET name = name || :name"), {"name": name})

    tasks = [asyncio.create_task(rename("x")) for _ in range(70)]
    for task in tasks:
        await asyncio.sleep(chance.uniform(0, 0.01))
        task.cancel()
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    await asyncio.gather(*(rename("y") for _ in range(20)))

    (workspace,) = (await service.client(account).get("/v1/workspaces")).json()["items"]
    assert {type(outcome) for outcome in outcomes} <= {type(None), asyncio.CancelledError}
    assert workspace["name"].count("y") == 40
    assert workspace["name"].count("x") % 2 == 0


async def test_lost_connections_are_replaced(service: Service, account: Account, outside: Any) -> None:
    client = service.client(account)
    await asyncio.gather(*(client.post("/v1/todos", json={"title": "Before"}) for _ in range(10)))

    ours = "application_name = 'todo-api' AND datname = current_database()"
    await outside.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {ours}")  # noqa: S608  # our own words
    statuses = await _until_created(client)

    assert statuses[-1] == 201
    assert set(statuses[:-1]) <= {503}
    assert len(statuses) <= 3  # the first read and the first write may find out


@pytest.fixture
async def launch(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Launch]:
    """Starts a server that a test may kill, and starts it again; always on the same port and data."""
    folder = tmp_path_factory.mktemp("postgresql")
    for path in (folder, *folder.parents[:3]):
        path.chmod(path.stat().st_mode | 0o011)  # the server's user must get here
    programs, port, servers = postgres.binaries(folder), postgres.free_port(), []

    async def launch() -> postgres.Server:
        servers.append(await asyncio.to_thread(postgres.launch, folder, programs, port=port))
        return servers[-1]

    yield launch
    for server in servers:
        await asyncio.to_thread(postgres.stop, server)


async def test_service_survives_a_crash_of_the_server(launch: Launch, clock: TestClock) -> None:
    server = await launch()
    await server.execute("ALTER DATABASE postgres SET synchronous_commit = on")  # the tests' servers forget, to be quick
    settings = Settings(database_url=server.url("postgres"))
    await asyncio.to_thread(migrations.upgrade, settings)

    async with serving(settings, clock) as service:
        client = service.client(await service.account())
        kept = await client.post("/v1/todos", json={"title": "Kept"})
        await asyncio.to_thread(postgres.stop, server)
        refused = [await client.get("/v1/todos"), await client.post("/v1/todos", json={"title": "Refused"})]
        await launch()
        statuses = await _until_created(client)
        titles = [todo["title"] for todo in (await client.get("/v1/todos")).json()["items"]]

    assert kept.status_code == 201
    assert [response.json()["code"] for response in refused] == ["database_unavailable"] * 2
    assert (statuses[-1], set(statuses[:-1]) <= {503}, len(statuses) <= 4) == (201, True, True)
    assert titles == ["Kept", "After"]


async def _until_created(client: httpx.AsyncClient) -> list[int]:
    """The answers of a client that tries until a todo is created, ten times at most."""
    statuses: list[int] = []
    while 201 not in statuses and len(statuses) < 10:
        statuses.append((await client.post("/v1/todos", json={"title": "After"})).status_code)
    return statuses
