import datetime as dt
import time
from collections import defaultdict
from collections.abc import Iterable
from itertools import product

import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from todo_api.domain.dates import WallTime
from todo_api.domain.recurrence import Occurrence, next_occurrence, occurrences, require_fit
from todo_api.domain.recurrence_expansion import instances
from todo_api.domain.recurrence_grammar import parse_rrule
from todo_api.domain.recurrence_rules import Day, RecurrenceError, Rule

ONE_DAY = dt.timedelta(days=1)
NINE = WallTime(dt.date(1997, 9, 2), dt.time(9))  # the start of RFC 5545's examples, a Tuesday


# --- the same rules, the slow and obvious way: look at every day of whole periods, one after the other ------------------


def expected(rule: Rule, start: dt.datetime, last_day: dt.date) -> list[dt.datetime]:
    periods: dict[object, list[dt.datetime]] = defaultdict(list)
    begin = min(start.date().replace(month=1, day=1), week_of(start.date(), rule.week_start))
    for number in range((last_day - begin).days + 1):
        day = begin + number * ONE_DAY
        if is_in_step(rule, start.date(), day) and is_day(rule, start.date(), day):
            times = product(rule.by_hour or [start.hour], rule.by_minute or [start.minute])
            periods[period_of(rule, day)] += [dt.datetime.combine(day, dt.time(*time, start.second)) for time in times]
    chosen = (moment for period in periods.values() for moment in choose(rule.by_set_position, period))
    found = [moment for moment in chosen if moment >= start]
    return found[: rule.count]


def choose(positions: Iterable[int], period: list[dt.datetime]) -> list[dt.datetime]:
    numbered = [(number, number - len(period) - 1, moment) for number, moment in enumerate(period, start=1)]
    return [moment for first, last, moment in numbered if not positions or first in positions or last in positions]


def week_of(day: dt.date, week_start: int) -> dt.date:
    while day.weekday() != week_start:
        day -= ONE_DAY
    return day


def period_of(rule: Rule, day: dt.date) -> object:
    periods = {"YEARLY": day.year, "MONTHLY": (day.year, day.month), "WEEKLY": week_of(day, rule.week_start), "DAILY": day}
    return periods[rule.frequency]


def is_in_step(rule: Rule, start: dt.date, day: dt.date) -> bool:
    distances = {
        "YEARLY": day.year - start.year,
        "MONTHLY": (day.year - start.year) * 12 + day.month - start.month,
        "WEEKLY": (week_of(day, rule.week_start) - week_of(start, rule.week_start)).days // 7,
        "DAILY": (day - start).days,
    }
    return distances[rule.frequency] % rule.interval == 0


def is_day(rule: Rule, start: dt.date, day: dt.date) -> bool:
    dates, months, weekdays = rule.by_month_day, rule.by_month, rule.by_day
    if not (dates or weekdays or rule.by_year_day):
        if rule.frequency == "WEEKLY" or rule.by_week_number:
            weekdays = (Day(start.weekday()),)
        elif rule.frequency != "DAILY":
            dates = (start.day,)
            months = months if months or rule.frequency == "MONTHLY" else (start.month,)
    is_year_span = rule.frequency == "YEARLY" and not rule.by_month
    return (
        (not months or day.month in months)
        and (not dates or not {day.day, -distance(day, "month")}.isdisjoint(dates))
        and (not rule.by_year_day or not {(day - new_year(day)).days + 1, -distance(day, "year")}.isdisjoint(rule.by_year_day))
        and (not rule.by_week_number or not week_numbers(day, rule.week_start).isdisjoint(rule.by_week_number))
        and (not weekdays or not weekday_names(day, is_year_span=is_year_span).isdisjoint(weekdays))
    )


def new_year(day: dt.date) -> dt.date:
    return day.replace(month=1, day=1)


def distance(day: dt.date, unit: str) -> int:
    end = day
    while getattr(end, unit) == getattr(day, unit):
        end += ONE_DAY
    return (end - day).days


