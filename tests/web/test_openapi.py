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
    references = {object_["$ref"] for object_ in walk(DOCUMENT) if isinstance(object_.get("$ref"), str)}

    kinds = ("schemas", "headers")
    targets = {f"#/components/{kind}/{name}" for kind in kinds for name in DOCUMENT["components"][kind]}
    assert references <= targets


def test_every_schema_is_used() -> None:
    references = {object_["$ref"].rpartition("/")[2] for object_ in walk(DOCUMENT) if isinstance(object_.get("$ref"), str)}

    assert set(DOCUMENT["components"]["schemas"]) - references == set()


def test_schema_names_are_plain_words() -> None:
    names = list(DOCUMENT["components"]["schemas"])

    assert [name for name in names if not re.fullmatch(r"([A-Z][a-z]+)+", name)] == []
    assert names == sorted(names)


def test_schemas_use_words_of_json_schema_only() -> None:
    foreign = {"itemSchema", "ge", "le", "gt", "lt", "nullable"}

    assert [object_ for object_ in walk(DOCUMENT) if foreign & object_.keys()] == []


def test_fastapi_s_own_error_is_gone() -> None:
    assert "HTTPValidationError" not in json.dumps(DOCUMENT)


def test_tags_are_described() -> None:
    used = {tag for operation in OPERATIONS.values() for tag in operation["tags"]}

    assert used == {tag["name"] for tag in DOCUMENT["tags"]}


# --- each operation


def test_operation_ids_are_the_names_of_the_functions() -> None:
    functions = [route.endpoint.__name__ for route in ROUTES]

    assert [operation["operationId"] for operation in OPERATIONS.values()] == functions
    assert len(set(functions)) == len(functions)


@operations()
def test_operation_has_a_summary_and_a_description(method: str, path: str, operation: dict[str, Any]) -> None:
    del method, path

    assert operation["summary"]
    assert operation["description"].endswith((".", "`."))


@operations(api=True)
def test_operation_documents_every_status_it_can_answer(method: str, path: str, operation: dict[str, Any]) -> None:
    expected = {"400", "406", "413", "422", "500", "503"}
    if "security" in operation:
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
        assert "security" not in operation
        return

    token, key = operation["security"]
    assert token["AccessToken"] == key["ApiKey"]
    assert set(token["AccessToken"]) <= set(Scope)


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
        (model,) = [resolve(kind) for kind in schema.get("anyOf", [schema]) if kind != {"type": "null"}]
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
