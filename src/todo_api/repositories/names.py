"""What people call things: lists, sections and people by the names that somebody typed, as far as the actor may use them."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any, ClassVar, Final

from sqlalchemy import ColumnElement, Select, bindparam, exists, or_, select

from todo_api.db.columns import Id
from todo_api.domain.changes import Kind
from todo_api.domain.permissions import Role
from todo_api.domain.text import search_key
from todo_api.models import ListGuest, Member, Section, TodoList, User, Workspace
from todo_api.repositories import _access, _places
from todo_api.repositories._base import Repository
from todo_api.repositories._places import Place

_MOST_PEOPLE: Final = 50  # names looked up at once: each is a condition
_KEYS: Final[Any] = bindparam("keys", expanding=True)
_LIST: Final = bindparam("list", type_=Id())


@lru_cache(maxsize=8)
def _lists(*, single: bool, guest: bool, restricted: bool) -> Select[*tuple[Any, ...]]:
    return (
        select(TodoList.id, TodoList.workspace_id, TodoList.name, TodoList.name_key)
        .join(Workspace, Workspace.id == TodoList.workspace_id)
        .where(
            _access.near(TodoList.workspace_id, TodoList.id, single=single, guest=guest),
            TodoList.deleted_at.is_(None),
            TodoList.archived_at.is_(None),
            TodoList.name_key.in_(_KEYS),
            _access.list_role(TodoList.workspace_id, TodoList.id) >= Role.EDITOR.value,
            *_access.visible(TodoList.workspace_id, TodoList.id, restricted=restricted),
        )
        .order_by(Workspace.is_personal.desc(), TodoList.order, TodoList.id)
    )


@lru_cache(maxsize=2)
def _sections(*, restricted: bool) -> Select[*tuple[Any, ...]]:
    seen = _access.visible(Section.workspace_id, Section.list_id, restricted=restricted)
    return (
        select(Section.id, Section.name, Section.name_key)
        .where(Section.list_id == _LIST, Section.deleted_at.is_(None), Section.name_key.in_(_KEYS), *seen)
        .order_by(Section.order, Section.id)
    )


class NameRepository(Repository):
    """Finds by name; case and accents do not matter, and where several have the name the exact spelling comes first."""

    kind: ClassVar[Kind] = Kind.LIST

    async def place(self, list_id: str | None) -> Place:
        """Where todos go: this list, else the default one; raises what ``find_place`` raises."""
        return await _places.find_place(self.session, self.actor, list_id)

    async def lists(self, names: Iterable[str]) -> dict[str, Any]:
        """Lists that the actor may write, with their workspaces, by those of the names that are theirs."""
        wanted = sorted(set(names))
        if not wanted or not (self.actor.workspace_ids or self.actor.guest_list_ids):
            return {}
        single, guest = _access.is_single(self.actor), bool(self.actor.guest_list_ids)
        statement = _lists(single=single, guest=guest, restricted=self._restricted)
        parameters = self._parameters(keys=_keys(wanted)) | _access.near_parameters(self.actor)
        return _named((await self.session.execute(statement, parameters)).all(), wanted)

    async def sections(self, list_id: str, names: Iterable[str]) -> dict[str, str]:
        """Sections of a list, by those of the names that are theirs."""
        wanted = sorted(set(names))
        if not wanted:
            return {}
        parameters = self._parameters(list=list_id, keys=_keys(wanted))
        found = (await self.session.execute(_sections(restricted=self._restricted), parameters)).all()
        return {name: row.id for name, row in _named(found, wanted).items()}

    async def people(self, place: Place, names: Iterable[str]) -> dict[str, str]:
        """Users with access to the list by email, name or first name; a name that several have is nobody's."""
        wanted = sorted(set(names))[:_MOST_PEOPLE]
        if not wanted:
            return {}
        statement = select(User.id, User.email_key, User.name_key).where(
            User.disabled_at.is_(None), self._among(place), _called(wanted)
        )
        rows = (await self.session.execute(statement)).all()
        return {name: id_ for name in wanted if (id_ := _person(rows, name)) is not None}

    def _among(self, place: Place) -> ColumnElement[bool]:
        """Guests of the list and, for who belongs to the workspace, its members."""
        guest = exists().where(ListGuest.user_id == User.id, ListGuest.list_id == place.id)
        member = exists().where(Member.user_id == User.id, Member.workspace_id == place.workspace_id)
        return or_(guest, member) if place.workspace_id in self.actor.workspace_ids else guest


def _keys(names: Iterable[str]) -> list[str]:
    return sorted({search_key(name) for name in names})


def _named(rows: Sequence[Any], names: Iterable[str]) -> dict[str, Any]:
    by_key = defaultdict[str, list[Any]](list)
    for row in rows:
        by_key[row.name_key].append(row)
    found = {}
    for name in names:
        if called := by_key.get(search_key(name)):
            found[name] = next((row for row in called if row.name == name), called[0])
    return found


def _called(names: Sequence[str]) -> ColumnElement[bool]:
    first = (User.name_key.startswith(f"{key} ", autoescape=True) for key in _keys(names))
    return or_(User.email_key.in_([name.casefold() for name in names]), User.name_key.in_(_keys(names)), *first)


def _person(rows: Sequence[Any], name: str) -> str | None:
    key = search_key(name)
    for called in (
        [row.id for row in rows if row.email_key == name.casefold()],
        [row.id for row in rows if row.name_key == key],
        [row.id for row in rows if row.name_key.startswith(f"{key} ")],
    ):
        if called:
            return called[0] if len(called) == 1 else None
    return None
