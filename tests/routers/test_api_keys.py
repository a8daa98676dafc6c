from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import httpx
import pytest

from tests.support.clock import TestClock
from tests.support.service import Account, Service
from todo_api.domain.permissions import ALL_SCOPES, Scope
from todo_api.security import api_keys
from todo_api.worker import upkeep

UNKNOWN_ID = "01900000-0000-7000-8000-000000000000"
ALL_WORDS = [
    "comments:write",
    "keys:manage",
    "lists:read",
    "lists:write",
    "todos:complete",
    "todos:read",
    "todos:write",
    "webhooks:manage",
    "workspace:manage",
]


async def create(client: httpx.AsyncClient, **members: Any) -> dict[str, Any]:
    answer = await client.post("/v1/keys", json={"name": "Script", "preset": "full"} | members)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def create_list(client: httpx.AsyncClient, name: str = "Home") -> str:
    list_id: str = (await client.post("/v1/lists", json={"name": name})).json()["id"]
    return list_id


async def maker(service: Service, account: Account, scopes: Iterable[Scope]) -> httpx.AsyncClient:
    return service.client(key=await service.key(account, scopes))


# --- create


async def test_create_key_answers_with_its_text(client: httpx.AsyncClient) -> None:
    answer = await client.post("/v1/keys", json={"name": "Backup", "preset": "read-only"})

    body = answer.json()
    assert answer.status_code == 201, answer.text
    assert body == {
        "id": body["id"],
        "name": "Backup",
        "scopes": ["lists:read", "todos:read"],
        "list_ids": None,
        "expires_at": None,
        "last_used_at": None,
        "version": 1,
        "created_at": "2027-03-10T09:00:00.000000Z",
        "updated_at": "2027-03-10T09:00:00.000000Z",
        "key": body["key"],
    }
    assert (answer.headers["location"], answer.headers["etag"]) == (f"/v1/keys/{body['id']}", '"1"')
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("preset", "scopes"),
    [
        ("full", ALL_WORDS),
        ("read-only", ["lists:read", "todos:read"]),
        ("complete-only", ["lists:read", "todos:complete", "todos:read"]),
    ],
)
async def test_create_key_preset_names_its_scopes(client: httpx.AsyncClient, preset: str, scopes: list[str]) -> None:
    made = await create(client, preset=preset)

    assert made["scopes"] == scopes


async def test_create_capture_only_key_takes_one_list(client: httpx.AsyncClient, account: Account) -> None:
    made = await create(client, preset="capture-only", list_ids=[account.inbox_id])

    assert (made["scopes"], made["list_ids"]) == (["todos:write"], [account.inbox_id])


async def test_create_key_keeps_scopes_once_and_in_order(client: httpx.AsyncClient) -> None:
    made = await create(client, preset=None, scopes=["todos:read", "lists:read", "todos:read"])

    assert made["scopes"] == ["lists:read", "todos:read"]


@pytest.mark.parametrize(
    ("members", "pointers"),
    [
        ({"name": None}, ["#/name"]),
        ({"name": " "}, ["#/name"]),
        ({"preset": None}, ["#"]),
        ({"scopes": ["todos:read"]}, ["#"]),
        ({"preset": None, "scopes": []}, ["#/scopes"]),
        ({"preset": None, "scopes": ["todos:delete"]}, ["#/scopes/0"]),
        ({"preset": "admin"}, ["#/preset"]),
        ({"preset": "capture-only"}, ["#"]),
        ({"preset": "capture-only", "list_ids": [UNKNOWN_ID, UNKNOWN_ID]}, ["#"]),
        ({"list_ids": []}, ["#/list_ids"]),
        ({"list_ids": ["inbox"]}, ["#/list_ids/0"]),
        ({"expires_at": "2027-03-10T09:00:00Z"}, ["#/expires_at"]),
        ({"expires_at": "2027-03-11"}, ["#/expires_at"]),
        ({"key": "todo_mine"}, ["#/key"]),
    ],
)
async def test_create_key_bad_member_is_refused(client: httpx.AsyncClient, members: dict[str, Any], pointers: list[str]) -> None:
    answer = await client.post("/v1/keys", json={"name": "Script", "preset": "full"} | members)

    assert answer.status_code == 422, answer.text
    assert [flaw["pointer"] for flaw in answer.json()["errors"]] == pointers


async def test_create_key_for_an_invisible_list_is_refused(client: httpx.AsyncClient, stranger: Account) -> None:
    answer = await client.post("/v1/keys", json={"name": "Script", "preset": "full", "list_ids": [stranger.inbox_id]})

    assert (answer.status_code, answer.json()["code"]) == (404, "list_not_found")
    assert len((await client.get("/v1/keys")).json()["items"]) == 1


