"""What was done, in numbers."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, ClassVar, Final

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Select,
    SQLColumnExpression,
    and_,
    bindparam,
    case,
    exists,
    func,
    select,
    union_all,
)

from todo_api.db.columns import Instant
from todo_api.db.dialect import local_day
from todo_api.domain.changes import Kind
from todo_api.domain.dates import FIRST_YEAR, day_bounds, local_today
from todo_api.domain.offsets import Stretch, stretches
from todo_api.errors import Flaw, InvalidInputError
from todo_api.models import Completion, Todo, TodoList
from todo_api.repositories import _access
from todo_api.repositories._base import Repository
from todo_api.repositories._todo_rows import OPEN
from todo_api.schemas.stats import StatsGroup
from todo_api.schemas.todos import Status

_LONGEST_PERIOD: Final = 366
_USUAL_PERIOD: Final = 7
_MOST_STREAKS: Final = 100
_ONE_DAY: Final = timedelta(days=1)
_BEGIN, _END, _NOW = (bindparam(name, type_=Instant()) for name in ("begin", "end", "now"))
_RECURRED: Final = and_(Completion.occurrence != "", Completion.undone_at.is_(None))
_COMPLETED_ONE: Final = and_(_RECURRED, Completion.kind == "completed")
_ARCHIVED: Final = exists().where(TodoList.id == Todo.list_id, TodoList.archived_at.is_not(None))

Key = ColumnElement[Any] | SQLColumnExpression[Any]


@dataclass(slots=True)
class TallyRow:
    """The numbers of one day, or of one list."""

    day: date | None = None
    list_id: str | None = None
    created: int = 0
    completed: int = 0
    overdue: int = 0


@dataclass(frozen=True, slots=True)
class Report:
    """The numbers of a period; ``since`` and ``until`` are days where the actor is, both included."""

    since: date
    until: date
    timezone: str
    group: StatsGroup
    totals: TallyRow
    items: Sequence[TallyRow]
    streaks: Sequence[Any]


@dataclass(frozen=True, slots=True)
class _Period:
    since: date
    until: date
    parts: Sequence[Stretch]
    parameters: dict[str, Any]


class StatsRepository(Repository):
    """Counting; todos in the trash do not count, those in archived lists do, but never as overdue."""

    kind: ClassVar[Kind] = Kind.TODO

    async def report(self, since: date | None, until: date | None, group: StatsGroup) -> Report:
        """The numbers of a period, the last seven days unless given; raises InvalidInputError for one that is too long."""
        period = self._period(since, until)
        numbers: defaultdict[str, TallyRow] = defaultdict(TallyRow)
        streaks: Sequence[Any] = ()
        if self.actor.workspace_ids or self.actor.guest_list_ids:
            for measure, events in (("created", self._created), ("completed", self._completed), ("overdue", self._overdue)):
                for row in await self.session.execute(_counted(events(period, group)), period.parameters):
                    setattr(numbers[row.key], measure, row.number)
            streaks = (await self.session.execute(self._streaks(), period.parameters)).all()
        items = _by_day(period, numbers) if group is StatsGroup.DAY else _by_list(numbers)
        return Report(period.since, period.until, self.actor.zone.key, group, _total(items), items, streaks)

    def _period(self, since: date | None, until: date | None) -> _Period:
        now, zone = self.clock(), self.actor.zone
        until = until or local_today(now, zone)
        since = since or max(until - (_USUAL_PERIOD - 1) * _ONE_DAY, date(FIRST_YEAR, 1, 1))
        if since > until:
            raise InvalidInputError([Flaw("lies after to", "period", parameter="from")])
        if until - since >= _LONGEST_PERIOD * _ONE_DAY:
            raise InvalidInputError([Flaw(f"a period has at most {_LONGEST_PERIOD} days", "period", parameter="from")])
        begin, end = day_bounds(since, zone)[0], day_bounds(until, zone)[1]
        bounds: dict[str, Any] = {"begin": begin, "end": end, "now": now}
        bounds |= {"first_day": since.isoformat(), "next_day": (until + _ONE_DAY).isoformat()}
        bounds |= {"earliest": (since - 2 * _ONE_DAY).isoformat(), "latest": (until + 3 * _ONE_DAY).isoformat()}
        bounds["now_wall"] = now.astimezone(zone).strftime("%Y-%m-%dT%H:%M:%S")
        parameters = self._parameters(**_access.near_parameters(self.actor), **bounds)
        return _Period(since, until, stretches(begin, end, zone), parameters)

    def _mine(self, workspace_id: SQLColumnExpression[str]) -> tuple[ColumnElement[bool], ...]:
        """Live todos that the actor sees; ``workspace_id`` is of the table whose index serves."""
        single, guest = _access.is_single(self.actor), bool(self.actor.guest_list_ids)
        near = _access.near(workspace_id, Todo.list_id, single=single, guest=guest)
        seen = _access.visible(Todo.workspace_id, Todo.list_id, restricted=self._restricted)
        return (near, Todo.deleted_at.is_(None), *seen)

    def _created(self, period: _Period, group: StatsGroup) -> Select[Any]:
        within = and_(Todo.created_at >= _BEGIN, Todo.created_at < _END)
        return _event(_key(group, Todo.created_at, period)).where(within, *self._mine(Todo.workspace_id))

    def _completed(self, period: _Period, group: StatsGroup) -> CompoundSelect[Any]:
        """Records of occurrences, and todos that were completed for good without being the last of these."""
        last = exists().where(Completion.todo_id == Todo.id, _COMPLETED_ONE, Completion.at == Todo.completed_at)
        once = _event(_key(group, Todo.completed_at, period)).where(
            Todo.completed_at >= _BEGIN,
            Todo.completed_at < _END,
            Todo.status == Status.COMPLETED.value,
            ~last,
            *self._mine(Todo.workspace_id),
        )
        recurred = _event(_key(group, Completion.at, period)).join(Completion, Completion.todo_id == Todo.id)
        within = and_(Completion.at >= _BEGIN, Completion.at < _END)
        return union_all(once, recurred.where(within, _COMPLETED_ONE, *self._mine(Completion.workspace_id)))

    def _overdue(self, period: _Period, group: StatsGroup) -> CompoundSelect[Any]:
        """Floating and all-day dates by their own day, zoned ones by the actor's."""
        late = (Todo.status.in_(OPEN), ~_ARCHIVED, *self._mine(Todo.workspace_id))
        near = and_(Todo.due_key >= bindparam("earliest"), Todo.due_key < bindparam("latest"))
        local = Todo.list_id if group is StatsGroup.LIST else func.substr(Todo.due_key, 1, 10)
        floating = _event(local).where(
            Todo.due_instant.is_(None),
            Todo.due_key >= bindparam("first_day"),
            Todo.due_key < bindparam("next_day"),
            Todo.due_key <= bindparam("now_wall"),
            *late,
        )
        within = and_(Todo.due_instant >= _BEGIN, Todo.due_instant < _END, Todo.due_instant <= _NOW)
        zoned = _event(_key(group, Todo.due_instant, period)).where(near, within, *late)
        return union_all(floating, zoned)

    def _streaks(self) -> Select[*tuple[Any, ...]]:
        """Runs of completed records: each record belongs to the run that the skipped ones before it number."""
        recent = exists().where(Completion.todo_id == Todo.id, _COMPLETED_ONE, Completion.at >= _BEGIN, Completion.at < _END)
        chosen = select(Todo.id).where(Todo.recurrence.is_not(None), recent, *self._mine(Todo.workspace_id)).cte("chosen")
        skipped = case((Completion.kind == "skipped", 1), else_=0)
        run = func.sum(skipped).over(partition_by=Completion.todo_id, order_by=Completion.id)
        done = case((Completion.kind == "completed", Completion.at))
        records = select(Completion.todo_id, run.label("run"), done.label("done_at"))
        numbered = records.join(chosen, chosen.c.id == Completion.todo_id).where(_RECURRED).subquery()
        length, latest = func.count(numbered.c.done_at), func.max(numbered.c.done_at)
        runs = select(numbered.c.todo_id, numbered.c.run, length.label("length"), latest.label("done_at"))
        runs_ = runs.group_by(numbered.c.todo_id, numbered.c.run).subquery()
        newest = func.first_value(runs_.c.length).over(partition_by=runs_.c.todo_id, order_by=runs_.c.run.desc())
        ranked = select(runs_, newest.label("current")).subquery()
        current, longest = func.max(ranked.c.current).label("current"), func.max(ranked.c.length).label("longest")
        columns = (Todo.id.label("todo_id"), Todo.list_id, Todo.title, current, longest)
        statement = select(*columns, func.max(ranked.c.done_at).label("last_completed_at"))
        statement = statement.join(ranked, ranked.c.todo_id == Todo.id).group_by(Todo.id, Todo.list_id, Todo.title)
        return statement.order_by(current.desc(), longest.desc(), Todo.id).limit(_MOST_STREAKS)


