import datetime as dt
import zoneinfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from todo_api.domain.dates import (
    UnknownTimezoneError,
    WallTime,
    WallTimeError,
    day_bounds,
    local_today,
    parse_wall_time,
    resolve,
    shift_days,
    zone,
)

PI_DAY = dt.date(2027, 3, 14)
NINE = dt.time(9)
BERLIN = zone("Europe/Berlin")
NEW_YORK = zone("America/New_York")
APIA = zone("Pacific/Apia")

ZONES = [zone(name) for name in sorted(zoneinfo.available_timezones() - {"localtime", "Factory"})]

zones = st.sampled_from(ZONES)
dates = st.dates(dt.date(1900, 1, 1), dt.date(2100, 12, 31))


def instant(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)


# Zones


@pytest.mark.parametrize("name", ["Europe/Berlin", "UTC", "America/Argentina/Buenos_Aires", "Etc/GMT+12", "US/Eastern"])
def test_zone_knows_iana_names(name: str) -> None:
    assert zone(name).key == name


def test_zone_is_made_once() -> None:
    assert zone("Europe/Berlin") is BERLIN


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "Europe",
        "Europe/",
        "Europe/Nowhere",
        "/etc/localtime",
        "/usr/share/zoneinfo/Europe/Berlin",
        "../zoneinfo/Europe/Berlin",
        "Europe/../Europe/Berlin",
        "localtime",
        "posixrules",
        "Factory",
        "posix/Europe/Berlin",
        "right/Europe/Berlin",
        "EUROPE/BERLIN",
        "utc",
        "UTC+2",
        "+02:00",
        "EST5EDT,M3.2.0,M11.1.0",
        "zone.tab",
        "Europe/Berlin\0",
        "\ud800",
        "x" * 100_000,
    ],
)
def test_zone_refuses_every_other_name(name: str) -> None:
    with pytest.raises(UnknownTimezoneError):
        zone(name)


def test_zone_suggests_the_right_spelling() -> None:
    with pytest.raises(UnknownTimezoneError, match=r"^is not an IANA time zone; use a name like 'Europe/Paris'"):
        zone("europe/paris")


# Wall clocks to instants


@pytest.mark.parametrize(
    ("local", "where", "expected"),
    [
        ("2027-03-13T02:30", "America/New_York", "2027-03-13T07:30Z"),
        ("2027-03-14T02:30", "America/New_York", "2027-03-14T07:30Z"),  # in the gap
        ("2027-03-15T02:30", "America/New_York", "2027-03-15T06:30Z"),
        ("2027-11-07T01:30", "America/New_York", "2027-11-07T05:30Z"),  # twice
        ("2027-11-08T01:30", "America/New_York", "2027-11-08T06:30Z"),
        ("2027-03-27T09:00", "Europe/Berlin", "2027-03-27T08:00Z"),
        ("2027-03-28T09:00", "Europe/Berlin", "2027-03-28T07:00Z"),
        ("2027-03-28T02:30", "Europe/Berlin", "2027-03-28T01:30Z"),  # in the gap
        ("2027-10-31T02:30", "Europe/Berlin", "2027-10-31T00:30Z"),  # twice
        ("2027-04-04T01:45", "Australia/Lord_Howe", "2027-04-03T14:45Z"),  # twice, half an hour apart
        ("2011-12-30T12:00", "Pacific/Apia", "2011-12-30T22:00Z"),  # a day that never was
    ],
)
def test_resolve_finds_the_instant(local: str, where: str, expected: str) -> None:
    assert resolve(dt.datetime.fromisoformat(local), zone(where)) == instant(expected)


def test_resolve_means_the_first_of_two_whatever_the_fold_says() -> None:
    twice = dt.datetime(2027, 11, 7, 1, 30, fold=1)  # noqa: DTZ001 - a wall clock

    assert resolve(twice, NEW_YORK) == instant("2027-11-07T05:30Z")


def test_resolve_answers_in_utc() -> None:
    assert resolve(dt.datetime(2027, 3, 14), BERLIN).tzinfo is dt.UTC  # noqa: DTZ001 - a wall clock


def test_resolve_refuses_an_aware_time() -> None:
    with pytest.raises(WallTimeError, match="no offset of its own"):
        resolve(instant("2027-03-14T09:00Z"), BERLIN)


