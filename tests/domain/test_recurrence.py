import datetime as dt
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from todo_api.domain.dates import WallTime, parse_wall_time, resolve, zone
from todo_api.domain.recurrence import (
    Anchor,
    CatchUp,
    Occurrence,
    advance,
    as_wall_time,
    first_occurrence,
    next_occurrence,
    occurrences,
    require_fit,
)
from todo_api.domain.recurrence_grammar import parse_rrule
from todo_api.domain.recurrence_rules import RecurrenceError, Rule, monthly_clamped, yearly_clamped

DAILY = parse_rrule("FREQ=DAILY")
EVERY_3_DAYS = parse_rrule("FREQ=DAILY;INTERVAL=3")


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)


def on(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def keys(found: Sequence[Occurrence]) -> list[str]:
    return [occurrence.isoformat() for occurrence in found]


def following(rule: Rule, start: str, number: int) -> list[str]:
    """The occurrences after the start, each asked for from the one before it."""
    begin, found = parse_wall_time(start), list[Occurrence]()
    current: Occurrence | None = begin.date if begin.time is None else dt.datetime.combine(begin.date, begin.time)
    while current is not None and len(found) < number:
        current = next_occurrence(rule, begin, current)
        found += [current] if current is not None else []
    return keys(found)


# --- the vectors of the product page --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "timezone", "instants"),
    [
        ("2027-03-13T02:30", "America/New_York", ["2027-03-13T07:30", "2027-03-14T07:30", "2027-03-15T06:30"]),
        ("2027-11-07T01:30", "America/New_York", ["2027-11-07T05:30", "2027-11-08T06:30"]),
        ("2027-03-27T09:00", "Europe/Berlin", ["2027-03-27T08:00", "2027-03-28T07:00"]),
    ],
)
def test_daily_time_stays_on_the_wall_through_a_change_of_clocks(start: str, timezone: str, instants: list[str]) -> None:
    local = at(start)
    begin = WallTime(local.date(), local.time(), timezone)

    found = occurrences(DAILY, begin, since=local, until=dt.date(2028, 1, 1), limit=len(instants))

    assert keys(found) == [f"{local + number * dt.timedelta(days=1):%Y-%m-%dT%H:%M:%S}" for number in range(len(instants))]
    walls = [as_wall_time(occurrence, begin) for occurrence in found]
    assert {wall.timezone for wall in walls} == {timezone}
    assert [f"{wall.starts_at(zone('UTC')):%Y-%m-%dT%H:%M}" for wall in walls] == instants


@pytest.mark.parametrize(
    ("rule", "start", "wanted"),
    [
        (monthly_clamped(31), "2027-01-31", "2027-02-28 2027-03-31 2027-04-30 2027-05-31 2027-06-30"),
        (parse_rrule("FREQ=MONTHLY;BYMONTHDAY=31"), "2027-01-31", "2027-03-31 2027-05-31 2027-07-31 2027-08-31 2027-10-31"),
        (parse_rrule("FREQ=MONTHLY"), "2027-01-31", "2027-03-31 2027-05-31 2027-07-31 2027-08-31 2027-10-31"),
        (monthly_clamped(30), "2027-01-30", "2027-02-28 2027-03-30 2027-04-30"),
        (monthly_clamped(29), "2028-01-29", "2028-02-29 2028-03-29 2028-04-29"),
        (parse_rrule("FREQ=YEARLY"), "2028-02-29", "2032-02-29 2036-02-29"),
        (parse_rrule("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29"), "2096-02-29", "2104-02-29"),
        (yearly_clamped(2, 29), "2028-02-29", "2029-02-28 2030-02-28 2031-02-28 2032-02-29"),
        (parse_rrule("FREQ=MONTHLY;BYDAY=-1FR"), "2027-01-29", "2027-02-26 2027-03-26 2027-04-30 2027-05-28"),
        (
            parse_rrule("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1"),
            "2027-01-29",
            "2027-02-26 2027-03-31 2027-04-30 2027-05-31",
        ),
        (
            parse_rrule("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH;WKST=MO"),
            "2027-01-07",
            "2027-01-18 2027-01-21 2027-02-01 2027-02-04",
        ),
        (
            parse_rrule("FREQ=WEEKLY;BYDAY=SU,MO;INTERVAL=2;WKST=MO"),
            "2027-01-03",
            "2027-01-11 2027-01-17 2027-01-25 2027-01-31",
        ),
        (
            parse_rrule("FREQ=WEEKLY;BYDAY=SU,MO;INTERVAL=2;WKST=SU"),
            "2027-01-03",
            "2027-01-04 2027-01-17 2027-01-18 2027-01-31",
        ),
        (parse_rrule("FREQ=WEEKLY;INTERVAL=2"), "2026-12-28T09:00", "2027-01-11T09:00:00 2027-01-25T09:00:00"),
        (parse_rrule("FREQ=DAILY"), "2027-12-30", "2027-12-31 2028-01-01 2028-01-02"),
    ],
)
def test_next_dates_are_those_of_the_calendar(rule: Rule, start: str, wanted: str) -> None:
    assert following(rule, start, len(wanted.split())) == wanted.split()


