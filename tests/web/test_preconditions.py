"""Conditional requests (RFC 9110 §13): ETag, If-Match, If-None-Match."""

from typing import Any

import httpx
import pytest

from tests.support.service import Account, Service
from todo_api.domain.permissions import Role, Scope

STRANGE_ID = "01890a5d-ac96-774b-bcce-b302099a8057"


@pytest.fixture
async def todo(client: httpx.AsyncClient) -> dict[str, Any]:
    """A todo of version 3."""
    body: dict[str, Any] = (await client.post("/v1/todos", json={"title": "one"})).json()
    for title in ("two", "three"):
        body = (await client.patch(f"/v1/todos/{body['id']}", json={"title": title})).json()
    return body


# --- ETag


async def test_every_single_resource_carries_its_version(client: httpx.AsyncClient, account: Account) -> None:
    label = (await client.post("/v1/labels", json={"name": "home"})).headers["location"]
    todo = (await client.post("/v1/todos", json={"title": "x"})).headers["location"]
    key = (await client.post("/v1/keys", json={"name": "x", "preset": "full"})).headers["location"]
    paths = [todo, label, key, f"/v1/lists/{account.inbox_id}", f"/v1/workspaces/{account.workspace_id}", "/v1/me"]

    answers = [await client.get(path) for path in paths]

    assert [(answer.status_code, answer.headers["etag"]) for answer in answers] == [(200, '"1"')] * 6
    assert [answer.json()["version"] for answer in answers] == [1] * 6


@pytest.mark.parametrize(
    ("method", "suffix", "body", "etag"),
    [
        ("PATCH", "", {"title": "four"}, '"4"'),
        ("PATCH", "", {"title": "three"}, '"3"'),
        ("PATCH", "", {}, '"3"'),
        ("PUT", "", {"title": "four"}, '"4"'),
        ("POST", "/complete", None, '"4"'),
        ("POST", "/reopen", None, '"3"'),
        ("POST", "/move", {"position": "top"}, '"3"'),
        ("POST", "/move", {"position": "bottom"}, '"4"'),
    ],
)
async def test_a_change_answers_with_the_new_etag(
    client: httpx.AsyncClient, todo: dict[str, Any], method: str, suffix: str, body: dict[str, str] | None, etag: str
) -> None:
    await client.post("/v1/todos", json={"title": "a neighbour"})

    answer = await client.request(method, f"/v1/todos/{todo['id']}{suffix}", json=body)

    assert (answer.status_code, answer.headers["etag"]) == (200, etag)
    assert f'"{answer.json()["version"]}"' == etag


# --- If-Match


@pytest.mark.parametrize("header", ['"3"', "*", ' "3" ', '"1", "3"', '"a", "3" ,"7"', 'W/"1", "3"'])
async def test_if_match_that_names_the_version_lets_the_change_pass(
    client: httpx.AsyncClient, todo: dict[str, Any], header: str
) -> None:
    answer = await client.patch(f"/v1/todos/{todo['id']}", json={"title": "four"}, headers={"If-Match": header})

    assert (answer.status_code, answer.json()["title"]) == (200, "four")


@pytest.mark.parametrize("header", ['"2"', '"1", "2"', 'W/"3"', '"03"', '"three"', '""', '"99999999999999999999"'])
async def test_if_match_that_does_not_name_the_version_is_412_with_the_current_state(
    client: httpx.AsyncClient, todo: dict[str, Any], header: str
) -> None:
    answer = await client.patch(f"/v1/todos/{todo['id']}", json={"title": "four"}, headers={"If-Match": header})

    document = answer.json()
    assert (answer.status_code, document["code"]) == (412, "version_mismatch")
    assert document["current"] == todo
    assert (await client.get(f"/v1/todos/{todo['id']}")).json() == todo


@pytest.mark.parametrize("header", ["3", '"3', "'3'", '"3" "4"', "**", '*, "3"', "", '"\t"', "W/3"])
async def test_if_match_that_is_malformed_is_400(client: httpx.AsyncClient, todo: dict[str, Any], header: str) -> None:
    answer = await client.patch(f"/v1/todos/{todo['id']}", json={"title": "four"}, headers={"If-Match": header})

    message = 'must be * or entity tags in quotes, for example "3"'
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_request")
    assert answer.json()["errors"] == [{"header": "If-Match", "code": "format", "message": message}]


