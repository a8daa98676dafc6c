from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from todo_api.domain.dates import WallTime, parse_wall_time
from todo_api.domain.english_recurrence import RecurrenceTextError
from todo_api.domain.recurrence_rules import RecurrenceError
from todo_api.domain.series import (
    ContradictionError,
    Series,
    compile_series,
    key_of,
    key_of_moment,
    occurrence_from,
)

NOW = datetime(2027, 3, 10, 9, 0)  # noqa: DTZ001  # a wall clock, on a Wednesday
DUE = WallTime(date(2027, 3, 31))
APRIL = WallTime(date(2027, 4, 30))
BERLIN = WallTime(date(2027, 3, 10), time(9), "Europe/Berlin")
UTC_ZONE = ZoneInfo("UTC")


def made(kept: Series | None = None, *, due: WallTime | None = None, current: WallTime | None = None, **sent: Any) -> Series:
    return compile_series(sent, kept=kept, due=due, current=current, now_local=NOW, week_start=0)


def ahead(series: Series, limit: int, current: str | None = None, recorded: int = 0) -> list[str]:
    now = None if current is None else occurrence_from(current)
    found = series.preview(series.start.date, date(2099, 1, 1), limit, current=now, recorded=recorded)
    return [key_of(occurrence) for occurrence in found]


def followed_by(series: Series, current: str, done: datetime, viewer: str = "UTC", recorded: int = 1) -> str | None:
    zone = ZoneInfo(viewer)
    found = series.after(occurrence_from(current), done_at=done, now=done, viewer=zone, recorded=recorded)
    return None if found is None else key_of(found)


# --- a rule that is sent


def test_rule_is_said_in_english() -> None:
    series = made(rrule="freq=weekly;byday=mo,th", due=DUE)

    assert (series.rule.text, series.text) == ("FREQ=WEEKLY;BYDAY=MO,TH", "every week on Monday and Thursday")


def test_text_is_kept_as_it_was_sent() -> None:
    series = made(text="Every other  Monday", due=DUE)

    assert (series.rule.text, series.text) == ("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO", "Every other  Monday")


def test_defaults_are_those_of_a_calendar() -> None:
    series = made(rrule="FREQ=DAILY")

    assert series.stored == {
        "rrule": "FREQ=DAILY",
        "text": "every day",
        "anchor": "schedule",
        "catch_up": "next_future",
        "start": {"date": "2027-03-10", "time": None, "timezone": None},
        "exdates": [],
        "paused": False,
        "reset_subtasks": False,
    }


@pytest.mark.parametrize(
    "series",
    [
        made(rrule="FREQ=DAILY", due=BERLIN, exdates=["2027-03-12"], paused=True, reset_subtasks=True),
        made(text="every! 3 days", due=DUE, catch_up="each"),
        made(rrule="FREQ=DAILY", due=WallTime(date(2027, 3, 10), time(9, 0, 30))),
    ],
)
def test_stored_series_reads_back(series: Series) -> None:
    assert Series.from_stored(series.stored) == series


@pytest.mark.parametrize(
    ("sent", "due", "start"),
    [
        ({"rrule": "FREQ=DAILY"}, None, "2027-03-10"),
        ({"rrule": "FREQ=DAILY"}, "2027-03-31", "2027-03-31"),
        ({"rrule": "FREQ=DAILY"}, "2027-03-31T09:00", "2027-03-31T09:00"),
        ({"rrule": "FREQ=DAILY", "start": WallTime(date(2027, 1, 1))}, "2027-03-31", "2027-01-01"),
        ({"text": "every day at 8"}, "2027-03-31", "2027-03-31T08:00"),
        ({"text": "every day at 8"}, "2027-03-31T09:00:00Z", "2027-03-31T08:00:00Z"),
        ({"text": "every day starting 1 may"}, "2027-03-31T09:00", "2027-05-01T09:00"),
        ({"text": "every day at 8", "start": WallTime(date(2027, 1, 1))}, None, "2027-01-01"),
    ],
)
def test_series_begins_as_said_else_at_the_due_date_else_today(sent: dict[str, Any], due: str | None, start: str) -> None:
    series = made(due=None if due is None else parse_wall_time(due), **sent)

    assert series.start == parse_wall_time(start)