def weekday_names(day: dt.date, *, is_year_span: bool) -> set[Day]:
    before = after = 1
    while is_same_span(day, day - before * 7 * ONE_DAY, is_year_span=is_year_span):
        before += 1
    while is_same_span(day, day + after * 7 * ONE_DAY, is_year_span=is_year_span):
        after += 1
    return {Day(day.weekday()), Day(day.weekday(), before), Day(day.weekday(), -after)}


def is_same_span(day: dt.date, other: dt.date, *, is_year_span: bool) -> bool:
    return day.year == other.year and (is_year_span or day.month == other.month)


def week_numbers(day: dt.date, week_start: int) -> set[int]:
    def year_of(week: dt.date) -> int:
        years = [(week + number * ONE_DAY).year for number in range(7)]
        return max(years, key=years.count)

    week = week_of(day, week_start)
    before = after = 1
    while year_of(week - before * 7 * ONE_DAY) == year_of(week):
        before += 1
    while year_of(week + after * 7 * ONE_DAY) == year_of(week):
        after += 1
    return {before, -after}


# --- rules at random ----------------------------------------------------------------------------------------------------


def some(values: Iterable[object], most: int = 4) -> st.SearchStrategy[str]:
    items = st.lists(st.sampled_from(list(values)), min_size=1, max_size=most, unique=True)
    return items.map(lambda chosen: ",".join(map(str, chosen)))


def signed(highest: int) -> list[int]:
    return [*range(1, highest + 1), *range(-highest, 0)]


WEEKDAYS = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]
NUMBERED = [f"{number}{day}" for number in signed(5) for day in WEEKDAYS]
PARTS = {
    "YEARLY": {
        "BYMONTH": some(range(1, 13)),
        "BYMONTHDAY": some(signed(31)),
        "BYDAY": some(WEEKDAYS) | some(NUMBERED + WEEKDAYS) | some(["20MO", "-10FR", "53SU", "-53MO"]),
        "BYYEARDAY": some(signed(366), 30),
        "BYWEEKNO": some(signed(53)),
    },
    "MONTHLY": {
        "BYMONTH": some(range(1, 13)),
        "BYMONTHDAY": some(signed(31)),
        "BYDAY": some(WEEKDAYS) | some(NUMBERED + WEEKDAYS),
    },
    "WEEKLY": {"BYMONTH": some(range(1, 13)), "BYDAY": some(WEEKDAYS)},
    "DAILY": {"BYMONTH": some(range(1, 13)), "BYMONTHDAY": some(signed(31)), "BYDAY": some(WEEKDAYS)},
}


@st.composite
def rules(draw: st.DrawFn) -> Rule:
    frequency = draw(st.sampled_from(sorted(PARTS)))
    parts = {"FREQ": frequency}
    for name, values in PARTS[frequency].items():
        if draw(st.integers(0, 2)) == 0:
            parts[name] = draw(values)
    if draw(st.booleans()):
        parts["INTERVAL"] = str(draw(st.integers(2, 5) | st.integers(2, 40)))
    if draw(st.integers(0, 3)) == 0:
        parts["BYHOUR"] = draw(some(range(24), 3))
    if len(parts) > 1 + ("INTERVAL" in parts) and draw(st.booleans()):
        parts["BYSETPOS"] = draw(some(signed(3)))
    if draw(st.booleans()):
        parts["WKST"] = draw(st.sampled_from(WEEKDAYS))
    if draw(st.integers(0, 3)) == 0:
        parts["COUNT"] = str(draw(st.integers(1, 60)))
    return draw_valid(parts)


def draw_valid(parts: dict[str, str]) -> Rule:
    try:
        return parse_rrule(";".join(f"{name}={value}" for name, value in parts.items()))
    except RecurrenceError as error:
        if error.code not in {"rrule_never_occurs", "rrule_combination"}:
            raise
        reject()


def midnight(year: int, month: int, day: int) -> dt.datetime:
    return dt.datetime.combine(dt.date(year, month, day), dt.time())


