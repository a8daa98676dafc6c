"""Batches: every operation follows the rules of its own route, in one transaction."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import httpx
import pytest

from tests.support.service import Account, Service
from todo_api.domain.permissions import PRESETS, Preset, Scope

Json = dict[str, Any]


def create(op_id: str, title: str = "x", **fields: Any) -> Json:
    return {"op_id": op_id, "method": "POST", "path": "/v1/todos", "body": {"title": title, **fields}}


def read(op_id: str, path: str) -> Json:
    return {"op_id": op_id, "method": "GET", "path": path}


async def send(client: httpx.AsyncClient, *operations: Json, atomic: bool = False, **headers: str) -> httpx.Response:
    body = {"atomic": atomic, "operations": list(operations)}
    return await client.post("/v1/batch", json=body, headers={name.replace("_", "-"): text for name, text in headers.items()})


async def run(client: httpx.AsyncClient, *operations: Json) -> list[Json]:
    """The results of a batch that is not atomic."""
    answer = await send(client, *operations)
    assert answer.status_code == 200, answer.text
    results: list[Json] = answer.json()["results"]
    assert [result["op_id"] for result in results] == [operation["op_id"] for operation in operations]
    return results


async def titles(client: httpx.AsyncClient) -> list[str]:
    return [todo["title"] for todo in (await client.get("/v1/todos")).json()["items"]]


# What is answered


async def test_operation_answers_as_its_route_does(client: httpx.AsyncClient) -> None:
    (result,) = await run(client, create("milk", "Buy milk", labels=["food"]))

    alone = await client.get(result["headers"]["location"])
    assert result["status"] == 201
    assert result["headers"] == {"etag": alone.headers["etag"], "location": f"/v1/todos/{alone.json()['id']}"}
    assert result["body"] == alone.json()


async def test_each_operation_succeeds_or_fails_for_itself(client: httpx.AsyncClient) -> None:
    answer = await send(client, create("a", "kept"), create("b", " "), create("c", "kept too"))

    assert [result["status"] for result in answer.json()["results"]] == [201, 422, 201]
    assert (answer.json()["succeeded"], answer.json()["failed"]) == (2, 1)
    assert await titles(client) == ["kept", "kept too"]


async def test_failed_operation_answers_its_own_problem(client: httpx.AsyncClient) -> None:
    (result,) = await run(client, create("bad", " "))

    problem = result["body"]
    assert (problem["status"], problem["code"]) == (422, "invalid_input")
    assert [flaw["pointer"] for flaw in problem["errors"]] == ["#/title"]
    assert result["headers"] == {}


async def test_answer_without_body_is_null(client: httpx.AsyncClient) -> None:
    _, deleted, again = await run(
        client,
        create("a"),
        {"op_id": "b", "method": "DELETE", "path": "/v1/todos/$ref:a"},
        {"op_id": "c", "method": "DELETE", "path": "/v1/todos/$ref:a"},
    )

    assert (deleted["status"], deleted["body"]) == (204, None)
    assert (again["status"], again["body"]) == (204, None)


async def test_reading_sees_what_was_written_before(client: httpx.AsyncClient) -> None:
    *_, page = await run(client, create("a", "one"), create("b", "two"), read("page", "/v1/todos?limit=1"))

    rest = await client.get(f"/v1/todos?limit=1&cursor={page['body']['next_cursor']}")
    assert [todo["title"] for todo in page["body"]["items"]] == ["one"]
    assert [todo["title"] for todo in rest.json()["items"]] == ["two"]


async def test_every_method_can_be_used(client: httpx.AsyncClient) -> None:
    path = "/v1/todos/0193a5b0-7c1e-7000-8000-000000000001"
    results = await run(
        client,
        {"op_id": "put", "method": "PUT", "path": path, "body": {"title": "x"}},
        {"op_id": "patch", "method": "PATCH", "path": path, "body": {"title": "y"}},
        {"op_id": "complete", "method": "POST", "path": f"{path}/complete"},
        {"op_id": "reopen", "method": "POST", "path": f"{path}/reopen", "body": {}},
        {"op_id": "get", "method": "GET", "path": path},
        {"op_id": "delete", "method": "DELETE", "path": path},
    )

    assert [result["status"] for result in results] == [201, 200, 200, 200, 200, 204]


# All or nothing


async def test_atomic_batch_does_everything(client: httpx.AsyncClient) -> None:
    answer = await send(client, create("a", "one"), create("b", "two"), atomic=True)

    assert answer.status_code == 200
    assert [result["status"] for result in answer.json()["results"]] == [201, 201]
    assert await titles(client) == ["one", "two"]


async def test_atomic_batch_does_nothing_when_one_fails(client: httpx.AsyncClient, service: Service, account: Account) -> None:
    seq = await service.seq(account.workspace_id)

    answer = await send(client, create("a"), create("b", labels=["new"], due="never"), create("c"), atomic=True)

    problem = answer.json()
    assert (answer.status_code, problem["status"], problem["code"]) == (422, 422, "operation_failed")
    assert problem["op_id"] == "b"
    assert problem["problem"]["code"] == "invalid_input"
    assert [flaw["pointer"] for flaw in problem["errors"]] == ["#/operations/1/body/due"]
    assert await titles(client) == []
    assert await service.seq(account.workspace_id) == seq


async def test_atomic_batch_has_the_status_of_what_failed(client: httpx.AsyncClient) -> None:
    gone = {"op_id": "x", "method": "PATCH", "path": "/v1/todos/0193a5b0-7c1e-7000-8000-000000000001", "body": {"title": "x"}}

    answer = await send(client, gone, atomic=True)

    problem = answer.json()
    assert (answer.status_code, problem["problem"]["code"]) == (404, "todo_not_found")
    assert [flaw["pointer"] for flaw in problem["errors"]] == ["#/operations/0"]
    assert problem["problem"]["request_id"] == problem["request_id"]


async def test_atomic_flaw_of_a_parameter_points_to_the_path(client: httpx.AsyncClient) -> None:
    answer = await send(client, read("x", "/v1/todos?colour=red"), atomic=True)

    assert [flaw["pointer"] for flaw in answer.json()["errors"]] == ["#/operations/0/path"]


async def test_failed_operation_leaves_nothing_behind(client: httpx.AsyncClient, service: Service, account: Account) -> None:
    """The label is made before the section is looked for."""
    nowhere = "0193a5b0-7c1e-7000-8000-000000000001"
    seq = await service.seq(account.workspace_id)

    kept, failed = await run(client, create("a"), create("b", labels=["new"], section_id=nowhere))

    assert (kept["status"], failed["status"]) == (201, 422)
    assert (await client.get("/v1/labels")).json()["items"] == []
    changes = [change for change in await service.changes(account.workspace_id) if change.seq > seq]
    assert [change.entity_id for change in changes] == [kept["body"]["id"]]


async def test_changes_share_one_unit(client: httpx.AsyncClient, service: Service, account: Account) -> None:
    seq = await service.seq(account.workspace_id)

    await run(client, create("a"), create("b"), {"op_id": "c", "method": "POST", "path": "/v1/lists", "body": {"name": "x"}})

    changes = [change for change in await service.changes(account.workspace_id) if change.seq > seq]
    assert [(change.kind, change.op) for change in changes] == [("todo", "create"), ("todo", "create"), ("list", "create")]
    assert len({change.unit_id for change in changes}) == 1


async def test_changes_that_undo_each_other_are_both_logged(
    client: httpx.AsyncClient, service: Service, account: Account
) -> None:
    seq = await service.seq(account.workspace_id)

    await run(client, create("a"), {"op_id": "b", "method": "DELETE", "path": "/v1/todos/$ref:a"})

    changes = [change for change in await service.changes(account.workspace_id) if change.seq > seq]
    assert [change.op for change in changes] == ["create", "delete"]


# References


async def test_reference_stands_for_the_id_made(client: httpx.AsyncClient) -> None:
    trip, section, todo, child, done, children = await run(
        client,
        {"op_id": "trip", "method": "POST", "path": "/v1/lists", "body": {"name": "Trip"}},
        {"op_id": "soon", "method": "POST", "path": "/v1/lists/$ref:trip/sections", "body": {"name": "Soon"}},
        create("pack", "Pack", list_id="$ref:trip", section_id="$ref:soon"),
        create("socks", "Socks", parent_id="$ref:pack", blocked_by=["$ref:pack"]),
        {"op_id": "done", "method": "POST", "path": "/v1/todos/$ref:pack/complete", "body": {"subtasks": "leave"}},
        read("children", "/v1/todos?parent_id=$ref:pack"),
    )

    assert todo["body"]["list_id"] == trip["body"]["id"]
    assert todo["body"]["section_id"] == section["body"]["id"]
    assert child["body"]["parent_id"] == todo["body"]["id"]
    assert child["body"]["blocked_by"] == [todo["body"]["id"]]
    assert done["body"]["completed"] is True
    assert [item["id"] for item in children["body"]["items"]] == [child["body"]["id"]]


async def test_text_that_only_contains_a_reference_stays_as_sent(client: httpx.AsyncClient) -> None:
    _, result = await run(client, create("a"), create("b", "See $ref:a"))

    assert result["body"]["title"] == "See $ref:a"


@pytest.mark.parametrize(
    ("operation", "told"),
    [
        (create("x", parent_id="$ref:nobody"), "No operation before"),
        (create("x", parent_id="$ref:x"), "No operation before"),
        (create("x", parent_id="$ref:later"), "No operation before"),
        (create("x", parent_id="$ref:failed"), "failed"),
        (create("x", parent_id="$ref:deleted"), "nothing with an id"),
        (create("x", parent_id="$ref:page"), "nothing with an id"),
        (read("x", "/v1/todos/$ref:nobody"), "No operation before"),
    ],
)
async def test_reference_to_nothing_fails(client: httpx.AsyncClient, operation: Json, told: str) -> None:
    *_, result, later = await run(
        client,
        create("ok"),
        create("failed", " "),
        {"op_id": "deleted", "method": "DELETE", "path": "/v1/todos/$ref:ok"},
        read("page", "/v1/todos"),
        operation,
        create("later"),
    )

    assert (result["status"], result["body"]["code"]) == (422, "reference_invalid")
    assert told in result["body"]["detail"]
    assert later["status"] == 201


async def test_reference_to_nothing_fails_an_atomic_batch(client: httpx.AsyncClient) -> None:
    answer = await send(client, create("a"), create("b", parent_id="$ref:c"), atomic=True)

    problem = answer.json()
    assert (answer.status_code, problem["op_id"], problem["problem"]["reference"]) == (422, "b", "c")
    assert await titles(client) == []


# The rules of the routes hold


async def test_stale_operation_fails_with_the_current_version(client: httpx.AsyncClient) -> None:
    patch = {"method": "PATCH", "path": "/v1/todos/$ref:a"}

    created, first, second = await run(
        client,
        create("a"),
        {"op_id": "b", **patch, "if_match": '"1"', "body": {"title": "y"}},
        {"op_id": "c", **patch, "if_match": '"1"', "body": {"title": "z"}},
    )

    assert (created["headers"]["etag"], first["headers"]["etag"]) == ('"1"', '"2"')
    assert (second["status"], second["body"]["code"]) == (412, "version_mismatch")
    assert second["body"]["current"] == first["body"]


async def test_malformed_if_match_fails(client: httpx.AsyncClient) -> None:
    patch = {"op_id": "b", "method": "PATCH", "path": "/v1/todos/$ref:a", "if_match": "1", "body": {"title": "y"}}

    _, result = await run(client, create("a"), patch)
    atomic = await send(client, create("a"), patch, atomic=True)

    assert (result["status"], result["body"]["code"]) == (400, "bad_request")
    assert [flaw["pointer"] for flaw in atomic.json()["errors"]] == ["#/operations/1/if_match"]


async def test_scopes_are_checked_for_each_operation(service: Service, account: Account) -> None:
    client = service.client(key=await service.key(account, {Scope.TODOS_READ}))

    page, created, lists = await run(client, read("a", "/v1/todos"), create("b"), read("c", "/v1/lists"))

    assert page["status"] == 200
    assert (created["status"], created["body"]["missing_scope"]) == (403, "todos:write")
    assert (lists["status"], lists["body"]["missing_scope"]) == (403, "lists:read")


async def test_capture_only_key_refers_to_what_it_cannot_see(
    service: Service, account: Account, client: httpx.AsyncClient
) -> None:
    capture = service.client(key=await service.key(account, PRESETS[Preset.CAPTURE_ONLY]))

    parent, child = await run(capture, create("a", "parent"), create("b", "child", parent_id="$ref:a"))

    assert parent["body"] == {"id": parent["body"]["id"]}
    seen = await client.get(f"/v1/todos/{child['body']['id']}")
    assert seen.json()["parent_id"] == parent["body"]["id"]


async def test_restricted_key_stays_in_its_lists(service: Service, account: Account, client: httpx.AsyncClient) -> None:
    other = (await client.post("/v1/lists", json={"name": "other"})).json()["id"]
    restricted = service.client(key=await service.key(account, list_ids=[other]))

    inside, outside = await run(restricted, create("a"), create("b", list_id=account.inbox_id))

    assert (inside["status"], inside["body"]["list_id"]) == (201, other)
    assert (outside["status"], outside["body"]["code"]) == (404, "list_not_found")


async def test_what_is_invisible_is_not_found(client: httpx.AsyncClient, service: Service, stranger: Account) -> None:
    theirs = (await service.client(stranger).post("/v1/todos", json={"title": "secret"})).json()["id"]

    results = await run(
        client,
        read("a", f"/v1/todos/{theirs}"),
        {"op_id": "b", "method": "DELETE", "path": f"/v1/todos/{theirs}"},
        create("c", parent_id=theirs),
    )

    assert [(result["status"], result["body"]["code"]) for result in results] == [(404, "todo_not_found")] * 3


async def test_parameters_are_checked(client: httpx.AsyncClient) -> None:
    unknown, twice, body = await run(
        client,
        read("a", "/v1/todos?colour=red"),
        read("b", "/v1/todos?limit=1&limit=2"),
        {"op_id": "c", "method": "POST", "path": "/v1/todos", "body": {"title": "x", "colour": "red"}},
    )

    assert [flaw["parameter"] for flaw in unknown["body"]["errors"]] == ["colour"]
    assert [flaw["parameter"] for flaw in twice["body"]["errors"]] == ["limit"]
    assert [flaw["pointer"] for flaw in body["body"]["errors"]] == ["#/colour"]


async def test_paths_are_unescaped(client: httpx.AsyncClient) -> None:
    results = await run(
        client,
        {"op_id": "a", "method": "PUT", "path": "/v1/todos/by-external/gh/a%20b%C3%A9", "body": {"title": "x"}},
        create("b", labels=["caf\u00e9"]),
        read("c", "/v1/todos?label=caf%C3%A9"),
    )

    assert results[0]["body"]["external"]["id"] == "a b\u00e9"
    assert [todo["id"] for todo in results[2]["body"]["items"]] == [results[1]["body"]["id"]]


async def test_settings_changed_on_the_way_hold_for_what_follows(client: httpx.AsyncClient) -> None:
    _, _, todo = await run(
        client,
        create("a", due="2027-03-14T09:00"),
        {"op_id": "b", "method": "PATCH", "path": "/v1/me", "body": {"timezone": "America/New_York"}},
        read("c", "/v1/todos/$ref:a"),
    )

    assert todo["body"]["due_at"] == "2027-03-14T13:00:00.000000Z"


# What can be an operation


@pytest.mark.parametrize("path", ["/v1/nothing", "/v1/", "/v1", "/", "/health", "/docs", "/openapi.json", "/v1/todos/"])
async def test_unknown_path_is_not_found(client: httpx.AsyncClient, path: str) -> None:
    result, after = await run(client, read("a", path), create("b"))

    assert (result["status"], result["body"]["code"]) == (404, "path_not_found")
    assert after["status"] == 201


async def test_unknown_method_is_not_allowed(client: httpx.AsyncClient) -> None:
    (result,) = await run(client, {"op_id": "a", "method": "PATCH", "path": "/v1/todos"})

    assert (result["status"], result["body"]["code"]) == (405, "method_not_allowed")
    assert "GET" in result["body"]["detail"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v1/auth/login"),
        ("POST", "/v1/auth/password"),
        ("POST", "/v1/keys"),
        ("GET", "/v1/sessions"),
        ("DELETE", "/v1/sessions/0193a5b0-7c1e-7000-8000-000000000001"),
        ("POST", "/v1/batch"),
        ("GET", "/v1/events"),
        ("GET", "/v1/sync?wait=30"),
        ("POST", "/v1/%62atch"),
    ],
)
async def test_what_stands_alone_is_refused(client: httpx.AsyncClient, method: str, path: str) -> None:
    (result,) = await run(client, {"op_id": "a", "method": method, "path": path, "body": {}})

    assert (result["status"], result["body"]["code"]) == (422, "not_in_batch")


def many(op_id: str, count: int) -> Json:
    return {"op_id": op_id, "method": "POST", "path": "/v1/todos/bulk", "body": {"todos": [{"title": "x"}] * count}}


async def test_todos_of_bulk_operations_are_bounded_together(client: httpx.AsyncClient) -> None:
    delete = {"filter": {"label": "none"}, "action": "delete"}
    *kept, update, lines, after = await run(
        client,
        many("a", 500),
        many("b", 400),
        many("c", 99),
        {"op_id": "d", "method": "POST", "path": "/v1/todos/quick", "body": {"text": "x"}},
        {"op_id": "e", "method": "POST", "path": "/v1/todos/bulk-update", "body": delete},
        {"op_id": "f", "method": "POST", "path": "/v1/todos/quick", "body": {"text": "x\ny"}},
        create("g"),
    )

    assert [result["status"] for result in kept] == [201] * 4
    assert [(result["status"], result["body"]["code"]) for result in (update, lines)] == [(422, "batch_too_large")] * 2
    assert after["status"] == 201


async def test_answers_are_bounded_together(client: httpx.AsyncClient) -> None:
    todos = [{"title": "x", "notes": "n" * 60_000}] * 15
    await client.post("/v1/todos/bulk", json={"todos": todos})
    first = (await client.get("/v1/todos?limit=1")).json()["items"][0]

    update = {"filter": {"completed": False}, "set": {"title": "y"}}
    *pages, updated, small = await run(
        client,
        *(read(f"o{number}", "/v1/todos") for number in range(12)),
        {"op_id": "update", "method": "POST", "path": "/v1/todos/bulk-update", "body": update},
        read("small", "/v1/me"),
    )

    assert [page["status"] for page in pages] == [200] * 11 + [422]
    assert (updated["status"], updated["body"]["code"], small["status"]) == (422, "batch_too_large", 200)
    assert (await client.get(f"/v1/todos/{first['id']}")).json()["title"] == "x"


@pytest.mark.parametrize("path", ["/v1/todos/%00", "/v1/todos?q=%00"])
async def test_nul_in_a_path_is_refused(client: httpx.AsyncClient, path: str) -> None:
    (result,) = await run(client, read("a", path))

    assert (result["status"], result["body"]["code"]) == (400, "bad_request")


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "#/operations"),
        ({"operations": []}, "#/operations"),
        ({"operations": [create(f"o{index}") for index in range(101)]}, "#/operations"),
        ({"operations": [create("a"), create("a")]}, "#/operations"),
        ({"operations": [create("a b")]}, "#/operations/0/op_id"),
        ({"operations": [create("")]}, "#/operations/0/op_id"),
        ({"operations": [{**create("a"), "method": "HEAD"}]}, "#/operations/0/method"),
        ({"operations": [{**create("a"), "method": "post"}]}, "#/operations/0/method"),
        ({"operations": [{**create("a"), "path": "v1/todos"}]}, "#/operations/0/path"),
        ({"operations": [{**create("a"), "path": "/v1/todos#x"}]}, "#/operations/0/path"),
        ({"operations": [{**create("a"), "path": "/v1/todos?q=caf\u00e9"}]}, "#/operations/0/path"),
        ({"operations": [{**create("a"), "path": "/v1/todos?q=a b"}]}, "#/operations/0/path"),
        ({"operations": [{**create("a"), "if_match": "\r\nx: y"}]}, "#/operations/0/if_match"),
        ({"operations": [{**create("a"), "headers": {}}]}, "#/operations/0/headers"),
        ({"operations": [create("a")], "atomic": "true"}, "#/atomic"),
    ],
)
async def test_malformed_batch_does_nothing(client: httpx.AsyncClient, body: Json, pointer: str) -> None:
    answer = await client.post("/v1/batch", json=body)

    assert answer.status_code == 422
    assert [flaw["pointer"] for flaw in answer.json()["errors"]] == [pointer]
    assert await titles(client) == []


async def test_body_limit_holds_for_the_whole(client: httpx.AsyncClient) -> None:
    notes = "x" * 60_000

    answer = await send(client, *(create(f"o{index}", notes=notes) for index in range(20)))

    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")


async def test_credentials_are_needed(anonymous: httpx.AsyncClient) -> None:
    answer = await send(anonymous, read("a", "/v1/todos"))

    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")


# Repeating


async def test_repeated_batch_happens_once(client: httpx.AsyncClient) -> None:
    first = await send(client, create("a"), create("b", " "), idempotency_key="k")
    again = await send(client, create("a"), create("b", " "), idempotency_key="k")

    assert again.json() == first.json()
    assert again.headers["idempotent-replayed"] == "true"
    assert await titles(client) == ["x"]


async def test_key_used_for_another_batch_is_refused(client: httpx.AsyncClient) -> None:
    await send(client, create("a"), idempotency_key="k")

    answer = await send(client, create("b"), idempotency_key="k")

    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")


async def test_failed_atomic_batch_may_be_mended_under_its_key(client: httpx.AsyncClient) -> None:
    failed = await send(client, create("a", " "), atomic=True, idempotency_key="k")

    mended = await send(client, create("a", "x"), atomic=True, idempotency_key="k")

    assert (failed.status_code, mended.status_code) == (422, 200)
    assert await titles(client) == ["x"]


# What it costs


async def test_statements_grow_only_with_the_work(
    client: httpx.AsyncClient, statements: Callable[[], AbstractContextManager[list[str]]]
) -> None:
    with statements() as seen:
        await send(client, *(create(f"o{index}") for index in range(50)))

    assert len(seen) <= 1 + 50 * 2 + 3  # the credential, place and row of each, the search index, the number and the log once


async def test_reading_batch_writes_nothing(client: httpx.AsyncClient, service: Service, account: Account) -> None:
    seq = await service.seq(account.workspace_id)

    await run(client, read("a", "/v1/todos"), read("b", "/v1/me"), read("c", f"/v1/lists/{account.inbox_id}"))

    assert await service.seq(account.workspace_id) == seq


async def test_batches_that_collide_both_succeed(client: httpx.AsyncClient) -> None:
    """On PostgreSQL they wait for each other: one is undone as a whole, and run again."""
    first, second = [result["body"]["id"] for result in await run(client, create("a"), create("b"))]

    def rename(op_id: str, todo_id: str, title: str) -> Json:
        return {"op_id": op_id, "method": "PATCH", "path": f"/v1/todos/{todo_id}", "body": {"title": title}}

    answers = await asyncio.gather(
        send(client, rename("a", first, "one"), rename("b", second, "one"), create("c", "made by one")),
        send(client, rename("a", second, "two"), rename("b", first, "two"), create("c", "made by two")),
    )

    assert [answer.json()["succeeded"] for answer in answers] == [3, 3]
    assert sorted(await titles(client)) in [["made by one", "made by two", last, last] for last in ("one", "two")]
