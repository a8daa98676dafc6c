"""Filters as text, before they are saved."""

from pydantic import ConfigDict, Field

from todo_api.schemas._base import Input, Output


class FilterQuery(Input):
    """An expression of the filter language."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"query": "due < today+7d and label:food"}]})

    query: str = Field(max_length=100_000)


class FilterChecked(Output):
    """The expression is one; `canonical` is how all expressions of its meaning and shape are written."""

    valid: bool
    canonical: str