STARTS = st.datetimes(midnight(1970, 1, 1), midnight(2090, 1, 1)).map(lambda moment: moment.replace(second=0, microsecond=0))


@settings(max_examples=200, deadline=None)
@given(rule=rules(), start=STARTS)
def test_instances_of_any_rule_are_those_found_by_looking_at_every_day(rule: Rule, start: dt.datetime) -> None:
    last_day = dt.date(start.year + 3, 12, 31)

    found = list(instances(rule, start, start, dt.datetime.combine(last_day, dt.time.max)))

    assert found == [moment for moment in expected(rule, start, last_day + 14 * ONE_DAY) if moment.date() <= last_day]


HOURLY = st.builds(
    lambda interval, hours, weekdays, ending: parse_rrule(
        f"FREQ=HOURLY;INTERVAL={interval};BYHOUR={hours};BYDAY={weekdays}{ending}"
    ),
    interval=st.integers(1, 100),
    hours=some(range(24), 24),
    weekdays=some(WEEKDAYS, 7),
    ending=st.integers(1, 2000).map(";COUNT={}".format) | st.sampled_from(["", ";BYMINUTE=0,30"]),
)


@settings(max_examples=200, deadline=None)
@given(rule=rules() | HOURLY, start=STARTS, since=st.integers(-40, 3000), until=st.integers(-40, 3000))
def test_instances_from_the_middle_are_a_part_of_the_whole(rule: Rule, start: dt.datetime, since: int, until: int) -> None:
    first, last = start + since * ONE_DAY, start + until * ONE_DAY

    part = list(instances(rule, start, first, last))

    assert part == [moment for moment in instances(rule, start, start, start + 3000 * ONE_DAY) if first <= moment <= last]


