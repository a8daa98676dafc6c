"""The query of a list of todos."""

from dataclasses import replace
from datetime import date, datetime
from typing import Annotated, Any, Final, Literal

from fastapi import Depends, Query
from pydantic import TypeAdapter, ValidationError

from todo_api.domain.dates import FIRST_YEAR, LAST_YEAR
from todo_api.domain.filter_language import parse
from todo_api.domain.filter_syntax import FilterSyntaxError
from todo_api.domain.filter_tree import Filter as FilterTree
from todo_api.domain.search import SearchError, SearchQuery, parse_search
from todo_api.domain.sorting import SORTS, TodoSort
from todo_api.errors import FilterInvalidError, Flaw, InvalidInputError
from todo_api.schemas.bulk import TodoSelection
from todo_api.schemas.fields import Id, LabelName, LocalDate, Moment, QueryBoolean
from todo_api.schemas.todos import OPEN_STATUSES, Priority, Status, TodoFilter, default_statuses

_MOST_VALUES: Final = 100
_LONGEST_QUERY: Final = 500
_EDGE: Final[Any] = {"anyOf": [{"type": "string", "format": "date"}, {"type": "string", "format": "date-time"}]}
_DATE_OR_MOMENT: Final[TypeAdapter[date | datetime]] = TypeAdapter(LocalDate | Moment)

StatusOrAny = Status | Literal["any"]
IdOrMe = Literal["me"] | Id


def _edge(name: str, value: str | None) -> date | datetime | None:
    """A date, or an instant with its offset; a year from the ends of the calendar, so that no zone leads out of it."""
    if value is None:
        return None
    try:
        edge = _DATE_OR_MOMENT.validate_python(value)
    except ValidationError:
        flaw = Flaw("must be a date like 2027-03-14 or an instant like 2027-03-14T09:00:00Z", "date", parameter=name)
        raise InvalidInputError([flaw]) from None
    if not FIRST_YEAR < edge.year < LAST_YEAR:
        flaw = Flaw(f"must lie in the years {FIRST_YEAR + 1} to {LAST_YEAR - 1}", "date", parameter=name)
        raise InvalidInputError([flaw])
    return edge


def read_filter(text: str | None) -> FilterTree | None:
    """The filter that a query parameter says; raises FilterInvalidError."""
    try:
        return None if text is None else parse(text)
    except FilterSyntaxError as error:
        raise FilterInvalidError(error, parameter="filter") from None


def _search(text: str | None) -> SearchQuery | None:
    try:
        return None if text is None else parse_search(text)
    except SearchError as error:
        raise InvalidInputError([Flaw(str(error), error.code, parameter="q")]) from None


async def _filter(  # noqa: PLR0913, PLR0917  # each parameter is one of the API's
    list_id: Annotated[list[Id], Query(max_length=_MOST_VALUES, description="In any of these lists.")] = [],  # noqa: B006  # FastAPI copies defaults
    section_id: Annotated[list[Id], Query(max_length=_MOST_VALUES, description="In any of these sections.")] = [],  # noqa: B006  # as above
    parent_id: Annotated[list[Id], Query(max_length=_MOST_VALUES, description="Direct subtasks of these.")] = [],  # noqa: B006  # as above
    label: Annotated[list[LabelName], Query(max_length=_MOST_VALUES, description="With any of these labels.")] = [],  # noqa: B006  # as above
    assignee: Annotated[
        list[IdOrMe], Query(max_length=_MOST_VALUES, description="Assigned to any of these users; `me` is the caller.")
    ] = [],  # noqa: B006  # as above
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
    q: Annotated[
        str | None,
        Query(
            max_length=_LONGEST_QUERY,
            description='Full-text search: words, `"phrases"` and `prefixes*`, all of them to be found.',
        ),
    ] = None,
    filter_: Annotated[
        str | None, Query(alias="filter", description="An expression of the filter language: `due < today+7d and label:food`.")
    ] = None,
) -> TodoFilter:
    tree = read_filter(filter_)
    return TodoFilter(
        list_id=tuple(list_id),
        section_id=tuple(section_id),
        parent_id=tuple(parent_id),
        label=tuple(label),
        assignee=tuple(assignee),
        status=_statuses(status, completed=completed, completed_since=completed_since, tree=tree),
        priority=tuple(priority),
        due_before=_edge("due_before", due_before),
        due_after=_edge("due_after", due_after),
        overdue=overdue,
        updated_since=updated_since,
        completed_since=completed_since,
        q=_search(q),
        filter=tree,
    )


async def filter_of(selection: TodoSelection) -> TodoFilter:
    """The filter that a body says in place of a query; raises InvalidInputError."""
    names = selection.model_fields_set
    sent: dict[str, Any] = {"filter_" if name == "filter" else name: getattr(selection, name) for name in names}
    try:
        return await _filter(**sent)
    except InvalidInputError as error:
        error.flaws = tuple(replace(flaw, parameter=None, pointer=f"#/filter/{flaw.parameter}") for flaw in error.flaws)
        raise


def _statuses(
    sent: list[Status | Literal["any"]], *, completed: bool | None, completed_since: datetime | None, tree: FilterTree | None
) -> tuple[Status, ...] | None:
    if sent and completed is not None:
        raise InvalidInputError([Flaw("send either status or completed", "contradiction", parameter="completed")])
    if "any" in sent:
        return None
    if sent:
        return tuple(status for status in sent if isinstance(status, Status))
    if completed is None and completed_since is None:
        return default_statuses(tree)
    return (Status.COMPLETED,) if completed is not False else OPEN_STATUSES


async def _sort(
    sort: Annotated[
        str | None,
        Query(
            description="What to order by; a minus descends. Unless given, `order`, or, with `q`, the best matches first.",
            json_schema_extra={"enum": list(SORTS)},
        ),
    ] = None,
) -> tuple[TodoSort | None, bool]:
    if sort is None:
        return None, False
    if sort not in SORTS:
        raise InvalidInputError([Flaw(f"must be one of {', '.join(SORTS)}", "enum", parameter="sort")])
    return TodoSort(sort.removeprefix("-")), sort.startswith("-")


async def _counted(
    count: Annotated[Literal["exact"] | None, Query(description="`exact` asks for the total, which costs time.")] = None,
) -> bool:
    return count is not None


Filter = Annotated[TodoFilter, Depends(_filter)]
Sort = Annotated[tuple[TodoSort | None, bool], Depends(_sort)]
Counted = Annotated[bool, Depends(_counted)]
