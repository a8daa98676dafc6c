"""The full-text index: kept by who writes todos and comments, in their transaction, and asked by lists of todos."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Integer,
    String,
    and_,
    bindparam,
    case,
    cast,
    delete,
    func,
    insert,
    literal_column,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import TSQUERY

from todo_api.db.columns import Id
from todo_api.db.dialect import contains
from todo_api.db.session import Session
from todo_api.domain.search import MOST_BYTES, SearchQuery, Term, indexed
from todo_api.models import TODO_SEARCH, Comment, Todo

_MOST_COMMENTS: Final = 200  # of a todo, the newest: one more comment must not cost more with each
_PENDING: Final = "todos to be indexed"
_PLACE: Final = frozenset({"list_id", "workspace_id"})
_INSERT: Final = insert(TODO_SEARCH)
_OWN: Final[dict[str, ColumnElement[bool]]] = {
    "sqlite": literal_column("todo_search").op("MATCH", is_comparison=True)(bindparam("own")),
    "postgresql": TODO_SEARCH.c.todo_id == bindparam("own", type_=Id()),
}
_MATCH: Final[dict[str, ColumnElement[bool]]] = {
    "sqlite": literal_column("todo_search").op("MATCH", is_comparison=True)(bindparam("search_match")),
    "postgresql": literal_column("todo_search.vector").op("@@", is_comparison=True)(
        cast(bindparam("search_match", type_=String()), TSQUERY)
    ),
}
_NEWEST_FIRST: Final = func.substr(bindparam("newest", type_=String()) + TODO_SEARCH.c.comments, 1, MOST_BYTES // 4)
_PREPEND: Final = {name: update(TODO_SEARCH).where(own).values(comments=_NEWEST_FIRST) for name, own in _OWN.items()}
_LOCK: Final = select(TODO_SEARCH.c.todo_id).where(_OWN["postgresql"]).with_for_update()
_BODIES: Final = (
    select(Comment.body)
    .where(Comment.todo_id == bindparam("todo", type_=Id()), Comment.deleted_at.is_(None))
    .order_by(Comment.id.desc())
    .limit(_MOST_COMMENTS)
)


# --- writing


def index_todo(session: Session, todo: Mapping[str, Any]) -> None:
    """Add a new todo, given as its column values; all that one transaction makes are written together, before they are needed."""
    row = {
        "todo_id": todo["id"],
        "title": indexed([todo["title"]]),
        "notes": indexed([todo["notes"]]),
        "comments": "",
        "scope": _scope(todo["id"], todo["list_id"], todo["workspace_id"]),
    }
    session.memory.setdefault(_PENDING, []).append(row)
    session.before_commit(_PENDING, settle)


async def settle(session: Session) -> None:
    """Write what is still to be added: before the index is changed further or searched in the same transaction."""
    if rows := session.memory.pop(_PENDING, None):
        await session.execute(_INSERT, rows)


async def reindex(session: Session, row: Any, changed: Mapping[str, Any]) -> None:
    """Follow a todo, given as it is now, whose columns ``changed``; other columns than text and place cost nothing."""
    values = {name: indexed([changed[name]]) for name in ("title", "notes") if name in changed}
    if changed.keys() & _PLACE:
        values["scope"] = _scope(row.id, row.list_id, row.workspace_id)
    if values:
        await _update(session, row.id, values)


async def index_comment(session: Session, todo_id: str, body: str) -> None:
    """Add a new comment; the oldest make room for it."""
    await settle(session)
    if tokens := indexed([body]):
        await session.execute(_PREPEND[session.dialect_name], {"own": _own(session, todo_id), "newest": f"{tokens}|"})


async def index_comments(session: Session, todo_id: str) -> None:
    """Follow the comments of a todo, after one was edited or deleted."""
    if session.dialect_name == "postgresql":  # who comments at the same time reads afterwards, and so reads both
        await session.execute(_LOCK, {"own": todo_id})
    bodies = (await session.execute(_BODIES, {"todo": todo_id})).scalars()
    await _update(session, todo_id, {"comments": indexed(bodies)})


async def remove(session: Session, todo_ids: Iterable[str]) -> None:
    """Forget todos that are deleted for ever; what is in the trash stays."""
    await settle(session)
    statement = delete(TODO_SEARCH).where(_OWN[session.dialect_name])
    if owners := [{"own": _own(session, todo_id)} for todo_id in todo_ids]:
        await session.execute(statement, owners)


async def _update(session: Session, todo_id: str, values: Mapping[str, str]) -> None:
    await settle(session)
    statement = update(TODO_SEARCH).where(_OWN[session.dialect_name])
    new: dict[str, Any] = {name: bindparam(f"new_{name}") for name in values}
    parameters = {f"new_{name}": value for name, value in values.items()}
    await session.execute(statement.values(**new), parameters | {"own": _own(session, todo_id)})


def _own(session: Session, todo_id: str) -> str:
    """What finds the row of a todo; SQLite's index table has no key but its words."""
    return f'scope : "{_bare("t", todo_id)}"' if session.dialect_name == "sqlite" else todo_id


