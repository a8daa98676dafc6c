"""The current instant, passed to whoever needs it so that nothing reads the time behind a test's back."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]


def system_clock() -> datetime:
    """Read the machine's time as an aware UTC datetime."""
    return datetime.now(UTC)
