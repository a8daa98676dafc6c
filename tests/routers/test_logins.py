import asyncio
import unicodedata
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from tests.support.clock import TestClock
from tests.support.service import PASSWORD, Account, Service, serving
from todo_api.repositories.users import UserRepository
from todo_api.settings import Settings


async def attempt(anonymous: httpx.AsyncClient, email: str = "ada@example.com", password: str = PASSWORD) -> httpx.Response:
    return await anonymous.post("/v1/auth/login", json={"email": email, "password": password})


async def log_in(anonymous: httpx.AsyncClient) -> dict[str, Any]:
    answer = await attempt(anonymous)
    assert answer.status_code == 200, answer.text
    tokens: dict[str, Any] = answer.json()
    return tokens


async def fail(anonymous: httpx.AsyncClient, times: int, email: str = "ada@example.com") -> list[int]:
    return [(await attempt(anonymous, email, "not the password")).status_code for _ in range(times)]


async def refresh(anonymous: httpx.AsyncClient, token: str, **headers: str) -> httpx.Response:
    return await anonymous.post("/v1/auth/refresh", json={"refresh_token": token}, headers=headers)


async def status_of(service: Service, access_token: str) -> int:
    return (await service.client(token=access_token).get("/v1/me")).status_code


def without_ids(answer: httpx.Response) -> dict[str, Any]:
    return {name: value for name, value in answer.json().items() if name not in {"request_id", "instance"}}


# --- log in


@pytest.mark.usefixtures("account")
async def test_login_gives_tokens(anonymous: httpx.AsyncClient) -> None:
    answer = await attempt(anonymous)

    body = answer.json()
    assert answer.status_code == 200, answer.text
    assert body == {
        "access_token": body["access_token"],
        "refresh_token": body["refresh_token"],
        "token_type": "bearer",
        "expires_in": 900,
        "session_id": body["session_id"],
    }


async def test_login_access_token_speaks_for_the_user(service: Service, account: Account, anonymous: httpx.AsyncClient) -> None:
    tokens = await log_in(anonymous)

    me = await service.client(token=tokens["access_token"]).get("/v1/me")

    assert me.json()["id"] == account.user_id


@pytest.mark.usefixtures("account")
async def test_login_takes_the_email_in_any_case(anonymous: httpx.AsyncClient) -> None:
    answer = await attempt(anonymous, "ADA@Example.COM")

    assert answer.status_code == 200


async def test_login_takes_the_email_as_it_was_registered(anonymous: httpx.AsyncClient) -> None:
    email = unicodedata.normalize("NFD", "adé@bücher.example")  # kept in another normal form
    await anonymous.post("/v1/auth/register", json={"email": email, "password": "seven quiet herons"})

    answer = await attempt(anonymous, email, "seven quiet herons")

    assert answer.status_code == 200, answer.text


@pytest.mark.usefixtures("account")
async def test_login_wrong_password_is_told_as_an_unknown_account(anonymous: httpx.AsyncClient) -> None:
    wrong = await attempt(anonymous, password="not the password")
    unknown = await attempt(anonymous, "nobody@example.com")

    assert (wrong.status_code, wrong.json()["code"]) == (401, "invalid_credentials")
    assert (unknown.status_code, without_ids(unknown)) == (401, without_ids(wrong))
    assert unknown.headers.keys() == wrong.headers.keys()


async def test_login_disabled_user_is_told_as_an_unknown_account(
    service: Service, account: Account, anonymous: httpx.AsyncClient
) -> None:
    async with service.state.database.transaction() as session:
        await UserRepository(session, service.clock).disable(account.user_id)

    disabled, unknown = await attempt(anonymous), await attempt(anonymous, "nobody@example.com")

    assert (disabled.status_code, without_ids(disabled)) == (401, without_ids(unknown))


@pytest.mark.parametrize("password", ["", "a" * 1025])
async def test_login_password_of_impossible_length_is_refused(anonymous: httpx.AsyncClient, password: str) -> None:
    answer = await attempt(anonymous, password=password)

    assert answer.status_code == 422
    assert [flaw["pointer"] for flaw in answer.json()["errors"]] == ["#/password"]


