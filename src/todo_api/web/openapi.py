"""The OpenAPI document: FastAPI's, with what it leaves out. Security, conditional headers, and every status with its problem."""

import json
from collections.abc import Iterator
from typing import Any, Final

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

from todo_api import __version__
from todo_api.schemas.problems import Problem
from todo_api.web.problems import MEDIA_TYPE
from todo_api.web.route import Route

_DESCRIPTION: Final = """\
**The to-do backend you can retry.** Every write can be repeated safely, every change is ordered, dates are right.

* Send an `Idempotency-Key` with a write, and repeat it as often as you like: it happens once.
* Send `If-Match` with the `ETag` you read, and nobody's change is lost.
* `Authorize` takes an access token (from `POST /v1/auth/login`) or an API key (from `POST /v1/keys`).
"""
_TAGS: Final = [
    {"name": "todos", "description": "Things to do, with subtasks, dates and labels."},
    {"name": "views", "description": "Today, upcoming, inbox: lists of todos by name."},
    {"name": "batch", "description": "Many operations in one request, all or nothing if you like."},
    {"name": "lists", "description": "What todos are in. Every account has an inbox."},
    {"name": "sections", "description": "Headings inside a list, or columns of a board."},
    {"name": "comments", "description": "What people say about todos, with the history of their edits."},
    {"name": "labels", "description": "Names on todos, kept once by each workspace."},
    {"name": "filters", "description": "Expressions that find todos, kept under a name; nobody else sees yours."},
    {"name": "stats", "description": "What was done, in numbers."},
    {"name": "workspaces", "description": "Tenants: they own lists and order changes."},
    {"name": "me", "description": "The caller, and what the credential may do."},
    {"name": "auth", "description": "Accounts and logins."},
    {"name": "sessions", "description": "Logins that are open."},
    {"name": "keys", "description": "API keys for programs."},
    {"name": "service", "description": "Health, and what this is."},
]
_SCHEMES: Final = {
    "AccessToken": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": "From `POST /v1/auth/login`."},
    "ApiKey": {"type": "apiKey", "in": "header", "name": "X-API-Key", "description": "From `POST /v1/keys`."},
}
_HEADERS: Final = {
    "If-Match": "The `ETag` you read (or `*`): the change is made only if it is still current, else 412.",
    "If-None-Match": "An `ETag` you have: 304 if it is current. On PUT it is `*`, and asks for a new resource only.",
    "Idempotency-Key": "1 to 255 visible ASCII characters: the same request with the same key happens once, for 24 hours.",
}
_TAGS_PATTERN: Final = r'^(\*|(W/)?"[!#-~]*"( *, *(W/)?"[!#-~]*")*)$'
_HEADER_SCHEMAS: Final = {
    "If-Match": {"type": "string", "pattern": _TAGS_PATTERN, "examples": ['"3"']},
    "If-None-Match": {"type": "string", "pattern": _TAGS_PATTERN, "examples": ['"3"']},
    "Idempotency-Key": {"type": "string", "pattern": "^[!-~]+$", "minLength": 1, "maxLength": 255},
}
_ANY_TAG: Final = {"type": "string", "pattern": r"^\*$", "examples": ["*"]}  # generators of clients stumble over a const
_SAFE: Final = {"get", "head"}
_PROBLEMS: Final = {
    "400": "The request cannot be read",
    "401": "Credentials are missing or not valid",
    "403": "A scope or role is missing",
    "404": "Not found, or not visible",
    "406": "No acceptable representation",
    "408": "The body did not arrive in time",
    "409": "Conflict with the current state",
    "412": "The version is not the expected one",
    "413": "The body is too large",
    "415": "The body's type is not supported",
    "422": "The input is not valid",
    "428": "If-Match is required",
    "429": "Too many requests",
    "500": "Internal error",
    "503": "Temporarily unavailable",
}
_RESPONSE_HEADERS: Final = {
    "ETag": {"description": "The version, for If-Match and If-None-Match.", "schema": {"type": "string"}},
    "Location": {"description": "Where the new resource is.", "schema": {"type": "string"}},
    "Link": {"description": 'The next page, `rel="next"`.', "schema": {"type": "string"}},
    "Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}},
    "Idempotent-Replayed": {"description": "`true` on a repeated answer.", "schema": {"type": "string"}},
}


