import operator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.filter_strategies import (
    LABELS,
    LISTS,
    PARENTS,
    SECTIONS,
    USERS,
    contexts,
    days,
    filters,
    instants,
    subjects,
    walls,
)
from todo_api.domain.dates import WallTime, day_bounds, zone
from todo_api.domain.dates import resolve as instant_of
from todo_api.domain.filter_boundaries import TICK, FilterContext
from todo_api.domain.filter_evaluation import FilterSubject, evaluate
from todo_api.domain.filter_fields import FIELDS, Kind
from todo_api.domain.filter_language import parse
from todo_api.domain.filter_resolution import Feature
from todo_api.domain.filter_tree import And, Compare, Day, Field, Filter, Flag, Instant, LocalTime, Not, Operator, Or

NEW_YORK = zone("America/New_York")
NOON = FilterContext(now=datetime(2027, 3, 10, 17, tzinfo=UTC), zone=NEW_YORK, user_id=USERS[0].id)
BARE = FilterSubject(title="Buy milk", todo_list=LISTS[1], created_at=NOON.now, updated_at=NOON.now)
FULL = replace(
    BARE,
    notes="2 litres, café crème",
    priority="high",
    section=SECTIONS[1],
    parent=PARENTS[2],
    creator=USERS[1],
    labels=LABELS[:2],
    assignees=USERS[:1],
    due=WallTime(date(2027, 3, 9)),
    start=WallTime(date(2027, 3, 8), time(9)),
    deadline=date(2027, 3, 12),
    features=frozenset(Feature),
)
OPERATORS = {
    Operator.EQUAL: operator.eq,
    Operator.LESS: operator.lt,
    Operator.AT_MOST: operator.le,
    Operator.GREATER: operator.gt,
    Operator.AT_LEAST: operator.ge,
}


def holds(text: str, subject: FilterSubject, context: FilterContext = NOON) -> bool:
    return evaluate(parse(text), subject, context)


@pytest.mark.parametrize(
    "text",
    [
        *("title:MILK", "title:'y m'", "title = 'buy milk'", "text:litres", "text:buy", "notes:Cafe", "notes:'CAFÉ CRÈME'"),
        *("list:home", "section:'this week'", "label:food", "label:resume", "label in (x, food)", "label = FOOD"),
        *("assignee:me", "assignee:ana", "creator:STRASSE", "parent:'plan 100% of it'", f"parent:{PARENTS[2].id}"),
        *(
            f"list:{LISTS[1].id.upper()}",
            f"label in ({LABELS[1].id}, x)",
            "status:open",
            "priority > medium",
            "priority in (none, high)",
        ),
        *("due:yesterday", "start:-2d", "deadline <= +2d", "created:today", "updated = now", "completed is null", "overdue"),
        *(
            "not completed",
            "blocked",
            "recurring",
            "has:due",
            "has:notes",
            "has:comments",
            "has:duration",
            "has in (start, parent)",
        ),
        *("not list:inbox", "label != work", "label not in (work, play)", "assignee in (none, me)", "notes is not null"),
    ],
)
def test_filter_holds_for_a_full_todo(text: str) -> None:
    assert holds(text, FULL)


@pytest.mark.parametrize(
    "text",
    [
        *("title = milk", "title:'milk buy'", "text:'milk 2'", "label:foo", "label:seafood", "list:Hom", f"list:{LISTS[0].id}"),
        *(
            "not title:milk",
            "assignee != me",
            "priority <= medium",
            "status in (completed, cancelled)",
            "due >= today",
            "completed",
        ),
        *("deadline:none", "label is null", "label in (none, work)", "creator:me", "overdue:false"),
    ],
)
def test_filter_does_not_hold_for_a_full_todo(text: str) -> None:
    assert not holds(text, FULL)


@pytest.mark.parametrize("field", [field for field, rule in FIELDS.items() if rule.nullable])
def test_comparison_with_a_missing_value_is_false_and_its_negation_true(field: Field) -> None:
    kind = FIELDS[field].kind
    values = ["today", "now", "2000-01-01", "2999-01-01T00:00Z"] if kind is Kind.TIME else ["x", "none-such"]

    for value in values:
        for written in set(FIELDS[field].operators) & {"=", ":", "<", "<=", ">", ">="}:
            assert not holds(f"{field} {written} {value}", BARE)
            assert holds(f"not {field} {written} {value}", BARE)
        assert holds(f"{field} != {value}", BARE)
        assert not holds(f"{field} in ({value}, {value})", BARE)
        assert holds(f"{field} not in ({value}, {value})", BARE)


