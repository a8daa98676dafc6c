"""Many todos in one request: created together, or changed alike."""

import inspect
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import httpx
import pytest

from tests.support.service import Account, Service
from todo_api.dependencies import todo_query
from todo_api.domain.permissions import PRESETS, Preset, Role, Scope
from todo_api.schemas.bulk import TodoSelection

Json = dict[str, Any]
NOBODY = "0193a5b0-7c1e-7000-8000-000000000001"


async def create(client: httpx.AsyncClient, *todos: Json) -> list[Json]:
    answer = await client.post("/v1/todos/bulk", json={"todos": list(todos)})
    assert answer.status_code == 201, answer.text
    items: list[Json] = answer.json()["items"]
    return items


async def titled(client: httpx.AsyncClient, *titles: str, **fields: Any) -> list[str]:
    """Ids of new todos."""
    return [todo["id"] for todo in await create(client, *({"title": title, **fields} for title in titles))]


async def refused(client: httpx.AsyncClient, *todos: Json) -> tuple[int, str, list[str]]:
    """Status, code and pointers of a refusal, which leaves nothing behind."""
    answer = await client.post("/v1/todos/bulk", json={"todos": list(todos)})
    problem = answer.json()
    assert await listed(client, status="any") == []
    return answer.status_code, problem["code"], [flaw["pointer"] for flaw in problem["errors"]]


async def update(client: httpx.AsyncClient, **body: Any) -> httpx.Response:
    return await client.post("/v1/todos/bulk-update", json={name.rstrip("_"): value for name, value in body.items()})


async def listed(client: httpx.AsyncClient, **parameters: str) -> list[str]:
    return [todo["title"] for todo in (await client.get("/v1/todos", params=parameters)).json()["items"]]


async def ops(service: Service, account: Account, since: int) -> list[tuple[str, str]]:
    return [(change.kind, change.op) for change in await service.changes(account.workspace_id) if change.seq > since]


# Creating


async def test_todos_are_answered_in_the_order_sent(client: httpx.AsyncClient) -> None:
    items = await create(client, {"title": "b"}, {"title": "a", "labels": ["x"]}, {"title": "c", "completed": True})

    assert [item["title"] for item in items] == ["b", "a", "c"]
    assert await listed(client, status="any") == ["b", "a", "c"]
    for item in items:
        assert (await client.get(f"/v1/todos/{item['id']}")).json() == item


async def test_bulk_makes_what_single_requests_make(client: httpx.AsyncClient) -> None:
    (blocker,) = await titled(client, "blocker")
    data = {
        "title": "x",
        "notes": "n",
        "due": {"date": "2027-03-14", "time": "09:00", "timezone": "Europe/Berlin"},
        "start": "2027-03-12",
        "recurrence": {"text": "every day at 9am"},
        "labels": ["one", "One", "two"],
        "reminders": [{"minutes_before": 5}],
        "blocked_by": [blocker],
        "metadata": {"a": 1, "b": None},
        "parent_id": blocker,
        "priority": "high",
    }
    single = (await client.post("/v1/todos", json=data)).json()

    (bulk,) = await create(client, data)

    assert {name: bulk[name] for name in bulk.keys() - {"id", "order"}} == {
        name: single[name] for name in single.keys() - {"id", "order"}
    }


async def test_todos_follow_what_their_lists_hold(client: httpx.AsyncClient) -> None:
    other = (await client.post("/v1/lists", json={"name": "other"})).json()["id"]
    await titled(client, "first")

    await create(client, {"title": "second"}, {"title": "elsewhere", "list_id": other}, {"title": "third"})

    assert await listed(client, list_id=other) == ["elsewhere"]
    inbox = [todo for todo in (await client.get("/v1/todos")).json()["items"] if todo["list_id"] != other]
    assert [todo["title"] for todo in inbox] == ["first", "second", "third"]


async def test_subtasks_count_for_their_parent(client: httpx.AsyncClient) -> None:
    (parent,) = await titled(client, "parent")

    await create(client, {"title": "a", "parent_id": parent}, {"title": "b", "parent_id": parent, "completed": True})

    assert (await client.get(f"/v1/todos/{parent}")).json()["subtask_counts"] == {"open": 1, "completed": 1}


async def test_what_was_made_can_be_searched(client: httpx.AsyncClient) -> None:
    await titled(client, "Buy milk", "Buy bread")

    assert await listed(client, q="bread") == ["Buy bread"]


