"""Time-ordered ids (UUIDv7, RFC 9562) and the base62 text that keys and cursors are written in."""

import math
import os
import re
import threading
import time

_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
_VERSION = 7 << 76
_VARIANT = 0b10 << 62
_RANDOM_BITS = (1 << 62) - 1
_TICKS_PER_MILLISECOND = 1 << 12
_NANOSECONDS_PER_MILLISECOND = 1_000_000

_BASE62_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"  # in byte order: text sorts as the bytes do
_BASE62_VALUES = {digit: value for value, digit in enumerate(_BASE62_DIGITS)}
_BASE62_MAXIMUM_BYTES = 256  # conversion is quadratic: a secret needs 32, and a hostile header is refused unread
_BASE62_WIDTHS = [math.ceil(8 * size / math.log2(62)) for size in range(_BASE62_MAXIMUM_BYTES + 1)]
_BASE62_SIZES = {width: size for size, width in enumerate(_BASE62_WIDTHS)}


class Base62Error(ValueError):
    """Not the base62 text of any bytes."""


class Ticker:
    """Ticks of 1/4096 millisecond since the Unix epoch, each handed out once in this process.

    One 60-bit number holds the timestamp and `rand_a` (RFC 9562, 6.2, method 3). Adding one to the last tick
    therefore carries into the milliseconds, and a clock that stands still or is set back cannot break the order.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last = 0

    def next(self, nanoseconds: int) -> int:
        ticks = nanoseconds * _TICKS_PER_MILLISECOND // _NANOSECONDS_PER_MILLISECOND
        with self._lock:
            self._last = ticks = max(ticks, self._last + 1)
        return ticks


_ticker = Ticker()


def new_id() -> str:
    """Make a UUIDv7 in canonical text, greater than every id this process made before."""
    ticks = _ticker.next(time.time_ns())
    randomness = int.from_bytes(os.urandom(8), "big") & _RANDOM_BITS
    number = (ticks >> 12) << 80 | _VERSION | (ticks & 0xFFF) << 64 | _VARIANT | randomness
    digits = f"{number:032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def is_id(text: str) -> bool:
    """Whether this is a UUIDv7 in its one canonical spelling: lower case, with hyphens."""
    return _ID.fullmatch(text) is not None


def base62_encode(data: bytes) -> str:
    """Write bytes as 0-9A-Za-z, in a width that depends on their number alone, sorting as the bytes do."""
    if len(data) > _BASE62_MAXIMUM_BYTES:
        raise Base62Error(f"base62 is for at most {_BASE62_MAXIMUM_BYTES} bytes, not {len(data)}")
    number = int.from_bytes(data, "big")
    digits = []
    for _ in range(_BASE62_WIDTHS[len(data)]):
        number, value = divmod(number, 62)
        digits.append(_BASE62_DIGITS[value])
    return "".join(reversed(digits))


def base62_decode(text: str) -> bytes:
    """Read back what `base62_encode` wrote, and nothing else."""
    size = _BASE62_SIZES.get(len(text))
    if size is None:
        raise Base62Error(f"no bytes are written as {len(text)} base62 digits")
    number = 0
    for digit in text:
        value = _BASE62_VALUES.get(digit)
        if value is None:
            raise Base62Error("base62 text holds only the digits 0-9, A-Z and a-z")
        number = number * 62 + value
    if number >> (8 * size):
        raise Base62Error(f"these base62 digits stand for more than {size} bytes")
    return number.to_bytes(size, "big")
