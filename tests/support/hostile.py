"""Hostile input: values that have broken services, for every place where a request can carry one."""

import os
import random
import zlib
from collections.abc import Sequence
from typing import Any, Final, TypeVar

Value = TypeVar("Value")

FULL: Final = os.environ.get("TODO_API_TEST_FULL") == "1"

# --- text, as the value of any member

_CONTROLS: Final = [chr(code) for code in (*range(0x20), *range(0x7F, 0xA0))]
_HALVES: Final = ["\ud800", "\udbff", "\udc00", "\udfff", "a\ud83d", "\ude00b", "\ude00\ud83d", "x" * 999 + "\ud800"]
_INVISIBLE: Final = [
    "", " ", "\t", "\n", "\r\n", "\r", "\u00a0", "\u2003", "\u200b", "\u200d", "\u2060", "\ufeff", "\u3000", "\u2028", "\u2029",
    "\u202e", "\u2066", "\u00ad", "\u180e", "\ufffc",
]  # fmt: skip
_UNICODE: Final = [
    "e\u0301", "\u00e9", "\u1e9b\u0323", "\u212b", "\ufdfa" * 50, "Z\u0353\u0311\u034c\u030e" * 100,
    "\U0001f468\u200d\U0001f469\u200d\U0001f467",
    "\U0001f1e9\U0001f1ea", "\U0010ffff", "\uffff", "\ufffe", "\ufffd", "\ufb00", "\u0130", "\u0131", "\u1e9e", "\u00df",
    "\u0661\u0662\u0663", "\uff11\uff12", "\u202eevil", "\u05e9\u05dc\u05d5\u05dd", "\u4f60\u597d", "\U00020000" * 10,
    "\u0e01\u0e33" * 20, "\u0915\u094d\u0937",
]  # fmt: skip
_INJECTIONS: Final = [
    "'", '"', "`", "\\", "\\\\", "'; DROP TABLE todo; --", "' OR '1'='1", "1; SELECT pg_sleep(9)", "\\'; --", "admin'--", "%",
    "_", "%%", "%s", "%n%n%n", "%(x)s",
    "{0}", "{}", "{{7*7}}", "${7*7}", "${jndi:ldap://127.0.0.1/x}", "#{7*7}", "<%= 7*7 %>", "$(id)", "`id`", "; id", "| id",
    "&& id", "\nid",
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "javascript:alert(1)", "]]>", "<!--",
    "<!DOCTYPE x [<!ENTITY y SYSTEM 'file:///etc/passwd'>]>&y;",
    "../../../etc/passwd", "..\\..\\windows\\win.ini", "/etc/passwd", "C:\\", "file:///etc/passwd", "http://169.254.169.254/",
    "//evil.example", "a/b", "a~b", "~0", "~1",
    "+ADw-script+AD4-", "+AGEAbA-", "=1+1", "@SUM(1)", "+1", "-1", "=cmd|' /C calc'!A0", "NEAR(", "title:", "*", '"unclosed',
    "a OR", "(", ")", "AND", "NOT x", "col:x*",
    "null", "true", "false", "undefined", "NaN", "Infinity", "-Infinity", "None", "nil", "[]", "{}", "[object Object]", "0",
    "00", "0x10", "1e1000", "1_000", "1,000", "1.0", "\u0967",
    "__proto__", "constructor", "__class__", "model_fields", "\\u0000", "%00", "%0d%0aSet-Cookie: a=b", "a\r\nX: y",
    "\x1b[31mred", "\x00hidden", "end\x00",
]  # fmt: skip
_LONG: Final = [
    "x" * 255,
    "x" * 256,
    "x" * 1000,
    "x" * 1001,
    "\u00e9" * 1000,
    "\U0001f600" * 1000,
    "x" * 4097,
    "x" * 65536,
    "x" * 65537,
    "\u00e9" * 40000,
    "x" * 500_000,
]
TEXTS: Final = [*_CONTROLS, *_HALVES, *_INVISIBLE, *_UNICODE, *_INJECTIONS, *_LONG]

# --- dates, times, zones, ids

