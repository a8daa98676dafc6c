from typing import Any

import httpx
import pytest

from tests.support.clock import TestClock
from tests.support.service import Account, Service
from todo_api.domain.permissions import Role, Scope
from todo_api.repositories.users import UserRepository

UNKNOWN_ID = "01900000-0000-7000-8000-000000000000"


def user(account: Account) -> dict[str, Any]:
    return {
        "id": account.user_id,
        "email": "ada@example.com",
        "name": "ada",
        "timezone": "UTC",
        "week_start": "monday",
        "day_start": "09:00",
        "locale": "en",
        "version": 1,
        "created_at": "2027-03-10T09:00:00.000000Z",
        "updated_at": "2027-03-10T09:00:00.000000Z",
    }


def told(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


async def test_get_me_tells_who_what_and_how_much(client: httpx.AsyncClient, account: Account) -> None:
    answer = await client.get("/v1/me")

    assert answer.status_code == 200, answer.text
    assert answer.json() == user(account) | {
        "scopes": [
            "comments:write",
            "keys:manage",
            "lists:read",
            "lists:write",
            "todos:complete",
            "todos:read",
            "todos:write",
            "webhooks:manage",
            "workspace:manage",
        ],
        "list_ids": None,
        "workspaces": [
            {
                "id": account.workspace_id,
                "name": "Personal",
                "is_personal": True,
                "my_role": "owner",
                "inbox_id": account.inbox_id,
            }
        ],
        "limits": {
            "max_body_bytes": 1048576,
            "page_limit": 200,
            "title_length": 1000,
            "notes_bytes": 65536,
            "comment_bytes": 16384,
            "nesting_depth": 5,
        },
    }
    assert answer.headers["etag"] == '"1"'


async def test_get_me_never_shows_the_password(client: httpx.AsyncClient) -> None:
    answer = await client.get("/v1/me")

    assert "argon2" not in answer.text


async def test_get_me_needs_no_scope(service: Service, account: Account) -> None:
    client = service.client(key=await service.key(account, []))

    answer = await client.get("/v1/me")

    assert (answer.status_code, answer.json()["scopes"]) == (200, [])


async def test_get_me_names_every_workspace(service: Service, account: Account, stranger: Account) -> None:
    await service.add_member(stranger, account.workspace_id, Role.VIEWER)

    workspaces = (await service.client(stranger).get("/v1/me")).json()["workspaces"]

    assert [(workspace["id"], workspace["my_role"]) for workspace in workspaces] == [
        (account.workspace_id, "viewer"),
        (stranger.workspace_id, "owner"),
    ]


async def test_get_me_is_always_told_whole_because_it_depends_on_the_credential(client: httpx.AsyncClient) -> None:
    answer = await client.get("/v1/me", headers={"If-None-Match": '"1"'})

    assert (answer.status_code, answer.json()["version"], answer.headers["etag"]) == (200, 1, '"1"')


async def test_get_me_with_a_zone_that_is_no_more_falls_back_to_utc(service: Service) -> None:
    account = await service.account(timezone="Mars/Olympus")

    answer = await service.client(account).get("/v1/me")

    assert (answer.status_code, answer.json()["timezone"]) == (200, "Mars/Olympus")


# --- update


async def test_update_me_changes_what_was_sent(client: httpx.AsyncClient, account: Account, clock: TestClock) -> None:
    clock.advance(minutes=1)

    answer = await client.patch("/v1/me", json={"timezone": "Europe/Berlin"})

    assert answer.status_code == 200, answer.text
    assert answer.json() == user(account) | {
        "timezone": "Europe/Berlin",
        "week_start": "monday",
        "day_start": "09:00",
        "locale": "en",
        "version": 2,
        "updated_at": "2027-03-10T09:01:00.000000Z",
    }
    assert answer.headers["etag"] == '"2"'


async def test_update_me_is_what_is_read_afterwards(client: httpx.AsyncClient) -> None:
    changed = await client.patch("/v1/me", json={"name": "Ada Lovelace"})

    me = (await client.get("/v1/me")).json()

    assert {name: me[name] for name in changed.json()} == changed.json()


async def test_update_me_moves_floating_dates_along(client: httpx.AsyncClient) -> None:
    todo = (await client.post("/v1/todos", json={"title": "Milk", "due": "2027-03-14T09:00"})).json()

    await client.patch("/v1/me", json={"timezone": "Europe/Berlin"})

    moved = (await client.get(f"/v1/todos/{todo['id']}")).json()
    assert (todo["due_at"], moved["due_at"]) == ("2027-03-14T09:00:00.000000Z", "2027-03-14T08:00:00.000000Z")


@pytest.mark.parametrize("patch", [{}, {"name": "ada"}, {"name": "ada", "timezone": "UTC"}])
async def test_update_me_that_changes_nothing_keeps_the_version(
    client: httpx.AsyncClient, account: Account, clock: TestClock, patch: dict[str, Any]
) -> None:
    clock.advance(minutes=1)

    answer = await client.patch("/v1/me", json=patch)

    assert (answer.status_code, answer.json(), answer.headers["etag"]) == (200, user(account), '"1"')


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("name", None),
        ("name", ""),
        ("name", " "),
        ("name", "a" * 201),
        ("name", "\x1b[31m"),
        ("timezone", None),
        ("timezone", "europe/berlin"),
        ("timezone", "../etc/passwd"),
        ("timezone", "localtime"),
        ("timezone", 1),
        ("email", "eve@example.com"),
        ("id", UNKNOWN_ID),
        ("version", 7),
        ("scopes", []),
    ],
)
async def test_update_me_bad_member_is_refused(client: httpx.AsyncClient, member: str, value: object) -> None:
    answer = await client.patch("/v1/me", json={member: value})

    assert told(answer) == (422, "invalid_input")
    assert [flaw["pointer"] for flaw in answer.json()["errors"]] == [f"#/{member}"]


