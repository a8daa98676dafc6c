"""What a saved filter finds."""

from typing import Any, Final

from sqlalchemy import bindparam, select

from todo_api.db.columns import Id
from todo_api.domain.filter_language import parse
from todo_api.domain.filter_syntax import FilterSyntaxError
from todo_api.domain.paging import Position, Slice
from todo_api.domain.sorting import TodoSort
from todo_api.errors import FilterInvalidError, FilterNotFoundError
from todo_api.models import SavedFilter
from todo_api.repositories._todo_listing import TodoListing
from todo_api.repositories._todo_rows import TodoRow
from todo_api.schemas.todos import TodoFilter, default_statuses

_SAVED: Final = select(SavedFilter.query, SavedFilter.sort).where(
    SavedFilter.id == bindparam("id", type_=Id()),
    SavedFilter.user_id == bindparam("me", type_=Id()),
    SavedFilter.deleted_at.is_(None),
)


class FilterTodoRepository(TodoListing):
    """Todos of the actor's own saved filters."""

    async def page_of(
        self,
        filter_id: str,
        *,
        sort: TodoSort | None,
        descending: bool,
        limit: int,
        after: Position | None,
        counted: bool = False,
    ) -> Slice[TodoRow]:
        """Todos in the order that is asked for, else in the saved one; raises FilterNotFoundError and FilterInvalidError."""
        saved = await self._saved(filter_id)
        if sort is None:
            sort, descending = TodoSort(saved.sort.removeprefix("-")), saved.sort.startswith("-")
        try:
            tree = parse(saved.query)
        except FilterSyntaxError as error:  # the language was another when it was saved
            raise FilterInvalidError(error) from error
        filter_ = TodoFilter(filter=tree, status=default_statuses(tree))
        return await self.page(filter_, sort=sort, descending=descending, limit=limit, after=after, counted=counted)

    async def _saved(self, filter_id: str) -> Any:
        found = (await self.session.execute(_SAVED, {"id": filter_id, "me": self.actor.user_id})).one_or_none()
        if found is None or self._restricted:  # a credential that is restricted to lists sees no filters
            raise FilterNotFoundError
        return found
