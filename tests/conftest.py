"""Fixtures: a fresh database for each test, the real application on it, and clients."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager
from pathlib import Path

import httpx
import hypothesis
import pytest

from tests.support import postgres
from tests.support.clock import TestClock
from tests.support.service import Account, Service, serving
from tests.support.statements import counted
from todo_api.db import migrations
from todo_api.db.base import Base
from todo_api.settings import Settings

DATABASES = ("sqlite", "postgresql")


def pytest_addoption(parser: pytest.Parser) -> None:
    default = os.environ.get("TODO_API_TEST_DATABASE", "sqlite")
    parser.addoption("--database", choices=DATABASES, default=default, help="database the tests run on")


def pytest_configure() -> None:
    """Examples are the same in every run, and a busy machine is no failure."""
    hypothesis.settings.register_profile(
        "tests", deadline=None, derandomize=True, suppress_health_check=[hypothesis.HealthCheck.too_slow]
    )
    hypothesis.settings.load_profile("tests")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What touches no database ran with SQLite already."""
    if config.getoption("database") == "sqlite":
        return
    pure = [item for item in items if "database_kind" not in getattr(item, "fixturenames", ())]
    items[:] = [item for item in items if item not in set(pure)]
    config.hook.pytest_deselected(items=pure)


def pytest_report_header(config: pytest.Config) -> str:
    return f"database: {config.getoption('database')}"


@pytest.fixture(autouse=True)
def _no_outside_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Neither the environment nor a .env file of the machine reaches a test."""
    for name in list(os.environ):
        if name.startswith("TODO_API_") and not name.startswith("TODO_API_TEST_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="session")
def database_kind(request: pytest.FixtureRequest) -> str:
    kind: str = request.config.getoption("database")
    return kind


@pytest.fixture(scope="session")
def postgresql() -> postgres.Server:
    """The PostgreSQL server of this test process, started when the first test asks for it."""
    return postgres.start()


@pytest.fixture(scope="session")
def _template(database_kind: str, tmp_path_factory: pytest.TempPathFactory) -> Path | None:
    """A migrated SQLite file that tests copy."""
    if database_kind != "sqlite":
        return None
    path = tmp_path_factory.mktemp("template") / "todo.db"
    migrations.upgrade(Settings(database_url=f"sqlite:///{path}"))
    return path


@pytest.fixture(scope="session")
def _postgresql_url(database_kind: str, request: pytest.FixtureRequest) -> str | None:
    """A migrated database that tests empty."""
    if database_kind != "postgresql":
        return None
    server: postgres.Server = request.getfixturevalue("postgresql")
    name = f"test_{os.getpid()}"
    asyncio.run(server.execute(f'CREATE DATABASE "{name}"'))
    migrations.upgrade(Settings(database_url=server.url(name)))
    return server.url(name)


@pytest.fixture
def database_url(tmp_path: Path, _template: Path | None, _postgresql_url: str | None) -> str:
    """A fresh, migrated database."""
    if _template is not None:
        path = tmp_path / "todo.db"
        shutil.copyfile(_template, path)
        return f"sqlite:///{path}"
    assert _postgresql_url is not None
    return _postgresql_url


@pytest.fixture
async def _emptied(database_kind: str, database_url: str, request: pytest.FixtureRequest) -> None:
    """On PostgreSQL the database is shared by the tests of a process, so what the one before left is deleted."""
    if database_kind == "postgresql":
        server: postgres.Server = request.getfixturevalue("postgresql")
        tables = ", ".join(f'"{table.name}"' for table in Base.metadata.sorted_tables)
        await server.execute(f"TRUNCATE {tables} CASCADE", database=database_url.rpartition("/")[2])


@pytest.fixture
def settings(database_url: str) -> Settings:
    return Settings(database_url=database_url, registration="open")


@pytest.fixture
def clock() -> TestClock:
    return TestClock()


@pytest.fixture
async def service(settings: Settings, clock: TestClock, _emptied: None) -> AsyncIterator[Service]:
    async with serving(settings, clock) as running:
        yield running


@pytest.fixture
async def account(service: Service) -> Account:
    """ada@example.com, in UTC."""
    return await service.account()


@pytest.fixture
async def stranger(service: Service) -> Account:
    """Somebody who shares nothing with ``account``."""
    return await service.account("eve@example.com")


@pytest.fixture
def client(service: Service, account: Account) -> httpx.AsyncClient:
    """A client with the full key of ``account``."""
    return service.client(account)


@pytest.fixture
def anonymous(service: Service) -> httpx.AsyncClient:
    """A client without credentials."""
    return service.client()


@pytest.fixture
def statements(service: Service) -> Callable[[], AbstractContextManager[list[str]]]:
    """``with statements() as seen:`` collects what reaches the database in the block."""
    return lambda: counted(service.state.database)
