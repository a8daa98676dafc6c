"""The first account, which the settings may name."""

import asyncio
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError
from sqlalchemy import func, select

from tests.support.clock import TestClock
from tests.support.service import Service, serving
from todo_api.db.base import Base
from todo_api.errors import StartupError
from todo_api.models import ApiKey, User, Workspace
from todo_api.security import api_keys
from todo_api.settings import Settings

pytestmark = pytest.mark.usefixtures("_emptied")

EMAIL = "root@example.com"
PASSWORD = "seven quiet herons"
KEY = "todo_02wndAAHBC95f4Al8rNFlB_003aUlTJC7tjlCTQj2uNU3MFagCXG9LRKRcwGkBIDlf3qKpKw"
BROKEN_KEY = KEY[:-1] + "x"


def named(settings: Settings, *, email: str = EMAIL, password: str = PASSWORD, key: str | None = None) -> Settings:
    secret = None if key is None else SecretStr(key)
    values: dict[str, Any] = {"bootstrap_email": email, "bootstrap_password": SecretStr(password), "bootstrap_api_key": secret}
    return settings.model_copy(update=values)


async def count(service: Service, model: type[Base]) -> int:
    async with service.state.database.snapshot() as session:
        return (await session.execute(select(func.count()).select_from(model))).scalar_one()


async def log_in(service: Service, password: str = PASSWORD) -> int:
    return (await service.client().post("/v1/auth/login", json={"email": EMAIL, "password": password})).status_code


async def test_bootstrap_makes_the_account_with_its_home(settings: Settings, clock: TestClock) -> None:
    async with serving(named(settings, key=KEY), clock) as service:
        me = (await service.client(key=KEY).get("/v1/me")).json()

        assert (me["email"], me["name"], me["timezone"]) == (EMAIL, "root", "UTC")
        assert [(workspace["name"], workspace["my_role"]) for workspace in me["workspaces"]] == [("Personal", "owner")]
        assert me["workspaces"][0]["inbox_id"] is not None


async def test_bootstrap_account_can_log_in(settings: Settings, clock: TestClock) -> None:
    async with serving(named(settings), clock) as service:
        assert await log_in(service) == 200


async def test_bootstrap_key_may_do_everything(settings: Settings, clock: TestClock) -> None:
    async with serving(named(settings, key=KEY), clock) as service:
        me = (await service.client(key=KEY).get("/v1/me")).json()

        assert (len(me["scopes"]), me["list_ids"]) == (9, None)


async def test_bootstrap_without_a_key_makes_none(settings: Settings, clock: TestClock) -> None:
    async with serving(named(settings), clock) as service:
        assert (await count(service, User), await count(service, ApiKey)) == (1, 0)


async def test_start_without_bootstrap_makes_no_account(settings: Settings, clock: TestClock) -> None:
    async with serving(settings, clock) as service:
        assert await count(service, User) == 0


async def test_bootstrap_twice_makes_one_account(settings: Settings, clock: TestClock) -> None:
    async with serving(named(settings, key=KEY), clock):
        pass

    async with serving(named(settings, key=KEY), clock) as service:
        assert [await count(service, model) for model in (User, Workspace, ApiKey)] == [1, 1, 1]


async def test_bootstrap_at_once_makes_one_account(settings: Settings, clock: TestClock) -> None:
    both_serve = asyncio.Barrier(4)

    async def start() -> int:
        async with serving(named(settings, key=KEY), clock) as service:
            await both_serve.wait()
            return await count(service, User)

    assert await asyncio.gather(*(start() for _ in range(4))) == [1, 1, 1, 1]


async def test_bootstrap_does_not_change_the_password_later(settings: Settings, clock: TestClock) -> None:
    async with serving(named(settings), clock):
        pass

    async with serving(named(settings, password="eleven loud magpies"), clock) as service:
        assert (await log_in(service), await log_in(service, "eleven loud magpies")) == (200, 401)


