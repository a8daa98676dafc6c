# ruff: noqa: RUF001  # letters of many scripts
import time
from contextlib import suppress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from todo_api.domain.search import LONGEST_TOKEN, MOST_BYTES, MOST_TERMS, SearchError, Term, indexed, parse_search, tokenize


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("", []),
        (" \t\n", []),
        ("…!?.,;:-_*()[]{}<>|/\\'\"", []),
        ("Buy MILK", ["buy", "milk"]),
        ("Café Ölwechsel Straße ﬁne", ["cafe", "olwechsel", "strasse", "fine"]),
        ("re\u0301sume\u0301", ["resume"]),
        ("it's O’Brien's", ["it", "s", "o", "brien", "s"]),
        ("jean-paul foo_bar user@example.com", ["jean", "paul", "foo", "bar", "user", "example", "com"]),
        ("12:30 3.5 1,000", ["12", "30", "3", "5", "1", "000"]),
        ("x² ½ ①", ["x2", "1", "2", "1"]),
        ("$100 €5 5% C++ #tag", ["$", "100", "€", "5", "5", "c", "tag"]),
        ("牛乳を買うmilk", ["牛", "乳", "を", "買", "う", "milk"]),
        ("パーティー", ["\u30cf\u309a", "ー", "テ", "ィ", "ー"]),
        ("ﾊﾟｰﾃｨｰ", ["\u30cf\u309a", "ー", "テ", "ィ", "ー"]),
        ("人々 〇", ["人", "々", "〇"]),
        ("สดนม", ["ส", "ด", "น", "ม"]),
        ("ที่", ["ท\u0e35\u0e48"]),
        (
            "한국어",
            ["한국어".encode().decode() and "".join(map(chr, (0x1112, 0x1161, 0x11AB, 0x1100, 0x116E, 0x11A8, 0x110B, 0x1165)))],
        ),
        ("می\u200cخواهم", ["میخواهم"]),
        ("हिन्दी", ["हिन्दी"]),
        ("🎂 milk🥛🥛", ["🎂", "milk", "🥛", "🥛"]),
        ("👨\u200d👩\u200d👧 👍🏽 ❤\ufe0f ❤", ["👨", "👩", "👧", "👍", "❤", "❤"]),
        ("co\u00adoperate a\u200bb", ["cooperate", "a", "b"]),
        ("| a | `b` ~c~ ^d > e", ["a", "b", "c", "d", "e"]),
        ("x" * 100, ["x" * LONGEST_TOKEN]),
        ("é" + "x" * 100, ["e" + "x" * (LONGEST_TOKEN - 1)]),
    ],
)
def test_text_is_cut_into_tokens(text: str, tokens: list[str]) -> None:
    assert tokenize(text) == tokens


def terms(query: str) -> list[str]:
    """Terms as one would write them."""
    return [" ".join(term.tokens) + ("*" if term.prefix else "") for term in parse_search(query).terms]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("milk", ["milk"]),
        ("  Milk  bread ", ["milk", "bread"]),
        ("milk milk MILK", ["milk"]),
        ('"fresh bread"', ["fresh bread"]),
        ('milk "fresh  bread!" eggs', ["milk", "fresh bread", "eggs"]),
        ("“fresh bread” „und Butter“", ["fresh bread", "und butter"]),
        ("＂fresh bread＂", ["fresh bread"]),
        ('"a""b"', ["a", "b"]),
        ('a"b c"d', ["a", "b c", "d"]),
        ('"fresh bread', ["fresh", "bread"]),
        ('milk "', ["milk"]),
        ('"" milk', ["milk"]),
        ("mil*", ["mil*"]),
        ("mil* bre*", ["mil*", "bre*"]),
        ("mil**", ["mil*"]),
        ("mil＊", ["mil*"]),
        ("mil *", ["mil"]),
        ("*mil", ["mil"]),
        ("mi*lk", ["mi lk"]),
        ('"fresh bre*"', ["fresh bre"]),
        ('"fresh"*', ["fresh"]),
        ("mil milk mil*", ["mil", "milk", "mil*"]),
        ("jean-paul", ["jean paul"]),
        ("jean-pau*", ["jean pau*"]),
        ("l'été d’hiver", ["l ete", "d hiver"]),
        ("user@example.com", ["user example com"]),
        ("3.5 12:30", ["3 5", "12 30"]),
        ("milk,bread;eggs", ["milk", "bread", "eggs"]),
        ("milk(bread)|eggs", ["milk", "bread", "eggs"]),
        ("牛乳", ["牛 乳"]),
        ("牛乳 パン*", ["牛 乳", "\u30cf\u309a ン*"]),
        ("牛乳、パン", ["牛 乳", "\u30cf\u309a ン"]),
        ("トム・クルーズ", ["ト ム ク ル ー ス\u3099"]),
        ("milk🥛", ["milk 🥛"]),
        ("milk 🥛", ["milk", "🥛"]),
        ("-milk +bread ^eggs ~tea", ["milk", "bread", "eggs", "tea"]),
        ("milk AND bread OR NOT tea NEAR", ["milk", "and", "bread", "or", "not", "tea", "near"]),
        ("title:milk", ["title milk"]),
        ("{title notes}: milk", ["title", "notes", "milk"]),
        ("milk\\", ["milk"]),
        ("'; DROP TABLE todo; --", ["drop", "table", "todo"]),
        ("milk\x00bread", ["milk", "bread"]),
    ],
)
def test_query_is_read_as_terms(query: str, expected: list[str]) -> None:
    assert terms(query) == expected


