from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.filter_strategies import USERS, ZONES, contexts, filters, instants, walls
from todo_api.domain.dates import resolve as instant_of
from todo_api.domain.dates import zone
from todo_api.domain.filter_boundaries import Boundary, FilterContext, WallRange, span
from todo_api.domain.filter_language import parse
from todo_api.domain.filter_resolution import Condition, Feature, Has, MatchText, OneOf, RefersTo, Resolved, Within, resolve
from todo_api.domain.filter_tree import And, Day, Field, Filter, Instant, IsNull, Not, Or

ID = "01900000-0000-7000-8001-0123456789ab"
BERLIN = zone("Europe/Berlin")
NEW_YORK = zone("America/New_York")
SUNDAY_NOON = FilterContext(now=datetime(2027, 3, 14, 11, tzinfo=UTC), zone=BERLIN, user_id=USERS[0].id)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def wall(text: str) -> datetime:
    return datetime.fromisoformat(text)


def covers(boundary: Boundary, local: datetime) -> bool:
    return any((walls.since is None or walls.since <= local) and local < walls.until for walls in boundary.walls)


def since(text: str, context: FilterContext = SUNDAY_NOON) -> Boundary:
    resolved = resolve(parse(f"due >= {text}"), context)
    assert isinstance(resolved, Within)
    assert resolved.since is not None
    return resolved.since


@pytest.mark.parametrize(
    ("text", "resolved"),
    [
        ("title:CAFÉ", MatchText(Field.TITLE, "cafe", whole=False)),
        ("title != CAFÉ", Not(MatchText(Field.TITLE, "cafe", whole=True))),
        ("notes in (a, B)", Or((MatchText(Field.NOTES, "a", whole=True), MatchText(Field.NOTES, "b", whole=True)))),
        ("text:x", Or((MatchText(Field.TITLE, "x", whole=False), MatchText(Field.NOTES, "x", whole=False)))),
        ("label:Résumé", RefersTo(Field.LABEL, keys=("resume",))),
        (f"list:{ID.upper()}", RefersTo(Field.LIST, ids=(ID,))),
        (f"label in (Food, {ID}, FOOD)", RefersTo(Field.LABEL, ids=(ID,), keys=("food",))),
        ("label in (food, none)", Or((IsNull(Field.LABEL), RefersTo(Field.LABEL, keys=("food",))))),
        ("assignee in (me, Ana)", RefersTo(Field.ASSIGNEE, ids=(USERS[0].id,), keys=("ana",))),
        ("status in (open, completed)", OneOf(Field.STATUS, ("open", "completed"))),
        ("priority in (low, none)", OneOf(Field.PRIORITY, ("low", "none"))),
        ("priority < low", OneOf(Field.PRIORITY, ("none",))),
        ("priority < none", OneOf(Field.PRIORITY, ())),
        ("priority <= low", OneOf(Field.PRIORITY, ("none", "low"))),
        ("priority > medium", OneOf(Field.PRIORITY, ("high", "urgent"))),
        ("priority >= high", OneOf(Field.PRIORITY, ("high", "urgent"))),
        ("priority = high", OneOf(Field.PRIORITY, ("high",))),
        ("completed", OneOf(Field.STATUS, ("completed",))),
        ("blocked", Has(Feature.OPEN_BLOCKERS)),
        ("recurring", Has(Feature.RECURRENCE)),
        ("has:recurrence", Has(Feature.RECURRENCE)),
        ("has in (labels, subtasks)", Or[Condition]((Not(IsNull(Field.LABEL)), Has(Feature.SUBTASKS)))),
        ("due is null", IsNull(Field.DUE)),
        ("not completed and due:none", And[Condition]((Not(OneOf(Field.STATUS, ("completed",))), IsNull(Field.DUE)))),
    ],
)
def test_condition_is_resolved(text: str, resolved: Resolved) -> None:
    assert resolve(parse(text), SUNDAY_NOON) == resolved


def test_me_is_nobody_where_nobody_asks() -> None:
    context = FilterContext(now=SUNDAY_NOON.now, zone=BERLIN)

    assert resolve(parse("assignee:me"), context) == RefersTo(Field.ASSIGNEE)


