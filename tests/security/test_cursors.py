import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from todo_api.errors import CursorInvalidError
from todo_api.security.cursors import seal, unseal
from todo_api.security.keyring import KeyRing, Secret

ID = "01900000-0000-7000-8000-000000000001"
RING = KeyRing([Secret("new", b"n" * 32), Secret("old", b"o" * 32)])
CONTEXT = "ada /v1/lists"

scalars = st.none() | st.booleans() | st.integers() | st.text(alphabet=st.characters(codec="utf-8"), max_size=100)


@given(st.lists(scalars, max_size=3))
def test_unseal_gives_the_position_that_was_sealed(position: list[Any]) -> None:
    assert unseal(RING, seal(RING, position, context=CONTEXT), context=CONTEXT) == position


def test_seal_writes_what_a_url_takes_as_it_is() -> None:
    cursor = seal(RING, ["ÿ~?" * 40, ID], context=CONTEXT)

    assert set(cursor) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


def test_unseal_in_another_context_is_refused() -> None:
    cursor = seal(RING, ["a0", ID], context=CONTEXT)

    with pytest.raises(CursorInvalidError):
        unseal(RING, cursor, context="eve /v1/lists")


def test_unseal_keeps_context_and_position_apart() -> None:
    cursor = seal(RING, ["a0", ID], context="ada")
    mac, payload = decoded(cursor)[:16], decoded(cursor)[16:]
    shifted = encoded(mac + payload[1:])

    with pytest.raises(CursorInvalidError):
        unseal(RING, shifted, context="ada\0[")


@pytest.mark.parametrize("position", range(61))
def test_unseal_altered_cursor_is_refused(position: int) -> None:
    data = bytearray(decoded(seal(RING, ["a0", ID], context=CONTEXT)))
    data[position] ^= 1

    with pytest.raises(CursorInvalidError):
        unseal(RING, encoded(bytes(data)), context=CONTEXT)


@pytest.mark.parametrize(
    "cursor",
    ["", "a", "abc", "A" * 22, "A" * 5000, "====", "not a cursor", "a+b/", "é", "кот", "\ud800", "\0", "../..", "null", "W10"],
)
def test_unseal_nonsense_is_refused(cursor: str) -> None:
    with pytest.raises(CursorInvalidError):
        unseal(RING, cursor, context=CONTEXT)


def test_unseal_position_without_its_mac_is_refused() -> None:
    cursor = encoded(json.dumps(["a0", ID]).encode())

    with pytest.raises(CursorInvalidError):
        unseal(RING, cursor, context=CONTEXT)


def test_unseal_longer_position_under_the_same_mac_is_refused() -> None:
    cursor = encoded(decoded(seal(RING, ["a0", ID], context=CONTEXT)) + b" ")

    with pytest.raises(CursorInvalidError):
        unseal(RING, cursor, context=CONTEXT)


def test_unseal_cursor_of_an_older_key_is_accepted() -> None:
    cursor = seal(KeyRing([Secret("old", b"o" * 32)]), ["a0", ID], context=CONTEXT)

    assert unseal(RING, cursor, context=CONTEXT) == ["a0", ID]


def test_unseal_cursor_of_a_removed_key_is_refused() -> None:
    cursor = seal(KeyRing([Secret("gone", b"g" * 32)]), ["a0", ID], context=CONTEXT)

    with pytest.raises(CursorInvalidError):
        unseal(RING, cursor, context=CONTEXT)


def test_unseal_without_any_key_is_refused() -> None:
    cursor = seal(RING, ["a0", ID], context=CONTEXT)

    with pytest.raises(CursorInvalidError):
        unseal(KeyRing(), cursor, context=CONTEXT)


def decoded(cursor: str) -> bytes:
    return base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
