from datetime import UTC, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from todo_api.domain.dates import parse_wall_time
from todo_api.domain.reminders import next_fire, shift_absolute

BERLIN = ZoneInfo("Europe/Berlin")
UTC_ZONE = ZoneInfo("UTC")
NOW = datetime(2027, 3, 10, 9, 0, tzinfo=UTC)


def fires(
    *reminders: dict[str, Any], due: str | None = None, zone: ZoneInfo = UTC_ZONE, day_start: time = time(9), now: datetime = NOW
) -> str | None:
    moment = None if due is None else parse_wall_time(due)
    found = next_fire(reminders, due=moment, zone=zone, day_start=day_start, now=now)
    return None if found is None else f"{found.astimezone(UTC):%Y-%m-%dT%H:%MZ}"


def before(minutes: int) -> dict[str, Any]:
    return {"minutes_before": minutes}


def at(instant: str) -> dict[str, Any]:
    return {"at": instant}


@pytest.mark.parametrize(
    ("due", "zone", "fire"),
    [
        ("2027-03-14T09:00:00Z", UTC_ZONE, "2027-03-14T08:30Z"),
        ("2027-03-14T09:00:00Z", BERLIN, "2027-03-14T08:30Z"),  # zoned: wherever its user is
        ("2027-03-14T09:00", BERLIN, "2027-03-14T07:30Z"),  # floating: 09:00 on the user's wall
        ("2027-03-14", BERLIN, "2027-03-14T07:30Z"),  # all day: from the start of the user's day
        ("2027-03-28T02:30", BERLIN, "2027-03-28T01:00Z"),  # in the gap: by the offset from before it
    ],
)
def test_relative_reminder_counts_from_the_due_time(due: str, zone: ZoneInfo, fire: str) -> None:
    assert fires(before(30), due=due, zone=zone) == fire


@pytest.mark.parametrize(("day_start", "fire"), [(time(0), "2027-03-13T23:00Z"), (time(7, 30), "2027-03-14T06:30Z")])
def test_all_day_reminder_counts_from_the_start_of_the_users_day(day_start: time, fire: str) -> None:
    assert fires(before(0), due="2027-03-14", zone=BERLIN, day_start=day_start) == fire


def test_relative_reminder_without_a_due_date_does_not_fire() -> None:
    assert fires(before(30)) is None


def test_absolute_reminder_needs_no_due_date() -> None:
    assert fires(at("2027-03-12T07:00:00.000000Z")) == "2027-03-12T07:00Z"


def test_first_of_several_fires_next() -> None:
    reminders = [before(30), at("2027-03-12T07:00:00.000000Z"), before(1440)]

    assert fires(*reminders, due="2027-03-14T09:00:00Z") == "2027-03-12T07:00Z"


def test_reminder_that_has_gone_by_does_not_fire_again() -> None:
    reminders = [at("2027-03-10T09:00:00.000000Z"), at("2027-03-10T09:01:00.000000Z")]

    assert fires(*reminders) == "2027-03-10T09:01Z"


def test_nothing_is_left_when_all_have_gone_by() -> None:
    assert fires(before(30), at("2027-01-01T00:00:00.000000Z"), due="2027-03-10T09:00:00Z") is None


@pytest.mark.parametrize(
    ("instant", "days", "shifted"),
    [
        ("2027-03-27T08:00:00.000000Z", 1, "2027-03-28T07:00:00.000000Z"),  # 09:00 in Berlin on both days
        ("2027-10-30T07:00:00.000000Z", 1, "2027-10-31T08:00:00.000000Z"),
        ("2027-03-27T08:00:00.000000Z", -1, "2027-03-26T08:00:00.000000Z"),
        ("2027-03-27T08:00:00.250000Z", 7, "2027-04-03T07:00:00.250000Z"),
        ("2027-03-27T01:30:00.000000Z", 1, "2027-03-28T01:30:00.000000Z"),  # 02:30 is in the gap
    ],
)
def test_absolute_reminder_shifts_by_local_days(instant: str, days: int, shifted: str) -> None:
    assert shift_absolute([at(instant)], days, BERLIN) == [at(shifted)]


def test_relative_reminder_does_not_shift() -> None:
    reminders = [before(30), at("2027-03-10T08:00:00.000000Z"), before(0)]

    shifted = shift_absolute(reminders, 1, UTC_ZONE)

    assert shifted == [before(30), at("2027-03-11T08:00:00.000000Z"), before(0)]


def test_reminder_stays_where_the_calendar_ends() -> None:
    last = [at("9000-12-31T23:00:00.000000Z")]

    assert shift_absolute(last, 1, UTC_ZONE) == last
