from datetime import datetime, timedelta

import httpx
import pytest
from sqlalchemy import func, insert, select

from tests.support.clock import TestClock
from tests.support.service import PASSWORD, Account, Service, serving
from todo_api.db.base import Base
from todo_api.models import ApiKey, IdempotencyRecord, LoginSession, LoginThrottle, RefreshToken
from todo_api.worker import upkeep


async def count(service: Service, model: type[Base]) -> int:
    async with service.state.database.snapshot() as session:
        return (await session.execute(select(func.count()).select_from(model))).scalar_one()


async def last_used(service: Service) -> dict[str, datetime | None]:
    async with service.state.database.snapshot() as session:
        rows = (await session.execute(select(ApiKey.id, ApiKey.last_used_at))).all()
    return {row.id: row.last_used_at for row in rows}


async def remember(service: Service, number: int, at: datetime) -> None:
    values = {"fingerprint": "f", "status": 201, "headers": {}, "body": b"", "created_at": at}
    async with service.state.database.transaction() as session:
        await session.execute(insert(IdempotencyRecord), [values | {"scope": str(scope)} for scope in range(number)])


async def log_in(anonymous: httpx.AsyncClient, password: str = PASSWORD) -> None:
    await anonymous.post("/v1/auth/login", json={"email": "ada@example.com", "password": password})


# --- purge


async def test_purge_deletes_answers_after_24_hours(service: Service, client: httpx.AsyncClient, clock: TestClock) -> None:
    await client.post("/v1/todos", json={"title": "Milk"}, headers={"Idempotency-Key": "old"})

    clock.advance(hours=24, seconds=1)
    await client.post("/v1/todos", json={"title": "Milk"}, headers={"Idempotency-Key": "new"})
    await upkeep.purge(service.state)

    again = await client.post("/v1/todos", json={"title": "Milk"}, headers={"Idempotency-Key": "new"})
    assert (await count(service, IdempotencyRecord), again.headers["idempotent-replayed"]) == (1, "true")


async def test_purge_keeps_answers_for_24_hours(service: Service, client: httpx.AsyncClient, clock: TestClock) -> None:
    first = await client.post("/v1/todos", json={"title": "Milk"}, headers={"Idempotency-Key": "key"})

    clock.advance(hours=23, minutes=59, seconds=59)
    await upkeep.purge(service.state)

    again = await client.post("/v1/todos", json={"title": "Milk"}, headers={"Idempotency-Key": "key"})
    assert again.content == first.content


async def test_answer_too_old_is_not_replayed_before_its_purge(client: httpx.AsyncClient, clock: TestClock) -> None:
    first = await client.post("/v1/todos", json={"title": "Milk"}, headers={"Idempotency-Key": "key"})

    clock.advance(hours=24)
    again = await client.post("/v1/todos", json={"title": "Milk"}, headers={"Idempotency-Key": "key"})

    assert again.json()["id"] != first.json()["id"]


async def test_purge_deletes_more_answers_than_one_step_takes(service: Service, clock: TestClock) -> None:
    await remember(service, 1200, clock() - timedelta(hours=25))

    await upkeep.purge(service.state)

    assert await count(service, IdempotencyRecord) == 0


@pytest.mark.usefixtures("account")
async def test_purge_deletes_sessions_a_day_after_their_end(
    service: Service, anonymous: httpx.AsyncClient, clock: TestClock
) -> None:
    await log_in(anonymous)

    clock.advance(days=31, seconds=1)
    await upkeep.purge(service.state)

    assert (await count(service, LoginSession), await count(service, RefreshToken)) == (0, 0)


@pytest.mark.usefixtures("account")
async def test_purge_keeps_sessions_that_live(service: Service, anonymous: httpx.AsyncClient, clock: TestClock) -> None:
    await log_in(anonymous)

    clock.advance(days=29)
    await upkeep.purge(service.state)

    assert (await count(service, LoginSession), await count(service, RefreshToken)) == (1, 1)


async def test_purge_deletes_counters_after_a_day(service: Service, anonymous: httpx.AsyncClient, clock: TestClock) -> None:
    await log_in(anonymous, "not the password")

    clock.advance(days=1, seconds=1)
    await upkeep.purge(service.state)

    assert await count(service, LoginThrottle) == 0


async def test_purge_keeps_counters_for_a_day(service: Service, anonymous: httpx.AsyncClient, clock: TestClock) -> None:
    await log_in(anonymous, "not the password")

    clock.advance(hours=23)
    await upkeep.purge(service.state)

    assert await count(service, LoginThrottle) == 2  # of the account and of the address


async def test_purge_of_nothing_does_nothing(service: Service) -> None:
    await upkeep.purge(service.state)

    assert await count(service, IdempotencyRecord) == 0


# --- when keys were last used


async def test_flush_writes_when_keys_were_last_used(service: Service, account: Account, clock: TestClock) -> None:
    client = service.client(account)
    await client.get("/v1/me")
    clock.advance(minutes=3)
    await client.get("/v1/me")

    await upkeep.flush_last_used(service.state)

    assert list((await last_used(service)).values()) == [clock()]
    assert service.state.last_used == {}


async def test_flush_leaves_unused_keys_alone(service: Service, account: Account) -> None:
    await service.key(account)
    await service.client(account).get("/v1/me")

    await upkeep.flush_last_used(service.state)

    assert list((await last_used(service)).values()).count(None) == 1


async def test_flush_of_nothing_asks_nothing(service: Service) -> None:
    await upkeep.flush_last_used(service.state)

    assert await last_used(service) == {}


async def test_refused_key_is_not_noted(service: Service, account: Account, clock: TestClock) -> None:
    key = await service.key(account, expires_at=clock())

    await service.client(key=key).get("/v1/me")

    assert service.state.last_used == {}


async def test_shutdown_writes_when_keys_were_last_used(service: Service, account: Account) -> None:
    async with serving(service.state.settings, service.clock) as other:
        await other.client(account).get("/v1/me")

    assert list((await last_used(service)).values()) == [datetime.fromisoformat("2027-03-10T09:00:00Z")]
