"""Idempotency-Key: what was answered is answered again, and done once."""

import asyncio
from typing import Any

import httpx
import pytest
from sqlalchemy import func, insert, select

from tests.support.clock import TestClock
from tests.support.service import PASSWORD, Account, Service
from todo_api.dependencies.idempotency import KEYED
from todo_api.domain.permissions import Scope
from todo_api.models import IdempotencyRecord
from todo_api.repositories.idempotency import IdempotencyRepository
from todo_api.repositories.signing_keys import SigningKeyRepository
from todo_api.web.route import Route
from todo_api.worker import upkeep

KEY = {"Idempotency-Key": "a-key"}
OWN_HEADERS = {"x-request-id", "date"}


async def records(service: Service) -> list[Any]:
    async with service.state.database.snapshot() as session:
        return list((await session.execute(select(*IdempotencyRecord.__table__.columns))).all())


async def count_todos(client: httpx.AsyncClient) -> int:
    total: int = (await client.get("/v1/todos", params={"count": "exact", "status": "any"})).json()["total"]
    return total


def outcome(answer: httpx.Response) -> tuple[int, str | None]:
    return answer.status_code, answer.headers.get("idempotent-replayed")


# --- the same answer


async def test_a_repeated_create_is_replayed_byte_for_byte(client: httpx.AsyncClient) -> None:
    first = await client.post("/v1/todos", json={"title": "Buy milk"}, headers=KEY)

    second = await client.post("/v1/todos", json={"title": "Buy milk"}, headers=KEY)

    same = {name: value for name, value in first.headers.items() if name not in OWN_HEADERS}
    assert outcome(first) == (201, None)
    assert outcome(second) == (201, "true")
    assert second.content == first.content
    assert {name: value for name, value in second.headers.items() if name not in OWN_HEADERS} == same | {
        "idempotent-replayed": "true"
    }
    assert await count_todos(client) == 1


async def test_a_replay_is_of_then_and_not_of_now(client: httpx.AsyncClient) -> None:
    first = await client.post("/v1/todos", json={"title": "Buy milk"}, headers=KEY)
    await client.delete(first.headers["location"])

    second = await client.post("/v1/todos", json={"title": "Buy milk"}, headers=KEY)

    assert second.content == first.content


@pytest.mark.parametrize(
    ("method", "suffix", "body", "status"),
    [
        ("PATCH", "", {"labels_add": ["home"]}, 200),
        ("PUT", "", {"title": "two"}, 200),
        ("DELETE", "", None, 204),
        ("POST", "/complete", {}, 200),
        ("POST", "/move", {"position": "top"}, 200),
    ],
)
async def test_every_kind_of_write_is_replayed(
    client: httpx.AsyncClient, method: str, suffix: str, body: dict[str, Any] | None, status: int
) -> None:
    path = (await client.post("/v1/todos", json={"title": "one"})).headers["location"] + suffix

    answers = [await client.request(method, path, json=body, headers=KEY) for _ in range(3)]

    assert [outcome(answer) for answer in answers] == [(status, None), (status, "true"), (status, "true")]
    assert [answer.content for answer in answers] == [answers[0].content] * 3


async def test_a_put_that_creates_is_replayed_as_created(client: httpx.AsyncClient) -> None:
    path = "/v1/todos/01890a5d-ac96-774b-bcce-b302099a8057"

    answers = [await client.put(path, json={"title": "one"}, headers=KEY) for _ in range(2)]

    assert [outcome(answer) for answer in answers] == [(201, None), (201, "true")]


async def test_a_replayed_if_match_does_not_fail_on_its_own_change(client: httpx.AsyncClient) -> None:
    path = (await client.post("/v1/todos", json={"title": "one"})).headers["location"]
    headers = KEY | {"If-Match": '"1"'}

    answers = [await client.patch(path, json={"title": "two"}, headers=headers) for _ in range(2)]

    assert [outcome(answer) for answer in answers] == [(200, None), (200, "true")]


async def test_simultaneous_requests_happen_once(client: httpx.AsyncClient) -> None:
    request = {"json": {"title": "Buy milk"}, "headers": KEY}

    answers = await asyncio.gather(*(client.post("/v1/todos", **request) for _ in range(8)))  # type: ignore[arg-type]  # keywords

    done = [answer for answer in answers if answer.status_code == 201]
    refused = [answer for answer in answers if answer.status_code != 201]
    assert len({answer.content for answer in done}) == 1
    assert {(answer.status_code, answer.headers["retry-after"]) for answer in refused} <= {(409, "1")}
    assert await count_todos(client) == 1