@pytest.mark.parametrize("member", ["email", "password"])
async def test_login_half_a_surrogate_pair_is_refused(anonymous: httpx.AsyncClient, member: str) -> None:
    other = "email" if member == "password" else "password"
    body = f'{{"{member}": "\\ud800", "{other}": "ada@example.com"}}'

    answer = await anonymous.post("/v1/auth/login", content=body, headers={"Content-Type": "application/json"})

    assert answer.status_code == 422, answer.text
    assert [flaw["pointer"] for flaw in answer.json()["errors"]] == [f"#/{member}"]


# --- slow guessing down


@pytest.mark.usefixtures("account")
async def test_login_sixth_guess_must_wait(anonymous: httpx.AsyncClient) -> None:
    statuses = await fail(anonymous, 5)
    answer = await attempt(anonymous)

    assert statuses == [401, 401, 401, 401, 401]
    assert (answer.status_code, answer.json()["code"], answer.headers["retry-after"]) == (429, "too_many_requests", "1")


@pytest.mark.usefixtures("account")
async def test_login_guesses_at_once_are_counted_before_any_is_answered(anonymous: httpx.AsyncClient) -> None:
    answers = await asyncio.gather(*(attempt(anonymous, password="not the password") for _ in range(20)))

    assert sorted(answer.status_code for answer in answers) == [401] * 5 + [429] * 15


@pytest.mark.usefixtures("account")
async def test_login_that_succeeds_counts_for_no_address(anonymous: httpx.AsyncClient) -> None:
    for number in range(49):
        await fail(anonymous, 1, f"{number}@example.com")

    statuses = [(await attempt(anonymous)).status_code for _ in range(3)]

    assert statuses == [200, 200, 200]


async def test_login_unknown_account_must_wait_as_well(anonymous: httpx.AsyncClient) -> None:
    statuses = await fail(anonymous, 6, "nobody@example.com")

    assert statuses == [401, 401, 401, 401, 401, 429]


@pytest.mark.usefixtures("account")
async def test_login_waits_double_up_to_a_minute(anonymous: httpx.AsyncClient, clock: TestClock) -> None:
    await fail(anonymous, 5)

    waits = []
    for _ in range(8):
        waits.append(int((await attempt(anonymous)).headers["retry-after"]))
        clock.advance(seconds=waits[-1])
        await fail(anonymous, 1)

    assert waits == [1, 2, 4, 8, 16, 32, 60, 60]


@pytest.mark.usefixtures("account")
async def test_login_wait_rounds_up(anonymous: httpx.AsyncClient, clock: TestClock) -> None:
    await fail(anonymous, 5)
    clock.advance(seconds=1)
    await fail(anonymous, 1)

    clock.advance(seconds=0.5)
    answer = await attempt(anonymous)

    assert answer.headers["retry-after"] == "2"


@pytest.mark.usefixtures("account")
async def test_login_after_the_wait_succeeds(anonymous: httpx.AsyncClient, clock: TestClock) -> None:
    await fail(anonymous, 5)

    clock.advance(seconds=1)
    answer = await attempt(anonymous)

    assert answer.status_code == 200


@pytest.mark.usefixtures("account")
async def test_login_success_forgets_the_failures(anonymous: httpx.AsyncClient) -> None:
    await fail(anonymous, 4)
    await attempt(anonymous)

    statuses = await fail(anonymous, 6)

    assert statuses == [401, 401, 401, 401, 401, 429]


@pytest.mark.usefixtures("account")
async def test_login_failures_count_for_any_case_of_the_email(anonymous: httpx.AsyncClient) -> None:
    await fail(anonymous, 5, "ADA@EXAMPLE.COM")

    answer = await attempt(anonymous)

    assert answer.status_code == 429


@pytest.mark.usefixtures("account", "stranger")
async def test_login_of_another_account_need_not_wait(anonymous: httpx.AsyncClient) -> None:
    await fail(anonymous, 6)

    answer = await attempt(anonymous, "eve@example.com")

    assert answer.status_code == 200