def test_raw_day_31_begins_with_the_first_month_that_has_one() -> None:
    rule = parse_rrule("FREQ=MONTHLY;BYMONTHDAY=31")

    assert first_occurrence(rule, WallTime(on("2027-02-01"))) == on("2027-03-31")


# --- completing -----------------------------------------------------------------------------------------------------------


def step(rule: Rule, start: str, current: str, done: str, **changes: Any) -> str | None:  # passed on
    """Complete at a local time; what `advance` needs and a test does not say is the usual."""
    begin = parse_wall_time(start)
    anchor: Anchor = changes.pop("anchor", "schedule")
    catch_up: CatchUp = changes.pop("catch_up", "next_future")
    key = on(current) if begin.time is None else at(current)
    found = advance(
        rule,
        anchor=anchor,
        catch_up=catch_up,
        start=begin,
        current=key,
        now_local=at(done),
        completed_on_local=at(done),
        **changes,
    )
    return found.isoformat() if found else None


@pytest.mark.parametrize(("anchor", "wanted"), [("schedule", "2027-03-04"), ("completion", "2027-03-06")])
def test_every_3_days_due_monday_done_wednesday(anchor: str, wanted: str) -> None:
    assert step(EVERY_3_DAYS, "2027-03-01", "2027-03-01", "2027-03-03T18:00", anchor=anchor) == wanted


@pytest.mark.parametrize(
    ("catch_up", "done", "wanted"),
    [
        ("next_future", "2027-03-01T08:00", "2027-03-02T09:00:00"),  # early: the current one is done, not repeated
        ("next_future", "2027-03-06T08:59", "2027-03-06T09:00:00"),  # five periods late
        ("next_future", "2027-03-06T09:00", "2027-03-07T09:00:00"),
        ("each", "2027-03-06T09:00", "2027-03-02T09:00:00"),
    ],
)
def test_late_completion_catches_up_in_one_step_or_one_by_one(catch_up: str, done: str, wanted: str) -> None:
    assert step(DAILY, "2027-03-01T09:00", "2027-03-01T09:00", done, catch_up=catch_up) == wanted


@pytest.mark.parametrize(
    ("catch_up", "wanted"),
    [("next_future", "2027-03-07"), ("each", "2027-03-02")],
)
def test_all_day_today_is_not_after_now(catch_up: str, wanted: str) -> None:
    assert step(DAILY, "2027-03-01", "2027-03-01", "2027-03-06T12:00", catch_up=catch_up) == wanted


def test_completing_early_goes_on_from_the_current_occurrence() -> None:
    assert step(EVERY_3_DAYS, "2027-03-01", "2027-03-10", "2027-03-02T12:00") == "2027-03-13"


