"""Saved filters."""

from pydantic import ConfigDict, Field

from todo_api.domain.sorting import TodoSort
from todo_api.schemas._base import Input, Output, unset
from todo_api.schemas._moves import Move
from todo_api.schemas.fields import IdText, Name, SortWord, Timestamp

_QUERY = "A filter in the filter language, at most 2000 characters."


class FilterCreate(Input):
    """A new saved filter."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"name": "Soon", "query": "due < today+7d and priority >= high", "sort": "due"}]}
    )

    name: Name
    query: str = Field(description=_QUERY)
    sort: SortWord = Field(default=TodoSort.ORDER.value, description="`order` unless given.")


class FilterUpdate(Input):
    """A merge patch of a saved filter: members that are absent stay as they are."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"query": "due < eom and not label:someday"}]})

    name: Name = unset()
    query: str = unset(description=_QUERY)
    sort: SortWord = unset()


class FilterMove(Move):
    """Where a filter goes among your others: before one or after one."""


class FilterRead(Output):
    """A saved filter; nobody but its user sees it."""

    id: IdText
    name: str
    query: str
    sort: SortWord
    order: str = Field(description="Opaque; sorts as text by code point.")
    version: int
    created_at: Timestamp
    updated_at: Timestamp
