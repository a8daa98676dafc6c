from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import httpx
import pytest

from tests.support.service import Account, Service
from todo_api.domain.identifiers import new_id
from todo_api.domain.permissions import ALL_SCOPES, Role, Scope


@pytest.fixture
async def todo_id(client: httpx.AsyncClient) -> str:
    """A todo of ``account`` in a list that can be archived."""
    list_id = (await client.post("/v1/lists", json={"name": "Home"})).json()["id"]
    made: str = (await client.post("/v1/todos", json={"title": "Buy milk", "list_id": list_id})).json()["id"]
    return made


async def list_of(client: httpx.AsyncClient, todo_id: str) -> str:
    found: str = (await client.get(f"/v1/todos/{todo_id}")).json()["list_id"]
    return found


async def make(client: httpx.AsyncClient, todo_id: str, body: str = "Which kind?") -> dict[str, Any]:
    response = await client.post(f"/v1/todos/{todo_id}/comments", json={"body": body})
    assert response.status_code == 201, response.text
    comment: dict[str, Any] = response.json()
    return comment


async def bodies(client: httpx.AsyncClient, path: str) -> list[str]:
    """Bodies on all pages, two at a time."""
    found: list[str] = []
    parameters: dict[str, Any] = {"limit": 2}
    while True:
        page = (await client.get(path, params=parameters)).json()
        found += [item["body"] for item in page["items"]]
        if page["next_cursor"] is None:
            return found
        parameters["cursor"] = page["next_cursor"]


def told(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, response.json()["code"]


# Creating and reading


async def test_create_answers_the_comment(client: httpx.AsyncClient, account: Account, todo_id: str) -> None:
    response = await client.post(f"/v1/todos/{todo_id}/comments", json={"body": "Which *kind*?\n"})

    comment = response.json()
    assert comment == {
        "id": comment["id"],
        "todo_id": todo_id,
        "author_id": account.user_id,
        "body": "Which *kind*?\n",
        "edited_at": None,
        "version": 1,
        "created_at": "2027-03-10T09:00:00.000000Z",
        "updated_at": "2027-03-10T09:00:00.000000Z",
    }
    assert response.headers["location"] == f"/v1/comments/{comment['id']}"
    assert response.headers["etag"] == '"1"'
    assert (await client.get(response.headers["location"])).json() == comment


async def test_create_is_logged(service: Service, client: httpx.AsyncClient, account: Account, todo_id: str) -> None:
    comment = await make(client, todo_id)

    logged = (await service.changes(account.workspace_id))[-1]
    assert (logged.kind, logged.entity_id, logged.op, logged.list_id) == (
        "comment", comment["id"], "create", await list_of(client, todo_id),
    )  # fmt: skip
    assert logged.after == {"todo_id": todo_id, "author_id": account.user_id, "body": "Which kind?"}


async def test_a_todo_counts_its_comments(client: httpx.AsyncClient, todo_id: str) -> None:
    await make(client, todo_id)
    comment = await make(client, todo_id)
    await client.delete(f"/v1/comments/{comment['id']}")

    assert (await client.get(f"/v1/todos/{todo_id}")).json()["comment_count"] == 1


async def test_pages_cover_every_comment_once_the_oldest_first(client: httpx.AsyncClient, todo_id: str) -> None:
    other = (await client.post("/v1/todos", json={"title": "Another"})).json()["id"]
    for body in "abcde":
        await make(client, todo_id, body)
        await make(client, other, "elsewhere")

    assert await bodies(client, f"/v1/todos/{todo_id}/comments") == list("abcde")


async def test_a_todo_without_comments_is_an_empty_page(client: httpx.AsyncClient, todo_id: str) -> None:
    assert (await client.get(f"/v1/todos/{todo_id}/comments")).json() == {"items": [], "next_cursor": None}


async def test_statements_are_few(
    client: httpx.AsyncClient,
    todo_id: str,
    statements: Callable[[], AbstractContextManager[list[str]]],
    database_kind: str,
) -> None:
    comment = await make(client, todo_id)

    with statements() as page:
        await client.get(f"/v1/todos/{todo_id}/comments")
    with statements() as creation:
        await make(client, todo_id)
    with statements() as edit:
        await client.patch(f"/v1/comments/{comment['id']}", json={"body": "x"})

    locks = int(database_kind == "postgresql")  # of the search index, which an edit makes anew
    assert (len(page), len(creation), len(edit)) == (2, 6, 8 + locks)


async def test_a_known_version_is_not_sent_again(client: httpx.AsyncClient, todo_id: str) -> None:
    comment = await make(client, todo_id)

    response = await client.get(f"/v1/comments/{comment['id']}", headers={"If-None-Match": '"1"'})

    assert (response.status_code, response.content) == (304, b"")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"body": ""},
        {"body": " \n\t"},
        {"body": None},
        {"body": "a\x00b"},
        {"body": "a\x1bb"},
        {"body": "x" * 16385},
        {"body": "ä" * 8193},
        {"body": "a", "author_id": new_id()},
    ],
)
async def test_invalid_comments_are_refused(client: httpx.AsyncClient, todo_id: str, body: dict[str, Any]) -> None:
    comment = await make(client, todo_id)

    assert told(await client.post(f"/v1/todos/{todo_id}/comments", json=body)) == (422, "invalid_input")
    if body:
        assert told(await client.patch(f"/v1/comments/{comment['id']}", json=body)) == (422, "invalid_input")


