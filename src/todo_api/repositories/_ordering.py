"""Places among neighbours that people arrange by hand: lists, sections, saved filters."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from todo_api.domain import ranking
from todo_api.errors import InvalidInputError
from todo_api.repositories._places import key_between


class Neighbour(Protocol):
    """A row with its place."""

    @property
    def id(self) -> str: ...
    @property
    def order(self) -> str: ...


class Move(Protocol):
    """Where to: exactly one of them names a neighbour."""

    @property
    def before(self) -> str | None: ...
    @property
    def after(self) -> str | None: ...


@dataclass(frozen=True, slots=True)
class Placing:
    """The key of what moves and, where there was no room for it, new keys of the others by id."""

    key: str
    others: Mapping[str, str] = field(default_factory=dict)


def place(moving: Neighbour, rows: Sequence[Neighbour], move: Move, *, neighbour: str) -> Placing:
    """Find a key for ``moving`` among ``rows``, which are in order; a row that is there already keeps its key.

    Raises InvalidInputError, which says that it ``must be`` the ``neighbour`` wanted, when the row named is none of them.
    """
    others = [row for row in rows if row.id != moving.id]
    index = next((index for index, row in enumerate(others) if row.id in {move.before, move.after}), None)
    if index is None:
        pointer = "#/before" if move.before is not None else "#/after"
        raise InvalidInputError.at(pointer, f"must be {neighbour}", "not_a_neighbour")
    index += move.after is not None
    low = others[index - 1].order if index > 0 else None
    high = others[index].order if index < len(others) else None
    if (low is None or low < moving.order) and (high is None or moving.order < high):
        return Placing(moving.order)
    key = key_between(low, high)
    return Placing(key) if key is not None else _spread(others, index)


def _spread(others: Sequence[Neighbour], index: int) -> Placing:
    """Short, distinct keys for all, in the present order, with one to spare at ``index``."""
    keys = ranking.spread(len(others) + 1, None, None)
    key = keys.pop(index)
    return Placing(key, {row.id: new for row, new in zip(others, keys, strict=True) if row.order != new})
