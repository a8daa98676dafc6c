from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import httpx
import pytest

from tests.support.clock import TestClock
from tests.support.service import Account, Service
from tests.support.todos import act, make
from todo_api.domain.permissions import Scope


async def search(client: httpx.AsyncClient, q: str, **parameters: Any) -> list[str]:
    response = await client.get("/v1/todos", params={"q": q} | parameters)
    assert response.status_code == 200, response.text
    return [todo["title"] for todo in response.json()["items"]]


@pytest.fixture
async def other_list(client: httpx.AsyncClient) -> str:
    response = await client.post("/v1/lists", json={"name": "Other"})
    return str(response.json()["id"])


@pytest.fixture
async def todos(client: httpx.AsyncClient, clock: TestClock, other_list: str) -> dict[str, dict[str, Any]]:
    """Made a minute apart, in this order."""
    made: dict[str, dict[str, Any]] = {}
    todos: tuple[dict[str, Any], ...] = (
        {"title": "Buy milk", "priority": "high", "labels": ["shop"]},
        {"title": "Groceries", "notes": "Milk, eggs", "list_id": other_list, "due": "2027-03-09"},
        {"title": "Drink milk", "labels": ["health"], "due": "2027-03-12"},
        {"title": "Sell milk"},
        {"title": "Milk run", "list_id": other_list},
    )
    for fields in todos:
        clock.advance(minutes=1)
        made[fields["title"]] = await make(client, **fields)
    clock.advance(minutes=1)
    await act(client, made["Sell milk"], "complete")
    return made


@pytest.mark.usefixtures("todos")
async def test_titles_come_first_then_the_newest(client: httpx.AsyncClient) -> None:
    assert await search(client, "milk") == ["Milk run", "Drink milk", "Buy milk", "Groceries"]


@pytest.mark.usefixtures("todos")
@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({"sort": "title"}, ["Buy milk", "Drink milk", "Groceries", "Milk run"]),
        ({"sort": "-due"}, ["Drink milk", "Groceries", "Milk run", "Buy milk"]),
        ({"sort": "order"}, ["Buy milk", "Groceries", "Drink milk", "Milk run"]),
        ({"status": "completed"}, ["Sell milk"]),
        ({"status": "any"}, ["Sell milk", "Milk run", "Drink milk", "Buy milk", "Groceries"]),
        ({"label": "shop"}, ["Buy milk"]),
        ({"priority": ["high", "urgent"]}, ["Buy milk"]),
        ({"overdue": "true"}, ["Groceries"]),
        ({"due_after": "2027-03-10"}, ["Drink milk"]),
        ({"filter": "label is not null"}, ["Drink milk", "Buy milk"]),
        ({"filter": "completed"}, ["Sell milk"]),
        ({"assignee": "me"}, []),
    ],
)
async def test_search_combines_with_all_other_parameters(
    client: httpx.AsyncClient, parameters: dict[str, Any], expected: list[str]
) -> None:
    assert await search(client, "milk", **parameters) == expected


@pytest.mark.usefixtures("todos")
async def test_search_combines_with_lists_sections_and_parents(
    client: httpx.AsyncClient, todos: dict[str, dict[str, Any]], other_list: str
) -> None:
    section = (await client.post(f"/v1/lists/{other_list}/sections", json={"name": "Cold"})).json()["id"]
    parent = todos["Groceries"]["id"]
    await make(client, title="Milk in a section", list_id=other_list, section_id=section)
    await make(client, title="Milk below", parent_id=parent)

    assert await search(client, "milk", list_id=other_list, sort="title") == [
        "Groceries",
        "Milk below",
        "Milk in a section",
        "Milk run",
    ]
    assert await search(client, "milk", section_id=section) == ["Milk in a section"]
    assert await search(client, "milk", parent_id=parent) == ["Milk below"]
    assert await search(client, "milk", list_id=todos["Buy milk"]["list_id"], section_id=section) == []


@pytest.mark.usefixtures("todos")
async def test_archived_lists_are_searched_only_when_named(client: httpx.AsyncClient, other_list: str) -> None:
    await client.patch(f"/v1/lists/{other_list}", json={"archived": True})

    assert await search(client, "milk") == ["Drink milk", "Buy milk"]
    assert await search(client, "milk", list_id=other_list) == ["Milk run", "Groceries"]


@pytest.mark.usefixtures("todos")
async def test_trash_is_not_searched(client: httpx.AsyncClient, todos: dict[str, dict[str, Any]]) -> None:
    await client.delete(f"/v1/todos/{todos['Milk run']['id']}")

    assert await search(client, "milk run") == []


async def test_comments_are_searched(client: httpx.AsyncClient) -> None:
    todo = await make(client, title="Plain")
    await client.post(f"/v1/todos/{todo['id']}/comments", json={"body": "Ask the **bakery**"})

    assert await search(client, "bakery") == await search(client, '"the bakery" plain') == ["Plain"]


@pytest.mark.usefixtures("todos")
@pytest.mark.parametrize("sort", [None, "title", "-due", "updated_at"])
async def test_pages_hold_every_hit_once(client: httpx.AsyncClient, sort: str | None) -> None:
    ordered = {} if sort is None else {"sort": sort}
    whole = await search(client, "mil*", **ordered)

    for limit in (1, 3):
        titles: list[str] = []
        cursor = None
        while cursor is not None or not titles:
            sent = {"q": "mil*", "limit": limit} | ordered | ({} if cursor is None else {"cursor": cursor})
            page = (await client.get("/v1/todos", params=sent)).json()
            titles += [todo["title"] for todo in page["items"]]
            cursor = page["next_cursor"]
        assert titles == whole