async def test_half_a_surrogate_pair_is_refused(client: httpx.AsyncClient, todo_id: str) -> None:
    headers = {"Content-Type": "application/json"}

    response = await client.post(f"/v1/todos/{todo_id}/comments", content=b'{"body": "\\ud800"}', headers=headers)

    assert told(response) == (422, "invalid_input")


@pytest.mark.parametrize("body", ["x" * 16384, "ä" * 8192, "a\r\nb\tc", "  padded  ", "👩‍👩‍👧"])
async def test_text_is_kept_exactly(client: httpx.AsyncClient, todo_id: str, body: str) -> None:
    comment = await make(client, todo_id, body)

    assert (await client.get(f"/v1/comments/{comment['id']}")).json()["body"] == body


async def test_one_key_makes_one_comment(client: httpx.AsyncClient, todo_id: str) -> None:
    headers, path = {"Idempotency-Key": "once"}, f"/v1/todos/{todo_id}/comments"

    first = await client.post(path, json={"body": "a"}, headers=headers)
    second = await client.post(path, json={"body": "a"}, headers=headers)

    assert (second.json(), second.headers["idempotent-replayed"]) == (first.json(), "true")
    assert await bodies(client, path) == ["a"]


# Editing


async def test_an_edit_keeps_what_was_said(service: Service, client: httpx.AsyncClient, account: Account, todo_id: str) -> None:
    comment = await make(client, todo_id, "first")
    path = f"/v1/comments/{comment['id']}"
    service.clock.advance(hours=1)

    response = await client.patch(path, json={"body": "second"}, headers={"If-Match": '"1"'})
    await client.patch(path, json={"body": "third"})

    edited = "2027-03-10T10:00:00.000000Z"
    assert response.json() == comment | {"body": "second", "edited_at": edited, "version": 2, "updated_at": edited}
    assert response.headers["etag"] == '"2"'
    edits = (await client.get(f"{path}/edits")).json()["items"]
    assert edits == [
        {"id": edit["id"], "body": body, "replaced_at": edited} for edit, body in zip(edits, ["first", "second"], strict=True)
    ]
    logged = (await service.changes(account.workspace_id))[-2]
    assert (logged.kind, logged.op, logged.before, logged.after) == (
        "comment", "update", {"body": "first", "edited_at": None}, {"body": "second", "edited_at": edited},
    )  # fmt: skip


async def test_pages_cover_every_edit_once(client: httpx.AsyncClient, todo_id: str) -> None:
    comment = await make(client, todo_id, "0")
    path = f"/v1/comments/{comment['id']}"
    for number in range(1, 6):
        await client.patch(path, json={"body": str(number)})

    assert await bodies(client, f"{path}/edits") == ["0", "1", "2", "3", "4"]


@pytest.mark.parametrize("body", [{}, {"body": "Which kind?"}])
async def test_a_patch_that_changes_nothing_is_no_edit(
    service: Service, client: httpx.AsyncClient, account: Account, todo_id: str, body: dict[str, Any]
) -> None:
    comment = await make(client, todo_id)
    seq = await service.seq(account.workspace_id)

    response = await client.patch(f"/v1/comments/{comment['id']}", json=body)

    assert (response.json(), await service.seq(account.workspace_id)) == (comment, seq)
    assert await bodies(client, f"/v1/comments/{comment['id']}/edits") == []


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
async def test_a_stale_write_is_refused_with_the_current_comment(client: httpx.AsyncClient, todo_id: str, method: str) -> None:
    comment = await make(client, todo_id)
    path, body = f"/v1/comments/{comment['id']}", {"body": "x"} if method == "PATCH" else None

    response = await client.request(method, path, json=body, headers={"If-Match": '"7"'})

    assert (*told(response), response.json()["current"]) == (412, "version_mismatch", comment)
    assert (await client.get(path)).json() == comment
    assert await bodies(client, f"{path}/edits") == []


