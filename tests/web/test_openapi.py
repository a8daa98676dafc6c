"""The OpenAPI document: it says what the service does, and generators can read it."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi.routing import APIRoute

from tests.support.operations import APP, DOCUMENT, resolve
from todo_api.domain.permissions import Scope
from todo_api.web.route import Route

ROUTES = [route for route in APP.routes if isinstance(route, APIRoute) and route.include_in_schema]
OPERATIONS = {(method, path): operation for path, item in DOCUMENT["paths"].items() for method, operation in item.items()}
SNAPSHOT = Path(__file__).parents[2] / "docs" / "openapi.json"
PROBLEM = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
SAFE = {"get"}


def walk(value: Any) -> Iterator[dict[str, Any]]:
    """Every object in the document."""
    if isinstance(value, dict):
        yield value
        for member in value.values():
            yield from walk(member)
    elif isinstance(value, list):
        for member in value:
            yield from walk(member)


def references(value: Any) -> set[str]:
    """Names of the schemas that this refers to."""
    return {object_["$ref"].rpartition("/")[2] for object_ in walk(value) if isinstance(object_.get("$ref"), str)}


def operations(*, api: bool = False) -> pytest.MarkDecorator:
    """A parameter for each operation; ``api`` leaves out those that are not under /v1."""
    chosen = [(key, operation) for key, operation in OPERATIONS.items() if key[1].startswith("/v1") or not api]
    return pytest.mark.parametrize(
        ("method", "path", "operation"),
        [(method, path, operation) for (method, path), operation in chosen],
        ids=[operation["operationId"] for _, operation in chosen],
    )


def names_of(operation: dict[str, Any], place: str) -> list[str]:
    return [parameter["name"] for parameter in operation.get("parameters", ()) if parameter["in"] == place]


# --- the whole


def test_document_is_openapi_3_1() -> None:
    assert DOCUMENT["openapi"] == "3.1.0"


def test_document_equals_its_snapshot() -> None:
    snapshot = json.loads(SNAPSHOT.read_text(encoding="utf-8"))

    assert snapshot == DOCUMENT, "make docs writes it anew; a change that breaks clients needs a new version of the API"


async def test_document_is_served(anonymous: httpx.AsyncClient) -> None:
    answer = await anonymous.get("/openapi.json")

    assert (answer.status_code, answer.json()) == (200, DOCUMENT)


def test_every_reference_resolves() -> None:
    found = {object_["$ref"] for object_ in walk(DOCUMENT) if isinstance(object_.get("$ref"), str)}

    kinds = ("schemas", "headers")
    targets = {f"#/components/{kind}/{name}" for kind in kinds for name in DOCUMENT["components"][kind]}
    assert found <= targets


def test_every_schema_is_used() -> None:
    assert set(DOCUMENT["components"]["schemas"]) - references(DOCUMENT) == set()


def test_schema_names_are_plain_words() -> None:
    names = list(DOCUMENT["components"]["schemas"])

    assert [name for name in names if not re.fullmatch(r"([A-Z][a-z]+)+", name)] == []
    assert names == sorted(names)


def test_schemas_use_words_of_json_schema_only() -> None:
    foreign = {"itemSchema", "ge", "le", "gt", "lt", "nullable"}

    assert [object_ for object_ in walk(DOCUMENT) if foreign & object_.keys()] == []


def test_no_member_of_a_body_has_a_default() -> None:
    schemas = DOCUMENT["components"]["schemas"]
    found: set[str] = set()
    pending = references([operation["requestBody"] for operation in OPERATIONS.values() if "requestBody" in operation])
    while pending - found:
        found |= pending
        pending = references([schemas[name] for name in found])

    members = [(name, member, schema) for name in found for member, schema in schemas[name].get("properties", {}).items()]
    assert {"TodoCreate", "Operation", "LocalMoment"} <= found
    assert [(name, member) for name, member, schema in members if "default" in schema] == []


@pytest.mark.parametrize(
    ("name", "member", "default"),
    [
        ("BatchRequest", "atomic", "`false` unless given"),
        ("BulkUpdate", "dry_run", "`false` unless given"),
        ("FilterCreate", "sort", "`order` unless given"),
        ("ListCreate", "description", "Empty unless given"),
        ("QuickAdd", "dry_run", "`false` unless given"),
        ("Registration", "timezone", "`UTC` unless given"),
        ("TodoComplete", "subtasks", "`complete` unless given"),
        ("TodoComplete", "force", "`false` unless given"),
        ("TodoCreate", "notes", "Empty unless given"),
        ("TodoCreate", "priority", "`none` unless given"),
    ],
)
def test_a_default_is_said_in_words(name: str, member: str, default: str) -> None:
    schema = DOCUMENT["components"]["schemas"][name]

    assert default in schema["properties"][member]["description"]
    assert member not in schema.get("required", ())


def test_ids_are_uuids_everywhere() -> None:
    names = re.compile(r"(.+_)?ids?|(completed|created|blocked)_by|by")
    foreign = {"op_id", "request_id"}  # a client's own name, and one that a proxy may give
    members = [
        (f"{name}.{member}", schema)
        for name, object_ in DOCUMENT["components"]["schemas"].items()
        for member, schema in object_.get("properties", {}).items()
        if names.fullmatch(member) and member not in foreign and not name.startswith("External")
    ]
    texts = {member: [found for found in walk(schema) if found.get("type") == "string"] for member, schema in members}

    assert [member for member, found in texts.items() if not any(text.get("format") == "uuid" for text in found)] == []


def test_fastapi_s_own_error_is_gone() -> None:
    assert "HTTPValidationError" not in json.dumps(DOCUMENT)


def test_tags_are_described() -> None:
    used = {tag for operation in OPERATIONS.values() for tag in operation["tags"]}

    assert used == {tag["name"] for tag in DOCUMENT["tags"]}


# --- each operation


def test_operation_ids_are_the_names_of_the_functions() -> None:
    functions = [route.endpoint.__name__ for route in ROUTES]

    assert sorted(operation["operationId"] for operation in OPERATIONS.values()) == sorted(functions)
    assert len(set(functions)) == len(functions)


@operations()
def test_operation_has_a_summary_and_a_description(method: str, path: str, operation: dict[str, Any]) -> None:
    del method, path

    assert operation["summary"]
    assert operation["description"].endswith((".", "`."))


@operations(api=True)
def test_operation_documents_every_status_it_can_answer(method: str, path: str, operation: dict[str, Any]) -> None:
    expected = {"400", "406", "413", "422", "500", "503"}
    if operation["security"]:
        expected |= {"401", "403"}
    if "{" in path:
        expected.add("404")
    if "requestBody" in operation:
        expected.add("415")
    if method not in SAFE:
        expected |= {"408", "409"}
    if "If-Match" in names_of(operation, "header"):
        expected |= {"412", "428"}
    if method == "get" and "If-None-Match" in names_of(operation, "header"):
        expected.add("304")

    assert expected - operation["responses"].keys() == set()
    assert len([status for status in operation["responses"] if status.startswith("2")]) in {1, 2}


@operations()
def test_operation_answers_errors_with_problems(method: str, path: str, operation: dict[str, Any]) -> None:
    del method
    errors = {status: response for status, response in operation["responses"].items() if status[0] in "45"}
    if path == "/readyz":
        del errors["503"]  # what is not ready, in the shape of what is

    assert {status: response["content"] for status, response in errors.items()} == dict.fromkeys(errors, PROBLEM)


@operations(api=True)
def test_operation_says_when_to_come_again(method: str, path: str, operation: dict[str, Any]) -> None:
    del method, path
    busy = {status: response for status, response in operation["responses"].items() if status in {"429", "503"}}

    assert [response["headers"] for response in busy.values()] == [
        {"Retry-After": {"$ref": "#/components/headers/Retry-After"}}
    ] * len(busy)


@operations(api=True)
def test_operation_states_its_scopes(method: str, path: str, operation: dict[str, Any]) -> None:
    del method
    if path in {"/v1/auth/login", "/v1/auth/refresh", "/v1/auth/logout", "/v1/auth/register"}:
        assert operation["security"] == []
        return

    token, key = operation["security"]
    assert token["AccessToken"] == key["ApiKey"]
    assert set(token["AccessToken"]) <= set(Scope)


@pytest.mark.parametrize("path", ["/", "/livez", "/readyz", "/problems/{code}"])
def test_what_is_public_says_so(path: str) -> None:
    assert OPERATIONS["get", path]["security"] == []


@pytest.mark.parametrize(
    ("path", "refusals"),
    [
        ("/v1/auth/login", {"401", "429"}),
        ("/v1/auth/refresh", {"401"}),
        ("/v1/auth/logout", set()),
        ("/v1/auth/register", {"403"}),
        ("/v1/auth/password", {"401", "403", "429"}),
    ],
)
def test_a_login_documents_the_refusals_it_can_answer(path: str, refusals: set[str]) -> None:
    assert OPERATIONS["post", path]["responses"].keys() & {"401", "403", "429"} == refusals


@pytest.mark.parametrize(
    ("method", "path", "status", "models"),
    [
        ("post", "/v1/todos", "201", ["TodoRead", "TodoCreated"]),
        ("put", "/v1/todos/{todo_id}", "200", ["TodoRead", "TodoCreated"]),
        ("put", "/v1/todos/{todo_id}", "201", ["TodoRead", "TodoCreated"]),
        ("post", "/v1/todos/bulk", "201", ["BulkCreated", "BulkCreatedIds"]),
        ("post", "/v1/todos/quick", "201", ["QuickAdded", "QuickAddedIds"]),
    ],
)
def test_what_a_credential_without_read_gets_is_documented(method: str, path: str, status: str, models: list[str]) -> None:
    schema = OPERATIONS[method, path]["responses"][status]["content"]["application/json"]["schema"]

    assert schema == {"anyOf": [{"$ref": f"#/components/schemas/{model}"} for model in models]}


def test_if_none_match_of_a_put_is_an_asterisk() -> None:
    parameters = OPERATIONS["put", "/v1/todos/{todo_id}"]["parameters"]
    (schema,) = [parameter["schema"] for parameter in parameters if parameter["name"] == "If-None-Match"]

    assert (schema["type"], schema["pattern"]) == ("string", r"^\*$")


@operations(api=True)
def test_a_body_is_a_model_and_never_null(method: str, path: str, operation: dict[str, Any]) -> None:
    del method
    body = operation.get("requestBody", {"content": {}})

    assert all(media_type["schema"].keys() == {"$ref"} for media_type in body["content"].values())
    if path in {"/v1/todos/{todo_id}/complete", "/v1/todos/{todo_id}/skip"}:
        assert body["required"] is False


@operations(api=True)
def test_a_write_takes_an_idempotency_key_and_a_read_does_not(method: str, path: str, operation: dict[str, Any]) -> None:
    del path

    assert ("Idempotency-Key" in names_of(operation, "header")) == (method not in SAFE)


@operations(api=True)
def test_a_body_has_an_example_and_refuses_unknown_members(method: str, path: str, operation: dict[str, Any]) -> None:
    del path
    content = operation.get("requestBody", {}).get("content", {})

    for media_type, body in content.items():
        schema = body["schema"]
        model = resolve(schema)
        assert media_type == "application/json" or method in {"patch", "put"}
        assert model["examples"], model["title"]
        assert model["additionalProperties"] is False


@operations(api=True)
def test_a_patch_is_a_merge_patch(method: str, path: str, operation: dict[str, Any]) -> None:
    del path
    content = operation.get("requestBody", {}).get("content", {})

    assert ("application/merge-patch+json" in content) == (method in {"patch", "put"})


@operations(api=True)
def test_a_page_has_a_cursor_and_a_link(method: str, path: str, operation: dict[str, Any]) -> None:
    del method, path
    paged = {"limit", "cursor"} <= set(names_of(operation, "query"))

    success = operation["responses"].get("200", {})
    assert ("Link" in success.get("headers", {})) == paged


@operations(api=True)
def test_every_parameter_is_described(method: str, path: str, operation: dict[str, Any]) -> None:
    del method, path

    assert [parameter["name"] for parameter in operation.get("parameters", ()) if not parameter.get("description")] == []


def test_every_route_of_the_api_is_of_its_route_class() -> None:
    others = [route.path for route in ROUTES if not isinstance(route, Route)]

    assert others == ["/", "/livez", "/readyz", "/problems/{code}"]