@pytest.mark.parametrize(("local", "where"), [("0001-01-01T00:00", "Asia/Tokyo"), ("9999-12-31T23:59", "America/New_York")])
def test_resolve_refuses_the_ends_of_the_calendar(local: str, where: str) -> None:
    with pytest.raises(WallTimeError, match="too far away"):
        resolve(dt.datetime.fromisoformat(local), zone(where))


@given(st.datetimes(dt.datetime(1900, 1, 1), dt.datetime(2100, 1, 1)), zones)  # noqa: DTZ001 - wall clocks
def test_resolve_is_read_back_unless_the_time_never_was(local: dt.datetime, where: zoneinfo.ZoneInfo) -> None:
    found = resolve(local, where)

    read_back = found.astimezone(where).replace(tzinfo=None)
    assert read_back == local or where.utcoffset(local) != where.utcoffset(local.replace(fold=1))


# WallTime


@pytest.mark.parametrize(
    ("wall_time", "kind"),
    [
        (WallTime(PI_DAY), "all_day"),
        (WallTime(PI_DAY, NINE), "floating"),
        (WallTime(PI_DAY, NINE, "Europe/Berlin"), "zoned"),
    ],
)
def test_kind_is_told_by_shape(wall_time: WallTime, kind: str) -> None:
    assert wall_time.kind == kind


def test_midnight_is_a_time_and_not_all_day() -> None:
    assert WallTime(PI_DAY, dt.time()).kind == "floating"


@pytest.mark.parametrize(
    ("wall_time", "starts_at", "overdue_at"),
    [
        (WallTime(PI_DAY), "2027-03-14T05:00Z", "2027-03-15T04:00Z"),  # 23 hours long in New York
        (WallTime(PI_DAY, NINE), "2027-03-14T13:00Z", "2027-03-14T13:00Z"),
        (WallTime(PI_DAY, NINE, "Europe/Berlin"), "2027-03-14T08:00Z", "2027-03-14T08:00Z"),
    ],
)
def test_instants_for_a_viewer_in_new_york(wall_time: WallTime, starts_at: str, overdue_at: str) -> None:
    assert (wall_time.starts_at(NEW_YORK), wall_time.overdue_at(NEW_YORK)) == (instant(starts_at), instant(overdue_at))


def test_all_day_follows_the_viewer() -> None:
    assert WallTime(PI_DAY).overdue_at(zone("Asia/Tokyo")) == instant("2027-03-14T15:00Z")


def test_overdue_at_of_a_day_the_zone_skipped_is_the_moment_it_was_skipped() -> None:
    assert WallTime(dt.date(2011, 12, 30)).overdue_at(APIA) == instant("2011-12-30T10:00Z")


@pytest.mark.parametrize("date", [dt.date(1900, 1, 1), dt.date(9000, 12, 31)])
def test_no_zone_overflows_at_the_first_or_last_day(date: dt.date) -> None:
    late = [WallTime(date, dt.time(23, 59, 59), where.key).starts_at(BERLIN) for where in ZONES]

    assert all(start < WallTime(date).overdue_at(where) for start, where in zip(late, ZONES, strict=True))