@pytest.mark.parametrize("field", [field for field, rule in FIELDS.items() if rule.nullable])
def test_missing_value_is_null(field: Field) -> None:
    done = replace(FULL, status="completed", completed_at=NOON.now)

    assert [holds(f"{field} is null", subject) for subject in (BARE, done)] == [True, False]
    assert [holds(f"{field} is not null", subject) for subject in (BARE, done)] == [False, True]


def test_priority_none_is_a_value() -> None:
    assert [holds(text, BARE) for text in ("priority:none", "priority < low", "priority != none", "priority >= none")] == [
        True,
        True,
        False,
        True,
    ]


def test_me_matches_nobody_where_nobody_asks() -> None:
    context = FilterContext(now=NOON.now, zone=NEW_YORK)

    assert not holds("assignee:me", FULL, context)
    assert holds("assignee != me", FULL, context)


@pytest.mark.parametrize("status", ["completed", "cancelled"])
def test_closed_todo_is_not_overdue(status: str) -> None:
    assert holds("overdue", FULL)
    assert not holds("overdue", replace(FULL, status=status))


def test_completed_alone_is_the_status_and_compared_is_the_time() -> None:
    done = replace(BARE, status="completed", completed_at=NOON.now - timedelta(days=3))
    cancelled = replace(BARE, status="cancelled", completed_at=NOON.now)

    assert [holds("completed", subject) for subject in (BARE, done, cancelled)] == [False, True, False]
    assert [holds("completed > -7d", subject) for subject in (BARE, done, cancelled)] == [False, True, True]


@pytest.mark.parametrize(
    ("due", "literal", "relation"),
    [
        # all-day
        (WallTime(date(2027, 3, 14)), "2027-03-14", "="),
        (WallTime(date(2027, 3, 14)), "2027-03-15", "<"),
        (WallTime(date(2027, 3, 14)), "2027-03-14T23:59:59", ">"),
        (WallTime(date(2027, 3, 14)), "2027-03-15T00:00", "<"),
        (WallTime(date(2027, 3, 14)), "2027-03-15T03:59:59Z", ">"),
        (WallTime(date(2027, 3, 14)), "2027-03-15T04:00:00Z", "<"),
        # floating, New York: 02:30 on 14 March does not exist, 01:30 on 7 November occurs twice
        (WallTime(date(2027, 3, 14), time(23, 59)), "2027-03-14", "="),
        (WallTime(date(2027, 3, 14), time(0)), "2027-03-14", "="),
        (WallTime(date(2027, 3, 14), time(2, 30)), "2027-03-14T03:30", "="),
        (WallTime(date(2027, 3, 14), time(2, 30)), "2027-03-14T07:30Z", "="),
        (WallTime(date(2027, 3, 14), time(2, 30)), "2027-03-14T03:00", ">"),
        (WallTime(date(2027, 11, 7), time(1, 30)), "2027-11-07T05:30Z", "="),
        (WallTime(date(2027, 11, 7), time(1, 30)), "2027-11-07T06:15Z", "<"),
        # zoned
        (WallTime(date(2027, 3, 15), time(3), "Europe/Berlin"), "2027-03-14", "="),
        (WallTime(date(2027, 3, 15), time(3), "Europe/Berlin"), "2027-03-14T22:00", "="),
        (WallTime(date(2027, 3, 15), time(5), "Europe/Berlin"), "2027-03-15", "="),
        (WallTime(date(2027, 3, 28), time(2, 30), "Europe/Berlin"), "2027-03-28T01:30Z", "="),
        (WallTime(date(2027, 10, 31), time(2, 30), "Europe/Berlin"), "2027-10-31T00:30Z", "="),
    ],
)
def test_due_is_compared_by_its_kind(due: WallTime, literal: str, relation: str) -> None:
    subject = replace(BARE, due=due)

    assert [sign for sign in "<=>" if holds(f"due {sign} {literal}", subject)] == [relation]


