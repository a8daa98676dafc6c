from typing import Any

import httpx

from tests.support.clock import TestClock


async def test_daily(client: httpx.AsyncClient, clock: TestClock) -> None:
    created = await client.post(
        "/v1/todos",
        json={"title": "x", "due": {"date": "2027-03-10", "time": "09:00", "timezone": "Europe/Berlin"}, "recurrence": {"text": "every day"}},
    )
    assert created.status_code == 201, created.text
    todo: dict[str, Any] = created.json()
    assert todo["occurrence"] == "2027-03-10T09:00:00"
    url = f"/v1/todos/{todo['id']}"
    done = await client.post(f"{url}/complete", json={"occurrence": todo["occurrence"]})
    assert done.status_code == 200, done.text
    assert done.json()["due"] == {"date": "2027-03-11", "time": "09:00", "timezone": "Europe/Berlin"}
    again = await client.post(f"{url}/complete", json={"occurrence": todo["occurrence"]})
    assert again.json()["replayed"] is True
    records = await client.get(f"{url}/completions")
    assert len(records.json()["items"]) == 1, records.text
    preview = await client.get(f"{url}/occurrences?limit=2")
    assert [item["occurrence"] for item in preview.json()["items"]] == ["2027-03-11T09:00:00", "2027-03-12T09:00:00"]
    back = await client.post(f"{url}/reopen")
    assert back.status_code == 200, back.text
    assert back.json()["due"] == todo["due"]
    assert back.json()["occurrence"] == todo["occurrence"]
    moved = await client.post(f"{url}/reschedule", json={"due": "2027-03-15"})
    assert moved.json()["occurrence"] == todo["occurrence"]
    ended = await client.post(f"{url}/end-series")
    assert ended.json()["recurrence"] is None
    upsert = await client.put("/v1/todos/by-external/gh/7", json={"title": "y", "metadata": {"a": "b"}})
    assert upsert.status_code == 201, upsert.text
    upsert = await client.put("/v1/todos/by-external/gh/7", json={"blocked_by": [todo["id"]], "metadata": {"a": None, "c": 1}})
    assert upsert.status_code == 200, upsert.text
    assert upsert.json()["is_blocked"] is True
    assert upsert.json()["metadata"] == {"c": 1}
    cycle = await client.patch(url, json={"blocked_by": [upsert.json()["id"]]})
    assert cycle.json()["code"] == "block_cycle", cycle.text