@pytest.mark.parametrize(
    ("rrule", "start", "done", "wanted"),
    [
        ("FREQ=DAILY;INTERVAL=3", "2027-03-01T09:00", "2027-03-03T23:59", "2027-03-06T09:00:00"),
        ("FREQ=WEEKLY", "2027-03-01", "2027-03-03T12:00", "2027-03-10"),
        ("FREQ=WEEKLY;BYDAY=MO", "2027-03-01", "2027-03-03T12:00", "2027-03-08"),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO", "2027-03-01", "2027-03-03T12:00", "2027-03-15"),
        ("FREQ=MONTHLY;BYMONTHDAY=1", "2027-03-01", "2027-03-03T12:00", "2027-04-01"),
        ("FREQ=MONTHLY", "2027-01-15", "2027-01-31T12:00", "2027-02-28"),
        ("FREQ=MONTHLY;INTERVAL=3", "2027-11-15", "2027-11-30T12:00", "2028-02-29"),
        ("FREQ=YEARLY", "2028-02-01", "2028-02-29T12:00", "2029-02-28"),
        ("FREQ=HOURLY;INTERVAL=4", "2027-03-01T09:00", "2027-03-03T22:37:12", "2027-03-04T02:37:00"),
        ("FREQ=DAILY;BYHOUR=9,17", "2027-03-01T12:00", "2027-03-03T08:00", "2027-03-03T09:00:00"),
        ("FREQ=DAILY;BYHOUR=9,17", "2027-03-01T12:00", "2027-03-03T10:00", "2027-03-03T17:00:00"),
        ("FREQ=DAILY;INTERVAL=2;BYHOUR=9,17", "2027-03-01T12:00", "2027-03-03T18:00", "2027-03-05T09:00:00"),
    ],
)
def test_completion_anchor_counts_from_the_day_of_completion(rrule: str, start: str, done: str, wanted: str) -> None:
    assert step(parse_rrule(rrule), start, start, done, anchor="completion") == wanted


def test_completing_early_from_completion_does_not_bring_the_same_occurrence_again() -> None:
    assert step(DAILY, "2027-03-01", "2027-03-10", "2027-03-09T12:00", anchor="completion") == "2027-03-11"


def test_counted_series_from_completion_ends_with_its_last_record() -> None:
    rule = parse_rrule("FREQ=DAILY;COUNT=3")

    assert step(rule, "2027-03-01", "2027-03-05", "2027-03-07T12:00", anchor="completion", recorded=2) == "2027-03-08"
    assert step(rule, "2027-03-01", "2027-03-08", "2027-03-09T12:00", anchor="completion", recorded=3) is None


def test_counted_series_from_completion_needs_the_number_of_records() -> None:
    with pytest.raises(ValueError, match="number of records"):
        step(parse_rrule("FREQ=DAILY;COUNT=3"), "2027-03-01", "2027-03-01", "2027-03-01T12:00", anchor="completion")


def test_counted_series_on_schedule_counts_what_was_missed() -> None:
    rule = parse_rrule("FREQ=DAILY;COUNT=5")

    assert step(rule, "2027-03-01", "2027-03-01", "2027-03-04T12:00") == "2027-03-05"
    assert step(rule, "2027-03-01", "2027-03-01", "2027-03-05T12:00") is None


def test_series_ends_after_until() -> None:
    rule = parse_rrule("FREQ=DAILY;UNTIL=20270303")

    assert step(rule, "2027-03-01", "2027-03-02", "2027-03-02T12:00") == "2027-03-03"
    assert step(rule, "2027-03-01", "2027-03-03", "2027-03-03T12:00") is None
    assert step(rule, "2027-03-01", "2027-03-01", "2027-03-03T12:00", anchor="completion") is None


