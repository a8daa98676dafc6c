import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from todo_api.domain.ranking import REBALANCE_LENGTH, OrderKeyError, between, spread

SMALLEST_INTEGER = "A" + "0" * 26
LARGEST_INTEGER = "z" * 27


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (None, None, "a0"),
        (None, "a0", "Zz"),
        (None, "Zz", "Zy"),
        ("a0", None, "a1"),
        ("a1", None, "a2"),
        ("a0", "a1", "a0V"),
        ("a1", "a2", "a1V"),
        ("a0V", "a1", "a0l"),
        ("Zz", "a0", "ZzV"),
        ("Zz", "a1", "a0"),
        (None, "Y00", "Xzzz"),
        ("bzz", None, "c000"),
        ("a0", "a0V", "a0G"),
        ("a0", "a0G", "a08"),
        ("b125", "b129", "b127"),
        ("a0", "a1V", "a1"),
        ("Zz", "a01", "a0"),
        (None, "a0V", "a0"),
        (None, "b999", "b99"),
        ("az", None, "b00"),
        ("a01", "a02", "a01V"),
        ("a0z", "a1", "a0zV"),
        ("a0", "a001", "a000V"),
        ("a0V", "a0W5", "a0W"),
        (None, SMALLEST_INTEGER + "1", SMALLEST_INTEGER + "0V"),
        (None, SMALLEST_INTEGER[:-1] + "1", SMALLEST_INTEGER + "V"),
        (LARGEST_INTEGER[:-1] + "y", None, LARGEST_INTEGER),
        (LARGEST_INTEGER, None, LARGEST_INTEGER + "V"),
    ],
)
def test_between_makes_the_known_key(before: str | None, after: str | None, expected: str) -> None:
    assert between(before, after) == expected


@given(st.lists(st.floats(0, 1, exclude_max=True), max_size=120))
def test_between_fits_everywhere(places: list[float]) -> None:
    keys: list[str] = []
    for place in places:
        index = int(place * (len(keys) + 1))
        keys.insert(index, between(keys[index - 1] if index else None, keys[index] if index < len(keys) else None))

    assert all(lower.encode() < higher.encode() for lower, higher in pairwise(keys))


def test_between_stays_short_for_ten_thousand_added_last() -> None:
    key = None
    for _ in range(10_000):
        key = between(key, None)

    assert key == "c1aH"


def test_between_stays_short_for_ten_thousand_added_first() -> None:
    key = None
    for _ in range(10_000):
        key = between(None, key)

    assert key == "XyPj"


@pytest.mark.parametrize("seed", range(5))
def test_between_allows_over_two_hundred_insertions_at_one_place_before_rebalancing(seed: int) -> None:
    choices = random.Random(seed)  # noqa: S311 - a repeatable walk
    low, high, insertions = "a0", "a1", 0
    while max(len(low), len(high)) <= REBALANCE_LENGTH:
        middle = between(low, high)
        low, high = (middle, high) if choices.random() < seed / 4 else (low, middle)
        insertions += 1

    assert insertions > 200


@pytest.mark.parametrize(("before", "after"), [("a0", "a0"), ("a1", "a0"), ("a0V", "a0"), ("b00", "az"), ("a0", "Zz")])
def test_between_refuses_keys_out_of_order(before: str, after: str) -> None:
    with pytest.raises(OrderKeyError, match="is not before"):
        between(before, after)


@pytest.mark.parametrize("key", ["", "a", "b0", "0", "a00", "a0V0", "a0-", "a0\n", "é0", "a\u0660", SMALLEST_INTEGER, "zz"])
def test_between_refuses_what_is_not_a_key(key: str) -> None:
    for before, after in ((key, None), (None, key), (key, "c000"), ("A" + "0" * 25 + "1", key)):
        with pytest.raises(OrderKeyError, match="is not an order key"):
            between(before, after)


@pytest.mark.parametrize(
    ("count", "before", "after", "expected"),
    [
        (0, None, None, []),
        (3, None, None, ["a0", "a1", "a2"]),
        (2, "a4", None, ["a5", "a6"]),
        (3, None, "a0", ["Zx", "Zy", "Zz"]),
        (3, "a0", "a1", ["a0G", "a0V", "a0l"]),
        (0, "a0", "a1", []),
        (1, "a0", "a2", ["a1"]),
    ],
)
def test_spread_makes_the_known_keys(count: int, before: str | None, after: str | None, expected: list[str]) -> None:
    assert spread(count, before, after) == expected


ends = st.sampled_from([(None, None), ("a0", None), (None, "a0"), ("a0", "a1"), ("Zz", "c000"), ("a0", "a001")])


@given(st.integers(0, 300), ends)
def test_spread_keeps_the_order(count: int, between_these: tuple[str | None, str | None]) -> None:
    before, after = between_these

    keys = spread(count, before, after)

    whole = [*([before] if before else []), *keys, *([after] if after else [])]
    assert (len(keys), whole) == (count, sorted(set(whole)))


@pytest.mark.parametrize(("before", "after", "length"), [(None, None, 4), ("a0", "a1", 5)])
def test_spread_of_ten_thousand_is_short(before: str | None, after: str | None, length: int) -> None:
    assert max(map(len, spread(10_000, before, after))) == length


@pytest.mark.parametrize(("count", "before", "after"), [(-1, None, None), (0, "a1", "a0"), (2, "a0", "a0"), (1, "a", None)])
def test_spread_refuses_what_cannot_be(count: int, before: str | None, after: str | None) -> None:
    with pytest.raises(OrderKeyError):
        spread(count, before, after)
