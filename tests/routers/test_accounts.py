import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select

from tests.support.clock import TestClock
from tests.support.service import PASSWORD, Account, Service, serving
from todo_api.db.base import Base
from todo_api.domain.permissions import Scope
from todo_api.models import LoginSession, User, Workspace
from todo_api.settings import Settings

REGISTRATION = {"email": "ada@example.com", "password": "seven quiet herons", "name": "Ada", "timezone": "Europe/Berlin"}
NEW_PASSWORD = "eleven loud magpies"


async def count(service: Service, model: type[Base]) -> int:
    async with service.state.database.snapshot() as session:
        return (await session.execute(select(func.count()).select_from(model))).scalar_one()


async def log_in(anonymous: httpx.AsyncClient, password: str = PASSWORD) -> dict[str, Any]:
    answer = await anonymous.post("/v1/auth/login", json={"email": "ada@example.com", "password": password})
    assert answer.status_code == 200, answer.text
    tokens: dict[str, Any] = answer.json()
    return tokens


def passwords(current: str = PASSWORD, new: str = NEW_PASSWORD) -> dict[str, str]:
    return {"current_password": current, "new_password": new}


@pytest.fixture
async def closed(settings: Settings, clock: TestClock, _emptied: None) -> AsyncIterator[Service]:
    async with serving(settings.model_copy(update={"registration": "closed"}), clock) as running:
        yield running


# --- register


async def test_register_answers_with_the_user_the_home_and_tokens(anonymous: httpx.AsyncClient) -> None:
    answer = await anonymous.post("/v1/auth/register", json=REGISTRATION)

    body = answer.json()
    assert answer.status_code == 201, answer.text
    assert body == {
        "user": {
            "id": body["user"]["id"],
            "email": "ada@example.com",
            "name": "Ada",
            "timezone": "Europe/Berlin",
            "week_start": "monday",
            "day_start": "09:00",
            "locale": "en",
            "version": 1,
            "created_at": "2027-03-10T09:00:00.000000Z",
            "updated_at": "2027-03-10T09:00:00.000000Z",
        },
        "workspace_id": body["workspace_id"],
        "inbox_id": body["inbox_id"],
        "tokens": {
            "access_token": body["tokens"]["access_token"],
            "refresh_token": body["tokens"]["refresh_token"],
            "token_type": "bearer",
            "expires_in": 900,
            "session_id": body["tokens"]["session_id"],
        },
    }


async def test_register_answer_is_not_stored_by_caches(anonymous: httpx.AsyncClient) -> None:
    answer = await anonymous.post("/v1/auth/register", json=REGISTRATION)

    assert answer.headers["cache-control"] == "no-store"


async def test_register_access_token_works_at_once(service: Service, anonymous: httpx.AsyncClient) -> None:
    made = (await anonymous.post("/v1/auth/register", json=REGISTRATION)).json()

    me = await service.client(token=made["tokens"]["access_token"]).get("/v1/me")

    assert me.json()["workspaces"] == [
        {
            "id": made["workspace_id"],
            "name": "Personal",
            "is_personal": True,
            "my_role": "owner",
            "inbox_id": made["inbox_id"],
        }
    ]


async def test_register_makes_the_inbox(service: Service, anonymous: httpx.AsyncClient) -> None:
    made = (await anonymous.post("/v1/auth/register", json=REGISTRATION)).json()

    lists = await service.client(token=made["tokens"]["access_token"]).get("/v1/lists")

    assert [(list_["id"], list_["name"], list_["is_inbox"]) for list_ in lists.json()["items"]] == [
        (made["inbox_id"], "Inbox", True)
    ]


async def test_register_logs_the_workspace_and_the_inbox(service: Service, anonymous: httpx.AsyncClient) -> None:
    made = (await anonymous.post("/v1/auth/register", json=REGISTRATION)).json()

    logged = await service.changes(made["workspace_id"])

    assert [(change.seq, change.kind, change.op, change.entity_id) for change in logged] == [
        (1, "workspace", "create", made["workspace_id"]),
        (2, "list", "create", made["inbox_id"]),
    ]
    assert {(change.actor_id, change.credential) for change in logged} == {(made["user"]["id"], "registration")}