@pytest.mark.usefixtures("account")
async def test_login_from_a_guessing_address_must_wait(anonymous: httpx.AsyncClient) -> None:
    for number in range(50):
        await fail(anonymous, 1, f"{number}@example.com")

    answer = await attempt(anonymous)

    assert answer.status_code == 429


@pytest.fixture
async def narrow(settings: Settings, clock: TestClock, _emptied: None) -> AsyncIterator[Service]:
    """One hash at a time, and nobody waits."""
    async with serving(settings.model_copy(update={"hashing_threads": 1, "hashing_queue": 0}), clock) as running:
        yield running


async def test_login_with_the_hashing_queue_full_is_put_off(narrow: Service) -> None:
    await narrow.account()
    anonymous = narrow.client()

    answers = await asyncio.gather(*(attempt(anonymous) for _ in range(5)))

    refused = [answer for answer in answers if answer.status_code != 200]
    assert 1 <= len(refused) <= 4
    assert {(answer.status_code, answer.json()["code"], answer.headers["retry-after"]) for answer in refused} == {
        (503, "hashing_busy", "1")
    }


# --- refresh


@pytest.mark.usefixtures("account")
async def test_refresh_gives_new_tokens_of_the_same_session(service: Service, anonymous: httpx.AsyncClient) -> None:
    old = await log_in(anonymous)

    answer = await refresh(anonymous, old["refresh_token"])

    new = answer.json()
    assert answer.status_code == 200, answer.text
    assert new == old | {"access_token": new["access_token"], "refresh_token": new["refresh_token"]}
    assert new["refresh_token"] != old["refresh_token"]
    assert await status_of(service, new["access_token"]) == 200


@pytest.mark.usefixtures("account")
async def test_refresh_can_be_chained(anonymous: httpx.AsyncClient) -> None:
    token = (await log_in(anonymous))["refresh_token"]

    for _ in range(3):
        token = (await refresh(anonymous, token)).json()["refresh_token"]

    assert (await refresh(anonymous, token)).status_code == 200


@pytest.mark.usefixtures("account")
async def test_refresh_with_a_spent_token_ends_the_family(service: Service, anonymous: httpx.AsyncClient) -> None:
    old = await log_in(anonymous)
    new = (await refresh(anonymous, old["refresh_token"])).json()

    replay = await refresh(anonymous, old["refresh_token"])

    assert (replay.status_code, replay.json()["code"]) == (401, "refresh_token_invalid")
    assert (await refresh(anonymous, new["refresh_token"])).status_code == 401
    assert await status_of(service, new["access_token"]) == 401


@pytest.mark.usefixtures("account")
async def test_refresh_replay_leaves_other_sessions_alone(service: Service, anonymous: httpx.AsyncClient) -> None:
    first, other = await log_in(anonymous), await log_in(anonymous)
    await refresh(anonymous, first["refresh_token"])

    await refresh(anonymous, first["refresh_token"])

    assert await status_of(service, other["access_token"]) == 200


@pytest.mark.usefixtures("account")
async def test_refresh_at_once_with_one_token_succeeds_at_most_once(anonymous: httpx.AsyncClient) -> None:
    token = (await log_in(anonymous))["refresh_token"]

    answers = await asyncio.gather(*(refresh(anonymous, token) for _ in range(10)))

    statuses = sorted(answer.status_code for answer in answers)
    assert statuses in ([200] + [401] * 9, [401] * 10)


@pytest.mark.usefixtures("account")
async def test_refresh_repeated_with_its_key_gives_the_same_tokens(service: Service, anonymous: httpx.AsyncClient) -> None:
    token = (await log_in(anonymous))["refresh_token"]
    first = await refresh(anonymous, token, **{"Idempotency-Key": "lost-answer"})

    second = await refresh(anonymous, token, **{"Idempotency-Key": "lost-answer"})

    assert (second.content, second.headers["idempotent-replayed"]) == (first.content, "true")
    assert await status_of(service, first.json()["access_token"]) == 200


