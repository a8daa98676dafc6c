import asyncio
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from tests.support.service import Account, Service
from tests.support.todos import make, patch, read
from todo_api.domain.permissions import Role, Scope

URL = "/v1/todos/by-external/github/todo-api%2Ftodo-api%237"
ISSUE = {"source": "github", "id": "todo-api/todo-api#7", "url": None}


async def put(client: httpx.AsyncClient, status: int = 200, **fields: Any) -> dict[str, Any]:
    response = await client.put(URL, json=fields)
    assert response.status_code == status, response.text
    body: dict[str, Any] = response.json()
    return body


# --- upserts


async def test_upsert_creates_what_is_new(client: httpx.AsyncClient, account: Account) -> None:
    response = await client.put(URL, json={"title": "Mend it", "priority": "high"})

    todo = response.json()
    assert response.status_code == 201
    assert (response.headers["location"], response.headers["etag"]) == (f"/v1/todos/{todo['id']}", '"1"')
    assert (todo["title"], todo["priority"], todo["external"], todo["list_id"]) == ("Mend it", "high", ISSUE, account.inbox_id)


async def test_upsert_changes_the_fields_sent_and_keeps_the_rest(client: httpx.AsyncClient) -> None:
    todo = await put(client, 201, title="Mend it", notes="soon")

    changed = await put(client, title="Mend it now")

    assert changed == todo | {"title": "Mend it now", "version": 2}


async def test_same_upsert_again_changes_nothing(client: httpx.AsyncClient) -> None:
    fields: dict[str, Any] = {"title": "Mend it", "external": ISSUE | {"url": "https://example.com/7"}, "metadata": {"stars": 3}}
    todo = await put(client, 201, **fields)

    assert await put(client, **fields) == todo


async def test_upsert_of_something_new_needs_a_title(client: httpx.AsyncClient) -> None:
    response = await client.put(URL, json={"priority": "high"})

    assert (response.status_code, response.json()["errors"][0]["pointer"]) == (422, "#/title")


@pytest.mark.parametrize("external", [None, {"source": "gitlab", "id": "todo-api/todo-api#7"}, {"source": "github", "id": "8"}])
@pytest.mark.parametrize("exists", [True, False])
async def test_body_that_contradicts_the_path_is_refused(client: httpx.AsyncClient, external: Any, exists: bool) -> None:  # noqa: FBT001  # a parameter of the test
    if exists:
        await put(client, 201, title="Mend it")

    response = await client.put(URL, json={"title": "x", "external": external})

    assert response.status_code == 422
    assert [(flaw["pointer"], flaw["code"]) for flaw in response.json()["errors"]] == [("#/external", "contradiction")]


async def test_address_is_kept_until_another_one_is_sent(client: httpx.AsyncClient) -> None:
    await put(client, 201, title="Mend it", external=ISSUE | {"url": "https://example.com/7"})

    kept = await put(client, title="Mend it now")
    changed = await put(client, external=ISSUE | {"url": "https://example.com/issues/7"})

    assert (kept["external"]["url"], changed["external"]["url"]) == ("https://example.com/7", "https://example.com/issues/7")


async def test_upsert_completes_like_any_change(client: httpx.AsyncClient) -> None:
    await put(client, 201, title="Mend it", due="2027-03-10", recurrence={"text": "every day"})

    done = await put(client, completed=True)

    assert (done["status"], done["occurrence"]) == ("open", "2027-03-11")


async def test_upsert_moves_to_the_list_named(client: httpx.AsyncClient) -> None:
    other = (await client.post("/v1/lists", json={"name": "Issues"})).json()
    todo = await put(client, 201, title="Mend it")

    moved = await put(client, list_id=other["id"])

    assert (moved["id"], moved["list_id"]) == (todo["id"], other["id"])


async def test_upsert_of_a_version_that_is_past_is_refused(client: httpx.AsyncClient) -> None:
    await put(client, 201, title="Mend it")

    response = await client.put(URL, json={"title": "x"}, headers={"If-Match": '"7"'})

    assert (response.status_code, response.json()["code"]) == (412, "version_mismatch")


async def test_upsert_that_expects_a_version_creates_nothing(client: httpx.AsyncClient) -> None:
    response = await client.put(URL, json={"title": "x"}, headers={"If-Match": '"1"'})

    assert (response.status_code, response.json()["code"]) == (404, "todo_not_found")
    assert (await client.get("/v1/todos")).json()["items"] == []


async def test_upsert_needs_both_scopes(service: Service, account: Account) -> None:
    writer = service.client(key=await service.key(account, [Scope.TODOS_WRITE]))

    response = await writer.put(URL, json={"title": "x"})

    assert (response.status_code, response.json()["missing_scope"]) == (403, "todos:read")


async def test_upserts_at_once_make_one_todo(client: httpx.AsyncClient) -> None:
    answers = await asyncio.gather(*(client.put(URL, json={"title": "Mend it"}) for _ in range(10)))

    assert sorted(answer.status_code for answer in answers) == [200] * 9 + [201]
    assert len({answer.json()["id"] for answer in answers}) == 1


# --- one todo for each reference


