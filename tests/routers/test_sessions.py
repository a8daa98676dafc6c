from typing import Any

import httpx
import jwt as pyjwt
import pytest

from tests.support.clock import TestClock
from tests.support.service import PASSWORD, Account, Service, serving
from todo_api.repositories.signing_keys import SigningKeyRepository
from todo_api.worker import upkeep

UNKNOWN_ID = "01900000-0000-7000-8000-000000000000"


async def log_in(anonymous: httpx.AsyncClient, agent: str = "phone") -> dict[str, Any]:
    body = {"email": "ada@example.com", "password": PASSWORD}
    tokens: dict[str, Any] = (await anonymous.post("/v1/auth/login", json=body, headers={"User-Agent": agent})).json()
    return tokens


@pytest.mark.usefixtures("account")
async def test_list_sessions_shows_the_last_used_first(service: Service, anonymous: httpx.AsyncClient, clock: TestClock) -> None:
    phone = await log_in(anonymous, "phone")
    clock.advance(minutes=1)
    laptop = await log_in(anonymous, "laptop")
    clock.advance(minutes=1)

    answer = await service.client(token=phone["access_token"]).get("/v1/sessions")

    assert answer.json() == {
        "items": [
            {
                "id": laptop["session_id"],
                "user_agent": "laptop",
                "created_at": "2027-03-10T09:01:00.000000Z",
                "last_used_at": "2027-03-10T09:01:00.000000Z",
                "expires_at": "2027-04-09T09:01:00.000000Z",
                "is_current": False,
            },
            {
                "id": phone["session_id"],
                "user_agent": "phone",
                "created_at": "2027-03-10T09:00:00.000000Z",
                "last_used_at": "2027-03-10T09:00:00.000000Z",
                "expires_at": "2027-04-09T09:00:00.000000Z",
                "is_current": True,
            },
        ],
        "next_cursor": None,
    }


async def test_list_sessions_by_a_key_marks_none_as_current(client: httpx.AsyncClient, anonymous: httpx.AsyncClient) -> None:
    tokens = await log_in(anonymous)

    answer = await client.get("/v1/sessions")

    assert [(item["id"], item["is_current"]) for item in answer.json()["items"]] == [(tokens["session_id"], False)]


async def test_list_sessions_shows_when_one_was_refreshed(
    client: httpx.AsyncClient, anonymous: httpx.AsyncClient, clock: TestClock
) -> None:
    tokens = await log_in(anonymous)
    clock.advance(minutes=10)
    await anonymous.post("/v1/auth/refresh", json={"refresh_token": tokens["refresh_token"]})

    answer = await client.get("/v1/sessions")

    assert [item["last_used_at"] for item in answer.json()["items"]] == ["2027-03-10T09:10:00.000000Z"]


async def test_list_sessions_leaves_out_ended_ones(client: httpx.AsyncClient, anonymous: httpx.AsyncClient) -> None:
    tokens = await log_in(anonymous)
    await anonymous.post("/v1/auth/logout", json={"refresh_token": tokens["refresh_token"]})

    answer = await client.get("/v1/sessions")

    assert answer.json()["items"] == []


async def test_list_sessions_leaves_out_expired_ones(
    client: httpx.AsyncClient, anonymous: httpx.AsyncClient, clock: TestClock
) -> None:
    await log_in(anonymous)
    clock.advance(days=30)

    answer = await client.get("/v1/sessions")

    assert answer.json()["items"] == []


@pytest.mark.usefixtures("account")
async def test_list_sessions_shows_nobody_elses(service: Service, stranger: Account, anonymous: httpx.AsyncClient) -> None:
    await log_in(anonymous)

    answer = await service.client(stranger).get("/v1/sessions")

    assert answer.json()["items"] == []


async def test_list_sessions_cuts_a_long_user_agent(client: httpx.AsyncClient, anonymous: httpx.AsyncClient) -> None:
    await log_in(anonymous, "a" * 400)

    answer = await client.get("/v1/sessions")

    assert [item["user_agent"] for item in answer.json()["items"]] == ["a" * 300]


async def test_end_session_kills_its_tokens_at_once(
    service: Service, client: httpx.AsyncClient, anonymous: httpx.AsyncClient
) -> None:
    tokens = await log_in(anonymous)

    answer = await client.delete(f"/v1/sessions/{tokens['session_id']}")

    assert (answer.status_code, answer.content) == (204, b"")
    assert (await service.client(token=tokens["access_token"]).get("/v1/me")).status_code == 401
    assert (await anonymous.post("/v1/auth/refresh", json={"refresh_token": tokens["refresh_token"]})).status_code == 401