async def test_labels_are_made_once(client: httpx.AsyncClient, service: Service, account: Account) -> None:
    await client.post("/v1/labels", json={"name": "Old"})
    seq = await service.seq(account.workspace_id)

    items = await create(client, {"title": "a", "labels": ["new", "old"]}, {"title": "b", "labels": ["New", "other"]})

    assert [item["labels"] for item in items] == [["new", "Old"], ["new", "other"]]
    assert await ops(service, account, seq) == [("label", "create")] * 2 + [("todo", "create")] * 2


async def test_one_unit_of_changes(client: httpx.AsyncClient, service: Service, account: Account) -> None:
    seq = await service.seq(account.workspace_id)

    ids = await titled(client, "a", "b", "c")

    changes = [change for change in await service.changes(account.workspace_id) if change.seq > seq]
    assert [change.entity_id for change in changes] == ids
    assert len({change.unit_id for change in changes}) == 1
    assert changes[1].after["title"] == "b"


async def test_invalid_todos_are_all_pointed_to(client: httpx.AsyncClient) -> None:
    answer = await refused(client, {"title": "ok"}, {"title": " "}, {"title": "x", "due": "never"}, {"titel": "x", "title": "x"})

    assert answer == (422, "invalid_input", ["#/todos/1/title", "#/todos/2/due", "#/todos/3/titel"])


async def test_unknown_references_are_all_pointed_to(client: httpx.AsyncClient) -> None:
    assert await refused(client, {"title": "a"}, {"title": "b", "section_id": NOBODY}, {"title": "c", "section_id": NOBODY}) == (
        422,
        "invalid_input",
        ["#/todos/1/section_id", "#/todos/2/section_id"],
    )
    assert await refused(client, {"title": "a"}, {"title": "b", "assignee_ids": [NOBODY]}) == (
        422,
        "invalid_input",
        ["#/todos/1/assignee_ids/0"],
    )
    assert await refused(client, {"title": "a"}, {"title": "b", "blocked_by": [NOBODY]}) == (
        422,
        "invalid_input",
        ["#/todos/1/blocked_by/0"],
    )


async def test_rules_that_are_none_are_all_pointed_to(client: httpx.AsyncClient) -> None:
    status, _, pointers = await refused(
        client,
        {"title": "a", "recurrence": {"text": "every banana"}},
        {"title": "b", "recurrence": {"rrule": "FREQ=NEVER"}},
        {"title": "c", "recurrence": {"paused": True}},
    )

    assert (status, pointers) == (422, ["#/todos/0/recurrence/text", "#/todos/1/recurrence/rrule", "#/todos/2/recurrence"])


async def test_unknown_places_are_pointed_to(client: httpx.AsyncClient) -> None:
    assert await refused(client, {"title": "a"}, {"title": "b", "list_id": NOBODY}) == (404, "list_not_found", ["#/todos/1"])
    assert await refused(client, {"title": "a"}, {"title": "b", "parent_id": NOBODY}) == (404, "todo_not_found", ["#/todos/1"])


async def test_section_of_another_list_is_refused(client: httpx.AsyncClient) -> None:
    other = (await client.post("/v1/lists", json={"name": "other"})).json()["id"]
    section = (await client.post(f"/v1/lists/{other}/sections", json={"name": "s"})).json()["id"]

    answer = await refused(client, {"title": "a", "list_id": other, "section_id": section}, {"title": "b", "section_id": section})

    assert answer == (422, "invalid_input", ["#/todos/1/section_id"])


async def test_external_reference_that_is_taken_is_pointed_to(client: httpx.AsyncClient) -> None:
    reference = {"source": "gh", "id": "7"}
    others = [{"source": "gh", "id": "8"}, {"source": "gl", "id": "7"}]

    twice = await refused(client, {"title": "a", "external": reference}, {"title": "b", "external": reference})
    await create(client, *({"title": "x", "external": other} for other in [reference, *others]))
    again = await client.post("/v1/todos/bulk", json={"todos": [{"title": "a"}, {"title": "b", "external": reference}]})

    assert twice == (409, "external_taken", ["#/todos/1/external"])
    assert (again.status_code, [flaw["pointer"] for flaw in again.json()["errors"]]) == (409, ["#/todos/1/external"])


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"todos": []},
        {"todos": [{"title": "x"}] * 501},
        {"todos": {"title": "x"}},
        {"todos": [{"title": str(place), "labels": [f"{place}-{n}" for n in range(100)]} for place in range(11)]},
    ],
)
async def test_number_of_todos_and_labels_is_bounded(client: httpx.AsyncClient, body: Json) -> None:
    answer = await client.post("/v1/todos/bulk", json=body)

    assert (answer.status_code, [flaw["pointer"] for flaw in answer.json()["errors"]]) == (422, ["#/todos"])


