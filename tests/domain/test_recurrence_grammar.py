import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from todo_api.domain.recurrence_grammar import MAX_LENGTH, parse_rrule
from todo_api.domain.recurrence_rules import Day, RecurrenceError, Rule


def test_every_part_is_read() -> None:
    text = (
        "FREQ=YEARLY;INTERVAL=2;COUNT=5;BYMONTH=1,12;BYYEARDAY=1,-1;BYMONTHDAY=1,-1;BYDAY=MO,2TU,-1FR;BYHOUR=9;BYMINUTE=30;"
        "BYSETPOS=1,-1;WKST=SU"
    )

    assert parse_rrule(text) == Rule(
        "YEARLY",
        2,
        count=5,
        by_month=(1, 12),
        by_year_day=(1, -1),
        by_month_day=(1, -1),
        by_day=(Day(0), Day(1, 2), Day(4, -1)),
        by_hour=(9,),
        by_minute=(30,),
        by_set_position=(1, -1),
        week_start=6,
    )
    assert parse_rrule(text).text == text


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("rrule:freq=weekly;byday=mo,th", "FREQ=WEEKLY;BYDAY=MO,TH"),
        (" RRULE:FREQ=DAILY\r\n", "FREQ=DAILY"),
        ("BYDAY=SU,MO,SU;INTERVAL=2;WKST=MO;FREQ=WEEKLY", "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,SU"),
        ("FREQ=MONTHLY;BYDAY=-1FR,+1FR,FR", "FREQ=MONTHLY;BYDAY=FR,1FR,-1FR"),
        ("FREQ=MONTHLY;BYMONTHDAY=-1,31,+02", "FREQ=MONTHLY;BYMONTHDAY=2,31,-1"),
        ("FREQ=DAILY;INTERVAL=1;BYHOUR=9;BYMINUTE=0;BYSECOND=0", "FREQ=DAILY;BYHOUR=9;BYMINUTE=0"),
    ],
)
def test_text_is_made_canonical(text: str, canonical: str) -> None:
    assert parse_rrule(text).text == canonical


@pytest.mark.parametrize(
    ("text", "until"),
    [
        ("20271231", dt.date(2027, 12, 31)),
        ("20271231T090000", dt.datetime.combine(dt.date(2027, 12, 31), dt.time(9))),
        ("20271231T090000Z", dt.datetime.combine(dt.date(2027, 12, 31), dt.time(9), dt.UTC)),
    ],
)
def test_until_is_a_date_a_wall_clock_or_an_instant(text: str, until: dt.date) -> None:
    rule = parse_rrule(f"FREQ=DAILY;UNTIL={text}")

    assert rule == Rule("DAILY", until=until)
    assert rule.text == f"FREQ=DAILY;UNTIL={text}"


