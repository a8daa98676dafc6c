import httpx
import pytest

from tests.support.service import Account, Service
from todo_api.domain.permissions import Role

UNKNOWN_ID = "01900000-0000-7000-8000-000000000000"


async def test_list_workspaces_shows_the_personal_one(client: httpx.AsyncClient, account: Account) -> None:
    answer = await client.get("/v1/workspaces")

    assert answer.json() == {
        "items": [
            {
                "id": account.workspace_id,
                "name": "Personal",
                "is_personal": True,
                "my_role": "owner",
                "version": 1,
                "created_at": "2027-03-10T09:00:00.000000Z",
                "updated_at": "2027-03-10T09:00:00.000000Z",
            }
        ],
        "next_cursor": None,
    }


async def test_list_workspaces_shows_the_oldest_first(service: Service, account: Account, stranger: Account) -> None:
    await service.add_member(stranger, account.workspace_id, Role.COMPLETER)

    items = (await service.client(stranger).get("/v1/workspaces")).json()["items"]

    assert [(item["id"], item["my_role"]) for item in items] == [
        (account.workspace_id, "completer"),
        (stranger.workspace_id, "owner"),
    ]


async def test_list_workspaces_leaves_out_those_of_guests(
    service: Service, account: Account, client: httpx.AsyncClient, stranger: Account
) -> None:
    await service.add_guest(stranger, account.inbox_id, Role.EDITOR)

    items = (await service.client(stranger).get("/v1/workspaces")).json()["items"]

    assert [item["id"] for item in items] == [stranger.workspace_id]
    assert (await client.get("/v1/workspaces")).json()["items"][0]["id"] == account.workspace_id


async def test_get_workspace_answers_with_the_whole(client: httpx.AsyncClient, account: Account) -> None:
    answer = await client.get(f"/v1/workspaces/{account.workspace_id}")

    assert answer.json() == (await client.get("/v1/workspaces")).json()["items"][0]
    assert answer.headers["etag"] == '"1"'


async def test_get_workspace_that_is_known_is_not_modified(client: httpx.AsyncClient, account: Account) -> None:
    answer = await client.get(f"/v1/workspaces/{account.workspace_id}", headers={"If-None-Match": '"1"'})

    assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", '"1"')


@pytest.mark.parametrize("role", Role)
async def test_get_workspace_says_the_own_role(service: Service, account: Account, stranger: Account, role: Role) -> None:
    await service.add_member(stranger, account.workspace_id, role)

    answer = await service.client(stranger).get(f"/v1/workspaces/{account.workspace_id}")

    assert answer.json()["my_role"] == role.name.lower()


async def test_get_workspace_with_a_malformed_id_is_refused(client: httpx.AsyncClient) -> None:
    answer = await client.get("/v1/workspaces/personal")

    assert (answer.status_code, answer.json()["errors"][0]["parameter"]) == (422, "workspace_id")


async def test_stranger_is_told_as_of_a_missing_workspace(service: Service, account: Account, stranger: Account) -> None:
    eve = service.client(stranger)

    foreign = await eve.get(f"/v1/workspaces/{account.workspace_id}")
    missing = await eve.get(f"/v1/workspaces/{UNKNOWN_ID}")

    assert (foreign.status_code, foreign.json()["code"]) == (404, "workspace_not_found")
    assert (missing.status_code, missing.json()["detail"]) == (404, foreign.json()["detail"])


async def test_guest_is_told_as_of_a_missing_workspace(service: Service, account: Account, stranger: Account) -> None:
    await service.add_guest(stranger, account.inbox_id, Role.EDITOR)

    answer = await service.client(stranger).get(f"/v1/workspaces/{account.workspace_id}")

    assert (answer.status_code, answer.json()["code"]) == (404, "workspace_not_found")