@pytest.mark.usefixtures("todos")
async def test_hits_are_counted_when_asked(client: httpx.AsyncClient) -> None:
    page = (await client.get("/v1/todos", params={"q": "milk", "count": "exact", "limit": 1})).json()

    assert page["total"] == 4


@pytest.mark.usefixtures("todos")
async def test_cursor_of_another_search_is_refused(client: httpx.AsyncClient) -> None:
    cursor = (await client.get("/v1/todos", params={"q": "milk", "limit": 1})).json()["next_cursor"]

    for parameters in ({"q": "mil*"}, {}, {"q": "milk", "sort": "order"}):
        response = await client.get("/v1/todos", params=parameters | {"cursor": cursor})
        assert (response.status_code, response.json()["code"]) == (400, "cursor_invalid")


@pytest.mark.parametrize(
    ("query", "code", "message"),
    [
        ("", "empty_search", "must hold a word to search for"),
        (" *", "empty_search", "must hold a word to search for"),
        ('"…"', "empty_search", "must hold a word to search for"),
        (" ".join(f"w{number}" for number in range(33)), "too_long", "must hold at most 32 words or phrases"),
        ("w" * 501, "string_too_long", "String should have at most 500 characters"),
    ],
)
async def test_query_without_or_with_too_many_words_is_refused(
    client: httpx.AsyncClient, query: str, code: str, message: str
) -> None:
    response = await client.get("/v1/todos", params={"q": query})

    assert response.status_code == 422
    assert [(flaw["parameter"], flaw["code"]) for flaw in response.json()["errors"]] == [("q", code)]
    assert message in response.json()["detail"]


@pytest.mark.parametrize(
    "query",
    ['"', "'", "\\", "a' OR 1=1 --", "a:*", "a & b | !c", "NEAR(a b, 2)", "{title}: a", "a\x00b", "a\ud800", "%", "<-> a"],
)
async def test_operators_are_plain_text(client: httpx.AsyncClient, query: str) -> None:
    response = await client.get("/v1/todos", params={"q": query.encode("utf-8", "surrogatepass")})

    assert response.status_code in {200, 422}, response.text
    assert response.status_code == 200 or response.json()["errors"][0]["code"] == "empty_search"


@pytest.mark.usefixtures("todos")
async def test_nobody_finds_what_is_not_theirs(service: Service, stranger: Account) -> None:
    assert await search(service.client(stranger), "milk", status="any") == []


@pytest.mark.usefixtures("todos")
async def test_restricted_key_searches_its_lists_only(service: Service, account: Account, other_list: str) -> None:
    restricted = service.client(key=await service.key(account, list_ids=[other_list]))

    assert await search(restricted, "milk") == ["Milk run", "Groceries"]
    assert await search(restricted, "milk", list_id=account.inbox_id) == []


async def test_search_needs_the_scope(service: Service, account: Account) -> None:
    blind = service.client(key=await service.key(account, [Scope.TODOS_WRITE]))

    response = await blind.get("/v1/todos", params={"q": "milk"})

    assert (response.status_code, response.json()["missing_scope"]) == (403, "todos:read")


@pytest.mark.usefixtures("todos")
async def test_search_takes_one_statement(
    client: httpx.AsyncClient, statements: Callable[[], AbstractContextManager[list[str]]]
) -> None:
    with statements() as seen:
        await search(client, "milk")

    assert len(seen) == 2  # the credential, the page


async def test_indexing_takes_one_statement(
    client: httpx.AsyncClient, statements: Callable[[], AbstractContextManager[list[str]]]
) -> None:
    with statements() as creation:
        todo = await make(client, title="Buy milk")
    with statements() as renaming:
        await client.patch(f"/v1/todos/{todo['id']}", json={"title": "Buy tea"})
    with statements() as completion:
        await act(client, todo, "complete")

    indexing = [[statement for statement in seen if "todo_search" in statement] for seen in (creation, renaming, completion)]
    assert list(map(len, indexing)) == [1, 1, 0]


# Further parameters of the list


async def test_todos_of_a_section_or_an_assignee_are_listed(client: httpx.AsyncClient, account: Account, other_list: str) -> None:
    path = f"/v1/lists/{other_list}/sections"
    sections = [(await client.post(path, json={"name": name})).json()["id"] for name in ("Cold", "Warm")]
    await make(client, title="cold", list_id=other_list, section_id=sections[0], assignee_ids=[account.user_id])
    await make(client, title="warm", list_id=other_list, section_id=sections[1])
    await make(client, title="loose", list_id=other_list, assignee_ids=[account.user_id])

    async def titles(**parameters: Any) -> list[str]:
        return [todo["title"] for todo in (await client.get("/v1/todos", params=parameters)).json()["items"]]

    assert await titles(section_id=sections[0]) == ["cold"]
    assert await titles(section_id=sections) == ["cold", "warm"]
    assert await titles(section_id=sections[0], list_id=account.inbox_id) == []
    assert await titles(assignee="me") == await titles(assignee=account.user_id) == ["cold", "loose"]
    assert await titles(assignee=["me", other_list], section_id=sections) == ["cold"]
    assert await titles(assignee=other_list) == []


@pytest.mark.parametrize(
    "query", ["section_id=x", "assignee=you", "assignee=ME", "due_before=9000-01-01", "due_after=1900-12-31"]
)
async def test_value_outside_its_type_is_refused(client: httpx.AsyncClient, query: str) -> None:
    response = await client.get(f"/v1/todos?{query}")

    assert response.status_code == 422
    assert {flaw["parameter"] for flaw in response.json()["errors"]} == {query.partition("=")[0]}