@pytest.mark.parametrize(
    ("date", "time", "timezone", "why"),
    [
        (PI_DAY, None, "Europe/Berlin", "timezone needs a time"),
        (PI_DAY, NINE, "Europe/Nowhere", "is not an IANA time zone"),
        (PI_DAY, NINE, "", "is not an IANA time zone"),
        (PI_DAY, dt.time(9, tzinfo=dt.UTC), None, "without a fraction or an offset"),
        (PI_DAY, dt.time(9, 0, 0, 1), None, "without a fraction or an offset"),
        (dt.date(1899, 12, 31), None, None, "the year must be from 1900 to 9000, not 1899"),
        (dt.date(9001, 1, 1), None, None, "the year must be from 1900 to 9000, not 9001"),
        (instant("2027-03-14T09:00Z"), None, None, "a date without a time"),
    ],
)
def test_wall_time_refuses_what_cannot_be_kept(date: dt.date, time: dt.time | None, timezone: str | None, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        WallTime(date, time, timezone)


# Parsing


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2027-03-14", WallTime(PI_DAY)),
        ("2027-03-14T09:00", WallTime(PI_DAY, NINE)),
        ("2027-03-14T09:00:30", WallTime(PI_DAY, dt.time(9, 0, 30))),
        ("2027-03-14T09:00:00Z", WallTime(PI_DAY, NINE, "UTC")),
        ("2027-03-14T09:00:00.000Z", WallTime(PI_DAY, NINE, "UTC")),
        ("2027-03-14T09:00:00+02:00", WallTime(PI_DAY, dt.time(7), "UTC")),
        ("2027-03-14T23:30:00-05:30", WallTime(dt.date(2027, 3, 15), dt.time(5), "UTC")),
        ("2027-03-14T09:00:00-00:00", WallTime(PI_DAY, NINE, "UTC")),
        ("2028-02-29", WallTime(dt.date(2028, 2, 29))),
        ("1900-01-01T00:00:00Z", WallTime(dt.date(1900, 1, 1), dt.time(), "UTC")),
        ("9000-12-31T23:59:59Z", WallTime(dt.date(9000, 12, 31), dt.time(23, 59, 59), "UTC")),
    ],
)
def test_parse_wall_time_reads_the_shortcuts(text: str, expected: WallTime) -> None:
    assert parse_wall_time(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "tomorrow",
        "2027-3-14",
        "20270314",
        "2027-W10-7",
        "2027-03-14 09:00",
        "2027-03-14t09:00",
        "2027-03-14T",
        "2027-03-14T9:00",
        "2027-03-14T0900",
        "2027-03-14T09",
        "2027-03-14T24:00",
        "2027-03-14T09:60",
        "2027-03-14T23:59:60",
        "2027-03-14T09:00.5",
        "2027-03-14T09:00Z",  # RFC 3339 has seconds
        "2027-03-14T09:00:00z",
        "2027-03-14T09:00:00+02",
        "2027-03-14T09:00:00+0200",
        "2027-03-14T09:00:00+24:00",
        "2027-03-14T09:00:00+02:60",
        "2027-03-14T09:00:00[Europe/Berlin]",
        "2027-03-14Z",
        " 2027-03-14",
        "2027-03-14\n",
        "٢٠٢٧-٠٣-١٤",
        "-2027-03-14",
    ],
)
def test_parse_wall_time_refuses_other_shapes(text: str) -> None:
    with pytest.raises(WallTimeError, match="is not like '2027-03-14', '2027-03-14T09:00' or '2027-03-14T09:00:00Z'"):
        parse_wall_time(text)


@pytest.mark.parametrize("text", ["2027-02-29", "2027-13-01", "2027-00-10", "2027-04-31T09:00", "0000-01-01"])
def test_parse_wall_time_refuses_days_that_never_come(text: str) -> None:
    with pytest.raises(WallTimeError, match="is not a day of the calendar"):
        parse_wall_time(text)


@pytest.mark.parametrize("text", ["2027-03-14T09:00:00.001Z", "2027-03-14T09:00:00.5"])
def test_parse_wall_time_refuses_fractions(text: str) -> None:
    with pytest.raises(WallTimeError, match="fractions of a second are not kept"):
        parse_wall_time(text)


@pytest.mark.parametrize(
    "text",
    [
        "1899-12-31",
        "9001-01-01",
        "0001-01-01T00:00:00+23:59",
        "9999-12-31T23:59:59-23:59",
        "1900-01-01T00:00:00+00:01",
        "9000-12-31T23:59:59-00:01",
    ],
)
def test_parse_wall_time_refuses_years_out_of_range_before_and_after_conversion(text: str) -> None:
    with pytest.raises(WallTimeError, match="the year must be from 1900 to 9000"):
        parse_wall_time(text)


@given(
    st.text()
    | st.from_regex(r"[0-9]{4}-[01][0-9]-[0-3][0-9](T[0-2][0-9]:[0-6]0(:[0-6]0(\.0+)?(Z|[+-][0-2][0-9]:30)?)?)?", fullmatch=True)
)
def test_parse_wall_time_never_fails_in_another_way(text: str) -> None:
    try:
        parsed = parse_wall_time(text)
    except WallTimeError:
        return

    assert parsed.overdue_at(BERLIN) >= parsed.starts_at(BERLIN)


