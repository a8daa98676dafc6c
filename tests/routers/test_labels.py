from typing import Any

import httpx
import pytest

from tests.support.service import Account, Service
from todo_api.domain.permissions import Role

UNKNOWN_ID = "01900000-0000-7000-8000-000000000000"


async def create(client: httpx.AsyncClient, name: str = "errand", **members: Any) -> dict[str, Any]:
    answer = await client.post("/v1/labels", json={"name": name} | members)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def add_todo(client: httpx.AsyncClient, **members: Any) -> dict[str, Any]:
    answer = await client.post("/v1/todos", json={"title": "Milk"} | members)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def names(client: httpx.AsyncClient) -> list[str]:
    return [label["name"] for label in (await client.get("/v1/labels")).json()["items"]]


def told(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


# --- create


async def test_create_label_answers_with_the_whole(client: httpx.AsyncClient, account: Account) -> None:
    answer = await client.post("/v1/labels", json={"name": "errand", "color": "#2d7ff9"})

    body = answer.json()
    assert answer.status_code == 201, answer.text
    assert body == {
        "id": body["id"],
        "workspace_id": account.workspace_id,
        "name": "errand",
        "color": "#2d7ff9",
        "version": 1,
        "created_at": "2027-03-10T09:00:00.000000Z",
        "updated_at": "2027-03-10T09:00:00.000000Z",
    }
    assert (answer.headers["location"], answer.headers["etag"]) == (f"/v1/labels/{body['id']}", '"1"')


async def test_create_label_logs_the_change(service: Service, account: Account, client: httpx.AsyncClient) -> None:
    made = await create(client, color="#2d7ff9")

    change = (await service.changes(account.workspace_id))[-1]

    assert (change.seq, change.kind, change.op, change.entity_id, change.before, change.after) == (
        3, "label", "create", made["id"], None, {"name": "errand", "color": "#2d7ff9"},
    )  # fmt: skip


@pytest.mark.parametrize("name", ["errand", "ERRAND", "Érrand", "ｅｒｒａｎｄ"])  # noqa: RUF001  # looks alike on purpose
async def test_create_label_of_a_taken_name_is_refused(
    service: Service, account: Account, client: httpx.AsyncClient, name: str
) -> None:
    await create(client, "errand")

    answer = await client.post("/v1/labels", json={"name": name})

    assert told(answer) == (409, "label_name_taken")
    assert await service.seq(account.workspace_id) == 3


async def test_create_label_of_a_name_that_a_todo_made_is_refused(client: httpx.AsyncClient) -> None:
    await add_todo(client, labels=["Errand"])

    answer = await client.post("/v1/labels", json={"name": "errand"})

    assert told(answer) == (409, "label_name_taken")


async def test_create_label_of_a_name_taken_elsewhere_is_fine(
    service: Service, client: httpx.AsyncClient, stranger: Account
) -> None:
    await create(client)

    made = await create(service.client(stranger))

    assert made["workspace_id"] == stranger.workspace_id


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("name", ""),
        ("name", "\t"),
        ("name", "a" * 101),
        ("name", "a\0b"),
        ("name", None),
        ("color", "blue"),
        ("color", "#12345"),
        ("workspace_id", "personal"),
        ("id", UNKNOWN_ID),
        ("version", 1),
    ],
)
async def test_create_label_bad_member_is_refused(client: httpx.AsyncClient, member: str, value: object) -> None:
    answer = await client.post("/v1/labels", json={"name": "errand"} | {member: value})

    assert told(answer) == (422, "invalid_input")
    assert [flaw["pointer"] for flaw in answer.json()["errors"]] == [f"#/{member}"]


async def test_create_label_with_half_a_surrogate_pair_is_refused(client: httpx.AsyncClient) -> None:
    answer = await client.post("/v1/labels", content=rb'{"name": "\ud800"}', headers={"Content-Type": "application/json"})

    assert told(answer) == (422, "invalid_input")


async def test_create_label_repeated_with_its_key_makes_one(client: httpx.AsyncClient) -> None:
    headers = {"Idempotency-Key": "once"}
    first = await client.post("/v1/labels", json={"name": "errand"}, headers=headers)

    second = await client.post("/v1/labels", json={"name": "errand"}, headers=headers)

    assert (second.status_code, second.content) == (201, first.content)


async def test_label_gives_its_spelling_to_todos(client: httpx.AsyncClient) -> None:
    await create(client, "Errand")

    todo = await add_todo(client, labels=["ERRAND"])

    assert todo["labels"] == ["Errand"]


# --- get, page


async def test_get_label_answers_with_the_whole(client: httpx.AsyncClient) -> None:
    made = await create(client)

    answer = await client.get(f"/v1/labels/{made['id']}")

    assert (answer.status_code, answer.json(), answer.headers["etag"]) == (200, made, '"1"')


