"""Records of completed and skipped occurrences, and what a schedule names next."""

from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any, ClassVar, Final
from zoneinfo import ZoneInfo

from sqlalchemy import Select, bindparam, func, select

from todo_api.db.columns import Id
from todo_api.domain.changes import Kind
from todo_api.domain.dates import LAST_YEAR
from todo_api.domain.paging import Position, Slice
from todo_api.domain.recurrence import Occurrence
from todo_api.domain.series import Series, key_of, occurrence_from
from todo_api.errors import TodoNotFoundError
from todo_api.models import Completion, Todo
from todo_api.repositories import _access
from todo_api.repositories._base import Repository
from todo_api.repositories._paging import Segment, fetch_page

_ID: Final = bindparam("id", type_=Id())
_COUNT: Final = (
    select(func.count())
    .select_from(Completion)
    .where(Completion.todo_id == _ID, Completion.undone_at.is_(None), Completion.occurrence >= bindparam("since"))
)
_END_OF_TIME: Final = date(LAST_YEAR, 12, 31)
_COLUMNS: Final = (
    Completion.id,
    Completion.todo_id,
    Completion.occurrence,
    Completion.kind,
    Completion.at,
    Completion.by,
    Completion.due_was,
    Completion.next_due,
    Completion.undone_at,
)


@dataclass(frozen=True, slots=True)
class OccurrencePreview:
    """An occurrence of a schedule, and when it will be due."""

    occurrence: str
    due: dict[str, Any]
    due_at: datetime

    @classmethod
    def of(cls, occurrence: Occurrence, series: Series, viewer: ZoneInfo) -> "OccurrencePreview":
        """The preview for somebody in the zone ``viewer``."""
        due = series.place(occurrence)
        return cls(key_of(occurrence), due.parts, due.overdue_at(viewer))


@lru_cache(maxsize=2)
def _todo(*, restricted: bool) -> Select[*tuple[Any, ...]]:
    seen = _access.visible(Todo.workspace_id, Todo.list_id, restricted=restricted)
    return select(Todo.recurrence, Todo.occurrence).where(Todo.id == _ID, Todo.deleted_at.is_(None), *seen)


class CompletionRepository(Repository):
    """Reading; completing and skipping are operations on todos."""

    kind: ClassVar[Kind] = Kind.TODO

    async def page(self, todo_id: str, *, limit: int, after: Position | None) -> Slice[Any]:
        """Records of a todo, the newest first, those that were undone included; raises TodoNotFoundError."""
        await self._require(todo_id)

        async def fetch(segment: Segment, count: int) -> list[Any]:
            statement = select(*_COLUMNS).where(Completion.todo_id == todo_id)
            if segment.after is not None:
                statement = statement.where(Completion.id < segment.after.id)
            return list((await self.session.execute(statement.order_by(Completion.id.desc()).limit(count))).all())

        return await fetch_page(fetch, lambda row: Position(row.id, row.id), limit=limit, after=after, nullable=False)

    async def occurrences(
        self, todo_id: str, *, since: Occurrence | None, until: Occurrence | None, limit: int
    ) -> list[OccurrencePreview]:
        """What the schedule names from ``since`` (the current occurrence unless given) on; nothing for a todo without a rule."""
        row = await self._require(todo_id)
        if row.recurrence is None:
            return []
        series = Series.from_stored(row.recurrence)
        current = None if row.occurrence is None else occurrence_from(row.occurrence)
        recorded = (await self.session.execute(_COUNT, {"id": todo_id, "since": series.start.date.isoformat()})).scalar_one()
        begin, end = since or current or series.start.date, until or _END_OF_TIME
        found = series.preview(begin, end, limit, current=current, recorded=recorded)
        return [OccurrencePreview.of(occurrence, series, self.actor.zone) for occurrence in found]

    async def _require(self, todo_id: str) -> Any:
        statement = _todo(restricted=self._restricted)
        found = (await self.session.execute(statement, self._parameters(id=todo_id))).one_or_none()
        if found is None:
            raise TodoNotFoundError
        return found
