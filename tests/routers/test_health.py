from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager

import httpx
import pytest
from fastapi.routing import APIRoute
from sqlalchemy import text

from tests.support.clock import TestClock
from tests.support.service import Account, Service, serving
from todo_api import __version__
from todo_api.errors import TodoApiError, catalogue
from todo_api.routers import ROUTERS
from todo_api.settings import Settings

Counting = Callable[[], AbstractContextManager[list[str]]]

GETS = sorted(
    route.path for router in ROUTERS for route in router.routes if isinstance(route, APIRoute) and "GET" in (route.methods or ())
)


# --- the welcome


async def test_welcome_names_the_service_and_the_ways_on(anonymous: httpx.AsyncClient) -> None:
    answer = await anonymous.get("/")

    assert answer.status_code == 200
    assert answer.json() == {
        "name": "todo-api",
        "version": __version__,
        "links": {
            "docs": "/docs",
            "redoc": "/redoc",
            "openapi": "/openapi.json",
            "live": "/livez",
            "ready": "/readyz",
            "api": "/v1/me",
        },
    }


async def test_welcome_links_lead_somewhere(client: httpx.AsyncClient) -> None:
    links = (await client.get("/")).json()["links"]

    statuses = {name: (await client.get(link)).status_code for name, link in links.items()}

    assert statuses == {"docs": 200, "redoc": 200, "openapi": 200, "live": 200, "ready": 200, "api": 200}


async def test_welcome_behind_a_proxy_names_its_prefix(service: Service) -> None:
    transport = httpx.ASGITransport(service, root_path="/todo")
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as proxied:
        answer = await proxied.get("/todo/")

    assert answer.json()["links"]["docs"] == "/todo/docs"


# --- live and ready


async def test_live_answers_without_the_database(anonymous: httpx.AsyncClient, statements: Counting) -> None:
    with statements() as seen:
        answer = await anonymous.get("/livez")

    assert (answer.status_code, answer.json(), seen) == (200, {"status": "ok"}, [])


async def test_live_answers_while_stopping(service: Service) -> None:
    service.state.stopping = True

    answer = await service.client().get("/livez")

    assert answer.status_code == 200


async def test_ready_says_what_was_checked(anonymous: httpx.AsyncClient) -> None:
    answer = await anonymous.get("/readyz")

    assert answer.status_code == 200
    assert answer.json() == {"status": "ready", "checks": {"database": "ok", "disk": "ok", "shutdown": "ok"}}


async def test_ready_asks_the_database_once(anonymous: httpx.AsyncClient, statements: Counting) -> None:
    with statements() as seen:
        await anonymous.get("/readyz")

    assert len(seen) == 1


async def test_ready_while_stopping_is_over(service: Service) -> None:
    service.state.stopping = True

    answer = await service.client().get("/readyz")

    assert answer.status_code == 503
    assert answer.json() == {"status": "not_ready", "checks": {"database": "ok", "disk": "ok", "shutdown": "begun"}}


async def test_ready_without_a_schema_is_not(service: Service, anonymous: httpx.AsyncClient) -> None:
    async with service.state.database.transaction() as session:
        await session.execute(text("ALTER TABLE alembic_version RENAME TO elsewhere"))

    try:
        answer = await anonymous.get("/readyz")
    finally:
        async with service.state.database.transaction() as session:
            await session.execute(text("ALTER TABLE elsewhere RENAME TO alembic_version"))

    assert (answer.status_code, answer.json()["status"]) == (503, "not_ready")
    assert answer.json()["checks"]["database"] == f"has schema none, needed {service.state.revision}"


async def test_requests_are_answered_while_stopping(service: Service, account: Account) -> None:
    service.state.stopping = True

    answer = await service.client(account).post("/v1/todos", json={"title": "Milk"})

    assert answer.status_code == 201


@pytest.fixture
async def narrow(settings: Settings, clock: TestClock, _emptied: None) -> AsyncIterator[Service]:
    """A service with one connection to read on."""
    one = settings.model_copy(update={"sqlite_readers": 1, "postgresql_readers": 1})
    async with serving(one, clock) as running:
        yield running


async def test_ready_without_an_answer_of_the_database_says_so(narrow: Service) -> None:
    async with narrow.state.database.snapshot() as held:
        await held.connection()
        answer = await narrow.client().get("/readyz")

    assert answer.status_code == 503
    assert answer.json() == {
        "status": "not_ready",
        "checks": {"database": "does not answer", "disk": "ok", "shutdown": "ok"},
    }


