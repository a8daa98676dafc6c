"""Batches: each operation goes to its own route, inside the session that is open already, so one set of rules holds."""

import json
import re
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import unquote

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from starlette.routing import Match
from starlette.types import Scope

from todo_api.db.session import Session
from todo_api.domain.actor import Actor
from todo_api.errors import (
    BadRequestError,
    BatchTooLargeError,
    Flaw,
    MethodNotAllowedError,
    NotInBatchError,
    OperationFailedError,
    PathNotFoundError,
    ReferenceInvalidError,
    TodoApiError,
    UnavailableError,
)
from todo_api.schemas.batch import BatchRequest, Operation
from todo_api.schemas.bulk import MOST_AT_ONCE
from todo_api.web import problems
from todo_api.web.route import Route

Identify = Callable[[Request], Awaitable[Actor]]

_REFERENCE: Final = re.compile(r"\$ref:([A-Za-z0-9_-]{1,64})")
_ROOT: Final = "/v1/"
_ALONE: Final = re.compile(r"/v1/(?:auth|keys|sessions|batch|events|sync)(?:/|$)")
_MAKES_ANOTHER_ACTOR: Final = re.compile(r"/v1/(?:me|workspaces|invitations)(?:/|$)")  # other rights, or another time zone
_BROUGHT: Final = frozenset({b"host", b"authorization", b"x-api-key"})
_TOLD: Final = ("etag", "location")
_SUCCESSES: Final = range(200, 300)
_MOST_TODOS: Final = 1000  # in operations that hold many: others wait until the transaction ends
_MOST_BYTES: Final = 10 * 2**20  # of answers, which are kept until the last one is known


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an operation answered; ``body`` is JSON, empty for none."""

    status: int
    body: bytes
    headers: dict[str, str]

    @property
    def succeeded(self) -> bool:
        return self.status in _SUCCESSES

    @property
    def made_id(self) -> str | None:
        """The id of the resource answered; of several made from a text, that of the first."""
        body = json.loads(self.body or b"null")
        if not isinstance(body, dict):
            return None
        found = (body.get("todo") or body).get("id")
        return found if isinstance(found, str) else None


class Batch:
    """Runs operations one after another for the request that brought them."""

    def __init__(self, request: Request, session: Session, actor: Actor, *, identify: Identify) -> None:
        self._request = request
        self._session = session
        self._actor = actor
        self._identify = identify
        self._outcomes: dict[str, Outcome] = {}
        self._todos = 0
        self._bytes = 0

    async def run(self, data: BatchRequest) -> bytes:
        """The answer; in an atomic batch the first failure raises OperationFailedError."""
        await self._session.connection()  # a key that was used before answers here, and not within an operation
        for place, operation in enumerate(data.operations):
            try:
                outcome = await self._run(operation, alone=not data.atomic)
            except UnavailableError:
                raise  # nothing can be kept, and everything may be repeated
            except TodoApiError as error:
                problem = problems.document(error, self._request.scope)
                if data.atomic:
                    flaws = _placed(error, place)
                    told = json.loads(problem)
                    raise OperationFailedError(error, op_id=operation.op_id, problem=told, flaws=flaws) from error
                outcome = Outcome(error.status, problem, {})
            self._outcomes[operation.op_id] = outcome
        return _written(self._outcomes)

    async def _run(self, operation: Operation, *, alone: bool) -> Outcome:
        """Answer one operation; ``alone`` it may fail without the others."""
        scope = self._scope(operation)
        route = self._route(scope)
        body = self._resolved(operation.body) if "body" in operation.model_fields_set else None
        todos = _todos_in(route, body)
        if todos and self._todos + todos > _MOST_TODOS:
            raise BatchTooLargeError(f"A batch is about at most {_MOST_TODOS} todos in its bulk and quick requests.")
        async with AsyncExitStack() as stack:
            if alone and operation.method != "GET":
                await stack.enter_async_context(self._session.savepoint())
            outcome = await self._answer(route, self._operation_request(scope, body))
        self._todos += todos
        self._bytes += len(outcome.body)
        if operation.method != "GET" and _MAKES_ANOTHER_ACTOR.match(_path(scope)):
            self._actor = await self._identify(Request({**scope, "method": "GET", "state": self._state(None)}))
        return outcome

    async def _answer(self, route: Route, request: Request) -> Outcome:
        try:
            response = await route.inner(request)
        except RequestValidationError as error:
            raise problems.from_validation(error) from None
        body = getattr(response, "body", None)
        if body is None:  # a stream: it would be read when the session is closed
            raise NotInBatchError
        if self._bytes + len(body) > _MOST_BYTES:
            raise BatchTooLargeError(f"The answers of a batch have at most {_MOST_BYTES} bytes.")
        headers = {name: response.headers[name] for name in _TOLD if name in response.headers}
        return Outcome(response.status_code, bytes(body), headers)

    def _scope(self, operation: Operation) -> Scope:
        """The scope that a server would give the operation."""
        outer = self._request.scope
        raw, _, query = self._filled(operation.path).partition("?")
        path = unquote(raw)
        if "\0" in path or "%00" in query:
            raise BadRequestError("The path and the query must not contain NUL.")
        headers = [(name, value) for name, value in outer["headers"] if name in _BROUGHT]
        headers.append((b"content-type", b"application/json"))
        if operation.if_match is not None:
            headers.append((b"if-match", operation.if_match.encode()))
        return {
            **outer,
            "method": operation.method,
            "path": outer.get("root_path", "") + path,
            "raw_path": raw.encode(),
            "query_string": query.encode(),
            "headers": headers,
            "path_params": {},
        }

    def _route(self, scope: Scope) -> Route:
        """The route of the operation, found as the application's router finds it."""
        path = _path(scope)
        if not path.startswith(_ROOT):
            raise PathNotFoundError
        if _ALONE.match(path):
            raise NotInBatchError
        partial = False
        for route in self._request.app.routes:
            if isinstance(route, Route):
                match, found = route.matches(scope)
                if match is Match.FULL:
                    scope.update(found)
                    return route
                partial = partial or match is Match.PARTIAL
        if partial:
            raise MethodNotAllowedError(", ".join(problems.allowed_methods(self._request.app, path)))
        raise PathNotFoundError

    def _operation_request(self, scope: Scope, body: Any) -> Request:
        request = Request({**scope, "state": self._state(self._actor)}, self._request.receive)
        request._body = b"" if body is None else b"{}"  # noqa: SLF001  # Starlette's own cache: body() returns it
        request._json = body  # noqa: SLF001  # as above: json() returns it
        return request

    def _state(self, actor: Actor | None) -> dict[str, Any]:
        return {**self._request.scope["state"], "session": self._session, "keyed": None, "acting": actor, "actor": actor}

    def _filled(self, text: str) -> str:
        """The text with ids in the places of references."""
        return _REFERENCE.sub(lambda found: self._id(found[1]), text)

    def _resolved(self, value: Any) -> Any:
        """The value with ids in the places of strings that are references; other text stays as it was sent."""
        match value:
            case str():
                found = _REFERENCE.fullmatch(value)
                return value if found is None else self._id(found[1])
            case list():
                return [self._resolved(item) for item in value]
            case dict():
                return {name: self._resolved(item) for name, item in value.items()}
        return value

    def _id(self, op_id: str) -> str:
        outcome = self._outcomes.get(op_id)
        if outcome is None:
            raise ReferenceInvalidError(op_id, "No operation before this one has that op_id.")
        if not outcome.succeeded:
            raise ReferenceInvalidError(op_id, "That operation failed, so it made no id.")
        if (made := outcome.made_id) is None:
            raise ReferenceInvalidError(op_id, "That operation answered nothing with an id.")
        return made


