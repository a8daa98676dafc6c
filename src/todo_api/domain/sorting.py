"""The words that todos are ordered by."""

from enum import StrEnum
from typing import Final


class TodoSort(StrEnum):
    """What todos are ordered by; each also descending, with a minus before it."""

    ORDER = "order"
    DUE = "due"
    PRIORITY = "priority"
    CREATED_AT = "created_at"
    UPDATED_AT = "updated_at"
    COMPLETED_AT = "completed_at"
    TITLE = "title"


SORTS: Final = tuple(sign + sort.value for sort in TodoSort for sign in ("", "-"))