def _scope(todo_id: str, list_id: str, workspace_id: str) -> str:
    words = (("t", todo_id), ("l", list_id), ("w", workspace_id))
    return f" {' '.join(f'@{_bare(kind, id_)}' for kind, id_ in words)} "  # no token of a text has the sign


def _bare(kind: str, id_: str) -> str:
    return kind + id_.replace("-", "")


# --- asking


@dataclass(frozen=True, slots=True)
class SearchShape:
    """All that changes a search's SQL: how many terms there are, and which of them are phrases."""

    dialect: str
    terms: int
    phrases: tuple[int, ...]


def search_shape(query: SearchQuery, dialect: str) -> SearchShape:
    """The shape that serves this query."""
    phrases = tuple(number for number, term in enumerate(query.terms) if len(term.tokens) > 1)
    return SearchShape(dialect, len(query.terms), phrases)


def search_parameters(
    query: SearchQuery, dialect: str, *, workspace_ids: Iterable[str], list_ids: Iterable[str]
) -> dict[str, Any]:
    """Values for the condition; the search is narrowed to these workspaces and, besides, these lists."""
    scope = [*(_bare("w", id_) for id_ in workspace_ids), *(_bare("l", id_) for id_ in list_ids)]
    needles = {f"needle_{number}": term.needle for number, term in enumerate(query.terms)}
    return needles | {"search_match": (_fts5 if dialect == "sqlite" else _tsquery)(query.terms, scope)}


def search_condition(shape: SearchShape) -> ColumnElement[bool]:
    """The index finds the tokens, and the text says whether those of a phrase stand together."""
    fields = (TODO_SEARCH.c.title, TODO_SEARCH.c.notes, TODO_SEARCH.c.comments)
    together = (or_(*(contains(field, _needle(number)) for field in fields)) for number in shape.phrases)
    return and_(TODO_SEARCH.c.todo_id == Todo.id, _MATCH[shape.dialect], *together)


def search_rank(shape: SearchShape) -> ColumnElement[int]:
    """1 where the title has all that is searched for, else 0."""
    in_title = and_(*(contains(TODO_SEARCH.c.title, _needle(number)) for number in range(shape.terms)))
    return case((in_title, literal_column("1", Integer())), else_=literal_column("0", Integer()))


def _needle(number: int) -> ColumnElement[str]:
    return bindparam(f"needle_{number}", type_=String())


def _words(terms: Iterable[Term], quote: str, prefix_mark: str) -> list[str]:
    """Each token once, in quotes: it holds neither of them, so nothing needs an escape."""
    words = []
    for term in terms:
        marks = [""] * (len(term.tokens) - 1) + [prefix_mark if term.prefix else ""]
        words += [f"{quote}{token}{quote}{mark}" for token, mark in zip(term.tokens, marks, strict=True)]
    return list(dict.fromkeys(words))


def _fts5(terms: Iterable[Term], scope: Iterable[str]) -> str:
    within = " OR ".join(f'"{word}"' for word in scope)
    wanted = " AND ".join(_words(terms, '"', " *"))
    return f"scope : ({within}) AND {{title notes comments}} : ({wanted})"


def _tsquery(terms: Iterable[Term], scope: Iterable[str]) -> str:
    within = " | ".join(f"'@{word}'" for word in scope)
    return f"({within}) & {' & '.join(_words(terms, chr(39), ':*'))}"
