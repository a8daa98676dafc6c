"""Problem documents (RFC 9457): the shape of every kind, and what they must not say."""

import asyncio
import json
import shutil
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support import postgres
from tests.support.clock import TestClock
from tests.support.service import Account, Service, serving
from todo_api.db import migrations
from todo_api.errors import catalogue
from todo_api.settings import Settings
from todo_api.web.route import Route

MEGABYTE = 2**20
JSON = {"Content-Type": "application/json"}
ID = {"X-Request-Id": "trace-1"}


def problem(
    status: int, code: str, title: str, detail: str, errors: list[dict[str, str]] | None = None, **more: Any
) -> dict[str, Any]:
    """The whole document of a problem in answer to a request with the headers ``ID``."""
    return {
        "type": f"http://test/problems/{code}",
        "title": title,
        "status": status,
        "detail": detail,
        "code": code,
        "instance": "urn:request:trace-1",
        "request_id": "trace-1",
        "errors": errors or [],
        **more,
    }


def unreadable(detail: str) -> dict[str, Any]:
    return problem(400, "body_invalid", "The body is not valid JSON", detail)


async def pieces(size: int) -> AsyncIterator[bytes]:
    """A body without a Content-Length."""
    for _ in range(size // 65536):
        yield b" " * 65536


def told(answer: httpx.Response) -> Any:
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.json()


# --- 422


async def test_validation_names_each_place_by_a_pointer(client: httpx.AsyncClient) -> None:
    body = {"title": "", "labels": ["home", 7], "due": {"date": 1}, "a/b~c": 1}

    answer = await client.post("/v1/todos", json=body, headers=ID)

    errors = [
        {"pointer": "#/title", "code": "string_too_short", "message": "String should have at least 1 character"},
        {"pointer": "#/due/date", "code": "value_error", "message": "must be text like 2027-03-14"},
        {"pointer": "#/labels/1", "code": "string_type", "message": "Input should be a valid string"},
        {"pointer": "#/a~1b~0c", "code": "extra_forbidden", "message": "Extra inputs are not permitted"},
    ]
    detail = "; ".join(error["message"] for error in errors[:3])
    assert answer.status_code == 422
    assert told(answer) == problem(422, "invalid_input", "The input is not valid", detail, errors)


@pytest.mark.parametrize(
    ("place", "parameter", "message"),
    [
        ("?limit=1_000", "limit", "must be an integer in plain digits"),
        ("?limit=1&limit=2", "limit", "may be sent once"),
        ("?limit=201", "limit", "Input should be less than or equal to 200"),
        ("?list_id=x", "list_id", "must be a UUID"),
        ("?archived=1", "archived", "is not a parameter of this path"),
        ("?completed=1", "completed", "must be true or false"),
        ("/42", "todo_id", "must be a UUID"),
        ("?due_before=soon", "due_before", "must be a date like 2027-03-14 or an instant like 2027-03-14T09:00:00Z"),
    ],
)
async def test_a_bad_parameter_is_named(client: httpx.AsyncClient, place: str, parameter: str, message: str) -> None:
    answer = await client.get(f"/v1/todos{place}")

    errors = told(answer)["errors"]
    assert answer.status_code == 422
    assert [(error["parameter"], error["message"]) for error in errors] == [(parameter, message)]


async def test_a_missing_body_is_a_validation_error(client: httpx.AsyncClient) -> None:
    answer = await client.post("/v1/todos", headers=ID)

    errors = [{"pointer": "#", "code": "missing", "message": "Field required"}]
    assert answer.status_code == 422
    assert told(answer) == problem(422, "invalid_input", "The input is not valid", "Field required", errors)


async def test_flaws_are_at_most_twenty(client: httpx.AsyncClient) -> None:
    answer = await client.post("/v1/todos", json={"title": "x", "labels": [0] * 100})

    assert answer.status_code == 422
    assert len(told(answer)["errors"]) == 20


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/auth/login", {"email": "ada@example.com", "password": ["CANARY"]}),
        ("/v1/auth/register", {"email": "CANARY", "password": "CANARY", "timezone": "CANARY", "more": "CANARY"}),
        ("/v1/todos", {"title": ["CANARY"], "status": "CANARY", "list_id": "CANARY", "deadline": "CANARY"}),
        ("/v1/todos", {"title": "x", "due": "CANARY", "start": {"date": "CANARY", "time": "CANARY", "timezone": "CANARY"}}),
        ("/v1/keys", {"name": 1, "scopes": ["CANARY"], "preset": "CANARY", "expires_at": "CANARY"}),
    ],
)
async def test_a_problem_never_repeats_the_value_sent(client: httpx.AsyncClient, path: str, body: dict[str, Any]) -> None:
    answer = await client.post(path, json=body)

    assert answer.status_code == 422
    assert "CANARY" not in answer.text


