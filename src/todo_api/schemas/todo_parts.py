"""Parts of a todo that have a shape of their own: dates, recurrence, reminders, external references, metadata."""

import json
from datetime import date
from typing import Annotated, Any, Final, Literal, Self

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, JsonValue, model_validator

from todo_api.domain import text
from todo_api.domain.dates import WallTime, parse_wall_time
from todo_api.domain.series import key_of_moment
from todo_api.schemas._base import Input, Output, unset
from todo_api.schemas.fields import PLAIN_INTEGER, Boolean, Line, LocalDate, LocalTime, Moment, Timestamp, Timezone

MOST_REMINDERS: Final = 20
_MOST_METADATA_KEYS: Final = 50
_MOST_METADATA_BYTES: Final = 16 * 1024
_MOST_EXDATES: Final = 200
_YEAR_OF_MINUTES: Final = 366 * 24 * 60


class LocalMoment(Input):
    """A date, perhaps with a time, perhaps with a zone: all day, floating, or zoned."""

    date: LocalDate
    time: LocalTime | None = None
    timezone: Timezone | None = None

    @model_validator(mode="after")
    def _zone_needs_time(self) -> Self:
        WallTime(self.date, self.time, self.timezone)
        return self

    @property
    def wall_time(self) -> WallTime:
        """The same as a value of the domain."""
        return WallTime(self.date, self.time, self.timezone)


def wall_time_of(moment: LocalMoment | None) -> WallTime | None:
    """The value of a moment that may be missing."""
    return None if moment is None else moment.wall_time


