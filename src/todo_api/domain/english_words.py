"""English text as words: the ground the date and recurrence grammars stand on."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final, TypeVar

MAX_LINE: Final = 500  # characters that are read; a title that long is prose, and what follows stays as it is

WEEKDAYS: Final = {
    name: number
    for number, names in enumerate(
        [
            ("monday", "mon"),
            ("tuesday", "tue", "tues"),
            ("wednesday", "wed"),
            ("thursday", "thu", "thur", "thurs"),
            ("friday", "fri"),
            ("saturday", "sat"),
            ("sunday", "sun"),
        ]
    )
    for name in names
}
MONTHS: Final = {
    name: number
    for number, names in enumerate(
        [
            ("january", "jan"),
            ("february", "feb"),
            ("march", "mar"),
            ("april", "apr"),
            ("may",),
            ("june", "jun"),
            ("july", "jul"),
            ("august", "aug"),
            ("september", "sept", "sep"),
            ("october", "oct"),
            ("november", "nov"),
            ("december", "dec"),
        ],
        start=1,
    )
    for name in names
}
NUMBERS: Final = {
    word: number
    for number, word in enumerate(
        ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"], start=1
    )
}
PARTS_OF_DAY: Final = frozenset({"morning", "afternoon", "evening", "night"})

_CAPITALISED_ANYWAY: Final = WEEKDAYS.keys() | MONTHS.keys()
_PLAIN: Final = str.maketrans("\N{RIGHT SINGLE QUOTATION MARK}\N{EN DASH}\N{EM DASH}", "'--")
_OPENING: Final = frozenset(
    "([{'\"*_\N{LEFT DOUBLE QUOTATION MARK}\N{LEFT SINGLE QUOTATION MARK}\N{LEFT-POINTING DOUBLE ANGLE QUOTATION MARK}"
)
_CLOSING: Final = frozenset(")]}'\".,;:!?*_\N{HORIZONTAL ELLIPSIS}") | frozenset(
    "\N{RIGHT DOUBLE QUOTATION MARK}\N{RIGHT SINGLE QUOTATION MARK}\N{RIGHT-POINTING DOUBLE ANGLE QUOTATION MARK}"
)
_NUMBER: Final = re.compile(r"[1-9][0-9]{0,2}")
# The dot belongs to the word in "14.3." and in "9 a.m.", and nowhere else.
_OWN_DOT: Final = re.compile(r"[0-9]{1,2}\.[0-9]{1,2}\.|[0-9:.]{0,5}[ap]\.m\.", re.IGNORECASE)

_LONGEST_OWN_DOT: Final = 9  # "12:30a.m."

_Found = TypeVar("_Found")


@dataclass(frozen=True, slots=True)
class Word:
    """A word or one mark of punctuation, at code points ``start`` to ``end`` of the text.

    ``key`` is what grammars compare: lower case, and empty where the text is literal or the word is part of a name.
    """

    text: str
    key: str
    start: int
    end: int
    after_token: bool = False
    escaped: bool = False
    literal: bool = False

    @property
    def lower(self) -> str:
        """The word in small letters, of names too; empty where the text is literal."""
        return "" if self.literal else self.text.lower()

    def as_literal(self) -> "Word":
        return replace(self, key="", literal=True)


class Words:
    """The words of one line, in order, as they are found."""

    def __init__(self, *, all_lower: bool = False) -> None:
        """Collect words; ``all_lower`` takes capitals for decoration, as in a field that holds nothing but a date."""
        self.found: list[Word] = []
        self._all_lower = all_lower

    def add_text(self, text: str, start: int, end: int, *, after_token: bool = False, escaped: bool = False) -> None:
        """Take text without white space apart into punctuation, a word, and punctuation again."""
        first, last = start, end
        while first < end and text[first] in _OPENING:
            first += 1
        while last > first and text[last - 1] in _CLOSING:
            last -= 1
        if last < end and len(text[first : last + 1]) <= _LONGEST_OWN_DOT and _OWN_DOT.fullmatch(text, first, last + 1):
            last += 1
        lower = escaped or self._all_lower
        cuts = [*range(start, first + 1), *range(last, end + 1)]
        for begin, stop in pairwise(cuts):
            if begin < stop:
                self.found.append(
                    Word(text[begin:stop], self._key(text[begin:stop], all_lower=lower), begin, stop, after_token, escaped)
                )
                after_token = escaped = False

    def add_literal(self, text: str, start: int, end: int, *, after_token: bool = False) -> None:
        """Add text that means nothing but itself."""
        self.found.append(Word(text[start:end], "", start, end, after_token, literal=True))

    def _key(self, text: str, *, all_lower: bool) -> str:
        # Inside a line a capital makes a name of a common word: "Watch Tomorrow Never Dies", "Cancel USA Today".
        lower = text.lower().translate(_PLAIN)
        is_name = len(text) > 1 and text[0].isupper() and text[1:].islower() and lower not in _CAPITALISED_ANYWAY
        return "" if is_name and self.found and not all_lower else lower


def split_words(text: str) -> list[Word]:
    """Take a whole text apart, in which capitals mean nothing."""
    words = Words(all_lower=True)
    for chunk in re.finditer(r"\S++", text):
        words.add_text(text, chunk.start(), chunk.end())
    return words.found


class Reader:
    """A place among words. A reading never crosses a token, and what fails half-way is undone by setting ``at`` back."""

    __slots__ = ("_start", "at", "furthest", "words")

    def __init__(self, words: Sequence[Word], at: int = 0) -> None:
        self.words = words
        self.at = at
        self.furthest = at
        self._start = at

    def peek(self, ahead: int = 0) -> str:
        """See the key of a word to come; empty where there is none."""
        at = self.at + ahead
        if at >= len(self.words) or (at > self._start and self.words[at].after_token):
            return ""
        return self.words[at].key

    def accept(self, *keys: str) -> str:
        """Step over one of these words and return it, or stay and return nothing."""
        key = self.peek()
        return self._step(key) if key and key in keys else ""

    def look_up(self, table: Mapping[str, _Found]) -> _Found | None:
        """Step over a word of the table and return what it stands for."""
        found = table.get(self.peek())
        if found is not None:
            self._step("")
        return found

    def match(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """Step over a word that is all pattern."""
        found = pattern.fullmatch(self.peek())
        if found is not None:
            self._step("")
        return found

    def number(self) -> int | None:
        """Step over a whole number from 1 to 999, in digits or in words up to twelve."""
        found = self.match(_NUMBER)
        return int(found[0]) if found is not None else self.look_up(NUMBERS)

    def first(self, *readings: Callable[["Reader"], _Found | None]) -> _Found | None:
        """Return the first reading that succeeds; where none does, stay."""
        at = self.at
        for read in readings:
            found = read(self)
            if found is not None:
                return found
            self.at = at
        return None

    def _step(self, key: str) -> str:
        self.at += 1
        self.furthest = max(self.furthest, self.at)
        return key
