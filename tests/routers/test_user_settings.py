from typing import Any

import httpx
import pytest

from tests.support.service import Account, Service
from todo_api.domain.permissions import ALL_SCOPES, Scope


async def test_settings_have_defaults(client: httpx.AsyncClient) -> None:
    me = (await client.get("/v1/me")).json()

    assert {name: me[name] for name in ("timezone", "week_start", "day_start", "locale")} == {
        "timezone": "UTC",
        "week_start": "monday",
        "day_start": "09:00",
        "locale": "en",
    }


async def test_settings_are_changed_and_shown(service: Service, client: httpx.AsyncClient, account: Account) -> None:
    service.clock.advance(hours=1)
    settings = {"timezone": "Europe/Berlin", "week_start": "sunday", "day_start": "07:30", "locale": "de-CH", "name": "Ada"}

    response = await client.patch("/v1/me", json=settings, headers={"If-Match": '"1"'})

    assert response.json() == settings | {
        "id": account.user_id,
        "email": account.email,
        "version": 2,
        "created_at": "2027-03-10T09:00:00.000000Z",
        "updated_at": "2027-03-10T10:00:00.000000Z",
    }
    assert response.headers["etag"] == '"2"'
    me = await client.get("/v1/me")
    assert (me.json() | response.json(), me.headers["etag"]) == (me.json(), '"2"')


@pytest.mark.parametrize("body", [{}, {"week_start": "monday", "day_start": "09:00", "locale": "en", "timezone": "UTC"}])
async def test_a_patch_that_changes_nothing_keeps_the_version(client: httpx.AsyncClient, body: dict[str, Any]) -> None:
    response = await client.patch("/v1/me", json=body)

    assert (response.status_code, response.json()["version"]) == (200, 1)


@pytest.mark.parametrize("day", ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"])
async def test_a_week_starts_on_any_day(client: httpx.AsyncClient, day: str) -> None:
    response = await client.patch("/v1/me", json={"week_start": day})

    assert response.json()["week_start"] == day


@pytest.mark.parametrize(
    "locale",
    ["de", "en-US", "zh-Hant-TW", "es-419", "sl-rozaj-biske", "de-DE-u-co-phonebk", "en-x-home", "zh-cmn-Hans-CN", "de-1996"],
)
async def test_language_tags_are_kept_as_sent(client: httpx.AsyncClient, locale: str) -> None:
    response = await client.patch("/v1/me", json={"locale": locale})

    assert (response.status_code, response.json()["locale"]) == (200, locale)


@pytest.mark.parametrize(
    "body",
    [
        *({"week_start": value} for value in ("Monday", "mon", 1, 0, True, None, "")),
        *({"day_start": value} for value in ("9:00", "24:00", "12:60", "09:00:00", "\u0660\u0669:00", "09:00\n", 9, None)),
        *(
            {"locale": value}
            for value in ("", "e", "en_US", "en-", "-en", "en--US", "en-u", "de-DE-x", "ä", "en\n", "x" * 9, None)
        ),
        {"locale": "en-" + "abcde-" * 6 + "abcde"},
        {"email": "other@example.com"},
    ],
)
async def test_invalid_settings_are_refused(client: httpx.AsyncClient, body: dict[str, Any]) -> None:
    response = await client.patch("/v1/me", json=body)

    assert (response.status_code, response.json()["code"]) == (422, "invalid_input")
    assert response.json()["errors"][0]["pointer"] == f"#/{next(iter(body))}"
    assert (await client.get("/v1/me")).json()["version"] == 1


async def test_a_stale_write_is_refused_with_the_current_settings(client: httpx.AsyncClient) -> None:
    current = (await client.patch("/v1/me", json={"week_start": "sunday"})).json()

    response = await client.patch("/v1/me", json={"week_start": "monday"}, headers={"If-Match": '"1"'})

    assert (response.status_code, response.json()["current"]) == (412, current)


async def test_settings_need_a_scope_and_a_credential(service: Service, account: Account, anonymous: httpx.AsyncClient) -> None:
    lesser = service.client(key=await service.key(account, ALL_SCOPES - {Scope.WORKSPACE_MANAGE}))

    refused = await lesser.patch("/v1/me", json={"locale": "de"})

    assert (refused.status_code, refused.json()["missing_scope"]) == (403, "workspace:manage")
    assert (await anonymous.patch("/v1/me", json={"locale": "de"})).status_code == 401
