"""What lists of todos are ordered by: each order is one or more stretches, each stretch one range of one index."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from todo_api.domain.sorting import TodoSort
from todo_api.models import Todo
from todo_api.repositories._filter_sql import Form

RANK: Final = "rank"  # not a column: whether a search is answered by the title
KEYS: Final[dict[str, Any]] = {
    "order": Todo.order,
    "due": Todo.due_key,
    "start": Todo.start_key,
    "priority": Todo.priority,
    "created_at": Todo.created_at,
    "updated_at": Todo.updated_at,
    "completed_at": Todo.completed_at,
    "title": Todo.title_key,
}
_SORTS: Final[dict[TodoSort, tuple[str, ...]]] = {TodoSort.DUE: ("due", "order")}  # the others have one key, of their own name
_NULLABLE: Final = frozenset({"due", "start", "completed_at"})


@dataclass(frozen=True, slots=True)
class Stretch:
    """Rows ordered by ``keys`` and, where these are equal, by id.

    A first key that can be missing is missing in all rows of a stretch (``missing``) or in none. ``form`` narrows it further.
    """

    keys: tuple[str, ...]
    descending: bool = False
    missing: bool = False
    form: Form | None = None

    @property
    def needs_value(self) -> bool:
        """Whether rows without the first key must be kept out."""
        return self.keys[0] in _NULLABLE and not self.missing


@dataclass(frozen=True, slots=True)
class Order:
    """Stretches, one after the other; cursors carry the name, so that one of another order is refused."""

    name: str
    stretches: tuple[Stretch, ...]


RELEVANCE: Final = Order("relevance", (Stretch((RANK, "updated_at"), descending=True),))


@lru_cache(maxsize=32)
def order_of(sort: TodoSort, *, descending: bool) -> Order:
    """The order that a parameter names; rows without the value come last in both directions."""
    keys = _SORTS.get(sort, (sort.value,))
    stretches = [Stretch(keys, descending)]
    if keys[0] in _NULLABLE:
        stretches.append(Stretch(keys, descending, missing=True))
    return Order(f"{'-' if descending else ''}{sort.value}", tuple(stretches))
