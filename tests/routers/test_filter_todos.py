from typing import Any

import httpx
import pytest
from sqlalchemy import update

from tests.support.service import Account, Service
from tests.support.todos import act, make
from todo_api.domain.identifiers import new_id
from todo_api.domain.permissions import Scope
from todo_api.models import SavedFilter


@pytest.fixture
async def todos(client: httpx.AsyncClient, account: Account) -> dict[str, dict[str, Any]]:
    """It is Wednesday, 10 March 2027, 09:00 UTC."""
    home = (await client.post("/v1/lists", json={"name": "Home"})).json()["id"]
    made = [
        await make(client, title="Buy milk", due="2027-03-12", labels=["Food"], notes="Oat"),
        await make(client, title="Pay rent", due="2027-03-09", priority="high", list_id=home),
        await make(client, title="Call Zoë", priority="urgent", assignee_ids=[account.user_id], list_id=home),
        await make(client, title="Plan", start="2027-03-01", deadline="2027-04-01", recurrence={"text": "every day"}),
        await make(client, title="Done"),
    ]
    await act(client, made[-1], "complete")
    return {todo["title"]: todo for todo in made}


async def found(client: httpx.AsyncClient, text: str, **parameters: Any) -> list[str]:
    response = await client.get("/v1/todos", params={"filter": text, "sort": "title"} | parameters)
    assert response.status_code == 200, response.text
    return [todo["title"] for todo in response.json()["items"]]


@pytest.mark.usefixtures("todos")
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("due < today+7d and (label:food or priority >= high) and not assignee:me", ["Buy milk", "Pay rent"]),
        ('list:"home"', ["Call Zoë", "Pay rent"]),
        ("title:zoe", ["Call Zoë"]),
        ("text:oat or text:rent", ["Buy milk", "Pay rent"]),
        ("notes is null", ["Call Zoë", "Pay rent", "Plan"]),
        ("label != food", ["Call Zoë", "Pay rent", "Plan"]),
        ("assignee = me", ["Call Zoë"]),
        ("assignee:none", ["Buy milk", "Pay rent", "Plan"]),
        ("creator = me", ["Buy milk", "Call Zoë", "Pay rent", "Plan"]),
        ("overdue", ["Pay rent"]),
        ("not overdue", ["Buy milk", "Call Zoë", "Plan"]),
        ("due = +2d", ["Buy milk"]),
        ("due is null", ["Call Zoë"]),
        ("start <= today", ["Plan"]),
        ("deadline > 2027-03-31", ["Plan"]),
        ("recurring and has:deadline", ["Plan"]),
        ("status:completed", ["Done"]),
        ("completed", ["Done"]),
        ("not completed", ["Buy milk", "Call Zoë", "Pay rent", "Plan"]),
        ("completed > today", []),
        ("completed = today", ["Done"]),
        ("priority < low or status in (completed, cancelled)", ["Buy milk", "Done", "Plan"]),
    ],
)
async def test_filter_finds_what_it_says(client: httpx.AsyncClient, text: str, expected: list[str]) -> None:
    assert await found(client, text) == expected


@pytest.mark.usefixtures("todos")
async def test_filter_combines_with_all_other_parameters(client: httpx.AsyncClient, todos: dict[str, dict[str, Any]]) -> None:
    home = todos["Pay rent"]["list_id"]

    assert await found(client, "priority >= high", list_id=home, overdue="true") == ["Pay rent"]
    assert await found(client, "priority >= high", status="completed") == []
    assert await found(client, "completed or priority:urgent") == ["Call Zoë", "Done"]
    assert await found(client, "completed or priority:urgent", status="open") == ["Call Zoë"]
    assert await found(client, "completed or priority:urgent", completed="true") == ["Done"]
    assert await found(client, "has:due", q="rent") == ["Pay rent"]
    assert await found(client, "has:due", label="food", sort="-due") == ["Buy milk"]


@pytest.mark.usefixtures("todos")
async def test_ids_work_like_names(client: httpx.AsyncClient, todos: dict[str, dict[str, Any]], account: Account) -> None:
    home = todos["Pay rent"]["list_id"]

    assert await found(client, f"list:{home.upper()} and assignee = {account.user_id}") == ["Call Zoë"]


@pytest.mark.usefixtures("todos")
async def test_pages_of_a_filter_hold_every_todo_once(client: httpx.AsyncClient) -> None:
    titles: list[str] = []
    cursor = None
    while cursor is not None or not titles:
        parameters: dict[str, Any] = {"filter": "priority >= none", "sort": "due", "limit": 1} | (
            {} if cursor is None else {"cursor": cursor}
        )
        page = (await client.get("/v1/todos", params=parameters)).json()
        titles += [todo["title"] for todo in page["items"]]
        cursor = page["next_cursor"]

    assert titles == ["Pay rent", "Plan", "Buy milk", "Call Zoë"]


