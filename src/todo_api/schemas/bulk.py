"""Many todos in one request: created together, or changed alike."""

from typing import Annotated, Any, Final, Literal, Self

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, model_validator

from todo_api.domain.text import search_key
from todo_api.schemas._base import Input, Output
from todo_api.schemas.fields import PLAIN_INTEGER, Boolean, Id, IdText, LabelName, Moment
from todo_api.schemas.todos import Priority, Status, TodoCreate, TodoCreated, TodoMove, TodoRead, TodoUpdate

MOST_AT_ONCE: Final = 500
_MOST_LABELS: Final = 1000  # different ones in one request: names are looked up together
_MOST_VALUES: Final = 100


def _few_labels(todos: list[TodoCreate]) -> list[TodoCreate]:
    if len({search_key(name) for todo in todos for name in todo.labels}) > _MOST_LABELS:
        raise ValueError(f"must carry at most {_MOST_LABELS} different labels together")
    return todos


class BulkCreate(Input):
    """New todos, each as `POST /v1/todos` takes it."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"todos": [{"title": "Buy milk", "labels": ["food"]}, {"title": "Buy bread"}]}]}
    )

    todos: Annotated[list[TodoCreate], Field(min_length=1, max_length=MOST_AT_ONCE), AfterValidator(_few_labels)]


class BulkCreated(Output):
    """The todos made, in the order sent."""

    items: list[TodoRead]


class BulkCreatedIds(Output):
    """All that a credential without `todos:read` learns of the todos it made, in the order sent."""

    items: list[TodoCreated]


def _as_list(value: Any) -> Any:
    return value if isinstance(value, list) else [value]


MANY: Final = BeforeValidator(_as_list)


class TodoSelection(Input):
    """Which todos: the parameters of `GET /v1/todos`, with the same meaning. One value may stand for a list of one."""

    list_id: Annotated[list[Id], Field(max_length=_MOST_VALUES), MANY] = Field(default_factory=list)
    section_id: Annotated[list[Id], Field(max_length=_MOST_VALUES), MANY] = Field(default_factory=list)
    parent_id: Annotated[list[Id], Field(max_length=_MOST_VALUES), MANY] = Field(default_factory=list)
    label: Annotated[list[LabelName], Field(max_length=_MOST_VALUES), MANY] = Field(default_factory=list)
    assignee: Annotated[list[Literal["me"] | Id], Field(max_length=_MOST_VALUES), MANY] = Field(default_factory=list)
    status: Annotated[list[Status | Literal["any"]], Field(max_length=5), MANY] = Field(
        default_factory=list, description="Open and in progress unless given."
    )
    completed: Boolean | None = None
    priority: Annotated[list[Priority], Field(max_length=5), MANY] = Field(default_factory=list)
    due_before: str | None = None
    due_after: str | None = None
    overdue: Boolean | None = None
    updated_since: Moment | None = None
    completed_since: Moment | None = None
    q: str | None = Field(default=None, max_length=500)
    filter: str | None = Field(default=None, description="An expression of the filter language.", max_length=100_000)

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("must say which todos: an empty filter would be all that are open")
        return self


BulkAction = Literal["complete", "reopen", "delete", "move"]


class BulkUpdate(Input):
    """Which todos, and what to do to each of them."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"filter": {"filter": "overdue and label:home"}, "set": {"due": "2027-03-15"}},
                {"filter": {"label": "food"}, "action": "complete", "dry_run": True},
            ]
        }
    )

    ids: Annotated[list[Id], Field(min_length=1, max_length=MOST_AT_ONCE)] | None = None
    filter: TodoSelection | None = None
    set_: TodoUpdate | None = Field(
        default=None, alias="set", description="Fields to change, as `PATCH /v1/todos/{id}` takes them."
    )
    action: BulkAction | None = Field(default=None, description="What to do instead.")
    to: TodoMove | None = Field(default=None, description="Where `move` goes; the todos keep their order.")
    dry_run: Boolean = Field(
        default=False, description="Say what would happen, and whether it can, and leave all as it is; `false` unless given."
    )
    expected_count: Annotated[int, Field(ge=0), PLAIN_INTEGER] | None = Field(
        default=None, description="Do nothing (409) when it is another number of todos."
    )

    @model_validator(mode="after")
    def _one_of_each(self) -> Self:
        if (self.ids is None) == (self.filter is None):
            raise ValueError("send either ids or filter")
        if (self.set_ is None) == (self.action is None):
            raise ValueError("send either set or action")
        if (self.action == "move") != (self.to is not None):
            raise ValueError("send to with action = move, and only then")
        if self.set_ is not None and not self.set_.model_fields_set:
            raise ValueError("set must name a field")
        return self


class BulkUpdated(Output):
    """What was done, or, in a dry run, would be."""

    dry_run: bool
    count: int = Field(description="How many todos it is about.")
    ids: list[IdText] = Field(description="Theirs, in the order sent, or in that of the list.")
    items: list[TodoRead] = Field(description="The todos as they are now; none after `delete` or a dry run.")
