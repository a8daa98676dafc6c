"""The words of the change log."""

from enum import StrEnum


class Kind(StrEnum):
    """What a change is about."""

    WORKSPACE = "workspace"
    LIST = "list"
    SECTION = "section"
    TODO = "todo"
    COMMENT = "comment"
    LABEL = "label"
    FILTER = "filter"


class Operation(StrEnum):
    """What was done; readers of the log treat ``delete`` as the end of the row and the rest as its newest state."""

    CREATE = "create"
    UPDATE = "update"
    COMPLETE = "complete"
    REOPEN = "reopen"
    SKIP = "skip"
    RESCHEDULE = "reschedule"
    MOVE = "move"
    DELETE = "delete"
    RESTORE = "restore"
