"""What was done, in numbers."""

from datetime import date
from enum import StrEnum

from pydantic import Field

from todo_api.schemas._base import Output
from todo_api.schemas.fields import IdText, Timestamp


class StatsGroup(StrEnum):
    """What is counted by."""

    DAY = "day"
    LIST = "list"


class StatsTotals(Output):
    """Numbers of todos."""

    created: int = Field(description="Todos made in the period.")
    completed: int = Field(description="Completions in the period; each occurrence of a recurring todo counts.")
    overdue: int = Field(description="Todos that became due in the period, have passed it, and are still open.")


class StatsTally(StatsTotals):
    """The numbers of one day, or of one list."""

    day: date | None = Field(description="A day where the caller is; null when counted by list.")
    list_id: IdText | None = Field(description="A list; null when counted by day.")


class Streak(Output):
    """Occurrences of a recurring todo that were completed one after the other; one that was skipped ends a streak."""

    todo_id: IdText
    list_id: IdText
    title: str
    current: int = Field(description="Completed since the last one that was skipped.")
    longest: int
    last_completed_at: Timestamp


class StatsRead(Output):
    """What was done in a period."""

    since: date = Field(serialization_alias="from")
    until: date = Field(serialization_alias="to", description="The last day, included.")
    timezone: str
    group: StatsGroup
    totals: StatsTotals
    items: list[StatsTally] = Field(description="Every day of the period in order, or the lists with anything to count.")
    streaks: list[Streak] = Field(
        description="Of recurring todos completed in the period: at most 100, the longest current first."
    )
