"""Lines of quick add as the messages that make todos; whatever a line says, one comes of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from pydantic import ValidationError

from todo_api.domain import recurrence
from todo_api.domain.dates import WallTime, WallTimeError
from todo_api.domain.english_recurrence import Recurrence
from todo_api.domain.quick_add import Parsed
from todo_api.domain.recurrence_grammar import parse_rrule
from todo_api.domain.recurrence_rules import RecurrenceError, Rule
from todo_api.domain.text import is_blank
from todo_api.schemas.todo_parts import LocalMoment, RecurrenceInput
from todo_api.schemas.todos import Priority, TodoCreate

_LONGEST_TITLE: Final = 1000
_CUT: Final = "\N{HORIZONTAL ELLIPSIS}"


@dataclass(frozen=True, slots=True)
class Reading:
    """When and where a text is read: the wall clock there, and the zone of its times unless they follow the reader."""

    now: datetime
    timezone: str | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """What the names of a line stand for."""

    list_id: str | None = None
    section_id: str | None = None
    assignee_ids: Sequence[str] = ()


def message(line: Parsed, said: str, reading: Reading, found: Found) -> tuple[TodoCreate, bool]:
    """The todo of a line, and whether it is what was understood.

    What cannot be kept, like more labels than a todo carries, is not: then the title is all that was ``said``.
    """
    try:
        return TodoCreate(**_fields(line, reading, found)), True
    except (ValidationError, RecurrenceError, WallTimeError):
        return TodoCreate(**_text(said.strip(), None), list_id=found.list_id), False


def _fields(line: Parsed, reading: Reading, found: Found) -> dict[str, Any]:
    due = _in_zone(line.due, reading.timezone)
    fields = _text(line.title, line.notes) | {
        "list_id": found.list_id,
        "section_id": found.section_id,
        "assignee_ids": list(found.assignee_ids),
        "priority": Priority.NONE if line.priority is None else Priority(line.priority),
        "deadline": line.deadline,
        "duration_minutes": line.duration_minutes,
        "labels": list(line.labels),
    }
    if line.recurrence is not None:
        rule = parse_rrule(line.recurrence.rrule)
        start = _start(line.recurrence, rule, due, reading)
        fields["recurrence"] = RecurrenceInput(rrule=rule.text, anchor=line.recurrence.anchor, start=_moment(start))
        due = due or _first(rule, start, reading.now)
    return fields | {"due": None if due is None else _moment(due)}


def _text(title: str, notes: str | None) -> dict[str, Any]:
    """Title and notes. Of a title too long the beginning is kept, and all of it above the notes."""
    if len(title) <= _LONGEST_TITLE:
        return {"title": title, "notes": notes or ""}
    whole = title if notes is None else f"{title}\n\n{notes}"
    visible = next(place for place, character in enumerate(title) if not is_blank(character))
    begin = visible if is_blank(title[: _LONGEST_TITLE - 1]) else 0
    return {"title": title[begin : begin + _LONGEST_TITLE - 1] + _CUT, "notes": whole}


def _start(said: Recurrence, rule: Rule, due: WallTime | None, reading: Reading) -> WallTime:
    """Where the series begins: on the day said, else at the due date, else today; what comes every hour, now."""
    day = said.start or (reading.now.date() if due is None else due.date)
    clock = said.time or (None if due is None else due.time)
    if clock is None and rule.frequency == "HOURLY":
        clock = reading.now.time().replace(second=0, microsecond=0)
    return _in_zone(WallTime(day, clock), reading.timezone) or WallTime(day)


def _first(rule: Rule, start: WallTime, now: datetime) -> WallTime | None:
    """The first due date: today, too, but not at a time that has passed."""
    recurrence.require_fit(rule, start)
    first = recurrence.first_occurrence(rule, start)
    if isinstance(first, datetime) and first <= now:
        first = recurrence.next_occurrence(rule, start, now) or first
    return None if first is None else recurrence.as_wall_time(first, start)


def _in_zone(value: WallTime | None, timezone: str | None) -> WallTime | None:
    if value is None or value.time is None or timezone is None:
        return value
    return WallTime(value.date, value.time, timezone)


def _moment(value: WallTime) -> LocalMoment:
    return LocalMoment(date=value.date, time=value.time, timezone=value.timezone)
