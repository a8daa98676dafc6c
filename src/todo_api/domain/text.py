"""What text may hold, and the form in which two texts are compared."""

import re
import unicodedata

# Tab and newline are the only control characters a text may hold; the second pattern adds Windows' \r\n.
_REFUSED_ON_A_LINE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_REFUSED_IN_LINES = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]|\r(?!\n)")
_VISIBLE = re.compile(r"[^\s\u200b-\u200d\u2060\ufeff]")
# Accents, breathings and the like sit above or below a letter: classes 200 and up. Lower classes are parts of the
# letter (Japanese voicing, Thai tones, Indic viramas): without them, different words would become one name.
_LOWEST_ACCENT_CLASS = 200


def clean_problem(text: str, *, multiline: bool) -> str | None:
    """Say why this text is refused, in words that follow the field's name; Windows line ends pass only where `multiline`."""
    # Where no carriage return is, both patterns find the same, and the plain one is three times as fast.
    found = (_REFUSED_IN_LINES if multiline and "\r" in text else _REFUSED_ON_A_LINE).search(text)
    if found is None:
        return None
    character, position = found[0], found.start()
    if character == "\0":
        return f"must not contain NUL (at position {position})"
    if character >= "\ud800":
        return f"must not contain half of a surrogate pair (U+{ord(character):04X} at position {position})"
    if character == "\r":
        allowed = "unless a newline follows it" if multiline else "here"
        return f"must not contain a carriage return {allowed} (at position {position})"
    return f"must not contain control characters other than tab and newline (U+{ord(character):04X} at position {position})"


def is_blank(text: str) -> bool:
    """Whether nothing of this text can be seen: empty, or only white space and zero-width characters."""
    return _VISIBLE.search(text) is None


def search_key(text: str) -> str:
    """Reduce a name to the form names are compared in: without case, accents and compatibility forms.

    Two different people's addresses can share a key: use it to refuse the second one, never to look one up for mail.
    """
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", text)
    bare = "".join(character for character in decomposed if unicodedata.combining(character) < _LOWEST_ACCENT_CLASS)
    return unicodedata.normalize("NFKD", bare.casefold())
