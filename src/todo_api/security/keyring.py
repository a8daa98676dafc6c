"""The service's secrets: the newest signs, all of them verify, so that one can be rotated without logging anybody out."""

import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Secret:
    """A signing key; subkeys are derived from it, so no two uses share one."""

    id: str
    value: bytes

    def subkey(self, purpose: str) -> bytes:
        """32 bytes for one purpose (HMAC as a key-derivation function)."""
        return hmac.digest(self.value, purpose.encode(), hashlib.sha256)


class KeyRing:
    """The secrets in use, newest first; ``replace`` takes what another process rotated."""

    def __init__(self, secrets: Iterable[Secret] = ()) -> None:
        self._secrets: tuple[Secret, ...] = ()
        self._by_id: dict[str, Secret] = {}
        self.replace(secrets)

    def replace(self, secrets: Iterable[Secret]) -> None:
        """Use these from now on, the newest first."""
        self._secrets = tuple(secrets)
        self._by_id = {secret.id: secret for secret in self._secrets}

    @property
    def current(self) -> Secret:
        """The one that signs."""
        return self._secrets[0]

    def find(self, id_: str) -> Secret | None:
        """The secret of this id, if it is still accepted."""
        return self._by_id.get(id_)

    def all(self) -> tuple[Secret, ...]:
        """Every accepted secret, newest first."""
        return self._secrets
