"""Filters, todos and viewers to try them on, drawn from one small world so that they often meet."""

import string
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, TypeVar

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from todo_api.domain.dates import WallTime, zone
from todo_api.domain.filter_boundaries import FilterContext
from todo_api.domain.filter_evaluation import FilterSubject, Named
from todo_api.domain.filter_fields import FIELDS, PRIORITIES, STATUSES, Kind
from todo_api.domain.filter_resolution import OPEN_STATUSES, Feature
from todo_api.domain.filter_tree import (
    Anchor,
    And,
    Compare,
    Day,
    Field,
    Filter,
    Flag,
    Instant,
    IsNull,
    LocalTime,
    Me,
    Member,
    Missing,
    Not,
    Operator,
    Or,
    Relative,
    Term,
    Text,
    Time,
    Unit,
    Value,
    Word,
)

_Item = TypeVar("_Item")


def _named(group: int, *names: str) -> tuple[Named, ...]:
    return tuple(Named(f"01900000-0000-7000-{0x8000 + group:x}-{number:012x}", name) for number, name in enumerate(names, 1))


# A test against a database puts these in first; the todos drawn below point only to them. No two share a search key but PARENTS.
LISTS: Final = _named(1, "Inbox", "Home", "Büro", "none")
SECTIONS: Final = _named(2, "Later", "This week", "Ideen 💡")
LABELS: Final = _named(3, "food", "Résumé", "in", "me", "a,b")
USERS: Final = _named(4, "Ana", "Straße", "bob@example.org")
PARENTS: Final = _named(5, "Buy milk", "buy MILK", "Plan 100% of it")
NAMES: Final = {
    Field.LIST: LISTS,
    Field.SECTION: SECTIONS,
    Field.LABEL: LABELS,
    Field.ASSIGNEE: USERS,
    Field.CREATOR: USERS,
    Field.PARENT: PARENTS,
}

TEXTS: Final = (
    "Buy milk",
    "Käse & Brot",
    "CAFÉ au lait",
    "100% a_b*",
    'it\'s "so"',
    "back\\slash",
    "two\nlines\there",
    "ﬁne ½",
    "パーティー",
)
FRAGMENTS: Final = (
    "milk",
    "kase",
    "KÄSE",
    "Café",
    "0%",
    "a_b",
    "%",
    "_",
    "'s",
    '"so"',
    "\\",
    "two\nl",
    "fine",
    "and",
    "none",
    "パ",
    "ハ",
)

# Clocks change here: New York, Berlin, Cairo and Havana (at midnight), Lord Howe (half an hour), Apia (skipped a whole day).
ZONES: Final = (
    "UTC",
    "America/New_York",
    "Europe/Berlin",
    "Africa/Cairo",
    "America/Havana",
    "Australia/Lord_Howe",
    "Pacific/Apia",
)
DAYS: Final = tuple(
    date.fromisoformat(day)
    for day in ("2027-03-14", "2027-11-07", "2027-03-28", "2027-10-31", "2027-04-30", "2027-10-28", "2027-04-04", "2011-12-30")
)
TIMES: Final = tuple(
    map(time.fromisoformat, ("00:00", "00:30", "01:30", "02:00", "02:30", "03:00", "09:00", "23:30", "23:59:59"))
)

_CLEAN: Final = st.characters(codec="utf-8", categories=["L", "N", "P", "S", "Zs"], include_characters="\n\t")


def _at_most_one(items: SearchStrategy[_Item]) -> SearchStrategy[_Item | None]:
    return st.none() | items


def days() -> SearchStrategy[date]:
    """Days on and around clock changes."""
    return st.builds(lambda day, by: day + timedelta(days=by), st.sampled_from(DAYS), st.integers(-2, 2))


def walls() -> SearchStrategy[datetime]:
    """Naive wall times, to the second, many of which do not exist or occur twice somewhere."""
    return st.builds(
        datetime.combine, days(), st.sampled_from(TIMES) | st.times().map(lambda drawn: drawn.replace(microsecond=0))
    )


def instants() -> SearchStrategy[datetime]:
    """UTC instants on and around clock changes."""
    where = st.sampled_from(ZONES).map(zone)
    ticks = st.sampled_from((timedelta(), timedelta(microseconds=-1), timedelta(microseconds=1), timedelta(hours=1)))
    return st.builds(lambda wall, place, by: wall.replace(tzinfo=place).astimezone(UTC) + by, walls(), where, ticks)


def wall_times() -> SearchStrategy[WallTime]:
    """All-day, floating and zoned dates."""
    return st.one_of(
        days().map(WallTime),
        walls().map(lambda wall: WallTime(wall.date(), wall.time())),
        st.builds(lambda wall, place: WallTime(wall.date(), wall.time(), place), walls(), st.sampled_from(ZONES)),
    )


