"""People and their settings."""

from enum import StrEnum
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, ConfigDict, Field

from todo_api.domain.permissions import Scope
from todo_api.schemas._base import Input, Output, unset
from todo_api.schemas.fields import IdText, Name, RoleWord, Timestamp, Timezone


class Weekday(StrEnum):
    """Days of the week, the first one stored as 0."""

    MONDAY = "monday"
    TUESDAY = "tuesday"
    WEDNESDAY = "wednesday"
    THURSDAY = "thursday"
    FRIDAY = "friday"
    SATURDAY = "saturday"
    SUNDAY = "sunday"

    @property
    def number(self) -> int:
        """0 for Monday to 6 for Sunday, as stored."""
        return WEEKDAYS.index(self)


WEEKDAYS: Final = tuple(Weekday)


def _weekday_word(value: Any) -> Any:
    return WEEKDAYS[value] if isinstance(value, int) else value


DayStart = Annotated[
    str,
    Field(
        pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$",
        description="The wall time at which reminders of all-day todos fire.",
        examples=["09:00"],
    ),
]
# A well-formed language tag (RFC 5646 §2.1); whether its parts are registered is for whoever formats with it.
Locale = Annotated[
    str,
    Field(
        max_length=35,
        pattern=(
            r"^(?:[A-Za-z]{2,3}(?:-[A-Za-z]{3}){0,3}|[A-Za-z]{4,8})(?:-[A-Za-z]{4})?(?:-(?:[A-Za-z]{2}|[0-9]{3}))?"
            r"(?:-(?:[A-Za-z0-9]{5,8}|[0-9][A-Za-z0-9]{3}))*(?:-[0-9A-WY-Za-wy-z](?:-[A-Za-z0-9]{2,8})+)*"
            r"(?:-[Xx](?:-[A-Za-z0-9]{1,8})+)?$"
        ),
        description="Language tag (BCP 47).",
        examples=["en", "de-CH"],
    ),
]


class UserRead(Output):
    """A person."""

    id: IdText
    email: str
    name: str
    timezone: str
    week_start: Annotated[Weekday, BeforeValidator(_weekday_word)]
    day_start: str = Field(examples=["09:00"])
    locale: str
    version: int
    created_at: Timestamp
    updated_at: Timestamp


class MyWorkspace(Output):
    """A workspace of the caller, in short."""

    id: IdText
    name: str
    is_personal: bool
    my_role: RoleWord
    inbox_id: IdText | None = Field(description="The inbox list; only personal workspaces have one.")


class Limits(Output):
    """What a client may send."""

    max_body_bytes: int
    page_limit: int
    title_length: int
    notes_bytes: int
    comment_bytes: int
    nesting_depth: int


class Me(UserRead):
    """The caller, what this credential may do, and the limits."""

    scopes: list[Scope]
    list_ids: list[IdText] | None = Field(description="The lists this credential is restricted to; null: no restriction.")
    workspaces: list[MyWorkspace]
    limits: Limits


class UserUpdate(Input):
    """A merge patch of the caller: members that are absent stay as they are."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"timezone": "Europe/Berlin", "week_start": "monday"}]})

    name: Name = unset()
    timezone: Timezone = unset()
    week_start: Weekday = unset(description="What the first day of a week is.")
    day_start: DayStart = unset()
    locale: Locale = unset()
