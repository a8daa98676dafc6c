"""Access tokens: short-lived JWTs (RFC 9068's type, RFC 8725's rules)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import jwt

from todo_api.domain.identifiers import new_id
from todo_api.security.keyring import KeyRing

_ALGORITHM: Final = "HS256"
_ISSUER: Final = "todo-api"
_TYPE: Final = "at+jwt"
_PURPOSE: Final = "access-token"
_REQUIRED: Final = ["iss", "aud", "exp", "iat", "sub", "sid", "jti"]
_LEEWAY: Final = timedelta(seconds=10)  # clocks of replicas differ a little


class TokenInvalidError(Exception):
    """The token is not one of ours, or not any more."""


class UnknownKeyError(TokenInvalidError):
    """The token names a key that this process does not know: another one may have rotated."""


@dataclass(frozen=True, slots=True)
class Claims:
    """What an access token says; it carries no scopes, for those must change at once."""

    user_id: str
    session_id: str


def issue(ring: KeyRing, *, user_id: str, session_id: str, now: datetime, seconds: int) -> str:
    """A signed token that is valid for ``seconds`` from ``now``."""
    secret = ring.current
    claims = {
        "iss": _ISSUER,
        "aud": _ISSUER,
        "iat": now,
        "exp": now + timedelta(seconds=seconds),
        "sub": user_id,
        "sid": session_id,
        "jti": new_id(),
    }
    return jwt.encode(claims, secret.subkey(_PURPOSE), algorithm=_ALGORITHM, headers={"kid": secret.id, "typ": _TYPE})


def read(ring: KeyRing, token: str, *, now: datetime) -> Claims:
    """The claims of a valid token; raises TokenInvalidError, or UnknownKeyError for a key that is not on the ring."""
    try:
        header = jwt.get_unverified_header(token)
        if header.get("typ") != _TYPE or set(header) != {"alg", "kid", "typ"}:
            raise TokenInvalidError
        secret = ring.find(header["kid"])
        if secret is None:
            raise UnknownKeyError
        claims = _decode(token, secret.subkey(_PURPOSE))
    except jwt.PyJWTError as error:
        raise TokenInvalidError from error
    if not claims["iat"] - _LEEWAY.total_seconds() <= now.timestamp() < claims["exp"]:
        raise TokenInvalidError
    return Claims(user_id=claims["sub"], session_id=claims["sid"])


def _decode(token: str, key: bytes) -> dict[str, Any]:
    times_are_checked_by_our_clock = {"verify_exp": False, "verify_iat": False}
    options: Any = {"require": _REQUIRED, **times_are_checked_by_our_clock}
    claims: dict[str, Any] = jwt.decode(token, key, algorithms=[_ALGORITHM], audience=_ISSUER, issuer=_ISSUER, options=options)
    if not all(isinstance(claims[name], int) for name in ("iat", "exp")):
        raise TokenInvalidError
    return claims