def test_operators_become_half_open_ranges() -> None:
    today, tomorrow = since("2027-03-14"), since("2027-03-15")

    assert [resolve(parse(f"due {operator} 2027-03-14"), SUNDAY_NOON) for operator in ("<", "<=", ">", ">=", "=")] == [
        Within(Field.DUE, None, today),
        Within(Field.DUE, None, tomorrow),
        Within(Field.DUE, tomorrow, None),
        Within(Field.DUE, today, None),
        Within(Field.DUE, today, tomorrow),
    ]


@pytest.mark.parametrize(
    ("text", "day"),
    [
        *(("today", "2027-03-14"), ("tomorrow", "2027-03-15"), ("yesterday", "2027-03-13")),
        *(("monday", "2027-03-15"), ("saturday", "2027-03-20"), ("sunday", "2027-03-21"), ("sun-1w", "2027-03-14")),
        *(("sow", "2027-03-08"), ("eow", "2027-03-14"), ("som", "2027-03-01"), ("eom", "2027-03-31")),
        *(("soy", "2027-01-01"), ("eoy", "2027-12-31"), ("eom+1d", "2027-04-01"), ("som-1d", "2027-02-28")),
        *(("+7d", "2027-03-21"), ("-2w", "2027-02-28"), ("eom+1mo", "2027-04-30"), ("eom-1mo", "2027-02-28")),
        *(("+10mo", "2028-01-14"), ("-3mo", "2026-12-14"), ("+1y", "2028-03-14"), ("+1200mo", "2127-03-14")),
    ],
)
def test_relative_date_is_a_day(text: str, day: str) -> None:
    assert since(text).day == date.fromisoformat(day)


@pytest.mark.parametrize(
    ("week_start", "first", "last"),
    [(0, "2027-03-08", "2027-03-14"), (6, "2027-03-14", "2027-03-20"), (5, "2027-03-13", "2027-03-19")],
)
def test_week_begins_where_the_viewer_begins_it(week_start: int, first: str, last: str) -> None:
    context = FilterContext(now=SUNDAY_NOON.now, zone=BERLIN, week_start=week_start)

    assert [since(text, context).day.isoformat() for text in ("sow", "eow")] == [first, last]


def test_leap_day_a_year_later_is_the_last_of_february() -> None:
    context = FilterContext(now=utc("2028-02-29T12:00"), zone=BERLIN)

    assert [since(text, context).day.isoformat() for text in ("+1y", "-4y", "+12mo")] == [
        "2029-02-28",
        "2024-02-29",
        "2029-02-28",
    ]


def test_today_is_the_day_at_the_viewer() -> None:
    now = utc("2027-03-14T11:00")

    assert [
        since("today", FilterContext(now=now, zone=zone(place))).day.day for place in ("Pacific/Kiritimati", "Pacific/Pago_Pago")
    ] == [
        15,
        14,
    ]


def test_today_stays_when_clocks_go_back_over_midnight() -> None:
    context = FilterContext(now=utc("2006-10-29T02:45"), zone=zone("America/St_Johns"))  # 23:15 again

    assert since("today", context).day == date(2006, 10, 29)
    assert since("now", context).day == date(2006, 10, 29)


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("now", "2027-03-14T11:00"),
        ("now+90min", "2027-03-14T12:30"),
        ("-2h", "2027-03-14T09:00"),
        ("now+14d", "2027-03-28T10:00"),  # the same wall time, by then in summer
        ("now+336h", "2027-03-28T11:00"),
        ("2027-03-28T02:30", "2027-03-28T01:30"),  # in the gap
        ("2027-10-31T02:30", "2027-10-31T00:30"),  # the first of two
        ("2027-03-14T09:00-05:00", "2027-03-14T14:00"),
    ],
)
def test_date_time_is_an_instant(text: str, instant: str) -> None:
    assert since(text).instant == utc(instant)