@pytest.mark.parametrize(
    ("text", "code", "position"),
    [
        ("", "rrule_syntax", 0),
        ("every day", "rrule_syntax", 0),
        ("FREQ=DAILY;", "rrule_syntax", 11),
        ("FREQ=DAILY;INTERVAL", "rrule_syntax", 11),
        ("FREQ=DAILY;COUNT=", "rrule_syntax", 11),
        ("FREQ=DAILY;COUNT=2;COUNT=3", "rrule_syntax", 19),
        ("RRULE:INTERVAL=2", "rrule_syntax", 0),
        ("FREQ=DAILY;COUNT=١", "rrule_syntax", 17),  # noqa: RUF001  # an Arabic digit
        ("FREQ=DAILY;\N{LATIN SMALL LETTER DOTLESS I}NTERVAL=2", "rrule_syntax", 11),
        ("FREQ=DAILY;BYEASTER=0", "rrule_unsupported", 11),
        ("RRULE:FREQ=SECONDLY", "rrule_unsupported", 6),
        ("FREQ=MINUTELY;INTERVAL=15", "rrule_unsupported", 0),
        ("DTSTART:20270101\nRRULE:FREQ=DAILY", "rrule_unsupported", 0),
        ("FREQ=DAYLY", "rrule_value", 0),
        ("FREQ=DAILY;INTERVAL=0", "rrule_value", 11),
        ("FREQ=DAILY;INTERVAL=1001", "rrule_value", 11),
        ("FREQ=DAILY;INTERVAL=-1", "rrule_value", 11),
        ("FREQ=DAILY;COUNT=2001", "rrule_value", 11),
        ("FREQ=DAILY;COUNT=1_0", "rrule_value", 11),
        ("FREQ=DAILY;UNTIL=20270230", "rrule_value", 11),
        ("FREQ=DAILY;UNTIL=2027-12-31", "rrule_value", 11),
        ("FREQ=DAILY;UNTIL=18991231", "rrule_value", 11),
        ("FREQ=DAILY;UNTIL=20271231T240000", "rrule_value", 11),
        ("FREQ=DAILY;BYMONTH=13", "rrule_value", 11),
        ("FREQ=DAILY;BYMONTH=1,,2", "rrule_value", 11),
        ("FREQ=DAILY;BYMONTH=-1", "rrule_value", 11),
        ("FREQ=MONTHLY;BYMONTHDAY=0", "rrule_value", 13),
        ("FREQ=MONTHLY;BYMONTHDAY=32", "rrule_value", 13),
        ("FREQ=MONTHLY;BYDAY=0MO", "rrule_value", 13),
        ("FREQ=YEARLY;BYDAY=54MO", "rrule_value", 12),
        ("FREQ=WEEKLY;BYDAY=MONDAY", "rrule_value", 12),
        ("FREQ=WEEKLY;WKST=1", "rrule_value", 12),
        ("FREQ=DAILY;BYHOUR=24", "rrule_value", 11),
        ("FREQ=DAILY;BYMINUTE=60", "rrule_value", 11),
        ("FREQ=DAILY;BYSECOND=30", "rrule_value", 11),
        ("FREQ=DAILY;COUNT=2;UNTIL=20270101", "rrule_combination", 19),
        ("FREQ=MONTHLY;BYSETPOS=1", "rrule_combination", 13),
        ("FREQ=MONTHLY;BYWEEKNO=1", "rrule_combination", 13),
        ("FREQ=DAILY;BYYEARDAY=1", "rrule_combination", 11),
        ("FREQ=WEEKLY;BYMONTHDAY=1", "rrule_combination", 12),
        ("FREQ=WEEKLY;BYDAY=1MO", "rrule_combination", 12),
        ("FREQ=YEARLY;BYWEEKNO=1;BYDAY=1MO", "rrule_combination", 23),
        ("FREQ=MONTHLY;BYDAY=6MO", "rrule_combination", 13),
        ("FREQ=YEARLY;BYMONTH=1;BYDAY=-6MO", "rrule_combination", 22),
        ("FREQ=HOURLY;BYMINUTE=0,10,20,30,40", "rrule_combination", 12),
        ("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", "rrule_never_occurs", None),
        ("FREQ=DAILY;COUNT=1" + " " * MAX_LENGTH, "rrule_too_long", MAX_LENGTH),
    ],
)
def test_wrong_text_is_refused_where_it_is_wrong(text: str, code: str, position: int | None) -> None:
    with pytest.raises(RecurrenceError) as refused:
        parse_rrule(text)

    assert (refused.value.code, refused.value.position) == (code, position)
    assert refused.value.message
    assert refused.value.hint


PIECES = ["FREQ", "DAILY", "=", ";", ",", "-", "+", "1", "31", "BYDAY", "MO", "UNTIL", "T", "Z", "RRULE:"]


@given(st.text(max_size=60) | st.lists(st.sampled_from(PIECES)).map("".join))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        rule = parse_rrule(text)
    except RecurrenceError as error:
        assert error.position is None or 0 <= error.position <= len(text)  # noqa: PT017  # both outcomes are right
    else:
        assert parse_rrule(rule.text) == rule