async def test_filter_of_dates_is_asked_in_the_zone_of_the_user(service: Service) -> None:
    ada = service.client(await service.account("ada@tokyo.example", timezone="Asia/Tokyo"))
    await make(ada, title="late", due={"date": "2027-03-10", "time": "20:00", "timezone": "UTC"})  # the eleventh there

    assert await found(ada, "due = tomorrow") == ["late"]
    assert await found(ada, "due = today") == []


async def test_weeks_begin_when_the_user_says(client: httpx.AsyncClient) -> None:
    await make(client, title="sunday", due="2027-03-14")
    assert await found(client, "due <= eow") == ["sunday"]

    await client.patch("/v1/me", json={"week_start": "sunday"})

    assert await found(client, "due <= eow") == []


@pytest.mark.parametrize(
    ("text", "offset", "length", "message", "expected"),
    [
        ("", 0, 0, "A condition begins with a field, not the end.", "title"),
        ("due <", 5, 0, "`due` needs a value here, not the end.", "today"),
        ("priorty = high", 0, 7, "`priorty` is not a field.", "priority"),
        ("priority = hihg", 11, 4, "`hihg` is none of none, low, medium, high, urgent.", "urgent"),
        ("(due < today", 12, 0, "After a condition comes `and`, `or` or ), not the end.", ")"),
        (
            "due < today 7d",
            12,
            2,
            "After a condition comes `and`, `or` or the end, not `7d`. In a URL, `+` is written `%2B`.",
            "and",
        ),
        ('title:"x', 6, 2, "This quote is never closed.", '"'),
    ],
)
async def test_text_that_is_no_filter_is_refused_where_it_is_wrong(
    client: httpx.AsyncClient, text: str, offset: int, length: int, message: str, expected: str
) -> None:
    response = await client.get("/v1/todos", params={"filter": text})

    problem = response.json()
    assert (response.status_code, problem["code"], problem["detail"]) == (422, "filter_invalid", message)
    assert (problem["offset"], problem["length"]) == (offset, length)
    assert expected in problem["expected"]
    assert problem["errors"] == [{"parameter": "filter", "code": "filter_syntax", "message": message}]


async def test_filter_of_too_many_conditions_is_refused(client: httpx.AsyncClient) -> None:
    response = await client.get("/v1/todos", params={"filter": " or ".join(["overdue"] * 101)})

    assert (response.status_code, response.json()["code"]) == (422, "filter_invalid")


async def test_longest_filter_is_taken(client: httpx.AsyncClient) -> None:
    names = ", ".join(f"name{number}" for number in range(50))

    assert await found(client, f"label in ({names}) and not (list in ({names}))") == []


# Validating


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("overdue", "overdue"),
        ("DUE<today+7d AND(Label='food'OR priority>=HIGH)", "due < today+7d and (label:food or priority >= high)"),
        ("not label:x and assignee is null", "not label:x and assignee is null"),
    ],
)
async def test_filter_is_valid_and_has_one_canonical_text(client: httpx.AsyncClient, text: str, canonical: str) -> None:
    response = await client.post("/v1/filters/validate", json={"query": text})

    assert (response.status_code, response.json()) == (200, {"valid": True, "canonical": canonical})


async def test_invalid_filter_is_a_problem_that_names_the_place(client: httpx.AsyncClient) -> None:
    response = await client.post("/v1/filters/validate", json={"query": "due < today and priorty"})

    problem = response.json()
    assert (response.status_code, problem["code"], problem["offset"], problem["length"]) == (422, "filter_invalid", 16, 7)
    assert problem["errors"] == [{"pointer": "#/query", "code": "filter_syntax", "message": "`priorty` is not a field."}]


@pytest.mark.parametrize("text", ["x" * 2001, "x" * 200_000])
async def test_too_long_filter_is_invalid(client: httpx.AsyncClient, text: str) -> None:
    response = await client.post("/v1/filters/validate", json={"query": text})

    assert response.status_code == 422
    assert [flaw["pointer"] for flaw in response.json()["errors"]] == ["#/query"]


@pytest.mark.parametrize("body", [{}, {"query": None}, {"query": 1}, {"query": "overdue", "name": "x"}])
async def test_body_must_be_a_query(client: httpx.AsyncClient, body: dict[str, Any]) -> None:
    assert (await client.post("/v1/filters/validate", json=body)).status_code == 422


async def test_validating_writes_nothing(service: Service, client: httpx.AsyncClient, account: Account) -> None:
    seq = await service.seq(account.workspace_id)

    await client.post("/v1/filters/validate", json={"query": "overdue"})

    assert await service.seq(account.workspace_id) == seq