@pytest.mark.parametrize("token", ["unknown", "a" * 43, "ключ"])
async def test_refresh_with_an_unknown_token_is_refused(anonymous: httpx.AsyncClient, token: str) -> None:
    answer = await refresh(anonymous, token)

    assert (answer.status_code, answer.json()["code"]) == (401, "refresh_token_invalid")


@pytest.mark.parametrize("path", ["/v1/auth/refresh", "/v1/auth/logout"])
@pytest.mark.parametrize("token", ["", "a" * 201, "\\ud800"])
async def test_impossible_refresh_token_is_refused(anonymous: httpx.AsyncClient, path: str, token: str) -> None:
    body = f'{{"refresh_token": "{token}"}}'

    answer = await anonymous.post(path, content=body, headers={"Content-Type": "application/json"})

    assert answer.status_code == 422, answer.text
    assert [flaw["pointer"] for flaw in answer.json()["errors"]] == ["#/refresh_token"]


async def test_refresh_of_a_disabled_user_is_refused(service: Service, account: Account, anonymous: httpx.AsyncClient) -> None:
    tokens = await log_in(anonymous)
    async with service.state.database.transaction() as session:
        await UserRepository(session, service.clock).disable(account.user_id)

    answer = await refresh(anonymous, tokens["refresh_token"])

    assert answer.status_code == 401


# --- expiry


@pytest.mark.usefixtures("account")
async def test_access_token_lives_for_15_minutes(service: Service, anonymous: httpx.AsyncClient, clock: TestClock) -> None:
    tokens = await log_in(anonymous)

    clock.advance(seconds=899)
    before = await status_of(service, tokens["access_token"])
    clock.advance(seconds=1)
    after = await status_of(service, tokens["access_token"])

    assert (before, after) == (200, 401)


@pytest.mark.usefixtures("account")
async def test_session_lives_for_30_days_however_often_refreshed(anonymous: httpx.AsyncClient, clock: TestClock) -> None:
    token = (await log_in(anonymous))["refresh_token"]

    clock.advance(days=29, hours=23)
    before = await refresh(anonymous, token)
    clock.advance(hours=1)
    after = await refresh(anonymous, before.json()["refresh_token"])

    assert (before.status_code, after.status_code) == (200, 401)


@pytest.mark.usefixtures("account")
async def test_access_token_ends_with_its_session(service: Service, anonymous: httpx.AsyncClient, clock: TestClock) -> None:
    token = (await log_in(anonymous))["refresh_token"]
    clock.advance(days=29, hours=23, minutes=50)
    access_token = (await refresh(anonymous, token)).json()["access_token"]

    clock.advance(minutes=10)

    assert await status_of(service, access_token) == 401


# --- log out


@pytest.mark.usefixtures("account")
async def test_logout_ends_the_session(service: Service, anonymous: httpx.AsyncClient) -> None:
    tokens = await log_in(anonymous)

    answer = await anonymous.post("/v1/auth/logout", json={"refresh_token": tokens["refresh_token"]})

    assert (answer.status_code, answer.content) == (204, b"")
    assert await status_of(service, tokens["access_token"]) == 401
    assert (await refresh(anonymous, tokens["refresh_token"])).status_code == 401


async def test_logout_with_an_unknown_token_answers_the_same(anonymous: httpx.AsyncClient) -> None:
    answer = await anonymous.post("/v1/auth/logout", json={"refresh_token": "unknown"})

    assert (answer.status_code, answer.content) == (204, b"")


@pytest.mark.usefixtures("account")
async def test_logout_again_answers_the_same(anonymous: httpx.AsyncClient) -> None:
    tokens = await log_in(anonymous)
    await anonymous.post("/v1/auth/logout", json={"refresh_token": tokens["refresh_token"]})

    answer = await anonymous.post("/v1/auth/logout", json={"refresh_token": tokens["refresh_token"]})

    assert answer.status_code == 204