async def test_a_name_that_is_taken_is_not_repeated(client: httpx.AsyncClient) -> None:
    await client.post("/v1/labels", json={"name": "CANARY"})

    answer = await client.post("/v1/labels", json={"name": "CANARY"})

    assert answer.status_code == 409
    assert "CANARY" not in answer.text


# --- 404, 405, 406


async def test_an_unknown_path_is_404(client: httpx.AsyncClient) -> None:
    answer = await client.get("/v1/nothing", headers=ID)

    expected = problem(404, "path_not_found", "No such path", "Nothing is served at this path; /docs lists what is.")
    assert answer.status_code == 404
    assert told(answer) == expected


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PATCH", "/v1/todos", "GET, HEAD, POST"),
        ("POST", "/v1/todos/x", "DELETE, GET, HEAD, PATCH, PUT"),
        ("HEAD", "/v1/auth/login", "POST"),
        ("OPTIONS", "/v1/me", "GET, HEAD, PATCH"),
        ("DELETE", "/openapi.json", "GET, HEAD"),
        ("POST", "/docs", "GET, HEAD"),
    ],
)
async def test_a_wrong_method_is_told_all_that_are_allowed(
    client: httpx.AsyncClient, method: str, path: str, allowed: str
) -> None:
    answer = await client.request(method, path)

    assert answer.status_code == 405
    assert answer.headers["allow"] == allowed


async def test_a_wrong_method_is_a_problem(client: httpx.AsyncClient) -> None:
    answer = await client.put("/v1/me", headers=ID)

    title = "The path does not take this method"
    assert told(answer) == problem(405, "method_not_allowed", title, "This path takes GET, HEAD, PATCH.")


async def test_an_answer_that_nobody_accepts_is_406(client: httpx.AsyncClient) -> None:
    answer = await client.get("/v1/me", headers={"Accept": "text/html"} | ID)

    detail = "Answers are application/json; problems are application/problem+json."
    assert answer.status_code == 406
    assert told(answer) == problem(406, "not_acceptable", "No acceptable representation", detail)


# --- 413, 415, 400


@pytest.mark.parametrize("content", [b" " * (MEGABYTE + 1), pieces(2 * MEGABYTE)], ids=["announced", "streamed"])
async def test_a_body_that_is_too_large_is_413(client: httpx.AsyncClient, content: Any) -> None:
    answer = await client.post("/v1/todos", content=content, headers=JSON | ID)

    assert answer.status_code == 413
    assert told(answer) == problem(413, "body_too_large", "The body is too large", "A body has at most 1048576 bytes.")


async def test_a_body_of_the_largest_size_is_read(client: httpx.AsyncClient) -> None:
    body = json.dumps({"title": "x"}).encode().ljust(MEGABYTE)

    answer = await client.post("/v1/todos", content=body, headers=JSON)

    assert answer.status_code == 201


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/json; charset=utf-16"},
        {"Content-Type": "application/merge-patch+json"},
        {},
    ],
)
async def test_a_body_of_another_type_is_415(client: httpx.AsyncClient, headers: dict[str, str]) -> None:
    answer = await client.post("/v1/todos", content=b"{}", headers=headers | ID)

    detail = "Send Content-Type: application/json, in UTF-8."
    assert answer.status_code == 415
    assert told(answer) == problem(415, "media_type_unsupported", "The body's type is not supported", detail)


