import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from uvicorn.server import ServerState

from tests.support.live import serving
from todo_api.web.guard import Guard

START = b"GET / HTTP/1.1\r\nHost: test\r\n"
WHOLE = START + b"\r\n"
UPGRADE = b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: eA==\r\n\r\n"


class Quick(Guard):
    header_seconds = 0.2


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """Answers 200 when the body is there; /slow takes longer than a header may."""
    if scope["path"] == "/slow":
        await asyncio.sleep(0.5)
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


@asynccontextmanager
async def connected(protocol: type[Guard]) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    config = uvicorn.Config(echo, http=protocol, ws="none", log_config=None, lifespan="off")
    config.load()
    state = ServerState()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: protocol(config=config, server_state=state, app_state={}), "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    try:
        yield reader, writer
    finally:
        writer.close()
        server.close()


async def said(protocol: type[Guard], *pieces: bytes, pause: float = 0.0) -> bytes:
    """Everything that comes until the server closes the connection."""
    async with connected(protocol) as (reader, writer):
        for piece in pieces:
            writer.write(piece)
            await asyncio.sleep(pause)
        async with asyncio.timeout(10):
            return await reader.read()


def problem(answer: bytes) -> dict[str, Any]:
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"content-type: application/problem+json" in head
    assert b"connection: close" in head
    found: dict[str, Any] = json.loads(body)
    return found


@pytest.mark.parametrize(
    "pieces",
    [
        (START + b"X-Long: " + b"x" * 33_000 + b"\r\n\r\n",),
        (START + b"X-Long: " + b"x" * 20_000, b"x" * 20_000),
        (START + b"".join(b"X-%d: 1\r\n" % number for number in range(100)) + b"\r\n",),
        (b"GET /" + b"x" * 33_000 + b" HTTP/1.1\r\nHost: test\r\n\r\n",),
        (b"POST / HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX-Trailer: ", b"x" * 40_000),
    ],
    ids=["at once", "in pieces", "many", "address", "trailer"],
)
async def test_header_too_large_is_431(pieces: tuple[bytes, ...]) -> None:
    answer = await said(Guard, *pieces, pause=0.02)

    assert answer.startswith(b"HTTP/1.1 431 ")
    assert problem(answer)["code"] == "header_too_large"


async def test_header_that_just_fits_is_taken() -> None:
    fields = b"".join(b"X-%d: %s\r\n" % (number, b"x" * 300) for number in range(98))

    async with connected(Guard) as (reader, writer):
        writer.write(START + fields + b"\r\n")

        assert (await reader.readline()).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("pieces", [(), (b"GET",), (START,), (b"\r\n", b"\r\n")], ids=["nothing", "a word", "a line", "blank"])
async def test_header_that_does_not_end_is_408(pieces: tuple[bytes, ...]) -> None:
    answer = await said(Quick, *pieces)

    assert answer.startswith(b"HTTP/1.1 408 ")
    assert problem(answer)["code"] == "header_late"


async def test_header_that_trickles_is_408() -> None:
    async with connected(Quick) as (reader, writer):
        writer.write(b"GET /")
        line = b""
        for _ in range(40):
            writer.write(b"x")
            with suppress(TimeoutError):
                line = await asyncio.wait_for(reader.readline(), 0.05)
                break

    assert line.startswith(b"HTTP/1.1 408 ")


async def test_idle_connection_is_kept() -> None:
    async with connected(Quick) as (reader, writer):
        for _ in range(2):
            writer.write(WHOLE)
            assert (await reader.readuntil(b"ok")).startswith(b"HTTP/1.1 200 ")
            await asyncio.sleep(0.4)

        assert not reader.at_eof()


async def test_second_header_on_a_connection_has_the_same_deadline() -> None:
    answer = await said(Quick, WHOLE, START, pause=0.05)

    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b"okHTTP/1.1 408 " in answer


async def test_answer_on_its_way_is_not_cut_by_the_next_header() -> None:
    answer = await said(Quick, WHOLE.replace(b"/ ", b"/slow ", 1), START, pause=0.05)

    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b"okHTTP/1.1 408 " in answer


async def test_body_takes_its_time() -> None:
    async with connected(Quick) as (reader, writer):
        writer.write(b"POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 40000\r\n\r\n")
        for _ in range(4):
            await asyncio.sleep(0.1)
            writer.write(b"x" * 10_000)

        assert (await reader.readline()).startswith(b"HTTP/1.1 200 ")


async def test_what_is_not_http_is_400() -> None:
    answer = await said(Guard, b"NOT HTTP\r\n\r\n")

    assert answer.startswith(b"HTTP/1.1 400 ")
    assert problem(answer)["code"] == "bad_request"


async def test_pipelined_requests_are_answered_in_turn() -> None:
    async with connected(Guard) as (reader, writer):
        writer.write(WHOLE * 3)

        for _ in range(3):
            assert (await reader.readuntil(b"ok")).startswith(b"HTTP/1.1 200 ")


async def test_server_guards_and_does_not_speak_websocket(url: str, tmp_path: Path) -> None:
    with serving(tmp_path, database_url=url) as server:
        host, port = server.url.removeprefix("http://").split(":")
        answers = []
        for head in (START + b"X-Long: " + b"x" * 33_000, b"GET /v1/todos HTTP/1.1\r\nHost: test\r\n" + UPGRADE):
            reader, writer = await asyncio.open_connection(host, int(port))
            writer.write(head)
            answers.append(await reader.readuntil(b"\r\n\r\n"))
            writer.close()

    assert answers[0].startswith(b"HTTP/1.1 431 ")
    assert answers[1].startswith(b"HTTP/1.1 401 ")
    assert "No supported WebSocket library" not in server.output
