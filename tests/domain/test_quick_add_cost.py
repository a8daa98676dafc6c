"""The work of quick add grows with the text and no faster, counted in calls: clocks lie on a busy machine."""

import datetime as dt
import re
import sys
from collections.abc import Callable
from functools import partial
from types import FrameType, ModuleType

import pytest

from todo_api.domain import english_clock, english_days, english_patterns, english_words, quick_add_tokens
from todo_api.domain.english_words import MAX_LINE
from todo_api.domain.quick_add import parse

NOW = dt.datetime.fromisoformat("2027-03-10T10:00")
SIZE = 10_000
CALLS_PER_CHARACTER = 200

HOSTILE = [
    *(
        "a",
        " ",
        "a ",
        ",",
        "\\",
        "\\ ",
        '"',
        '" ',
        "\u201c ",
        "#",
        "# ",
        "#a",
        "#a ",
        "@a@",
        "+a@a.",
        "+a@ ",
        "{",
        "{ ",
        "{1 mar} ",
    ),
    *(
        "~",
        "~9",
        "~9h ",
        "!high ",
        "/",
        "// ",
        "/A ",
        "every ",
        "every! ",
        "every every ",
        "every 1st and ",
        "every mon, ",
        "mon, ",
    ),
    *(
        "every day until ",
        "every day for ",
        "every day at ",
        "1st and ",
        "the ",
        "on ",
        "on the ",
        "by ",
        "due ",
        "due: ",
        "at ",
        "at 9 ",
    ),
    *(
        "at 9 and ",
        "9 ",
        "9am ",
        "in ",
        "in 3 ",
        "in 3 days ",
        "next ",
        "end of ",
        "tomorrow ",
        "tomorrow, ",
        "tomorrow at 9 ",
        "friday, ",
    ),
    *(
        "14 mar ",
        "mar 14 ",
        "14 ",
        "14.3. ",
        "2027-03-14 ",
        "\\tomorrow ",
        "\\every ",
        "(",
        "(tomorrow) ",
        "tomorrow? ",
        "\t",
        "\u00a0",
    ),
]


def calls(work: Callable[[], object]) -> int:
    """Count the calls of Python and C functions."""
    count = 0

    def observe(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal count
        count += event in {"call", "c_call"}

    before = sys.getprofile()
    sys.setprofile(observe)
    try:
        work()
    finally:
        sys.setprofile(before)
    return count


def filled(piece: str, size: int) -> str:
    return (piece * size)[:size]


@pytest.mark.parametrize("piece", HOSTILE)
def test_long_line_costs_no_more_than_what_is_read_of_it(piece: str) -> None:
    assert calls(lambda: parse(filled(piece, SIZE), NOW)) <= CALLS_PER_CHARACTER * MAX_LINE


@pytest.mark.parametrize("piece", HOSTILE)
def test_line_twice_as_long_costs_about_twice_as_much(piece: str) -> None:
    half, whole = (calls(partial(parse, filled(piece, size), NOW)) for size in (MAX_LINE // 2, MAX_LINE))

    assert whole <= 2.5 * half + 200


@pytest.mark.parametrize("piece", HOSTILE)
def test_many_lines_cost_as_much_as_each(piece: str) -> None:
    line = filled(piece, 99) + "\n"

    assert calls(lambda: parse(line * (SIZE // 100), NOW)) <= (SIZE // 100) * (calls(lambda: parse(line, NOW)) + 50)


def test_deep_outline_costs_as_much_as_a_flat_one() -> None:
    deep = "\n".join(" " * (index % 100) + "a" for index in range(1_000))

    assert calls(lambda: parse(deep, NOW)) <= CALLS_PER_CHARACTER * len(deep)


@pytest.mark.parametrize("module", [english_clock, english_days, english_patterns, english_words, quick_add_tokens])
def test_patterns_never_backtrack_over_much(module: ModuleType) -> None:
    patterns = [value.pattern for value in vars(module).values() if isinstance(value, re.Pattern)]
    bare = [re.sub(r"\\.", "x", re.sub(r"\[(?:\\.|[^\]\\])*\]", "x", pattern)) for pattern in patterns]

    assert patterns
    assert not [pattern for pattern in bare if re.search(r"(?<![*+])[*+](?!\+)", pattern)]