@pytest.mark.parametrize(
    ("method", "suffix", "body"),
    [
        ("PUT", "", {"title": "four"}),
        ("DELETE", "", None),
        ("POST", "/complete", None),
        ("POST", "/reopen", None),
        ("POST", "/move", {"position": "top"}),
    ],
)
async def test_if_match_guards_every_change_of_a_todo(
    client: httpx.AsyncClient, todo: dict[str, Any], method: str, suffix: str, body: dict[str, str] | None
) -> None:
    answer = await client.request(method, f"/v1/todos/{todo['id']}{suffix}", json=body, headers={"If-Match": '"2"'})

    assert (answer.status_code, answer.json()["current"]) == (412, todo)
    assert (await client.get(f"/v1/todos/{todo['id']}")).json() == todo


@pytest.mark.parametrize(
    ("method", "suffix", "body"), [("PATCH", "", {"name": "x"}), ("DELETE", "", None), ("POST", "/move", {"before": STRANGE_ID})]
)
async def test_if_match_guards_every_change_of_a_list(
    client: httpx.AsyncClient, method: str, suffix: str, body: dict[str, str] | None
) -> None:
    made = (await client.post("/v1/lists", json={"name": "Groceries"})).json()

    answer = await client.request(method, f"/v1/lists/{made['id']}{suffix}", json=body, headers={"If-Match": '"2"'})

    assert (answer.status_code, answer.json()["current"]) == (412, made)


async def test_if_match_guards_the_caller(client: httpx.AsyncClient) -> None:
    answer = await client.patch("/v1/me", json={"name": "Ada L."}, headers={"If-Match": '"2"'})

    assert (answer.status_code, answer.json()["current"]["version"]) == (412, 1)


@pytest.mark.parametrize("header", ['"1"', "*"])
async def test_if_match_on_what_is_not_there_is_404(client: httpx.AsyncClient, header: str) -> None:
    answer = await client.put(f"/v1/todos/{STRANGE_ID}", json={"title": "x"}, headers={"If-Match": header})

    assert (answer.status_code, answer.json()["code"]) == (404, "todo_not_found")


# --- If-None-Match


@pytest.mark.parametrize("header", ['"3"', 'W/"3"', '"1", "3"', "*"])
async def test_if_none_match_that_names_the_version_is_304_without_a_body(
    client: httpx.AsyncClient, todo: dict[str, Any], header: str
) -> None:
    answer = await client.get(f"/v1/todos/{todo['id']}", headers={"If-None-Match": header})

    assert (answer.status_code, answer.headers["etag"], answer.content) == (304, '"3"', b"")
    assert answer.headers["cache-control"] == "no-store"
    assert "content-type" not in answer.headers


@pytest.mark.parametrize("header", ['"2"', 'W/"2"', '"a"', '"03"'])
async def test_if_none_match_of_another_version_answers_in_full(
    client: httpx.AsyncClient, todo: dict[str, Any], header: str
) -> None:
    answer = await client.get(f"/v1/todos/{todo['id']}", headers={"If-None-Match": header})

    assert (answer.status_code, answer.headers["etag"], answer.json()) == (200, '"3"', todo)


async def test_if_none_match_that_is_malformed_is_400(client: httpx.AsyncClient, todo: dict[str, Any]) -> None:
    answer = await client.get(f"/v1/todos/{todo['id']}", headers={"If-None-Match": "3"})

    assert (answer.status_code, answer.json()["errors"][0]["header"]) == (400, "If-None-Match")


async def test_head_answers_if_none_match_as_get_does(client: httpx.AsyncClient, todo: dict[str, Any]) -> None:
    answer = await client.head(f"/v1/todos/{todo['id']}", headers={"If-None-Match": '"3"'})

    assert (answer.status_code, answer.headers["etag"]) == (304, '"3"')


