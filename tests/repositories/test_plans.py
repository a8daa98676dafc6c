"""No list of todos reads a table from end to end, and none sorts what an index has in order."""

import pytest
from sqlalchemy import text

from tests.support.many_todos import add_many
from tests.support.plans import Plan, asked
from tests.support.service import Account, Service
from todo_api.domain.actor import Actor
from todo_api.domain.filter_language import parse
from todo_api.domain.paging import Position
from todo_api.domain.permissions import Role
from todo_api.domain.search import parse_search
from todo_api.domain.sorting import TodoSort
from todo_api.domain.views import View
from todo_api.repositories.todos import TodoRepository
from todo_api.repositories.views import ViewRepository
from todo_api.schemas.todos import OPEN_STATUSES, TodoFilter

OPEN = TodoFilter(status=OPEN_STATUSES)
ANY = TodoFilter()
SORTS = {  # the index of the open todos, and of all
    TodoSort.ORDER: ("ix_todo_open_order", "ix_todo_order"),
    TodoSort.DUE: ("ix_todo_open_due", "ix_todo_due"),
    TodoSort.PRIORITY: ("ix_todo_open_priority", "ix_todo_priority"),
    TodoSort.CREATED_AT: ("ix_todo_created_at", "ix_todo_created_at"),
    TodoSort.UPDATED_AT: ("ix_todo_updated_at", "ix_todo_updated_at"),
    TodoSort.COMPLETED_AT: ("ix_todo_completed_at", "ix_todo_completed_at"),
    TodoSort.TITLE: ("ix_todo_title", "ix_todo_title"),
}
VIEWS = {
    View.INBOX: "ix_todo_open_in_list",
    View.TODAY: "ix_todo_open_due",
    View.UPCOMING: "ix_todo_open_due",
    View.OVERDUE: "ix_todo_open_due",
    View.NO_DATE: "ix_todo_open_due",
    View.COMPLETED: "ix_todo_completed_at",
}


@pytest.fixture
async def actor(service: Service, account: Account, stranger: Account) -> Actor:
    """A member of one workspace with 1500 todos, beside somebody else's 500."""
    lists = [account.inbox_id, *[await add_list(service, account) for _ in range(4)]]
    other_lists = [stranger.inbox_id, await add_list(service, stranger)]
    async with service.state.database.transaction() as session:
        await add_many(session, account, lists, count=1500)
        await add_many(session, stranger, other_lists, count=500)
    return await analyzed(service, account)


async def add_list(service: Service, account: Account) -> str:
    response = await service.client(account).post("/v1/lists", json={"name": "Another"})
    return str(response.json()["id"])


async def analyzed(service: Service, account: Account) -> Actor:
    if service.state.database.dialect_name == "postgresql":
        async with service.state.database.transaction() as session:
            await session.execute(text("ANALYZE"))
    return await service.actor(account)


async def plan_of(
    service: Service, actor: Actor, filter_: TodoFilter, *, sort: TodoSort | None = None, descending: bool = False
) -> Plan:
    """Of the first page and the one after it."""
    database, after = service.state.database, None
    async with asked(database) as seen, database.snapshot() as session:
        todos = TodoRepository(session, actor, service.clock)
        for _ in range(2):
            page = await todos.page(filter_, sort=sort, descending=descending, limit=5, after=after)
            after = page.next_position
            if after is None:
                break
    return await seen.plan()


async def plan_of_view(service: Service, actor: Actor, view: View) -> Plan:
    database = service.state.database
    after: Position | None = None
    async with asked(database) as seen, database.snapshot() as session:
        for _ in range(2):
            page = await ViewRepository(session, actor, service.clock).page_of(view, limit=5, after=after)
            after = page.next_position
    return await seen.plan()


async def test_every_order_is_read_from_its_index(service: Service, actor: Actor) -> None:
    for sort, (of_open, of_all) in SORTS.items():
        for filter_, index in ((OPEN, of_open), (ANY, of_all)):
            for descending in (False, True):
                plan = await plan_of(service, actor, filter_, sort=sort, descending=descending)
                assert (plan.scans, plan.sorted) == ([], []), sort
                assert index in plan.indexes, sort


