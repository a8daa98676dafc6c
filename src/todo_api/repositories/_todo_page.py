"""Pages of todos: one statement for each shape of filter and order, compiled once."""

from functools import lru_cache
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, bindparam, func, select, tuple_, union_all

from todo_api.db.columns import Id
from todo_api.models import Todo
from todo_api.repositories import _search
from todo_api.repositories._filter_sql import condition
from todo_api.repositories._todo_conditions import Shape, all_conditions, conditions
from todo_api.repositories._todo_orders import KEYS, RANK, Stretch
from todo_api.repositories._todo_rows import COLUMNS

_LIMIT: Final[Any] = bindparam("row_limit")
_SERVED: Final = {"list": "order", "inbox": "order"}  # indexes of lists have this order only; those of workspaces have all


@lru_cache(maxsize=256)  # a statement takes about 100 kB
def page_statement(shape: Shape, stretch: Stretch, *, continued: bool) -> Select[Any]:
    """Rows of one stretch in order: ``COLUMNS``, then the keys; parameters ``row_limit`` and those of ``place_parameters``.

    Where an index gives the order, reading it is all. Else ids are found and sorted first, in each place by itself, and only
    those of the page are read in full.
    """
    if len(shape.branches) == 1 and _is_served(shape.branches[0], stretch):
        return _ordered(shape, stretch, shape.branches[0], COLUMNS, continued=continued)
    branches = [_ordered(shape, stretch, branch, (Todo.id,), continued=continued).subquery() for branch in shape.branches]
    found = branches[0]
    if len(branches) > 1:
        both = union_all(*(select(branch) for branch in branches)).subquery()
        found = select(both).order_by(*_directed([*[*both.c][1:], both.c.id], stretch)).limit(_LIMIT).subquery()
    keys = [*found.c][1:]
    statement = select(*COLUMNS, *keys).join_from(found, Todo, Todo.id == found.c.id)
    return statement.order_by(*_directed([*keys, found.c.id], stretch))


def place_parameters(stretch: Stretch, keys: list[Any], id_: str) -> dict[str, Any]:
    """Values for a page that continues after the row with these keys."""
    return {f"after_{key}": value for key, value in zip(stretch.keys, keys, strict=True)} | {"after_id": id_}


@lru_cache(maxsize=256)
def count_statement(shape: Shape, stretch: Stretch) -> Select[int]:
    """How many rows a stretch has."""
    return select(func.count()).select_from(Todo).where(*all_conditions(shape), *_of_stretch(stretch))


def _is_served(branch: str, stretch: Stretch) -> bool:
    kind = branch.partition(":")[0]
    return kind == "workspace" or _SERVED.get(kind) == stretch.keys[0]


def _ordered(shape: Shape, stretch: Stretch, branch: str, columns: Any, *, continued: bool) -> Select[Any]:
    keys = _keys(shape, stretch)
    labelled = [key.label(f"key_{name}") for name, key in zip(stretch.keys, keys, strict=True)]
    statement = select(*columns, *labelled).where(*conditions(shape, branch), *_of_stretch(stretch))
    if continued:
        statement = statement.where(_beyond(stretch, keys))
    return statement.order_by(*_directed([*keys, Todo.id], stretch)).limit(_LIMIT)


def _keys(shape: Shape, stretch: Stretch) -> list[Any]:
    return [_search.search_rank(shape.search) if key == RANK and shape.search else KEYS[key] for key in stretch.keys]


def _of_stretch(stretch: Stretch) -> list[ColumnElement[bool]]:
    first, found = KEYS.get(stretch.keys[0]), list[ColumnElement[bool]]()
    if stretch.missing and first is not None:
        found.append(first.is_(None))
    if stretch.needs_value and first is not None:
        found.append(first.is_not(None))
    return found if stretch.form is None else [*found, condition(stretch.form)]


def _beyond(stretch: Stretch, keys: list[Any]) -> ColumnElement[bool]:
    """After a row in the order, as a comparison of rows, which an index can begin at."""
    names, columns = [*stretch.keys], [*keys]
    if stretch.missing:
        names, columns = names[1:], columns[1:]
    row = [*columns, Todo.id]
    place = [bindparam(f"after_{name}", type_=key.type) for name, key in zip(names, columns, strict=True)]
    place.append(bindparam("after_id", type_=Id()))
    if len(row) == 1:
        return row[0] < place[0] if stretch.descending else row[0] > place[0]  # type: ignore[no-any-return]  # columns are Any here
    return tuple_(*row) < tuple_(*place) if stretch.descending else tuple_(*row) > tuple_(*place)


def _directed(keys: list[Any], stretch: Stretch) -> list[Any]:
    return [key.desc() for key in keys] if stretch.descending else [key.asc() for key in keys]