async def test_capture_only_key_learns_ids_only(service: Service, account: Account) -> None:
    capture = service.client(key=await service.key(account, PRESETS[Preset.CAPTURE_ONLY]))

    answer = await capture.post("/v1/todos/bulk", json={"todos": [{"title": "a"}, {"title": "b"}]})

    assert answer.status_code == 201
    assert [list(item) for item in answer.json()["items"]] == [["id"], ["id"]]


async def test_creating_needs_scope_and_credentials(service: Service, account: Account, anonymous: httpx.AsyncClient) -> None:
    reader = service.client(key=await service.key(account, PRESETS[Preset.READ_ONLY]))
    body = {"todos": [{"title": "a"}]}

    assert (await reader.post("/v1/todos/bulk", json=body)).json()["missing_scope"] == "todos:write"
    assert (await anonymous.post("/v1/todos/bulk", json=body)).status_code == 401


async def test_viewer_creates_nothing(service: Service, account: Account, stranger: Account, client: httpx.AsyncClient) -> None:
    await service.add_guest(stranger, account.inbox_id, Role.COMPLETER)
    guest = service.client(stranger)

    body = {"todos": [{"title": "mine"}, {"title": "theirs", "list_id": account.inbox_id}]}
    answer = await guest.post("/v1/todos/bulk", json=body)

    assert (answer.status_code, answer.json()["code"]) == (403, "role_too_low")
    assert await listed(client) == []
    assert await listed(guest) == []


async def test_repeated_creation_happens_once(client: httpx.AsyncClient) -> None:
    body = {"todos": [{"title": "a"}, {"title": "b"}]}
    first = await client.post("/v1/todos/bulk", json=body, headers={"Idempotency-Key": "k"})

    again = await client.post("/v1/todos/bulk", json=body, headers={"Idempotency-Key": "k"})

    assert again.json() == first.json()
    assert again.headers["idempotent-replayed"] == "true"
    assert await listed(client) == ["a", "b"]


async def test_statements_do_not_grow_with_the_todos(
    client: httpx.AsyncClient, statements: Callable[[], AbstractContextManager[list[str]]]
) -> None:
    other = (await client.post("/v1/lists", json={"name": "other"})).json()["id"]
    (blocker,) = await titled(client, "blocker")

    def todos(count: int) -> list[Json]:
        plain = {
            "labels": ["a", "b", "c"],
            "notes": "n",
            "recurrence": {"text": "every day"},
            "reminders": [{"minutes_before": 1}],
        }
        return [
            {"title": str(place), "list_id": [other, None][place % 2], "blocked_by": [blocker], **plain}
            | {"external": {"source": "s", "id": f"{count}-{place}"}}
            for place in range(count)
        ]

    await create(client, *todos(2))
    with statements() as few:
        await create(client, *todos(4))
    with statements() as many:
        await create(client, *todos(400))

    assert len(many) == len(few) <= 16


# Changing


async def test_fields_are_set_on_each(client: httpx.AsyncClient) -> None:
    ids = await titled(client, "b", "a", "c", labels=["old"])

    answer = await update(client, ids=ids[:2], set_={"priority": "high", "labels_add": ["new"]})

    assert answer.status_code == 200
    body = answer.json()
    assert (body["dry_run"], body["count"], body["ids"]) == (False, 2, ids[:2])
    assert [(item["title"], item["priority"], item["labels"]) for item in body["items"]] == [
        ("b", "high", ["old", "new"]),
        ("a", "high", ["old", "new"]),
    ]
    assert (await client.get(f"/v1/todos/{ids[2]}")).json()["version"] == 1


async def test_items_are_as_they_are_afterwards(client: httpx.AsyncClient) -> None:
    (parent,) = await titled(client, "parent")
    (child,) = await titled(client, "child", parent_id=parent)

    items = (await update(client, ids=[child, parent], action="complete")).json()["items"]

    assert [item["status"] for item in items] == ["completed", "completed"]
    assert items[1]["subtask_counts"] == {"open": 0, "completed": 1}
    for item in items:
        assert (await client.get(f"/v1/todos/{item['id']}")).json() == item