@pytest.mark.parametrize(
    ("sent", "rrule"),
    [
        ({"text": "every month"}, "FREQ=MONTHLY;BYMONTHDAY=28,29,30,31;BYSETPOS=-1"),
        ({"text": "every month", "start": WallTime(date(2027, 1, 5))}, "FREQ=MONTHLY"),
        ({"text": "every month", "anchor": "completion"}, "FREQ=MONTHLY"),
        ({"text": "monthly", "anchor": "completion"}, "FREQ=MONTHLY"),
        ({"rrule": "FREQ=MONTHLY;BYMONTHDAY=31"}, "FREQ=MONTHLY;BYMONTHDAY=31"),
    ],
)
def test_only_text_on_schedule_is_clamped(sent: dict[str, Any], rrule: str) -> None:
    assert made(due=DUE, **sent).rule.text == rrule


@pytest.mark.parametrize(
    ("sent", "anchor", "text"),
    [
        ({"text": "every! 3 days"}, "completion", "every! 3 days"),
        ({"text": "every 3 days"}, "schedule", "every 3 days"),
        ({"text": "Every 3 days", "anchor": "completion"}, "completion", "Every! 3 days"),
        ({"text": "every! 3 days", "anchor": "schedule"}, "schedule", "every 3 days"),
        ({"text": "daily", "anchor": "completion"}, "completion", "every! day"),
        ({"rrule": "FREQ=DAILY;INTERVAL=3", "anchor": "completion"}, "completion", "every! 3 days"),
    ],
)
def test_anchor_and_text_agree(sent: dict[str, Any], anchor: str, text: str) -> None:
    series = made(**sent)

    assert (series.anchor, series.text) == (anchor, text)


@pytest.mark.parametrize("text", ["every 2 days", "every! 2 days", "every day"])
def test_text_beside_another_rule_is_refused(text: str) -> None:
    with pytest.raises(ContradictionError):
        made(rrule="FREQ=DAILY;INTERVAL=3", text=text)


@pytest.mark.parametrize(
    ("rrule", "text"),
    [
        ("FREQ=DAILY;INTERVAL=3", "every 3 days"),
        ("FREQ=DAILY;INTERVAL=3", "every third day"),
        ("FREQ=DAILY;BYMONTH=1", "every day in January"),  # as we say it ourselves
        ("FREQ=MONTHLY;BYMONTHDAY=28,29,30,31;BYSETPOS=-1", "every month"),
    ],
)
def test_text_beside_its_rule_is_taken(rrule: str, text: str) -> None:
    series = made(rrule=rrule, text=text, due=DUE)

    assert (series.rule.text, series.text) == (rrule, text)


@pytest.mark.parametrize("text", ["every month", "every! week for 3 times", "every day until 1 april", "every day for a week"])
def test_copy_of_what_is_stored_is_the_same_later_too(text: str) -> None:
    series = made(text=text, due=DUE)
    sent = series.stored | {"start": DUE}

    copy = compile_series(sent, kept=None, due=APRIL, current=None, now_local=datetime(2028, 1, 1), week_start=0)  # noqa: DTZ001  # as NOW

    assert copy == series


def test_nothing_said_is_no_series() -> None:
    with pytest.raises(LookupError):
        made(paused=True)


