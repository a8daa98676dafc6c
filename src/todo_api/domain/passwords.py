"""Which passwords are refused, and why."""

import re
import unicodedata
from enum import StrEnum
from functools import cache
from importlib import resources
from itertools import pairwise

MINIMUM_LENGTH = 8
MAXIMUM_LENGTH = 128  # code points; the cap bounds what hashing a password can cost

_PRODUCT_NAMES = {"todo-api", "todo_api", "todoapi", "to-do", "todo"}
_SHORTEST_CONTEXT_WORD = 3  # shorter ones occur in any text by chance
_DECORATION = "0123456789!"
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_WORD = re.compile(r"[^\W_]+")


class PasswordProblem(StrEnum):
    """A stable code; `message` says it in words."""

    TOO_SHORT = "password_too_short"
    TOO_LONG = "password_too_long"
    NOT_TEXT = "password_not_text"
    COMMON = "password_common"
    PERSONAL = "password_personal"

    @property
    def message(self) -> str:
        return _MESSAGES[self]


_MESSAGES = {
    PasswordProblem.TOO_SHORT: f"Use at least {MINIMUM_LENGTH} characters.",
    PasswordProblem.TOO_LONG: f"Use at most {MAXIMUM_LENGTH} characters.",
    PasswordProblem.NOT_TEXT: "Use whole characters: this password holds half of a surrogate pair.",
    PasswordProblem.COMMON: "This is one of the passwords everybody tries first. Choose another one.",
    PasswordProblem.PERSONAL: "This is little more than your name, your address or ours. Add something nobody can look up.",
}


def check_password(password: str, *, email: str, name: str) -> PasswordProblem | None:
    """Why this password is refused for the person of this address and name, or None."""
    if len(password) < MINIMUM_LENGTH:
        return PasswordProblem.TOO_SHORT
    if len(password) > MAXIMUM_LENGTH:
        return PasswordProblem.TOO_LONG
    if _SURROGATE.search(password) is not None:
        return PasswordProblem.NOT_TEXT
    folded = _fold(password)
    if _is_run(folded) or not _common_passwords().isdisjoint({folded, folded.rstrip(_DECORATION)}):
        return PasswordProblem.COMMON
    if _is_personal(folded, email=email, name=name):
        return PasswordProblem.PERSONAL
    return None


def _fold(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def _is_run(folded: str) -> bool:
    """Whether it is one key pressed again and again, or a stretch of the alphabet or the digits, up or down."""
    # The bundled list lacks these: its authors find them by rule too.
    steps = {ord(following) - ord(character) for character, following in pairwise(folded)}
    return len(steps) <= 1 and steps <= {-1, 0, 1}


def _is_personal(folded: str, *, email: str, name: str) -> bool:
    """Whether too little for a password is left without the words an attacker would look up."""
    rest = folded
    for word in _context_words(email, name):
        rest = rest.replace(word, "")
    return rest != folded and len(rest) < MINIMUM_LENGTH


def _context_words(email: str, name: str) -> list[str]:
    """List the names of the person and the product, whole and in parts, longest first."""
    address = _fold(email)
    words = {address, *_PRODUCT_NAMES}
    for phrase in (address.rpartition("@")[0], _fold(name)):
        parts = _WORD.findall(phrase)
        words.update((phrase, "".join(parts), *parts))
    return sorted((word for word in words if len(word) >= _SHORTEST_CONTEXT_WORD), key=lambda word: (-len(word), word))


@cache
def _common_passwords() -> frozenset[str]:
    lines = resources.files(__package__).joinpath("common_passwords.txt").read_text(encoding="utf-8").splitlines()
    return frozenset(line for line in lines if not line.startswith("#"))