# Deleting


async def test_a_deleted_comment_is_gone(service: Service, client: httpx.AsyncClient, account: Account, todo_id: str) -> None:
    comment = await make(client, todo_id)
    path = f"/v1/comments/{comment['id']}"

    response = await client.delete(path)

    assert response.status_code == 204
    logged = (await service.changes(account.workspace_id))[-1]
    assert (logged.kind, logged.entity_id, logged.op) == ("comment", comment["id"], "delete")
    assert told(await client.get(path)) == (404, "comment_not_found")
    assert told(await client.get(f"{path}/edits")) == (404, "comment_not_found")
    assert told(await client.patch(path, json={"body": "x"})) == (404, "comment_not_found")
    assert await bodies(client, f"/v1/todos/{todo_id}/comments") == []


async def test_deleting_again_answers_the_same(
    service: Service, client: httpx.AsyncClient, account: Account, todo_id: str
) -> None:
    comment = await make(client, todo_id)
    await client.delete(f"/v1/comments/{comment['id']}")
    seq = await service.seq(account.workspace_id)

    response = await client.delete(f"/v1/comments/{comment['id']}")

    assert (response.status_code, await service.seq(account.workspace_id)) == (204, seq)


async def test_comments_on_a_trashed_todo_are_not_there(client: httpx.AsyncClient, todo_id: str) -> None:
    comment = await make(client, todo_id)
    await client.delete(f"/v1/todos/{todo_id}")
    path = f"/v1/comments/{comment['id']}"

    answers = [await client.get(path), await client.patch(path, json={"body": "x"}), await client.delete(path)]

    assert [told(answer) for answer in answers] == [(404, "comment_not_found")] * 3
    assert told(await client.get(f"/v1/todos/{todo_id}/comments")) == (404, "todo_not_found")
    assert told(await client.post(f"/v1/todos/{todo_id}/comments", json={"body": "x"})) == (404, "todo_not_found")


# Who may


async def test_an_archived_list_is_read_only(client: httpx.AsyncClient, todo_id: str) -> None:
    comment = await make(client, todo_id)
    await client.patch(f"/v1/lists/{await list_of(client, todo_id)}", json={"archived": True})
    path = f"/v1/comments/{comment['id']}"

    answers = [
        await client.post(f"/v1/todos/{todo_id}/comments", json={"body": "x"}),
        await client.patch(path, json={"body": "x"}),
        await client.delete(path),
    ]

    assert [told(answer) for answer in answers] == [(409, "list_archived")] * 3
    assert (await client.get(path)).json() == comment


async def test_what_a_stranger_does_not_see_is_not_there(
    service: Service, client: httpx.AsyncClient, stranger: Account, todo_id: str
) -> None:
    comment = await make(client, todo_id)
    other, path = service.client(stranger), f"/v1/comments/{comment['id']}"

    answers = [
        await other.get(path),
        await other.patch(path, json={"body": "x"}),
        await other.delete(path),
        await other.get(f"{path}/edits"),
    ]

    assert [told(answer) for answer in answers] == [(404, "comment_not_found")] * 4
    assert told(await other.get(f"/v1/todos/{todo_id}/comments")) == (404, "todo_not_found")
    assert told(await other.post(f"/v1/todos/{todo_id}/comments", json={"body": "x"})) == (404, "todo_not_found")


async def test_a_viewer_reads_only(service: Service, client: httpx.AsyncClient, stranger: Account, todo_id: str) -> None:
    comment = await make(client, todo_id)
    await service.add_guest(stranger, await list_of(client, todo_id), Role.VIEWER)
    viewer, path = service.client(stranger), f"/v1/comments/{comment['id']}"

    answers = [
        await viewer.post(f"/v1/todos/{todo_id}/comments", json={"body": "x"}),
        await viewer.patch(path, json={"body": "x"}),
        await viewer.delete(path),
    ]

    assert (await viewer.get(path)).json() == comment
    assert [(*told(answer), answer.json()["missing_role"]) for answer in answers] == [(403, "role_too_low", "commenter")] * 3