async def test_get_label_that_is_known_is_not_modified(client: httpx.AsyncClient) -> None:
    made = await create(client)

    answer = await client.get(f"/v1/labels/{made['id']}", headers={"If-None-Match": 'W/"1"'})

    assert (answer.status_code, answer.content) == (304, b"")


async def test_get_label_with_a_malformed_id_is_refused(client: httpx.AsyncClient) -> None:
    answer = await client.get("/v1/labels/errand")

    assert told(answer) == (422, "invalid_input")


async def test_list_labels_shows_them_by_name(client: httpx.AsyncClient) -> None:
    for name in ("beta", "Alpha", "álpha2", "Zeta", "gamma"):
        await create(client, name)

    assert await names(client) == ["Alpha", "álpha2", "beta", "gamma", "Zeta"]


async def test_list_labels_pages_through_all(client: httpx.AsyncClient) -> None:
    for name in ("c", "a", "d", "b", "e"):
        await create(client, name)

    seen, url = [], "/v1/labels?limit=2"
    while url:
        answer = await client.get(url)
        seen.append([item["name"] for item in answer.json()["items"]])
        url = answer.links["next"]["url"] if "next" in answer.links else ""

    assert seen == [["a", "b"], ["c", "d"], ["e"]]


async def test_list_labels_shows_those_that_todos_made(client: httpx.AsyncClient) -> None:
    await add_todo(client, labels=["food", "Errand"])

    assert await names(client) == ["Errand", "food"]


# --- who may


@pytest.mark.parametrize("role", Role)
async def test_member_sees_every_label(
    service: Service, account: Account, client: httpx.AsyncClient, stranger: Account, role: Role
) -> None:
    made = await create(client)
    await service.add_member(stranger, account.workspace_id, role)

    answer = await service.client(stranger).get(f"/v1/labels/{made['id']}")

    assert answer.json() == made


@pytest.mark.parametrize("role", [Role.EDITOR, Role.ADMIN, Role.OWNER])
async def test_member_who_edits_may_add_labels(service: Service, account: Account, stranger: Account, role: Role) -> None:
    await service.add_member(stranger, account.workspace_id, role)

    made = await create(service.client(stranger), workspace_id=account.workspace_id)

    assert made["workspace_id"] == account.workspace_id


@pytest.mark.parametrize("role", [Role.VIEWER, Role.COMMENTER, Role.COMPLETER])
async def test_member_who_reads_may_add_none(service: Service, account: Account, stranger: Account, role: Role) -> None:
    await service.add_member(stranger, account.workspace_id, role)

    answer = await service.client(stranger).post("/v1/labels", json={"name": "mine", "workspace_id": account.workspace_id})

    assert (told(answer), answer.json()["missing_role"]) == ((403, "role_too_low"), "editor")


async def test_guest_sees_the_labels_on_the_todos_of_the_list(
    service: Service, account: Account, client: httpx.AsyncClient, stranger: Account
) -> None:
    await create(client, "unused")
    await add_todo(client, labels=["private"])
    shared = (await client.post("/v1/lists", json={"name": "Shared"})).json()["id"]
    await add_todo(client, labels=["shared"], list_id=shared)
    await service.add_guest(stranger, shared, Role.VIEWER)

    assert await names(service.client(stranger)) == ["shared"]
    assert await names(service.client(account)) == ["private", "shared", "unused"]


async def test_guest_sees_no_label_of_a_deleted_todo(service: Service, client: httpx.AsyncClient, stranger: Account) -> None:
    shared = (await client.post("/v1/lists", json={"name": "Shared"})).json()["id"]
    todo = await add_todo(client, labels=["shared"], list_id=shared)
    await service.add_guest(stranger, shared, Role.VIEWER)

    await client.delete(f"/v1/todos/{todo['id']}")

    assert await names(service.client(stranger)) == []


async def test_guest_may_add_no_label_to_the_workspace(
    service: Service, account: Account, client: httpx.AsyncClient, stranger: Account
) -> None:
    shared = (await client.post("/v1/lists", json={"name": "Shared"})).json()["id"]
    await service.add_guest(stranger, shared, Role.EDITOR)

    answer = await service.client(stranger).post("/v1/labels", json={"name": "mine", "workspace_id": account.workspace_id})

    assert told(answer) == (404, "workspace_not_found")


async def test_stranger_is_told_as_of_a_missing_label(service: Service, client: httpx.AsyncClient, stranger: Account) -> None:
    made = await create(client)
    eve = service.client(stranger)

    foreign, missing = await eve.get(f"/v1/labels/{made['id']}"), await eve.get(f"/v1/labels/{UNKNOWN_ID}")

    assert told(foreign) == told(missing) == (404, "label_not_found")
    assert foreign.json()["detail"] == missing.json()["detail"]
    assert await names(eve) == []