def contexts() -> SearchStrategy[FilterContext]:
    """Viewers at instants when their clocks may just be changing."""
    return st.builds(
        FilterContext,
        now=instants(),
        zone=st.sampled_from(ZONES).map(zone),
        user_id=_at_most_one(st.sampled_from(USERS).map(lambda user: user.id)),
        week_start=st.integers(0, 6),
    )


@st.composite
def subjects(draw: st.DrawFn) -> FilterSubject:
    """Todos that a database could hold."""
    texts = st.sampled_from(TEXTS) | st.text(_CLEAN, min_size=1, max_size=12).filter(lambda text: bool(text.strip()))
    status = draw(st.sampled_from(STATUSES))
    created, updated = sorted(draw(st.tuples(instants(), instants())))
    return FilterSubject(
        title=draw(texts),
        notes=draw(st.just("") | texts),
        status=status,
        priority=draw(st.sampled_from(PRIORITIES)),
        todo_list=draw(st.sampled_from(LISTS)),
        section=draw(_at_most_one(st.sampled_from(SECTIONS))),
        parent=draw(_at_most_one(st.sampled_from(PARENTS))),
        creator=draw(_at_most_one(st.sampled_from(USERS))),
        labels=tuple(draw(st.lists(st.sampled_from(LABELS), unique=True, max_size=3))),
        assignees=tuple(draw(st.lists(st.sampled_from(USERS), unique=True, max_size=2))),
        due=draw(_at_most_one(wall_times())),
        start=draw(_at_most_one(wall_times())),
        deadline=draw(_at_most_one(days())),
        completed_at=None if status in OPEN_STATUSES else draw(instants() if status == "completed" else _at_most_one(instants())),
        created_at=created,
        updated_at=updated,
        features=frozenset(draw(st.sets(st.sampled_from(Feature)))),
    )


def times() -> SearchStrategy[Time]:
    """Date literals."""
    clock = (Unit.MINUTE, Unit.HOUR)
    amounts = st.integers(-100, 100).filter(bool)
    return st.one_of(
        days().map(Day),
        walls().map(LocalTime),
        instants().map(Instant),
        st.sampled_from(Anchor).map(Relative),
        st.builds(Relative, st.sampled_from(Anchor), amounts, st.sampled_from([unit for unit in Unit if unit not in clock])),
        st.builds(Relative, st.just(Anchor.NOW), amounts, st.sampled_from(clock)),
    )


def values(field: Field) -> SearchStrategy[Value]:
    """Values of a field, but Missing."""
    match FIELDS[field].kind:
        case Kind.TIME:
            return times()
        case Kind.CHOICE | Kind.FLAG:
            return st.sampled_from(FIELDS[field].words).map(Word)
        case Kind.TEXT:
            free = st.text(string.ascii_letters + " \"'\\\n\t(%_", min_size=1, max_size=4).filter(lambda text: bool(text.strip()))
            return (st.sampled_from((*TEXTS, *FRAGMENTS)) | free).map(Text)
        case Kind.NAME | Kind.USER as kind:
            known = NAMES[field]
            texts = [text for named in known for text in (named.name, named.name.upper(), named.id, named.id.upper())]
            return st.sampled_from([*map(Text, (*texts, "nobody", "none")), *([Me()] if kind is Kind.USER else [])])


def _of_field(field: Field) -> SearchStrategy[Term]:
    rule = FIELDS[field]
    kinds: list[SearchStrategy[Term]] = []
    if rule.kind is not Kind.FLAG:
        operators = [Operator(written) for written in rule.operators if written in set(Operator)]
        if rule.kind is not Kind.TEXT:
            operators.remove(Operator.CONTAINS)
        kinds.append(st.builds(Compare, st.just(field), st.sampled_from(operators), values(field)))
    if "in" in rule.operators:
        missing: SearchStrategy[Value] = st.just(Missing())
        several = values(field) | missing if rule.nullable and rule.kind is not Kind.TEXT else values(field)
        kinds.append(st.builds(Member, st.just(field), st.lists(several, min_size=2, max_size=3).map(tuple)))
    if rule.nullable:
        kinds.append(st.just(IsNull(field)))
    if rule.stands_alone:
        kinds.append(st.just(Flag(field)))
    return st.one_of(kinds)


def terms() -> SearchStrategy[Term]:
    """Single conditions, on every field with every operator, as the parser writes them."""
    return st.sampled_from(Field).flatmap(_of_field)


def filters(*, max_leaves: int = 6) -> SearchStrategy[Filter]:
    """Whole filters, as the parser writes them."""

    def combined(inner: SearchStrategy[Filter]) -> SearchStrategy[Filter]:
        several = st.lists(inner, min_size=2, max_size=3).map(tuple)
        return st.builds(And, several) | st.builds(Or, several) | st.builds(Not, inner)

    return st.recursive(terms(), combined, max_leaves=max_leaves)
