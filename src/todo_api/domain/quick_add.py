"""Quick add: lines of text in, todos out; what is not understood stays in the title, so that nothing ever fails.

`Pay rent every 1st at 9am #Home @bills !high //from the joint account`. Tokens are in `quick_add_tokens`, what dates and
recurrences say in `english_dates` and `english_recurrence`, and where in a title they count in `english_anchors`.

- Of several dates the one behind `due` or `by` counts, or else a relative one (`tomorrow`, `in 3 days`), or else the last.
- A time apart from its date joins it: `Tomorrow call mum at 5pm`.
- An indented line is a subtask of the line above it, down to the fifth level, where deeper ones stay. Its list is its parent's:
  `#` and `/` are text there.
- Where nothing would remain for the title, the line is the title, and nothing in it was understood.
"""

import datetime as dt
import string
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from todo_api.domain.dates import WallTime
from todo_api.domain.english_calendar import Calendar
from todo_api.domain.english_recurrence import Recurrence
from todo_api.domain.quick_add_timing import read_timing
from todo_api.domain.quick_add_tokens import Kind, Knows, Place, Token, scan
from todo_api.domain.text import is_blank

MAX_DEPTH: Final = 5  # levels, the top one included

_TAB: Final = 4
_SEPARATORS: Final = frozenset(",;:")
_DASHES: Final = frozenset("-\N{EN DASH}\N{EM DASH}")
_SILENT: Final = string.punctuation + string.whitespace


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of the text that was understood, at code points ``span`` of the whole text, and what it was taken for.

    The value is a name, a priority, minutes, an ISO date with or without a time, a time, an RRULE or the notes.
    """

    span: tuple[int, int]
    kind: Kind
    text: str
    value: str | int


@dataclass(frozen=True, slots=True)
class Parsed:
    """A todo as the line at offset ``at`` says it. The first date of a recurrence is not worked out: ``due`` was said so."""

    title: str
    list_name: str | None = None
    section_name: str | None = None
    labels: tuple[str, ...] = ()
    priority: str | None = None
    assignees: tuple[str, ...] = ()
    deadline: dt.date | None = None
    duration_minutes: int | None = None
    notes: str | None = None
    due: WallTime | None = None
    recurrence: Recurrence | None = None
    parsed: tuple[Part, ...] = ()
    children: list["Parsed"] = field(default_factory=list)
    at: int = field(default=0, compare=False)


def parse(text: str, now: dt.datetime, *, week_start: int = 0, in_list: bool = False, knows: Knows | None = None) -> list[Parsed]:
    """Read todos, one a line, with their subtasks; white space alone is none.

    ``now`` is the wall clock where the user is, ``week_start`` the first day of their week (0 is Monday). ``in_list`` says that
    the todos go to a list that was chosen already, in which `/section` may be in small letters. Lists, sections and people that
    ``knows`` does not know are text; it is asked about each that a token could name, and otherwise all are known.
    """
    calendar = Calendar(now.replace(tzinfo=None), week_start)
    place = Place(calendar, in_list=in_list) if knows is None else Place(calendar, in_list=in_list, knows=knows)
    top: list[Parsed] = []
    above: list[tuple[int, Parsed]] = []
    for start, end in _lines(text):
        indent = _indent(text, start, end)
        while above and (above[-1][0] >= indent or len(above) >= MAX_DEPTH):
            above.pop()
        todo = _todo(text, start, end, replace(place, top=not above))
        (above[-1][1].children if above else top).append(todo)
        above.append((indent, todo))
    return top


def _lines(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    for line in text.split("\n"):
        if not is_blank(line):
            yield start, start + len(line.rstrip())
        start += len(line) + 1


def _indent(text: str, start: int, end: int) -> int:
    """Measure the white space in front of a line in columns."""
    columns = 0
    for character in text[start:end]:
        if not character.isspace():
            break
        columns += _TAB - columns % _TAB if character == "\t" else 1
    return columns


def _todo(text: str, start: int, end: int, place: Place) -> Parsed:
    scanned = scan(text, start, end, place)
    timing = read_timing(scanned.words, place.calendar)
    tokens = sorted([*scanned.tokens, *timing.tokens])
    title = _title(text, (start, end), tokens, {*scanned.escapes, *timing.escapes})
    if is_blank(title.strip(_SILENT)):
        return Parsed(text[start:end].strip(), at=start)
    values = {token.kind: token.value for token in tokens}
    deadline = _text(values, "deadline")
    minutes = values.get("duration")
    return Parsed(
        title=title,
        list_name=_text(values, "list"),
        section_name=_text(values, "section"),
        labels=_all(tokens, "label"),
        priority=_text(values, "priority"),
        assignees=_all(tokens, "assignee"),
        deadline=dt.date.fromisoformat(deadline) if deadline is not None else None,
        duration_minutes=minutes if isinstance(minutes, int) else None,
        notes=_text(values, "notes"),
        due=timing.due,
        recurrence=timing.recurrence,
        parsed=tuple(Part((token.start, token.end), token.kind, text[token.start : token.end], token.value) for token in tokens),
        at=start,
    )


def _text(values: dict[Kind, str | int], kind: Kind) -> str | None:
    value = values.get(kind)
    return value if isinstance(value, str) else None


def _all(tokens: Iterable[Token], kind: Kind) -> tuple[str, ...]:
    return tuple(dict.fromkeys(str(token.value) for token in tokens if token.kind == kind))


def _title(text: str, line: tuple[int, int], tokens: Iterable[Token], escapes: set[int]) -> str:
    """Join what is left between the tokens."""
    at, end = line
    title = None
    for token_start, token_end in [*((token.start, token.end) for token in tokens), (end, end)]:
        piece = "".join(character for index, character in enumerate(text[at:token_start], at) if index not in escapes)
        title = piece.strip() if title is None else _join(title, piece)
        at = token_end
    return title or ""


def _join(left: str, right: str) -> str:
    """Close the gap a token leaves: one space, and no comma, colon or dash that would now separate nothing."""
    glue = " " if right[:1].isspace() else ""
    right = right.strip()
    if not left or not right:
        return _without_last_separator(left) or _without_first_separator(right)
    if right[0] in _SEPARATORS | _DASHES:
        left = _without_last_separator(left)
    return left + glue + right


def _without_last_separator(text: str) -> str:
    dangling = text[-1:] in _SEPARATORS or (text[-1:] in _DASHES and text[-2:-1].isspace())
    return text[:-1].rstrip() if text and dangling else text


def _without_first_separator(text: str) -> str:
    dangling = text[:1] in _SEPARATORS or (text[:1] in _DASHES and text[1:2].isspace())
    return text[1:].lstrip() if text and dangling else text
