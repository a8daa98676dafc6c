"""API keys: ``todo_<id>_<secret><checksum>``, all in base 62, so that scanners find them and typos cost no look-up."""

import hashlib
import hmac
import re
import secrets
import uuid
import zlib
from dataclasses import dataclass
from typing import Final

from todo_api.domain.identifiers import Base62Error, base62_decode, base62_encode, new_id

_PREFIX: Final = "todo"
_SECRET_BYTES: Final = 32
_SHAPE: Final = re.compile(rf"{_PREFIX}_([0-9A-Za-z]{{22}})_([0-9A-Za-z]{{43}})([0-9A-Za-z]{{6}})", re.ASCII)


@dataclass(frozen=True, slots=True)
class ApiKeyParts:
    """A well-formed key, taken apart."""

    id: str
    secret: str


def generate(id_: str | None = None) -> str:
    """A new key; 256 random bits, so a plain hash is enough at rest."""
    head = f"{_PREFIX}_{base62_encode(uuid.UUID(id_ or new_id()).bytes)}_{base62_encode(secrets.token_bytes(_SECRET_BYTES))}"
    return head + _checksum(head)


def parse(key: str) -> ApiKeyParts | None:
    """The parts of a key whose checksum is right, else None."""
    match = _SHAPE.fullmatch(key)
    if match is None or _checksum(key[:-6]) != match[3]:
        return None
    try:
        return ApiKeyParts(id=str(uuid.UUID(bytes=base62_decode(match[1]))), secret=match[2])
    except (Base62Error, ValueError):
        return None


def hash_secret(secret: str) -> str:
    """What is stored of a key's secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


def same(secret: str, secret_hash: str) -> bool:
    """Whether the secret is the stored one, in constant time."""
    return hmac.compare_digest(hash_secret(secret), secret_hash)


def _checksum(text: str) -> str:
    return base62_encode(zlib.crc32(text.encode()).to_bytes(4, "big"))
