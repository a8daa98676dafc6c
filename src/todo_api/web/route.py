"""The route class of the API: one request, one unit of work, committed before its answer leaves.

It stands where FastAPI lets an APIRoute wrap its handler. A ``yield`` dependency could commit too, but could neither keep the
answer in the same transaction (Idempotency-Key) nor run the work again after a collision, and costs 25 to 50 µs more.
"""

import asyncio
import json
import random
import re
from collections.abc import Callable, Coroutine
from typing import Any, Final

from fastapi import Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from todo_api.db.session import Session
from todo_api.errors import (
    BodyInvalidError,
    Flaw,
    InvalidInputError,
    MediaTypeUnsupportedError,
    NotAcceptableError,
    TodoApiError,
    WriteConflictError,
)
from todo_api.repositories.idempotency import IdempotencyRepository
from todo_api.runtime.idempotency import KeyedRequest, Replayed
from todo_api.runtime.state import State
from todo_api.security.sealing import seal

Handler = Callable[[Request], Coroutine[Any, Any, Response]]

_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_TRIES: Final = 4
_KEPT_HEADERS: Final = ("content-type", "etag", "location")
_DEEPEST_JSON: Final = 32
_MOST_PARAMETERS: Final = 100
_LONGEST_INTEGER: Final = 40
_MOST_MEMBERS: Final = 1000  # of an object: each unknown one would become an error of its own
_MERGE_PATCH: Final = "application/merge-patch+json"
_STRINGS: Final = re.compile(rb'"(?:[^"\\]++|\\.)*+"?+', re.DOTALL)  # possessive: linear, whatever is sent
_NO_BRACKETS: Final = bytes(set(range(256)) - set(b"[]{}"))
_ONE_KIND: Final = bytes.maketrans(b"{}", b"[]")


class Route(APIRoute):
    """Opens the session, reads the body strictly, finishes the unit of work.

    ``inner`` does the work alone, for a request that brings its session and its body, read already: see web/batch.py.
    """

    inner: Handler

    def get_route_handler(self) -> Handler:
        handle = super().get_route_handler()
        parameters = _query_parameters(self.dependant)
        repeatable = {name for name, annotation in parameters.items() if _is_many(annotation)}
        takes_body = self.body_field is not None
        methods = self.methods or set()
        types = ("application/json", _MERGE_PATCH) if methods & {"PATCH", "PUT"} else ("application/json",)
        unit = _read if methods <= _SAFE else _write

        async def handler(request: Request) -> Response:
            _check_accept(request)
            if request.scope["query_string"]:
                _check_query(request, parameters.keys(), repeatable)
            if takes_body:
                await _read_body(request, types)
            return await unit(request, handle)

        async def inner(request: Request) -> Response:
            if request.scope["query_string"]:
                _check_query(request, parameters.keys(), repeatable)
            return await handle(request)

        self.inner = inner
        return handler


async def _read(request: Request, handle: Handler) -> Response:
    state: State = request.state.runtime
    session = request.state.session = state.database.reader()
    try:
        return await handle(request)
    finally:
        await session.rollback()


async def _write(request: Request, handle: Handler) -> Response:
    """Work, keep the answer, commit; a collision with another transaction runs the whole again."""
    state: State = request.state.runtime
    for attempt in range(1, _TRIES + 1):
        session = request.state.session = state.database.writer()
        request.state.keyed = None
        try:
            return await _work(request, handle, session)
        except WriteConflictError:
            await session.rollback()
            if attempt == _TRIES:
                raise
            await asyncio.sleep(random.uniform(0, 0.02) * attempt)  # noqa: S311  # jitter
        except BaseException:
            await session.rollback()
            raise
    raise AssertionError  # the loop returns or raises


async def _work(request: Request, handle: Handler, session: Session) -> Response:
    try:
        response = await handle(request)
    except Replayed as answer:
        await session.rollback()
        return Response(answer.body, answer.status, answer.headers | {"Idempotent-Replayed": "true"})
    except TodoApiError as error:
        if error.keeps_changes:
            await session.commit()
        raise
    if request.state.keyed is not None:
        await _remember(request, request.state.keyed, response, session)
    await session.commit()
    return response


async def _remember(request: Request, keyed: KeyedRequest, response: Response, session: Session) -> None:
    state: State = request.state.runtime
    headers = {name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers}
    await IdempotencyRepository(session, state.clock).add(
        keyed.marks[0].scope,
        fingerprint=keyed.marks[0].fingerprint,
        status=response.status_code,
        headers=headers,
        body=seal(bytes(response.body), key=keyed.key),
    )