@pytest.mark.parametrize("path", ["/", "/livez", "/readyz", "/problems/todo_not_found"])
async def test_health_is_not_kept_by_caches(anonymous: httpx.AsyncClient, path: str) -> None:
    answer = await anonymous.get(path)

    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("path", ["/", "/livez", "/readyz"])
async def test_health_takes_get_only(anonymous: httpx.AsyncClient, path: str) -> None:
    answer = await anonymous.post(path)

    assert (answer.status_code, answer.json()["code"], answer.headers["allow"]) == (405, "method_not_allowed", "GET, HEAD")


# --- what problems point to


@pytest.mark.parametrize("error", catalogue(), ids=lambda error: error.code)
async def test_problem_page_tells_the_kind(anonymous: httpx.AsyncClient, error: type[TodoApiError]) -> None:
    answer = await anonymous.get(f"/problems/{error.code}")

    assert answer.status_code == 200
    assert answer.json() == {"code": error.code, "status": error.status, "title": error.title}


async def test_problem_type_leads_to_its_page(anonymous: httpx.AsyncClient) -> None:
    problem = (await anonymous.get("/v1/me")).json()

    page = await anonymous.get(problem["type"])

    assert page.json() == {"code": "unauthenticated", "status": 401, "title": problem["title"]}


@pytest.mark.parametrize("code", ["unknown", "TODO_NOT_FOUND", "%2e%2e%2flivez", "%F0%9F%8F%A0"])
async def test_problem_page_of_an_unknown_code_is_not_there(anonymous: httpx.AsyncClient, code: str) -> None:
    answer = await anonymous.get(f"/problems/{code}")

    assert answer.status_code == 404


def test_problem_codes_are_each_used_once() -> None:
    codes = [error.code for error in catalogue()]

    assert len(set(codes)) == len(codes)


# --- HEAD


@pytest.fixture
async def ids(client: httpx.AsyncClient, account: Account) -> dict[str, str]:
    """Something to see at every path."""
    todo = await client.post("/v1/todos", json={"title": "Milk", "labels": ["food"]})
    section = await client.post(f"/v1/lists/{account.inbox_id}/sections", json={"name": "Later"})
    comment = await client.post(f"/v1/todos/{todo.json()['id']}/comments", json={"body": "Oat"})
    saved = await client.post("/v1/filters", json={"name": "Soon", "query": "due < today+7d"})
    labels = await client.get("/v1/labels")
    keys = await client.get("/v1/keys")
    return {
        "todo_id": todo.json()["id"],
        "list_id": account.inbox_id,
        "section_id": section.json()["id"],
        "comment_id": comment.json()["id"],
        "filter_id": saved.json()["id"],
        "view": "today",
        "label_id": labels.json()["items"][0]["id"],
        "workspace_id": account.workspace_id,
        "key_id": keys.json()["items"][0]["id"],
        "code": "todo_not_found",
    }


@pytest.mark.parametrize("path", [*GETS, "/docs", "/openapi.json", "/docs/assets/docs.css"])
async def test_head_answers_as_get_without_the_body(client: httpx.AsyncClient, ids: dict[str, str], path: str) -> None:
    headers = {"X-Request-Id": "the-same"}

    got = await client.get(path.format(**ids), headers=headers)
    head = await client.head(path.format(**ids), headers=headers)

    assert (got.status_code, bool(got.content)) == (200, True)
    assert (head.status_code, dict(head.headers), head.content) == (200, dict(got.headers), b"")


@pytest.mark.parametrize("path", ["/v1/todos/7", "/v1/lists/01900000-0000-7000-8000-000000000000", "/nowhere", "/v1/auth/login"])
async def test_head_of_a_problem_answers_as_get_without_the_body(client: httpx.AsyncClient, path: str) -> None:
    headers = {"X-Request-Id": "the-same"}

    got, head = await client.get(path, headers=headers), await client.head(path, headers=headers)

    assert (head.status_code, dict(head.headers), head.content) == (got.status_code, dict(got.headers), b"")


async def test_head_that_is_known_is_not_modified(client: httpx.AsyncClient, account: Account) -> None:
    answer = await client.head(f"/v1/lists/{account.inbox_id}", headers={"If-None-Match": '"1"'})

    assert (answer.status_code, answer.content) == (304, b"")