def _shortcut(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    found = parse_wall_time(value)
    return LocalMoment(date=found.date, time=found.time, timezone=found.timezone)


When = Annotated[
    LocalMoment,
    BeforeValidator(_shortcut, json_schema_input_type=LocalMoment | str),
    Field(
        description="An object or a shortcut: `2027-03-14` (all day), `2027-03-14T09:00` (floating), an RFC 3339 instant (UTC).",
        examples=["2027-03-14", {"date": "2027-03-14", "time": "09:00", "timezone": "Europe/Berlin"}],
    ),
]


class MomentPatch(Input):
    """A merge patch of a date: parts that are absent stay as they are, null clears; without a time there is no zone."""

    date: LocalDate = unset()
    time: LocalTime | None = unset()
    timezone: Timezone | None = unset()

    def merged(self, kept: WallTime | None) -> WallTime:
        """The date that ``kept`` becomes; raises ValueError where a date is missing, or a zone has no time."""
        fields = self.model_fields_set
        day, time, timezone = (None, None, None) if kept is None else (kept.date, kept.time, kept.timezone)
        day, time = self.date if "date" in fields else day, self.time if "time" in fields else time
        timezone = self.timezone if "timezone" in fields else timezone
        if day is None:
            raise ValueError("needs a date")
        return WallTime(day, time, timezone if time is not None or "timezone" in fields else None)


def _whole_shortcut(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    found = parse_wall_time(value)
    return MomentPatch(date=found.date, time=found.time, timezone=found.timezone)


WhenPatch = Annotated[
    MomentPatch,
    BeforeValidator(_whole_shortcut, json_schema_input_type=MomentPatch | str),
    Field(
        description="An object is merged into the date there is; a shortcut (`2027-03-14`, `2027-03-14T09:00`, …) replaces it.",
        examples=["2027-03-14", {"time": "10:00"}],
    ),
]


class WallTimeRead(Output):
    """A date, perhaps with a time, perhaps with a zone."""

    date: date
    time: str | None = Field(examples=["09:00"])
    timezone: str | None


# --- recurrence


def _occurrence(value: Any) -> Any:
    """The key of an occurrence: a date, or a local date-time with seconds; `2027-03-14T09:00` is completed."""
    if not isinstance(value, str):
        raise ValueError("must be text like 2027-03-14 or 2027-03-14T09:00:00")  # noqa: TRY004  # pydantic collects ValueErrors
    found = parse_wall_time(value)
    if found.timezone is not None:
        raise ValueError("must be a date or a local date-time, without an offset")
    return key_of_moment(found)


Occurrence = Annotated[
    str,
    BeforeValidator(_occurrence, json_schema_input_type=str),
    Field(description="A date or a local date-time: the key of an occurrence.", examples=["2027-03-14"]),
]
Anchor = Literal["schedule", "completion"]
CatchUp = Literal["next_future", "each"]


class RecurrenceInput(Input):
    """How a todo comes again: an RFC 5545 rule or English text, or both when they say the same.

    Absent members of an existing recurrence stay as they are, null gives a member its default.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"text": "every 2 weeks on monday"}, {"rrule": "FREQ=MONTHLY;BYDAY=-1FR", "anchor": "schedule"}]
        }
    )

    rrule: Annotated[Line, Field(min_length=1, max_length=500)] | None = None
    text: Annotated[Line, Field(min_length=1, max_length=200)] | None = Field(
        default=None, description="English: `every weekday at 9`, `every! 3 days` (from completion)."
    )
    anchor: Anchor | None = Field(default=None, description="What the next occurrence is counted from; `schedule` unless given.")
    catch_up: CatchUp | None = Field(
        default=None, description="After a late completion: the next future occurrence (default), or each one missed."
    )
    start: When | None = Field(default=None, description="Where the series begins; the due date unless given.")
    exdates: Annotated[list[Occurrence], Field(max_length=_MOST_EXDATES)] | None = Field(
        default=None, description="Occurrences that are left out."
    )
    paused: Boolean | None = Field(default=None, description="Completing a paused todo ends it until it is reopened.")
    reset_subtasks: Boolean | None = Field(default=None, description="Reopen subtasks with each step.")


class RecurrenceRead(Output):
    """How a todo comes again."""

    rrule: str
    text: str = Field(description="The rule in English.")
    anchor: Anchor
    catch_up: CatchUp
    start: WallTimeRead
    exdates: list[str]
    paused: bool
    reset_subtasks: bool


# --- reminders


class ReminderInput(Input):
    """When to remind: some minutes before the due date, or at an instant."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"minutes_before": 30}, {"at": "2027-03-14T08:00:00Z"}]})

    minutes_before: Annotated[int, Field(ge=0, le=_YEAR_OF_MINUTES), PLAIN_INTEGER] | None = Field(
        default=None, description="Before the due time; an all-day date counts from the start of the user's day."
    )
    at: Moment | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if (self.minutes_before is None) == (self.at is None):
            raise ValueError("send either minutes_before or at")
        return self

    @property
    def stored(self) -> dict[str, Any]:
        """What the database keeps."""
        if self.at is None:
            return {"minutes_before": self.minutes_before}
        return {"at": self.at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")}


class ReminderRead(Output):
    """When to remind."""

    minutes_before: int | None = None
    at: Timestamp | None = None


Reminders = Annotated[list[ReminderInput], Field(max_length=MOST_REMINDERS)]


# --- integrations


class External(Input):
    """Where the todo comes from; source and id are unique in a workspace."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"source": "github", "id": "todo-api/todo-api#7", "url": None}]})

    source: Annotated[Line, Field(min_length=1, max_length=100)]
    id: Annotated[Line, Field(min_length=1, max_length=255)]
    url: Annotated[Line, Field(max_length=2000, pattern=r"^https?://")] | None = None


class ExternalRead(Output):
    """Where the todo comes from."""

    source: str
    id: str
    url: str | None


def _clean_strings(value: JsonValue) -> None:
    if isinstance(value, str) and (problem := text.clean_problem(value, multiline=True)):
        raise ValueError(problem)
    if isinstance(value, list):
        for item in value:
            _clean_strings(item)
    if isinstance(value, dict):
        for name, item in value.items():
            _clean_strings(name)
            _clean_strings(item)


def check_metadata(value: dict[str, Any]) -> dict[str, Any]:
    """At most 50 keys and 16 KiB of JSON; raises ValueError."""
    _clean_strings(value)
    if len(value) > _MOST_METADATA_KEYS:
        raise ValueError(f"must have at most {_MOST_METADATA_KEYS} keys")
    if len(json.dumps(value, ensure_ascii=False).encode()) > _MOST_METADATA_BYTES:
        raise ValueError(f"must have at most {_MOST_METADATA_BYTES} bytes as JSON")
    return value


Metadata = Annotated[dict[Annotated[str, Field(min_length=1, max_length=100)], JsonValue], AfterValidator(check_metadata)]
