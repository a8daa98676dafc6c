"""What a line of quick add says about when: the due date, the recurrence, and the words that said so."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final, NamedTuple

from todo_api.domain.dates import WallTime
from todo_api.domain.english_anchors import date_counts, recurrence_counts
from todo_api.domain.english_calendar import Calendar
from todo_api.domain.english_dates import DatePhrase, parse_date, wall_time
from todo_api.domain.english_days import Nature
from todo_api.domain.english_recurrence import Recurrence, RecurrencePhrase, find_recurrence
from todo_api.domain.english_words import Word
from todo_api.domain.quick_add_tokens import Kind, Token

_BINDING: Final = frozenset({"due", "by"})
_RELATIVE: Final = frozenset({Nature.RELATIVE, Nature.SPAN})


class Timing(NamedTuple):
    """What was said, the spans that said it, and the offsets of backslashes that kept a date in the title."""

    due: WallTime | None
    recurrence: Recurrence | None
    tokens: list[Token]
    escapes: list[int]


class _Phrases:
    """The phrases of a line that count: all dates, and the first recurrence."""

    def __init__(self, words: Sequence[Word], calendar: Calendar) -> None:
        self.dates: list[DatePhrase] = []
        self.repeat: RecurrencePhrase | None = None
        self.escapes: list[int] = []
        self._words = list(words)
        self._calendar = calendar
        self._last_end = 0
        at = 0
        while at < len(words):
            at = self._read(at) if words[at].key else at + 1

    def _read(self, at: int) -> int:
        """Read the phrase that begins at a word, if one does, and return where to go on."""
        word = self._words[at]
        repeat = find_recurrence(self._words, at, self._calendar)
        date = parse_date(self._words, at, self._calendar, alone=word.escaped) if repeat is None else None
        phrase = repeat or date
        if phrase is None:
            return at + 1
        if word.escaped:
            self.escapes.append(word.start - 1)
            self._words[at : phrase.end] = [escaped.as_literal() for escaped in self._words[at : phrase.end]]
        elif repeat is not None:
            if self.repeat is None and recurrence_counts(self._words, repeat):
                self.repeat = repeat
        elif date is not None:
            return self._take(date)
        return phrase.end

    def _take(self, date: DatePhrase) -> int:
        """Take the date if it counts, or at least its day: `tomorrow` of `Meet Ann tomorrow at 10 Downing Street`."""
        counted = next((phrase for phrase in (date, date.without_clock()) if phrase and date_counts(self._words, phrase)), None)
        if counted is not None and 0 < self._last_end == date.start and date.introduction not in _BINDING:
            # What two dates side by side say together is not understood.
            self.dates = [known for known in self.dates if known.end < date.start]
        elif counted is not None:
            self.dates.append(counted)
        self._last_end = (counted or date).end
        return self._last_end


def read_timing(words: Sequence[Word], calendar: Calendar) -> Timing:
    """Choose among the dates of a line, and put date, time and recurrence together."""
    found = _Phrases(words, calendar)
    repeat = found.repeat
    date = max((date for date in found.dates if date.day is not None), key=_precedence, default=None)
    time = next((date for date in reversed(found.dates) if date.day is None), None)
    if any(phrase is not None and phrase.has_hour for phrase in (date, repeat)):
        time = None
    clock = next((phrase.clock for phrase in (time, date) if phrase is not None), None)
    due = wall_time(calendar, date.day if date is not None else None, clock)
    tokens = _date_tokens(words, date, time, due, alone=repeat is None)
    if repeat is None:
        return Timing(due, None, tokens, found.escapes)
    first = due.date if date is not None and due is not None else None
    recurrence = repeat.compile(calendar, first, clock=time.clock if time is not None else None)
    if due is not None:
        recurrence = replace(recurrence, time=recurrence.time or due.time)
        due = replace(due, time=due.time or recurrence.time) if date is not None else None
    tokens.append(_token(words, repeat, "recurrence", recurrence.rrule))
    return Timing(due, recurrence, tokens, found.escapes)


def _precedence(date: DatePhrase) -> tuple[int, int]:
    rank = 2 if date.introduction in _BINDING else int(date.nature in _RELATIVE)
    return rank, date.start


def _date_tokens(
    words: Sequence[Word], date: DatePhrase | None, time: DatePhrase | None, due: WallTime | None, *, alone: bool
) -> list[Token]:
    """Name what the words said: the date all of the due date, a time apart from it only the time."""
    if due is None:
        return []
    whole = due.date.isoformat() + (f"T{due.time:%H:%M}" if due.time is not None else "")
    tokens = [_token(words, date, "due", whole)] if date is not None else []
    if time is not None:
        apart = date is not None or not alone
        tokens.append(_token(words, time, "time", f"{due.time:%H:%M}") if apart else _token(words, time, "due", whole))
    return tokens


def _token(words: Sequence[Word], phrase: DatePhrase | RecurrencePhrase, kind: Kind, value: str) -> Token:
    return Token(words[phrase.start].start, words[phrase.end - 1].end, kind, value)
