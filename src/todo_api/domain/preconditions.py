"""What a writer expects of a row before the write."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Expected:
    """``If-Match``: the versions accepted, None for any; ``required`` where a write without it is refused.

    ``existing`` says that a row must be there already, as every If-Match does, ``*`` included.
    """

    versions: frozenset[int] | None = None
    required: bool = False
    existing: bool = False

    def accepts(self, version: int) -> bool:
        """Whether a row of this version may be written."""
        return self.versions is None or version in self.versions

    @property
    def is_missing(self) -> bool:
        """Whether the writer had to name a version and did not."""
        return self.required and self.versions is None


ANY = Expected()


class NotModified(Exception):  # noqa: N818  # no error: the client has this representation
    """The client's copy is current; answered as 304."""

    def __init__(self, etag: str) -> None:
        super().__init__()
        self.etag = etag