async def test_filter_chooses_as_the_list_does(client: httpx.AsyncClient) -> None:
    await titled(client, "one", "two", labels=["food"])
    await titled(client, "three", labels=["home"])
    await titled(client, "done", labels=["food"], completed=True)

    body = (await update(client, filter={"label": "food"}, set_={"due": "2027-04-01"})).json()

    assert [item["title"] for item in body["items"]] == ["one", "two"]
    assert await listed(client, due_after="2027-03-31") == ["one", "two"]


async def test_filter_language_chooses(client: httpx.AsyncClient) -> None:
    await titled(client, "one", "two", due="2027-03-09")
    await titled(client, "three")

    body = (await update(client, filter={"filter": "overdue and title:one"}, action="complete")).json()

    assert [item["title"] for item in body["items"]] == ["one"]
    assert await listed(client) == ["two", "three"]


async def test_selection_takes_the_parameters_of_the_list() -> None:
    parameters = inspect.signature(todo_query._filter).parameters  # noqa: SLF001  # the two must not drift apart

    assert {name.rstrip("_") for name in parameters} == set(TodoSelection.model_fields)


@pytest.mark.parametrize(
    ("filter_", "code", "pointer"),
    [
        ({}, "invalid_input", "#/filter"),
        ({"colour": "red"}, "invalid_input", "#/filter/colour"),
        ({"list_id": "x"}, "invalid_input", "#/filter/list_id/0"),
        ({"due_before": "soon"}, "invalid_input", "#/filter/due_before"),
        ({"filter": "due <"}, "filter_invalid", "#/filter/filter"),
        ({"status": "any", "completed": True}, "invalid_input", "#/filter/completed"),
    ],
)
async def test_malformed_filter_changes_nothing(client: httpx.AsyncClient, filter_: Json, code: str, pointer: str) -> None:
    answer = await update(client, filter=filter_, action="delete")

    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (422, code)
    assert [flaw["pointer"] for flaw in problem["errors"]] == [pointer]


async def test_filter_that_leaves_nothing_changes_nothing(client: httpx.AsyncClient) -> None:
    answer = await update(client, filter={"label": "nothing"}, action="delete")

    assert (answer.status_code, answer.json()) == (200, {"dry_run": False, "count": 0, "ids": [], "items": []})


async def test_filter_that_leaves_too_many_changes_nothing(client: httpx.AsyncClient) -> None:
    await titled(client, *map(str, range(500)))
    await titled(client, "501", "502")

    answer = await update(client, filter={"status": "open"}, action="delete")

    assert (answer.status_code, answer.json()["code"], answer.json()["count"]) == (422, "too_many_todos", 502)


async def test_dry_run_tells_and_leaves_all_as_it_is(client: httpx.AsyncClient, service: Service, account: Account) -> None:
    ids = await titled(client, "a", "b")
    seq = await service.seq(account.workspace_id)

    answer = await update(client, filter={"status": "open"}, set_={"labels": ["new"], "title": "x"}, dry_run=True)

    assert (answer.status_code, answer.json()) == (200, {"dry_run": True, "count": 2, "ids": ids, "items": []})
    assert await listed(client) == ["a", "b"]
    assert (await client.get("/v1/labels")).json()["items"] == []
    assert await service.seq(account.workspace_id) == seq


async def test_dry_run_fails_where_the_run_would(client: httpx.AsyncClient) -> None:
    ids = await titled(client, "a", "b")

    for dry_run in (True, False):
        answer = await update(client, ids=[*ids, NOBODY], set_={"title": "x"}, dry_run=dry_run)
        assert (answer.status_code, answer.json()["todo_id"]) == (404, NOBODY)


async def test_other_number_than_expected_changes_nothing(client: httpx.AsyncClient) -> None:
    await titled(client, "a", "b")

    wrong = await update(client, filter={"status": "open"}, action="delete", expected_count=3)
    right = await update(client, filter={"status": "open"}, action="delete", expected_count=2)

    problem = wrong.json()
    assert (wrong.status_code, problem["code"]) == (409, "count_mismatch")
    assert (problem["expected_count"], problem["count"]) == (3, 2)
    assert right.status_code == 200


