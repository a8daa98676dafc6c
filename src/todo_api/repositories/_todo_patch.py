"""What a patch of a todo means: column values of the fields that were sent, the role it needs, the status it asks for."""

from typing import Any, Final

from todo_api.domain.changes import Operation
from todo_api.domain.dates import WallTime
from todo_api.domain.permissions import Role, Scope
from todo_api.domain.text import search_key
from todo_api.errors import InvalidInputError
from todo_api.repositories import _labels
from todo_api.repositories._todo_base import notes_columns, title_columns
from todo_api.repositories._todo_links import external_columns
from todo_api.repositories._todo_rows import OPEN, TodoRow, wall_time_columns
from todo_api.schemas.todo_parts import LocalMoment, MomentPatch, check_metadata
from todo_api.schemas.todos import Status, TodoCreate, TodoPut, TodoUpdate

_MOST_LABELS: Final = 100
_STATUS_FIELDS: Final = frozenset({"status", "completed"})


def as_new(data: TodoPut) -> TodoCreate:
    """What a PUT means where there is no todo yet; raises InvalidInputError without a title."""
    if "title" not in data.model_fields_set:
        raise InvalidInputError.at("#/title", "a new todo needs a title", "missing")
    fields = {name: getattr(data, name) for name in data.model_fields_set & TodoCreate.model_fields.keys()}
    if "labels_add" in data.model_fields_set:
        fields["labels"] = data.labels_add
    for name in fields.keys() & {"due", "start"}:
        moment = _merged(name, fields[name], None)
        whole = moment and LocalMoment(date=moment.date, time=moment.time, timezone=moment.timezone)
        fields[name] = whole
    return TodoCreate.model_construct(**fields)


def _merged(name: str, patch: MomentPatch | None, kept: WallTime | None) -> WallTime | None:
    try:
        return None if patch is None else patch.merged(kept)
    except ValueError as error:
        raise InvalidInputError.at(f"#/{name}", str(error), "moment") from None


def role_for(data: TodoUpdate) -> Role:
    """Completing and reopening needs less than changing."""
    only_status = data.model_fields_set <= _STATUS_FIELDS and wanted_status(data) in {None, Status.OPEN, Status.COMPLETED}
    return Role.COMPLETER if only_status else Role.EDITOR


def scope_for(data: TodoUpdate) -> Scope:
    """The scope that goes with that role."""
    return Scope.TODOS_COMPLETE if role_for(data) is Role.COMPLETER else Scope.TODOS_WRITE


def wanted_status(data: TodoUpdate) -> Status | None:
    if "status" in data.model_fields_set:
        return data.status
    if "completed" not in data.model_fields_set:
        return None
    return Status.COMPLETED if data.completed else Status.OPEN


def operation(row: TodoRow, target: Status) -> Operation:
    if target is Status.COMPLETED:
        return Operation.COMPLETE
    return Operation.REOPEN if target in OPEN and not row.is_open else Operation.UPDATE


def plain_values(row: TodoRow, data: TodoUpdate) -> dict[str, Any]:
    """Column values of the fields that are stored as they are sent."""
    fields = data.model_fields_set
    values: dict[str, Any] = {name: getattr(data, name) for name in ("deadline", "duration_minutes") if name in fields}
    if "title" in fields:
        values |= title_columns(data.title)
    if "notes" in fields:
        values |= notes_columns(data.notes)
    if "reminders" in fields:
        values["reminders"] = [reminder.stored for reminder in data.reminders]
    if "external" in fields:
        values |= external_columns(data.external)
    if "priority" in fields:
        values["priority"] = data.priority.rank
    for name, when, kept in (("due", data.due, row.due_moment), ("start", data.start, row.start_moment)):
        if name in fields:
            values |= wall_time_columns(name, _merged(name, when, kept))
    return values


def present(row: TodoRow, values: dict[str, Any]) -> dict[str, Any]:
    """Those of the values that rows carry."""
    return {name: value for name, value in values.items() if hasattr(row, name)}


def checked_metadata(metadata: dict[str, Any]) -> dict[str, Any]:
    try:
        return check_metadata(metadata)
    except ValueError as error:
        raise InvalidInputError.at("#/metadata", str(error)) from None


def wanted_labels(row: TodoRow, data: TodoUpdate) -> list[str]:
    if "labels" in data.model_fields_set:
        return data.labels
    removed = {search_key(name) for name in data.labels_remove or []}
    names = [name for name in [*row.labels, *(data.labels_add or [])] if search_key(name) not in removed]
    if len(_labels.distinct(names)) > _MOST_LABELS:
        raise InvalidInputError.at("#/labels_add", f"a todo carries at most {_MOST_LABELS} labels", "too_long")
    return names