def _query_parameters(dependant: Dependant) -> dict[str, Any]:
    """Names and types of the query parameters of a route and its dependencies."""
    found = {field.alias: field.field_info.annotation for field in dependant.query_params}
    for child in dependant.dependencies:
        found |= _query_parameters(child)
    return found


def _is_many(annotation: Any) -> bool:
    return "list" in str(annotation) or "tuple" in str(annotation)


def _check_accept(request: Request) -> None:
    accept = request.headers.get("accept")
    if accept and not any(word in accept.lower() for word in ("*/*", "json", "application/*")):
        raise NotAcceptableError


def _check_query(request: Request, known: Any, repeatable: set[str]) -> None:
    """Refuse what would silently change the meaning: unknown parameters, and the same one twice."""
    items = request.query_params.multi_items()
    if len(items) > _MOST_PARAMETERS:
        raise InvalidInputError([Flaw(f"at most {_MOST_PARAMETERS} parameters", "too_many", parameter="*")])
    seen: set[str] = set()
    flaws: list[Flaw] = []
    for name, _ in items:
        if name not in known:
            flaws.append(Flaw("is not a parameter of this path", "unknown_parameter", parameter=name[:100]))
        elif name in seen and name not in repeatable:
            flaws.append(Flaw("may be sent once", "repeated_parameter", parameter=name))
        seen.add(name)
    if flaws:
        raise InvalidInputError(flaws)


async def _read_body(request: Request, types: tuple[str, ...]) -> None:
    """Parse the body once, strictly, and leave it where FastAPI looks for it."""
    body = await request.body()
    if not body:
        return
    _check_media_type(request, types)
    if body.count(b"[") + body.count(b"{") > _DEEPEST_JSON and _is_too_deep(body):
        raise BodyInvalidError(f"JSON may nest {_DEEPEST_JSON} levels deep.")
    try:
        request._json = json.loads(  # noqa: SLF001  # Starlette's own cache: request.json() returns it
            body.decode("utf-8"),
            object_pairs_hook=_no_duplicates,
            parse_constant=_no_constant,
            parse_int=_integer,
            parse_float=_float,
        )
    except UnicodeDecodeError:
        raise BodyInvalidError("The body must be UTF-8.") from None
    except json.JSONDecodeError as error:
        raise BodyInvalidError(f"{error.msg} at character {error.pos}.") from None


def _check_media_type(request: Request, types: tuple[str, ...]) -> None:
    if request.headers.get("content-encoding", "identity") != "identity":
        raise MediaTypeUnsupportedError("Send the body without Content-Encoding.")
    media_type, _, rest = request.headers.get("content-type", "").partition(";")
    charset = re.search(r'charset="?([^";]+)', rest, re.IGNORECASE)
    if media_type.strip().lower() not in types or (charset and charset[1].strip().lower() not in {"utf-8", "utf8"}):
        headers = {"Accept-Patch": ", ".join(types)} if request.method == "PATCH" else {}
        raise MediaTypeUnsupportedError(f"Send Content-Type: {types[0]}, in UTF-8.", headers=headers)


def _is_too_deep(body: bytes) -> bool:
    """Whether arrays and objects nest too deep; each round takes the innermost away, so nothing is built or walked."""
    brackets = _STRINGS.sub(b"", body).translate(_ONE_KIND, _NO_BRACKETS)
    for _ in range(_DEEPEST_JSON):
        brackets = brackets.replace(b"[]", b"")
    return b"[]" in brackets or brackets.count(b"[") > _DEEPEST_JSON


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(pairs) > _MOST_MEMBERS:
        raise BodyInvalidError(f"An object has at most {_MOST_MEMBERS} members.")
    found = dict(pairs)
    if len(found) != len(pairs):
        raise BodyInvalidError("An object names the same member twice.")
    return found


def _no_constant(name: str) -> Any:
    raise BodyInvalidError(f"{name} is not JSON.")


def _integer(digits: str) -> int:
    if len(digits) > _LONGEST_INTEGER:
        raise BodyInvalidError("A number is too long.")
    return int(digits)


def _float(text: str) -> float:
    value = float(text)
    if value in {float("inf"), float("-inf")}:
        raise BodyInvalidError("A number is too large.")
    return value
