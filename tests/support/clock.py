"""A clock that stands still until it is told to move."""

from datetime import UTC, datetime, timedelta


class TestClock:
    """Passed in where the service takes a Clock; starts on a Wednesday morning, UTC."""

    __test__ = False

    def __init__(self, now: datetime = datetime(2027, 3, 10, 9, 0, tzinfo=UTC)) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **parts: float) -> None:
        """Move by ``timedelta(**parts)``."""
        self.now += timedelta(**parts)
