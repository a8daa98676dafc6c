"""Searches in one corpus, with the same answers on both databases."""

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from tests.support.service import Account, Service
from todo_api.domain.actor import Actor
from todo_api.domain.permissions import Role
from todo_api.domain.search import SearchError, parse_search
from todo_api.domain.sorting import TodoSort
from todo_api.models import TODO_SEARCH
from todo_api.repositories import _search
from todo_api.repositories.comments import CommentRepository
from todo_api.repositories.todos import TodoRepository
from todo_api.schemas.comments import CommentCreate, CommentUpdate
from todo_api.schemas.todos import TodoCreate, TodoFilter, TodoUpdate

CORPUS: dict[str, Any] = json.loads(Path(__file__).parents[1].joinpath("support/data/search_corpus.json").read_text("utf-8"))


@pytest.fixture
async def actor(service: Service, account: Account) -> Actor:
    return await service.actor(account)


async def add(service: Service, actor: Actor, **fields: Any) -> str:
    service.clock.advance(seconds=1)
    async with service.state.database.transaction() as session:
        return (await TodoRepository(session, actor, service.clock).create(TodoCreate(**fields))).id


async def comment(service: Service, actor: Actor, todo_id: str, body: str) -> str:
    async with service.state.database.transaction() as session:
        return (await CommentRepository(session, actor, service.clock).create(todo_id, CommentCreate(body=body))).id


async def search(service: Service, actor: Actor, query: str, *, limit: int = 50, **filters: Any) -> list[str]:
    """Titles, page after page."""
    titles: list[str] = []
    after = None
    async with service.state.database.snapshot() as session:
        todos = TodoRepository(session, actor, service.clock)
        while True:
            found = await todos.page(TodoFilter(q=parse_search(query), **filters), limit=limit, after=after)
            titles += [row.title for row in found.items]
            after = found.next_position
            if after is None:
                return titles


async def indexed_fields(service: Service) -> list[Any]:
    async with service.state.database.snapshot() as session:
        columns = (TODO_SEARCH.c.title, TODO_SEARCH.c.notes, TODO_SEARCH.c.comments)
        return [tuple(row) for row in await session.execute(select(*columns))]


async def test_corpus_answers_as_expected(service: Service, actor: Actor) -> None:
    titles = {}
    for todo in CORPUS["todos"]:
        titles[todo["title"]] = todo["name"]
        id_ = await add(service, actor, title=todo["title"], notes=todo.get("notes", ""))
        for body in todo.get("comments", ()):
            await comment(service, actor, id_, body)

    wrong = []
    for case in CORPUS["queries"]:
        try:
            found = [titles[title] for title in await search(service, actor, case["q"])]
        except SearchError:
            found = None
        if found != case["found"]:
            wrong.append((case["q"], found, case["found"]))

    assert wrong == []


async def test_title_comes_before_the_rest_then_the_newest(service: Service, actor: Actor) -> None:
    await add(service, actor, title="milk, old")
    await add(service, actor, title="two: half of it", notes="milk")
    await add(service, actor, title="milk, new")
    third = await add(service, actor, title="three")
    await comment(service, actor, third, "milk")

    assert await search(service, actor, "milk") == ["milk, new", "milk, old", "three", "two: half of it"]
    assert await search(service, actor, "milk h*") == ["two: half of it"]


@pytest.mark.parametrize("limit", [1, 2, 3, 200])
async def test_pages_hold_every_hit_once(service: Service, actor: Actor, limit: int) -> None:
    for number in range(7):
        await add(service, actor, title=f"milk {number}" if number % 2 else str(number), notes="milk")

    expected = ["milk 5", "milk 3", "milk 1", "6", "4", "2", "0"]
    assert await search(service, actor, "milk", limit=limit) == expected


async def test_equally_new_hits_are_paged_by_id(service: Service, actor: Actor) -> None:
    async with service.state.database.transaction() as session:
        todos = TodoRepository(session, actor, service.clock)
        ids = [(await todos.create(TodoCreate(title=f"milk {number}"))).id for number in range(5)]

    found = await search(service, actor, "milk", limit=2)

    assert sorted(ids) == ids
    assert found == ["milk 4", "milk 3", "milk 2", "milk 1", "milk 0"]


async def test_another_order_can_be_asked_for(service: Service, actor: Actor) -> None:
    for title in ("b milk", "a milk", "c milk"):
        await add(service, actor, title=title)

    async with service.state.database.snapshot() as session:
        todos = TodoRepository(session, actor, service.clock)
        found = await todos.page(TodoFilter(q=parse_search("milk")), sort=TodoSort.TITLE, limit=2, after=None)
        rest = await todos.page(TodoFilter(q=parse_search("milk")), sort=TodoSort.TITLE, limit=2, after=found.next_position)

    assert [row.title for row in (*found.items, *rest.items)] == ["a milk", "b milk", "c milk"]


