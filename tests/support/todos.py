"""Todos as tests make and change them over HTTP; each step must succeed."""

from typing import Any

import httpx


async def make(client: httpx.AsyncClient, **fields: Any) -> dict[str, Any]:
    """A new todo."""
    return _body(await client.post("/v1/todos", json={"title": "Water the plants"} | fields), 201)


async def read(client: httpx.AsyncClient, todo: dict[str, Any]) -> dict[str, Any]:
    """The todo as it is now."""
    return _body(await client.get(f"/v1/todos/{todo['id']}"))


async def patch(client: httpx.AsyncClient, todo: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """The todo after a merge patch."""
    return _body(await client.patch(f"/v1/todos/{todo['id']}", json=fields))


async def act(client: httpx.AsyncClient, todo: dict[str, Any], action: str, **fields: Any) -> dict[str, Any]:
    """What ``POST /v1/todos/{id}/{action}`` answers."""
    return _body(await client.post(f"/v1/todos/{todo['id']}/{action}", json=fields or None))


async def records(client: httpx.AsyncClient, todo: dict[str, Any]) -> list[dict[str, Any]]:
    """The records of a todo, the newest first."""
    items: list[dict[str, Any]] = _body(await client.get(f"/v1/todos/{todo['id']}/completions"))["items"]
    return items


def _body(response: httpx.Response, status: int = 200) -> dict[str, Any]:
    assert response.status_code == status, response.text
    body: dict[str, Any] = response.json()
    return body
