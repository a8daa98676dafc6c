"""A keyed request while it runs: what the dependency finds out and the route finishes."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class KeyedRequest:
    """A request with an Idempotency-Key that was not answered before; its answer is kept under ``scope``."""

    key: str
    scope: str
    fingerprint: str


class Replayed(Exception):  # noqa: N818  # no error: it leaves the dependencies with an answer
    """The request was answered before; this is that answer."""

    def __init__(self, *, status: int, headers: dict[str, str], body: bytes) -> None:
        super().__init__()
        self.status = status
        self.headers = headers
        self.body = body
