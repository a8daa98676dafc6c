"""Quick add: what names stand for, and where todos go."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest
from sqlalchemy import insert, update

from tests.support.service import Account, Service
from todo_api.domain.permissions import Role
from todo_api.errors import InvalidInputError, ListNotFoundError
from todo_api.models import Member, User, Workspace
from todo_api.repositories.names import NameRepository
from todo_api.repositories.todos import TodoRepository
from todo_api.schemas.quick_add import QuickAdd
from todo_api.services.quick_add import Made, QuickAddService

Add = Callable[..., Awaitable[Made]]


@pytest.fixture
def add(service: Service, account: Account) -> Add:
    """Adds a text for ada, or for the account given."""

    async def added(text: str, *, by: Account = account, only: list[str] | None = None, draft: bool = False, **more: Any) -> Made:
        actor = await service.actor(by)
        if only is not None:
            actor = replace(actor, list_ids=tuple(only))
        async with service.state.database.transaction() as session:
            todos, names = (repository(session, actor, service.clock) for repository in (TodoRepository, NameRepository))
            adder = QuickAddService(todos=todos, names=names)  # type: ignore[arg-type]  # mypy joins the two classes
            return await (adder.draft if draft else adder.add)(QuickAdd(text=text, **more))

    return added


async def new_list(client: httpx.AsyncClient, name: str, **fields: Any) -> str:
    answer = await client.post("/v1/lists", json={"name": name, **fields})
    assert answer.status_code == 201, answer.text
    id_: str = answer.json()["id"]
    return id_


async def new_section(client: httpx.AsyncClient, list_id: str, name: str) -> str:
    answer = await client.post(f"/v1/lists/{list_id}/sections", json={"name": name})
    id_: str = answer.json()["id"]
    return id_


async def team(service: Service, *members: tuple[Account, Role]) -> str:
    """A workspace that is not personal."""
    id_ = "0193a5b0-7c1e-7000-8000-0000000000aa"
    values = {"id": id_, "name": "team", "is_personal": False, "created_at": service.clock(), "updated_at": service.clock()}
    async with service.state.database.transaction() as session:
        await session.execute(insert(Workspace), values)
        for account, role in members:
            member = {"user_id": account.user_id, "workspace_id": id_, "role": role.value, "created_at": service.clock()}
            await session.execute(insert(Member), member)
    return id_


async def rename(service: Service, account: Account, name: str) -> None:
    async with service.state.database.transaction() as session:
        statement = update(User).where(User.id == account.user_id)
        await session.execute(statement.values(name=name, name_key=name.lower()))


# Lists


async def test_list_is_found_whatever_its_case_and_accents(add: Add, client: httpx.AsyncClient) -> None:
    list_id = await new_list(client, "Caf\u00e9 ideas")

    made = await add('Espresso #"cafe IDEAS"')

    assert [(row.title, row.list_id) for row in made.todos] == [("Espresso", list_id)]
    assert [(part.kind, part.value) for part in made.parsed] == [("list", "cafe IDEAS")]


async def test_exact_spelling_comes_first(add: Add, client: httpx.AsyncClient) -> None:
    first, second = await new_list(client, "Home"), await new_list(client, "HOME")

    made = await add("a #HOME\nb #home\nc #Home")

    assert [row.list_id for row in made.todos] == [second, first, first]


async def test_unknown_list_stays_in_the_title(add: Add, account: Account) -> None:
    made = await add("Buy milk #Nowhere")

    assert [(row.title, row.list_id) for row in made.todos] == [("Buy milk #Nowhere", account.inbox_id)]
    assert made.parsed == []


async def test_second_list_is_taken_where_the_first_is_none(add: Add, client: httpx.AsyncClient) -> None:
    list_id = await new_list(client, "Home")

    made = await add("Fix issue #Nowhere #Home")

    assert [(row.title, row.list_id) for row in made.todos] == [("Fix issue #Nowhere", list_id)]


async def test_list_that_cannot_be_written_stays_in_the_title(
    add: Add, client: httpx.AsyncClient, service: Service, stranger: Account
) -> None:
    theirs = service.client(stranger)
    for name in ("Secret", "Shown", "Shared"):
        await new_list(theirs, name)
    archived, trashed = await new_list(client, "Old"), await new_list(client, "Gone")
    await client.patch(f"/v1/lists/{archived}", json={"archived": True})
    await client.delete(f"/v1/lists/{trashed}")

    made = await add("a #Secret\nb #Old\nc #Gone")

    assert [row.title for row in made.todos] == ["a #Secret", "b #Old", "c #Gone"]


async def test_guest_finds_the_lists_it_may_write(
    add: Add, client: httpx.AsyncClient, service: Service, account: Account, stranger: Account
) -> None:
    shared, shown = await new_list(client, "Shared"), await new_list(client, "Shown")
    await service.add_guest(stranger, shared, Role.EDITOR)
    await service.add_guest(stranger, shown, Role.COMPLETER)
    del account

    made = await add("a #Shared\nb #Shown", by=stranger)

    assert [(row.title, row.list_id) for row in made.todos] == [("a", shared), ("b #Shown", stranger.inbox_id)]


async def test_own_lists_come_before_those_of_a_team(
    add: Add, client: httpx.AsyncClient, service: Service, account: Account
) -> None:
    workspace_id = await team(service, (account, Role.OWNER))
    await new_list(client, "Home", workspace_id=workspace_id)
    team_only = await new_list(client, "Office", workspace_id=workspace_id)
    own = await new_list(client, "Home")

    made = await add("a #Home\nb #Office")

    assert [row.list_id for row in made.todos] == [own, team_only]
    assert [row.workspace_id for row in made.todos] == [account.workspace_id, workspace_id]


async def test_restricted_credential_finds_its_lists_only(add: Add, client: httpx.AsyncClient) -> None:
    home, work = await new_list(client, "Home"), await new_list(client, "Work")

    made = await add("a #Home\nb #Work\nc", only=[work])

    assert home != work
    assert [(row.title, row.list_id) for row in made.todos] == [("a #Home", work), ("b", work), ("c", work)]


async def test_list_given_is_where_the_others_go(add: Add, client: httpx.AsyncClient) -> None:
    home, work = await new_list(client, "Home"), await new_list(client, "Work")

    made = await add("a\nb #Home", list_id=work)

    assert [row.list_id for row in made.todos] == [work, home]


async def test_list_given_must_be_one(add: Add) -> None:
    with pytest.raises(ListNotFoundError):
        await add("a", list_id="0193a5b0-7c1e-7000-8000-000000000001")


# Sections


async def test_section_is_looked_for_in_the_list_of_its_line(add: Add, client: httpx.AsyncClient, account: Account) -> None:
    home, work = await new_list(client, "Home"), await new_list(client, "Work")
    soon_home, soon_work = await new_section(client, home, "Soon"), await new_section(client, work, "Soon")
    await new_section(client, work, "Later")
    inbox = await new_section(client, account.inbox_id, "Soon")

    made = await add("a /soon #Home\nb #Work /Soon\nc /Later #Home\nd /Soon")

    assert [(row.title, row.section_id) for row in made.todos] == [
        ("a", soon_home),
        ("b", soon_work),
        ("c /Later", None),
        ("d", inbox),
    ]


async def test_section_in_small_letters_needs_a_list(add: Add, client: httpx.AsyncClient) -> None:
    home = await new_list(client, "Home")
    tmp = await new_section(client, home, "tmp")

    made = await add("Clean /tmp", list_id=home)

    assert [(row.title, row.section_id) for row in made.todos] == [("Clean", tmp)]


async def test_deleted_section_stays_in_the_title(add: Add, client: httpx.AsyncClient, account: Account) -> None:
    section = await new_section(client, account.inbox_id, "Soon")
    await client.delete(f"/v1/sections/{section}")

    made = await add("a /Soon")

    assert [(row.title, row.section_id) for row in made.todos] == [("a /Soon", None)]


# People


async def test_people_are_found_by_email_name_and_first_name(add: Add, service: Service, account: Account) -> None:
    bob, carol = await service.account("bob@example.com"), await service.account("carol@example.com")
    await rename(service, bob, "Bob Miller")
    await rename(service, carol, "Carol")
    workspace_id = await team(service, (account, Role.OWNER), (bob, Role.VIEWER), (carol, Role.EDITOR))
    office = await new_list(service.client(account), "Office", workspace_id=workspace_id)

    made = await add('a #Office +Bob@Example.com\nb #Office +"bob miller" +CAROL\nc #Office +bob +ada', list_id=office)

    assert [row.assignee_ids for row in made.todos] == [
        [bob.user_id],
        [bob.user_id, carol.user_id],
        [bob.user_id, account.user_id],
    ]
    assert [row.title for row in made.todos] == ["a", "b", "c"]


async def test_name_that_several_have_is_nobodys(add: Add, service: Service, account: Account) -> None:
    both = [await service.account(f"bob{number}@example.com") for number in range(2)]
    for bob, name in zip(both, ("Bob Miller", "Bob Smith"), strict=True):
        await rename(service, bob, name)
        await service.add_guest(bob, account.inbox_id, Role.EDITOR)

    made = await add('a +Bob\nb +"Bob Smith"')

    assert [(row.title, row.assignee_ids) for row in made.todos] == [("a +Bob", []), ("b", [both[1].user_id])]


async def test_people_without_access_stay_in_the_title(add: Add, stranger: Account) -> None:
    made = await add(f"a +{stranger.email} +eve +nobody")

    assert [(row.title, row.assignee_ids) for row in made.todos] == [(f"a +{stranger.email} +eve +nobody", [])]


async def test_guest_finds_other_guests_but_no_members(
    add: Add, client: httpx.AsyncClient, service: Service, stranger: Account
) -> None:
    shared = await new_list(client, "Shared")
    bob = await service.account("bob@example.com")
    for guest in (stranger, bob):
        await service.add_guest(guest, shared, Role.EDITOR)

    made = await add("a #Shared +bob +ada", by=stranger)

    assert [(row.title, row.assignee_ids) for row in made.todos] == [("a +ada", [bob.user_id])]


async def test_wildcards_in_names_mean_themselves(add: Add, service: Service, account: Account) -> None:
    bob = await service.account("bob@example.com")
    await rename(service, bob, "Bob Miller")
    await service.add_guest(bob, account.inbox_id, Role.EDITOR)

    made = await add('a +"b_b" +"b%"')

    assert [row.assignee_ids for row in made.todos] == [[]]


# Trees, limits, drafts


async def test_subtasks_go_where_their_parent_goes(add: Add, client: httpx.AsyncClient) -> None:
    home = await new_list(client, "Home")

    made = await add("Move house #Home\n  Pack @boxes tomorrow\n    Books +ada\n  Clean #Work\nOther")

    top, pack, books, clean, other = made.todos
    assert [row.title for row in made.todos] == ["Move house", "Pack", "Books", "Clean #Work", "Other"]
    assert [row.parent_id for row in made.todos] == [None, top.id, pack.id, top.id, None]
    assert [row.list_id == home for row in made.todos] == [True, True, True, True, False]
    assert (top.open_subtasks, pack.open_subtasks, books.open_subtasks) == (2, 1, 0)
    assert books.assignee_ids == [books.created_by]
    assert other.order < clean.order or other.list_id != clean.list_id


async def test_parts_are_where_they_stand_in_the_whole_text(add: Add) -> None:
    text = "\U0001f600 a @x\n\tb !high\r\n\nc tomorrow"

    made = await add(text)

    assert [text[slice(*part.span)] for part in made.parsed] == ["@x", "!high", "tomorrow"] == [part.text for part in made.parsed]


async def test_number_of_todos_is_bounded(add: Add) -> None:
    assert len((await add("a\n" * 500)).todos) == 500
    with pytest.raises(InvalidInputError):
        await add("a\n" * 501)


async def test_zone_given_says_what_today_is(add: Add, service: Service) -> None:
    service.clock.now = service.clock.now.replace(hour=23)

    here, there, own = (
        await add("Call mum today"),
        await add("Call mum today", timezone="Asia/Tokyo"),
        await add("Call at 9am", timezone="UTC"),
    )

    assert [str(made.todos[0].due_date) for made in (here, there)] == ["2027-03-10", "2027-03-11"]
    assert own.todos[0].due_timezone is None


async def test_draft_writes_nothing(add: Add, service: Service, account: Account, client: httpx.AsyncClient) -> None:
    seq = await service.seq(account.workspace_id)

    drafted = await add("a @new @New\n  b every day at 5pm", draft=True)

    assert [(row.title, row.labels, row.parent_id) for row in drafted.todos] == [
        ("a", ["new"], None),
        ("b", [], drafted.todos[0].id),
    ]
    assert await service.seq(account.workspace_id) == seq
    assert (await client.get("/v1/labels")).json()["items"] == []


async def test_draft_is_what_is_made(add: Add, client: httpx.AsyncClient) -> None:
    await new_list(client, "Home")
    text = "Pay rent every 1st at 9am #Home @bills !high +ada {friday} ~30m //from the joint account\n  Ask bank"

    drafted, made = await add(text, draft=True), await add(text)

    unlike = {"id", "parent_id", "order", "now"}
    for draft, row in zip(drafted.todos, made.todos, strict=True):
        names = [name for name in row.__slots__ if name not in unlike]
        assert [getattr(draft, name) for name in names] == [getattr(row, name) for name in names]
    assert drafted.parsed == made.parsed