async def test_update_me_of_the_expected_version_is_made(client: httpx.AsyncClient) -> None:
    answer = await client.patch("/v1/me", json={"name": "Ada"}, headers={"If-Match": '"1"'})

    assert (answer.status_code, answer.headers["etag"]) == (200, '"2"')


async def test_update_me_of_another_version_is_refused(client: httpx.AsyncClient, account: Account) -> None:
    answer = await client.patch("/v1/me", json={"name": "Ada"}, headers={"If-Match": '"2"'})

    assert told(answer) == (412, "version_mismatch")
    assert answer.json()["current"] == user(account)


async def test_update_me_repeated_with_its_key_is_made_once(client: httpx.AsyncClient) -> None:
    headers = {"Idempotency-Key": "once"}
    first = await client.patch("/v1/me", json={"name": "Ada"}, headers=headers)
    await client.patch("/v1/me", json={"name": "Countess"})

    again = await client.patch("/v1/me", json={"name": "Ada"}, headers=headers)

    assert (again.content, again.headers["idempotent-replayed"]) == (first.content, "true")
    assert (await client.get("/v1/me")).json()["name"] == "Countess"


async def test_update_me_without_the_scope_is_refused(service: Service, account: Account) -> None:
    client = service.client(key=await service.key(account, set(Scope) - {Scope.WORKSPACE_MANAGE}))

    answer = await client.patch("/v1/me", json={"name": "Ada"})

    assert (told(answer), answer.json()["missing_scope"]) == ((403, "scope_missing"), "workspace:manage")


async def test_update_me_touches_nobody_else(service: Service, client: httpx.AsyncClient, stranger: Account) -> None:
    await client.patch("/v1/me", json={"name": "Ada"})

    async with service.state.database.snapshot() as session:
        other = await UserRepository(session, service.clock).get(stranger.user_id)
    assert (other.name, other.version) == ("eve", 1)