ANY_RULE = st.sampled_from(
    [
        "FREQ=DAILY;INTERVAL=3",
        "FREQ=WEEKLY;BYDAY=MO,TH",
        "FREQ=MONTHLY",
        "FREQ=YEARLY",
        "FREQ=HOURLY;INTERVAL=5",
        "FREQ=DAILY;BYHOUR=9,17",
    ]
)
MINUTES = st.integers(-60 * 24 * 800, 60 * 24 * 800)


@settings(deadline=None)
@given(
    text=ANY_RULE,
    anchor=st.sampled_from(["schedule", "completion"]),
    catch_up=st.sampled_from(["next_future", "each"]),
    current=MINUTES,
    done=MINUTES,
)
def test_next_occurrence_is_always_later_than_the_current_one(
    text: str, anchor: Anchor, catch_up: CatchUp, current: int, done: int
) -> None:
    begin = at("2028-02-29T12:30")
    now, key = (begin + number * dt.timedelta(minutes=1) for number in (done, current))
    start = WallTime(begin.date(), begin.time(), "Europe/Berlin")

    found = advance(
        parse_rrule(text), anchor=anchor, catch_up=catch_up, start=start, current=key, now_local=now, completed_on_local=now
    )

    assert isinstance(found, dt.datetime)
    assert found > key
    assert found > now or (anchor, catch_up) == ("schedule", "each")


# --- exceptions, ends, windows --------------------------------------------------------------------------------------------


def test_exdates_are_left_out_and_still_counted() -> None:
    rule, start = parse_rrule("FREQ=DAILY;COUNT=4"), WallTime(on("2027-03-01"))
    exdates = [on("2027-03-01"), at("2027-03-03T00:00")]

    assert first_occurrence(rule, start, exdates) == on("2027-03-02")
    assert next_occurrence(rule, start, on("2027-03-02"), exdates) == on("2027-03-04")
    assert next_occurrence(rule, start, on("2027-03-04"), exdates) is None


def test_exdate_without_a_time_hides_its_whole_day() -> None:
    rule, start = parse_rrule("FREQ=DAILY;BYHOUR=9,17"), parse_wall_time("2027-03-01T09:00")
    exdates = [on("2027-03-02"), at("2027-03-03T17:00")]

    found = occurrences(rule, start, since=on("2027-03-01"), until=on("2027-03-04"), limit=5, exdates=exdates)

    assert keys(found) == [f"2027-03-{time}:00:00" for time in ("01T09", "01T17", "03T09", "04T09", "04T17")]


def test_skipped_dates_are_skipped_when_advancing_too() -> None:
    exdates = {on("2027-03-04"), on("2027-03-06")}

    assert step(EVERY_3_DAYS, "2027-03-01", "2027-03-01", "2027-03-03T12:00", exdates=exdates) == "2027-03-07"
    assert (
        step(EVERY_3_DAYS, "2027-03-01", "2027-03-01", "2027-03-03T12:00", exdates=exdates, anchor="completion") == "2027-03-09"
    )


@pytest.mark.parametrize(
    ("until", "timezone", "last"),
    [
        ("20270303", "Europe/Berlin", "2027-03-03T09:00:00"),
        ("20270303", None, "2027-03-03T09:00:00"),
        ("20270303T090000", "Europe/Berlin", "2027-03-03T09:00:00"),
        ("20270303T080000Z", "Europe/Berlin", "2027-03-03T09:00:00"),
        ("20270303T075959Z", "Europe/Berlin", "2027-03-02T09:00:00"),
        ("20270303T080000Z", None, "2027-03-02T09:00:00"),  # a floating series reads the wall clock
    ],
)
def test_until_is_included_in_the_zone_of_the_series(until: str, timezone: str | None, last: str) -> None:
    start = WallTime(on("2027-03-01"), dt.time(9), timezone)

    found = occurrences(parse_rrule(f"FREQ=DAILY;UNTIL={until}"), start, since=on("2027-01-01"), until=on("2028-01-01"), limit=9)

    assert keys(found)[-1] == last