async def test_register_without_a_name_takes_the_local_part(anonymous: httpx.AsyncClient) -> None:
    answer = await anonymous.post("/v1/auth/register", json={"email": "ada.l@example.com", "password": "seven quiet herons"})

    assert (answer.json()["user"]["name"], answer.json()["user"]["timezone"]) == ("ada.l", "UTC")


@pytest.mark.parametrize("email", ["ada@example.com", "ADA@example.com", "ada@EXAMPLE.COM"])
async def test_register_taken_email_is_refused(anonymous: httpx.AsyncClient, email: str) -> None:
    await anonymous.post("/v1/auth/register", json=REGISTRATION)

    answer = await anonymous.post("/v1/auth/register", json=REGISTRATION | {"email": email})

    assert (answer.status_code, answer.json()["code"]) == (409, "email_taken")


async def test_register_taken_email_leaves_nothing(service: Service, account: Account, anonymous: httpx.AsyncClient) -> None:
    await anonymous.post("/v1/auth/register", json=REGISTRATION | {"email": account.email})

    assert [await count(service, model) for model in (User, Workspace, LoginSession)] == [1, 1, 0]


async def test_register_at_once_with_one_email_makes_one_account(service: Service, anonymous: httpx.AsyncClient) -> None:
    answers = await asyncio.gather(*(anonymous.post("/v1/auth/register", json=REGISTRATION) for _ in range(8)))

    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 7
    assert [await count(service, model) for model in (User, Workspace, LoginSession)] == [1, 1, 1]


@pytest.mark.parametrize(
    "email",
    [
        "",
        "ada",
        "ada@",
        "@example.com",
        "ada@localhost",
        "ada@@example.com",
        "ada lovelace@example.com",
        " ada@example.com",
        "ada@example.com ",
        "Ada <ada@example.com>",
        "ada@example.com, eve@example.com",
        "ada@example..com",
        "ada\r\n@example.com",
        "ada\0@example.com",
        "a" * 250 + "@example.com",
        None,
        7,
    ],
)
async def test_register_bad_email_is_refused(anonymous: httpx.AsyncClient, email: object) -> None:
    answer = await anonymous.post("/v1/auth/register", json=REGISTRATION | {"email": email})

    assert answer.status_code == 422, answer.text
    assert [flaw["pointer"] for flaw in answer.json()["errors"]] == ["#/email"]


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("herons7", "password_too_short"),
        ("", "password_too_short"),
        ("heron" * 26, "password_too_long"),
        ("password1", "password_common"),
        ("aaaaaaaaaa", "password_common"),
        ("ada@example.com", "password_personal"),
        ("todo-api!", "password_personal"),
    ],
)
async def test_register_bad_password_is_refused(anonymous: httpx.AsyncClient, password: str, code: str) -> None:
    answer = await anonymous.post("/v1/auth/register", json=REGISTRATION | {"password": password})

    assert answer.status_code == 422
    assert [(flaw["pointer"], flaw["code"]) for flaw in answer.json()["errors"]] == [("#/password", code)]


async def test_register_password_with_half_a_surrogate_pair_is_refused(anonymous: httpx.AsyncClient) -> None:
    body = rb'{"email": "ada@example.com", "password": "seven quiet \ud800"}'

    answer = await anonymous.post("/v1/auth/register", content=body, headers={"Content-Type": "application/json"})

    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "password_not_text")


async def test_register_bad_password_leaves_nothing(service: Service, anonymous: httpx.AsyncClient) -> None:
    await anonymous.post("/v1/auth/register", json=REGISTRATION | {"password": "password1"})

    assert await count(service, User) == 0


