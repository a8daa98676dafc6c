"""Encryption of remembered answers with the Idempotency-Key that may ask for them."""

import hashlib
import os
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE_BYTES: Final = 12


class SealBrokenError(Exception):
    """The text was altered, or sealed with another key."""


def seal(plain: bytes, *, key: str) -> bytes:
    """Nonce and ciphertext.

    The database holds hashes of ``key`` only, so who reads it cannot read this, unless they guess ``key``: derivation is fast,
    and nothing else protects the answer. A UUID cannot be guessed; "invoice-4711" can.
    """
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + AESGCM(_derive(key)).encrypt(nonce, plain, None)


def unseal(sealed: bytes, *, key: str) -> bytes:
    """What was sealed; raises SealBrokenError."""
    try:
        return AESGCM(_derive(key)).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], None)
    except (InvalidTag, ValueError) as error:  # ValueError: too short to hold a nonce
        raise SealBrokenError from error


def _derive(key: str) -> bytes:
    return hashlib.sha256(b"todo-api idempotency\0" + key.encode()).digest()
