from typing import Any

import httpx
import pytest
from sqlalchemy import update

from tests.support.service import Account, Service
from todo_api.domain.identifiers import new_id
from todo_api.models import Todo


async def make(client: httpx.AsyncClient, **fields: Any) -> dict[str, Any]:
    response = await client.post("/v1/todos", json={"title": "Buy milk"} | fields)
    assert response.status_code == 201, response.text
    todo: dict[str, Any] = response.json()
    return todo


async def make_row(client: httpx.AsyncClient, titles: str, **fields: Any) -> dict[str, str]:
    """Todos with one letter each; their ids by letter."""
    return {title: (await make(client, title=title, **fields))["id"] for title in titles}


async def make_list(client: httpx.AsyncClient) -> str:
    list_id: str = (await client.post("/v1/lists", json={"name": "Groceries"})).json()["id"]
    return list_id


async def move(client: httpx.AsyncClient, todo_id: str, **where: Any) -> httpx.Response:
    response = await client.post(f"/v1/todos/{todo_id}/move", json=where)
    assert response.status_code == 200, response.text
    return response


async def row(client: httpx.AsyncClient, **parameters: str) -> str:
    """The letters in order."""
    items = (await client.get("/v1/todos", params={"limit": "200"} | parameters)).json()["items"]
    assert [item["order"] for item in items] == sorted(item["order"] for item in items)
    return "".join(item["title"] for item in items)


async def make_equal(service: Service) -> None:
    """Give all todos one key, as concurrent appends do."""
    async with service.state.database.transaction() as session:
        await session.execute(update(Todo).values(order="a0"))


@pytest.mark.parametrize(
    ("moving", "where", "expected"),
    [
        ("A", {"position": "bottom"}, "BCDA"),
        ("D", {"position": "top"}, "DABC"),
        ("B", {"position": "top"}, "BACD"),
        ("B", {"position": "bottom"}, "ACDB"),
        ("A", {"after": "B"}, "BACD"),
        ("A", {"after": "D"}, "BCDA"),
        ("D", {"after": "A"}, "ADBC"),
        ("D", {"before": "A"}, "DABC"),
        ("D", {"before": "C"}, "ABDC"),
        ("A", {"before": "D"}, "BCAD"),
        ("A", {"position": "top"}, "ABCD"),
        ("D", {"position": "bottom"}, "ABCD"),
        ("B", {"before": "C"}, "ABCD"),
        ("B", {"after": "A"}, "ABCD"),
    ],
)
async def test_move_puts_the_todo_there(client: httpx.AsyncClient, moving: str, where: dict[str, str], expected: str) -> None:
    ids = await make_row(client, "ABCD")

    await move(client, ids[moving], **{name: ids.get(value, value) for name, value in where.items()})

    assert await row(client) == expected


async def test_move_answers_the_todo_and_changes_no_other(client: httpx.AsyncClient) -> None:
    first, second, third = await make(client), await make(client), await make(client)

    response = await move(client, third["id"], before=second["id"])

    moved = response.json()
    assert response.headers["etag"] == '"2"'
    assert moved == third | {"order": moved["order"], "version": 2}
    assert first["order"] < moved["order"] < second["order"]
    assert (await client.get("/v1/todos")).json()["items"] == [first, moved, second]


async def test_move_again_keeps_the_place(client: httpx.AsyncClient) -> None:
    ids = await make_row(client, "ABC")

    for where in ({"position": "top"}, {"before": ids["A"]}, {"after": ids["B"]}, {"position": "bottom"}):
        await move(client, ids["C"], **where)
        expected = await row(client)
        await move(client, ids["C"], **where)
        assert await row(client) == expected


async def test_new_todos_go_to_the_bottom(client: httpx.AsyncClient) -> None:
    ids = await make_row(client, "ABC")
    await move(client, ids["A"], position="bottom")

    await make(client, title="D")

    assert await row(client) == "BCAD"


async def test_many_new_todos_stay_in_order(client: httpx.AsyncClient) -> None:
    letters = "".join(chr(ord("一") + index) for index in range(150))

    await make_row(client, letters)

    assert await row(client) == letters


@pytest.mark.parametrize(
    ("where", "expected"), [({"after": "A"}, "AXBC"), ({"before": "A"}, "XABC"), ({"position": "top"}, "XABC"), ({}, "ABCX")]
)
async def test_move_to_another_list_and_place_in_one_step(
    client: httpx.AsyncClient, where: dict[str, str], expected: str
) -> None:
    list_id = await make_list(client)
    ids = await make_row(client, "ABC", list_id=list_id)
    todo = await make(client, title="X")

    await move(client, todo["id"], list_id=list_id, **{name: ids.get(value, value) for name, value in where.items()})

    assert await row(client, list_id=list_id) == expected


async def test_patch_to_another_list_goes_to_its_bottom(client: httpx.AsyncClient) -> None:
    list_id = await make_list(client)
    await make_row(client, "ABC", list_id=list_id)
    todo = await make(client, title="X")

    await client.patch(f"/v1/todos/{todo['id']}", json={"list_id": list_id})

    assert await row(client, list_id=list_id) == "ABCX"


async def test_move_below_a_parent_and_between_its_subtasks(client: httpx.AsyncClient) -> None:
    parent, todo = await make(client, title="P"), await make(client, title="X")
    ids = await make_row(client, "AB", parent_id=parent["id"])

    await move(client, todo["id"], parent_id=parent["id"], before=ids["B"])

    assert await row(client, parent_id=parent["id"]) == "AXB"