def test_text_that_is_no_recurrence_is_refused_where_it_stops_being_one() -> None:
    with pytest.raises(RecurrenceTextError) as refused:
        made(text="every blue moon")

    assert refused.value.position == 6


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ({"rrule": "FREQ=DAILY;UNTIL=20270309"}, "rrule_never_occurs"),
        ({"rrule": "FREQ=HOURLY"}, "rrule_needs_time"),
        ({"rrule": "FREQ=DAILY;COUNT=1", "exdates": ["2027-03-10"]}, "exdates_hide_all"),
    ],
)
def test_series_without_an_occurrence_is_refused(sent: dict[str, Any], code: str) -> None:
    with pytest.raises(RecurrenceError) as refused:
        made(**sent)

    assert refused.value.code == code


# --- merged into what there is


KEPT = made(
    text="every month",
    due=DUE,
    anchor="schedule",
    catch_up="each",
    exdates=["2027-05-31"],
    paused=True,
    reset_subtasks=True,
)


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"text": "every month"},
        {"rrule": "FREQ=MONTHLY;BYMONTHDAY=28,29,30,31;BYSETPOS=-1"},
        {"rrule": "freq=monthly;bysetpos=-1;bymonthday=31,30,29,28", "text": "every month"},
        {"anchor": "schedule", "exdates": ["2027-05-31", "2027-05-31"]},
    ],
)
def test_same_rule_again_changes_nothing(sent: dict[str, Any]) -> None:
    assert made(KEPT, due=WallTime(date(2027, 5, 2)), current=APRIL, **sent) == KEPT


def test_same_text_from_completion_again_changes_nothing() -> None:
    kept = made(text="every 3 days for 5 times", anchor="completion", due=DUE)

    again = made(kept, current=APRIL, text="every 3 days for 5 times", anchor="completion")

    assert again == kept


@pytest.mark.parametrize(
    ("name", "value"),
    [("catch_up", "next_future"), ("exdates", ()), ("paused", False), ("reset_subtasks", False)],
)
def test_null_gives_a_member_its_default(name: str, value: Any) -> None:
    series = made(KEPT, current=APRIL, **{name: None})

    assert getattr(series, name) == value
    assert (series.rule, series.start) == (KEPT.rule, KEPT.start)


def test_null_start_begins_anew_at_the_current_occurrence() -> None:
    assert made(KEPT, current=APRIL, start=None).start == APRIL


def test_null_anchor_is_the_schedule() -> None:
    kept = made(text="every! 3 days")

    series = made(kept, anchor=None)

    assert (series.anchor, series.text) == ("schedule", "every 3 days")


def test_new_rule_begins_at_the_current_occurrence_and_keeps_the_rest() -> None:
    series = made(KEPT, due=WallTime(date(2027, 5, 2)), current=APRIL, rrule="FREQ=WEEKLY")

    assert series == Series(
        rule=series.rule,
        text="every week",
        start=APRIL,
        anchor="schedule",
        catch_up="each",
        exdates=("2027-05-31",),
        paused=True,
        reset_subtasks=True,
    )


def test_new_rule_keeps_the_anchor_and_new_text_says_its_own() -> None:
    kept = made(text="every! 3 days")

    by_rule, by_text = made(kept, rrule="FREQ=DAILY;INTERVAL=2"), made(kept, text="every 2 days")

    assert (by_rule.anchor, by_text.anchor) == ("completion", "schedule")


def test_new_text_is_clamped_to_the_current_occurrence_and_not_to_where_it_was_moved() -> None:
    kept = made(text="every week", due=DUE)

    series = made(kept, due=WallTime(date(2027, 4, 2)), current=DUE, text="every month")

    assert ahead(series, 2) == ["2027-03-31", "2027-04-30"]


# --- steps


def test_step_is_read_off_the_clock_of_the_series() -> None:
    series = made(rrule="FREQ=DAILY", due=BERLIN)
    late = datetime(2027, 3, 11, 8, 30, tzinfo=UTC)  # 09:30 in Berlin: the 11th has gone by

    assert followed_by(series, "2027-03-10T09:00:00", late) == "2027-03-12T09:00:00"