async def test_every_view_is_read_from_its_index(service: Service, actor: Actor) -> None:
    for view, index in VIEWS.items():
        plan = await plan_of_view(service, actor, view)
        assert (plan.scans, plan.sorted) == ([], []), view
        assert index in plan.indexes, view


async def test_what_is_assigned_is_found_by_the_assignee(service: Service, actor: Actor) -> None:
    for plan in (
        await plan_of_view(service, actor, View.ASSIGNED),
        await plan_of(service, actor, TodoFilter(status=OPEN_STATUSES, assignee=("me",))),
    ):
        assert plan.scans == []
        assert {"sqlite_autoindex_todo_assignee_1", "pk_todo_assignee"} & {*plan.indexes}


async def test_filters_are_read_from_an_index(service: Service, actor: Actor, account: Account) -> None:
    tree = parse("due < 2027-03-01 and (priority >= high or title:milk) and not label:none")
    expected = {
        TodoFilter(status=OPEN_STATUSES, list_id=(account.inbox_id,)): "ix_todo_open_in_list",
        TodoFilter(list_id=(account.inbox_id,)): "ix_todo_in_list",
        TodoFilter(parent_id=(account.inbox_id,)): "ix_todo_parent",
        TodoFilter(section_id=(account.inbox_id,)): "ix_todo_section_id",
    }
    for filter_, index in expected.items():
        plan = await plan_of(service, actor, filter_)
        assert plan.scans == [], index
        assert index in plan.indexes
    plan = await plan_of(service, actor, TodoFilter(status=OPEN_STATUSES, filter=tree))
    assert plan.scans == []  # PostgreSQL chooses by its statistics between the order and what the filter names


async def test_filter_is_applied_to_rows_in_order(service: Service, actor: Actor, database_kind: str) -> None:
    if database_kind == "postgresql":
        pytest.skip("its statistics may tell it to sort a few rows")
    tree = parse("(priority >= high or title:milk) and not label:none")

    for sort, (of_open, _) in SORTS.items():
        plan = await plan_of(service, actor, TodoFilter(status=OPEN_STATUSES, filter=tree), sort=sort)
        assert (plan.scans, plan.sorted) == ([], []), sort
        assert of_open in plan.indexes


async def test_search_reads_the_full_text_index(service: Service, actor: Actor) -> None:
    for sort in (None, TodoSort.DUE):
        plan = await plan_of(service, actor, TodoFilter(status=OPEN_STATUSES, q=parse_search('"milk bread" 1010')), sort=sort)

        assert plan.scans == []
        assert {"todo_search", "ix_todo_search_vector"} & {*plan.indexes}


async def test_each_workspace_is_read_in_order_by_itself(service: Service, account: Account, actor: Actor) -> None:
    del actor  # its todos are there
    friend = await service.account("grace@example.com")
    async with service.state.database.transaction() as session:
        await add_many(session, friend, [friend.inbox_id], count=500)
    await service.add_member(account, friend.workspace_id, Role.VIEWER)
    both = await analyzed(service, account)

    for sort, (of_open, of_all) in SORTS.items():
        for filter_, index in ((OPEN, of_open), (ANY, of_all)):
            plan = await plan_of(service, both, filter_, sort=sort)
            assert (plan.scans, plan.sorted) == ([], []), sort
            assert plan.indexes.count(index) >= 2, sort
    for view, index in VIEWS.items():
        plan = await plan_of_view(service, both, view)
        assert (plan.scans, plan.sorted) == ([], []), view
        assert index in plan.indexes, view


async def test_list_of_a_guest_is_read_in_order_by_itself(service: Service, account: Account, actor: Actor) -> None:
    del actor  # its todos are there
    friend = await service.account("grace@example.com")
    shared = await add_list(service, friend)
    async with service.state.database.transaction() as session:
        await add_many(session, friend, [friend.inbox_id, shared], count=500)
    await service.add_guest(account, shared, Role.VIEWER)
    guest = await analyzed(service, account)

    for filter_, suffix in ((OPEN, "open_"), (ANY, "")):
        plan = await plan_of(service, guest, filter_, sort=TodoSort.ORDER)
        assert (plan.scans, plan.sorted) == ([], [])
        assert {f"ix_todo_{suffix}order", f"ix_todo_{suffix}in_list"} <= {*plan.indexes}
