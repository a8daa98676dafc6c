"""The tokens of quick add: `#List`, `/Section`, `@label`, `!high`, `+person`, `{deadline}`, `~30m`, `//notes`, and escapes.

A token begins a word and fills it, so `C#`, `km/h`, `me@example.com` and `https://…` are text. A name has a letter or a picture
in front, so `#42` and `+49` are text too, and so are colours (`#fff`, `#00ff7f`) and `#include`. A section in small letters needs
a list beside it, or `/tmp` were one. What can be given only once is text the second time, and a list, section or person that is
not known is text at all times. A backslash before a token or a date makes it text, and goes away; quotes make anything text, and
stay.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal, NamedTuple

from todo_api.domain.english_calendar import Calendar
from todo_api.domain.english_dates import parse_date
from todo_api.domain.english_words import MAX_LINE, Word, Words, split_words

Kind = Literal["list", "section", "label", "priority", "assignee", "deadline", "duration", "notes", "due", "time", "recurrence"]

_LONGEST_NAME: Final = 100
_QUOTED: Final = rf'"([^"\n]{{1,{_LONGEST_NAME}}})"'
_PLAIN: Final = r"([^\s!\"#$%()*+,./:;<=>?@\[\\\]^`{|}~]++)"
_END: Final = r"(?=[,;:.!?)]*+(?:\s|$))"
_NAME: Final = re.compile(f"[#/@+](?:{_QUOTED}|{_PLAIN}){_END}")
_EMAIL: Final = re.compile(r"\+([\w.%+-]++@[\w-]++(?:\.[\w-]++)++)" + _END)
_PRIORITY: Final = re.compile(r"!(low|medium|high|urgent)" + _END, re.IGNORECASE)
_DEADLINE: Final = re.compile(r"\{([^{}\n]{1,40})\}" + _END)
_DURATION: Final = re.compile(r"~(?:([0-9]{1,3})h)?(?:([0-9]{1,4})m(?:in)?)?" + _END, re.IGNORECASE)
_CHUNK: Final = re.compile(r"\S++")
_ANY_LIST: Final = re.compile(r"(?<!\S)#(?:[^\W\d_]|\")")
_COLOUR: Final = re.compile(r"([a-f])\1{2}|([a-f])\2{5}|(?=[a-f]*+[0-9])(?:[0-9a-f]{3}|[0-9a-f]{6}|[0-9a-f]{8})", re.IGNORECASE)
_DIRECTIVES: Final = frozenset({"include", "define", "undef", "ifdef", "ifndef", "elif", "endif", "pragma"})
_QUOTES: Final = {'"': '"', "\N{LEFT DOUBLE QUOTATION MARK}": "\N{RIGHT DOUBLE QUOTATION MARK}"}
_REPEATABLE: Final = frozenset({"label", "assignee"})
_LOOKED_UP: Final = frozenset({"list", "section", "assignee"})


Knows = Callable[[Kind, str, int], bool]
"""Tells whether there is a list, section or person of this name; the number is the offset of its token in the whole text."""


def _anything(_kind: Kind, _name: str, _at: int) -> bool:
    return True


class Token(NamedTuple):
    """A token at code points ``start`` to ``end``; a duration's value is in minutes, a deadline's an ISO date."""

    start: int
    end: int
    kind: Kind
    value: str | int


@dataclass(frozen=True, slots=True)
class Place:
    """Where a line stands: only a top-level one chooses its list and section, and the section may need one ``in_list``."""

    calendar: Calendar
    top: bool = True
    in_list: bool = False
    knows: Knows = _anything


@dataclass(frozen=True, slots=True)
class Scanned:
    """A line taken apart: tokens, the words between them, and the offsets of backslashes that did their work."""

    words: list[Word]
    tokens: list[Token]
    escapes: list[int]


class _Spot(NamedTuple):
    """Where a token may begin, and how far the line is read."""

    text: str
    at: int
    stop: int
    place: Place

    def match(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        return pattern.match(self.text, self.at, self.stop)


def scan(text: str, start: int, end: int, place: Place) -> Scanned:
    """Take the line from ``start`` to ``end`` apart; what is behind its first 500 characters is one literal word."""
    scanner = _Scanner(text, start, end, place)
    return Scanned(scanner.words.found, scanner.tokens, scanner.escapes)


class _Scanner:
    def __init__(self, text: str, start: int, end: int, place: Place) -> None:
        self.words = Words()
        self.tokens: list[Token] = []
        self.escapes: list[int] = []
        self._place = replace(place, in_list=place.in_list or bool(_ANY_LIST.search(text, start, end)))
        self._text = text
        self._stop = _limit(text, start, end)
        self._behind_token = False
        at = start
        while at < self._stop:
            at = at + 1 if text[at].isspace() else self._take(at, end)
        if at < end:
            self.words.add_literal(text, at, end, after_token=self._behind_token)

    def _take(self, at: int, end: int) -> int:
        """Take the token or the words that begin here, and return where they end."""
        token = self._token(at)
        if token is None or (token.kind not in _REPEATABLE and any(token.kind == known.kind for known in self.tokens)):
            at = self._take_words(at)
            self._behind_token = False
            return at
        if token.kind in _LOOKED_UP and not self._place.knows(token.kind, str(token.value), at):
            self.words.add_literal(self._text, at, token.end, after_token=self._behind_token)
            self._behind_token = False
            return token.end
        if token.kind == "notes":  # to the end of the line, however long
            token = token._replace(end=end, value=self._text[at + 2 : end].strip())
        self.tokens.append(token)
        self._behind_token = True
        return token.end

    def _take_words(self, at: int) -> int:
        text, behind = self._text, self._behind_token
        closing = text.find(_QUOTES[text[at]], at + 1, self._stop) if text[at] in _QUOTES else -1
        if closing > 0:
            self.words.add_literal(text, at, closing + 1, after_token=behind)
            return closing + 1
        chunk = _CHUNK.match(text, at, self._stop)
        end = chunk.end() if chunk is not None else self._stop
        if text[at] != "\\" or at + 1 == end:
            self.words.add_text(text, at, end, after_token=behind)
            return end
        token = self._token(at + 1)
        if token is None:
            self.words.add_text(text, at + 1, end, after_token=behind, escaped=True)
            return end
        self.escapes.append(at)
        self.words.add_literal(text, at + 1, token.end, after_token=behind)
        return token.end

    def _token(self, at: int) -> Token | None:
        read = _READERS.get(self._text[at])
        return read(_Spot(self._text, at, self._stop, self._place)) if read is not None else None


def _limit(text: str, start: int, end: int) -> int:
    """Find where reading stops: at the end, or before the word that goes beyond what is read of a line."""
    if end - start <= MAX_LINE:
        return end
    stop = start + MAX_LINE
    while stop > start and not text[stop].isspace():
        stop -= 1
    return stop if stop > start else start + MAX_LINE


def _list(spot: _Spot) -> Token | None:
    found = spot.match(_NAME)
    if not spot.place.top or found is None or (found[2] and (_COLOUR.fullmatch(found[2]) or found[2] in _DIRECTIVES)):
        return None
    return _named("list", found)


def _notes_or_section(spot: _Spot) -> Token | None:
    if spot.text.startswith("//", spot.at) and spot.text[spot.at + 2 : spot.stop].strip():
        return Token(spot.at, spot.stop, "notes", "")
    found = spot.match(_NAME)
    if not spot.place.top or found is None or not (spot.place.in_list or found[1] or not found[2][0].islower()):
        return None
    return _named("section", found)


def _label(spot: _Spot) -> Token | None:
    return _named("label", spot.match(_NAME))


def _assignee(spot: _Spot) -> Token | None:
    email = spot.match(_EMAIL)
    if email is not None:
        return Token(spot.at, email.end(), "assignee", email[1])
    person = _named("assignee", spot.match(_NAME))
    return person if person is not None and len(str(person.value)) > 1 else None  # "chmod +x"


def _named(kind: Kind, found: re.Match[str] | None) -> Token | None:
    if found is None or (found[2] and not (found[2][0].isalpha() or unicodedata.category(found[2][0]) == "So")):
        return None
    name = (found[1] or found[2]).strip()
    return Token(found.start(), found.end(), kind, name) if 0 < len(name) <= _LONGEST_NAME else None


def _priority(spot: _Spot) -> Token | None:
    found = spot.match(_PRIORITY)
    return Token(spot.at, found.end(), "priority", found[1].lower()) if found is not None else None


def _deadline(spot: _Spot) -> Token | None:
    found = spot.match(_DEADLINE)
    if found is None:
        return None
    words = split_words(found[1])
    phrase = parse_date(words, 0, spot.place.calendar, alone=True)
    if phrase is None or phrase.end < len(words) or phrase.day is None or phrase.has_time:
        return None
    return Token(spot.at, found.end(), "deadline", phrase.day.date.isoformat())


def _duration(spot: _Spot) -> Token | None:
    found = spot.match(_DURATION)
    minutes = int(found[1] or 0) * 60 + int(found[2] or 0) if found is not None else 0
    return Token(spot.at, found.end(), "duration", minutes) if found is not None and minutes else None


_READERS: Final[Mapping[str, Callable[[_Spot], Token | None]]] = {
    "#": _list,
    "/": _notes_or_section,
    "@": _label,
    "!": _priority,
    "+": _assignee,
    "{": _deadline,
    "~": _duration,
}