async def test_a_read_does_not_use_the_key(client: httpx.AsyncClient, service: Service) -> None:
    answer = await client.get("/v1/todos", headers={"Idempotency-Key": "not a key"})

    assert outcome(answer) == (200, None)
    assert await records(service) == []


# --- before there is a user


async def test_a_repeated_registration_answers_with_the_same_account(anonymous: httpx.AsyncClient) -> None:
    body = {"email": "grace@example.com", "password": "seven quiet herons"}

    answers = [await anonymous.post("/v1/auth/register", json=body, headers=KEY) for _ in range(2)]

    assert [outcome(answer) for answer in answers] == [(201, None), (201, "true")]
    assert answers[1].content == answers[0].content


async def test_a_repeated_refresh_answers_with_the_same_tokens(anonymous: httpx.AsyncClient, account: Account) -> None:
    login = await anonymous.post("/v1/auth/login", json={"email": account.email, "password": PASSWORD})
    body = {"refresh_token": login.json()["refresh_token"]}

    answers = [await anonymous.post("/v1/auth/refresh", json=body, headers=KEY) for _ in range(2)]

    assert [outcome(answer) for answer in answers] == [(200, None), (200, "true")]
    assert answers[1].content == answers[0].content


async def test_a_login_with_another_password_gets_no_answer_of_the_right_one(
    anonymous: httpx.AsyncClient, account: Account
) -> None:
    await anonymous.post("/v1/auth/login", json={"email": account.email, "password": PASSWORD}, headers=KEY)

    answer = await anonymous.post("/v1/auth/login", json={"email": account.email, "password": "guessed"}, headers=KEY)

    assert outcome(answer) == (401, None)


# --- another request with the same key