async def test_subtasks_change_places(client: httpx.AsyncClient) -> None:
    parent = await make(client)
    ids = await make_row(client, "ABC", parent_id=parent["id"])

    moved = await move(client, ids["C"], before=ids["A"])

    assert (moved.json()["parent_id"], await row(client, parent_id=parent["id"])) == (parent["id"], "CAB")


# No room


@pytest.mark.parametrize("place", ["after", "before"])
async def test_there_is_always_room_between_two(client: httpx.AsyncClient, place: str) -> None:
    ids = await make_row(client, "ABXY")
    neighbour = ids["A"] if place == "after" else ids["B"]

    longest = 0
    for turn in range(300):  # more than the keys have digits for
        moved = await move(client, ids["XY"[turn % 2]], **{place: neighbour})
        longest = max(longest, len(moved.json()["order"]))

    assert await row(client) == ("AYXB" if place == "after" else "AXYB")
    assert longest <= 50


@pytest.mark.parametrize(
    ("moving", "where", "expected"),
    [
        ("D", {"after": "A"}, "ADBC"),
        ("D", {"before": "B"}, "ADBC"),
        ("A", {"after": "C"}, "BCAD"),
        ("A", {"before": "D"}, "BCAD"),
        ("D", {"position": "top"}, "DABC"),
        ("A", {"position": "bottom"}, "BCDA"),
        ("B", {"before": "A"}, "BACD"),
        ("C", {"after": "D"}, "ABDC"),
    ],
)
async def test_equal_keys_are_parted_when_a_todo_goes_between(
    service: Service, client: httpx.AsyncClient, moving: str, where: dict[str, str], expected: str
) -> None:
    ids = await make_row(client, "ABCD")
    await make_equal(service)

    await move(client, ids[moving], **{name: ids.get(value, value) for name, value in where.items()})

    assert await row(client) == expected


async def test_new_keys_for_others_are_changes_too(service: Service, client: httpx.AsyncClient, account: Account) -> None:
    ids = await make_row(client, "ABC")
    await make_equal(service)
    seq = await service.seq(account.workspace_id)

    await move(client, ids["C"], after=ids["A"])

    logged = [change for change in await service.changes(account.workspace_id) if change.seq > seq]
    assert [(change.entity_id, change.op, change.before, change.after) for change in logged] == [
        (ids["B"], "move", {"order": "a0"}, {"order": "a1"}),
        (ids["C"], "move", {"order": "a0"}, {"order": "a0V"}),
    ]
    assert len({change.unit_id for change in logged}) == 1


async def test_a_place_in_a_list_of_equal_keys_is_found(service: Service, client: httpx.AsyncClient) -> None:
    list_id = await make_list(client)
    ids = await make_row(client, "ABC", list_id=list_id)
    todo = await make(client, title="X")
    await make_equal(service)

    await move(client, todo["id"], list_id=list_id, before=ids["B"])

    assert await row(client, list_id=list_id) == "AXBC"


# Refused


@pytest.mark.parametrize("side", ["before", "after"])
async def test_a_neighbour_of_another_list_is_refused(client: httpx.AsyncClient, side: str) -> None:
    todo, elsewhere = await make(client), await make(client, list_id=await make_list(client))

    response = await client.post(f"/v1/todos/{todo['id']}/move", json={side: elsewhere["id"]})

    assert response.status_code == 422
    assert [(error["pointer"], error["code"]) for error in response.json()["errors"]] == [(f"#/{side}", "not_a_neighbour")]


async def test_a_neighbour_of_the_list_left_behind_is_refused(client: httpx.AsyncClient) -> None:
    todo, neighbour = await make(client), await make(client)
    body = {"list_id": await make_list(client), "after": neighbour["id"]}

    response = await client.post(f"/v1/todos/{todo['id']}/move", json=body)

    assert (response.status_code, response.json()["errors"][0]["pointer"]) == (422, "#/after")
    assert (await client.get(f"/v1/todos/{todo['id']}")).json() == todo


async def test_a_todo_is_not_its_own_neighbour(client: httpx.AsyncClient) -> None:
    todo = await make(client)

    response = await client.post(f"/v1/todos/{todo['id']}/move", json={"before": todo["id"]})

    assert (response.status_code, response.json()["errors"][0]["pointer"]) == (422, "#/before")


async def test_an_invisible_neighbour_is_not_found(service: Service, client: httpx.AsyncClient, stranger: Account) -> None:
    todo, theirs, trashed = await make(client), await make(service.client(stranger)), await make(client)
    await client.delete(f"/v1/todos/{trashed['id']}")

    for neighbour in (theirs["id"], trashed["id"], new_id()):
        response = await client.post(f"/v1/todos/{todo['id']}/move", json={"after": neighbour})
        assert (response.status_code, response.json()["code"]) == (404, "todo_not_found")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"position": "middle"},
        {"before": None},
        {"list_id": None},
        {"before": "x"},
        {"position": "top", "before": "01890000-0000-7000-8000-000000000000"},
        {"after": "01890000-0000-7000-8000-000000000000", "before": "01890000-0000-7000-8000-000000000000"},
    ],
)
async def test_an_unclear_place_is_refused(client: httpx.AsyncClient, body: dict[str, Any]) -> None:
    todo = await make(client)

    response = await client.post(f"/v1/todos/{todo['id']}/move", json=body)

    assert (response.status_code, response.json()["code"]) == (422, "invalid_input")
    assert (await client.get(f"/v1/todos/{todo['id']}")).json() == todo
