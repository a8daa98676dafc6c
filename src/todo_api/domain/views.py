"""The views that every client shows, by name."""

from enum import StrEnum


class View(StrEnum):
    """Open todos outside archived lists, but for `COMPLETED`."""

    INBOX = "inbox"
    TODAY = "today"
    UPCOMING = "upcoming"
    OVERDUE = "overdue"
    NO_DATE = "no-date"
    COMPLETED = "completed"
    ASSIGNED = "assigned"
