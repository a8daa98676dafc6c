import asyncio
import os
import re
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from tests.support import postgres
from tests.support.live import Server, command, serving

JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def server(database_kind: str, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Server]:
    """One server for all tests that leave it running, on a database that it migrates itself."""
    folder = tmp_path_factory.mktemp("server")
    url = f"sqlite:///{folder}/todo.db"
    if database_kind == "postgresql":
        cluster: postgres.Server = request.getfixturevalue("postgresql")
        name = f"live_{os.getpid()}"
        asyncio.run(cluster.execute(f'DROP DATABASE IF EXISTS "{name}"', f'CREATE DATABASE "{name}"'))
        url = cluster.url(name)
    with serving(folder, "--migrate", database_url=url) as running:
        yield running


@pytest.fixture
async def client(server: Server) -> AsyncIterator[httpx.AsyncClient]:
    async with server.client() as opened:
        yield opened


def opened(server: Server) -> socket.socket:
    """A plain connection to the server."""
    address = urlsplit(server.url)
    return socket.create_connection((address.hostname or "", address.port or 0), timeout=10)


def head(server: Server, body: bytes) -> bytes:
    """The start of a request that creates a todo."""
    lines = ["POST /v1/todos HTTP/1.1", "Host: test", f"X-API-Key: {server.key}", "Content-Type: application/json"]
    return "\r\n".join([*lines, f"Content-Length: {len(body)}", "", ""]).encode()


def answer(connection: socket.socket) -> bytes:
    """Everything that comes until the server closes the connection."""
    return b"".join(iter(lambda: connection.recv(65536), b""))


def wait_until(condition: Callable[[], bool]) -> None:
    """Look again and again, for ten seconds at most."""
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def workers(server: Server) -> list[int]:
    """The processes that the server started."""
    pid = server.process.pid
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


async def test_request_over_a_real_socket_is_answered(client: httpx.AsyncClient) -> None:
    created = await client.post("/v1/todos", json={"title": "Buy milk"})

    found = await client.get(created.headers["location"])

    assert (created.status_code, found.status_code) == (201, 200)
    assert found.json() == created.json()


async def test_answer_does_not_name_the_server_software(client: httpx.AsyncClient) -> None:
    response = await client.get("/livez")

    assert "server" not in response.headers
    assert response.headers["date"].endswith("GMT")


async def test_head_answers_like_get_without_the_body(client: httpx.AsyncClient) -> None:
    got, headed = await client.get("/v1/todos"), await client.head("/v1/todos")

    assert (headed.status_code, headed.content) == (200, b"")
    assert headed.headers["content-length"] == got.headers["content-length"]


async def test_body_of_ten_megabytes_is_413(client: httpx.AsyncClient) -> None:
    response = await client.post("/v1/todos", content=b" " * 10_000_000, headers=JSON)

    assert response.status_code == 413
    assert response.json()["code"] == "body_too_large"


async def test_body_of_ten_megabytes_in_chunks_is_413(client: httpx.AsyncClient) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b" " * 100_000

    response = await client.post("/v1/todos", content=chunks(), headers=JSON)

    assert response.status_code == 413
    assert response.json()["code"] == "body_too_large"


async def test_server_serves_on_after_a_body_too_large(client: httpx.AsyncClient) -> None:
    await client.post("/v1/todos", content=b" " * 10_000_000, headers=JSON)

    assert (await client.get("/v1/todos")).status_code == 200


def test_request_that_is_not_http_is_400(server: Server) -> None:
    with closing(opened(server)) as connection:
        connection.sendall(b"NOT HTTP\r\n\r\n")

        assert answer(connection).startswith(b"HTTP/1.1 400 ")


def test_body_that_never_comes_is_408(url: str, tmp_path: Path) -> None:
    with serving(tmp_path, database_url=url, body_seconds="0.3") as server, closing(opened(server)) as connection:
        connection.sendall(head(server, b"{}") + b"{")

        assert answer(connection).startswith(b"HTTP/1.1 408 ")


def test_terminated_server_finishes_running_requests(url: str, tmp_path: Path) -> None:
    body = b'{"title": "Last words"}'
    with serving(tmp_path, database_url=url) as server, closing(opened(server)) as connection:
        connection.sendall(head(server, body) + body[:10])
        httpx.get(f"{server.url}/livez")  # by now the request is running

        server.process.terminate()
        wait_until(lambda: "Shutting down" in server.output)
        connection.sendall(body[10:])
        received, status = answer(connection), server.process.wait(10)

    assert status == -signal.SIGTERM
    assert received.startswith(b"HTTP/1.1 201 ")
    assert b"Last words" in received


