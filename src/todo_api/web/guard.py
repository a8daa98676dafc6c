"""The HTTP protocol with the limits that uvicorn lacks: size, number and time of a request's header fields.

Bodies are limited by the edge (web/middleware.py). A connection that is idle between two requests is uvicorn's to close.
"""

import asyncio
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from todo_api.domain.identifiers import new_id
from todo_api.errors import BadRequestError, HeaderLateError, HeaderTooLargeError, TodoApiError
from todo_api.observability.logs import logger
from todo_api.web import problems

HEADER_BYTES: Final = 32 * 1024
HEADER_FIELDS: Final = 100
HEADER_SECONDS: Final = 5.0
_PER_FIELD: Final = 4  # ": " and the end of the line
_log: Final = logger("todo_api.access")


class _RefusedError(Exception):
    """Raised in a callback, it stops the parser: the answer is written."""


class Guard(HttpToolsProtocol):
    """Refuses with a problem document and closes. Used as ``uvicorn.Config(http=Guard)``."""

    header_seconds = HEADER_SECONDS

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._in_head = True  # of a request that may not have begun
        self._unread = 0  # bytes that were neither a whole head nor part of a body: of a head, of trailers, of chunk sizes
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's
        super().connection_made(transport)
        self._arm()

    def connection_lost(self, exc: Exception | None) -> None:
        self._disarm()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self.transport.is_closing():
            return
        self._unread += len(data)
        super().data_received(data)
        if self._unread > HEADER_BYTES:
            self._refuse(HeaderTooLargeError())
        elif self._in_head and self._unread:
            self._arm()

    # --- what the parser calls

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._in_head = True
        self._arm()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Also called for the trailers of a body."""
        if len(self.headers) >= HEADER_FIELDS:
            self._stop(HeaderTooLargeError())
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        size = len(self.url) + sum(len(name) + len(value) + _PER_FIELD for name, value in self.headers)
        if size > HEADER_BYTES:
            self._stop(HeaderTooLargeError())
        self._in_head, self._unread = False, 0
        self._disarm()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._unread = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._in_head, self._unread = True, 0
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        self._refuse(BadRequestError(msg))

    def _unsupported_upgrade_warning(self) -> None:
        """The request is answered as if it had not asked for another protocol (RFC 9110, 7.8)."""

    # --- time and refusal

    def _arm(self) -> None:
        if self._timer is None and not self.transport.is_closing():
            self._timer = self.loop.call_later(self.header_seconds, self._late)

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _late(self) -> None:
        self._timer = None
        if not self._is_answered():
            self._arm()  # the one before is still being answered
        elif self._in_head:
            self._refuse(HeaderLateError())

    def _stop(self, error: TodoApiError) -> None:
        self._refuse(error)
        raise _RefusedError

    def _refuse(self, error: TodoApiError) -> None:
        """Answer and close; only close where another answer is on its way, which this one would cut in two."""
        if self.transport.is_closing():
            return
        self._disarm()
        self._unset_keepalive_if_required()
        if self._may_answer():
            self.transport.write(self._answer(error))
        self.transport.close()

    def _may_answer(self) -> bool:
        return self._is_answered() or (not self._in_head and not self.cycle.response_started and not self.pipeline)

    def _is_answered(self) -> bool:
        """Whether no request waits for its answer."""
        cycle: Any = self.cycle  # None before the first
        return cycle is None or bool(cycle.response_complete)

    def _answer(self, error: TodoApiError) -> bytes:
        request_id = new_id()
        scope = {"headers": self.headers or (), "scheme": self.scheme or "http", "state": {"request_id": request_id}}
        body = problems.document(error, scope)
        headers = {
            b"content-type": problems.MEDIA_TYPE.encode(),
            b"content-length": str(len(body)).encode(),
            b"cache-control": b"no-store",
            b"connection": b"close",
            b"x-request-id": request_id.encode(),
        }
        _log.info("refused", status=error.status, code=error.code, request_id=request_id, client=(self.client or ("",))[0])
        lines = [name + b": " + value + b"\r\n" for name, value in (*self.server_state.default_headers, *headers.items())]
        return b"".join([STATUS_LINE[error.status], *lines, b"\r\n", body])