async def test_repeated_ids_count_once(client: httpx.AsyncClient) -> None:
    (id_,) = await titled(client, "a")

    answer = await update(client, ids=[id_, id_, id_.upper()], set_={"title": "x"}, expected_count=1)

    assert [item["version"] for item in answer.json()["items"]] == [2]


async def test_one_failure_undoes_all(client: httpx.AsyncClient, service: Service, account: Account, stranger: Account) -> None:
    ids = await titled(client, "a", "b")
    theirs = (await service.client(stranger).post("/v1/todos", json={"title": "theirs"})).json()["id"]
    seq = await service.seq(account.workspace_id)

    answer = await update(client, ids=[ids[0], theirs, ids[1]], set_={"title": "x"})

    problem = answer.json()
    assert (answer.status_code, problem["code"], problem["todo_id"]) == (404, "todo_not_found", theirs)
    assert [flaw["pointer"] for flaw in problem["errors"]] == ["#/ids/1"]
    assert await listed(client) == ["a", "b"]
    assert await service.seq(account.workspace_id) == seq


async def test_failure_of_what_is_set_points_there(client: httpx.AsyncClient) -> None:
    ids = await titled(client, "a")

    answer = await update(client, ids=ids, set_={"section_id": NOBODY})
    malformed = await update(client, ids=ids, set_={"title": " "})

    assert [flaw["pointer"] for flaw in answer.json()["errors"]] == ["#/set/section_id"]
    assert answer.json()["todo_id"] == ids[0]
    assert [flaw["pointer"] for flaw in malformed.json()["errors"]] == ["#/set/title"]


async def test_completing_and_reopening(client: httpx.AsyncClient) -> None:
    ids = await titled(client, "a", "b")
    (recurring,) = await titled(client, "c", recurrence={"text": "every day"})

    completed = (await update(client, ids=[*ids, recurring], action="complete")).json()["items"]
    reopened = (await update(client, ids=ids, action="reopen")).json()["items"]

    assert [item["status"] for item in completed] == ["completed", "completed", "open"]
    assert completed[2]["due"]["date"] == "2027-03-11"
    assert [item["status"] for item in reopened] == ["open", "open"]


async def test_what_blocks_is_completed_first(client: httpx.AsyncClient) -> None:
    (last,) = await titled(client, "last")
    (middle,) = await titled(client, "middle", blocked_by=[last])
    (first,) = await titled(client, "first", blocked_by=[middle])

    answer = await update(client, ids=[first, middle, last], action="complete")

    assert [item["status"] for item in answer.json()["items"]] == ["completed"] * 3


async def test_blocked_from_outside_completes_nothing(client: httpx.AsyncClient) -> None:
    (outside,) = await titled(client, "outside")
    (blocked,) = await titled(client, "blocked", blocked_by=[outside])
    (free,) = await titled(client, "free")

    answer = await update(client, ids=[blocked, free], action="complete")

    problem = answer.json()
    assert (answer.status_code, problem["code"], problem["todo_id"]) == (409, "todo_blocked", blocked)
    assert [flaw["pointer"] for flaw in problem["errors"]] == ["#/ids/0"]
    assert await listed(client) == ["outside", "blocked", "free"]


async def test_deleting_takes_subtasks_along(client: httpx.AsyncClient) -> None:
    (parent,) = await titled(client, "parent")
    (child,) = await titled(client, "child", parent_id=parent)
    await titled(client, "other")

    answer = await update(client, ids=[child, parent], action="delete")

    assert (answer.json()["count"], answer.json()["items"]) == (2, [])
    assert await listed(client) == ["other"]


@pytest.mark.parametrize(
    ("to", "order"),
    [
        ({"position": "top"}, ["d", "c", "a", "b"]),
        ({"position": "bottom"}, ["a", "b", "d", "c"]),
        ({"before": "b"}, ["a", "d", "c", "b"]),
        ({"after": "a"}, ["a", "d", "c", "b"]),
    ],
)
async def test_moving_keeps_the_order_of_the_ids(client: httpx.AsyncClient, to: Json, order: list[str]) -> None:
    ids = dict(zip("abcd", await titled(client, *"abcd"), strict=True))

    answer = await update(client, ids=[ids["d"], ids["c"]], action="move", to={name: ids.get(at, at) for name, at in to.items()})

    assert [item["title"] for item in answer.json()["items"]] == ["d", "c"]
    assert await listed(client) == order