async def test_register_never_repeats_the_password(anonymous: httpx.AsyncClient) -> None:
    answer = await anonymous.post("/v1/auth/register", json=REGISTRATION | {"password": "password1"})

    assert "password1" not in answer.text


@pytest.mark.parametrize(
    ("member", "value"),
    [("name", ""), ("name", " \t"), ("name", "a" * 201), ("name", "a\0b"), ("timezone", "Mars/Olympus"), ("is_admin", True)],
)
async def test_register_other_bad_member_is_refused(anonymous: httpx.AsyncClient, member: str, value: object) -> None:
    answer = await anonymous.post("/v1/auth/register", json=REGISTRATION | {member: value})

    assert answer.status_code == 422
    assert [flaw["pointer"] for flaw in answer.json()["errors"]] == [f"#/{member}"]


async def test_register_where_closed_is_refused(closed: Service) -> None:
    answer = await closed.client().post("/v1/auth/register", json=REGISTRATION)

    assert (answer.status_code, answer.json()["code"]) == (403, "registration_closed")
    assert await count(closed, User) == 0


@pytest.mark.parametrize(
    ("host", "registration", "is_open"),
    [
        ("127.0.0.1", None, True),
        ("127.8.8.8", None, True),
        ("::1", None, True),
        ("localhost", None, True),
        ("0.0.0.0", None, False),  # noqa: S104  # not bound
        ("::", None, False),
        ("192.168.1.7", None, False),
        ("todo.example.com", None, False),
        ("0.0.0.0", "open", True),  # noqa: S104  # not bound
        ("127.0.0.1", "closed", False),
    ],
)
def test_registration_is_open_by_default_only_on_loopback(host: str, registration: Any, is_open: bool) -> None:  # noqa: FBT001  # a column
    settings = Settings(host=host, registration=registration)

    assert settings.registration_open is is_open


async def test_register_repeated_with_its_key_gives_the_same_tokens(service: Service, anonymous: httpx.AsyncClient) -> None:
    headers = {"Idempotency-Key": "first-try"}
    first = await anonymous.post("/v1/auth/register", json=REGISTRATION, headers=headers)

    second = await anonymous.post("/v1/auth/register", json=REGISTRATION, headers=headers)

    assert (second.status_code, second.content) == (201, first.content)
    assert second.headers["idempotent-replayed"] == "true"
    assert await count(service, User) == 1


async def test_register_at_once_with_one_key_makes_one_account(service: Service, anonymous: httpx.AsyncClient) -> None:
    headers = {"Idempotency-Key": "impatient"}

    answers = await asyncio.gather(*(anonymous.post("/v1/auth/register", json=REGISTRATION, headers=headers) for _ in range(8)))

    assert {answer.status_code for answer in answers} <= {201, 409}  # 409: the first one still runs
    assert len({answer.content for answer in answers if answer.status_code == 201}) == 1
    assert await count(service, User) == 1


# --- change the password


async def test_change_password_takes_the_new_one(client: httpx.AsyncClient, anonymous: httpx.AsyncClient) -> None:
    answer = await client.post("/v1/auth/password", json=passwords())

    assert (answer.status_code, answer.content) == (204, b"")
    assert (await log_in(anonymous, NEW_PASSWORD))["token_type"] == "bearer"


async def test_change_password_refuses_the_old_one(client: httpx.AsyncClient, anonymous: httpx.AsyncClient) -> None:
    await client.post("/v1/auth/password", json=passwords())

    answer = await anonymous.post("/v1/auth/login", json={"email": "ada@example.com", "password": PASSWORD})

    assert answer.status_code == 401


@pytest.mark.usefixtures("account")
async def test_change_password_keeps_this_session_and_ends_the_others(service: Service, anonymous: httpx.AsyncClient) -> None:
    this, other = await log_in(anonymous), await log_in(anonymous)

    await service.client(token=this["access_token"]).post("/v1/auth/password", json=passwords())

    assert (await service.client(token=this["access_token"]).get("/v1/me")).status_code == 200
    assert (await service.client(token=other["access_token"]).get("/v1/me")).status_code == 401


