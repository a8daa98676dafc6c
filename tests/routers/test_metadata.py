from typing import Any

import httpx
import pytest

from tests.support.service import Account, Service
from tests.support.todos import make, patch, read

KEYS = {f"key {number}": number for number in range(50)}
LARGEST = {"x": "y" * (16 * 1024 - 9)}  # {"x": "…"} has 9 bytes besides


async def refused(client: httpx.AsyncClient, todo: dict[str, Any], metadata: Any) -> list[str]:
    """Where this metadata is refused."""
    response = await client.patch(f"/v1/todos/{todo['id']}", json={"metadata": metadata})
    assert response.status_code == 422, response.text
    return [flaw["pointer"] for flaw in response.json()["errors"]]


# --- what is kept


@pytest.mark.parametrize(
    "metadata",
    [
        {},
        {"text": "plain", "empty": "", "lines": "one\ntwo\tthree", "emoji": "🌱", "é": "e\u0301"},
        {"integer": 3, "negative": -3, "large": 2**53 + 1, "fraction": 0.5, "small": 1e-9},
        {"true": True, "false": False},
        {"list": [1, "two", None, [3], {"four": 4}], "object": {"b": 1, "a": {"null": None}}},
        KEYS,
        LARGEST,
    ],
    ids=["empty", "text", "numbers", "truth", "nested", "most keys", "largest"],
)
async def test_metadata_is_kept_as_it_was_sent(client: httpx.AsyncClient, metadata: dict[str, Any]) -> None:
    todo = await make(client, metadata=metadata)

    assert todo["metadata"] == metadata
    assert (await read(client, todo))["metadata"] == metadata


async def test_null_says_no_key(client: httpx.AsyncClient) -> None:
    todo = await make(client, metadata={"kept": 1, "none": None})

    assert todo["metadata"] == {"kept": 1}


# --- merging


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ({"b": 3}, {"a": 1, "b": 3}),
        ({"c": 3}, {"a": 1, "b": {"c": 2}, "c": 3}),
        ({"a": None}, {"b": {"c": 2}}),
        ({"b": {"d": 4}}, {"a": 1, "b": {"d": 4}}),  # key by key, and no deeper
        ({"a": None, "b": None}, {}),
        ({"missing": None}, {"a": 1, "b": {"c": 2}}),
        ({}, {"a": 1, "b": {"c": 2}}),
    ],
)
async def test_patch_merges_key_by_key(client: httpx.AsyncClient, sent: dict[str, Any], kept: dict[str, Any]) -> None:
    todo = await make(client, metadata={"a": 1, "b": {"c": 2}})

    changed = await patch(client, todo, metadata=sent)

    assert changed["metadata"] == kept
    assert changed["version"] == (1 if kept == todo["metadata"] else 2)


@pytest.mark.parametrize(("before", "after"), [(1, True), (0, False), (True, 1), ([1], [True]), ({"a": 0}, {"a": False})])
async def test_truth_and_number_are_not_the_same(client: httpx.AsyncClient, before: Any, after: Any) -> None:
    todo = await make(client, metadata={"key": before})

    await patch(client, todo, metadata={"key": after})

    assert repr((await read(client, todo))["metadata"]["key"]) == repr(after)


async def test_same_metadata_again_changes_nothing(client: httpx.AsyncClient) -> None:
    todo = await make(client, metadata={"b": {"d": 1, "c": 2}, "a": 1})

    assert await patch(client, todo, metadata={"a": 1, "b": {"c": 2, "d": 1}}) == todo


async def test_put_merges_too(client: httpx.AsyncClient) -> None:
    todo = await make(client, metadata={"a": 1})

    response = await client.put(f"/v1/todos/{todo['id']}", json={"metadata": {"b": 2}})

    assert response.json()["metadata"] == {"a": 1, "b": 2}


async def test_patch_that_makes_room_may_add(client: httpx.AsyncClient) -> None:
    todo = await make(client, metadata=KEYS)

    changed = await patch(client, todo, metadata={"key 0": None, "new": 1})

    assert (len(changed["metadata"]), changed["metadata"]["new"]) == (50, 1)


async def test_change_of_metadata_is_logged(service: Service, account: Account, client: httpx.AsyncClient) -> None:
    todo = await make(client, metadata={"a": 1})

    await patch(client, todo, metadata={"b": 2})

    change = (await service.changes(account.workspace_id))[-1]
    assert (change.before, change.after) == ({"custom_metadata": {"a": 1}}, {"custom_metadata": {"a": 1, "b": 2}})


# --- limits


@pytest.mark.parametrize(
    "metadata",
    [
        KEYS | {"one more": 50},
        {"x": LARGEST["x"] + "y"},
        {"x": "é" * 8 * 1024},
        {"": 1},
        {"k" * 101: 1},
        {"key": "\x00"},
        {"key": "\x07"},
        {"key": ["deep", {"in": "\x00"}]},
        {"key\x00": 1},
        {"key": {"\x1b": 1}},
        [],
        "text",
    ],
    ids=[
        "51 keys", "16 KiB", "16 KiB of é", "empty key", "long key", "NUL", "bell", "deep NUL",
        "NUL in a key", "escape in a deep key", "list", "text",
    ],
)  # fmt: skip
async def test_bad_metadata_is_refused(client: httpx.AsyncClient, metadata: Any) -> None:
    todo = await make(client)

    pointers = await refused(client, todo, metadata)

    assert all(pointer.startswith("#/metadata") for pointer in pointers)
    assert await read(client, todo) == todo


async def test_lone_surrogate_is_refused(client: httpx.AsyncClient) -> None:
    body = b'{"title": "x", "metadata": {"key": "\\ud83d"}}'

    response = await client.post("/v1/todos", content=body, headers={"Content-Type": "application/json"})

    assert response.status_code == 422


@pytest.mark.parametrize("patch_", [{"one more": 1}, {"key 0": "y" * 16 * 1024}])
async def test_limits_are_those_of_the_whole(client: httpx.AsyncClient, patch_: dict[str, Any]) -> None:
    todo = await make(client, metadata=KEYS)

    assert await refused(client, todo, patch_) == ["#/metadata"]