def _event(key: Key) -> Select[Any]:
    return select(key.label("key")).select_from(Todo)


def _key(group: StatsGroup, instant: SQLColumnExpression[Any], period: _Period) -> Key:
    """What an event is counted under: its list, or its day where the actor is."""
    if group is StatsGroup.LIST:
        return Todo.list_id
    *earlier, last = period.parts
    final = local_day(instant, last.seconds)
    if not earlier:
        return final
    return case(*((instant < part.ends_at, local_day(instant, part.seconds)) for part in earlier), else_=final)


def _counted(events: Select[Any] | CompoundSelect[Any]) -> Select[*tuple[Any, ...]]:
    found = events.subquery()
    return select(found.c.key, func.count().label("number")).group_by(found.c.key)


def _by_day(period: _Period, numbers: Mapping[str, TallyRow]) -> list[TallyRow]:
    days = [period.since + number * _ONE_DAY for number in range((period.until - period.since).days + 1)]
    items = [numbers.get(day.isoformat(), TallyRow()) for day in days]
    for item, day in zip(items, days, strict=True):
        item.day = day
    return items


def _by_list(numbers: Mapping[str, TallyRow]) -> list[TallyRow]:
    for list_id, item in numbers.items():
        item.list_id = list_id
    return [item for _, item in sorted(numbers.items())]


def _total(items: Sequence[TallyRow]) -> TallyRow:
    def of(name: str) -> int:
        return sum(getattr(item, name) for item in items)

    return TallyRow(created=of("created"), completed=of("completed"), overdue=of("overdue"))
