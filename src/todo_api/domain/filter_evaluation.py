"""The plain meaning of a filter: what it says of one todo, in Python."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import assert_never

from todo_api.domain.dates import WallTime, zone
from todo_api.domain.dates import resolve as instant_of
from todo_api.domain.filter_boundaries import Boundary, FilterContext, WallRange
from todo_api.domain.filter_resolution import Condition, Feature, Has, MatchText, OneOf, RefersTo, Resolved, Within, resolve
from todo_api.domain.filter_tree import And, Field, Filter, IsNull, Not, Or
from todo_api.domain.text import search_key


@dataclass(frozen=True, slots=True)
class Named:
    """A list, section, label, user or todo that a todo points to; `id` is canonical text."""

    id: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FilterSubject:
    """One todo, with everything a filter can ask about; a list is always there, empty notes are none."""

    title: str
    todo_list: Named
    created_at: datetime
    updated_at: datetime
    notes: str = ""
    status: str = "open"
    priority: str = "none"
    section: Named | None = None
    parent: Named | None = None
    creator: Named | None = None
    labels: tuple[Named, ...] = ()
    assignees: tuple[Named, ...] = ()
    due: WallTime | None = None
    start: WallTime | None = None
    deadline: date | None = None
    completed_at: datetime | None = None
    features: frozenset[Feature] = frozenset()


def evaluate(tree: Filter, subject: FilterSubject, context: FilterContext) -> bool:
    """Whether the todo matches the filter, for this viewer and instant."""
    return matches(resolve(tree, context), subject)


def matches(tree: Resolved, subject: FilterSubject) -> bool:
    """Whether the todo matches a filter that was resolved before."""
    match tree:
        case And(items):
            return all(matches(item, subject) for item in items)
        case Or(items):
            return any(matches(item, subject) for item in items)
        case Not(item):
            return not matches(item, subject)
        case MatchText() | Within() | OneOf() | RefersTo() | IsNull() | Has():
            return _holds(tree, subject)


def _holds(condition: Condition, subject: FilterSubject) -> bool:
    match condition:
        case MatchText(field, key, whole):
            found = search_key(subject.title if field is Field.TITLE else subject.notes)
            return found == key if whole else key in found
        case Within(field, since, until):
            return _within(_time(field, subject), since, until)
        case OneOf(field, words):
            return (subject.status if field is Field.STATUS else subject.priority) in words
        case RefersTo(field, ids, keys):
            return any(named.id in ids or search_key(named.name) in keys for named in _references(field, subject))
        case IsNull(field):
            return _is_missing(field, subject)
        case Has(feature):
            return feature in subject.features
        case _:
            assert_never(condition)


def _within(value: WallTime | date | None, since: Boundary | None, until: Boundary | None) -> bool:
    if value is None:
        return False
    return (since is None or not _is_before(value, since)) and (until is None or _is_before(value, until))


def _is_before(value: WallTime | date, boundary: Boundary) -> bool:
    match value:
        case datetime():
            return value < boundary.instant
        case date():
            return value < boundary.day
        case WallTime():
            return _wall_time_is_before(value, boundary)


def _wall_time_is_before(value: WallTime, boundary: Boundary) -> bool:
    if value.time is None:
        return value.date < boundary.day
    wall = datetime.combine(value.date, value.time)
    if value.timezone is None:
        return any(_covers(walls, wall) for walls in boundary.walls)
    return instant_of(wall, zone(value.timezone)) < boundary.instant


def _covers(walls: WallRange, wall: datetime) -> bool:
    return (walls.since is None or walls.since <= wall) and wall < walls.until


def _time(field: Field, subject: FilterSubject) -> WallTime | date | None:
    match field:
        case Field.DUE:
            return subject.due
        case Field.START:
            return subject.start
        case Field.DEADLINE:
            return subject.deadline
        case Field.COMPLETED:
            return subject.completed_at
        case Field.CREATED:
            return subject.created_at
        case _:
            return subject.updated_at


def _references(field: Field, subject: FilterSubject) -> Sequence[Named]:
    match field:
        case Field.LABEL:
            return subject.labels
        case Field.ASSIGNEE:
            return subject.assignees
        case Field.LIST:
            return (subject.todo_list,)
        case Field.SECTION:
            one = subject.section
        case Field.CREATOR:
            one = subject.creator
        case _:
            one = subject.parent
    return () if one is None else (one,)


def _is_missing(field: Field, subject: FilterSubject) -> bool:
    if field is Field.NOTES:
        return not subject.notes
    if field in {Field.DUE, Field.START, Field.DEADLINE, Field.COMPLETED}:
        return _time(field, subject) is None
    return not _references(field, subject)
