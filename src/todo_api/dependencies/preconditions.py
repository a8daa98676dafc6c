"""Conditional requests (RFC 9110 §13): ETag out, If-Match and If-None-Match in."""

import re
from typing import Annotated, Any, Final, Protocol, TypeVar

from fastapi import Depends, Request, Response

from todo_api.domain.preconditions import Expected, NotModified
from todo_api.errors import BadRequestError, Flaw
from todo_api.runtime.state import State

_TAG: Final = re.compile(r'(W/)?"([\x21\x23-\x7e]*)"')
_VERSION: Final = re.compile(r"[1-9][0-9]{0,17}")  # as we write them: tags are compared as text, so "03" is not "3"
_LIST: Final = re.compile(  # empty members mean nothing (RFC 9110 §5.6.1); possessive: linear, whatever is sent
    r'[\s,]*+(?:W/)?"[\x21\x23-\x7e]*"(?:\s*+,[\s,]*+(?:W/)?"[\x21\x23-\x7e]*")*+[\s,]*+'
)


class Versioned(Protocol):
    """Anything with a version."""

    @property
    def version(self) -> int: ...


Row = TypeVar("Row", bound=Versioned)


async def _expected(request: Request) -> Expected:
    """The versions in If-Match; strong comparison, so a weak tag matches nothing."""
    state: State = request.state.runtime
    header = request.headers.get("if-match")
    if header is None:
        return Expected(required=state.settings.require_if_match)
    versions = None if header.strip() == "*" else _versions(header, "If-Match", weak=False)
    return Expected(versions=versions, existing=True)


async def _known(request: Request) -> Expected | None:
    """The versions in If-None-Match, any for ``*``; None without the header. Weak comparison, as for every GET."""
    header = request.headers.get("if-none-match")
    if header is None:
        return None
    return Expected(versions=None if header.strip() == "*" else _versions(header, "If-None-Match", weak=True))


async def _only_new(request: Request) -> bool:
    """Whether the client asks for a new resource and nothing else; what cannot be promised is refused, not ignored."""
    header = request.headers.get("if-none-match")
    if header is not None and header.strip() != "*":
        raise BadRequestError("If-None-Match takes * here.", flaws=[Flaw("must be *", "format", header="If-None-Match")])
    return header is not None


_expected.header = "If-Match"  # type: ignore[attr-defined]  # these are read by web/openapi.py
_known.header = "If-None-Match"  # type: ignore[attr-defined]
_only_new.header = "If-None-Match"  # type: ignore[attr-defined]

IfMatch = Annotated[Expected, Depends(_expected)]
IfNoneMatch = Annotated[Expected | None, Depends(_known)]
OnlyNew = Annotated[bool, Depends(_only_new)]


def tagged(response: Response, row: Row) -> Row:
    """Set the ETag of a row's representation and give the row back."""
    response.headers["etag"] = f'"{row.version}"'
    return row


def unless_known(response: Response, row: Row, known: Expected | None) -> Row:
    """As ``tagged``, but raises NotModified when the client has this version."""
    if known is not None and known.accepts(row.version):
        raise NotModified(f'"{row.version}"')
    return tagged(response, row)


def _versions(header: str, name: str, *, weak: bool) -> frozenset[int]:
    if not _LIST.fullmatch(header):
        flaw = Flaw('must be * or entity tags in quotes, for example "3"', "format", header=name)
        raise BadRequestError(f"{name} is malformed.", flaws=[flaw])
    found: list[Any] = _TAG.findall(header)
    return frozenset(int(tag) for prefix, tag in found if (weak or not prefix) and _VERSION.fullmatch(tag))