DATES: Final = [
    "0000-01-01", "0001-01-01", "1899-12-31", "9001-01-01", "9999-12-31", "10000-01-01", "-0001-01-01", "2027-02-29",
    "2027-02-30", "2027-13-01", "2027-00-01",
    "2027-01-00", "2027-1-1", "27-01-01", "20270101", "2027-W01-1", "2027-001", "14.03.2027", "03/14/2027", "2027-03-14 ",
    " 2027-03-14", "2027-03-14T", "2027-03",
    "2027-03-14T09:00", "2027-03-14T24:00:00Z", "2027-03-14T23:59:60Z", "2027-03-14T25:00:00Z", "2027-03-14T09:60:00Z",
    "2027-03-14T09:00:00", "2027-03-14 09:00:00Z",
    "2027-03-14T09:00:00+24:00", "2027-03-14T09:00:00+00:60", "2027-03-14T09:00:00-00:00", "2027-03-14T09:00:00.1234567Z",
    "2027-03-14T09:00:00,5Z", "2027-03-14T09:00:00z",
    "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z",
    "10000-01-01T00:00:00Z", "1700000000", "-1", "1e9",
    "2027-03-14T02:30:00-05:00", "\uff12\uff10\uff12\uff17-03-14", "2027\u201303\u201314", "2027-03-14T09:00:00\u2212 05:00",
    "2027-03-14\x00", "today", "now", "tomorrow at 5pm",
    "24:00", "09:00:60", "9:00", "09:00Z", "09:00+01:00", "09:00:00.5", "-09:00",
    "localtime", "europe/berlin", "UTC+1", "Europe/Berlin\x00", "../UTC", "/etc/localtime", "posix/UTC", "right/UTC", "GMT+25",
    "Mars/Phobos",
]  # fmt: skip
IDS: Final = [
    "0", "1", "-1", "42", "9223372036854775808", "x", "null", "undefined", "me", "%00", "%2e%2e", "%2e%2e%2f%2e%2e",
    "..%2f..%2fetc%2fpasswd", "%", "%zz", "%ff", "%ed%a0%80",
    "00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff", "01890a5d-ac96-774b-bcce-b302099a8057",
    "01890A5D-AC96-774B-BCCE-B302099A8057",
    "{01890a5d-ac96-774b-bcce-b302099a8057}", "urn:uuid:01890a5d-ac96-774b-bcce-b302099a8057",
    "01890a5dac96774bbcceb302099a8057", "01890a5d-ac96-774b-bcce-b302099a805",
    "01890a5d-ac96-774b-bcce-b302099a80577", "01890a5d-ac96-774b-bcce-b302099a805g", "01890a5d-ac96-774b-bcce-b302099a8057%00",
    "01890a5d-ac96-774b-bcce-b302099a8057%20",
    "01890a5d-ac96-774b-bcce-b302099a8057%0a", "01890a5d-ac96-774b-bcce-b302099a8057;a=b",
    "01890a5d-ac96-774b-bcce-b302099a8057.json", "%EF%BC%90" * 8, "x" * 5000, "%27%20OR%201%3D1--",
]  # fmt: skip

# --- other types

KINDS: Final[list[Any]] = [
    None,
    True,
    False,
    0,
    1,
    -1,
    1.5,
    "",
    "x",
    [],
    {},
    [None],
    [[]],
    {"a": 1},
    [""],
]  # one of each, for every member
NUMBERS: Final[list[Any]] = [
    2**15, 2**31 - 1, 2**31, -(2**31) - 1, 2**32, 2**53, 2**53 + 1, 2**63 - 1, 2**63, -(2**63) - 1, 2**64, 10**30, 10**39,
    -(10**38), 10**40, 10**4000,
    0.0, -0.0, 1.0, 1e-400, 5e-324, 1e15, 1e16, 1e308, -1e308, 0.1, 527040, 527041, float("nan"), float("inf"), float("-inf"),
]  # fmt: skip


def _nested(depth: int, kind: Any) -> Any:
    value: Any = "x"
    for _ in range(depth):
        value = [value] if kind is list else {"a": value}
    return value