@settings(max_examples=100, deadline=None)
@given(interval=st.integers(1, 1000), hours=some(range(24), 5), months=some(range(1, 13)), weekdays=some(WEEKDAYS), start=STARTS)
def test_hourly_instances_are_those_found_by_looking_at_every_hour(
    interval: int, hours: str, months: str, weekdays: str, start: dt.datetime
) -> None:
    rule = parse_rrule(f"FREQ=HOURLY;INTERVAL={interval};BYHOUR={hours};BYMONTH={months};BYDAY={weekdays}")
    end = start + 700 * ONE_DAY

    found = list(instances(rule, start, start, end))

    steps = (start + number * interval * dt.timedelta(hours=1) for number in range(700 * 24 // interval + 1))
    assert found == [
        moment
        for moment in steps
        if moment.hour in rule.by_hour and moment.month in rule.by_month and Day(moment.weekday()) in rule.by_day
    ]


# --- RFC 5545, 3.8.5.3 --------------------------------------------------------------------------------------------------


def days(text: str) -> list[dt.date]:
    """Read "1997 Sep 2 3, Oct 1" style lists: a year, then months with their days."""
    found: list[dt.date] = []
    year = month = 0
    for word in text.replace(",", "").split():
        if word in MONTHS:
            month = MONTHS.index(word) + 1
        elif len(word) == 4:
            year = int(word)
        else:
            found.append(dt.date(year, month, int(word)))
    return found


MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
RFC = [
    ("FREQ=DAILY;COUNT=10", "1997 Sep 2", "1997 Sep 2 3 4 5 6 7 8 9 10 11"),
    ("FREQ=DAILY;INTERVAL=10;COUNT=5", "1997 Sep 2", "1997 Sep 2 12 22 Oct 2 12"),
    ("FREQ=WEEKLY;COUNT=10", "1997 Sep 2", "1997 Sep 2 9 16 23 30 Oct 7 14 21 28 Nov 4"),
    ("FREQ=WEEKLY;UNTIL=19971007T000000Z;WKST=SU;BYDAY=TU,TH", "1997 Sep 2", "1997 Sep 2 4 9 11 16 18 23 25 30 Oct 2"),
    ("FREQ=WEEKLY;INTERVAL=2;COUNT=8;WKST=SU;BYDAY=TU,TH", "1997 Sep 2", "1997 Sep 2 4 16 18 30 Oct 2 14 16"),
    ("FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=MO", "1997 Aug 5", "1997 Aug 5 10 19 24"),
    ("FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=SU", "1997 Aug 5", "1997 Aug 5 17 19 31"),
    ("FREQ=MONTHLY;COUNT=10;BYDAY=1FR", "1997 Sep 5", "1997 Sep 5 Oct 3 Nov 7 Dec 5 1998 Jan 2 Feb 6 Mar 6 Apr 3 May 1 Jun 5"),
    ("FREQ=MONTHLY;INTERVAL=2;COUNT=8;BYDAY=1SU,-1SU", "1997 Sep 7", "1997 Sep 7 28 Nov 2 30 1998 Jan 4 25 Mar 1 29"),
    ("FREQ=MONTHLY;COUNT=6;BYDAY=-2MO", "1997 Sep 22", "1997 Sep 22 Oct 20 Nov 17 Dec 22 1998 Jan 19 Feb 16"),
    ("FREQ=MONTHLY;COUNT=6;BYMONTHDAY=-3", "1997 Sep 28", "1997 Sep 28 Oct 29 Nov 28 Dec 29 1998 Jan 29 Feb 26"),
    ("FREQ=MONTHLY;COUNT=10;BYMONTHDAY=2,15", "1997 Sep 2", "1997 Sep 2 15 Oct 2 15 Nov 2 15 Dec 2 15 1998 Jan 2 15"),
    ("FREQ=MONTHLY;COUNT=10;BYMONTHDAY=1,-1", "1997 Sep 30", "1997 Sep 30 Oct 1 31 Nov 1 30 Dec 1 31 1998 Jan 1 31 Feb 1"),
    ("FREQ=MONTHLY;INTERVAL=18;COUNT=8;BYMONTHDAY=10,11,12,13,14,15", "1997 Sep 10", "1997 Sep 10 11 12 13 14 15 1999 Mar 10 11"),
    ("FREQ=MONTHLY;INTERVAL=2;COUNT=6;BYDAY=TU", "1997 Sep 2", "1997 Sep 2 9 16 23 30 Nov 4"),
    ("FREQ=YEARLY;COUNT=4;BYMONTH=6,7", "1997 Jun 10", "1997 Jun 10 Jul 10 1998 Jun 10 Jul 10"),
    ("FREQ=YEARLY;INTERVAL=2;COUNT=4;BYMONTH=1,2,3", "1997 Mar 10", "1997 Mar 10 1999 Jan 10 Feb 10 Mar 10"),
    ("FREQ=YEARLY;INTERVAL=3;COUNT=5;BYYEARDAY=1,100,200", "1997 Jan 1", "1997 Jan 1 Apr 10 Jul 19 2000 Jan 1 Apr 9"),
    ("FREQ=YEARLY;COUNT=3;BYDAY=20MO", "1997 May 19", "1997 May 19 1998 May 18 1999 May 17"),
    ("FREQ=YEARLY;COUNT=3;BYWEEKNO=20;BYDAY=MO", "1997 May 12", "1997 May 12 1998 May 11 1999 May 17"),
    ("FREQ=YEARLY;COUNT=5;BYMONTH=3;BYDAY=TH", "1997 Mar 13", "1997 Mar 13 20 27 1998 Mar 5 12"),
    ("FREQ=MONTHLY;COUNT=5;BYDAY=FR;BYMONTHDAY=13", "1997 Sep 2", "1998 Feb 13 Mar 13 Nov 13 1999 Aug 13 2000 Oct 13"),
    ("FREQ=MONTHLY;COUNT=4;BYDAY=SA;BYMONTHDAY=7,8,9,10,11,12,13", "1997 Sep 13", "1997 Sep 13 Oct 11 Nov 8 Dec 13"),
    (
        "FREQ=YEARLY;INTERVAL=4;COUNT=3;BYMONTH=11;BYDAY=TU;BYMONTHDAY=2,3,4,5,6,7,8",
        "1996 Nov 5",
        "1996 Nov 5 2000 Nov 7 2004 Nov 2",
    ),
    ("FREQ=MONTHLY;COUNT=3;BYDAY=TU,WE,TH;BYSETPOS=3", "1997 Sep 4", "1997 Sep 4 Oct 7 Nov 6"),
    ("FREQ=MONTHLY;COUNT=5;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-2", "1997 Sep 29", "1997 Sep 29 Oct 30 Nov 27 Dec 30 1998 Jan 29"),
    ("FREQ=MONTHLY;BYMONTHDAY=15,30;COUNT=5", "2007 Jan 15", "2007 Jan 15 30 Feb 15 Mar 15 30"),
]


@pytest.mark.parametrize(("text", "start", "wanted"), RFC)
def test_examples_of_the_rfc_hold(text: str, start: str, wanted: str) -> None:
    found = take(parse_rrule(text), WallTime(days(start)[0], dt.time(9)))

    assert found == [dt.datetime.combine(day, dt.time(9)) for day in days(wanted)]


def take(rule: Rule, start: WallTime, limit: int = 10) -> list[Occurrence]:
    return occurrences(rule, start, since=start.date, until=dt.date(8999, 1, 1), limit=limit)


def test_hourly_counts_hours_on_the_wall_clock() -> None:
    rule = parse_rrule("FREQ=HOURLY;INTERVAL=3;UNTIL=19970902T170000")

    assert [f"{moment:%d %H:%M}" for moment in take(rule, NINE)] == ["02 09:00", "02 12:00", "02 15:00"]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("FREQ=DAILY;BYHOUR=9,17;BYMINUTE=0,30", ["02 09:00", "02 09:30", "02 17:00", "02 17:30", "03 09:00"]),
        ("FREQ=DAILY;BYHOUR=9,17;BYMINUTE=0,30;BYSETPOS=-1", ["02 17:30", "03 17:30", "04 17:30", "05 17:30", "06 17:30"]),
        ("FREQ=WEEKLY;BYDAY=TU,FR;BYHOUR=9,17;BYSETPOS=1,-1", ["02 09:00", "05 17:00", "09 09:00", "12 17:00", "16 09:00"]),
        ("FREQ=HOURLY;BYMINUTE=0,30;BYSETPOS=2", ["02 09:30", "02 10:30", "02 11:30", "02 12:30", "02 13:30"]),
        ("FREQ=HOURLY;INTERVAL=36", ["02 09:00", "03 21:00", "05 09:00", "06 21:00", "08 09:00"]),
        ("FREQ=HOURLY;INTERVAL=5;BYHOUR=9,14", ["02 09:00", "02 14:00", "07 09:00", "07 14:00", "12 09:00"]),
    ],
)
def test_times_of_day_come_in_order(text: str, wanted: list[str]) -> None:
    assert [f"{moment:%d %H:%M}" for moment in take(parse_rrule(text), NINE, limit=5)] == wanted