async def test_a_commenter_writes_and_deletes_own_comments_only(
    service: Service, client: httpx.AsyncClient, stranger: Account, todo_id: str
) -> None:
    theirs = await make(client, todo_id)
    await service.add_guest(stranger, await list_of(client, todo_id), Role.COMMENTER)
    guest = service.client(stranger)

    own = await make(guest, todo_id, "mine")

    assert own["author_id"] == stranger.user_id
    assert (await guest.patch(f"/v1/comments/{own['id']}", json={"body": "still mine"})).status_code == 200
    assert (await guest.delete(f"/v1/comments/{own['id']}")).status_code == 204
    assert told(await guest.patch(f"/v1/comments/{theirs['id']}", json={"body": "x"})) == (403, "not_author")
    assert told(await guest.delete(f"/v1/comments/{theirs['id']}")) == (403, "not_author")


async def test_an_admin_deletes_but_does_not_edit_what_others_said(
    service: Service, client: httpx.AsyncClient, stranger: Account, todo_id: str
) -> None:
    await service.add_guest(stranger, await list_of(client, todo_id), Role.EDITOR)
    comment = await make(service.client(stranger), todo_id)
    path = f"/v1/comments/{comment['id']}"

    assert told(await client.patch(path, json={"body": "x"})) == (403, "not_author")
    assert (await client.delete(path)).status_code == 204


async def test_a_comment_that_others_deleted_is_not_there(
    service: Service, client: httpx.AsyncClient, account: Account, stranger: Account, todo_id: str
) -> None:
    comment = await make(client, todo_id)
    await client.delete(f"/v1/comments/{comment['id']}")
    await service.add_member(stranger, account.workspace_id, Role.EDITOR)

    assert told(await service.client(stranger).delete(f"/v1/comments/{comment['id']}")) == (404, "comment_not_found")


async def test_a_restricted_key_sees_its_lists_only(
    service: Service, client: httpx.AsyncClient, account: Account, todo_id: str
) -> None:
    comment = await make(client, todo_id)
    restricted = service.client(key=await service.key(account, list_ids=[account.inbox_id]))

    assert told(await restricted.get(f"/v1/comments/{comment['id']}")) == (404, "comment_not_found")
    assert told(await restricted.delete(f"/v1/comments/{comment['id']}")) == (404, "comment_not_found")
    assert told(await restricted.get(f"/v1/todos/{todo_id}/comments")) == (404, "todo_not_found")


async def test_scopes_are_needed(service: Service, client: httpx.AsyncClient, account: Account, todo_id: str) -> None:
    comment = await make(client, todo_id)
    path = f"/v1/comments/{comment['id']}"
    reader = service.client(key=await service.key(account, ALL_SCOPES - {Scope.COMMENTS_WRITE}))
    writer = service.client(key=await service.key(account, {Scope.COMMENTS_WRITE}))

    refused = [
        await reader.post(f"/v1/todos/{todo_id}/comments", json={"body": "x"}),
        await reader.patch(path, json={"body": "x"}),
        await reader.delete(path),
    ]

    assert (await reader.get(path)).status_code == 200
    assert [(*told(answer), answer.json()["missing_scope"]) for answer in refused] == [
        (403, "scope_missing", "comments:write")
    ] * 3
    assert told(await writer.get(path)) == (403, "scope_missing")


async def test_credentials_are_needed(anonymous: httpx.AsyncClient, todo_id: str) -> None:
    assert told(await anonymous.get(f"/v1/todos/{todo_id}/comments")) == (401, "unauthenticated")
    assert told(await anonymous.post(f"/v1/todos/{todo_id}/comments", json={"body": "x"})) == (401, "unauthenticated")


# Moving with the todo


async def test_comments_go_with_their_todo_into_another_workspace(
    service: Service, client: httpx.AsyncClient, account: Account, stranger: Account, todo_id: str
) -> None:
    comment, deleted = await make(client, todo_id), await make(client, todo_id)
    await client.delete(f"/v1/comments/{deleted['id']}")
    await service.add_member(account, stranger.workspace_id, Role.EDITOR)
    client = service.client(account)

    moved = await client.post(f"/v1/todos/{todo_id}/move", json={"list_id": stranger.inbox_id})

    assert moved.status_code == 200, moved.text
    got = (await service.client(stranger).get(f"/v1/comments/{comment['id']}")).json()
    assert got == comment | {"version": 2}
    for workspace_id, list_id in ((account.workspace_id, None), (stranger.workspace_id, stranger.inbox_id)):
        logged = [change for change in await service.changes(workspace_id) if (change.kind, change.op) == ("comment", "move")]
        assert [change.entity_id for change in logged] == [comment["id"]]
        assert list_id in {None, logged[0].list_id}
        assert logged[0].after == {"workspace_id": stranger.workspace_id}
