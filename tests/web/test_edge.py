"""The edge: request ids, headers, HEAD, limits on time, and the one line that is logged for a request."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import httpx
import pytest
import uvicorn
from starlette.types import Message
from structlog.testing import capture_logs

from tests.support.service import PASSWORD, Account, Service
from todo_api.main import create_app
from todo_api.settings import Settings

SECURITY = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
}
SECONDS = 20  # more than anything here takes


@asynccontextmanager
async def listening(settings: Settings) -> AsyncIterator[int]:
    """The service on a real socket; the port."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(create_app(settings), log_config=None, access_log=False, server_header=False))
    task = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield listener.getsockname()[1]
    finally:
        server.should_exit = True
        await task


async def talk(port: int, *parts: bytes, pause: float = 0.0) -> bytes:
    """All that the server says to these bytes until it closes the connection; it is given time to interrupt."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    said = asyncio.create_task(hear(reader))
    for part in parts:
        writer.write(part)
        await asyncio.wait([said], timeout=pause)
        if said.done():
            break
    async with asyncio.timeout(SECONDS):
        await said
    writer.close()
    with suppress(ConnectionError):
        await writer.wait_closed()
    return said.result()


async def hear(reader: asyncio.StreamReader) -> bytes:
    said = b""
    with suppress(ConnectionError):  # a server that does not read on may reset the connection after its answer
        while chunk := await reader.read(65536):
            said += chunk
    return said


# --- request ids


@pytest.mark.parametrize("sent", ["7", "trace-1", "00-4bf92f35:77.b_1", "x" * 100])
async def test_a_sane_request_id_is_adopted(anonymous: httpx.AsyncClient, sent: str) -> None:
    answer = await anonymous.get("/livez", headers={"X-Request-Id": sent})

    assert answer.headers["x-request-id"] == sent


@pytest.mark.parametrize("sent", ["", "a b", "a/b", "x" * 101, "\xe9", "a,b", '"a"', "%0d%0a", "<b>"])
async def test_a_strange_request_id_is_replaced(anonymous: httpx.AsyncClient, sent: str) -> None:
    answer = await anonymous.get("/livez", headers=[(b"x-request-id", sent.encode("latin-1"))])

    made = answer.headers["x-request-id"]
    assert made != sent
    assert len(made) == 36


async def test_each_request_gets_an_id_of_its_own(anonymous: httpx.AsyncClient) -> None:
    answers = [await anonymous.get(path) for path in ("/livez", "/livez", "/v1/me", "/nothing")]

    assert len({answer.headers["x-request-id"] for answer in answers}) == 4


# --- headers out


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 200),
        ("GET", "/livez", 200),
        ("GET", "/openapi.json", 200),
        ("GET", "/v1/me", 200),
        ("POST", "/v1/todos", 422),
        ("PUT", "/v1/todos", 405),
        ("GET", "/v1/nothing", 404),
        ("GET", "/v1/todos?label=%00", 400),
        ("GET", "/broken", 500),
        ("DELETE", "/v1/sessions/01890a5d-ac96-774b-bcce-b302099a8057", 404),
    ],
)
async def test_every_answer_carries_the_security_headers(
    service: Service, client: httpx.AsyncClient, method: str, path: str, status: int
) -> None:
    async def broken() -> None:
        raise RuntimeError

    service.app.add_api_route("/broken", broken)

    answer = await client.request(method, path)

    assert answer.status_code == status
    assert {name: answer.headers.get(name) for name in SECURITY} == SECURITY
    assert "server" not in answer.headers


async def test_the_pages_of_the_documentation_have_a_policy_of_their_own(anonymous: httpx.AsyncClient) -> None:
    answer = await anonymous.get("/docs")

    assert "script-src 'self'" in answer.headers["content-security-policy"]
    assert answer.headers["x-frame-options"] == "DENY"


async def test_the_files_of_the_documentation_may_be_kept(anonymous: httpx.AsyncClient) -> None:
    answer = await anonymous.get("/docs/assets/docs.css")

    assert answer.headers["cache-control"] == "public, no-cache"


# --- HEAD


@pytest.mark.parametrize("path", ["/", "/livez", "/docs", "/openapi.json", "/v1/me", "/v1/todos", "/v1/nothing"])
async def test_head_answers_as_get_without_a_body(client: httpx.AsyncClient, path: str) -> None:
    get = await client.get(path)

    head = await client.head(path)

    own = {"x-request-id", "content-security-policy"}
    assert head.content == b""
    assert head.status_code == get.status_code
    assert {k: v for k, v in head.headers.items() if k not in own} == {k: v for k, v in get.headers.items() if k not in own}


async def test_head_leaves_the_connection_usable(settings: Settings) -> None:
    request = b"GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    async with listening(settings) as port:
        said = await talk(port, b"HEAD /livez HTTP/1.1\r\nHost: x\r\n\r\n" + request)

    head, get, body = said.split(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    assert get.startswith(b"HTTP/1.1 200 OK\r\n")
    assert body == b'{"status":"ok"}'


# --- time


LOGIN = b"POST /v1/auth/login HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n"


async def test_a_body_that_does_not_arrive_is_408_and_the_end_of_the_connection(settings: Settings) -> None:
    request = LOGIN.replace(b"Connection: close\r\n", b"") + b"Content-Length: 10\r\n\r\n{"

    async with listening(settings.model_copy(update={"body_seconds": 0.1})) as port:
        said = await talk(port, request)

    assert said.startswith(b"HTTP/1.1 408 Request Timeout\r\n")
    assert b'"code": "body_late"' in said
    assert b"connection: close\r\n" in said


async def test_a_body_that_trickles_is_408_too(settings: Settings) -> None:
    parts = [LOGIN + b"Transfer-Encoding: chunked\r\n\r\n", *[b"1\r\n \r\n"] * 500]

    async with listening(settings.model_copy(update={"body_seconds": 0.2})) as port:
        said = await talk(port, *parts, pause=0.02)

    assert said.startswith(b"HTTP/1.1 408 Request Timeout\r\n")


async def test_a_body_in_two_parts_is_read(settings: Settings) -> None:
    async with listening(settings) as port:
        said = await talk(port, LOGIN + b"Content-Length: 2\r\n\r\n{", b"}", pause=0.05)

    assert said.startswith(b"HTTP/1.1 422 Unprocessable")


async def test_a_client_that_leaves_is_no_error(service: Service) -> None:
    said: list[Message] = []

    async def leave() -> Message:
        return {"type": "http.disconnect"}

    async def hear(message: Message) -> None:
        said.append(message)

    scope = {
        "type": "http", "method": "POST", "path": "/v1/auth/login", "raw_path": b"/v1/auth/login", "query_string": b"",
        "headers": [], "scheme": "http", "client": ("127.0.0.1", 1), "server": ("test", 80), "http_version": "1.1",
    }  # fmt: skip

    with capture_logs() as lines:
        await service(scope, leave, hear)

    assert said == []
    assert [(line["event"], line["log_level"], line["status"]) for line in lines] == [("request", "info", 0)]


# --- the log


async def test_a_request_is_one_line(client: httpx.AsyncClient, account: Account) -> None:
    with capture_logs() as lines:
        answer = await client.get(f"/v1/lists/{account.inbox_id}", headers={"X-Request-Id": "trace-1"})

    (line,) = lines
    assert line.pop("milliseconds") > 0
    assert line.pop("credential").startswith("key:")
    assert line == {
        "event": "request",
        "log_level": "info",
        "method": "GET",
        "path": f"/v1/lists/{account.inbox_id}",
        "route": "/v1/lists/{list_id}",
        "status": answer.status_code,
        "request_id": "trace-1",
        "client": "127.0.0.1",
        "user_id": account.user_id,
    }


async def test_a_head_request_is_logged_as_one(anonymous: httpx.AsyncClient) -> None:
    with capture_logs() as lines:
        await anonymous.head("/livez")

    assert [line["method"] for line in lines] == ["HEAD"]


async def test_our_own_failure_is_logged_under_the_request_id(service: Service, anonymous: httpx.AsyncClient) -> None:
    async def broken() -> None:
        raise RuntimeError("why")

    service.app.add_api_route("/broken", broken)

    with capture_logs() as lines:
        await anonymous.get("/broken", headers={"X-Request-Id": "trace-1"})

    assert [(line["event"], line["log_level"], line["request_id"]) for line in lines] == [
        ("internal error", "error", "trace-1"),
        ("request", "info", "trace-1"),
    ]
    assert str(lines[0]["exc_info"]) == "why"


async def test_the_log_has_no_secrets_and_no_query_string(service: Service, account: Account) -> None:
    anonymous, client = service.client(), service.client(account)
    login = await anonymous.post("/v1/auth/login", json={"email": account.email, "password": PASSWORD})
    access, refresh = login.json()["access_token"], login.json()["refresh_token"]
    secrets = [account.key, access, refresh, PASSWORD, "seven quiet herons", "CANARY"]
    requests: list[tuple[httpx.AsyncClient, str, str, dict[str, Any]]] = [
        (client, "GET", "/v1/todos", {"params": {"cursor": "CANARY", "label": "CANARY"}}),
        (client, "POST", "/v1/todos", {"json": {"title": "CANARY", "due": "CANARY"}}),
        (service.client(token=access), "GET", "/v1/me", {}),
        (client, "POST", "/v1/auth/password", {"json": {"current_password": PASSWORD, "new_password": "seven quiet herons"}}),
        (client, "POST", "/v1/keys", {"json": {"name": "CANARY", "preset": "full"}, "headers": {"Idempotency-Key": "CANARY"}}),
        (anonymous, "POST", "/v1/auth/login", {"json": {"email": account.email, "password": "seven quiet herons"}}),
        (anonymous, "POST", "/v1/auth/login", {"json": {"email": account.email, "password": "CANARY"}}),
        (anonymous, "POST", "/v1/auth/refresh", {"json": {"refresh_token": refresh}}),
        (anonymous, "GET", "/v1/me", {"headers": {"Authorization": "Bearer CANARY", "Cookie": "CANARY", "X-Api-Key": "CANARY"}}),
        (anonymous, "GET", "/v1/me", {"headers": {"X-Request-Id": "CANARY\x7f", "User-Agent": "CANARY", "Referer": "CANARY"}}),
    ]

    with capture_logs() as lines:
        answers = [await sender.request(method, path, **more) for sender, method, path, more in requests]

    assert [answer.status_code for answer in answers] == [400, 422, 200, 204, 201, 200, 401, 401, 401, 401]
    assert [secret for secret in secrets if secret in repr(lines)] == []
    assert len(lines) == len(requests)