def install_openapi(app: FastAPI) -> None:
    """Make ``app.openapi()`` give the completed document, built once."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _build(app)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's documented way


def _build(app: FastAPI) -> dict[str, Any]:
    document = get_openapi(
        title=app.title,
        version=__version__,
        summary="The to-do backend you can retry",
        description=_DESCRIPTION,
        tags=_TAGS,
        routes=app.routes,
        license_info={"name": "MIT", "identifier": "MIT"},
    )
    document["servers"] = [{"url": "/"}]
    components = document["components"]
    components["securitySchemes"] = _SCHEMES
    components["headers"] = _RESPONSE_HEADERS
    for name in ("HTTPValidationError", "ValidationError"):
        components["schemas"].pop(name, None)
    problem = Problem.model_json_schema(mode="serialization", ref_template="#/components/schemas/{model}")
    components["schemas"] |= problem.pop("$defs", {}) | {"Problem": problem}
    for route in app.routes:
        if isinstance(route, APIRoute) and route.include_in_schema:
            for method in route.methods or ():
                _complete(document["paths"][route.path_format][method.lower()], route, method.lower())
    return _with_plain_names(document)


def _with_plain_names(document: dict[str, Any]) -> dict[str, Any]:
    """Name generic models by their titles: ``TodoPage``, not ``Page_TodoRead_``."""
    schemas = document["components"]["schemas"]
    titles = {name: schema["title"] for name, schema in schemas.items() if schema.get("title", name) != name}
    document["components"]["schemas"] = dict(sorted((titles.get(name, name), schema) for name, schema in schemas.items()))
    text = json.dumps(document)
    for name, title in titles.items():
        text = text.replace(f'"#/components/schemas/{name}"', f'"#/components/schemas/{title}"')
    renamed: dict[str, Any] = json.loads(text)
    return renamed


def _complete(operation: dict[str, Any], route: APIRoute, method: str) -> None:
    """Add to one operation what the route's dependencies and class imply."""
    operation["operationId"] = route.name
    for parameter in operation.get("parameters", ()):
        parameter["schema"] = _without_null(parameter["schema"])
    calls = list(_calls(route.dependant))
    scopes = next((call.scopes for call in calls if hasattr(call, "scopes")), None)
    headers = {call.header for call in calls if hasattr(call, "header")}
    if isinstance(route, Route) and method not in _SAFE:
        headers.add("Idempotency-Key")
    names = [scope.value for scope in scopes or ()]
    operation["security"] = [] if scopes is None else [{"AccessToken": names}, {"ApiKey": names}]
    parameters = [_header_parameter(name, method) for name in sorted(headers)]
    if parameters:
        operation.setdefault("parameters", []).extend(parameters)
    if "requestBody" in operation:
        _complete_body(operation["requestBody"], method)
    _complete_responses(operation, route, method, headers, secured=scopes is not None)


def _complete_body(body: dict[str, Any], method: str) -> None:
    """A body that may be left out is never null: generators of clients would send that."""
    content = body["content"]
    body.setdefault("required", False)
    for media_type in content.values():
        schema = _without_null(media_type["schema"])
        media_type["schema"] = {"$ref": schema["$ref"]} if "$ref" in schema else schema
    if method in {"patch", "put"} and "application/json" in content:
        content["application/merge-patch+json"] = content["application/json"]


def _complete_responses(operation: dict[str, Any], route: APIRoute, method: str, headers: set[str], *, secured: bool) -> None:
    responses = operation["responses"]
    for status, response in list(responses.items()):
        if status in {"200", "201"} and isinstance(route, Route):
            response["headers"] = _success_headers(status, operation, method, headers)
            _let_unions_win(response)
        elif status in _PROBLEMS and "content" not in response:
            responses[status] = _problem_response(status)  # a route declares it as ``responses={403: {}}``
    responses.pop("422", None)
    for status in sorted(_statuses(route, method, headers, secured=secured) - responses.keys()):
        responses[status] = _problem_response(status)
    if "If-None-Match" in headers and method == "get":
        responses["304"] = {"description": "Your copy is current", "headers": {"ETag": {"$ref": "#/components/headers/ETag"}}}
    operation["responses"] = dict(sorted(responses.items()))


def _let_unions_win(response: dict[str, Any]) -> None:
    """Where a route declares several models for the status of its own one, FastAPI writes both next to each other."""
    for media_type in response.get("content", {}).values():
        if "anyOf" in media_type["schema"]:
            media_type["schema"] = {"anyOf": media_type["schema"]["anyOf"]}


def _statuses(route: APIRoute, method: str, headers: set[str], *, secured: bool) -> set[str]:
    found = {"400", "413", "500"} | ({"404"} if route.param_convertors else set())
    if not isinstance(route, Route):
        return found
    found |= {"406", "422", "503"}
    if secured:
        found |= {"401", "403"}
    if method not in _SAFE:
        found |= {"408", "409"}
    if route.body_field is not None:
        found |= {"415"}
    if secured and method == "post":
        found.add("404")
    if "If-Match" in headers:
        found |= {"412", "428"}
    return found


def _success_headers(status: str, operation: dict[str, Any], method: str, headers: set[str]) -> dict[str, Any]:
    names = []
    if headers & {"If-Match", "If-None-Match"} or (status == "201" and operation["security"]):
        names.append("ETag")
    if status == "201":
        names.append("Location")
    if method not in _SAFE:
        names.append("Idempotent-Replayed")
    if any(parameter["name"] == "cursor" for parameter in operation.get("parameters", ())):
        names.append("Link")
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _problem_response(status: str) -> dict[str, Any]:
    response: dict[str, Any] = {
        "description": _PROBLEMS[status],
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    if status in {"429", "503"}:
        response["headers"] = {"Retry-After": {"$ref": "#/components/headers/Retry-After"}}
    return response


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """A parameter is left out or has a value: no query or header can say null."""
    kinds = [kind for kind in schema.get("anyOf", ()) if kind != {"type": "null"}]
    others = {name: value for name, value in schema.items() if name != "anyOf"}
    return schema if not kinds else others | (kinds[0] if len(kinds) == 1 else {"anyOf": kinds})


def _header_parameter(name: str, method: str) -> dict[str, Any]:
    schema = _ANY_TAG if (name, method) == ("If-None-Match", "put") else _HEADER_SCHEMAS[name]
    return {"name": name, "in": "header", "required": False, "description": _HEADERS[name], "schema": schema}


def _calls(dependant: Dependant) -> Iterator[Any]:
    for child in dependant.dependencies:
        yield child.call
        yield from _calls(child)