def test_until_at_a_time_includes_that_day_of_an_all_day_series() -> None:
    found = next_occurrence(parse_rrule("FREQ=DAILY;UNTIL=20270303T080000Z"), WallTime(on("2027-03-01")), on("2027-03-02"))

    assert found == on("2027-03-03")


def test_until_compares_instants_where_a_time_does_not_exist() -> None:
    start = WallTime(on("2027-03-13"), dt.time(2, 30), "America/New_York")  # the 14th has no 02:30: it means 07:30Z

    included = next_occurrence(parse_rrule("FREQ=DAILY;UNTIL=20270314T073000Z"), start, start.date)

    assert included == at("2027-03-14T02:30")
    assert resolve(at("2027-03-14T02:30"), zone("America/New_York")) == at("2027-03-14T07:30:00+00:00")


def test_window_includes_both_ends_and_stops_at_the_limit() -> None:
    start = parse_wall_time("2027-03-01T09:00")

    exact = occurrences(DAILY, start, since=at("2027-03-02T09:00"), until=at("2027-03-04T09:00"), limit=10)
    limited = occurrences(DAILY, start, since=on("2020-01-01"), until=on("2027-12-31"), limit=2)
    before = occurrences(DAILY, start, since=on("2020-01-01"), until=on("2027-02-28"), limit=2)

    assert keys(exact) == ["2027-03-02T09:00:00", "2027-03-03T09:00:00", "2027-03-04T09:00:00"]
    assert keys(limited) == ["2027-03-01T09:00:00", "2027-03-02T09:00:00"]
    assert before == []


def test_start_the_rule_does_not_name_is_no_occurrence() -> None:
    rule = parse_rrule("FREQ=WEEKLY;BYDAY=MO;COUNT=2")

    assert first_occurrence(rule, WallTime(on("2027-03-03"))) == on("2027-03-08")
    assert following(rule, "2027-03-03", 9) == ["2027-03-08", "2027-03-15"]


@pytest.mark.parametrize("text", ["2027-03-01", "2027-03-01T09:00"])
def test_occurrence_is_placed_in_the_zone_of_the_series(text: str) -> None:
    start = parse_wall_time(text)
    first = first_occurrence(DAILY, start)

    assert first is not None
    assert as_wall_time(first, start) == start


def test_seconds_of_the_start_are_kept() -> None:
    assert following(DAILY, "2027-03-01T09:00:30", 1) == ["2027-03-02T09:00:30"]


@pytest.mark.parametrize("text", ["FREQ=HOURLY", "FREQ=DAILY;BYHOUR=9", "FREQ=DAILY;BYMINUTE=30"])
def test_rule_with_times_does_not_fit_an_all_day_start(text: str) -> None:
    rule = parse_rrule(text)

    require_fit(rule, parse_wall_time("2027-03-01T09:00"))
    with pytest.raises(RecurrenceError) as refused:
        require_fit(rule, parse_wall_time("2027-03-01"))

    assert refused.value.code == "rrule_needs_time"


@pytest.mark.parametrize("text", ["FREQ=DAILY;UNTIL=20270228", "FREQ=YEARLY;INTERVAL=2;BYMONTHDAY=29;BYMONTH=2"])
def test_rule_that_names_nothing_from_the_start_on_does_not_fit(text: str) -> None:
    with pytest.raises(RecurrenceError) as refused:
        require_fit(parse_rrule(text), WallTime(on("2027-03-01")))

    assert refused.value.code == "rrule_never_occurs"


def test_series_ends_with_the_years_that_can_be_kept() -> None:
    rule, start = parse_rrule("FREQ=WEEKLY"), WallTime(on("8999-12-26"))

    assert next_occurrence(rule, start, on("9000-12-20")) == on("9000-12-25")
    assert next_occurrence(rule, start, on("9000-12-25")) is None