@pytest.mark.parametrize("interval", [400, 800, 1000])
def test_steps_longer_than_the_cycle_of_the_calendar_are_taken(interval: int) -> None:
    rule = parse_rrule(f"FREQ=YEARLY;INTERVAL={interval};COUNT=3")

    assert [moment.year for moment in take(rule, NINE)] == [1997, 1997 + interval, 1997 + 2 * interval]
    assert next_occurrence(rule, NINE, dt.date(1997, 9, 2)) == dt.datetime.combine(dt.date(1997 + interval, 9, 2), dt.time(9))


def test_naming_all_months_is_naming_none() -> None:
    rule = parse_rrule("FREQ=WEEKLY;BYMONTH=1,2,3,4,5,6,7,8,9,10,11,12")

    assert take(rule, NINE, limit=50) == take(parse_rrule("FREQ=WEEKLY"), NINE, limit=50)


def test_first_week_reaches_into_the_year_before() -> None:
    rule = parse_rrule("FREQ=YEARLY;BYWEEKNO=1;BYDAY=MO")

    assert take(rule, WallTime(dt.date(2026, 1, 1)), limit=3) == days("2027 Jan 4 2028 Jan 3 2029 Jan 1")
    assert take(rule, WallTime(dt.date(2029, 2, 1)), limit=2) == days("2029 Dec 31 2030 Dec 30")


