from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from tests.support.filter_strategies import USERS, contexts, filters, subjects, terms, times
from tests.support.filter_world import add_subjects, add_world
from tests.support.service import Service
from todo_api.db.session import Session
from todo_api.domain.dates import zone
from todo_api.domain.filter_boundaries import FilterContext
from todo_api.domain.filter_evaluation import FilterSubject, evaluate, matches
from todo_api.domain.filter_format import format_filter
from todo_api.domain.filter_language import parse
from todo_api.domain.filter_resolution import Within, resolve
from todo_api.domain.filter_tree import Compare, Field, Filter, Operator
from todo_api.models import Todo
from todo_api.repositories._filter_sql import around, condition, parametrized

NOON = FilterContext(now=datetime(2027, 3, 10, 12, tzinfo=UTC), zone=zone("UTC"), user_id=USERS[0].id)
RELATIONS = (Operator.EQUAL, Operator.LESS, Operator.AT_MOST, Operator.GREATER, Operator.AT_LEAST)
FEW = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


async def found(session: Session, tree: Filter, context: FilterContext, ids: Sequence[str]) -> list[int]:
    """Which of the todos the database finds, by their place in ``ids``."""
    form, parameters = parametrized(resolve(tree, context), "f")
    rows = (await session.execute(select(Todo.id).where(Todo.id.in_(ids), condition(form)), parameters)).scalars().all()
    return sorted(map(ids.index, rows))


def expected(tree: Filter, context: FilterContext, todos: Sequence[FilterSubject]) -> list[int]:
    return [number for number, subject in enumerate(todos) if evaluate(tree, subject, context)]


@FEW
@given(
    todos=st.lists(subjects(), min_size=10, max_size=25),
    trees=st.lists(st.tuples(terms() | filters(max_leaves=10), contexts()), min_size=20, max_size=40),
)
async def test_database_finds_what_the_filter_means(
    service: Service, todos: list[FilterSubject], trees: list[tuple[Filter, FilterContext]]
) -> None:
    session = service.state.database.writer()
    try:
        await add_world(session)
        ids = await add_subjects(session, todos)
        for tree, context in trees:
            assert await found(session, tree, context, ids) == expected(tree, context, todos), format_filter(tree)
    finally:
        await session.rollback()


@FEW
@given(
    todos=st.lists(subjects(), min_size=10, max_size=25),
    comparisons=st.lists(
        st.tuples(st.builds(Compare, st.sampled_from((Field.DUE, Field.START)), st.sampled_from(RELATIONS), times()), contexts()),
        min_size=10,
        max_size=20,
    ),
)
async def test_range_of_the_index_leaves_nothing_out(
    service: Service, todos: list[FilterSubject], comparisons: list[tuple[Compare, FilterContext]]
) -> None:
    session = service.state.database.writer()
    try:
        await add_world(session)
        ids = await add_subjects(session, todos)
        for term, context in comparisons:
            within = resolve(term, context)
            assert isinstance(within, Within)
            form, parameters = parametrized(around(within), "f")
            statement = select(Todo.id).where(Todo.id.in_(ids), condition(form))
            rows = (await session.execute(statement, parameters)).scalars().all()
            assert sorted(map(ids.index, rows)) == [number for number, todo in enumerate(todos) if matches(within, todo)]
    finally:
        await session.rollback()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("title:milk and priority > low", "title:tea and priority > high"),
        ("label in (a, b)", "label in (c, d, e)"),
        ("due < today or not assignee:me", "due < 2027-01-01 or not assignee:me"),
    ],
)
def test_filters_of_one_form_share_a_statement(one: str, other: str) -> None:
    forms = {parametrized(resolve(parse(text), NOON), "f")[0] for text in (one, other)}

    assert len(forms) == 1


def test_what_changes_the_statement_changes_the_form() -> None:
    texts = ["title:x", "title = x", "due < today", "due > today", "due is null", "label:x", "label in (x, none)", "assignee:me"]

    assert len({parametrized(resolve(parse(text), NOON), "f")[0] for text in texts}) == len(texts)


async def test_values_never_reach_the_text_of_the_statement() -> None:
    tree = resolve(parse("""title:"'); DROP TABLE todo; --" or list in (x, y) or due < 2027-03-14"""), NOON)

    form, parameters = parametrized(tree, "f")

    assert "DROP" not in str(condition(form))
    assert parameters["f_0"] == "'); drop table todo; --"
