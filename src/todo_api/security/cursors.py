"""Opaque signed cursors: a position in a list, bound to who asks and what for."""

import base64
import hashlib
import hmac
import json
from typing import Any, Final

from todo_api.errors import CursorInvalidError
from todo_api.security.keyring import KeyRing

_PURPOSE: Final = "cursor"
_MAC_BYTES: Final = 16
_LONGEST: Final = 8000  # a label's name of 100 characters can have a key of 1800


def seal(ring: KeyRing, position: list[Any], *, context: str) -> str:
    """A cursor for ``position``; only the same ``context`` opens it."""
    payload = json.dumps(position, separators=(",", ":"), ensure_ascii=False).encode()
    return base64.urlsafe_b64encode(_mac(ring.current.subkey(_PURPOSE), payload, context) + payload).rstrip(b"=").decode()


def unseal(ring: KeyRing, cursor: str, *, context: str) -> list[Any]:
    """The position in a cursor; raises CursorInvalidError when it was forged, altered or made for another request."""
    try:
        if len(cursor) > _LONGEST or not cursor.isascii():
            raise CursorInvalidError
        data = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
    except ValueError:
        raise CursorInvalidError from None
    mac, payload = data[:_MAC_BYTES], data[_MAC_BYTES:]
    if not any(hmac.compare_digest(mac, _mac(secret.subkey(_PURPOSE), payload, context)) for secret in ring.all()):
        raise CursorInvalidError
    position: list[Any] = json.loads(payload)
    return position


def _mac(key: bytes, payload: bytes, context: str) -> bytes:
    return hmac.digest(key, context.encode() + b"\0" + payload, hashlib.sha256)[:_MAC_BYTES]
