"""The world of ``filter_strategies`` as rows: what a filter finds in it on a database is what Python says."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import insert

from tests.support.filter_strategies import LABELS, LISTS, PARENTS, SECTIONS, USERS
from todo_api.db.session import Session
from todo_api.domain.filter_evaluation import FilterSubject
from todo_api.domain.filter_fields import PRIORITIES
from todo_api.domain.filter_resolution import Feature
from todo_api.domain.identifiers import new_id
from todo_api.domain.text import search_key
from todo_api.models import (
    Comment,
    Label,
    Section,
    Todo,
    TodoAssignee,
    TodoBlocker,
    TodoLabel,
    TodoList,
    User,
    Workspace,
)
from todo_api.repositories._todo_base import notes_columns, title_columns
from todo_api.repositories._todo_rows import wall_time_columns

WORKSPACE = "01900000-0000-7000-8000-000000000000"
NOW = datetime(2027, 3, 10, 9, tzinfo=UTC)
BLANK: dict[str, Any] = {
    "workspace_id": WORKSPACE,
    "list_id": LISTS[0].id,
    "section_id": None,
    "parent_id": None,
    **title_columns("Something"),
    **notes_columns(""),
    "status": "open",
    "completed_at": None,
    "completed_by": None,
    "completed_with": None,
    "priority": 0,
    **wall_time_columns("due", None),
    **wall_time_columns("start", None),
    "deadline": None,
    "duration_minutes": None,
    "recurrence": None,
    "occurrence": None,
    "assignee_ids": [],
    "blocked_by": [],
    "reminders": [],
    "next_reminder_at": None,
    "external_source": None,
    "external_id": None,
    "external_url": None,
    "custom_metadata": {},
    "labels": [],
    "order": "m",
    "created_by": USERS[0].id,
    "trash_id": None,
    "deleted_at": None,
    "version": 1,
    "created_at": NOW,
    "updated_at": NOW,
}
_SYNCED = {"version": 1, "created_at": NOW, "updated_at": NOW, "deleted_at": None}


async def add_world(session: Session) -> None:
    """Insert the lists, sections, labels, users and parents that all todos point to."""
    await session.execute(insert(Workspace), [{"id": WORKSPACE, "name": "World", "is_personal": False, "seq": 0} | _SYNCED])
    await session.execute(insert(User), [_user(named.id, named.name) for named in USERS])
    lists = {"description": "", "color": None, "icon": None, "order": "m", "is_inbox": False, "archived_at": None}
    inside = _SYNCED | {"workspace_id": WORKSPACE}
    for model, things, extra in (
        (TodoList, LISTS, lists | {"trash_id": None}),
        (Section, SECTIONS, {"list_id": LISTS[0].id, "order": "m", "trash_id": None}),
        (Label, LABELS, {"color": None}),
    ):
        rows = [{"id": thing.id, "name": thing.name, "name_key": search_key(thing.name)} | inside | extra for thing in things]
        await session.execute(insert(model), rows)
    await session.execute(insert(Todo), [BLANK | {"id": parent.id} | title_columns(parent.name) for parent in PARENTS])


async def add_subjects(session: Session, subjects: Sequence[FilterSubject]) -> list[str]:
    """Insert todos with all that belongs to them; their ids, in this order."""
    ids = [new_id() for _ in subjects]
    await _insert(session, Todo, [_todo(subject, id_) for subject, id_ in zip(subjects, ids, strict=True)])
    each = list(zip(subjects, ids, strict=True))
    labels = [{"todo_id": id_, "label_id": label.id} for subject, id_ in each for label in subject.labels]
    assignees = [{"todo_id": id_, "user_id": user.id} for subject, id_ in each for user in subject.assignees]
    await _insert(session, TodoLabel, labels)
    await _insert(session, TodoAssignee, assignees)
    for subject, id_ in each:
        await _add_features(session, subject, id_)
    return ids


async def _insert(session: Session, model: Any, rows: list[dict[str, Any]]) -> None:
    if rows:
        await session.execute(insert(model), rows)


def _user(id_: str, name: str) -> dict[str, Any]:
    return {
        "id": id_,
        "email": f"{id_}@example.org",
        "email_key": f"{id_}@example.org",
        "name": name,
        "name_key": search_key(name),
        "password_hash": "-",
        "timezone": "UTC",
        "week_start": 0,
        "day_start": "09:00",
        "locale": "en",
        "version": 1,
        "created_at": NOW,
        "updated_at": NOW,
        "disabled_at": None,
    }


def _todo(subject: FilterSubject, id_: str) -> dict[str, Any]:
    return BLANK | {
        "id": id_,
        **title_columns(subject.title),
        **notes_columns(subject.notes),
        "list_id": subject.todo_list.id,
        "section_id": subject.section and subject.section.id,
        "parent_id": subject.parent and subject.parent.id,
        "created_by": new_id() if subject.creator is None else subject.creator.id,  # an account that is gone
        "status": subject.status,
        "completed_at": subject.completed_at,
        "priority": PRIORITIES.index(subject.priority),
        **wall_time_columns("due", subject.due),
        **wall_time_columns("start", subject.start),
        "deadline": subject.deadline,
        "created_at": subject.created_at,
        "updated_at": subject.updated_at,
        "duration_minutes": 30 if Feature.DURATION in subject.features else None,
        "recurrence": {"rrule": "FREQ=DAILY"} if Feature.RECURRENCE in subject.features else None,
        "reminders": [{"minutes_before": 5}] if Feature.REMINDERS in subject.features else [],
    }


async def _add_features(session: Session, subject: FilterSubject, id_: str) -> None:
    """Give the todo what it has, and, where it has it not, one of the kind that does not count."""
    gone = {feature: None if feature in subject.features else NOW for feature in Feature}
    child = BLANK | {"id": new_id(), "parent_id": id_, "status": "completed", "deleted_at": gone[Feature.SUBTASKS]}
    comment: dict[str, Any] = {"id": new_id(), "todo_id": id_, "author_id": USERS[0].id, "body": "Hm.", "edited_at": None}
    comment |= _SYNCED | {"workspace_id": WORKSPACE, "deleted_at": gone[Feature.COMMENTS]}
    blocks = Feature.OPEN_BLOCKERS in subject.features
    blockers = [
        BLANK | {"id": new_id(), "status": "in_progress" if blocks else "cancelled"},
        BLANK | {"id": new_id(), "status": "open", "deleted_at": NOW},
    ]
    await session.execute(insert(Todo), [child, *blockers])
    await session.execute(insert(Comment), [comment])
    await session.execute(insert(TodoBlocker), [{"todo_id": id_, "blocker_id": blocker["id"]} for blocker in blockers])
