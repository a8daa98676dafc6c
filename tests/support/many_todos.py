"""Many todos at once, for tests of plans: rows as the service writes them, without its changes."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

from sqlalchemy import insert

from tests.support.filter_world import BLANK
from tests.support.service import Account
from todo_api.db.session import Session
from todo_api.domain.dates import WallTime
from todo_api.domain.identifiers import new_id
from todo_api.models import Todo, TodoAssignee
from todo_api.repositories import _search
from todo_api.repositories._todo_base import notes_columns, title_columns
from todo_api.repositories._todo_rows import wall_time_columns

_BEGIN: Final = datetime(2026, 1, 1, tzinfo=UTC)
_ZONES: Final = (None, "Europe/Berlin", "America/New_York")
_WORDS: Final = ("milk", "bread", "rent", "report", "call", "garden", "train", "letter", "music", "window")


async def add_many(session: Session, account: Account, list_ids: Sequence[str], *, count: int, first: int = 0) -> None:
    """Two of three are completed; one of five has no due date, one of fifty is assigned, one of seven has a start."""
    numbers = range(first, first + count)
    rows = [_row(number, account.workspace_id, list_ids[number % len(list_ids)], account.user_id) for number in numbers]
    await session.execute(insert(Todo), rows)
    for row in rows:
        _search.index_todo(session, row)
    assigned = [{"todo_id": row["id"], "user_id": account.user_id} for row in rows[::50]]
    await session.execute(insert(TodoAssignee), assigned)


def _row(number: int, workspace_id: str, list_id: str, user_id: str) -> dict[str, Any]:
    at = _BEGIN + timedelta(minutes=number)
    done = number % 3 > 0
    return BLANK | {
        "id": new_id(),
        "workspace_id": workspace_id,
        "list_id": list_id,
        **title_columns(f"{_WORDS[number % 10]} {_WORDS[number // 10 % 10]} {number}"),
        **notes_columns(f"{_WORDS[number // 100 % 10]} note"),
        "status": "completed" if done else "open",
        "completed_at": at + timedelta(days=1) if done else None,
        "priority": number % 5,
        **wall_time_columns("due", _moment(number, 5)),
        **wall_time_columns("start", None if number % 7 else _moment(number + 1, 2)),
        "order": f"{number:06}",
        "created_by": user_id,
        "created_at": at,
        "updated_at": at,
    }


def _moment(number: int, without: int) -> WallTime | None:
    if number % without == 0:
        return None
    day = date(2027, 1, 1) + timedelta(days=number * 7 % 120)
    timed = number % 4 == 0
    return WallTime(day, time(number % 24) if timed else None, _ZONES[number % 3] if timed else None)
