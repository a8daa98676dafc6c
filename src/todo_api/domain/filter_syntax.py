"""The letters of the filter language: its tokens, its limits and its one error."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

MAX_LENGTH: Final = 2_000  # code points of the whole text
MAX_DEPTH: Final = 32  # parentheses and `not` around one term
MAX_TERMS: Final = 100  # conditions, each value of an `in` list counted: bounds the parameters of the query

RESERVED: Final = frozenset({"and", "or", "not", "in", "is"})  # never a value unless quoted

_QUOTED_LENGTH: Final = 40  # of the user's text in a message

_ESCAPES: Final = {'"': '"', "'": "'", "\\": "\\", "n": "\n", "t": "\t"}
_ESCAPE: Final = re.compile(r"\\(.)", re.DOTALL)
_FORBIDDEN: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
# A word that begins like a date-time keeps its colons. Possessive: one look at each character, closed or not.
_TOKEN: Final = re.compile(
    r"""
      (?P<space>\s+)
    | (?P<string>"(?:[^"\\]|\\.)*+"|'(?:[^'\\]|\\.)*+')
    | (?P<symbol><=|>=|!=|[=<>:(),])
    | (?P<word>[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9][^\s"'()<>=!,&|;{}\[\]\\]*+|[^\s"'()<>=!,:&|;{}\[\]\\]++)
    """,
    re.VERBOSE | re.DOTALL,
)


class FilterSyntaxError(ValueError):
    """Text that is not a filter.

    `offset` and `length` count code points and lie inside the text; at its end the length is 0. `expected` is what could stand
    there, as it is written or in words (`the end`, `a name`, a date as an example); empty where the text is only too much.
    """

    def __init__(self, message: str, *, offset: int, length: int, expected: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.offset = offset
        self.length = length
        self.expected = tuple(map(str, expected))


class TokenKind(StrEnum):
    WORD = "word"
    STRING = "string"
    SYMBOL = "symbol"
    END = "end"


@dataclass(frozen=True, slots=True)
class Token:
    """One piece of the text; `text` is what it says, so a string comes without quotes and escapes."""

    kind: TokenKind
    text: str
    offset: int
    length: int

    @property
    def word(self) -> str:
        """The bare word in lower case; empty for anything that is not one."""
        return self.text.lower() if self.kind is TokenKind.WORD else ""

    @property
    def symbol(self) -> str:
        """The operator or parenthesis; empty for anything that is not one."""
        return self.text if self.kind is TokenKind.SYMBOL else ""

    def error(self, message: str, expected: Sequence[str] = ()) -> FilterSyntaxError:
        """Make the error that points at this token."""
        return FilterSyntaxError(message, offset=self.offset, length=self.length, expected=expected)

    def __str__(self) -> str:
        if self.kind is TokenKind.END:
            return "the end"
        return f"`{self.text}`" if len(self.text) <= _QUOTED_LENGTH else f"`{self.text[:_QUOTED_LENGTH]}…`"


def tokenize(text: str) -> list[Token]:
    """Split the text into tokens, the last of them END; takes time in proportion to the text."""
    _check_characters(text)
    tokens: list[Token] = []
    offset = 0
    while offset < len(text):
        found = _TOKEN.match(text, offset)
        if found is None:
            raise _unreadable(text, offset)
        if found.lastgroup != "space":
            tokens.append(_token(found))
        offset = found.end()
    tokens.append(Token(TokenKind.END, "", len(text), 0))
    return tokens


def _check_characters(text: str) -> None:
    if len(text) > MAX_LENGTH:
        message = f"A filter has at most {MAX_LENGTH} characters."
        raise FilterSyntaxError(message, offset=MAX_LENGTH, length=len(text) - MAX_LENGTH)
    if forbidden := _FORBIDDEN.search(text):
        message = f"The character U+{ord(forbidden.group()):04X} is not allowed in a filter."
        raise FilterSyntaxError(message, offset=forbidden.start(), length=1)


def _token(found: re.Match[str]) -> Token:
    kind = TokenKind(str(found.lastgroup))
    said = _unescape(found) if kind is TokenKind.STRING else found.group()
    return Token(kind, said, found.start(), found.end() - found.start())


def _unescape(found: re.Match[str]) -> str:
    def character(escape: re.Match[str]) -> str:
        if escape.group(1) not in _ESCAPES:
            offset = found.start() + 1 + escape.start()
            message = f"`{escape.group()}` is not an escape; write `\\\\` for a backslash."
            raise FilterSyntaxError(message, offset=offset, length=2, expected=[f"\\{known}" for known in _ESCAPES])
        return _ESCAPES[escape.group(1)]

    return _ESCAPE.sub(character, found.group()[1:-1])


def _unreadable(text: str, offset: int) -> FilterSyntaxError:
    character = text[offset]
    if character in "\"'":
        message = "This quote is never closed."
        return FilterSyntaxError(message, offset=offset, length=len(text) - offset, expected=[character])
    known = {"!": ("!=", "not"), "&": ("and",), "|": ("or",)}
    message = f"`{character}` means nothing here; put text that contains it in quotes."
    return FilterSyntaxError(message, offset=offset, length=1, expected=known.get(character, ()))
