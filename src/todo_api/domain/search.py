"""Full-text search: how a text becomes tokens, and what a query asks of them. Databases see our tokens only, so both agree."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from todo_api.domain.text import search_key

LONGEST_TOKEN: Final = 64  # code points: what a longer word goes on with is not looked at
MOST_TERMS: Final = 32
MOST_BYTES: Final = 250_000  # of the tokens of one field: PostgreSQL indexes at most 1 MB of a todo

# Scripts written without spaces: each letter is a token, and what stands together in a query must stand together in the text.
_UNSPACED: Final = (
    (0x0E00, 0x0EFF),  # Thai, Lao
    (0x1000, 0x109F),  # Myanmar
    (0x1780, 0x17FF),  # Khmer
    (0x3005, 0x3007),  # 々〆〇
    (0x3040, 0x30FF),  # kana
    (0x31F0, 0x31FF),
    (0x3400, 0x4DBF),  # ideographs
    (0x4E00, 0x9FFF),
    (0xF900, 0xFAFF),
    (0x1AFF0, 0x1B16F),
    (0x20000, 0x3FFFF),
)
_SELECTORS: Final = ((0xFE00, 0xFE0F), (0xE0100, 0xE01EF))  # choose between pictures of the character before
_ZERO_WIDTH_SPACE: Final = 0x200B
_QUOTES: Final = '"\u201c\u201d\u201e\u201f'
_JOINTS: Final = frozenset(map(ord, "-'\u2019\u02bc\u2010\u2011\u00b7\u30fb./_@:&+#*"))  # words that only these part are one term
_REMEMBERED: Final = 20_000  # characters: a table of all there are would be large

# Kinds of characters, a letter for each, for regular expressions over them.
_WORD, _SINGLE, _MARK, _JOINT, _GAP = "wsmj "
_TOKEN: Final = re.compile(r"[wm]+|sm*")
_TERM: Final = re.compile(r"(?:[wm]|sm*)(?:[wms]|j+(?=[wms]))*")
_ASCII_TOKEN: Final = re.compile(r"[a-z0-9]+|\$")
_PHRASE: Final = re.compile(f"[{_QUOTES}]([^{_QUOTES}]*)[{_QUOTES}]")


class SearchError(ValueError):
    """Nothing, or too much, to search for; `code` is a stable word."""

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Term:
    """Tokens that stand together in one field; with `prefix`, the last is only the beginning of one."""

    tokens: tuple[str, ...]
    prefix: bool = False

    @property
    def needle(self) -> str:
        """What a text made by `indexed` contains exactly where the term is found."""
        return f" {' '.join(self.tokens)}" + ("" if self.prefix else " ")


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """At least one term; each must be found in the title, the notes or the comments."""

    terms: tuple[Term, ...]


def tokenize(text: str) -> list[str]:
    """Words without case and accents; ideographs, kana, emoji and currency signs one by one."""
    key = _key(text)
    if key.isascii():
        return [token[:LONGEST_TOKEN] for token in _ASCII_TOKEN.findall(key)]
    return _tokens(key, key.translate(_KINDS))


def indexed(texts: Iterable[str]) -> str:
    """Tokens with a space around each, and a bar between two texts, which no phrase crosses; what is too much is left out."""
    joined = " | ".join(" ".join(tokens) for tokens in map(tokenize, texts) if tokens)
    if len(joined) > MOST_BYTES // 4 and len(data := joined.encode()) > MOST_BYTES:
        joined = data[:MOST_BYTES].decode(errors="ignore").rpartition(" ")[0]
    return f" {joined} " if joined else ""


def parse_search(text: str) -> SearchQuery:
    """Read words, `"phrases"` and `prefixes*`; all else that could be an operator is plain text. Raises SearchError only.

    Words with no space between them (`jean-paul`, `l'été`, `example.org`, ideographs) are a phrase; a quote not closed is none.
    """
    key, position, terms = _key(text), 0, list[Term]()
    for quoted in _PHRASE.finditer(key):
        terms += _loose_terms(key[position : quoted.start()])
        if tokens := tokenize(quoted[1]):
            terms.append(Term(tuple(tokens)))
        position = quoted.end()
    terms += _loose_terms(key[position:])
    distinct = tuple(dict.fromkeys(terms))
    if not distinct:
        raise SearchError("must hold a word to search for", "empty_search")
    if len(distinct) > MOST_TERMS:
        raise SearchError(f"must hold at most {MOST_TERMS} words or phrases", "too_long")
    return SearchQuery(distinct)


def _loose_terms(key: str) -> list[Term]:
    kinds, found = key.translate(_KINDS), list[Term]()
    for term in _TERM.finditer(kinds):
        start, end = term.span()
        found.append(Term(tuple(_tokens(key[start:end], term[0])), prefix=key.startswith("*", end)))
    return found


def _tokens(key: str, kinds: str) -> list[str]:
    return [key[found.start() : found.end()][:LONGEST_TOKEN] for found in _TOKEN.finditer(kinds)]


def _key(text: str) -> str:
    """The folded text without what cannot be seen: joiners, soft hyphens, directions, variation selectors."""
    key = search_key(text)
    return key if key.isascii() else key.translate(_VISIBLE)


class _Table(dict[int, str | int | None]):
    """A table for `str.translate` that is filled as characters come."""

    def __missing__(self, point: int) -> str | int | None:
        found = self.find(point)
        if len(self) < _REMEMBERED:
            self[point] = found
        return found

    def find(self, point: int) -> str | int | None:
        raise NotImplementedError


class _Visible(_Table):
    def find(self, point: int) -> int | None:
        hidden = unicodedata.category(chr(point)) == "Cf" and point != _ZERO_WIDTH_SPACE
        return None if hidden or _is_in(point, _SELECTORS) else point


class _Kinds(_Table):
    def find(self, point: int) -> str:
        category = unicodedata.category(chr(point))
        if point in _JOINTS:
            return _JOINT
        if category[0] == "M":
            return _MARK
        if category[0] in "LN":
            return _SINGLE if category != "Nd" and _is_in(point, _UNSPACED) else _WORD
        return _SINGLE if category in {"So", "Sc", "Cn"} else _GAP  # Cn: an emoji that Python does not know yet


def _is_in(point: int, ranges: Iterable[tuple[int, int]]) -> bool:
    return any(first <= point <= last for first, last in ranges)


_VISIBLE: Final = _Visible()
_KINDS: Final = _Kinds()