async def test_reference_is_taken_by_one_todo(client: httpx.AsyncClient) -> None:
    await make(client, external=ISSUE)

    response = await client.post("/v1/todos", json={"title": "x", "external": ISSUE})

    assert (response.status_code, response.json()["code"]) == (409, "external_taken")


async def test_reference_that_is_taken_is_not_given_by_a_change(client: httpx.AsyncClient) -> None:
    await make(client, external=ISSUE)
    todo = await make(client)

    response = await client.patch(f"/v1/todos/{todo['id']}", json={"external": ISSUE})

    assert (response.status_code, response.json()["code"]) == (409, "external_taken")
    assert await read(client, todo) == todo


@pytest.mark.parametrize("other", [{"source": "gitlab"}, {"id": "todo-api/todo-api#8"}, {"id": "TODO-API/todo-api#7"}])
async def test_source_and_id_together_are_the_reference(client: httpx.AsyncClient, other: dict[str, str]) -> None:
    await make(client, external=ISSUE)

    todo = await make(client, external=ISSUE | other)

    assert todo["external"] == ISSUE | other


async def test_each_workspace_has_its_own_references(service: Service, client: httpx.AsyncClient, stranger: Account) -> None:
    ours = await put(client, 201, title="Ours")

    theirs = await put(service.client(stranger), 201, title="Theirs")

    assert ours["id"] != theirs["id"]


async def test_todo_that_is_moved_where_its_reference_is_taken_stays(
    service: Service, client: httpx.AsyncClient, account: Account, stranger: Account
) -> None:
    await service.add_member(account, stranger.workspace_id, Role.EDITOR)
    await make(client, list_id=stranger.inbox_id, external=ISSUE)
    todo = await make(client, external=ISSUE)

    response = await client.post(f"/v1/todos/{todo['id']}/move", json={"list_id": stranger.inbox_id})

    assert (response.status_code, response.json()["code"]) == (409, "external_taken")
    assert await read(client, todo) == todo


async def test_trash_frees_the_reference(client: httpx.AsyncClient) -> None:
    trashed = await put(client, 201, title="Mend it")
    await client.delete(f"/v1/todos/{trashed['id']}")

    todo = await put(client, 201, title="Mend it")

    assert todo["id"] != trashed["id"]


async def test_completed_todo_keeps_its_reference(client: httpx.AsyncClient) -> None:
    todo = await put(client, 201, title="Mend it", completed=True)

    assert (await put(client, notes="done"))["id"] == todo["id"]


async def test_null_takes_the_reference_away(client: httpx.AsyncClient) -> None:
    todo = await put(client, 201, title="Mend it")

    changed = await patch(client, todo, external=None)
    other = await put(client, 201, title="Mend it")

    assert (changed["external"], other["external"]) == (None, ISSUE)


# --- who sees it


async def test_guest_does_not_take_over_what_it_does_not_see(service: Service, client: httpx.AsyncClient) -> None:
    shared = (await client.post("/v1/lists", json={"name": "Shared"})).json()
    todo = await put(client, 201, title="Mend it")
    guest = await service.account("guest@example.com")
    await service.add_guest(guest, shared["id"], Role.EDITOR)

    response = await service.client(guest).put(URL, json={"title": "x", "list_id": shared["id"]})

    assert (response.status_code, response.json()["code"]) == (409, "external_taken")
    assert await read(client, todo) == todo


async def test_key_for_one_list_upserts_there(service: Service, client: httpx.AsyncClient, account: Account) -> None:
    issues = (await client.post("/v1/lists", json={"name": "Issues"})).json()
    integration = service.client(key=await service.key(account, list_ids=[issues["id"]]))

    todo = await put(integration, 201, title="Mend it")

    assert todo["list_id"] == issues["id"]
    assert await put(integration, title="Mend it") == todo


# --- shape


@pytest.mark.parametrize(
    ("external", "pointer"),
    [
        ({"source": "github"}, "#/external/id"),
        ({"source": "", "id": "7"}, "#/external/source"),
        ({"source": "s" * 101, "id": "7"}, "#/external/source"),
        ({"source": "github", "id": "7" * 256}, "#/external/id"),
        ({"source": "github", "id": "7\x008"}, "#/external/id"),
        ({"source": "github", "id": "7", "url": "javascript:alert(1)"}, "#/external/url"),
        ({"source": "github", "id": "7", "url": "https://example.com/" + "x" * 1981}, "#/external/url"),
        ({"source": "github", "id": "7", "stars": 3}, "#/external/stars"),
    ],
)
async def test_bad_reference_is_refused_where_it_is_wrong(
    client: httpx.AsyncClient, external: dict[str, Any], pointer: str
) -> None:
    response = await client.post("/v1/todos", json={"title": "x", "external": external})

    assert (response.status_code, [flaw["pointer"] for flaw in response.json()["errors"]]) == (422, [pointer])


@pytest.mark.parametrize("external_id", ["7", "a/b/c", "a b", "ä", "7%", "..;", "https://example.com/7?x=1#y"])
async def test_any_id_is_found_again(client: httpx.AsyncClient, external_id: str) -> None:
    todo = await make(client, external={"source": "github", "id": external_id})

    response = await client.put(f"/v1/todos/by-external/github/{quote(external_id, safe='')}", json={"notes": "found"})

    assert (response.status_code, response.json()["id"]) == (200, todo["id"])