async def test_accepted_types_have_no_case(client: httpx.AsyncClient) -> None:
    answer = await client.get("/v1/me", headers={"Accept": "Application/JSON"})

    assert answer.status_code == 200


async def test_a_patch_of_another_type_is_told_which_are_accepted(client: httpx.AsyncClient) -> None:
    answer = await client.patch("/v1/me", content=b"{}", headers={"Content-Type": "application/json-patch+json"})

    assert answer.status_code == 415
    assert answer.headers["accept-patch"] == "application/json, application/merge-patch+json"


async def test_a_compressed_body_is_415(client: httpx.AsyncClient) -> None:
    answer = await client.post("/v1/todos", content=b"{}", headers=JSON | {"Content-Encoding": "gzip"} | ID)

    detail = "Send the body without Content-Encoding."
    assert answer.status_code == 415
    assert told(answer) == problem(415, "media_type_unsupported", "The body's type is not supported", detail)


@pytest.mark.parametrize(
    ("content", "detail"),
    [
        (b'{"title": ', "Expecting value at character 10."),
        (b'{"title": "x", "title": "y"}', "An object names the same member twice."),
        (b'{"title": "x", "due": {"date": 1, "date": 2}}', "An object names the same member twice."),
        (b'{"duration_minutes": NaN}', "NaN is not JSON."),
        (b'{"duration_minutes": -Infinity}', "-Infinity is not JSON."),
        (b'{"duration_minutes": 1e400}', "A number is too large."),
        (b'{"duration_minutes": ' + b"9" * 5000 + b"}", "A number is too long."),
        (b'\xef\xbb\xbf{"title": "x"}', "Unexpected UTF-8 BOM (decode using utf-8-sig) at character 0."),
        ('{"title": "x"}'.encode("utf-16"), "The body must be UTF-8."),
        (b'{"title": "\xff"}', "The body must be UTF-8."),
        (json.dumps(dict.fromkeys(range(1001))).encode(), "An object has at most 1000 members."),
        (b"[" + b"[]," * 40 + b'"' + b'\\"' * 400_000, "Unterminated string starting at at character 121."),  # took an hour
        (b"[" * 100_000, "JSON may nest 32 levels deep."),
        (b"[" * 33 + b"]" * 33, "JSON may nest 32 levels deep."),
    ],
)
async def test_a_body_that_cannot_be_read_is_400(client: httpx.AsyncClient, content: bytes, detail: str) -> None:
    answer = await client.post("/v1/todos", content=content, headers=JSON | ID)

    assert answer.status_code == 400
    assert told(answer) == unreadable(detail)


async def test_brackets_in_text_are_not_depth(client: httpx.AsyncClient) -> None:
    answer = await client.post("/v1/todos", json={"title": '\\"' + "[{" * 100, "notes": "[" * 100})

    assert answer.status_code == 201


async def test_nul_in_the_query_is_400(client: httpx.AsyncClient) -> None:
    answer = await client.get("/v1/todos?label=%00", headers=ID)

    detail = "The path and the query must not contain NUL."
    assert answer.status_code == 400
    assert told(answer) == problem(400, "bad_request", "The request cannot be read", detail)


# --- 428


@pytest.mark.usefixtures("_emptied")
async def test_a_change_without_if_match_is_428_where_it_is_required(settings: Settings, clock: TestClock) -> None:
    async with serving(settings.model_copy(update={"require_if_match": True}), clock) as service:
        client = service.client(await service.account())
        location = (await client.post("/v1/todos", json={"title": "x"})).headers["location"]

        answer = await client.patch(location, json={"title": "y"}, headers=ID)

    detail = "This server takes changes only with If-Match: send the ETag of the version you read."
    assert answer.status_code == 428
    assert told(answer) == problem(428, "precondition_required", "If-Match is required", detail)


# --- 5xx


