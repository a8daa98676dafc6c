"""A keyed request while it runs: what the dependency finds out and the route finishes."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mark:
    """Where an answer is kept, and what tells the request from others under the same key."""

    scope: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class KeyedRequest:
    """A request with an Idempotency-Key that was not answered before.

    It has a mark for each accepted secret, newest first: its answer is kept under the first, and looked for under all.
    """

    key: str
    marks: tuple[Mark, ...]

    @property
    def scopes(self) -> tuple[str, ...]:
        """The scopes of the marks, each once, always in the same order."""
        return tuple(sorted({mark.scope for mark in self.marks}))


class Replayed(Exception):  # noqa: N818  # no error: it leaves the dependencies with an answer
    """The request was answered before; this is that answer."""

    def __init__(self, *, status: int, headers: dict[str, str], body: bytes) -> None:
        super().__init__()
        self.status = status
        self.headers = headers
        self.body = body
