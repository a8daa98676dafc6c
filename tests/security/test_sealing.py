import pytest
from hypothesis import given
from hypothesis import strategies as st

from todo_api.security.sealing import SealBrokenError, seal, unseal

PLAIN = b'{"id": "1"}'
KEY = "5f1c"


@given(st.binary(max_size=2000), st.text(alphabet=st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1))
def test_unseal_gives_what_was_sealed(plain: bytes, key: str) -> None:
    assert unseal(seal(plain, key=key), key=key) == plain


def test_sealed_text_does_not_show_the_plain_one() -> None:
    assert PLAIN not in seal(PLAIN, key=KEY)


def test_sealed_text_is_never_the_same_twice() -> None:
    assert seal(PLAIN, key=KEY) != seal(PLAIN, key=KEY)


def test_sealed_text_is_28_bytes_longer() -> None:
    assert len(seal(PLAIN, key=KEY)) == len(PLAIN) + 28


@pytest.mark.parametrize("key", ["", "5F1C", "5f1c ", "another"])
def test_unseal_with_another_key_is_refused(key: str) -> None:
    sealed = seal(PLAIN, key=KEY)

    with pytest.raises(SealBrokenError):
        unseal(sealed, key=key)


@pytest.mark.parametrize("position", range(len(PLAIN) + 28))
def test_unseal_altered_text_is_refused(position: int) -> None:
    sealed = bytearray(seal(PLAIN, key=KEY))
    sealed[position] ^= 1

    with pytest.raises(SealBrokenError):
        unseal(bytes(sealed), key=KEY)


@pytest.mark.parametrize("length", [0, 1, 7, 8, 11, 12, 13, 27, 28])
def test_unseal_truncated_text_is_refused(length: int) -> None:
    sealed = seal(PLAIN, key=KEY)[:length]

    with pytest.raises(SealBrokenError):
        unseal(sealed, key=KEY)


def test_unseal_longer_text_is_refused() -> None:
    sealed = seal(PLAIN, key=KEY) + b"\0"

    with pytest.raises(SealBrokenError):
        unseal(sealed, key=KEY)
