"""The series of a recurring todo: what is stored of its rule, and the step from one occurrence to the next."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from itertools import islice
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from todo_api.domain import recurrence
from todo_api.domain.dates import FIRST_YEAR, WallTime, parse_wall_time, zone
from todo_api.domain.english_calendar import Calendar
from todo_api.domain.english_recurrence import parse_recurrence
from todo_api.domain.recurrence import Anchor, CatchUp, Occurrence
from todo_api.domain.recurrence_grammar import parse_rrule
from todo_api.domain.recurrence_rules import RecurrenceError, Rule
from todo_api.domain.recurrence_text import describe

_EVERY: Final = re.compile(r"\A(\s*every)(?:!|\b)", re.IGNORECASE)
_FARTHEST: Final = 400  # steps that a preview from completion goes ahead: each one is computed from the one before it
_FIRST_MOMENT: Final = datetime(FIRST_YEAR, 1, 1)  # noqa: DTZ001  # a wall clock


@dataclass(frozen=True, slots=True)
class Series:
    """A rule, where it begins, and how it steps."""

    rule: Rule
    text: str
    start: WallTime
    anchor: Anchor = "schedule"
    catch_up: CatchUp = "next_future"
    exdates: tuple[str, ...] = ()
    paused: bool = False
    reset_subtasks: bool = False

    @property
    def stored(self) -> dict[str, Any]:
        """What the database keeps, in the shape that clients read."""
        return {
            "rrule": self.rule.text,
            "text": self.text,
            "anchor": self.anchor,
            "catch_up": self.catch_up,
            "start": self.start.parts,
            "exdates": list(self.exdates),
            "paused": self.paused,
            "reset_subtasks": self.reset_subtasks,
        }

    @classmethod
    def from_stored(cls, kept: Mapping[str, Any]) -> "Series":
        """Read back what ``stored`` gave."""
        start = kept["start"]
        clock = None if start["time"] is None else time.fromisoformat(start["time"])
        return cls(
            rule=parse_rrule(kept["rrule"]),
            text=kept["text"],
            start=WallTime(date.fromisoformat(start["date"]), clock, start["timezone"]),
            anchor=kept["anchor"],
            catch_up=kept["catch_up"],
            exdates=tuple(kept["exdates"]),
            paused=kept["paused"],
            reset_subtasks=kept["reset_subtasks"],
        )

    def zone(self, viewer: ZoneInfo) -> ZoneInfo:
        """Whose wall clock the series follows: its own zone's, or the viewer's."""
        return viewer if self.start.timezone is None else zone(self.start.timezone)

    def first(self) -> Occurrence | None:
        """The first occurrence from the start on."""
        return recurrence.first_occurrence(self.rule, self.start, self._hidden)

    def after(
        self, current: Occurrence, *, done_at: datetime, now: datetime, viewer: ZoneInfo, recorded: int
    ) -> Occurrence | None:
        """The occurrence that follows; None when the series is over. ``recorded`` counts the records, this one included."""
        local = self.zone(viewer)
        return recurrence.advance(
            self.rule,
            anchor=self.anchor,
            catch_up=self.catch_up,
            start=self.start,
            current=current,
            now_local=now.astimezone(local).replace(tzinfo=None),
            completed_on_local=max(done_at.astimezone(local).replace(tzinfo=None), _FIRST_MOMENT),
            exdates=self._hidden,
            recorded=recorded,
        )

    def preview(
        self, since: Occurrence, until: Occurrence, limit: int, *, current: Occurrence | None, recorded: int
    ) -> list[Occurrence]:
        """Occurrences from ``since`` to ``until``, both included, as the schedule names them.

        Counted from completion there is no schedule: it is what follows when each is completed on its day.
        """
        if self.anchor == "schedule" or current is None:
            hidden = self._hidden
            return recurrence.occurrences(self.rule, self.start, since=since, until=until, limit=limit, exdates=hidden)
        ahead = islice(self._ahead(current, recorded), _FARTHEST)
        first, last = _at(since, time.min), _at(until, time.max)
        found = (occurrence for occurrence in ahead if first <= _at(occurrence, time.min) <= last)
        return list(islice(found, limit))

    def _ahead(self, current: Occurrence, recorded: int) -> Iterator[Occurrence]:
        """The current occurrence and what follows when each is completed on its day."""
        following: Occurrence | None = current
        while following is not None:
            yield following
            recorded += 1
            following = recurrence.advance(
                self.rule,
                anchor="completion",
                catch_up=self.catch_up,
                start=self.start,
                current=following,
                now_local=_at(following, time.min),
                completed_on_local=following,
                exdates=self._hidden,
                recorded=recorded,
            )

    def place(self, occurrence: Occurrence) -> WallTime:
        """The due date of an occurrence."""
        return recurrence.as_wall_time(occurrence, self.start)

    @property
    def _hidden(self) -> list[Occurrence]:
        return [occurrence_from(key) for key in self.exdates]


class ContradictionError(ValueError):
    """The text says another rule than the RRULE that was sent beside it."""


class _Said(NamedTuple):
    """A rule as it was said, and where it begins."""

    rule: Rule
    text: str
    start: WallTime
    anchor: Anchor | None = None


@dataclass(frozen=True, slots=True)
class _Wish:
    """What a client sends for a recurrence, and what there is; a new rule begins at ``begin``."""

    sent: Mapping[str, Any]
    kept: Series | None
    begin: WallTime
    calendar: Calendar

    def chosen(self, name: str, default: Any) -> Any:
        """What was sent, where null says the default; else what is kept."""
        value = self.sent[name] if name in self.sent else getattr(self.kept, name, None)
        return default if value is None else value

    def said(self) -> _Said:
        """The rule that was sent, or the one there is."""
        rrule, text = self.sent.get("rrule"), self.sent.get("text")
        rule = None if rrule is None else parse_rrule(rrule)
        if self.kept is not None and self._is_kept(rule, text):
            return _Said(self.kept.rule, self.kept.text, self.kept.start)
        if rule is not None and text in {None, describe(rule)}:
            same = self.kept is not None and self.kept.rule == rule
            return _Said(rule, describe(rule), self.kept.start if self.kept is not None and same else self.begin)
        if text is None:
            raise LookupError
        said = self._in_english(text, is_said_now=rule is None)
        if rule not in {None, said.rule}:
            raise ContradictionError
        return said

    def _is_kept(self, rule: Rule | None, text: str | None) -> bool:
        if self.kept is None or rule not in {None, self.kept.rule}:
            return False
        if text is None:
            return True
        anchor = self.sent.get("anchor") or ("completion" if "!" in text else "schedule")
        return (_plain(text), anchor) == (_plain(self.kept.text), self.kept.anchor)

    def _in_english(self, text: str, *, is_said_now: bool) -> _Said:
        """What the text says; beside its rule it is a copy, and "until 1 may" was said when the series began."""
        begin: WallTime = self.sent.get("start") or self.begin
        now = self.calendar.now if is_said_now else datetime.combine(begin.date, self.calendar.now.time())
        calendar = Calendar(now, self.calendar.week_start)
        said = parse_recurrence(text, calendar, due=begin.date, anchor=self.sent.get("anchor"))
        clock = said.time or begin.time
        start = WallTime(said.start or begin.date, clock, begin.timezone if clock is not None else None)
        return _Said(parse_rrule(said.rrule), text, start, said.anchor)


def compile_series(
    sent: Mapping[str, Any],
    *,
    kept: Series | None,
    due: WallTime | None,
    current: WallTime | None,
    now_local: datetime,
    week_start: int,
) -> Series:
    """The series that ``sent`` asks for, merged into the one there is; a member that is None gets its default.

    A new rule changes the future only: it begins at the ``current`` occurrence, else at the due date, else today. The same
    rule sent again changes nothing. Raises RecurrenceError for a rule, RecurrenceTextError for English that is none,
    ContradictionError for text that says another rule than the one beside it, and LookupError when there is no rule at all.
    """
    begin = current or due or WallTime(now_local.date())
    wish = _Wish(sent, kept, begin, Calendar(now_local, week_start))
    said = wish.said()
    anchor: Anchor = sent.get("anchor") or said.anchor or wish.chosen("anchor", "schedule")
    made = Series(
        rule=said.rule,
        text=_voiced(said, anchor),
        start=sent.get("start") or (begin if "start" in sent else said.start),
        anchor=anchor,
        catch_up=wish.chosen("catch_up", "next_future"),
        exdates=tuple(sorted(set(wish.chosen("exdates", ())))),
        paused=wish.chosen("paused", default=False),
        reset_subtasks=wish.chosen("reset_subtasks", default=False),
    )
    _require_occurrence(made)
    return made


def _require_occurrence(made: Series) -> None:
    recurrence.require_fit(made.rule, made.start)
    if made.first() is None:
        hint = "Leave some of them out."
        raise RecurrenceError("exdates_hide_all", "The exceptions hide every occurrence.", hint=hint)


def _voiced(said: _Said, anchor: Anchor) -> str:
    """The text with the mark that says "from completion", or without it."""
    if anchor == "schedule":
        return _plain(said.text)
    text = said.text if _EVERY.match(said.text) else describe(said.rule)
    return _EVERY.sub(r"\1!", text, count=1)


def _plain(text: str) -> str:
    return _EVERY.sub(r"\1", text, count=1)


def occurrence_from(key: str) -> Occurrence:
    """The occurrence that a key names."""
    found = parse_wall_time(key)
    return found.date if found.time is None else datetime.combine(found.date, found.time)


def key_of(occurrence: Occurrence) -> str:
    """What names an occurrence for ever."""
    return occurrence.isoformat("T", "seconds") if isinstance(occurrence, datetime) else occurrence.isoformat()


def key_of_moment(moment: WallTime) -> str:
    """The key of the occurrence that is due then."""
    return key_of(moment.date if moment.time is None else datetime.combine(moment.date, moment.time))


def _at(occurrence: Occurrence, clock: time) -> datetime:
    return occurrence if isinstance(occurrence, datetime) else datetime.combine(occurrence, clock)