async def test_if_none_match_star_creates_what_is_new(client: httpx.AsyncClient) -> None:
    answer = await client.put(f"/v1/todos/{STRANGE_ID}", json={"title": "x"}, headers={"If-None-Match": "*"})

    assert (answer.status_code, answer.json()["id"]) == (201, STRANGE_ID)


async def test_if_none_match_star_refuses_what_exists(client: httpx.AsyncClient, todo: dict[str, Any]) -> None:
    answer = await client.put(f"/v1/todos/{todo['id']}", json={"title": "four"}, headers={"If-None-Match": "*"})

    assert (answer.status_code, answer.json()["code"]) == (412, "already_exists")
    assert (await client.get(f"/v1/todos/{todo['id']}")).json() == todo


@pytest.mark.parametrize("header", ['"3"', "", "x"])
async def test_if_none_match_of_a_put_is_a_star_or_400(client: httpx.AsyncClient, todo: dict[str, Any], header: str) -> None:
    answer = await client.put(f"/v1/todos/{todo['id']}", json={"title": "four"}, headers={"If-None-Match": header})

    assert answer.status_code == 400
    assert answer.json()["errors"] == [{"header": "If-None-Match", "code": "format", "message": "must be *"}]


# --- order: who asks, what is asked, whether it is there, whether it may be changed, then the precondition


async def test_a_credential_is_checked_before_the_precondition(anonymous: httpx.AsyncClient, todo: dict[str, Any]) -> None:
    answer = await anonymous.patch(f"/v1/todos/{todo['id']}", json={"title": "x"}, headers={"If-Match": "malformed"})

    assert answer.status_code == 401


async def test_a_scope_is_checked_before_the_precondition(service: Service, account: Account, todo: dict[str, Any]) -> None:
    reader = service.client(key=await service.key(account, [Scope.TODOS_READ]))

    answer = await reader.patch(f"/v1/todos/{todo['id']}", json={"title": "x"}, headers={"If-Match": '"2"'})

    assert (answer.status_code, answer.json()["code"]) == (403, "scope_missing")


async def test_the_input_is_checked_before_the_precondition(client: httpx.AsyncClient, todo: dict[str, Any]) -> None:
    answer = await client.patch(f"/v1/todos/{todo['id']}", json={"title": ""}, headers={"If-Match": '"2"'})

    assert answer.status_code == 422


async def test_what_is_invisible_is_404_before_the_precondition(
    service: Service, stranger: Account, todo: dict[str, Any]
) -> None:
    answer = await service.client(stranger).patch(f"/v1/todos/{todo['id']}", json={"title": "x"}, headers={"If-Match": '"2"'})

    assert (answer.status_code, answer.json()["code"]) == (404, "todo_not_found")


async def test_a_role_is_checked_before_the_precondition(
    service: Service, stranger: Account, account: Account, todo: dict[str, Any]
) -> None:
    await service.add_guest(stranger, account.inbox_id, Role.VIEWER)

    answer = await service.client(stranger).patch(f"/v1/todos/{todo['id']}", json={"title": "x"}, headers={"If-Match": '"2"'})

    assert (answer.status_code, answer.json()["code"]) == (403, "role_too_low")


async def test_a_repeated_delete_answers_the_same_whatever_if_match_says(client: httpx.AsyncClient, todo: dict[str, Any]) -> None:
    headers = {"If-Match": '"3"'}

    answers = [await client.delete(f"/v1/todos/{todo['id']}", headers=headers) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [204, 204]


@pytest.mark.parametrize("tags", [', "1"', '"1",', '"7", , "1"', ',, "1" ,, '])
async def test_empty_members_of_a_list_of_tags_mean_nothing(client: httpx.AsyncClient, tags: str) -> None:
    path = (await client.post("/v1/todos", json={"title": "one"})).headers["location"]

    answer = await client.patch(path, json={"title": "two"}, headers={"If-Match": tags})

    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("tags", [",", " , ", '"1" "2"'])
async def test_a_list_without_a_tag_is_malformed(client: httpx.AsyncClient, tags: str) -> None:
    path = (await client.post("/v1/todos", json={"title": "one"})).headers["location"]

    answer = await client.patch(path, json={"title": "two"}, headers={"If-Match": tags})

    assert answer.status_code == 400