# What a saved filter finds


async def save(client: httpx.AsyncClient, query: str, **fields: Any) -> str:
    response = await client.post("/v1/filters", json={"name": "Mine", "query": query} | fields)
    assert response.status_code == 201, response.text
    return str(response.json()["id"])


async def saved(client: httpx.AsyncClient, filter_id: str, **parameters: Any) -> list[str]:
    response = await client.get(f"/v1/filters/{filter_id}/todos", params=parameters)
    assert response.status_code == 200, response.text
    return [todo["title"] for todo in response.json()["items"]]


@pytest.mark.usefixtures("todos")
async def test_saved_filter_finds_todos_in_its_order(client: httpx.AsyncClient) -> None:
    urgent = await save(client, "priority >= high or has:labels", sort="-priority")

    assert await saved(client, urgent) == ["Call Zoë", "Pay rent", "Buy milk"]
    assert await saved(client, urgent, sort="title") == ["Buy milk", "Call Zoë", "Pay rent"]
    assert await saved(client, urgent, sort="-title", limit=2) == ["Pay rent", "Call Zoë"]


@pytest.mark.usefixtures("todos")
async def test_saved_filter_finds_open_todos_unless_it_speaks_of_the_status(client: httpx.AsyncClient) -> None:
    assert await saved(client, await save(client, "title:done")) == []
    assert await saved(client, await save(client, "title:done and completed")) == ["Done"]


@pytest.mark.usefixtures("todos")
async def test_pages_of_a_saved_filter_hold_every_todo_once(client: httpx.AsyncClient) -> None:
    filter_id = await save(client, "priority >= none", sort="due")
    titles: list[str] = []
    cursor = None
    while cursor is not None or not titles:
        parameters: dict[str, Any] = {"limit": 1, "count": "exact"} | ({} if cursor is None else {"cursor": cursor})
        page = (await client.get(f"/v1/filters/{filter_id}/todos", params=parameters)).json()
        titles += [todo["title"] for todo in page["items"]]
        cursor = page["next_cursor"]
        assert page["total"] == 4

    assert titles == ["Pay rent", "Plan", "Buy milk", "Call Zoë"]


@pytest.mark.usefixtures("todos")
async def test_cursor_is_refused_after_the_saved_order_changed(client: httpx.AsyncClient) -> None:
    filter_id = await save(client, "priority >= none", sort="due")
    cursor = (await client.get(f"/v1/filters/{filter_id}/todos", params={"limit": 1})).json()["next_cursor"]
    await client.patch(f"/v1/filters/{filter_id}", json={"sort": "title"})

    response = await client.get(f"/v1/filters/{filter_id}/todos", params={"limit": 1, "cursor": cursor})

    assert (response.status_code, response.json()["code"]) == (400, "cursor_invalid")


async def test_saved_filter_that_is_none_any_more_is_a_problem(service: Service, client: httpx.AsyncClient) -> None:
    filter_id = await save(client, "overdue")
    async with service.state.database.transaction() as session:
        await session.execute(update(SavedFilter).values(query="overdue and"))

    response = await client.get(f"/v1/filters/{filter_id}/todos")

    assert (response.status_code, response.json()["code"], response.json()["offset"]) == (422, "filter_invalid", 11)


async def test_saved_filter_of_somebody_else_is_not_found(service: Service, client: httpx.AsyncClient, stranger: Account) -> None:
    theirs = await save(service.client(stranger), "overdue")
    deleted = await save(client, "overdue")
    await client.delete(f"/v1/filters/{deleted}")

    for filter_id in (theirs, deleted, new_id()):
        response = await client.get(f"/v1/filters/{filter_id}/todos")
        assert (response.status_code, response.json()["code"]) == (404, "filter_not_found")


async def test_restricted_key_sees_no_saved_filter(service: Service, client: httpx.AsyncClient, account: Account) -> None:
    filter_id = await save(client, "overdue")
    restricted = service.client(key=await service.key(account, list_ids=[account.inbox_id]))

    response = await restricted.get(f"/v1/filters/{filter_id}/todos")

    assert (response.status_code, response.json()["code"]) == (403, "forbidden")


async def test_filters_need_a_credential_with_the_scope(service: Service, account: Account, anonymous: httpx.AsyncClient) -> None:
    blind = service.client(key=await service.key(account, [Scope.TODOS_WRITE]))
    path = f"/v1/filters/{new_id()}/todos"

    for method, target, body in (("GET", path, None), ("POST", "/v1/filters/validate", {"query": "overdue"})):
        assert (await anonymous.request(method, target, json=body)).status_code == 401
        refused = await blind.request(method, target, json=body)
        assert (refused.status_code, refused.json()["missing_scope"]) == (403, "todos:read")