async def test_index_follows_the_todo(service: Service, actor: Actor) -> None:
    id_ = await add(service, actor, title="milk", notes="fresh")

    async with service.state.database.transaction() as session:
        await TodoRepository(session, actor, service.clock).update(id_, TodoUpdate(title="tea", notes="green"))

    assert await search(service, actor, "milk") == await search(service, actor, "fresh") == []
    assert await search(service, actor, "tea green") == ["tea"]


async def test_todo_is_found_in_the_transaction_that_makes_it(service: Service, actor: Actor) -> None:
    async with service.state.database.transaction() as session:
        todos = TodoRepository(session, actor, service.clock)
        row = await todos.create(TodoCreate(title="milk"))
        await todos.update(row.id, TodoUpdate(title="oat milk"))

        found = await todos.page(TodoFilter(q=parse_search("oat")), limit=10, after=None)

    assert [row.title for row in found.items] == ["oat milk"]
    assert await indexed_fields(service) == [(" oat milk ", "", "")]


async def test_rolled_back_todo_leaves_nothing(service: Service, actor: Actor) -> None:
    async with service.state.database.transaction() as session:
        todos = TodoRepository(session, actor, service.clock)
        with suppress(LookupError):
            async with session.savepoint():
                await todos.create(TodoCreate(title="milk"))
                raise LookupError
        await todos.create(TodoCreate(title="tea"))

    assert await indexed_fields(service) == [(" tea ", "", "")]


async def test_index_follows_the_comments(service: Service, actor: Actor) -> None:
    id_ = await add(service, actor, title="milk")
    first = await comment(service, actor, id_, "from the farm")
    await comment(service, actor, id_, "in bottles")
    assert await indexed_fields(service) == [(" milk ", "", " in bottles | from the farm |")]

    async with service.state.database.transaction() as session:
        await CommentRepository(session, actor, service.clock).update(first, CommentUpdate(body="from the shop"))
    assert await search(service, actor, "farm") == []
    assert await search(service, actor, "shop bottles milk") == ["milk"]

    async with service.state.database.transaction() as session:
        await CommentRepository(session, actor, service.clock).delete(first)
    assert await search(service, actor, "shop") == []
    assert await search(service, actor, "bottles") == ["milk"]


async def test_removed_todo_leaves_the_index(service: Service, actor: Actor) -> None:
    ids = [await add(service, actor, title=title) for title in ("milk", "tea", "bread")]

    async with service.state.database.transaction() as session:
        await _search.remove(session, ids[:2])

    assert await indexed_fields(service) == [(" bread ", "", "")]


async def test_search_stays_within_what_is_seen(service: Service, actor: Actor, stranger: Account) -> None:
    other = await service.actor(stranger)
    await add(service, actor, title="my milk")
    await add(service, other, title="their milk")

    assert await search(service, actor, "milk") == ["my milk"]
    assert await search(service, other, "milk") == ["their milk"]


async def test_guest_finds_what_is_in_the_list(service: Service, account: Account, stranger: Account) -> None:
    client = service.client(stranger)
    shared = (await client.post("/v1/lists", json={"name": "Shared"})).json()["id"]
    await client.post("/v1/todos", json={"title": "shared milk", "list_id": shared})
    await client.post("/v1/todos", json={"title": "private milk"})
    await service.add_guest(account, shared, Role.VIEWER)
    guest = await service.actor(account)
    await add(service, guest, title="own milk")

    assert await search(service, guest, "milk") == ["own milk", "shared milk"]
    assert await search(service, guest, "milk", list_id=(shared,)) == ["shared milk"]


async def test_moved_todo_is_found_where_it_is(service: Service, account: Account, stranger: Account) -> None:
    friend = service.client(stranger)
    shared = (await friend.post("/v1/lists", json={"name": "Shared"})).json()["id"]
    await service.add_member(account, stranger.workspace_id, Role.EDITOR)
    both, alone = await service.actor(account), await service.actor(stranger)
    id_ = await add(service, both, title="milk")
    assert await search(service, alone, "milk") == []

    async with service.state.database.transaction() as session:
        await TodoRepository(session, both, service.clock).update(id_, TodoUpdate(list_id=shared))

    assert await search(service, alone, "milk") == ["milk"]
    assert await search(service, both, "milk", list_id=(shared,)) == ["milk"]
    assert await search(service, both, "milk", list_id=(account.inbox_id,)) == []


async def test_as_many_terms_as_a_query_may_have(service: Service, actor: Actor) -> None:
    words = [f"word{number}" for number in range(31)]
    await add(service, actor, title=" ".join(words) + " 牛" + "乳" * 200)

    assert len(await search(service, actor, " ".join(words) + " 牛" + "乳" * 200)) == 1