@pytest.mark.parametrize("query", ["", " ", "*", '"', '""', '"…"', "-", "()", "!!", "' : & | ! <-> :*", "\u200b", "\u00ad\ufe0f"])
def test_query_without_a_word_is_refused(query: str) -> None:
    with pytest.raises(SearchError) as caught:
        parse_search(query)

    assert (caught.value.code, str(caught.value)) == ("empty_search", "must hold a word to search for")


def test_query_of_too_many_terms_is_refused() -> None:
    most = " ".join(f"w{number}" for number in range(MOST_TERMS))

    assert len(terms(most)) == MOST_TERMS
    with pytest.raises(SearchError) as caught:
        parse_search(f"{most} more")
    assert (caught.value.code, str(caught.value)) == ("too_long", "must hold at most 32 words or phrases")


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        ([], ""),
        (["", "…"], ""),
        (["Buy milk!"], " buy milk "),
        (["one", "", "two three"], " one | two three "),
    ],
)
def test_indexed_text_has_a_space_around_each_token(texts: list[str], expected: str) -> None:
    assert indexed(texts) == expected


def test_needle_is_found_only_where_the_term_is() -> None:
    text = indexed(["Fresh milk", "and bread"])

    assert Term(("fresh", "milk")).needle in text
    assert Term(("fresh", "mil"), prefix=True).needle in text
    assert Term(("fresh", "mil")).needle not in text
    assert Term(("resh", "milk")).needle not in text
    assert Term(("milk", "and")).needle not in text


@pytest.mark.parametrize("word", ["w{}", "é{}", "牛{}", "🥛{}"])
def test_too_much_text_is_cut_off_after_a_token(word: str) -> None:
    words = [word.format(number) for number in range(100_000)]

    text = indexed([" ".join(words)])

    assert MOST_BYTES - 20 < len(text.encode()) <= MOST_BYTES + 2
    assert text.startswith(indexed(words[:1])[:-1])
    assert text.endswith(" ")
    assert set(text.split()) <= set(tokenize(" ".join(words)))


@given(st.text())
@example('" \u0301 "a')
@example("ƛ̓*")
def test_query_is_read_or_refused(query: str) -> None:
    try:
        found = parse_search(query)
    except SearchError:
        assert tokenize(query) == []
    else:
        assert found.terms
        assert all(term.tokens and all(term.tokens) for term in found.terms)


@given(st.text())
def test_tokens_hold_nothing_that_a_database_reads_as_syntax(text: str) -> None:
    for token in tokenize(text):
        assert 0 < len(token) <= LONGEST_TOKEN
        assert not set(token) & set(" \t\n\"'`\\|&!:*()<>{}^-+@~,.;")
        assert tokenize(token) == [token]


@given(st.text(), st.text())
def test_text_is_found_by_itself(text: str, other: str) -> None:
    haystack = indexed([other, text])
    try:
        query = parse_search(text)
    except SearchError:
        return

    assert all(term.needle in haystack for term in query.terms)


def test_largest_texts_take_no_time() -> None:
    for text in ("word " * 13_000, "é" * 65_000, "牛" * 21_000, "\u0301" * 32_000, "🥛-" * 16_000, '"' * 65_000, "a*" * 32_000):
        began = time.perf_counter()
        tokenize(text)
        indexed([text])
        with suppress(SearchError):
            parse_search(text)
        assert time.perf_counter() - began < 1
