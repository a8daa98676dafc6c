"""The series of a recurring todo: what is stored of its rule, and the step from one occurrence to the next."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from todo_api.domain import recurrence
from todo_api.domain.dates import WallTime, parse_wall_time, zone
from todo_api.domain.english_calendar import Calendar
from todo_api.domain.english_recurrence import parse_recurrence
from todo_api.domain.recurrence import Anchor, CatchUp, Occurrence
from todo_api.domain.recurrence_grammar import parse_rrule
from todo_api.domain.recurrence_rules import Rule
from todo_api.domain.recurrence_text import describe


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
        clock = self.start.time
        start = {
            "date": self.start.date.isoformat(),
            "time": None if clock is None else clock.isoformat("minutes" if clock.second == 0 else "seconds"),
            "timezone": self.start.timezone,
        }
        return {
            "rrule": self.rule.text,
            "text": self.text,
            "anchor": self.anchor,
            "catch_up": self.catch_up,
            "start": start,
            "exdates": list(self.exdates),
            "paused": self.paused,
            "reset_subtasks": self.reset_subtasks,
        }

    @classmethod
    def from_stored(cls, kept: Mapping[str, Any]) -> "Series":
        """Read back what ``stored`` gave."""
        start = kept["start"]
        clock = None if start["time"] is None else datetime.fromisoformat(f"2000-01-01T{start['time']}").time()
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
            completed_on_local=done_at.astimezone(local).replace(tzinfo=None),
            exdates=self._hidden,
            recorded=recorded,
        )

    def between(self, since: Occurrence, until: Occurrence, limit: int) -> list[Occurrence]:
        """Occurrences of the plain schedule, both ends included."""
        return recurrence.occurrences(self.rule, self.start, since=since, until=until, limit=limit, exdates=self._hidden)

    def place(self, occurrence: Occurrence) -> WallTime:
        """The due date of an occurrence."""
        return recurrence.as_wall_time(occurrence, self.start)

    @property
    def _hidden(self) -> list[Occurrence]:
        return [occurrence_from(key) for key in self.exdates]


def compile_series(
    wanted: Mapping[str, Any],
    *,
    kept: Series | None,
    due: WallTime | None,
    current: WallTime | None,
    now_local: datetime,
    week_start: int,
) -> Series:
    """The series that ``wanted`` asks for, merged into the one there is.

    A new rule changes the future only: it begins at the ``current`` occurrence, else at the due date, else today. Raises
    RecurrenceError for a rule, RecurrenceTextError for English that is none, and LookupError when there is no rule at all.
    """
    anchor: Anchor | None = wanted.get("anchor")
    begin = current or due or WallTime(now_local.date())
    if wanted.get("rrule") is not None:
        rule = parse_rrule(wanted["rrule"])
        text = describe(rule)
    elif wanted.get("text") is not None:
        said = parse_recurrence(wanted["text"], Calendar(now_local, week_start), due=None if due is None else due.date)
        rule, text, anchor = parse_rrule(said.rrule), wanted["text"], anchor or said.anchor
        begin = WallTime(said.start or begin.date, said.time or begin.time, begin.timezone if said.time or begin.time else None)
    elif kept is not None:
        rule, text, begin = kept.rule, kept.text, kept.start
    else:
        raise LookupError
    made = Series(
        rule=rule,
        text=text,
        start=wanted.get("start") or begin,
        anchor=anchor or (kept.anchor if kept else "schedule"),
        catch_up=wanted.get("catch_up") or (kept.catch_up if kept else "next_future"),
        exdates=tuple(_chosen(wanted, "exdates", kept.exdates if kept else ())),
        paused=_chosen(wanted, "paused", kept.paused if kept else False),
        reset_subtasks=_chosen(wanted, "reset_subtasks", kept.reset_subtasks if kept else False),
    )
    recurrence.require_fit(made.rule, made.start)
    return made


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


def _chosen(wanted: Mapping[str, Any], name: str, kept: Any) -> Any:
    value = wanted.get(name)
    return kept if value is None else value