async def test_bootstrap_does_not_bring_a_revoked_key_back(settings: Settings, clock: TestClock) -> None:
    async with serving(named(settings, key=KEY), clock) as service:
        client = service.client(key=KEY)
        await client.delete(f"/v1/keys/{(await client.get('/v1/keys')).json()['items'][0]['id']}")

    async with serving(named(settings, key=KEY), clock) as service:
        assert (await service.client(key=KEY).get("/v1/me")).status_code == 401


async def test_bootstrap_where_an_account_exists_does_nothing(settings: Settings, clock: TestClock) -> None:
    async with serving(settings, clock) as service:
        await service.account("ada@example.com")

    async with serving(named(settings, key=KEY), clock) as service:
        assert await count(service, User) == 1
        assert (await log_in(service), (await service.client(key=KEY).get("/v1/me")).status_code) == (401, 401)


async def test_bootstrap_ignores_closed_registration(settings: Settings, clock: TestClock) -> None:
    async with serving(named(settings).model_copy(update={"registration": "closed"}), clock) as service:
        assert await log_in(service) == 200


@pytest.mark.parametrize("email", ["root", "root@localhost", "", "Root <root@example.com>"])
async def test_bootstrap_with_a_bad_email_does_not_start(settings: Settings, clock: TestClock, email: str) -> None:
    with pytest.raises(StartupError, match=r"^TODO_API_BOOTSTRAP_EMAIL or _PASSWORD: "):
        async with serving(named(settings, email=email), clock):
            pass


@pytest.mark.parametrize("password", ["herons7", "password1", "root@example.com", "heron" * 30])
async def test_bootstrap_with_a_bad_password_does_not_start(settings: Settings, clock: TestClock, password: str) -> None:
    with pytest.raises(StartupError, match=r"^The first account cannot be made: ") as raised:
        async with serving(named(settings, password=password), clock):
            pass

    assert password not in str(raised.value)


@pytest.mark.parametrize("key", ["secret", BROKEN_KEY, "", KEY + "\n"])
async def test_bootstrap_with_a_bad_key_does_not_start(settings: Settings, clock: TestClock, key: str) -> None:
    with pytest.raises(StartupError, match=r"^TODO_API_BOOTSTRAP_API_KEY is not an API key\. "):
        async with serving(named(settings, key=key), clock):
            pass


async def test_bootstrap_that_fails_leaves_nothing(settings: Settings, clock: TestClock) -> None:
    with pytest.raises(StartupError):
        async with serving(named(settings, password="password1", key=KEY), clock):
            pass

    async with serving(settings, clock) as service:
        assert [await count(service, model) for model in (User, Workspace, ApiKey)] == [0, 0, 0]


async def test_bootstrap_takes_a_generated_key(settings: Settings, clock: TestClock) -> None:
    key = api_keys.generate()

    async with serving(named(settings, key=key), clock) as service:
        assert (await service.client(key=key).get("/v1/me")).status_code == 200


# --- the settings


def test_settings_read_the_first_account_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TODO_API_BOOTSTRAP_EMAIL", EMAIL)
    monkeypatch.setenv("TODO_API_BOOTSTRAP_PASSWORD", PASSWORD)
    monkeypatch.setenv("TODO_API_BOOTSTRAP_API_KEY", KEY)

    settings = Settings.from_env()

    assert settings.bootstrap_email == EMAIL
    assert settings.bootstrap_password == SecretStr(PASSWORD)
    assert settings.bootstrap_api_key == SecretStr(KEY)


@pytest.mark.parametrize(
    "half",
    [
        {"bootstrap_email": EMAIL},
        {"bootstrap_password": PASSWORD},
        {"bootstrap_api_key": KEY},
        {"bootstrap_email": EMAIL, "bootstrap_api_key": KEY},
    ],
)
def test_settings_with_half_an_account_are_refused(half: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="TODO_API_BOOTSTRAP_") as raised:
        Settings(**half)

    assert PASSWORD not in str(raised.value)
    assert KEY not in str(raised.value)
