"""Completing, skipping and reopening: one path for todos that happen once and for those that come again."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final, Literal

from sqlalchemy import bindparam, func, insert, null, select, update
from sqlalchemy.exc import IntegrityError

from todo_api.db.columns import Id
from todo_api.domain.changes import Operation
from todo_api.domain.dates import WallTime, WallTimeError, shift_days
from todo_api.domain.english_recurrence import RecurrenceTextError
from todo_api.domain.identifiers import new_id
from todo_api.domain.recurrence import Occurrence
from todo_api.domain.recurrence_rules import RecurrenceError
from todo_api.domain.reminders import shift_absolute
from todo_api.domain.series import ContradictionError, Series, compile_series, key_of, key_of_moment, occurrence_from
from todo_api.errors import (
    DueChangedError,
    Flaw,
    InvalidInputError,
    OccurrenceMismatchError,
    OpenSubtasksError,
    RecurrenceInvalidError,
    WriteConflictError,
)
from todo_api.models import Completion
from todo_api.repositories import _changes
from todo_api.repositories._todo_moves import TodoMoves
from todo_api.repositories._todo_rows import OPEN, TodoRow, moment, wall_time_columns
from todo_api.schemas.todo_parts import RecurrenceInput
from todo_api.schemas.todos import Status, Subtasks

Kind = Literal["completed", "skipped"]

_TODO: Final = bindparam("todo", type_=Id())
_STANDING: Final = (Completion.todo_id == _TODO, Completion.undone_at.is_(None))
_RECORDED: Final = select(Completion.id).where(*_STANDING, Completion.occurrence == bindparam("occurrence"))
_COUNT: Final = select(func.count()).select_from(Completion).where(*_STANDING, Completion.occurrence >= bindparam("since"))
_LATEST: Final = (
    select(Completion.id, Completion.next_due, Completion.restores).where(*_STANDING).order_by(Completion.id.desc()).limit(1)
)
_UNDO: Final = (  # a record without a next due date closed its todo, so it is the last that stands
    update(Completion)
    .where(
        Completion.todo_id.in_(bindparam("todos", expanding=True, type_=Id())),
        Completion.undone_at.is_(None),
        Completion.next_due.is_(None),
    )
    .values(undone_at=bindparam("now", type_=Completion.undone_at.type))
    .returning(Completion.todo_id, Completion.id)
)
_UNDO_ONE: Final = (
    update(Completion)
    .where(Completion.id == bindparam("record", type_=Id()))
    .values(undone_at=bindparam("now", type_=Completion.undone_at.type))
)
_UNDO_OCCURRENCE: Final = (
    update(Completion)
    .where(*_STANDING, Completion.occurrence == bindparam("key"))
    .values(undone_at=bindparam("now", type_=Completion.undone_at.type))
)
_REDO: Final = (
    update(Completion).where(Completion.id.in_(bindparam("records", expanding=True, type_=Id()))).values(undone_at=null())
)
_DATES: Final = {"due_date", "start_date", "deadline"}
_INSTANTS: Final = {"due_instant", "start_instant", "completed_at"}
_OWN: Final = {
    "start",
    "deadline",
    "reminders",
}  # first words of columns that a step moves along, and their owner may change since
_REOPENED: Final = {"status": Status.OPEN.value, "completed_at": None, "completed_by": None, "completed_with": None}
ONCE: Final = ""  # the occurrence of a todo that happens once


@dataclass(frozen=True, slots=True)
class Finish:
    """How an occurrence ends."""

    kind: Kind
    at: datetime
    subtasks: Subtasks = Subtasks.COMPLETE


@dataclass(frozen=True, slots=True)
class _End:
    """What the end of an occurrence does: column values, the subtasks it touches as they were, and records it takes back."""

    values: dict[str, Any]
    subtasks: Sequence[TodoRow] = ()
    undone: Mapping[str, str] = field(default_factory=dict)


class TodoSeries(TodoMoves):
    """Column values for the ends of occurrences, and the records of them."""

    async def _finish(self, row: TodoRow, finish: Finish) -> dict[str, Any]:
        """Record the end of the current occurrence; the values that close the todo or move it on to the next."""
        series = None if row.recurrence is None or not row.is_open else Series.from_stored(row.recurrence)
        if not row.is_open:  # what closed it before was taken back by changing the status
            await self._undo([row.id])
        following = await self._following(row, series, finish)
        if series is None or following is None:
            end = await self._closing(row, finish)
        else:
            end = await self._stepping(row, series, following, finish)
        await self._keep_record(row, finish, end)
        return end.values

    async def _following(self, row: TodoRow, series: Series | None, finish: Finish) -> Occurrence | None:
        if series is None or series.paused or row.occurrence is None:
            return None
        recorded = 0
        if series.rule.count is not None:  # what was recorded before the series began is none of it
            parameters = {"todo": row.id, "since": series.start.date.isoformat()}
            recorded = (await self.session.execute(_COUNT, parameters)).scalar_one()
        current = occurrence_from(row.occurrence)
        return series.after(current, done_at=finish.at, now=self.clock(), viewer=self.actor.zone, recorded=recorded + 1)

    async def _closing(self, row: TodoRow, finish: Finish) -> _End:
        """The occurrence is the last: the todo is completed, or cancelled where its last occurrence is skipped."""
        if finish.kind == "skipped":
            return _End({"status": Status.CANCELLED.value})
        children = await self._close_subtasks(row, finish.subtasks, finish.at)
        return _End(self._done(finish.at, closed_with=None), children)

    async def _stepping(self, row: TodoRow, series: Series, following: Occurrence, finish: Finish) -> _End:
        """The todo moves on; start, deadline and absolute reminders move by as many local days as the occurrence."""
        children: list[TodoRow] = []
        undone: dict[str, str] = {}
        if series.reset_subtasks:
            children = await self._reset_subtasks(row, finish.subtasks)
            undone = await self._undo([child.id for child in children])
        elif finish.kind == "completed":
            children = await self._close_subtasks(row, finish.subtasks, finish.at)
        days = (_day(following) - _day(occurrence_from(row.occurrence or ""))).days
        values = wall_time_columns("due", series.place(following)) | {
            "occurrence": key_of(following),
            "status": Status.OPEN.value,
            "reminders": shift_absolute(row.reminders, days, series.zone(self.actor.zone)),
        }
        if row.start_moment is not None:
            values |= wall_time_columns("start", _shifted(row.start_moment, days))
        if row.deadline is not None:
            values["deadline"] = _shifted(WallTime(row.deadline), days).date
        return _End(values, children, undone)

    async def _keep_record(self, row: TodoRow, finish: Finish, end: _End) -> None:
        """Write the record of this todo, and one for each subtask that it closed."""
        common = {"workspace_id": row.workspace_id, "kind": finish.kind, "at": finish.at, "by": self.actor.user_id}
        common |= {"created_at": self.clock(), "undone_at": None}
        left = {name: value for name, value in end.values.items() if hasattr(row, name)}
        touched = {name: getattr(row, name) for name in left}
        own = {
            "id": new_id(),
            "todo_id": row.id,
            "occurrence": row.occurrence or ONCE,
            "due_was": _due(row.due_moment),
            "next_due": _due(_due_of(end.values)) if "due_date" in end.values else None,
            "restores": {
                "todo": _changes.json_values(touched),
                "left": _changes.json_values(left),
                "subtasks": [{"id": child.id, "record": end.undone.get(child.id), **_state(child)} for child in end.subtasks],
            },
        }
        records = [own, *(self._record_of_child(child) for child in end.subtasks if child.is_open)]
        try:
            await self.session.execute(insert(Completion), [record | common for record in records])
        except IntegrityError as error:  # somebody recorded this occurrence in this instant
            raise WriteConflictError from error

    def _record_of_child(self, child: TodoRow) -> dict[str, Any]:
        return {
            "id": new_id(),
            "todo_id": child.id,
            "occurrence": child.occurrence or ONCE,
            "due_was": _due(child.due_moment),
            "next_due": None,
            "restores": {"todo": _state(child), "left": {}, "subtasks": []},
        }

    async def _undo(self, todo_ids: Sequence[str]) -> dict[str, str]:
        """Take back the records that closed these todos; their ids by todo."""
        if not todo_ids:
            return {}
        found = await self.session.execute(_UNDO, {"todos": todo_ids, "now": self.clock()})
        return {row.todo_id: row.id for row in found}

    async def _require_current(self, row: TodoRow, occurrence: str | None) -> bool:
        """Whether the occurrence was recorded before; raises OccurrenceMismatchError for one that is not current either."""
        if occurrence is None or (row.is_open and occurrence == row.occurrence):
            return False
        parameters = {"todo": row.id, "occurrence": occurrence}
        if (await self.session.execute(_RECORDED, parameters)).first() is not None:
            return True
        if occurrence == row.occurrence:  # closed without a record: cancelled
            return False
        raise OccurrenceMismatchError(row.occurrence)

    async def _reopen_values(self, row: TodoRow) -> dict[str, Any] | None:
        """Undo the latest record: the values as they were before it, None when there is nothing to undo.

        Raises DueChangedError when the due date is not the one that the record left.
        """
        latest = (await self.session.execute(_LATEST, {"todo": row.id})).one_or_none()
        if not row.is_open and (latest is None or latest.next_due is not None):  # no record closed it
            return dict(_REOPENED)
        if latest is None or (row.is_open and row.recurrence is None):
            return None
        if row.is_open and _due(row.due_moment) != latest.next_due:
            raise DueChangedError(current=_due(row.due_moment), recorded=latest.next_due)
        await self.session.execute(_UNDO_ONE, {"record": latest.id, "now": self.clock()})
        await self._restore_subtasks(row, latest.restores["subtasks"])
        values = _before(row, latest.restores) | {"completed_at": None, "completed_by": None, "completed_with": None}
        if values.get("status") not in OPEN:
            values["status"] = Status.OPEN.value
        for prefix in ("due", "start"):
            if f"{prefix}_date" in values:
                values |= wall_time_columns(prefix, _due_of(values, prefix))
        return values

    async def _restore_subtasks(self, row: TodoRow, states: Sequence[Mapping[str, Any]]) -> None:
        """Give subtasks the status that the record changed; one that moved away or changed again since stays as it is."""
        below = {child.id: child for child in await self._below(row)} if states else {}
        reopened, records = [], []
        for state in states:
            child, closed = below.get(state["id"]), state["status"] in OPEN
            if child is None or (child.completed_with != row.id if closed else not child.is_open):
                continue
            values = _revived({name: value for name, value in state.items() if name not in {"id", "record"}})
            await self._apply(child, values, Operation.REOPEN if closed else Operation.COMPLETE)
            _count(row, child, opened=closed)
            if closed:
                reopened.append(child.id)
            elif state["record"] is not None:
                records.append(state["record"])
        await self._undo(reopened)
        if records:
            await self.session.execute(_REDO, {"records": records})

    def _done(self, at: datetime, *, closed_with: str | None) -> dict[str, Any]:
        status = Status.COMPLETED.value
        return {"status": status, "completed_at": at, "completed_by": self.actor.user_id, "completed_with": closed_with}

    async def _close_subtasks(self, row: TodoRow, how: Subtasks, at: datetime) -> list[TodoRow]:
        """Close what is open below, as ``how`` says; the subtasks as they were."""
        if how is Subtasks.LEAVE:
            return []
        still_open = [child for child in await self._below(row) if child.is_open]
        _refuse(still_open, how)
        for child in still_open:
            await self._apply(child, self._done(at, closed_with=row.id), Operation.COMPLETE)
            _count(row, child, opened=False)
        return still_open

    async def _reset_subtasks(self, row: TodoRow, how: Subtasks) -> list[TodoRow]:
        """Reopen what is completed below, for the next occurrence; the subtasks as they were."""
        below = await self._below(row)
        _refuse((child for child in below if child.is_open), how)
        completed = [child for child in below if child.completed]
        for child in completed:
            await self._apply(child, _REOPENED, Operation.REOPEN)
            _count(row, child, opened=True)
        return completed

    async def _changed_recurrence(self, row: TodoRow, wanted: RecurrenceInput | None, due: WallTime | None) -> dict[str, Any]:
        """Column values of a recurrence that was sent for a todo that will be due then."""
        values = self._recurrence_values(wanted, kept=row.recurrence, occurrence=row.occurrence, due=due)
        if values.get("occurrence") is not None:  # an earlier series may have recorded it: now it can be completed again
            parameters = {"todo": row.id, "key": values["occurrence"], "now": self.clock()}
            await self.session.execute(_UNDO_OCCURRENCE, parameters)
        return values

    def _recurrence_values(
        self, wanted: RecurrenceInput | None, *, kept: Mapping[str, Any] | None, occurrence: str | None, due: WallTime | None
    ) -> dict[str, Any]:
        """Column values of a recurrence, merged into the one there is; a todo without a due date gets its first occurrence."""
        if wanted is None:
            return {"recurrence": None, "occurrence": None}
        sent = {name: getattr(wanted, name) for name in wanted.model_fields_set}
        if wanted.start is not None:
            sent["start"] = wanted.start.wall_time
        old = None if kept is None else Series.from_stored(kept)
        current = old.place(occurrence_from(occurrence)) if old is not None and occurrence is not None else None
        series = self._compiled(sent, kept=old, due=due, current=current)
        values: dict[str, Any] = {"recurrence": series.stored}
        if occurrence is not None:
            return values
        if due is not None:
            return values | {"occurrence": key_of_moment(due)}
        first = series.first()
        assert first is not None  # noqa: S101  # the rule was seen to fit its start
        return values | {"occurrence": key_of(first)} | wall_time_columns("due", series.place(first))

    def _compiled(
        self, sent: Mapping[str, Any], *, kept: Series | None, due: WallTime | None, current: WallTime | None
    ) -> Series:
        local = self.clock().astimezone(self.actor.zone).replace(tzinfo=None)
        try:
            return compile_series(sent, kept=kept, due=due, current=current, now_local=local, week_start=self.actor.week_start)
        except RecurrenceError as error:
            flaw = Flaw(f"{error.message} {error.hint}", error.code, pointer=f"#/recurrence/{_at_fault(sent, error.code)}")
            raise RecurrenceInvalidError(flaw, offset=error.position) from None
        except RecurrenceTextError as error:
            flaw = Flaw(f"at character {error.position}: {error}", "recurrence_text", pointer="#/recurrence/text")
            raise RecurrenceInvalidError(flaw, offset=error.position) from None
        except ContradictionError:
            raise InvalidInputError.at("#/recurrence/text", "contradicts rrule: send one of them", "contradiction") from None
        except LookupError:
            raise InvalidInputError.at("#/recurrence", "send rrule or text", "missing") from None


def _count(row: TodoRow, child: TodoRow, *, opened: bool) -> None:
    """Keep the parent's counts right for the answer; only direct subtasks count."""
    if child.parent_id == row.id:
        row.open_subtasks += 1 if opened else -1
        row.completed_subtasks += -1 if opened else 1


