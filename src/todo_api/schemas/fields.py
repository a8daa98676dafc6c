"""Annotated types shared by messages: the limits of text, ids, dates and numbers."""

import re
from datetime import UTC, date, datetime, time
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, WithJsonSchema

from todo_api.domain import dates, text
from todo_api.domain.permissions import Role
from todo_api.domain.sorting import SORTS

_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_TIME: Final = re.compile(r"\d{2}:\d{2}(:\d{2})?", re.ASCII)
_INSTANT: Final = re.compile(r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d{1,6})?([Zz]|[+-]\d{2}:\d{2})", re.ASCII)
_UUID: Final = re.compile(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}", re.ASCII)
_INTEGER: Final = re.compile(r"-?\d{1,18}", re.ASCII)


def _line(value: str) -> str:
    return _clean(value, multiline=False)


def _lines(value: str) -> str:
    return _clean(value, multiline=True)


def _clean(value: str, *, multiline: bool) -> str:
    if problem := text.clean_problem(value, multiline=multiline):
        raise ValueError(problem)
    return value


def _not_blank(value: str) -> str:
    if text.is_blank(value):
        raise ValueError("must hold more than white space")
    return value


def _within(limit: int) -> AfterValidator:
    def check(value: str) -> str:
        if len(value.encode()) > limit:
            raise ValueError(f"must have at most {limit} bytes as UTF-8")
        return value

    return AfterValidator(check)


def _uuid(value: Any) -> str:
    """The canonical spelling; any version of UUID will do, our own are version 7."""
    if not isinstance(value, str) or not _UUID.fullmatch(value):
        raise ValueError("must be a UUID")
    return value.lower()


def _integer(value: Any) -> Any:
    if isinstance(value, bool | str):
        raise ValueError("must be an integer")  # noqa: TRY004  # pydantic collects ValueErrors
    return value


def _digits(value: Any) -> Any:
    if isinstance(value, str) and not _INTEGER.fullmatch(value):
        raise ValueError("must be an integer in plain digits")
    return value


def _true_or_false(value: Any) -> Any:
    if not isinstance(value, bool):
        raise ValueError("must be true or false")  # noqa: TRY004  # pydantic collects ValueErrors
    return value


def _word_of_bool(value: Any) -> Any:
    if isinstance(value, bool):
        return value
    if value not in {"true", "false"}:
        raise ValueError("must be true or false")
    return value == "true"


def _shaped(pattern: re.Pattern[str], example: str) -> BeforeValidator:
    def check(value: Any) -> Any:
        if isinstance(value, str) and not pattern.fullmatch(value):
            raise ValueError(f"must look like {example}")
        if not isinstance(value, str | date | time):
            raise ValueError(f"must be text like {example}")  # noqa: TRY004  # pydantic collects ValueErrors
        return value

    return BeforeValidator(check)


def _year(value: date) -> date:
    if not dates.FIRST_YEAR <= value.year <= dates.LAST_YEAR:
        raise ValueError(f"must lie in the years {dates.FIRST_YEAR} to {dates.LAST_YEAR}")
    return value


def _utc(value: datetime) -> datetime:
    try:
        value = value.astimezone(UTC)
    except OverflowError:
        raise ValueError(f"must lie in the years {dates.FIRST_YEAR} to {dates.LAST_YEAR}") from None
    _year(value)
    return value


def _zone_name(value: str) -> str:
    dates.zone(value)
    return value


def _sort_word(value: str) -> str:
    if value not in SORTS:
        raise ValueError(f"must be one of {', '.join(SORTS)}")
    return value


# --- text: limits count code points; the database keeps what was sent
Line = Annotated[str, AfterValidator(_line)]
Title = Annotated[str, Field(min_length=1, max_length=1000), AfterValidator(_line), AfterValidator(_not_blank)]
Name = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_line), AfterValidator(_not_blank)]
Notes = Annotated[str, Field(max_length=65536), AfterValidator(_lines), _within(65536)]
CommentBody = Annotated[
    str,
    Field(min_length=1, max_length=16384, description="Markdown."),
    AfterValidator(_lines),
    AfterValidator(_not_blank),
    _within(16384),
]
Description = Annotated[str, Field(max_length=4096), AfterValidator(_lines)]
LabelName = Annotated[str, Field(min_length=1, max_length=100), AfterValidator(_line), AfterValidator(_not_blank)]
Color = Annotated[str, Field(pattern=r"^#[0-9a-f]{6}$", description="Six lower-case hexadecimal digits.", examples=["#2d7ff9"])]
SortWord = Annotated[
    str, AfterValidator(_sort_word), WithJsonSchema({"type": "string", "enum": list(SORTS), "examples": ["-priority"]})
]
Icon = Annotated[str, Field(min_length=1, max_length=64), AfterValidator(_line)]

# --- ids, numbers, truth
_ID_SCHEMA: Final = WithJsonSchema({"type": "string", "format": "uuid"})
Id = Annotated[str, BeforeValidator(_uuid), _ID_SCHEMA]
IdText = Annotated[str, _ID_SCHEMA]  # in messages to clients: it was checked on its way in
# Bounds come before these in an Annotated[int, …]: after them, pydantic writes words into the schema that JSON Schema lacks.
PLAIN_INTEGER: Final = BeforeValidator(_integer)
PLAIN_DIGITS: Final = BeforeValidator(_digits)
Boolean = Annotated[bool, BeforeValidator(_true_or_false, json_schema_input_type=bool)]
QueryBoolean = Annotated[bool, BeforeValidator(_word_of_bool, json_schema_input_type=bool)]

# --- dates
LocalDate = Annotated[
    date, _shaped(_DATE, "2027-03-14"), AfterValidator(_year), WithJsonSchema({"type": "string", "format": "date"})
]
LocalTime = Annotated[
    time, _shaped(_TIME, "09:00"), WithJsonSchema({"type": "string", "pattern": r"^\d{2}:\d{2}(:\d{2})?$", "examples": ["09:00"]})
]
Moment = Annotated[
    datetime,
    _shaped(_INSTANT, "2027-03-14T09:00:00Z"),
    AfterValidator(_utc),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
Timezone = Annotated[
    str, Field(min_length=1, max_length=64, description="IANA name.", examples=["Europe/Berlin"]), AfterValidator(_zone_name)
]


def _rfc3339(value: datetime) -> str:
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


Timestamp = Annotated[
    datetime,
    PlainSerializer(_rfc3339, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "format": "date-time", "examples": ["2027-03-14T09:00:00.000000Z"]}),
]


def _role_word(value: Any) -> Any:
    return Role(value).word if isinstance(value, int) else value


RoleWord = Annotated[
    str,
    BeforeValidator(_role_word),
    WithJsonSchema({"type": "string", "enum": [role.word for role in Role]}),
]