async def test_end_session_leaves_the_others(service: Service, client: httpx.AsyncClient, anonymous: httpx.AsyncClient) -> None:
    ended, other = await log_in(anonymous), await log_in(anonymous)

    await client.delete(f"/v1/sessions/{ended['session_id']}")

    assert (await service.client(token=other["access_token"]).get("/v1/me")).status_code == 200


async def test_end_session_again_answers_the_same(client: httpx.AsyncClient, anonymous: httpx.AsyncClient) -> None:
    tokens = await log_in(anonymous)
    await client.delete(f"/v1/sessions/{tokens['session_id']}")

    answer = await client.delete(f"/v1/sessions/{tokens['session_id']}")

    assert answer.status_code == 204


@pytest.mark.usefixtures("account")
async def test_end_own_session_answers_before_it_is_dead(service: Service, anonymous: httpx.AsyncClient) -> None:
    tokens = await log_in(anonymous)
    client = service.client(token=tokens["access_token"])

    answer = await client.delete(f"/v1/sessions/{tokens['session_id']}")

    assert (answer.status_code, (await client.get("/v1/sessions")).status_code) == (204, 401)


async def test_end_session_of_somebody_else_is_told_as_a_missing_one(
    service: Service, stranger: Account, client: httpx.AsyncClient, anonymous: httpx.AsyncClient
) -> None:
    tokens = await log_in(anonymous)

    foreign = await service.client(stranger).delete(f"/v1/sessions/{tokens['session_id']}")
    missing = await client.delete(f"/v1/sessions/{UNKNOWN_ID}")

    assert (foreign.status_code, foreign.json()["code"], foreign.json()["detail"]) == (
        missing.status_code, missing.json()["code"], missing.json()["detail"],
    ) == (404, "session_not_found", "No such session, or not visible with these credentials.")  # fmt: skip
    assert (await service.client(token=tokens["access_token"]).get("/v1/me")).status_code == 200


async def test_end_session_with_a_malformed_id_is_refused(client: httpx.AsyncClient) -> None:
    answer = await client.delete("/v1/sessions/7")

    assert (answer.status_code, answer.json()["errors"][0]["parameter"]) == (422, "session_id")


# --- rotated secrets


async def rotate(service: Service, times: int = 1) -> None:
    """As ``todo-api secret rotate`` does, in another process."""
    for _ in range(times):
        service.clock.advance(seconds=1)
        async with service.state.database.transaction() as session:
            await SigningKeyRepository(session, service.clock).rotate()


@pytest.mark.usefixtures("account")
async def test_token_of_a_secret_that_another_process_made_is_accepted(service: Service) -> None:
    await rotate(service)
    async with serving(service.state.settings, service.clock) as replica:
        tokens = await log_in(replica.client())

    me = await service.client(token=tokens["access_token"]).get("/v1/me")

    assert me.status_code == 200


@pytest.mark.usefixtures("account")
@pytest.mark.parametrize(("times", "status"), [(1, 200), (2, 200), (3, 401)])
async def test_token_survives_two_rotations(service: Service, anonymous: httpx.AsyncClient, times: int, status: int) -> None:
    tokens = await log_in(anonymous)

    await rotate(service, times)
    await upkeep.reload_secrets(service.state)

    assert (await service.client(token=tokens["access_token"]).get("/v1/me")).status_code == status


@pytest.mark.usefixtures("account")
async def test_reload_signs_with_the_newest_secret(service: Service, anonymous: httpx.AsyncClient) -> None:
    before = service.state.ring.current.id
    await rotate(service)

    await upkeep.reload_secrets(service.state)

    kid = pyjwt.get_unverified_header((await log_in(anonymous))["access_token"])["kid"]
    assert (kid, kid == before) == (service.state.ring.current.id, False)


@pytest.mark.usefixtures("account")
async def test_refresh_token_survives_every_rotation(service: Service, anonymous: httpx.AsyncClient) -> None:
    tokens = await log_in(anonymous)

    await rotate(service, 4)
    await upkeep.reload_secrets(service.state)

    answer = await anonymous.post("/v1/auth/refresh", json={"refresh_token": tokens["refresh_token"]})
    assert answer.status_code == 200


async def test_replicas_share_one_secret(service: Service) -> None:
    async with serving(service.state.settings, service.clock) as replica:
        assert replica.state.ring.all() == service.state.ring.all()
