"""The edge, a plain ASGI class around everything: request ids, limits on bodies, security headers, a log line a request."""

import asyncio
import re
import time
from typing import Any, Final

from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from todo_api.domain.identifiers import new_id
from todo_api.errors import BadRequestError, BodyLateError, BodyTooLargeError, InternalError, TodoApiError
from todo_api.observability.logs import logger
from todo_api.web import problems

_SANE_ID: Final = re.compile(rb"[\w.:-]{1,100}", re.ASCII)
_SECURITY: Final = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
}
_EMPTY: Final = {204, 304}
_log: Final = logger("todo_api.access")


class Edge:
    """Wraps the application; whatever it raises is answered here as an internal error, and told to the log alone."""

    def __init__(self, app: ASGIApp, *, max_body_bytes: int, body_seconds: float) -> None:
        self.app = app
        self.max_body_bytes = max_body_bytes
        self.body_seconds = body_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        await _Exchange(self, scope, receive, send).run()


class _Exchange:
    """One request and its answer."""

    def __init__(self, edge: Edge, scope: Scope, receive: Receive, send: Send) -> None:
        self._edge, self._receive, self._send = edge, receive, send
        self._headers: dict[bytes, bytes] = dict(scope["headers"])
        self._request_id = _request_id(self._headers)
        self._is_head = scope["method"] == "HEAD"
        # What GET answers, HEAD answers without the body. A copy, because the server reads the method in its own scope.
        self._scope: Scope = {**scope, "method": "GET"} if self._is_head else scope
        self._status = 0
        self._received = 0
        self._has_body = False
        self._deadline = 0.0

    async def run(self) -> None:
        started = time.perf_counter()
        scope = self._scope
        scope.setdefault("state", {})["request_id"] = self._request_id
        try:
            if refusal := self._refusal():
                await problems.answer(refusal, scope)(scope, self._receive, self._answer)
            else:
                await self._edge.app(scope, self._read, self._answer)
        except TodoApiError as error:  # raised while the body was read, outside any route
            await self._answer_error(error)
        except ClientDisconnect:
            pass  # nobody is there to be told
        except Exception as error:  # noqa: BLE001  # the last resort
            _log.error("internal error", request_id=self._request_id, exc_info=error)
            await self._answer_error(InternalError())
        finally:
            self._write_line(time.perf_counter() - started)

    def _refusal(self) -> TodoApiError | None:
        length = self._headers.get(b"content-length")
        if length is not None and (not length.isdigit() or int(length[:20]) > self._edge.max_body_bytes):
            return BodyTooLargeError(self._edge.max_body_bytes)
        if b"\0" in self._scope.get("raw_path", b"") or "\0" in self._scope["path"] or b"%00" in self._scope["query_string"]:
            return BadRequestError("The path and the query must not contain NUL.")
        return None

    async def _read(self) -> Message:
        if self._has_body:  # what comes now is the end of the connection, whenever that is
            return await self._receive()
        self._deadline = self._deadline or asyncio.get_running_loop().time() + self._edge.body_seconds
        try:
            async with asyncio.timeout_at(self._deadline):
                message = await self._receive()
        except TimeoutError:
            raise BodyLateError(self._edge.body_seconds) from None
        self._has_body = not message.get("more_body", False)
        self._received += len(message.get("body", b""))
        if self._received > self._edge.max_body_bytes:
            raise BodyTooLargeError(self._edge.max_body_bytes)
        return message

    async def _answer(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status = message["status"]
            headers = MutableHeaders(scope=message)
            if message["status"] in _EMPTY:
                del headers["content-type"]  # of nothing
            headers["x-request-id"] = self._request_id
            for name, value in _SECURITY.items():
                headers.setdefault(name, value)
        elif self._is_head:
            message = {**message, "body": b""}
        await self._send(message)

    async def _answer_error(self, error: TodoApiError) -> None:
        if not self._status:
            await problems.answer(error, self._scope)(self._scope, self._receive, self._answer)

    def _write_line(self, seconds: float) -> None:
        scope: dict[str, Any] = dict(self._scope)
        route = scope.get("route")
        actor = scope["state"].get("actor")
        _log.info(
            "request",
            method="HEAD" if self._is_head else scope["method"],
            path=scope["path"],
            route=getattr(route, "path", None),
            status=self._status,
            milliseconds=round(seconds * 1000, 2),
            request_id=self._request_id,
            client=(scope.get("client") or ("",))[0],
            user_id=getattr(actor, "user_id", None),
            credential=getattr(actor, "credential", None),
        )


def _request_id(headers: dict[bytes, bytes]) -> str:
    """The client's own, when it is short and plain, else a new one."""
    sent = headers.get(b"x-request-id", b"")
    return sent.decode("ascii") if _SANE_ID.fullmatch(sent) else new_id()
