import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from todo_api.domain.text import clean_problem, is_blank, search_key

CONTROLS = [chr(number) for number in (*range(0x20), *range(0x7F, 0xA0)) if chr(number) not in "\t\n"]


@pytest.mark.parametrize("multiline", [True, False])
@pytest.mark.parametrize(
    "text",
    [
        "",
        "Milk",
        "Käse 🧀",
        "👩‍👩‍👧",
        "e\u0301",
        "one\ttwo",
        "one\ntwo",
        "שלום",
        "\u00a0",
        "line\u2028line",
        "\ufffd",
        "\U0010ffff",
    ],
)
def test_clean_problem_has_none_with_text(text: str, *, multiline: bool) -> None:
    assert clean_problem(text, multiline=multiline) is None


@pytest.mark.parametrize("multiline", [True, False])
@pytest.mark.parametrize("control", CONTROLS)
def test_clean_problem_refuses_every_control_character(control: str, *, multiline: bool) -> None:
    assert clean_problem(f"Buy {control} milk", multiline=multiline) is not None


@pytest.mark.parametrize("multiline", [True, False])
@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a\0", "must not contain NUL (at position 1)"),
        ("a\x07", "must not contain control characters other than tab and newline (U+0007 at position 1)"),
        ("a\x7f", "must not contain control characters other than tab and newline (U+007F at position 1)"),
        ("a\x85", "must not contain control characters other than tab and newline (U+0085 at position 1)"),
        ("a\ud800", "must not contain half of a surrogate pair (U+D800 at position 1)"),
        ("\udfff", "must not contain half of a surrogate pair (U+DFFF at position 0)"),
    ],
)
def test_clean_problem_names_the_character_and_its_place(text: str, problem: str, *, multiline: bool) -> None:
    assert clean_problem(text, multiline=multiline) == problem


def test_clean_problem_accepts_windows_line_ends_in_multiline_text() -> None:
    assert clean_problem("one\r\ntwo\r\n", multiline=True) is None


def test_clean_problem_refuses_windows_line_ends_elsewhere() -> None:
    assert clean_problem("one\r\ntwo", multiline=False) == "must not contain a carriage return here (at position 3)"


@pytest.mark.parametrize("text", ["one\r", "one\rtwo\r\n", "one\r\r\n"])
def test_clean_problem_refuses_a_lone_carriage_return_anywhere(text: str) -> None:
    assert clean_problem(text, multiline=True) == "must not contain a carriage return unless a newline follows it (at position 3)"


def test_clean_problem_sees_other_controls_beside_windows_line_ends() -> None:
    assert clean_problem("one\r\n\x07", multiline=True) is not None


@given(st.text(st.characters(exclude_categories=["Cc", "Cs"])), st.booleans())
def test_clean_problem_has_none_without_controls(text: str, multiline: bool) -> None:  # noqa: FBT001 - hypothesis fills it in
    assert clean_problem(text, multiline=multiline) is None


@pytest.mark.parametrize(
    "text", ["", " ", "\t\r\n", "\u00a0\u2003\u3000", "\u200b", "\u200c\u200d", "\ufeff", "\u2060", " \u200b \ufeff "]
)
def test_is_blank_with_nothing_to_see(text: str) -> None:
    assert is_blank(text)


@pytest.mark.parametrize("text", ["a", " a ", "\u200ba", ".", "🧀", "\u0301"])
def test_is_blank_is_false_with_anything_to_see(text: str) -> None:
    assert not is_blank(text)


def test_is_blank_knows_all_white_space() -> None:
    assert all(is_blank(chr(number)) for number in range(sys.maxunicode + 1) if chr(number).isspace())


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Home", "hOME"),
        ("Café", "cafe"),
        ("Cafe\u0301", "Café"),
        ("STRASSE", "Straße"),
        ("İstanbul", "istanbul"),
        ("ＡＢＣ", "abc"),  # noqa: RUF001 - full width is the point
        ("ﬁx", "fix"),
        ("ΣΊΣΥΦΟΣ", "σίσυφος"),
        ("Łódź", "łodz"),
    ],
)
def test_search_key_joins_spellings_of_one_name(one: str, other: str) -> None:
    assert search_key(one) == search_key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("Home", "House"), ("かき", "がき"), ("ขาว", "ข้าว"), ("कि", "का"), ("क्", "क"), ("1", "2"), ("a b", "ab")],
)
def test_search_key_keeps_different_words_apart(one: str, other: str) -> None:
    assert search_key(one) != search_key(other)


@given(st.text())
def test_search_key_of_a_key_is_the_key(text: str) -> None:
    assert search_key(search_key(text)) == search_key(text)


@given(st.text(), st.sampled_from(["NFC", "NFD", "NFKC", "NFKD"]))
def test_search_key_does_not_depend_on_the_normal_form(text: str, form: str) -> None:
    assert search_key(unicodedata.normalize(form, text)) == search_key(text)  # type: ignore[arg-type]  # sampled from the four
