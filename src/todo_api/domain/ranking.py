"""Order keys: opaque text that sorts by its bytes, with room for a new key between any two (fractional indexing).

A key is a number in base 62: an integer whose first letter tells its sign and length, then a fraction without trailing
zeros. Adding at an end counts the integer up or down, so such keys stay short; adding between halves the fraction.
"""

import re

REBALANCE_LENGTH = 50  # longer keys still work; some 230 insertions at one place get there

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"  # in byte order
_VALUES = {digit: value for value, digit in enumerate(_DIGITS)}
_BASE = len(_DIGITS)
_LAST_DIGIT = _DIGITS[-1]
_FIRST_KEY = "a0"
_SMALLEST_INTEGER = "A" + "0" * 26  # never a key by itself: nothing fits before it
_KEY = re.compile(r"[A-Za-z][0-9A-Za-z]+")
# First letter → length of the integer with it: a…z are 2…27, Z…A the same below zero.
_LENGTHS = {chr(ord("a") + step): step + 2 for step in range(26)} | {chr(ord("Z") - step): step + 2 for step in range(26)}


class OrderKeyError(ValueError):
    """Not order keys, or not in order."""


def between(before: str | None, after: str | None) -> str:
    """Make a key after `before` and before `after`; None is the open end."""
    if after is None:
        return _FIRST_KEY if before is None else _key_after(*_split(before))
    if before is None:
        return _key_before(*_split(after))
    (integer, fraction), (upper_integer, upper_fraction) = _split(before), _split(after)
    if before >= after:
        raise OrderKeyError(f"{before!r} is not before {after!r}")
    if integer == upper_integer:
        return integer + _fraction_between(fraction, upper_fraction)
    above = _increment(integer)
    return above if above is not None and above < after else integer + _fraction_between(fraction, None)


def spread(count: int, before: str | None, after: str | None) -> list[str]:
    """Make that many keys in order between the two: short ones, to rebalance with or to add in bulk."""
    if count < 0:
        raise OrderKeyError(f"{count} keys cannot be made")
    if before is not None and after is not None:
        return _spread_between(count, before, after)
    keys: list[str] = []
    for _ in range(count):
        if before is None and after is not None:
            after = between(None, after)
            keys.append(after)
        else:
            before = between(before, None)
            keys.append(before)
    return keys if after is None else keys[::-1]


def _spread_between(count: int, before: str, after: str) -> list[str]:
    middle = between(before, after)  # asked for no keys too, so that wrong ends are refused all the same
    if count == 0:
        return []
    left = (count - 1) // 2
    right = count - 1 - left
    return [
        *(_spread_between(left, before, middle) if left else ()),
        middle,
        *(_spread_between(right, middle, after) if right else ()),
    ]


def _split(key: str) -> tuple[str, str]:
    """Part a key into its integer and its fraction."""
    if _KEY.fullmatch(key) is not None:
        length = _LENGTHS[key[0]]
        integer, fraction = key[:length], key[length:]
        if len(integer) == length and not fraction.endswith("0") and key != _SMALLEST_INTEGER:
            return integer, fraction
    raise OrderKeyError(f"{key[:64]!r} is not an order key")


def _key_before(integer: str, fraction: str) -> str:
    if integer == _SMALLEST_INTEGER:
        return integer + _fraction_between("", fraction)
    if fraction:
        return integer
    lower = _decrement(integer)
    return lower + _fraction_between("", None) if lower == _SMALLEST_INTEGER else lower


def _key_after(integer: str, fraction: str) -> str:
    higher = _increment(integer)
    return integer + _fraction_between(fraction, None) if higher is None else higher


def _increment(integer: str) -> str | None:
    """Count up; None after the largest integer."""
    head, digits = integer[0], integer[1:]
    kept = digits.rstrip(_LAST_DIGIT)
    if kept:
        return head + kept[:-1] + _DIGITS[_VALUES[kept[-1]] + 1] + "0" * (len(digits) - len(kept))
    if head == "z":
        return None
    head = "a" if head == "Z" else chr(ord(head) + 1)
    return head + "0" * (_LENGTHS[head] - 1)


def _decrement(integer: str) -> str:
    """Count down; the smallest integer must not come here."""
    head, digits = integer[0], integer[1:]
    kept = digits.rstrip("0")
    if kept:
        return head + kept[:-1] + _DIGITS[_VALUES[kept[-1]] - 1] + _LAST_DIGIT * (len(digits) - len(kept))
    head = "Z" if head == "a" else chr(ord(head) - 1)
    return head + _LAST_DIGIT * (_LENGTHS[head] - 1)


def _fraction_between(low: str, high: str | None) -> str:
    """Find a short fraction near the middle of two; "" is zero, None is one."""
    made = ""
    while True:
        position = len(made)
        floor = _VALUES[low[position]] if position < len(low) else 0
        ceiling = _BASE if high is None else _VALUES[high[position]]
        if ceiling - floor > 1:
            return made + _DIGITS[(floor + ceiling + 1) // 2]
        if floor < ceiling and high is not None:
            if position + 1 < len(high):  # the upper digit alone is already less than `high`
                return made + _DIGITS[ceiling]
            high = None  # any digits may follow the lower one
        made += _DIGITS[floor]