@pytest.mark.parametrize(("viewer", "following"), [("UTC", "2027-03-12"), ("America/New_York", "2027-03-11")])
def test_floating_step_is_read_off_the_clock_of_the_viewer(viewer: str, following: str) -> None:
    series = made(rrule="FREQ=DAILY")
    done = datetime(2027, 3, 11, 2, 0, tzinfo=UTC)  # still the 10th in New York

    assert followed_by(series, "2027-03-10", done, viewer) == following


def test_series_follows_the_viewer_or_its_own_zone() -> None:
    zones = [made(rrule="FREQ=DAILY", due=due).zone(ZoneInfo("Asia/Tokyo")).key for due in (DUE, BERLIN)]

    assert zones == ["Asia/Tokyo", "Europe/Berlin"]


def test_counted_series_from_completion_ends_with_its_last_record() -> None:
    series = made(text="every! 3 days for 2 times")
    done = datetime(2027, 3, 10, 9, 0, tzinfo=UTC)

    assert followed_by(series, "2027-03-10", done, recorded=1) == "2027-03-13"
    assert followed_by(series, "2027-03-13", done, recorded=2) is None


def test_exception_is_stepped_over() -> None:
    series = made(rrule="FREQ=DAILY", exdates=["2027-03-11"])
    done = datetime(2027, 3, 10, 9, 0, tzinfo=UTC)

    assert followed_by(series, "2027-03-10", done) == "2027-03-12"


# --- previews


def test_preview_on_schedule_says_what_the_rule_names() -> None:
    assert ahead(made(rrule="FREQ=DAILY;INTERVAL=3"), 3, current="2027-03-15") == ["2027-03-10", "2027-03-13", "2027-03-16"]


def test_preview_from_completion_counts_from_the_current_occurrence() -> None:
    series = made(text="every! 3 days")

    assert ahead(series, 3, current="2027-03-15") == ["2027-03-15", "2027-03-18", "2027-03-21"]


def test_preview_from_completion_ends_with_the_count() -> None:
    series = made(text="every! 3 days for 4 times")

    assert ahead(series, 9, current="2027-03-15", recorded=2) == ["2027-03-15", "2027-03-18"]


def test_preview_from_completion_keeps_within_its_days() -> None:
    series = made(text="every! day at 9")
    since, until = date(2027, 3, 12), date(2027, 3, 13)

    found = series.preview(since, until, 9, current=occurrence_from("2027-03-10T09:00:00"), recorded=0)

    assert [key_of(occurrence) for occurrence in found] == ["2027-03-12T09:00:00", "2027-03-13T09:00:00"]


def test_preview_from_completion_far_ahead_is_empty() -> None:
    series = made(text="every! day")
    since = date(2099, 1, 1)

    assert series.preview(since, since, 9, current=date(2027, 3, 10), recorded=0) == []


# --- keys


@pytest.mark.parametrize("key", ["2027-03-10", "2027-03-10T09:00:00", "2027-03-10T09:00:30"])
def test_key_names_its_occurrence(key: str) -> None:
    assert key_of(occurrence_from(key)) == key


@pytest.mark.parametrize(
    ("moment", "key"),
    [
        (WallTime(date(2027, 3, 10)), "2027-03-10"),
        (WallTime(date(2027, 3, 10), time(9)), "2027-03-10T09:00:00"),
        (BERLIN, "2027-03-10T09:00:00"),
    ],
)
def test_key_of_a_due_date_has_no_zone(moment: WallTime, key: str) -> None:
    assert key_of_moment(moment) == key


@pytest.mark.parametrize(
    ("start", "key", "due"),
    [
        (BERLIN, "2027-03-28T09:00:00", WallTime(date(2027, 3, 28), time(9), "Europe/Berlin")),
        (DUE, "2027-04-30", WallTime(date(2027, 4, 30))),
    ],
)
def test_occurrence_is_due_in_the_zone_of_its_series(start: WallTime, key: str, due: WallTime) -> None:
    series = made(rrule="FREQ=DAILY", due=start)

    assert series.place(occurrence_from(key)) == due