@pytest.mark.parametrize("through", ["the application", "the API's route class"])
async def test_a_failure_of_ours_is_500_and_keeps_its_reason_to_itself(
    service: Service, anonymous: httpx.AsyncClient, through: str
) -> None:
    async def broken() -> None:
        raise RuntimeError("SELECT secret FROM signing_key")

    if through == "the application":
        service.app.add_api_route("/broken", broken)
    else:
        service.app.router.routes.append(Route("/broken", broken))

    answer = await anonymous.get("/broken", headers=ID)

    detail = "Something went wrong here. The request_id names this event in the server's log."
    assert answer.status_code == 500
    assert told(answer) == problem(500, "internal_error", "Internal error", detail)


@pytest.fixture
def own_server(database_kind: str) -> postgres.Server | None:
    """A PostgreSQL server that this test may stop; None on SQLite."""
    if database_kind != "postgresql":
        return None
    server = postgres.start()
    if server.process is None:
        pytest.skip("the server of TODO_API_TEST_POSTGRESQL_URL is not ours to stop")
    migrations.upgrade(Settings(database_url=server.url("postgres")))
    return server


@pytest.fixture
async def mortal(
    own_server: postgres.Server | None, settings: Settings, clock: TestClock, tmp_path: Path
) -> AsyncIterator[tuple[Service, Account, Callable[[], None]]]:
    """A service, an account, and the end of their database."""

    def end() -> None:
        if own_server is None:
            shutil.rmtree(tmp_path)
        else:
            postgres.stop(own_server)

    if own_server is not None:
        settings = settings.model_copy(update={"database_url": Settings(database_url=own_server.url("postgres")).database_url})
    async with serving(settings, clock) as service:
        account = await service.account()
        await service.state.database.close()  # SQLite would serve a deleted file for as long as it is open
        yield service, account, end
    for thread in threading.enumerate():  # aiosqlite's of connections that could not be opened: they still answer this loop
        if "_connection_worker_thread" in thread.name:
            await asyncio.to_thread(thread.join)


@pytest.mark.parametrize(("method", "body"), [("GET", None), ("POST", {"title": "x"})])
async def test_a_database_that_is_gone_is_503(
    mortal: tuple[Service, Account, Callable[[], None]], method: str, body: dict[str, str] | None
) -> None:
    service, account, end = mortal
    end()

    answer = await service.client(account).request(method, "/v1/todos", json=body, headers=ID)

    expected = problem(503, "database_unavailable", "The database does not answer", "Try again shortly.")
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) in range(1, 11)
    assert told(answer) == expected


# --- every kind


async def test_the_type_of_every_kind_leads_to_its_description(anonymous: httpx.AsyncClient) -> None:
    answers = [await anonymous.get(f"/problems/{error.code}") for error in catalogue()]

    expected = [{"code": error.code, "status": error.status, "title": error.title} for error in catalogue()]
    assert [answer.status_code for answer in answers] == [200] * len(expected)
    assert [answer.json() for answer in answers] == expected


async def test_the_type_of_a_problem_resolves(anonymous: httpx.AsyncClient) -> None:
    answer = await anonymous.get(told(await anonymous.get("/v1/me"))["type"])

    assert answer.json() == {"code": "unauthenticated", "status": 401, "title": "Credentials are missing or not valid"}


async def test_the_type_names_the_host_that_was_asked(anonymous: httpx.AsyncClient) -> None:
    answer = await anonymous.get("/v1/me", headers={"Host": "todo.example:8443"})

    assert told(answer)["type"] == "http://todo.example:8443/problems/unauthenticated"


@pytest.mark.parametrize("host", ["[", 'a"b', "a b", "a/b", "ä"])
async def test_a_host_that_is_none_stays_out_of_the_type(anonymous: httpx.AsyncClient, host: str) -> None:
    answer = await anonymous.get("/v1/me", headers=[(b"host", host.encode("latin-1"))])

    assert told(answer)["type"] == "http://localhost/problems/unauthenticated"


async def test_an_instance_is_a_uuid_when_the_client_sent_no_id(anonymous: httpx.AsyncClient) -> None:
    answer = await anonymous.get("/v1/me")

    assert told(answer)["instance"] == f"urn:uuid:{answer.headers['x-request-id']}"
