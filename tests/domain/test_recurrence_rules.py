import pytest

from todo_api.domain.recurrence_rules import monthly_clamped, yearly_clamped


@pytest.mark.parametrize(
    ("day", "text"),
    [
        (1, "FREQ=MONTHLY;BYMONTHDAY=1"),
        (28, "FREQ=MONTHLY;BYMONTHDAY=28"),
        (29, "FREQ=MONTHLY;BYMONTHDAY=28,29;BYSETPOS=-1"),
        (30, "FREQ=MONTHLY;BYMONTHDAY=28,29,30;BYSETPOS=-1"),
        (31, "FREQ=MONTHLY;BYMONTHDAY=28,29,30,31;BYSETPOS=-1"),
    ],
)
def test_monthly_rule_clamps_days_a_month_may_lack(day: int, text: str) -> None:
    assert monthly_clamped(day).text == text


def test_monthly_rule_takes_an_interval() -> None:
    assert monthly_clamped(31, interval=3).text == "FREQ=MONTHLY;INTERVAL=3;BYMONTHDAY=28,29,30,31;BYSETPOS=-1"


@pytest.mark.parametrize(
    ("month", "day", "text"),
    [
        (2, 28, "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=28"),
        (2, 29, "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=28,29;BYSETPOS=-1"),
        (12, 31, "FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=31"),
    ],
)
def test_yearly_rule_clamps_the_leap_day(month: int, day: int, text: str) -> None:
    assert yearly_clamped(month, day).text == text


@pytest.mark.parametrize("day", [0, 32, -1])
def test_day_no_month_has_is_refused(day: int) -> None:
    with pytest.raises(ValueError, match="day"):
        monthly_clamped(day)


@pytest.mark.parametrize(("month", "day"), [(2, 30), (13, 1), (4, 31), (0, 1)])
def test_date_no_year_has_is_refused(month: int, day: int) -> None:
    with pytest.raises(ValueError, match=r"day|month"):
        yearly_clamped(month, day)