def _path(scope: Scope) -> str:
    path: str = scope["path"]
    return path.removeprefix(scope.get("root_path", ""))


def _todos_in(route: Route, body: Any) -> int:
    """How many todos an operation may be about, where it holds many; whether it is well-formed is not asked here."""
    match route.name, body:
        case "create_todos", {"todos": list() as todos}:
            return len(todos)
        case "update_todos", {"ids": list() as ids}:
            return len(ids)
        case "update_todos", _:
            return MOST_AT_ONCE
        case "quick_add", {"text": str() as text}:
            return text.count("\n") + 1
    return 0


def _placed(error: TodoApiError, place: int) -> list[Flaw]:
    """The flaws of an operation as those of the batch."""
    root = f"#/operations/{place}"
    if not error.flaws:
        return [Flaw(error.detail, error.code, pointer=root)]
    found = []
    for flaw in error.flaws:
        member = "if_match" if flaw.header is not None else "path"
        inside = f"{root}/{member}" if flaw.pointer is None else f"{root}/body{flaw.pointer.removeprefix('#')}"
        found.append(Flaw(flaw.detail, flaw.code, pointer=inside))
    return found


def _written(outcomes: dict[str, Outcome]) -> bytes:
    """The JSON of a BatchResult; bodies are put in as they were written, not read and written again."""
    results = []
    for op_id, outcome in outcomes.items():
        head = json.dumps({"op_id": op_id, "status": outcome.status, "headers": outcome.headers}, ensure_ascii=False)
        results.append(head[:-1].encode() + b', "body": ' + (outcome.body or b"null") + b"}")
    succeeded = sum(outcome.succeeded for outcome in outcomes.values())
    counts = f'{{"succeeded": {succeeded}, "failed": {len(outcomes) - succeeded}, "results": ['
    return counts.encode() + b", ".join(results) + b"]}"