@pytest.mark.usefixtures("account")
async def test_change_password_ends_the_refresh_tokens_of_the_others(service: Service, anonymous: httpx.AsyncClient) -> None:
    this, other = await log_in(anonymous), await log_in(anonymous)
    await service.client(token=this["access_token"]).post("/v1/auth/password", json=passwords())

    kept = await anonymous.post("/v1/auth/refresh", json={"refresh_token": this["refresh_token"]})
    ended = await anonymous.post("/v1/auth/refresh", json={"refresh_token": other["refresh_token"]})

    assert (kept.status_code, ended.status_code) == (200, 401)


async def test_change_password_by_a_key_ends_all_sessions(
    service: Service, client: httpx.AsyncClient, anonymous: httpx.AsyncClient
) -> None:
    tokens = await log_in(anonymous)

    await client.post("/v1/auth/password", json=passwords())

    assert (await service.client(token=tokens["access_token"]).get("/v1/me")).status_code == 401


async def test_change_password_with_a_wrong_current_one_is_refused(
    client: httpx.AsyncClient, anonymous: httpx.AsyncClient
) -> None:
    tokens = await log_in(anonymous)

    answer = await client.post("/v1/auth/password", json=passwords(current="not the password"))

    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_credentials")
    assert (await anonymous.post("/v1/auth/refresh", json={"refresh_token": tokens["refresh_token"]})).status_code == 200


async def test_change_password_sixth_guess_must_wait(client: httpx.AsyncClient) -> None:
    guesses = [await client.post("/v1/auth/password", json=passwords(current="not the password")) for _ in range(6)]

    assert [guess.status_code for guess in guesses] == [401, 401, 401, 401, 401, 429]
    assert guesses[5].headers["retry-after"] == "1"


@pytest.mark.parametrize(
    ("new", "code"),
    [("herons7", "password_too_short"), ("password1", "password_common"), ("ada@example.com", "password_personal")],
)
async def test_change_password_to_a_bad_one_is_refused(client: httpx.AsyncClient, new: str, code: str) -> None:
    answer = await client.post("/v1/auth/password", json=passwords(new=new))

    assert answer.status_code == 422
    assert [(flaw["pointer"], flaw["code"]) for flaw in answer.json()["errors"]] == [("#/new_password", code)]


@pytest.mark.parametrize("member", ["current_password", "new_password"])
async def test_change_password_with_half_a_surrogate_pair_is_refused(client: httpx.AsyncClient, member: str) -> None:
    other = "new_password" if member == "current_password" else "current_password"
    body = f'{{"{member}": "seven quiet \\ud800", "{other}": "correct horse battery"}}'

    answer = await client.post("/v1/auth/password", content=body, headers={"Content-Type": "application/json"})

    assert answer.status_code == 422, answer.text
    assert [flaw["pointer"] for flaw in answer.json()["errors"]] == [f"#/{member}"]


async def test_change_password_counts_the_user_version(client: httpx.AsyncClient) -> None:
    await client.post("/v1/auth/password", json=passwords())

    assert (await client.get("/v1/me")).json()["version"] == 2


async def test_change_password_without_the_scope_is_refused(service: Service, account: Account) -> None:
    key = await service.key(account, set(Scope) - {Scope.KEYS_MANAGE})

    answer = await service.client(key=key).post("/v1/auth/password", json=passwords())

    assert (answer.status_code, answer.json()["missing_scope"]) == (403, "keys:manage")


async def test_change_password_repeated_with_its_key_is_replayed(client: httpx.AsyncClient) -> None:
    headers = {"Idempotency-Key": "change"}
    await client.post("/v1/auth/password", json=passwords(), headers=headers)

    again = await client.post("/v1/auth/password", json=passwords(), headers=headers)

    assert (again.status_code, again.headers["idempotent-replayed"]) == (204, "true")
