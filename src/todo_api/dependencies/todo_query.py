"""The query of a list of todos."""

from datetime import date, datetime
from typing import Annotated, Any, Final, Literal

from fastapi import Depends, Query
from pydantic import TypeAdapter, ValidationError

from todo_api.errors import Flaw, InvalidInputError
from todo_api.repositories.todos import TodoSort
from todo_api.schemas.fields import Id, LabelName, LocalDate, Moment, QueryBoolean
from todo_api.schemas.todos import Priority, Status, TodoFilter

_SORTS: Final = [sign + sort.value for sort in TodoSort for sign in ("", "-")]
_OPEN: Final = (Status.OPEN, Status.IN_PROGRESS)
_MOST_VALUES: Final = 100
_EDGE: Final[Any] = {"anyOf": [{"type": "string", "format": "date"}, {"type": "string", "format": "date-time"}]}
_DATE_OR_MOMENT: Final[TypeAdapter[date | datetime]] = TypeAdapter(LocalDate | Moment)

StatusOrAny = Status | Literal["any"]


def _edge(name: str, value: str | None) -> date | datetime | None:
    """A date, or an instant with its offset."""
    if value is None:
        return None
    try:
        return _DATE_OR_MOMENT.validate_python(value)
    except ValidationError:
        flaw = Flaw("must be a date like 2027-03-14 or an instant like 2027-03-14T09:00:00Z", "date", parameter=name)
        raise InvalidInputError([flaw]) from None


async def _filter(  # noqa: PLR0913, PLR0917  # each parameter is one of the API's
    list_id: Annotated[list[Id], Query(max_length=_MOST_VALUES, description="In any of these lists.")] = [],  # noqa: B006  # FastAPI copies defaults
    parent_id: Annotated[list[Id], Query(max_length=_MOST_VALUES, description="Direct subtasks of these.")] = [],  # noqa: B006  # as above
    label: Annotated[list[LabelName], Query(max_length=_MOST_VALUES, description="With any of these labels.")] = [],  # noqa: B006  # as above
    status: Annotated[
        list[StatusOrAny], Query(max_length=5, description="With any of these; open and in progress unless given.")
    ] = [],  # noqa: B006  # as above
    completed: Annotated[QueryBoolean | None, Query(description="The plain form of status.")] = None,
    priority: Annotated[list[Priority], Query(max_length=5, description="With any of these.")] = [],  # noqa: B006  # as above
    due_before: Annotated[
        str | None, Query(description="Due before this date (exclusive) or instant.", json_schema_extra=_EDGE)
    ] = None,
    due_after: Annotated[
        str | None, Query(description="Due after this date (exclusive) or instant.", json_schema_extra=_EDGE)
    ] = None,
    overdue: Annotated[QueryBoolean | None, Query(description="Overdue in the caller's time zone, or not.")] = None,
    updated_since: Annotated[Moment | None, Query(description="Changed at or after this instant.")] = None,
    completed_since: Annotated[
        Moment | None, Query(description="Completed at or after this instant; implies completed unless a status is given.")
    ] = None,
) -> TodoFilter:
    return TodoFilter(
        list_id=tuple(list_id),
        parent_id=tuple(parent_id),
        label=tuple(label),
        status=_statuses(status, completed=completed, completed_since=completed_since),
        priority=tuple(priority),
        due_before=_edge("due_before", due_before),
        due_after=_edge("due_after", due_after),
        overdue=overdue,
        updated_since=updated_since,
        completed_since=completed_since,
    )


def _statuses(
    sent: list[Status | Literal["any"]], *, completed: bool | None, completed_since: datetime | None
) -> tuple[Status, ...] | None:
    if sent and completed is not None:
        raise InvalidInputError([Flaw("send either status or completed", "contradiction", parameter="completed")])
    if "any" in sent:
        return None
    if sent:
        return tuple(status for status in sent if isinstance(status, Status))
    if completed is None:
        completed = completed_since is not None
    return (Status.COMPLETED,) if completed else _OPEN


async def _sort(
    sort: Annotated[str, Query(description="What to order by; a minus descends.", json_schema_extra={"enum": _SORTS})] = "order",
) -> tuple[TodoSort, bool]:
    if sort not in _SORTS:
        raise InvalidInputError([Flaw(f"must be one of {', '.join(_SORTS)}", "enum", parameter="sort")])
    return TodoSort(sort.removeprefix("-")), sort.startswith("-")


async def _counted(
    count: Annotated[Literal["exact"] | None, Query(description="`exact` asks for the total, which costs time.")] = None,
) -> bool:
    return count is not None


Filter = Annotated[TodoFilter, Depends(_filter)]
Sort = Annotated[tuple[TodoSort, bool], Depends(_sort)]
Counted = Annotated[bool, Depends(_counted)]