def _refuse(still_open: Iterable[TodoRow], how: Subtasks) -> None:
    if how is Subtasks.REFUSE and any(still_open):
        raise OpenSubtasksError


def _at_fault(sent: Mapping[str, Any], code: str) -> str:
    """Which member of the recurrence the error is about."""
    members = ("exdates",) if code == "exdates_hide_all" else ("rrule", "text", "start")
    return next((name for name in members if sent.get(name) is not None), "rrule")


def _shifted(when: WallTime, days: int) -> WallTime:
    try:
        return shift_days(when, days)
    except WallTimeError:  # the calendar ends there
        return when


def _before(row: TodoRow, restores: Mapping[str, Any]) -> dict[str, Any]:
    """Column values from before a record; what somebody changed again since, but for the due date, stays as it is."""
    left = restores["left"]
    now = _changes.json_values({name: getattr(row, name) for name in left})
    edited = {name.partition("_")[0] for name, value in left.items() if now[name] != value} & _OWN
    return _revived({name: value for name, value in restores["todo"].items() if name.partition("_")[0] not in edited})


def _day(occurrence: Occurrence) -> date:
    return occurrence.date() if isinstance(occurrence, datetime) else occurrence


def _due_of(values: Mapping[str, Any], prefix: str = "due") -> WallTime | None:
    return moment(*(values[f"{prefix}_{part}"] for part in ("date", "time", "timezone")))


def _due(due: WallTime | None) -> dict[str, Any] | None:
    return None if due is None else due.parts


def _state(child: TodoRow) -> dict[str, Any]:
    names = ("status", "completed_at", "completed_by", "completed_with")
    return _changes.json_values({name: getattr(child, name) for name in names})


def _revived(values: Mapping[str, Any]) -> dict[str, Any]:
    """Column values of what was kept as JSON."""
    return {name: _revive(name, value) for name, value in values.items()}


def _revive(name: str, value: Any) -> Any:
    if value is None or name not in _DATES | _INSTANTS:
        return value
    return date.fromisoformat(value) if name in _DATES else datetime.fromisoformat(value)
