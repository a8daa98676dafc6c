import time
from concurrent.futures import ThreadPoolExecutor
from uuid import RFC_4122, UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from todo_api.domain.identifiers import Base62Error, Ticker, base62_decode, base62_encode, is_id, new_id

AN_ID = "01890a5d-ac96-774b-bcce-b302099a8057"
A_MILLISECOND = 1_000_000


def test_new_id_is_a_canonical_version_7_uuid() -> None:
    made = new_id()

    assert (UUID(made).version, UUID(made).variant, str(UUID(made))) == (7, RFC_4122, made)


def test_new_id_is_an_id() -> None:
    assert is_id(new_id())


def test_new_id_begins_with_the_milliseconds_since_1970() -> None:
    milliseconds = UUID(new_id()).int >> 80

    assert abs(milliseconds - time.time_ns() // A_MILLISECOND) < 60_000


def test_new_ids_sort_in_the_order_they_were_made() -> None:
    made = [new_id() for _ in range(10_000)]

    assert made == sorted(set(made))


def test_new_ids_made_by_threads_never_repeat() -> None:
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: new_id(), range(4_000)))

    assert len(set(made)) == 4_000


def test_new_ids_differ_in_their_random_part() -> None:
    assert len({new_id()[19:] for _ in range(1_000)}) == 1_000


def test_ticker_counts_parts_of_a_millisecond() -> None:
    ticker = Ticker()

    assert [ticker.next(A_MILLISECOND), ticker.next(A_MILLISECOND * 3 // 2)] == [4096, 6144]


def test_ticker_goes_on_while_the_clock_stands_still() -> None:
    ticker = Ticker()

    assert [ticker.next(A_MILLISECOND) for _ in range(3)] == [4096, 4097, 4098]


def test_ticker_goes_on_when_the_clock_is_set_back() -> None:
    ticker = Ticker()
    ticker.next(5 * A_MILLISECOND)

    assert ticker.next(A_MILLISECOND) == 5 * 4096 + 1


def test_ticker_carries_into_the_next_millisecond() -> None:
    ticker = Ticker()

    ticks = [ticker.next(A_MILLISECOND) for _ in range(4097)]

    assert ticks[-1] == 2 * 4096


@pytest.mark.parametrize(
    "text",
    [
        "",
        AN_ID.upper(),
        AN_ID.replace("-", ""),
        f"{{{AN_ID}}}",
        f"urn:uuid:{AN_ID}",
        f"{AN_ID}\n",
        f" {AN_ID}",
        AN_ID.replace("774b", "474b"),
        AN_ID.replace("bcce", "ccce"),
        AN_ID.replace("0", "\u0660"),
        "../../etc/passwd",
    ],
)
def test_is_id_refuses_every_other_spelling(text: str) -> None:
    assert not is_id(text)


def test_is_id_accepts_a_client_made_id() -> None:
    assert is_id(AN_ID)


@given(st.binary(max_size=256))
def test_base62_reads_back_what_it_wrote(data: bytes) -> None:
    assert base62_decode(base62_encode(data)) == data


@given(st.integers(0, 64).flatmap(lambda size: st.tuples(*[st.binary(min_size=size, max_size=size)] * 2)))
def test_base62_sorts_as_the_bytes_do(pair: tuple[bytes, bytes]) -> None:
    lower, higher = sorted(pair)

    assert base62_encode(lower) <= base62_encode(higher)


@pytest.mark.parametrize(("size", "width"), [(0, 0), (1, 2), (4, 6), (16, 22), (32, 43), (256, 344)])
def test_base62_width_depends_on_the_size_alone(size: int, width: int) -> None:
    assert (len(base62_encode(bytes(size))), len(base62_encode(b"\xff" * size))) == (width, width)


def test_base62_is_only_letters_and_digits() -> None:
    written = base62_encode(bytes(range(256)))

    assert written.isascii()
    assert written.isalnum()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("0", "no bytes are written as 1 "),
        ("0000", "no bytes are written as 4 "),
        ("0" * 100_000, "no bytes are written as 100000 "),
        ("zz", "more than 1 bytes"),
        ("-0", "holds only the digits"),
        ("\u0660\u0660", "holds only the digits"),
        ("0\n", "holds only the digits"),
    ],
)
def test_base62_refuses_what_it_never_wrote(text: str, why: str) -> None:
    with pytest.raises(Base62Error, match=why):
        base62_decode(text)


def test_base62_refuses_more_bytes_than_a_key_has() -> None:
    with pytest.raises(Base62Error, match="at most 256 bytes, not 257"):
        base62_encode(bytes(257))
