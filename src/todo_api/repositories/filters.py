"""Saved filters, which belong to one user."""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, ClassVar, Final

from sqlalchemy import Select, and_, bindparam, func, insert, or_, select

from todo_api.db.columns import Id
from todo_api.domain import ranking
from todo_api.domain.changes import Kind, Operation
from todo_api.domain.filter_language import parse
from todo_api.domain.filter_syntax import FilterSyntaxError
from todo_api.domain.identifiers import new_id
from todo_api.domain.paging import Position, Slice
from todo_api.domain.preconditions import ANY, Expected
from todo_api.errors import FilterInvalidError, FilterNotFoundError, ForbiddenError
from todo_api.models import SavedFilter
from todo_api.repositories import _access
from todo_api.repositories._base import Repository
from todo_api.repositories._ordering import place
from todo_api.repositories._paging import Segment, fetch_page
from todo_api.schemas.filters import FilterCreate, FilterMove, FilterRead, FilterUpdate

_ID: Final = bindparam("id", type_=Id())


@dataclass(slots=True)
class FilterRow:
    """The columns of ``_COLUMNS`` in their order."""

    id: str
    workspace_id: str
    user_id: str
    name: str
    query: str
    sort: str
    order: str
    deleted_at: datetime | None
    version: int
    created_at: datetime
    updated_at: datetime


_COLUMNS: Final = (
    SavedFilter.id,
    SavedFilter.workspace_id,
    SavedFilter.user_id,
    SavedFilter.name,
    SavedFilter.query,
    SavedFilter.sort,
    SavedFilter.order,
    SavedFilter.deleted_at,
    SavedFilter.version,
    SavedFilter.created_at,
    SavedFilter.updated_at,
)
_MINE: Final = SavedFilter.user_id == _access.ME
_LIVE: Final = and_(_MINE, SavedFilter.deleted_at.is_(None))
_GET: Final[Any] = select(*_COLUMNS).where(SavedFilter.id == _ID, _LIVE)
_FIND: Final[Any] = select(*_COLUMNS).where(SavedFilter.id == _ID, _MINE).with_for_update(of=SavedFilter)
_LAST_ORDER: Final = select(func.max(SavedFilter.order)).where(_LIVE)
_ORDERS: Final = (
    select(SavedFilter.id, SavedFilter.workspace_id, SavedFilter.order).where(_LIVE).order_by(SavedFilter.order, SavedFilter.id)
)
_INSERT: Final = insert(SavedFilter)


@lru_cache(maxsize=2)
def _page(*, continued: bool) -> Select[*tuple[Any, ...]]:
    statement = select(*_COLUMNS).where(_LIVE)
    if continued:
        position, id_ = bindparam("position", type_=SavedFilter.order.type), bindparam("position_id", type_=Id())
        further = or_(SavedFilter.order > position, and_(SavedFilter.order == position, SavedFilter.id > id_))
        statement = statement.where(SavedFilter.order >= position, further)
    return statement.order_by(SavedFilter.order, SavedFilter.id).limit(bindparam("row_limit"))


class FilterRepository(Repository):
    """Everything that can be done to the saved filters of the actor; a credential restricted to lists sees none of them."""

    kind: ClassVar[Kind] = Kind.FILTER

    async def get(self, filter_id: str) -> FilterRow:
        """One saved filter; raises FilterNotFoundError."""
        return await self._row(_GET, filter_id)

    async def page(self, *, limit: int, after: Position | None) -> Slice[FilterRow]:
        """The saved filters of the actor, in order."""
        if self._restricted:
            return Slice([], None)

        async def fetch(segment: Segment, count: int) -> list[FilterRow]:
            start = segment.after
            bounds = {} if start is None else {"position": start.value, "position_id": start.id}
            parameters = {"me": self.actor.user_id, "row_limit": count} | bounds
            return [FilterRow(*row) for row in await self.session.execute(_page(continued=start is not None), parameters)]

        return await fetch_page(fetch, lambda row: Position(row.order, row.id), limit=limit, after=after, nullable=False)

    async def create(self, data: FilterCreate) -> FilterRow:
        """A new saved filter, the last one; raises FilterInvalidError and ForbiddenError."""
        if self._restricted:
            raise ForbiddenError("A credential that is restricted to lists keeps no filters: they reach over all lists.")
        _require_filter(data.query)
        workspace_id, _ = await _access.workspace_for_new(self.session, self.actor, None)
        last = (await self.session.execute(_LAST_ORDER, {"me": self.actor.user_id})).scalar_one()
        now = self.clock()
        row = FilterRow(
            id=new_id(),
            workspace_id=workspace_id,
            user_id=self.actor.user_id,
            name=data.name,
            query=data.query,
            sort=data.sort,
            order=ranking.between(last, None),
            deleted_at=None,
            version=1,
            created_at=now,
            updated_at=now,
        )
        await self.session.execute(_INSERT, {column.key: getattr(row, column.key) for column in _COLUMNS})
        after = {name: getattr(row, name) for name in ("name", "query", "sort", "order")}
        self._record(row.id, Operation.CREATE, workspace_id=workspace_id, after=after)
        return row

    async def update(self, filter_id: str, data: FilterUpdate, expected: Expected = ANY) -> FilterRow:
        """Change the fields that were sent; raises FilterInvalidError."""
        row = await self._load(filter_id, expected)
        if "query" in data.model_fields_set:
            _require_filter(data.query)
        return await self._change(SavedFilter, row, data.model_dump(exclude_unset=True), Operation.UPDATE)

    async def move(self, filter_id: str, data: FilterMove, expected: Expected = ANY) -> FilterRow:
        """Put a filter before or after another."""
        row = await self._load(filter_id, expected)
        rows = (await self.session.execute(_ORDERS, {"me": self.actor.user_id})).all()
        placing = place(row, rows, data, neighbour="another of your filters")
        await self._reorder(SavedFilter, rows, placing.others)
        return await self._change(SavedFilter, row, {"order": placing.key}, Operation.MOVE)

    async def delete(self, filter_id: str, expected: Expected = ANY) -> None:
        """Delete a filter; doing it again does nothing."""
        row = await self._row(_FIND, filter_id)
        if row.deleted_at is None:
            self._expect(row, expected)
            await self._change(SavedFilter, row, {"deleted_at": self.clock()}, Operation.DELETE)

    async def _row(self, statement: Any, filter_id: str) -> FilterRow:
        if self._restricted:
            raise FilterNotFoundError
        parameters = {"id": filter_id, "me": self.actor.user_id}
        found = (await self.session.execute(statement, parameters)).one_or_none()
        if found is None:
            raise FilterNotFoundError
        return FilterRow(*found)

    async def _load(self, filter_id: str, expected: Expected) -> FilterRow:
        row = await self._row(_FIND, filter_id)
        if row.deleted_at is not None:
            raise FilterNotFoundError
        self._expect(row, expected)
        return row

    def _expect(self, row: FilterRow, expected: Expected) -> None:
        stale = None if expected.accepts(row.version) else FilterRead.model_validate(row).model_dump(mode="json")
        self._require_version(row, expected, stale)


def _require_filter(query: str) -> None:
    try:
        parse(query)
    except FilterSyntaxError as error:
        raise FilterInvalidError(error, pointer="#/query") from None