@pytest.mark.parametrize(
    ("due", "overdue_at"),
    [
        (WallTime(date(2027, 3, 13)), "2027-03-14T05:00"),
        (WallTime(date(2027, 3, 14)), "2027-03-15T04:00"),
        (WallTime(date(2027, 3, 14), time(2, 30)), "2027-03-14T07:30"),
        (WallTime(date(2027, 11, 7), time(1, 30)), "2027-11-07T05:30"),
        (WallTime(date(2027, 3, 28), time(2, 30), "Europe/Berlin"), "2027-03-28T01:30"),
    ],
)
def test_overdue_begins_at_the_instant(due: WallTime, overdue_at: str) -> None:
    begins = datetime.fromisoformat(overdue_at).replace(tzinfo=UTC)
    subject = replace(BARE, due=due)

    assert [holds("overdue", subject, replace(NOON, now=now)) for now in (begins - TICK, begins, begins + TICK)] == [
        False,
        True,
        True,
    ]


@given(subjects(), contexts())
def test_overdue_agrees_with_the_date(subject: FilterSubject, context: FilterContext) -> None:
    late = subject.due is not None and subject.due.overdue_at(context.zone) <= context.now

    assert evaluate(Flag(Field.OVERDUE), subject, context) == (late and subject.status in {"open", "in_progress"})


@given(filters(), filters(), subjects(), contexts())
def test_de_morgan(one: Filter, other: Filter, subject: FilterSubject, context: FilterContext) -> None:
    negated = evaluate(Not(And((one, other))), subject, context)

    assert negated == evaluate(Or((Not(one), Not(other))), subject, context)
    assert negated != (evaluate(one, subject, context) and evaluate(other, subject, context))


@given(filters(), subjects(), contexts())
def test_excluded_middle(tree: Filter, subject: FilterSubject, context: FilterContext) -> None:
    assert evaluate(tree, subject, context) != evaluate(Not(tree), subject, context)


def as_day(value: WallTime | date, context: FilterContext) -> date:
    """The plainest reading of the table: the day a date falls on where the viewer is."""
    if isinstance(value, WallTime):
        if value.timezone is None:
            return value.date
        value = value.starts_at(context.zone)
    if not isinstance(value, datetime):
        return value
    nearby = (value.date() + timedelta(days=by) for by in range(-2, 3))
    (found,) = (day for day in nearby if day_bounds(day, context.zone)[0] <= value < day_bounds(day, context.zone)[1])
    return found


def as_instant(field: Field, value: WallTime | date, context: FilterContext) -> datetime:
    """The plainest reading of the table: the instant a date stands for where the viewer is."""
    if isinstance(value, datetime):
        return value
    value = value if isinstance(value, WallTime) else WallTime(value)
    if value.kind == "all_day" and field is not Field.START:
        return value.overdue_at(context.zone) - TICK
    return value.starts_at(context.zone)


TIME_FIELDS = {
    Field.DUE: "due",
    Field.START: "start",
    Field.DEADLINE: "deadline",
    Field.COMPLETED: "completed_at",
    Field.CREATED: "created_at",
    Field.UPDATED: "updated_at",
}


@given(st.sampled_from(sorted(TIME_FIELDS)), st.sampled_from(sorted(OPERATORS)), days(), subjects(), contexts())
def test_comparison_with_a_day_is_one_of_days(
    field: Field, sign: Operator, day: date, subject: FilterSubject, context: FilterContext
) -> None:
    value = getattr(subject, TIME_FIELDS[field])

    expected = value is not None and OPERATORS[sign](as_day(value, context), day)
    assert evaluate(Compare(field, sign, Day(day)), subject, context) == expected


@given(
    st.sampled_from(sorted(TIME_FIELDS)),
    st.sampled_from(sorted(OPERATORS)),
    instants().map(Instant) | walls().map(LocalTime),
    subjects(),
    contexts(),
)
def test_comparison_with_a_date_time_is_one_of_instants(
    field: Field, sign: Operator, literal: Instant | LocalTime, subject: FilterSubject, context: FilterContext
) -> None:
    value = getattr(subject, TIME_FIELDS[field])
    instant = literal.at if isinstance(literal, Instant) else instant_of(literal.wall, context.zone)

    expected = value is not None and OPERATORS[sign](as_instant(field, value, context), instant)
    assert evaluate(Compare(field, sign, literal), subject, context) == expected