NESTED: Final[list[Any]] = [
    *(_nested(depth, kind) for depth in (2, 30, 31, 32, 100) for kind in (list, dict)),
    ["x"] * 101, ["x"] * 5000, [0] * 5000, ["\ud800"], ["a\x00"], [{}], [True, "true", 1], ["A", "a", "\u00e0", "\u00c0"],
    {"\ud800": 1}, {"\x00": 1}, {"": ""}, {"__proto__": {}},
    {"date": None}, {"date": "2027-03-14", "time": None, "timezone": "UTC"}, {"date": "9000-12-31", "time": "23:59",
    "timezone": "Pacific/Kiritimati"},
    {"date": "1900-01-01", "time": "00:00", "timezone": "Pacific/Kiritimati"}, {"date": "9000-12-31"}, {"date": 1},
    {"date": "2027-03-14", "extra": 1}, {"time": "09:00"},
]  # fmt: skip

VALUES: Final[list[Any]] = [*TEXTS, *DATES, *NUMBERS, *NESTED]

# --- whole bodies, queries and headers

BODIES: Final = [
    b"", b" ", b"null", b"true", b"0", b'""', b"[]", b"[{}]", b"{}", b"{", b"}", b"{]", b"{,}", b'{"a"}', b'{"a":}',
    b'{"a":1,}', b"{'a':1}", b"{a:1}", b'{"a":1}{"b":2}', b'{"a":1} x',
    b"// comment\n{}", b"\xef\xbb\xbf{}", b"\xff\xfe{\x00}\x00", b"\xfe\xff\x00{\x00}", b"{\x00}\x00", b"\x00", b"{}\x00",
    b'{"title":"\x00"}', b'{"title":"\xff"}', b'{"title":"\xed\xa0\x80"}',
    b'{"title":"\xc0\x80"}', b'{"title":"\xf4\x90\x80\x80"}', b'{"title":"\\ud800"}', b'{"title":"\\u0000"}',
    b'{"title":"\\x41"}', b'{"title":"\n"}', b'{"title":"a","title":"b"}', b'{"\\u0061":1,"a":2}',
    b'{"a":NaN}', b'{"a":Infinity}', b'{"a":-Infinity}', b'{"a":1e400}', b'{"a":-1e400}', b'{"a":01}', b'{"a":+1}', b'{"a":.5}',
    b'{"a":0x1}', b'{"a":1_000}', b'{"a":' + b"9" * 5000 + b"}",
    b'{"a":1.' + b"9" * 100_000 + b"}", b"[" * 100_000, b"[" * 33 + b"]" * 33, b'{"a":' * 50_000,
    b"[" + b"[]," * 40 + b'"' + b'\\"' * 400_000, b'"' * 200_000, b"[" + b"0," * 300_000 + b"0]",
    b'{"a":"' + b"x" * 1_000_000 + b'"}', b"{" + b",".join(b'"k%d":1' % number for number in range(50_000)) + b"}",
    b" " * (10 * 2**20), b"a=b&c=d", b"<a/>", b"--x\r\n\r\n--x--", b"+AHsAfQ-",
]  # fmt: skip
QUERIES: Final = [
    "", "0", "-1", "1_000", "01", "+1", "%2B1", "%201", "1%20", "1e3", "1.0", "0x10", "201", "2147483648",
    "9223372036854775808", "9" * 400, "NaN", "inf", "true", "True", "1", "yes", "null", "[]", "{}",
    "%EF%BC%91", "%D9%A1", "%ff", "%ed%a0%80", "%c0%80", "%01", "%7f", "%0a", "%0d%0a", "%80", "%F0%9F%98%80", "%", "%25",
    "%25%25", "_", "*", "%22", "'", "%27%20OR%201=1--", "(", "NEAR(", "..%2f..%2f",
    "+ADw-", "any", "open", "OPEN", "open,completed", "urgent", "order", "-order", "--order", "order,due", "order;drop",
    "password_hash", "exact", "x" * 101, "x" * 3000,
    "0001-01-01", "9999-12-31", "10000-01-01", "2027-02-30", "2027-03-14T09:00", "0001-01-01T00:00:00%2B14:00",
    "9999-12-31T23:59:59-14:00", "2027-03-14T09:00:00Z", "2027-03-14T09:00:00.9999999Z",
    "01890a5d-ac96-774b-bcce-b302099a8057", "00000000-0000-0000-0000-000000000000",
]  # fmt: skip
CURSORS: Final = [
    "x", "AAAA", "A" * 22, "A" * 21, "=", "====", "AAAA=", "A A", "%0a", "null", "W10", "e30", "bnVsbA", "A" * 2000, "A" * 8000,
    "A" * 8001, "-_-_", "%2B/%2B/", "%ff", "\u00e9", "\U0001f600",
    "eyJhdCI6IngifQ", "AAAAAAAAAAAAAAAAAAAAAFsxLDJd", "AAAAAAAAAAAAAAAAAAAAAHs", "0" * 4300,
]  # fmt: skip
HEADERS: Final[list[tuple[str, bytes]]] = [
    *(("If-Match", value) for value in (b"", b"*", b'"', b'""', b'"1"', b'W/"1"', b'"' + b"9" * 400 + b'"', b'"\xff"', b"1",
        b'"1","' * 900, b"," * 3000, b'"-1"', b'"1e3"')),
    *(("If-None-Match", value) for value in (b"", b"*", b'"1"', b'W/"1"', b'"\xe9"', b"x", b'"1", ' * 900)),
    *(("Idempotency-Key", value) for value in (b"", b" ", b'""', b'"', b"a b", b"\xff", b"x" * 255, b"x" * 256, b"x" * 30_000,
        b"a\tb", b"'; DROP TABLE todo; --")),
    *(("Authorization", value) for value in (b"", b"Bearer", b"Bearer ", b"Bearer x", b"bearer  a.b.c", b"Basic YTpi",
        b"Bearer " + b"." * 30_000, b"Bearer \xff", b"Bearer eyJhbGciOiJub25lIn0.e30.")),
    *(("X-API-Key", value) for value in (b"", b"x", b"\xff", b"todo_" + b"0" * 22 + b"_" + b"0" * 49, b"x" * 30_000, b"null")),
    *(("Content-Type", value) for value in (b"", b"x", b"application/json;", b"application/json; charset",
        b"application/json; charset=utf-7", b"multipart/form-data", b"text/html", b"\xff", b"/", b"a" * 5000)),
    *(("Content-Encoding", value) for value in (b"gzip", b"br", b"identity", b"", b"x, y", b"\xff")),
    *(("Accept", value) for value in (b"", b"*", b"text/html", b"application/xml;q=0.9", b"\xff", b"*/*;q=0",
        b"application/json;q=x", b"," * 5000)),
    *(("Host", value) for value in (b"", b"[", b"]", b"[::1", b"a:b", b"a:99999", b"evil.example/x?", b"\xff", b"a b", b"@",
        b"x" * 5000, b'"><script>')),
    *(("X-Request-Id", value) for value in (b"", b"\xff", b"x" * 101, b"<script>", b"a b", b"../x")),
    *(("Range", value) for value in (b"bytes=0-1", b"bytes=-1", b"items=0-", b"\xff")),
    *(("X-Forwarded-For", value) for value in (b"", b"x", b"1.2.3.4, 5.6.7.8", b"\xff", b"[::1]:80")),
    *(("X-Forwarded-Proto", value) for value in (b"javascript", b"https, http", b"")),
    *(("User-Agent", value) for value in (b"", b"\xff\xfe", b"x" * 30_000, b"'; DROP TABLE todo; --",
        b"${jndi:ldap://127.0.0.1/x}")),
    *(("Expect", value) for value in (b"100-continue", b"x")),
    *(("Cookie", value) for value in (b"=", b"a=b; " * 900, b"\xff")),
    *(("X-HTTP-Method-Override", value) for value in (b"DELETE", b"")),
    *(("Origin", value) for value in (b"null", b"https://evil.example")),
]  # fmt: skip


def some(values: Sequence[Value], place: str, count: int) -> list[Value]:
    """Some of the values: always the same ones for a place, others for another; all of them with TODO_API_TEST_FULL=1."""
    if FULL or len(values) <= count:
        return list(values)
    return random.Random(zlib.crc32(place.encode())).sample(list(values), count)  # noqa: S311  # chosen, not guessed at
