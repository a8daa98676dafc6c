"""Errors become problem documents (RFC 9457), here and nowhere else."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException  # noqa: TID251  # raised by Starlette's router, translated here
from starlette.routing import compile_path
from starlette.types import Scope

from todo_api.domain.identifiers import is_id
from todo_api.domain.preconditions import NotModified
from todo_api.errors import (
    BadRequestError,
    BodyInvalidError,
    Flaw,
    InvalidInputError,
    MethodNotAllowedError,
    PathNotFoundError,
    TodoApiError,
    VersionMismatchError,
)

MEDIA_TYPE: Final = "application/problem+json"
_MOST_FLAWS: Final = 20
_LONGEST_PART: Final = 100  # of a pointer: the members of a body are the client's to name
_HOST: Final = re.compile(r"(?:[0-9A-Za-z._-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?")
_PLACES: Final = {"query": "parameter", "path": "parameter", "header": "header", "cookie": "header"}


def document(error: TodoApiError, scope: Scope) -> bytes:
    """The body of a problem."""
    request_id = scope.get("state", {}).get("request_id", "")
    body: dict[str, Any] = {
        "type": f"{_base_url(scope)}/problems/{error.code}",
        "title": error.title,
        "status": error.status,
        "detail": error.detail,
        "code": error.code,
        "instance": f"urn:{'uuid' if is_id(request_id) else 'request'}:{quote(request_id, safe='')}",
        "request_id": request_id,
        "errors": [_flaw(flaw) for flaw in error.flaws[:_MOST_FLAWS]],
    }
    if isinstance(error, VersionMismatchError) and error.current is not None:
        body["current"] = error.current
    return json.dumps(body | error.extensions, ensure_ascii=False).encode("utf-8", "replace")


def answer(error: TodoApiError, scope: Scope) -> Response:
    """The response of a problem."""
    return Response(document(error, scope), error.status, error.headers, media_type=MEDIA_TYPE)


def add_problem_handlers(app: FastAPI) -> None:
    """Translate everything that can be raised; what is left over is an internal error, and the edge answers it."""

    async def ours(request: Request, error: Exception) -> Response:
        assert isinstance(error, TodoApiError)  # noqa: S101  # registered for it
        return answer(error, request.scope)

    async def invalid(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)  # noqa: S101  # registered for it
        return answer(from_validation(error), request.scope)

    async def routing(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)  # noqa: S101  # registered for it
        return answer(_from_routing(error, request, app), request.scope)

    async def not_modified(_: Request, error: Exception) -> Response:
        assert isinstance(error, NotModified)  # noqa: S101  # registered for it
        return Response(status_code=304, headers={"etag": error.etag})

    app.add_exception_handler(TodoApiError, ours)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, routing)
    app.add_exception_handler(NotModified, not_modified)


def allowed_methods(app: FastAPI, path: str) -> list[str]:
    """Every method that some route takes at this path; the router's own 405 names only the first route's."""
    found: set[str] = set()
    for route in app.routes:
        pattern = getattr(route, "path", None)
        methods: Iterable[str] = getattr(route, "methods", None) or ()
        if pattern is not None and compile_path(pattern)[0].match(path):
            found.update(methods)
    return sorted(found | ({"HEAD"} if "GET" in found else set()))


def _from_routing(error: HTTPException, request: Request, app: FastAPI) -> TodoApiError:
    if error.status_code == 404:  # noqa: PLR2004  # HTTP
        return PathNotFoundError()
    if error.status_code == 405:  # noqa: PLR2004  # HTTP
        return MethodNotAllowedError(", ".join(allowed_methods(app, request.scope["path"])))
    return BadRequestError("The request cannot be read.")


def from_validation(error: RequestValidationError) -> TodoApiError:
    """Say where and what; never repeat what was sent, which may be a password or text that JSON cannot carry."""
    errors: Sequence[Mapping[str, Any]] = error.errors()
    if any(error["type"] == "json_invalid" for error in errors):
        return BodyInvalidError("The body is not valid JSON.")
    return InvalidInputError([_flaw_from(error) for error in errors])


def _flaw_from(error: Mapping[str, Any]) -> Flaw:
    place, *path = error["loc"]
    message, code = str(error["msg"]).removeprefix("Value error, "), str(error["type"])
    if place == "body":
        parts = [part for part in path if isinstance(part, int) or not part.startswith(("function-", "LocalMoment"))]
        return Flaw(message, code, pointer="#" + "".join(f"/{_pointer_part(str(part)[:_LONGEST_PART])}" for part in parts))
    name = str(path[0] if path else place)
    return Flaw(message, code, **{_PLACES.get(str(place), "parameter"): name})


def _pointer_part(name: str) -> str:
    return quote(name.replace("~", "~0").replace("/", "~1"), errors="replace")


def _flaw(flaw: Flaw) -> dict[str, str]:
    places = {"pointer": flaw.pointer, "parameter": flaw.parameter, "header": flaw.header}
    where = {name: value for name, value in places.items() if value is not None}
    return where | {"code": flaw.code, "message": flaw.detail}


def _base_url(scope: Scope) -> str:
    """Where we are, as the client spells it; a Host that is none must not become part of an address."""
    host = next((value.decode("latin-1") for name, value in scope.get("headers", ()) if name == b"host"), "")
    return f"{scope.get('scheme', 'http')}://{host if _HOST.fullmatch(host) else 'localhost'}{scope.get('root_path', '')}"