@given(dates, st.times().map(lambda time: time.replace(microsecond=0)))
def test_parse_wall_time_reads_what_iso_format_writes(date: dt.date, time: dt.time) -> None:
    assert parse_wall_time(f"{date.isoformat()}T{time.isoformat()}") == WallTime(date, time)


# Days


def test_local_today_is_the_date_on_the_wall() -> None:
    now = instant("2027-03-14T23:30Z")

    assert [local_today(now, where) for where in (NEW_YORK, BERLIN)] == [dt.date(2027, 3, 14), dt.date(2027, 3, 15)]


def test_local_today_refuses_a_naive_now() -> None:
    with pytest.raises(WallTimeError, match="it has no offset"):
        local_today(dt.datetime(2027, 3, 14), BERLIN)  # noqa: DTZ001 - the mistake


@pytest.mark.parametrize(
    ("where", "date", "start", "end"),
    [
        ("UTC", "2027-03-14", "2027-03-14T00:00Z", "2027-03-15T00:00Z"),
        ("America/New_York", "2027-03-14", "2027-03-14T05:00Z", "2027-03-15T04:00Z"),
        ("America/New_York", "2027-11-07", "2027-11-07T04:00Z", "2027-11-08T05:00Z"),
        ("America/Sao_Paulo", "2017-10-15", "2017-10-15T03:00Z", "2017-10-16T02:00Z"),  # begins at 01:00
        ("Africa/Cairo", "2024-04-26", "2024-04-25T22:00Z", "2024-04-26T21:00Z"),  # begins at 01:00
        ("Asia/Beirut", "2022-03-27", "2022-03-26T22:00Z", "2022-03-27T21:00Z"),  # begins at 01:00
        ("America/Havana", "2024-11-03", "2024-11-03T04:00Z", "2024-11-04T05:00Z"),  # midnight comes twice
        ("America/Toronto", "1919-03-31", "1919-03-31T04:30Z", "1919-04-01T04:00Z"),  # begins at 00:30
        ("Pacific/Apia", "2011-12-29", "2011-12-29T10:00Z", "2011-12-30T10:00Z"),
        ("Pacific/Apia", "2011-12-30", "2011-12-30T10:00Z", "2011-12-30T10:00Z"),  # never was
        ("Pacific/Apia", "2011-12-31", "2011-12-30T10:00Z", "2011-12-31T10:00Z"),
    ],
)
def test_day_bounds_are_where_the_date_changes(where: str, date: str, start: str, end: str) -> None:
    assert day_bounds(dt.date.fromisoformat(date), zone(where)) == (instant(start), instant(end))


@given(dates, zones)
def test_day_bounds_begin_with_the_first_second_of_the_date(date: dt.date, where: zoneinfo.ZoneInfo) -> None:
    start, end = day_bounds(date, where)

    assert local_today(start - dt.timedelta(seconds=1), where) < date
    assert start == end or local_today(start, where) == date


@given(dates, zones)
def test_day_bounds_leave_no_instant_between_days(date: dt.date, where: zoneinfo.ZoneInfo) -> None:
    assert day_bounds(date, where)[1] == day_bounds(date + dt.timedelta(days=1), where)[0]


@pytest.mark.parametrize("date", [dt.date.min, dt.date.max])
def test_day_bounds_refuse_years_out_of_range(date: dt.date) -> None:
    with pytest.raises(WallTimeError, match="the year must be from 1900 to 9000"):
        day_bounds(date, BERLIN)


def test_shift_days_keeps_the_wall_clock() -> None:
    shifted = shift_days(WallTime(PI_DAY, NINE, "Europe/Berlin"), 14)

    assert shifted == WallTime(dt.date(2027, 3, 28), NINE, "Europe/Berlin")


def test_shift_days_goes_back_too() -> None:
    assert shift_days(WallTime(PI_DAY), -14) == WallTime(dt.date(2027, 2, 28))


@pytest.mark.parametrize("days", [10**12, -(10**12), 10_000_000, -100_000, 10**30])
def test_shift_days_refuses_to_leave_the_calendar(days: int) -> None:
    with pytest.raises(WallTimeError):
        shift_days(WallTime(PI_DAY), days)