async def test_moving_to_another_list(client: httpx.AsyncClient) -> None:
    other = (await client.post("/v1/lists", json={"name": "other"})).json()["id"]
    ids = await titled(client, "a", "b")

    await update(client, ids=ids[::-1], action="move", to={"list_id": other})

    assert await listed(client, list_id=other) == ["b", "a"]


async def test_neighbour_that_is_none_is_pointed_to(client: httpx.AsyncClient) -> None:
    other = (await client.post("/v1/lists", json={"name": "other"})).json()["id"]
    (id_,) = await titled(client, "a")
    (elsewhere,) = await titled(client, "b", list_id=other)

    answer = await update(client, ids=[id_], action="move", to={"before": elsewhere})

    assert (answer.status_code, [flaw["pointer"] for flaw in answer.json()["errors"]]) == (422, ["#/to/before"])


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"ids": [NOBODY]},
        {"action": "delete"},
        {"ids": [NOBODY], "filter": {"label": "x"}, "action": "delete"},
        {"ids": [NOBODY], "action": "delete", "set": {"title": "x"}},
        {"ids": [NOBODY], "action": "move"},
        {"ids": [NOBODY], "action": "delete", "to": {"position": "top"}},
        {"ids": [NOBODY], "action": "forget"},
        {"ids": [NOBODY], "set": {}},
        {"ids": [NOBODY], "set": {"colour": "red"}},
        {"ids": [], "action": "delete"},
        {"ids": [f"0193a5b0-7c1e-7000-8000-{place:012d}" for place in range(501)], "action": "delete"},
        {"ids": [NOBODY], "action": "delete", "expected_count": -1},
        {"ids": [NOBODY], "action": "delete", "dry_run": "yes"},
    ],
)
async def test_malformed_change_is_refused(client: httpx.AsyncClient, body: Json) -> None:
    answer = await client.post("/v1/todos/bulk-update", json=body)

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")


async def test_scopes_of_changes(service: Service, account: Account, client: httpx.AsyncClient) -> None:
    ids = await titled(client, "a")
    completer = service.client(key=await service.key(account, PRESETS[Preset.COMPLETE_ONLY]))
    writer = service.client(key=await service.key(account, {Scope.TODOS_WRITE}))

    assert (await update(completer, ids=ids, action="complete")).status_code == 200
    assert (await update(completer, ids=ids, action="reopen")).status_code == 200
    for change in ({"set_": {"title": "x"}}, {"action": "delete"}, {"action": "move", "to": {"position": "top"}}):
        assert (await update(completer, ids=ids, **change)).json()["missing_scope"] == "todos:write"
    assert (await update(writer, ids=ids, action="complete")).json()["missing_scope"] == "todos:read"


async def test_completer_completes_but_changes_nothing_else(
    service: Service, account: Account, stranger: Account, client: httpx.AsyncClient
) -> None:
    ids = await titled(client, "a")
    await service.add_guest(stranger, account.inbox_id, Role.COMPLETER)
    guest = service.client(stranger)

    refusal = await update(guest, ids=ids, set_={"title": "x"})
    assert (refusal.status_code, refusal.json()["code"], refusal.json()["todo_id"]) == (403, "role_too_low", ids[0])
    assert (await update(guest, ids=ids, action="complete")).status_code == 200


async def test_changes_are_logged_as_single_ones(client: httpx.AsyncClient, service: Service, account: Account) -> None:
    ids = await titled(client, "a", "b")
    seq = await service.seq(account.workspace_id)

    await update(client, ids=ids, set_={"title": "a"})
    await update(client, ids=ids, action="delete")

    assert await ops(service, account, seq) == [("todo", "update"), ("todo", "delete"), ("todo", "delete")]


async def test_repeated_change_happens_once(client: httpx.AsyncClient) -> None:
    (id_,) = await titled(client, "a", recurrence={"text": "every day"})
    body = {"ids": [id_], "action": "complete"}
    first = await client.post("/v1/todos/bulk-update", json=body, headers={"Idempotency-Key": "k"})

    again = await client.post("/v1/todos/bulk-update", json=body, headers={"Idempotency-Key": "k"})

    assert again.json() == first.json()
    assert (await client.get(f"/v1/todos/{id_}")).json()["due"]["date"] == "2027-03-11"
