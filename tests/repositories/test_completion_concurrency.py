import asyncio
from collections import Counter
from typing import Any

import httpx
import pytest

from tests.support.todos import act, make, read, records

TIMES = 20
ROUNDS = 20


async def at_once(client: httpx.AsyncClient, *requests: tuple[str, str, dict[str, Any] | None]) -> list[httpx.Response]:
    return await asyncio.gather(*(client.request(method, url, json=body) for method, url, body in requests))


@pytest.mark.parametrize("action", ["complete", "skip"])
async def test_same_occurrence_at_once_is_one_step(client: httpx.AsyncClient, action: str) -> None:
    todo = await make(client, recurrence={"text": "every day"})
    request = ("POST", f"/v1/todos/{todo['id']}/{action}", {"occurrence": "2027-03-10"})

    answers = await at_once(client, *[request] * TIMES)

    assert Counter((answer.status_code, answer.json().get("replayed")) for answer in answers) == {
        (200, False): 1,
        (200, True): TIMES - 1,
    }
    assert len(await records(client, todo)) == 1
    assert (await read(client, todo))["occurrence"] == "2027-03-11"


async def test_same_todo_at_once_is_completed_once(client: httpx.AsyncClient) -> None:
    todo = await make(client)

    answers = await at_once(client, *[("POST", f"/v1/todos/{todo['id']}/complete", None)] * TIMES)

    assert sorted(answer.json()["replayed"] for answer in answers) == [False] + [True] * (TIMES - 1)
    assert len(await records(client, todo)) == 1


async def test_current_occurrence_at_once_is_never_recorded_twice(client: httpx.AsyncClient) -> None:
    todo = await make(client, recurrence={"text": "every day"})

    answers = await at_once(client, *[("POST", f"/v1/todos/{todo['id']}/complete", None)] * 5)

    occurrences = [record["occurrence"] for record in await records(client, todo)]
    assert [answer.status_code for answer in answers] == [200] * 5
    assert occurrences == ["2027-03-14", "2027-03-13", "2027-03-12", "2027-03-11", "2027-03-10"]


async def test_parent_and_subtask_at_once_are_each_completed_once(client: httpx.AsyncClient) -> None:
    for _ in range(5):
        parent = await make(client)
        child = await make(client, parent_id=parent["id"])

        answers = await at_once(
            client, *(("POST", f"/v1/todos/{todo['id']}/complete", None) for todo in (parent, child, parent, child))
        )

        assert [answer.status_code for answer in answers] == [200] * 4
        assert [len(await records(client, todo)) for todo in (parent, child)] == [1, 1]


async def test_reopening_at_once_undoes_one_record(client: httpx.AsyncClient) -> None:
    todo = await make(client)
    await act(client, todo, "complete")

    answers = await at_once(client, *[("POST", f"/v1/todos/{todo['id']}/reopen", None)] * 5)

    assert sorted(answer.json()["replayed"] for answer in answers) == [False, True, True, True, True]


async def test_blocks_at_once_make_no_cycle(client: httpx.AsyncClient) -> None:
    for _ in range(ROUNDS):
        one, other = [await make(client) for _ in range(2)]

        answers = await at_once(
            client,
            ("PATCH", f"/v1/todos/{one['id']}", {"blocked_by": [other["id"]]}),
            ("PATCH", f"/v1/todos/{other['id']}", {"blocked_by": [one["id"]]}),
        )

        assert sorted((answer.status_code, answer.json().get("code", "")) for answer in answers) == [
            (200, ""),
            (409, "block_cycle"),
        ]


async def test_blocks_at_once_make_no_longer_cycle(client: httpx.AsyncClient) -> None:
    for _ in range(5):
        todos = [await make(client) for _ in range(4)]
        following = [*todos[1:], todos[0]]

        answers = await at_once(
            client,
            *(
                ("PATCH", f"/v1/todos/{todo['id']}", {"blocked_by": [blocker["id"]]})
                for todo, blocker in zip(todos, following, strict=True)
            ),
        )

        assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 409]


async def test_blocking_while_the_blocker_is_completed_waits_for_nobody(client: httpx.AsyncClient) -> None:
    for _ in range(5):
        parent = await make(client)
        child = await make(client, parent_id=parent["id"])

        answers = await at_once(
            client,
            ("POST", f"/v1/todos/{parent['id']}/complete", None),
            ("PATCH", f"/v1/todos/{child['id']}", {"blocked_by": [parent["id"]]}),
        )

        assert [answer.status_code for answer in answers] == [200, 200]
