"""Todos that were there before the index are found."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest
from sqlalchemy import Connection, insert, select
from sqlalchemy.ext.asyncio import create_async_engine

from tests.support import postgres
from tests.support.filter_strategies import LISTS, USERS
from tests.support.filter_world import BLANK, NOW, WORKSPACE
from todo_api.db import migrations
from todo_api.domain.identifiers import new_id
from todo_api.models import TODO_SEARCH, Comment, Todo, TodoList, Workspace
from todo_api.repositories._todo_base import notes_columns, title_columns
from todo_api.settings import Settings

Found = TypeVar("Found")
SYNCED = {"version": 1, "created_at": NOW, "updated_at": NOW, "deleted_at": None}
COUNT = 1100  # more than two batches of the migration


@pytest.fixture
def settings(database_kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> Settings:
    """Settings that name a database as it was before the index."""
    url = f"sqlite:///{tmp_path}/before.db"
    if database_kind == "postgresql":
        server: postgres.Server = request.getfixturevalue("postgresql")
        asyncio.run(server.execute("DROP DATABASE IF EXISTS before", "CREATE DATABASE before"))
        url = server.url("before")
    found = Settings(database_url=url)
    migrations.upgrade(found, "0002")
    return found


def run(settings: Settings, work: Callable[[Connection], Found]) -> Found:
    async def work_in_transaction() -> Found:
        engine = create_async_engine(settings.database_url)
        try:
            async with engine.begin() as connection:
                return await connection.run_sync(work)
        finally:
            await engine.dispose()

    return asyncio.run(work_in_transaction())


def fill(connection: Connection) -> list[dict[str, Any]]:
    """Many todos, some with comments."""
    home: dict[str, Any] = {
        "workspace_id": WORKSPACE,
        "name": "Home",
        "name_key": "home",
        "description": "",
        "color": None,
        "icon": None,
    }
    home |= {"order": "m", "is_inbox": False, "archived_at": None, "trash_id": None}
    connection.execute(insert(Workspace), [{"id": WORKSPACE, "name": "World", "is_personal": False, "seq": 0} | SYNCED])
    connection.execute(insert(TodoList), [home | SYNCED | {"id": LISTS[0].id}])
    todos = [
        BLANK | {"id": new_id()} | title_columns(f"Café {number}") | notes_columns("Größe" if number % 2 else "")
        for number in range(COUNT)
    ]
    connection.execute(insert(Todo), todos)
    comment = SYNCED | {"workspace_id": WORKSPACE, "author_id": USERS[0].id, "edited_at": None, "todo_id": todos[7]["id"]}
    connection.execute(insert(Comment), [comment | {"id": new_id(), "body": body} for body in ("First!", "Second.")])
    connection.execute(insert(Comment), [comment | {"id": new_id(), "body": "gone", "deleted_at": NOW}])
    return todos


def rows(connection: Connection) -> dict[str, tuple[str, ...]]:
    return {row.todo_id: tuple(row[1:]) for row in connection.execute(select(TODO_SEARCH))}


@pytest.mark.usefixtures("_no_outside_settings")
def test_upgrade_indexes_what_is_there(settings: Settings) -> None:
    todos = run(settings, fill)

    migrations.upgrade(settings)

    found = run(settings, rows)
    scope = f"@l{LISTS[0].id.replace('-', '')} @w{WORKSPACE.replace('-', '')}"
    assert found == {
        todo["id"]: (
            f" cafe {number} ",
            " grosse " if number % 2 else "",
            " second | first " if number == 7 else "",
            f" @t{todo['id'].replace('-', '')} {scope} ",
        )
        for number, todo in enumerate(todos)
    }


@pytest.mark.usefixtures("_no_outside_settings")
def test_index_is_made_anew_after_a_downgrade(settings: Settings) -> None:
    run(settings, fill)
    migrations.upgrade(settings)
    before = run(settings, rows)

    migrations.downgrade(settings, "0002")
    migrations.upgrade(settings)

    assert run(settings, rows) == before