@pytest.mark.parametrize("body", [b'{"title": "Buy tea"}', b'{"title":"Buy milk"}'])
async def test_another_body_is_422(client: httpx.AsyncClient, body: bytes) -> None:
    headers = KEY | {"Content-Type": "application/json"}
    await client.post("/v1/todos", content=b'{"title": "Buy milk"}', headers=headers)

    answer = await client.post("/v1/todos", content=body, headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
    assert await count_todos(client) == 1


async def test_another_todo_on_the_same_route_is_422(client: httpx.AsyncClient) -> None:
    paths = [(await client.post("/v1/todos", json={"title": title})).headers["location"] for title in "ab"]
    await client.post(f"{paths[0]}/complete", headers=KEY)

    answer = await client.post(f"{paths[1]}/complete", headers=KEY)

    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")


async def test_another_route_has_keys_of_its_own(client: httpx.AsyncClient) -> None:
    await client.post("/v1/labels", json={"name": "home"}, headers=KEY)

    answer = await client.post("/v1/lists", json={"name": "home"}, headers=KEY)

    assert outcome(answer) == (201, None)


async def test_another_user_has_keys_of_their_own(client: httpx.AsyncClient, service: Service, stranger: Account) -> None:
    first = await client.post("/v1/todos", json={"title": "Buy milk"}, headers=KEY)

    second = await service.client(stranger).post("/v1/todos", json={"title": "Buy milk"}, headers=KEY)

    assert outcome(second) == (201, None)
    assert second.json()["id"] != first.json()["id"]


async def test_a_lesser_key_of_the_same_user_reads_no_answer_it_would_not_have_got(
    client: httpx.AsyncClient, service: Service, account: Account
) -> None:
    first = await client.post("/v1/todos", json={"title": "Buy milk"}, headers=KEY)
    capture = service.client(key=await service.key(account, [Scope.TODOS_WRITE]))

    second = await capture.post("/v1/todos", json={"title": "Buy milk"}, headers=KEY)

    assert outcome(second) == (201, None)
    assert second.json() == {"id": second.json()["id"]}
    assert second.json() != {"id": first.json()["id"]}


async def test_a_restricted_key_of_the_same_user_reads_no_answer_it_would_not_have_got(
    client: httpx.AsyncClient, service: Service, account: Account
) -> None:
    path = (await client.post("/v1/todos", json={"title": "Buy milk"})).headers["location"]
    other = (await client.post("/v1/lists", json={"name": "Other"})).json()["id"]
    await client.patch(path, json={"title": "Buy tea"}, headers=KEY)
    restricted = service.client(key=await service.key(account, list_ids=[other]))

    answer = await restricted.patch(path, json={"title": "Buy tea"}, headers=KEY)

    assert answer.status_code == 404


async def test_another_key_with_the_same_powers_is_replayed(
    client: httpx.AsyncClient, service: Service, account: Account
) -> None:
    first = await client.post("/v1/todos", json={"title": "Buy milk"}, headers=KEY)
    rotated = service.client(key=await service.key(account))

    second = await rotated.post("/v1/todos", json={"title": "Buy milk"}, headers=KEY)

    assert outcome(second) == (201, "true")
    assert second.content == first.content


# --- the key itself


@pytest.mark.parametrize("key", ["", "a b", '"a b"', '""', "x" * 256, "\xe9", "a\tb"])
async def test_a_malformed_key_is_400(client: httpx.AsyncClient, key: str) -> None:
    headers = [(b"idempotency-key", key.encode("latin-1"))]

    answer = await client.post("/v1/todos", json={"title": "x"}, headers=headers)

    message = "must be 1 to 255 visible ASCII characters"
    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_invalid")
    assert answer.json()["errors"] == [{"header": "Idempotency-Key", "code": "format", "message": message}]


@pytest.mark.parametrize("key", ["x", "x" * 255, "~!@#$%^&*()", '"'])
async def test_a_key_of_visible_characters_is_taken(client: httpx.AsyncClient, key: str) -> None:
    answers = [await client.post("/v1/todos", json={"title": "x"}, headers={"Idempotency-Key": key}) for _ in range(2)]

    assert [outcome(answer) for answer in answers] == [(201, None), (201, "true")]


async def test_a_quoted_key_is_the_bare_one(client: httpx.AsyncClient) -> None:
    await client.post("/v1/todos", json={"title": "x"}, headers={"Idempotency-Key": "a-key"})

    answer = await client.post("/v1/todos", json={"title": "x"}, headers={"Idempotency-Key": '"a-key"'})

    assert outcome(answer) == (201, "true")


async def test_a_second_key_is_400(client: httpx.AsyncClient) -> None:
    answer = await client.post("/v1/todos", json={"title": "x"}, headers=[("Idempotency-Key", "a"), ("Idempotency-Key", "a")])

    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_invalid")
    assert answer.json()["errors"] == [{"header": "Idempotency-Key", "code": "repeated", "message": "may be sent once"}]


# --- failures


async def test_a_refused_request_may_be_sent_again_with_its_key(client: httpx.AsyncClient, service: Service) -> None:
    refused = await client.post("/v1/todos", json={"title": ""}, headers=KEY)

    answer = await client.post("/v1/todos", json={"title": "x"}, headers=KEY)

    assert (refused.status_code, answer.status_code) == (422, 201)
    assert len(await records(service)) == 1


async def test_a_stale_request_may_be_sent_again_with_its_key(client: httpx.AsyncClient) -> None:
    path = (await client.post("/v1/todos", json={"title": "one"})).headers["location"]
    stale = await client.patch(path, json={"title": "two"}, headers=KEY | {"If-Match": '"7"'})

    answer = await client.patch(path, json={"title": "two"}, headers=KEY | {"If-Match": '"1"'})

    assert (stale.status_code, outcome(answer)) == (412, (200, None))


async def test_a_request_that_was_not_found_may_be_sent_again_with_its_key(client: httpx.AsyncClient) -> None:
    path = "/v1/todos/01890a5d-ac96-774b-bcce-b302099a8057"
    missing = await client.patch(path, json={"title": "two"}, headers=KEY)
    await client.put(path, json={"title": "one"})

    answer = await client.patch(path, json={"title": "two"}, headers=KEY)

    assert (missing.status_code, outcome(answer)) == (404, (200, None))


async def test_our_own_failure_is_not_kept(service: Service, anonymous: httpx.AsyncClient) -> None:
    calls: list[str] = []

    async def broken_once() -> dict[str, str]:
        calls.append("call")
        if len(calls) == 1:
            raise RuntimeError("once")
        return {}

    service.app.router.routes.append(Route("/broken", broken_once, methods=["POST"], dependencies=[KEYED]))

    answers = [await anonymous.post("/broken", headers=KEY) for _ in range(3)]

    assert [outcome(answer) for answer in answers] == [(500, None), (200, None), (200, "true")]


# --- what is kept, and for how long


async def rotate(service: Service) -> None:
    async with service.state.database.transaction() as session:
        await SigningKeyRepository(session, service.clock).rotate()
    await upkeep.reload_secrets(service.state)


async def test_a_rotated_secret_forgets_no_answer(
    client: httpx.AsyncClient, anonymous: httpx.AsyncClient, service: Service, account: Account
) -> None:
    login = {"email": account.email, "password": PASSWORD}
    await client.post("/v1/todos", json={"title": "x"}, headers=KEY)
    first = await anonymous.post("/v1/auth/login", json=login, headers=KEY)
    await rotate(service)

    again = await client.post("/v1/todos", json={"title": "x"}, headers=KEY)
    other = await client.post("/v1/todos", json={"title": "y"}, headers=KEY)
    second = await anonymous.post("/v1/auth/login", json=login, headers=KEY)

    assert (outcome(again), other.status_code) == ((201, "true"), 422)
    assert (outcome(second), second.content) == ((200, "true"), first.content)


async def test_what_is_kept_of_a_login_depends_on_the_key_and_on_the_secret(
    anonymous: httpx.AsyncClient, service: Service, account: Account
) -> None:
    login = {"email": account.email, "password": PASSWORD}
    for key in ("a", "b"):
        await anonymous.post("/v1/auth/login", json=login, headers={"Idempotency-Key": key})
    await rotate(service)
    service.state.ring.replace(service.state.ring.all()[:1])
    await anonymous.post("/v1/auth/login", json=login, headers={"Idempotency-Key": "a"})

    kept = await records(service)
    assert [len({record.fingerprint for record in kept}), len({record.scope for record in kept})] == [3, 3]


async def test_a_key_is_new_after_a_day(client: httpx.AsyncClient, clock: TestClock) -> None:
    first = await client.post("/v1/todos", json={"title": "x"}, headers=KEY)
    clock.advance(hours=23, minutes=59, seconds=59)
    within = await client.post("/v1/todos", json={"title": "x"}, headers=KEY)
    clock.advance(seconds=1)

    after = await client.post("/v1/todos", json={"title": "y"}, headers=KEY)

    assert [outcome(answer) for answer in (first, within, after)] == [(201, None), (201, "true"), (201, None)]


async def test_the_table_tells_nothing(client: httpx.AsyncClient, service: Service, account: Account) -> None:
    answer = await client.post("/v1/todos", json={"title": "Buy a ring"}, headers=KEY)

    (record,) = await records(service)
    kept = repr(record) + bytes(record.body).decode("latin-1")
    assert len(record.body) == len(answer.content) + 28  # nonce and tag
    for secret in ("Buy a ring", "a-key", account.user_id, account.key):
        assert secret not in kept


async def test_old_answers_are_purged_in_batches(service: Service, clock: TestClock) -> None:
    row = {"fingerprint": "f", "status": 204, "headers": {}, "body": b"", "created_at": clock()}
    async with service.state.database.transaction() as session:
        await session.execute(insert(IdempotencyRecord), [row | {"scope": f"{number:064}"} for number in range(501)])
    clock.advance(hours=24, seconds=1)

    async with service.state.database.transaction() as session:
        deleted = await IdempotencyRepository(session, clock).purge(hours=24)

    assert deleted == 500


async def test_upkeep_purges_all_that_is_old_and_nothing_else(service: Service, clock: TestClock) -> None:
    row = {"fingerprint": "f", "status": 204, "headers": {}, "body": b"", "created_at": clock()}
    clock.advance(hours=24, seconds=1)
    rows = [row | {"scope": f"{number:064}"} for number in range(1001)] + [row | {"scope": "new", "created_at": clock()}]
    async with service.state.database.transaction() as session:
        await session.execute(insert(IdempotencyRecord), rows)

    await upkeep.purge(service.state)

    async with service.state.database.snapshot() as session:
        left = (await session.execute(select(func.min(IdempotencyRecord.scope), func.count()))).one()
    assert tuple(left) == ("new", 1)
