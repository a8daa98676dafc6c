import pytest

from todo_api.domain.recurrence_grammar import parse_rrule
from todo_api.domain.recurrence_text import describe


@pytest.mark.parametrize(
    ("rrule", "english"),
    [
        ("FREQ=DAILY", "every day"),
        ("FREQ=DAILY;INTERVAL=3", "every 3 days"),
        ("FREQ=DAILY;BYMONTH=1;BYDAY=MO,WE", "every day, only on Monday and Wednesday in January"),
        ("FREQ=DAILY;INTERVAL=2;BYMONTHDAY=13;BYDAY=FR", "every 2 days, only on the 13th, only on Friday"),
        ("FREQ=WEEKLY", "every week"),
        ("FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", "every weekday"),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TU,WE,TH,FR", "every 2 weeks on Monday, Tuesday, Wednesday, Thursday and Friday"),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH;WKST=SU", "every 2 weeks on Monday and Thursday, with weeks from Sunday"),
        ("FREQ=WEEKLY;BYDAY=MO,FR;BYSETPOS=-1", "every week on the last Monday or Friday"),
        ("FREQ=MONTHLY", "every month"),
        ("FREQ=MONTHLY;BYMONTHDAY=1,22,-1", "every month on the 1st, the 22nd and the last day"),
        ("FREQ=MONTHLY;BYMONTHDAY=-2", "every month on the 2nd to last day"),
        ("FREQ=MONTHLY;BYMONTHDAY=31", "every month on the 31st"),
        ("FREQ=MONTHLY;BYMONTHDAY=28,29,30,31;BYSETPOS=-1", "every month on the 31st or the last day"),
        ("FREQ=MONTHLY;BYMONTHDAY=15,30;BYSETPOS=-1", "every month on the 15th and the 30th, only the last of these"),
        ("FREQ=MONTHLY;BYDAY=-1FR", "every month on the last Friday"),
        ("FREQ=MONTHLY;BYDAY=1MO,3MO", "every month on the 1st Monday and the 3rd Monday"),
        ("FREQ=MONTHLY;BYDAY=FR", "every month on every Friday"),
        ("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", "every month on the last weekday"),
        ("FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13", "every month on the 13th, only on Friday"),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", "every year on 29 February"),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=28,29;BYSETPOS=-1", "every year on 29 February or the 28th"),
        ("FREQ=YEARLY;BYMONTH=11;BYDAY=4TH", "every year on the 4th Thursday in November"),
        ("FREQ=YEARLY;BYMONTH=1,7;BYMONTHDAY=1", "every year on the 1st in January and July"),
        ("FREQ=YEARLY;BYMONTH=1;BYDAY=MO,TU,WE,TH,FR,SA,SU", "every year on every day in January"),
        ("FREQ=YEARLY;BYYEARDAY=100,-1", "every year on the 100th day and the last day of the year"),
        ("FREQ=YEARLY;BYWEEKNO=20,-1;BYDAY=MO", "every year on Monday in the 20th week and the last week"),
        ("FREQ=HOURLY;INTERVAL=4", "every 4 hours"),
        ("FREQ=HOURLY;BYHOUR=9,10;BYMINUTE=30", "every hour in the hours 9 and 10 at minute 30"),
        ("FREQ=DAILY;BYHOUR=9,17;BYMINUTE=5", "every day at 09:05 and 17:05"),
        ("FREQ=DAILY;COUNT=1", "every day, once"),
        ("FREQ=DAILY;COUNT=10", "every day, 10 times"),
        ("FREQ=DAILY;UNTIL=20271231", "every day until 31 December 2027"),
        ("FREQ=DAILY;UNTIL=20271231T090000", "every day until 31 December 2027 09:00"),
        ("FREQ=DAILY;UNTIL=20271231T090030Z", "every day until 31 December 2027 09:00:30 UTC"),
    ],
)
def test_rule_is_said_in_english(rrule: str, english: str) -> None:
    assert describe(parse_rrule(rrule)) == english