async def test_create_key_repeated_with_its_key_shows_the_same_text(client: httpx.AsyncClient) -> None:
    body, headers = {"name": "Script", "preset": "full"}, {"Idempotency-Key": "once"}
    first = await client.post("/v1/keys", json=body, headers=headers)

    second = await client.post("/v1/keys", json=body, headers=headers)

    assert (second.content, second.headers["idempotent-replayed"]) == (first.content, "true")


# --- use


@pytest.mark.parametrize("header", ["X-API-Key", "Authorization"])
async def test_key_works_in_both_headers(service: Service, client: httpx.AsyncClient, account: Account, header: str) -> None:
    key = (await create(client))["key"]

    answer = await service.client().get("/v1/me", headers={header: f"Bearer {key}" if header == "Authorization" else key})

    assert answer.json()["id"] == account.user_id


async def test_key_tells_its_scopes(service: Service, client: httpx.AsyncClient) -> None:
    key = (await create(client, preset="read-only"))["key"]

    me = await service.client(key=key).get("/v1/me")

    assert (me.json()["scopes"], me.json()["list_ids"]) == (["lists:read", "todos:read"], None)


async def test_key_that_writes_todos_may_complete_them(service: Service, client: httpx.AsyncClient) -> None:
    key = (await create(client, preset=None, scopes=["todos:write"]))["key"]

    me = await service.client(key=key).get("/v1/me")

    assert me.json()["scopes"] == ["todos:complete", "todos:write"]


@pytest.mark.parametrize("position", [0, 10, 27, 40, 76])
async def test_key_with_a_typo_is_refused(service: Service, client: httpx.AsyncClient, position: int) -> None:
    key = (await create(client))["key"]
    typo = key[:position] + ("x" if key[position] != "x" else "y") + key[position + 1 :]

    answer = await service.client(key=typo).get("/v1/me")

    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")


async def test_key_with_another_keys_secret_is_refused(service: Service, client: httpx.AsyncClient) -> None:
    made = await create(client)

    answer = await service.client(key=api_keys.generate(made["id"])).get("/v1/me")

    assert answer.status_code == 401


async def test_key_expires(service: Service, client: httpx.AsyncClient, clock: TestClock) -> None:
    made = await create(client, expires_at="2027-03-10T10:00:00Z")
    script = service.client(key=made["key"])

    clock.advance(minutes=59, seconds=59)
    before = await script.get("/v1/me")
    clock.advance(seconds=1)
    after = await script.get("/v1/me")

    assert made["expires_at"] == "2027-03-10T10:00:00.000000Z"
    assert (before.status_code, after.status_code) == (200, 401)


async def test_last_used_at_is_written_by_upkeep(service: Service, client: httpx.AsyncClient, clock: TestClock) -> None:
    made = await create(client)
    clock.advance(minutes=5)
    await service.client(key=made["key"]).get("/v1/me")

    before = (await client.get(f"/v1/keys/{made['id']}")).json()
    await upkeep.flush_last_used(service.state)
    after = (await client.get(f"/v1/keys/{made['id']}")).json()

    assert before["last_used_at"] is None
    assert after == before | {"last_used_at": "2027-03-10T09:05:00.000000Z"}


# --- never more than the maker


@pytest.mark.parametrize(
    ("maker_scopes", "scopes", "missing"),
    [
        ({Scope.KEYS_MANAGE}, ["todos:read"], "todos:read"),
        ({Scope.KEYS_MANAGE, Scope.TODOS_READ}, ["todos:read", "todos:write"], "todos:complete"),
        ({Scope.KEYS_MANAGE, Scope.TODOS_COMPLETE}, ["todos:write"], "todos:write"),
        (ALL_SCOPES - {Scope.WORKSPACE_MANAGE}, ALL_WORDS, "workspace:manage"),
    ],
)
async def test_create_key_with_more_than_its_maker_is_refused(
    service: Service, account: Account, maker_scopes: set[Scope], scopes: list[str], missing: str
) -> None:
    client = await maker(service, account, maker_scopes)

    answer = await client.post("/v1/keys", json={"name": "Script", "scopes": scopes})

    assert (answer.status_code, answer.json()["code"], answer.json()["missing_scope"]) == (403, "scope_missing", missing)


@pytest.mark.parametrize("scopes", [["todos:write"], ["todos:complete"], ["keys:manage"]])
async def test_create_key_with_as_much_as_its_maker_is_fine(service: Service, account: Account, scopes: list[str]) -> None:
    client = await maker(service, account, {Scope.KEYS_MANAGE, Scope.TODOS_WRITE})

    answer = await client.post("/v1/keys", json={"name": "Script", "scopes": scopes})

    assert answer.status_code == 201


