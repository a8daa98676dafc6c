from datetime import UTC, datetime, timedelta

from todo_api.domain.clock import Clock, system_clock


def test_system_clock_is_an_aware_clock_in_utc() -> None:
    clock: Clock = system_clock

    assert clock().tzinfo is UTC


def test_system_clock_tells_the_present() -> None:
    assert abs(system_clock() - datetime.now(UTC)) < timedelta(minutes=1)
