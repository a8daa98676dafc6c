import base64
import hashlib
import hmac
import json
import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import jwt as pyjwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from tests.support.service import PASSWORD, Service
from todo_api.security import jwt
from todo_api.security.keyring import KeyRing, Secret

NOW = datetime(2027, 3, 10, 9, 0, tzinfo=UTC)
USER = "01900000-0000-7000-8000-000000000001"
SESSION = "01900000-0000-7000-8000-000000000002"
RING = KeyRing([Secret("newest", b"n" * 32), Secret("older", b"o" * 32)])

Forgery = Callable[[KeyRing], str]


def part(value: Any) -> str:
    text = value if isinstance(value, bytes) else json.dumps(value, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


def key_of(ring: KeyRing) -> bytes:
    return ring.current.subkey("access-token")


def claims(**changes: Any) -> dict[str, Any]:
    at = int(NOW.timestamp())
    return {
        "iss": "todo-api", "aud": "todo-api", "iat": at, "exp": at + 900, "sub": USER, "sid": SESSION, "jti": "1",
    } | changes  # fmt: skip


def signed(ring: KeyRing, header: Any, payload: Any, *, key: bytes | None = None, digest: str = "sha256") -> str:
    """A token with the right key, whatever it says."""
    text = f"{part(header)}.{part(payload)}"
    return f"{text}.{part(hmac.digest(key_of(ring) if key is None else key, text.encode(), digest))}"


def with_header(**changes: Any) -> Forgery:
    return lambda ring: signed(ring, {"alg": "HS256", "kid": ring.current.id, "typ": "at+jwt"} | changes, claims())


def without_header(name: str) -> Forgery:
    header = {"alg": "HS256", "typ": "at+jwt"}

    def forge(ring: KeyRing) -> str:
        whole = header | {"kid": ring.current.id}
        return signed(ring, {key: value for key, value in whole.items() if key != name}, claims())

    return forge


def with_claims(**changes: Any) -> Forgery:
    return lambda ring: signed(ring, {"alg": "HS256", "kid": ring.current.id, "typ": "at+jwt"}, claims(**changes))


def without_claim(name: str) -> Forgery:
    kept = {key: value for key, value in claims().items() if key != name}
    return lambda ring: signed(ring, {"alg": "HS256", "kid": ring.current.id, "typ": "at+jwt"}, kept)


def with_key(key: Callable[[KeyRing], bytes]) -> Forgery:
    return lambda ring: signed(ring, {"alg": "HS256", "kid": ring.current.id, "typ": "at+jwt"}, claims(), key=key(ring))


def altered(change: Callable[[str], str]) -> Forgery:
    return lambda ring: change(genuine(ring))


def with_payload(payload: bytes) -> Forgery:
    return lambda ring: signed(ring, {"alg": "HS256", "kid": ring.current.id, "typ": "at+jwt"}, payload)


def with_raw_header(header: bytes) -> Forgery:
    return lambda ring: signed(ring, header, claims())


def other_digest(name: str, digest: str) -> Forgery:
    return lambda ring: signed(ring, {"alg": name, "kid": ring.current.id, "typ": "at+jwt"}, claims(), digest=digest)


def asymmetric(algorithm: str, key: Any) -> Forgery:
    return lambda ring: pyjwt.encode(claims(), key, algorithm=algorithm, headers={"kid": ring.current.id, "typ": "at+jwt"})


def unsigned(algorithm: str) -> Forgery:
    def forge(ring: KeyRing) -> str:
        return f"{part({'alg': algorithm, 'kid': ring.current.id, 'typ': 'at+jwt'})}.{part(claims())}."

    return forge


def public_pem(ring: KeyRing) -> bytes:
    del ring
    encoding, format_ = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    return ed25519.Ed25519PrivateKey.generate().public_key().public_bytes(encoding, format_)


def genuine(ring: KeyRing) -> str:
    return jwt.issue(ring, user_id=USER, session_id=SESSION, now=NOW, seconds=900)


def swap_payload(token: str) -> str:
    header, _, signature = token.split(".")
    return f"{header}.{part(claims(sub='01900000-0000-7000-8000-00000000000f'))}.{signature}"


def flip_signature(token: str) -> str:
    head, _, signature = token.rpartition(".")
    return f"{head}.{'A' if signature[0] != 'A' else 'B'}{signature[1:]}"


AT = int(NOW.timestamp())
FORGERIES: dict[str, Forgery] = {
    "alg none": unsigned("none"),
    "alg None": unsigned("None"),
    "alg NONE with a signature": with_header(alg="NONE"),
    "alg none with the right signature": with_header(alg="none"),
    "alg empty": with_header(alg=""),
    "alg missing": without_header("alg"),
    "alg a number": with_header(alg=256),
    "alg null": with_header(alg=None),
    "alg hs256 in lower case": with_header(alg="hs256"),
    "alg HS384": other_digest("HS384", "sha384"),
    "alg HS512": other_digest("HS512", "sha512"),
    "alg HS512 over sha256": with_header(alg="HS512"),
    "alg RS256 over an HMAC": with_header(alg="RS256"),
    "alg EdDSA": asymmetric("EdDSA", ed25519.Ed25519PrivateKey.generate()),
    "alg ES256": asymmetric("ES256", ec.generate_private_key(ec.SECP256R1())),
    "kid missing": without_header("kid"),
    "kid unknown": with_header(kid="another"),
    "kid empty": with_header(kid=""),
    "kid null": with_header(kid=None),
    "kid a number": with_header(kid=1),
    "kid a list": with_header(kid=["newest"]),
    "kid a path": with_header(kid="../../dev/null"),
    "kid SQL": with_header(kid="' OR '1'='1"),
    "kid of the older key, signed by the newest": lambda ring: signed(
        ring, {"alg": "HS256", "kid": ring.all()[-1].id, "typ": "at+jwt"}, claims(), key=b"n" * 32
    ),
    "typ missing": without_header("typ"),
    "typ JWT": with_header(typ="JWT"),
    "typ in upper case": with_header(typ="AT+JWT"),
    "typ of a refresh token": with_header(typ="rt+jwt"),
    "typ null": with_header(typ=None),
    "jku header": with_header(jku="https://evil.example/keys"),
    "jwk header": with_header(jwk={"kty": "oct", "k": "bm5ubm5u"}),
    "x5u header": with_header(x5u="https://evil.example/cert"),
    "x5c header": with_header(x5c=["MIIB"]),
    "crit header": with_header(crit=["exp"]),
    "b64 header": with_header(b64=False),
    "cty header": with_header(cty="JWT"),
    "zip header": with_header(zip="DEF"),
    "no iss": without_claim("iss"),
    "no aud": without_claim("aud"),
    "no exp": without_claim("exp"),
    "no iat": without_claim("iat"),
    "no sub": without_claim("sub"),
    "no sid": without_claim("sid"),
    "no jti": without_claim("jti"),
    "other iss": with_claims(iss="evil"),
    "iss null": with_claims(iss=None),
    "other aud": with_claims(aud="another-api"),
    "aud empty": with_claims(aud=[]),
    "sub a number": with_claims(sub=7),
    "expired": with_claims(iat=AT - 901, exp=AT - 1),
    "expires now": with_claims(exp=AT),
    "issued in the future": with_claims(iat=AT + 11),
    "exp text": with_claims(exp="never"),
    "exp text of digits": with_claims(exp=str(AT + 900)),
    "exp a fraction": with_claims(exp=AT + 900.5),
    "exp infinite": with_claims(exp=math.inf),
    "exp null": with_claims(exp=None),
    "iat text": with_claims(iat="now"),
    "iat null": with_claims(iat=None),
    "not yet valid": with_claims(nbf=32503680000),
    "key empty": with_key(lambda _: b""),
    "key of another service": with_key(lambda _: b"x" * 32),
    "key the secret itself": with_key(lambda ring: ring.current.value),
    "key of another purpose": with_key(lambda ring: ring.current.subkey("cursor")),
    "key the kid": with_key(lambda ring: ring.current.id.encode()),
    "key a public key": with_key(public_pem),
    "signature removed": altered(lambda token: token.rpartition(".")[0] + "."),
    "signature part removed": altered(lambda token: token.rpartition(".")[0]),
    "signature altered": altered(flip_signature),
    "signature truncated": altered(lambda token: token[:-10]),
    "signature doubled": altered(lambda token: token + token.rpartition(".")[2]),
    "signature of another digest": lambda ring: f"{genuine(ring).rpartition('.')[0]}.{part(hashlib.sha256(b'').digest())}",
    "payload swapped": altered(swap_payload),
    "payload removed": altered(lambda token: ".".join([token.split(".")[0], "", token.split(".")[2]])),
    "payload a list": with_payload(b"[]"),
    "payload a string": with_payload(b'"sub"'),
    "payload not JSON": with_payload(b"{"),
    "payload not UTF-8": with_payload(b'{"sub": "\xff"}'),
    "header a list": with_raw_header(b"[]"),
    "header not JSON": with_raw_header(b"{"),
    "header not UTF-8": with_raw_header(b"\xff\xfe"),
    "header nested deep": with_raw_header(b'{"alg":"HS256","kid":' + b"[" * 30_000 + b"}"),
    "header with a huge number": with_raw_header(b'{"alg":"HS256","typ":' + b"9" * 5000 + b"}"),
    "truncated to its half": altered(lambda token: token[: len(token) // 2]),
    "four parts": altered(lambda token: token + ".e30"),
    "five parts, as JWE": lambda _: "a.b.c.d.e",
    "no dots": lambda _: "token",
    "dots only": lambda _: "..",
    "empty": lambda _: "",
    "padding kept": altered(lambda token: token + "=="),
    "line break inside": altered(lambda token: token[:20] + "\n" + token[20:]),
    "huge": lambda _: "A" * 60_000,
    "huge with dots": lambda _: "." * 60_000,
    "not ASCII": lambda _: "кот.кот.кот",
    "not ASCII in the signature": altered(lambda token: token[:-1] + "é"),
}


@pytest.mark.parametrize("forge", FORGERIES.values(), ids=FORGERIES.keys())
def test_read_forged_token_is_refused(forge: Forgery) -> None:
    token = forge(RING)

    with pytest.raises(jwt.TokenInvalidError):
        jwt.read(RING, token, now=NOW)


def test_read_genuine_token_gives_its_claims() -> None:
    token = genuine(RING)

    assert jwt.read(RING, token, now=NOW) == jwt.Claims(user_id=USER, session_id=SESSION)


def test_forgeries_differ_from_a_genuine_token_in_one_thing_only() -> None:
    by_hand = signed(RING, {"alg": "HS256", "kid": "newest", "typ": "at+jwt"}, claims())

    assert jwt.read(RING, by_hand, now=NOW) == jwt.Claims(user_id=USER, session_id=SESSION)


def test_issue_says_no_more_than_it_must() -> None:
    token = genuine(RING)

    said = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
    assert said == {
        "iss": "todo-api",
        "aud": "todo-api",
        "iat": 1804669200,
        "exp": 1804670100,
        "sub": USER,
        "sid": SESSION,
        "jti": said["jti"],
    }


def test_issue_never_makes_the_same_token_twice() -> None:
    assert genuine(RING) != genuine(RING)


def test_read_token_of_an_older_key_is_accepted() -> None:
    token = genuine(KeyRing([Secret("older", b"o" * 32)]))

    assert jwt.read(RING, token, now=NOW).user_id == USER


def test_read_token_of_an_unknown_key_is_told_apart() -> None:
    token = genuine(KeyRing([Secret("rotated", b"r" * 32)]))

    with pytest.raises(jwt.UnknownKeyError):
        jwt.read(RING, token, now=NOW)


@pytest.mark.parametrize("seconds", [-10, 0, 899])
def test_read_within_its_time_is_accepted(seconds: int) -> None:
    token = genuine(RING)

    assert jwt.read(RING, token, now=NOW + timedelta(seconds=seconds)).session_id == SESSION


@pytest.mark.parametrize("seconds", [-11, 900, 901, 86_400])
def test_read_outside_its_time_is_refused(seconds: int) -> None:
    token = genuine(RING)

    with pytest.raises(jwt.TokenInvalidError):
        jwt.read(RING, token, now=NOW + timedelta(seconds=seconds))


@pytest.mark.parametrize("header", ["Authorization", "X-API-Key"])
async def test_service_refuses_every_forgery(service: Service, header: str) -> None:
    prefix = "Bearer " if header == "Authorization" else ""
    sendable = {name: forge(service.state.ring) for name, forge in FORGERIES.items() if name != "line break inside"}
    anonymous = service.client()

    statuses = {}
    for name, token in sendable.items():
        answer = await anonymous.get("/v1/me", headers={header.encode(): (prefix + token).encode()})
        statuses[name] = (answer.status_code, answer.json()["code"])

    assert statuses == dict.fromkeys(sendable, (401, "unauthenticated"))


async def test_service_refuses_a_signed_token_of_a_session_that_never_was(service: Service) -> None:
    token = genuine(service.state.ring)

    answer = await service.client(token=token).get("/v1/me")

    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, 'Bearer realm="todo-api"')


@pytest.mark.usefixtures("account", "stranger")
async def test_service_refuses_a_token_with_somebody_elses_session(service: Service, anonymous: httpx.AsyncClient) -> None:
    ada, eve = [
        (await anonymous.post("/v1/auth/login", json={"email": email, "password": PASSWORD})).json()
        for email in ("ada@example.com", "eve@example.com")
    ]
    user_id = jwt.read(service.state.ring, ada["access_token"], now=NOW).user_id
    token = jwt.issue(service.state.ring, user_id=user_id, session_id=eve["session_id"], now=NOW, seconds=900)

    answer = await service.client(token=token).get("/v1/me")

    assert answer.status_code == 401


@pytest.mark.parametrize("value", ["Basic YTpi", "Bearer", "Bearer ", "bearer\t", "Token abc", "Bearer  "])
async def test_service_refuses_other_credentials(service: Service, value: str) -> None:
    answer = await service.client().get("/v1/me", headers={"Authorization": value})

    assert answer.status_code == 401


async def test_service_takes_no_token_in_the_query(service: Service, anonymous: httpx.AsyncClient) -> None:
    await service.account()
    tokens = (await anonymous.post("/v1/auth/login", json={"email": "ada@example.com", "password": PASSWORD})).json()

    answer = await anonymous.get("/v1/me", params={"access_token": tokens["access_token"]})

    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "unknown_parameter")