# --- what must not cost anything ----------------------------------------------------------------------------------------

NEVER = [
    "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
    "FREQ=MONTHLY;BYMONTH=4,6,9,11;BYMONTHDAY=31",
    "FREQ=MONTHLY;BYMONTH=2;BYDAY=5MO;BYMONTHDAY=28",
    "FREQ=MONTHLY;BYDAY=MO;BYSETPOS=6",
    "FREQ=WEEKLY;BYDAY=MO,TU;BYMONTH=2;BYSETPOS=3",
    "FREQ=YEARLY;BYYEARDAY=366;BYMONTH=3",
    "FREQ=YEARLY;BYWEEKNO=53;BYMONTH=3",
    "FREQ=YEARLY;BYDAY=53MO;BYMONTHDAY=1",
    "FREQ=DAILY;BYHOUR=9,17;BYSETPOS=3",
    "FREQ=HOURLY;BYMONTH=2;BYMONTHDAY=30;BYMINUTE=0,15,30,45",
]
STEPS_PAST = [
    ("FREQ=HOURLY;INTERVAL=2;BYHOUR=8", NINE),
    ("FREQ=DAILY;INTERVAL=7;BYDAY=MO", NINE),
    ("FREQ=HOURLY;INTERVAL=168;BYDAY=MO", NINE),
    ("FREQ=YEARLY;INTERVAL=2;BYMONTH=2;BYMONTHDAY=29", NINE),
    ("FREQ=MONTHLY;INTERVAL=12;BYMONTH=2", NINE),
    ("FREQ=DAILY;INTERVAL=999;BYMONTH=2;BYMONTHDAY=29;BYDAY=MO;UNTIL=22000101", NINE),
]


@pytest.mark.parametrize("text", NEVER)
def test_rule_that_never_occurs_is_refused_at_once(text: str) -> None:
    begun = time.perf_counter()

    with pytest.raises(RecurrenceError) as refused:
        parse_rrule(text)

    assert refused.value.code == "rrule_never_occurs"
    assert time.perf_counter() - begun < 0.5  # some 5 ms; generous, because machines are shared


@pytest.mark.parametrize(("text", "start"), STEPS_PAST)
def test_interval_that_steps_past_every_day_of_the_rule_is_refused_at_once(text: str, start: WallTime) -> None:
    rule = parse_rrule(text)
    begun = time.perf_counter()

    with pytest.raises(RecurrenceError) as refused:
        require_fit(rule, start)

    assert refused.value.code == "rrule_never_occurs"
    assert time.perf_counter() - begun < 0.5


@pytest.mark.parametrize(
    ("text", "year"),
    [
        ("FREQ=HOURLY", 2600),
        ("FREQ=HOURLY;INTERVAL=999;BYHOUR=3", 2600),
        ("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=29;BYDAY=MO", 2608),
        ("FREQ=WEEKLY;INTERVAL=999;BYMONTH=2", 2840),
        ("FREQ=YEARLY;INTERVAL=1000", 2997),
        ("FREQ=DAILY;COUNT=2000", None),
    ],
)
def test_far_away_occurrence_is_found_at_once(text: str, year: int | None) -> None:
    begun = time.perf_counter()

    found = next_occurrence(parse_rrule(text), NINE, dt.date(2600, 1, 1))

    assert (found.year if found else None) == year
    assert time.perf_counter() - begun < 0.5


def test_search_ends_after_400_years() -> None:
    rule = parse_rrule("FREQ=DAILY;INTERVAL=977;BYMONTH=2;BYMONTHDAY=29")  # next in 4540

    assert list(instances(rule, midnight(1900, 1, 1), midnight(1900, 1, 1), midnight(8999, 1, 1))) == []