@pytest.mark.parametrize("expires_at", [None, "2027-03-11T09:00:01Z"])
async def test_create_key_that_outlives_its_maker_is_refused(
    service: Service, account: Account, clock: TestClock, expires_at: str | None
) -> None:
    key = await service.key(account, expires_at=clock() + timedelta(days=1))

    answer = await service.client(key=key).post("/v1/keys", json={"name": "x", "preset": "full", "expires_at": expires_at})

    assert answer.status_code == 422, answer.text
    assert [(flaw["pointer"], flaw["code"]) for flaw in answer.json()["errors"]] == [("#/expires_at", "outlives_maker")]


async def test_create_key_that_ends_with_its_maker_is_fine(service: Service, account: Account, clock: TestClock) -> None:
    key = await service.key(account, expires_at=clock() + timedelta(days=1))

    made = await create(service.client(key=key), expires_at="2027-03-11T09:00:00Z")

    assert made["expires_at"] == "2027-03-11T09:00:00.000000Z"


# --- list, get, revoke


async def test_list_keys_shows_the_oldest_first_without_secrets(client: httpx.AsyncClient) -> None:
    first, second = await create(client, name="first"), await create(client, name="second")

    items = (await client.get("/v1/keys")).json()["items"]

    shown = [{name: value for name, value in made.items() if name != "key"} for made in (first, second)]
    assert (items[0]["name"], items[1:]) == ("tests", shown)


async def test_list_keys_pages(client: httpx.AsyncClient) -> None:
    await create(client, name="first")
    await create(client, name="second")

    page = (await client.get("/v1/keys", params={"limit": 2})).json()
    rest = (await client.get("/v1/keys", params={"limit": 2, "cursor": page["next_cursor"]})).json()

    assert [item["name"] for item in page["items"]] == ["tests", "first"]
    assert ([item["name"] for item in rest["items"]], rest["next_cursor"]) == (["second"], None)


async def test_list_keys_shows_nobody_elses(service: Service, client: httpx.AsyncClient, stranger: Account) -> None:
    await create(client)

    items = (await service.client(stranger).get("/v1/keys")).json()["items"]

    assert [item["name"] for item in items] == ["tests"]


async def test_get_key_never_shows_the_secret_again(client: httpx.AsyncClient) -> None:
    made = await create(client)
    key = made.pop("key")

    answer = await client.get(f"/v1/keys/{made['id']}")

    assert answer.json() == made
    assert (answer.headers["etag"], key in answer.text) == ('"1"', False)


async def test_get_key_that_is_known_is_not_modified(client: httpx.AsyncClient) -> None:
    made = await create(client)

    answer = await client.get(f"/v1/keys/{made['id']}", headers={"If-None-Match": '"1"'})

    assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", '"1"')


async def test_revoke_key_kills_it_at_once(service: Service, client: httpx.AsyncClient) -> None:
    made = await create(client)
    script = service.client(key=made["key"])
    await script.get("/v1/me")

    answer = await client.delete(f"/v1/keys/{made['id']}")

    assert (answer.status_code, answer.content) == (204, b"")
    assert (await script.get("/v1/me")).status_code == 401


async def test_revoke_key_again_answers_the_same(client: httpx.AsyncClient) -> None:
    made = await create(client)
    await client.delete(f"/v1/keys/{made['id']}")

    answer = await client.delete(f"/v1/keys/{made['id']}")

    assert answer.status_code == 204


async def test_revoked_key_is_shown_no_more(client: httpx.AsyncClient) -> None:
    made = await create(client)
    await client.delete(f"/v1/keys/{made['id']}")

    listed = (await client.get("/v1/keys")).json()["items"]

    assert [item["name"] for item in listed] == ["tests"]
    assert (await client.get(f"/v1/keys/{made['id']}")).status_code == 404


@pytest.mark.parametrize("method", ["GET", "DELETE"])
async def test_key_of_somebody_else_is_told_as_a_missing_one(
    service: Service, client: httpx.AsyncClient, stranger: Account, method: str
) -> None:
    made = await create(client)

    foreign = await service.client(stranger).request(method, f"/v1/keys/{made['id']}")
    missing = await client.request(method, f"/v1/keys/{UNKNOWN_ID}")

    assert (foreign.status_code, foreign.json()["code"]) == (404, "api_key_not_found")
    assert (missing.status_code, missing.json()["detail"]) == (404, foreign.json()["detail"])
    assert (await service.client(key=made["key"]).get("/v1/me")).status_code == 200
