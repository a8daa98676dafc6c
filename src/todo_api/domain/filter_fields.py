"""What can be asked: every field, its operators and its exact meaning, in one table that the documentation is written from."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from todo_api.domain.filter_tree import Anchor, Field, Unit

STATUSES: Final = ("open", "in_progress", "completed", "cancelled")
PRIORITIES: Final = ("none", "low", "medium", "high", "urgent")  # lowest first


class Kind(StrEnum):
    """What a field holds, and so how its values are written and compared.

    text: case and accents do not count (`domain.text.search_key`). `:` finds the words as they stand, anywhere, even inside
        another word; `=` compares the whole text. A value in which nothing can be seen is an error.
    name: a name, compared as a whole without case and accents, or an id: what has the shape of a UUID is always an id. A name
        nobody has is no error; it matches nothing.
    user: as a name; the bare word `me` is the user who asks.
    choice: one of a few words.
    time: a date or a date-time, as `due` in the table says. `:` is `=`.
    flag: stands alone, or with `true` or `false`.

    In name, user and time fields that can be missing, the bare words `none` and `null` say `is null`; in quotes they are names.
    """

    TEXT = "text"
    NAME = "name"
    USER = "user"
    CHOICE = "choice"
    TIME = "time"
    FLAG = "flag"


@dataclass(frozen=True, slots=True)
class FieldRule:
    """`operators` as they are written; `in` also allows `not in`, and `is null` also `is not null`."""

    kind: Kind
    operators: tuple[str, ...]
    meaning: str
    words: tuple[str, ...] = ()
    stands_alone: bool = False

    @property
    def nullable(self) -> bool:
        """Whether a todo can be without it."""
        return "is null" in self.operators


_SAME: Final = ("=", "!=", ":", "in")
_NULL: Final = ("is null",)
_ORDER: Final = ("<", "<=", ">", ">=")
_TIME: Final = (*_ORDER, *_SAME)

HAS: Final[Mapping[str, str]] = {
    "due": "a due date; the same as `due is not null`",
    "start": "a start date; the same as `start is not null`",
    "deadline": "a deadline; the same as `deadline is not null`",
    "duration": "a duration",
    "notes": "notes that are not empty; the same as `notes is not null`",
    "labels": "at least one label; the same as `label is not null`",
    "assignee": "at least one assignee; the same as `assignee is not null`",
    "parent": "a parent; the same as `parent is not null`",
    "subtasks": "at least one subtask, open or not, that is not in the trash",
    "comments": "at least one comment",
    "reminders": "at least one reminder",
    "recurrence": "a recurrence, paused or not; the same as `recurring`",
}

_DUE: Final = (
    "When it is due. A date (`2027-03-14`, `today+7d`, `eom`) is compared by calendar day: the date of an all-day or floating due"
    " as it is, and for a zoned due the day in the viewer's zone on which its instant falls. `= D` is that day, `< D` before its"
    " midnight, `> D` after its end. A date-time (`2027-03-14T09:00`, `…Z`, `…+01:00`, `now+2h`) is compared by instant: a"
    " floating due counts as its wall time in the viewer's zone (the offset from before a gap, the first of two), a zoned due as"
    " its instant, an all-day due as the last microsecond of its day. A day lasts from its first midnight to the next day's."
)

FIELDS: Final[Mapping[Field, FieldRule]] = {
    Field.TITLE: FieldRule(Kind.TEXT, _SAME, "The title. Never missing."),
    Field.NOTES: FieldRule(Kind.TEXT, _SAME + _NULL, "The notes as stored (Markdown). Empty notes are missing."),
    Field.TEXT: FieldRule(Kind.TEXT, (":",), "The title or the notes; the words must stand together in one of them."),
    Field.LIST: FieldRule(Kind.NAME, _SAME, "The list it is in. Never missing."),
    Field.SECTION: FieldRule(Kind.NAME, _SAME + _NULL, "The section it is in."),
    Field.LABEL: FieldRule(Kind.NAME, _SAME + _NULL, "True when any of its labels is the one named; missing when it has none."),
    Field.ASSIGNEE: FieldRule(Kind.USER, _SAME + _NULL, "True when any assignee is the one named; missing when it has none."),
    Field.CREATOR: FieldRule(Kind.USER, _SAME + _NULL, "Who created it; missing when that account is gone."),
    Field.STATUS: FieldRule(Kind.CHOICE, _SAME, "The status. Never missing, not ordered.", STATUSES),
    Field.PRIORITY: FieldRule(
        Kind.CHOICE,
        _SAME + _ORDER,
        "The priority, none < low < medium < high < urgent. `none` is a value like the others: `priority < high` finds it.",
        PRIORITIES,
    ),
    Field.DUE: FieldRule(Kind.TIME, _TIME + _NULL, _DUE),
    Field.START: FieldRule(
        Kind.TIME, _TIME + _NULL, "When it starts; as `due`, but an all-day start counts as the first instant of its day."
    ),
    Field.DEADLINE: FieldRule(Kind.TIME, _TIME + _NULL, "The deadline, a date without a time; as an all-day `due`."),
    Field.COMPLETED: FieldRule(
        Kind.TIME,
        _TIME + _NULL,
        "When it was completed, an instant; as a zoned `due`. Alone, or with `true` or `false`: whether the status is completed.",
        stands_alone=True,
    ),
    Field.CREATED: FieldRule(Kind.TIME, _TIME, "When it was created, an instant; as a zoned `due`. Never missing."),
    Field.UPDATED: FieldRule(Kind.TIME, _TIME, "When it last changed, an instant; as a zoned `due`. Never missing."),
    Field.PARENT: FieldRule(Kind.NAME, _SAME + _NULL, "The todo it is a subtask of: its id or its whole title."),
    Field.BLOCKED: FieldRule(
        Kind.FLAG,
        ("=", "!=", ":"),
        "At least one todo that blocks it is open or in progress, and not in the trash.",
        stands_alone=True,
    ),
    Field.RECURRING: FieldRule(Kind.FLAG, ("=", "!=", ":"), "It has a recurrence, paused or not.", stands_alone=True),
    Field.OVERDUE: FieldRule(
        Kind.FLAG,
        ("=", "!=", ":"),
        "It is open or in progress, and the viewer's day of an all-day due has ended, or the instant of another due is reached.",
        stands_alone=True,
    ),
    Field.HAS: FieldRule(Kind.CHOICE, _SAME, "Whether it has the thing named.", tuple(HAS)),
}

_WEEKDAY: Final = "the first such day after today, never today"
ANCHORS: Final[Mapping[Anchor, str]] = {
    Anchor.NOW: "this instant",
    Anchor.TODAY: "the day it is in the viewer's zone; `+3d` alone is `today+3d`, `-2h` alone is `now-2h`",
    Anchor.TOMORROW: "the day after today",
    Anchor.YESTERDAY: "the day before today",
    Anchor.MONDAY: _WEEKDAY,
    Anchor.TUESDAY: _WEEKDAY,
    Anchor.WEDNESDAY: _WEEKDAY,
    Anchor.THURSDAY: _WEEKDAY,
    Anchor.FRIDAY: _WEEKDAY,
    Anchor.SATURDAY: _WEEKDAY,
    Anchor.SUNDAY: _WEEKDAY,
    Anchor.START_OF_WEEK: "the first day of this week, by the viewer's week start",
    Anchor.END_OF_WEEK: "the last day of this week, by the viewer's week start",
    Anchor.START_OF_MONTH: "the first day of this month",
    Anchor.END_OF_MONTH: "the last day of this month",
    Anchor.START_OF_YEAR: "1 January of this year",
    Anchor.END_OF_YEAR: "31 December of this year",
}

SHIFT_LIMITS: Final[Mapping[Unit, int]] = {  # a hundred years: every date stays in the calendar
    Unit.MINUTE: 52_560_000,
    Unit.HOUR: 876_000,
    Unit.DAY: 36_500,
    Unit.WEEK: 5_200,
    Unit.MONTH: 1_200,
    Unit.YEAR: 100,
}