def test_terminated_server_ends_at_once_with_idle_connections(url: str, tmp_path: Path) -> None:
    with serving(tmp_path, database_url=url) as server, httpx.Client(base_url=server.url) as idle:
        idle.get("/livez")
        started = time.monotonic()

        status, seconds = server.stop(), time.monotonic() - started

    assert status == -signal.SIGTERM
    assert seconds < 10


def test_terminated_server_writes_when_keys_were_used(url: str, tmp_path: Path) -> None:
    with serving(tmp_path, database_url=url) as server:
        httpx.get(f"{server.url}/v1/me", headers={"X-API-Key": server.key}).raise_for_status()
        server.stop()

    with serving(tmp_path, key=server.key, database_url=url) as again:
        keys = httpx.get(f"{again.url}/v1/keys", headers={"X-API-Key": again.key}).json()["items"]

    assert keys[0]["last_used_at"] is not None


def test_first_start_prints_a_curl_line_that_works(url: str, tmp_path: Path) -> None:
    if shutil.which("curl") is None:
        pytest.skip("needs curl")
    with serving(tmp_path, "--port", str(postgres.free_port()), key="", database_url=url) as server:
        (line,) = re.findall(r"^  (curl -s .+\\\n.+)$", server.output, re.MULTILINE)

        done = subprocess.run(["/bin/sh", "-c", line], capture_output=True, check=True, timeout=30)  # noqa: S603  # our own line

    assert b'"email":"you@example.com"' in done.stdout


def test_first_start_names_the_address_that_was_bound(url: str, tmp_path: Path) -> None:
    with serving(tmp_path, "--host", "::1", key="", database_url=url) as server:
        wait_until(lambda: f"curl -s {server.url}/v1/auth/register" in server.output)

    assert re.fullmatch(r"http://\[::1\]:[1-9]\d+", server.url)


def test_start_with_an_account_prints_no_welcome(server: Server) -> None:
    assert "There is no account yet" not in server.output


def test_first_start_with_closed_registration_says_what_to_type(url: str, tmp_path: Path) -> None:
    with serving(tmp_path, key="", database_url=url, registration="closed") as server:
        assert "\n  todo-api user add you@example.com\n" in server.output


def test_port_in_use_is_told(server: Server, tmp_path: Path) -> None:
    process = command("serve", "--port", str(urlsplit(server.url).port), folder=tmp_path)

    assert process.wait(30) == 3  # uvicorn's word for a start that failed
    assert "address already in use" in (tmp_path / "log").read_text()


def test_several_workers_on_sqlite_are_refused(tmp_path: Path) -> None:
    process = command("serve", "--workers", "2", folder=tmp_path, database_url=f"sqlite:///{tmp_path}/todo.db")

    assert process.wait(30) == 1
    assert (tmp_path / "log").read_text() == (
        "SQLite is served by one process, which is its one writer. For --workers, set TODO_API_DATABASE_URL to PostgreSQL.\n"
    )


@pytest.fixture
def shared_url(url: str, database_kind: str) -> str:
    """A database that several processes may serve."""
    if database_kind == "sqlite":
        pytest.skip("about PostgreSQL: one process serves SQLite")
    return url


async def test_several_workers_on_postgresql_serve(shared_url: str, tmp_path: Path) -> None:
    with serving(tmp_path, "--workers", "2", database_url=shared_url) as server:
        async with server.client() as client:
            created = await asyncio.gather(*(client.post("/v1/todos", json={"title": str(n)}) for n in range(20)))
            found = (await client.get("/v1/todos")).json()["items"]
        pids = workers(server)

    assert {response.status_code for response in created} == {201}
    assert {todo["title"] for todo in found} == {str(n) for n in range(20)}
    assert len(pids) >= 2


def test_terminated_workers_end(shared_url: str, tmp_path: Path) -> None:
    with serving(tmp_path, "--workers", "2", database_url=shared_url) as server:
        pids = workers(server)

        server.stop()

        wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in pids))


def test_host_option_reaches_the_workers(shared_url: str, tmp_path: Path) -> None:
    new = {"email": "eve@example.com", "password": "seven quiet herons"}
    options = ("--workers", "2", "--host", "127.0.0.1")  # where registration is open
    with serving(tmp_path, *options, database_url=shared_url, host="0.0.0.0") as server:  # noqa: S104  # not bound
        response = httpx.post(f"{server.url}/v1/auth/register", json=new)

    assert response.status_code == 201
