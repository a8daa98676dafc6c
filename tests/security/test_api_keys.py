import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from todo_api.security import api_keys
from todo_api.security.api_keys import ApiKeyParts

ID = "01900000-0000-7000-8000-000000000001"
KEY = "todo_02wndAAHBC95f4Al8rNFlB_003aUlTJC7tjlCTQj2uNU3MFagCXG9LRKRcwGkBIDlf3qKpKw"
DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def test_generate_writes_id_secret_and_checksum() -> None:
    assert re.fullmatch(r"todo_[0-9A-Za-z]{22}_[0-9A-Za-z]{49}", api_keys.generate())


def test_generate_never_makes_the_same_secret_twice() -> None:
    assert api_keys.generate(ID) != api_keys.generate(ID)


def test_parse_gives_the_id_and_the_secret() -> None:
    assert api_keys.parse(KEY) == ApiKeyParts(id=ID, secret="003aUlTJC7tjlCTQj2uNU3MFagCXG9LRKRcwGkBIDlf")


def test_parse_generated_key_without_an_id_gives_a_new_one() -> None:
    parts = [api_keys.parse(api_keys.generate()) for _ in range(2)]

    assert len({part.id for part in parts if part is not None}) == 2


@given(st.integers(0, 76), st.sampled_from(DIGITS))
def test_parse_one_wrong_character_is_refused(position: int, digit: str) -> None:
    typo = KEY[:position] + digit + KEY[position + 1 :]

    assert (api_keys.parse(typo) is None) == (typo != KEY)


@given(st.integers(5, 75))
def test_parse_two_neighbours_swapped_is_refused(position: int) -> None:
    swapped = KEY[:position] + KEY[position + 1] + KEY[position] + KEY[position + 2 :]

    assert (api_keys.parse(swapped) is None) == (swapped != KEY)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "todo",
        "todo__",
        "todo_" + "0" * 22 + "_" + "0" * 49,
        "x" * 77,
        "todo_" + "z" * 22 + "_" + "0" * 49,
        "todo_" + "é" * 22 + "_" + "0" * 49,
        "todo_" + "٣" * 22 + "_" + "0" * 49,
        "\ud800",
        "Bearer todo_",
        "a" * 100_000,
    ],
)
def test_parse_nonsense_is_refused(text: str) -> None:
    assert api_keys.parse(text) is None


@pytest.mark.parametrize("change", [str.lower, str.upper, lambda key: key + "\n", lambda key: " " + key, lambda key: key[:-1]])
def test_parse_damaged_key_is_refused(change: Callable[[str], str]) -> None:
    assert api_keys.parse(change(KEY)) is None


def test_parse_id_beyond_128_bits_is_refused() -> None:
    with_its_checksum = "todo_zzzzzzzzzzzzzzzzzzzzzz_00000000000000000000000000000000000000000003Y7z9K"

    assert api_keys.parse(with_its_checksum) is None


def test_hash_secret_is_sha256() -> None:
    assert api_keys.hash_secret("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


@pytest.mark.parametrize(("secret", "same"), [("abc", True), ("abd", False), ("ABC", False), ("", False)])
def test_same_compares_with_the_stored_hash(secret: str, same: bool) -> None:  # noqa: FBT001  # a column
    assert api_keys.same(secret, api_keys.hash_secret("abc")) is same