@pytest.mark.parametrize(
    ("place", "day", "begins", "ends"),
    [
        ("America/New_York", "2027-03-14", "2027-03-14T05:00", "2027-03-15T04:00"),
        ("America/New_York", "2027-11-07", "2027-11-07T04:00", "2027-11-08T05:00"),
        ("Europe/Berlin", "2027-03-28", "2027-03-27T23:00", "2027-03-28T22:00"),
        ("Africa/Cairo", "2027-04-30", "2027-04-29T22:00", "2027-04-30T21:00"),  # has no midnight
        ("Africa/Cairo", "2027-10-28", "2027-10-27T21:00", "2027-10-28T22:00"),  # has 23:00 twice
        ("America/Havana", "2027-11-07", "2027-11-07T04:00", "2027-11-08T05:00"),  # has midnight twice
        ("Pacific/Apia", "2011-12-30", "2011-12-30T10:00", "2011-12-30T10:00"),  # was skipped
    ],
)
def test_day_lasts_from_midnight_to_midnight(place: str, day: str, begins: str, ends: str) -> None:
    context = FilterContext(now=SUNDAY_NOON.now, zone=zone(place))
    covered = span(Day(date.fromisoformat(day)), context, by_start=False)

    assert (covered.first.instant, covered.end.instant) == (utc(begins), utc(ends))
    assert covered.first.walls == (WallRange(None, wall(f"{day}T00:00")),)


@pytest.mark.parametrize(
    ("instant", "ranges"),
    [
        ("2027-03-14T06:59", [(None, "2027-03-14T01:59")]),
        ("2027-03-14T07:00", [(None, "2027-03-14T02:00")]),
        # 02:00 to 03:00 does not exist and counts as 03:00 to 04:00, while 03:00 itself has begun as well.
        ("2027-03-14T07:30", [(None, "2027-03-14T02:30"), ("2027-03-14T03:00", "2027-03-14T03:30")]),
        ("2027-03-14T08:00", [(None, "2027-03-14T04:00")]),
        # 01:00 to 02:00 occurs twice and is over after the first time.
        ("2027-11-07T05:30", [(None, "2027-11-07T01:30")]),
        ("2027-11-07T06:00", [(None, "2027-11-07T02:00")]),
        ("2027-11-07T06:59", [(None, "2027-11-07T02:00")]),
        ("2027-11-07T07:01", [(None, "2027-11-07T02:01")]),
    ],
)
def test_wall_times_before_an_instant(instant: str, ranges: list[tuple[str | None, str]]) -> None:
    context = FilterContext(now=SUNDAY_NOON.now, zone=NEW_YORK)
    first = span(Instant(utc(instant)), context, by_start=False).first

    assert [
        (None if walls.since is None else walls.since.isoformat("T", "minutes"), walls.until.isoformat("T", "minutes"))
        for walls in first.walls
    ] == ranges


@given(instants(), walls(), st.sampled_from(ZONES).map(zone))
def test_wall_time_is_before_an_instant_when_its_own_instant_is(instant: datetime, local: datetime, place: ZoneInfo) -> None:
    covered = span(Instant(instant), FilterContext(now=SUNDAY_NOON.now, zone=place), by_start=False)

    assert covers(covered.first, local) == (instant_of(local, place) < instant)
    assert covers(covered.end, local) == (instant_of(local, place) <= instant)


@given(
    st.datetimes(datetime.fromisoformat("1901-01-01"), datetime.fromisoformat("2090-01-01")),
    st.integers(-1800, 1800),
    st.timezones(),
)
def test_wall_times_near_an_instant_hold_in_every_zone(local: datetime, minutes: int, place: ZoneInfo) -> None:
    instant = instant_of(local, place)
    covered = span(Instant(instant), FilterContext(now=SUNDAY_NOON.now, zone=place), by_start=False)
    other = local + timedelta(minutes=minutes)

    assert covers(covered.first, other) == (instant_of(other, place) < instant)
    assert not covers(covered.first, local)
    assert covers(covered.end, local)


def test_all_day_counts_as_its_end_but_a_start_as_its_beginning() -> None:
    due, start = (resolve(parse(f"{field} < 2027-03-14T09:00"), SUNDAY_NOON) for field in ("due", "start"))
    at_midnight = resolve(parse("start < 2027-03-14T00:00"), SUNDAY_NOON)

    assert [found.until.day.day for found in (due, start, at_midnight) if isinstance(found, Within) and found.until] == [
        14,
        15,
        14,
    ]


@given(filters(), contexts())
def test_every_filter_is_resolved_to_conditions(tree: Filter, context: FilterContext) -> None:
    def leaves(resolved: Resolved) -> list[object]:
        match resolved:
            case And(items) | Or(items):
                return [leaf for item in items for leaf in leaves(item)]
            case Not(item):
                return leaves(item)
            case _:
                return [resolved]

    assert all(isinstance(leaf, (MatchText, Within, OneOf, RefersTo, IsNull, Has)) for leaf in leaves(resolve(tree, context)))
