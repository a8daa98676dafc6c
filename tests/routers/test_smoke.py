import httpx


async def test_create_and_get(client: httpx.AsyncClient) -> None:
    created = await client.post("/v1/todos", json={"title": "Buy milk", "labels": ["food"]})
    assert created.status_code == 201, created.text

    got = await client.get(created.headers["location"])

    assert got.json() == created.json()
