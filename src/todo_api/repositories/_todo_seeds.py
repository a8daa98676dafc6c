"""New todos before they are written: where they go, and what they refer to, checked for all of them at once."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import bindparam, insert, select

from todo_api.db.columns import Id
from todo_api.domain import ranking
from todo_api.domain.identifiers import new_id
from todo_api.domain.text import search_key
from todo_api.errors import ExternalTakenError, Flaw, InvalidInputError, TodoApiError, UnavailableError
from todo_api.models import Section, Todo, TodoAssignee, TodoBlocker, TodoLabel
from todo_api.repositories import _labels, _tree
from todo_api.repositories._places import Place
from todo_api.repositories._todo_rows import OPEN
from todo_api.repositories._todo_series import TodoSeries
from todo_api.schemas.todos import Status, TodoCreate

_BODY: Final = "#"
_IDS: Final = bindparam("ids", expanding=True, type_=Id())
_SECTIONS: Final = select(Section.id, Section.list_id).where(Section.id.in_(_IDS), Section.deleted_at.is_(None))
_OPEN_AMONG: Final = select(Todo.id).where(Todo.id.in_(_IDS), Todo.deleted_at.is_(None), Todo.status.in_(OPEN))
_EXTERNALS: Final = select(Todo.external_source, Todo.external_id).where(
    Todo.workspace_id == bindparam("workspace", type_=Id()),
    Todo.external_id.in_(bindparam("externals", expanding=True)),
    Todo.deleted_at.is_(None),
)


@dataclass(frozen=True, slots=True)
class NewTodo:
    """A todo to make, and its subtasks, which go where it goes; ``pointer`` says where the request's body has it."""

    data: TodoCreate
    children: tuple["NewTodo", ...] = ()
    pointer: str = _BODY
    id: str = field(default_factory=new_id)

    @property
    def status(self) -> Status:
        """Where it stands from the beginning."""
        return self.data.status or (Status.COMPLETED if self.data.completed else Status.OPEN)


@dataclass(frozen=True, slots=True)
class Seed:
    """A new todo whose place is known."""

    new: NewTodo
    place: Place
    parent_id: str | None
    order: str

    @property
    def id(self) -> str:
        return self.new.id

    @property
    def data(self) -> TodoCreate:
        return self.new.data

    def flaw(self, member: str, detail: str, code: str) -> Flaw:
        """What is wrong with a member of this todo."""
        return Flaw(detail, code, pointer=f"{self.new.pointer}/{member}")


Key = Callable[[Seed], str]


class TodoSeeds(TodoSeries):
    """Checks and links of new todos; the number of statements grows with lists and workspaces, not with todos."""

    async def _check_references(self, seeds: Sequence[Seed]) -> set[str]:
        """Raise InvalidInputError for what does not exist, ExternalTakenError for what does; the blockers that are open."""
        await self._check_sections([seed for seed in seeds if seed.data.section_id is not None])
        await self._check_assignees([seed for seed in seeds if seed.data.assignee_ids])
        if len(seeds) > 1:
            await self._check_externals([seed for seed in seeds if seed.data.external is not None])
        return await self._check_blockers([seed for seed in seeds if seed.data.blocked_by])

    async def _check_sections(self, seeds: Sequence[Seed]) -> None:
        if not seeds:
            return
        parameters = {"ids": sorted({seed.data.section_id for seed in seeds if seed.data.section_id is not None})}
        lists = {row.id: row.list_id for row in await self.session.execute(_SECTIONS, parameters)}
        refuse(
            seed.flaw("section_id", "is not a section of the list", "section_not_found")
            for seed in seeds
            if lists.get(seed.data.section_id or "") != seed.place.id
        )

    async def _check_assignees(self, seeds: Sequence[Seed]) -> None:
        for list_id, group in _grouped(seeds, lambda seed: seed.place.id):
            wanted = sorted({user_id for seed in group for user_id in seed.data.assignee_ids})
            known = await self._with_access(wanted, workspace_id=group[0].place.workspace_id, list_id=list_id)
            refuse(
                seed.flaw(f"assignee_ids/{index}", "has no access to the list", "assignee_not_found")
                for seed in group
                for index, user_id in enumerate(seed.data.assignee_ids)
                if user_id not in known
            )

    async def _check_blockers(self, seeds: Sequence[Seed]) -> set[str]:
        """Those that are open. They make no cycle: nothing waits for a todo that does not exist yet."""
        found: set[str] = set()
        for workspace_id, group in _grouped(seeds, lambda seed: seed.place.workspace_id):
            wanted = sorted({id_ for seed in group for id_ in seed.data.blocked_by})
            await _tree.lock_structure(self.session, workspace_id)
            known = await self._visible_among(wanted, workspace_id=workspace_id)
            refuse(
                seed.flaw(f"blocked_by/{index}", "is not a todo of the workspace", "blocker_not_found")
                for seed in group
                for index, id_ in enumerate(seed.data.blocked_by)
                if id_ not in known
            )
            found.update((await self.session.execute(_OPEN_AMONG, {"ids": wanted})).scalars())
        return found

    async def _check_externals(self, seeds: Sequence[Seed]) -> None:
        """Say which reference is taken; the database would only say that one is."""
        for workspace_id, group in _grouped(seeds, lambda seed: seed.place.workspace_id):
            wanted = [(seed, seed.data.external.source, seed.data.external.id) for seed in group if seed.data.external]
            parameters = {"workspace": workspace_id, "externals": sorted({id_ for *_, id_ in wanted})}
            taken: set[Any] = {
                (row.external_source, row.external_id) for row in await self.session.execute(_EXTERNALS, parameters)
            }
            for seed, *reference in wanted:
                if tuple(reference) in taken:
                    raise ExternalTakenError().within(f"{seed.new.pointer}/external")
                taken.add(tuple(reference))

    async def _labels_of(self, seeds: Sequence[Seed]) -> dict[str, dict[str, str]]:
        """Ids of labels by the workspace's spelling, for each todo; labels that do not exist are made."""
        found: dict[str, dict[str, str]] = {seed.id: {} for seed in seeds}
        for workspace_id, group in _grouped([seed for seed in seeds if seed.data.labels], lambda seed: seed.place.workspace_id):
            ids = await self._label_names(workspace_id, (name for seed in group for name in seed.data.labels))
            by_key = {search_key(name): (name, id_) for name, id_ in ids.items()}
            for seed in group:
                found[seed.id] = dict(by_key[key] for key in _labels.distinct(seed.data.labels))
        return found

    async def _link(self, values: Sequence[Mapping[str, Any]], labels: Mapping[str, Mapping[str, str]]) -> None:
        """Write the index tables behind the lists of ids that todos carry."""
        links: tuple[tuple[Any, list[dict[str, str]]], ...] = (
            (TodoLabel, [{"todo_id": row["id"], "label_id": id_} for row in values for id_ in labels[row["id"]].values()]),
            (TodoAssignee, [{"todo_id": row["id"], "user_id": id_} for row in values for id_ in row["assignee_ids"]]),
            (TodoBlocker, [{"todo_id": row["id"], "blocker_id": id_} for row in values for id_ in row["blocked_by"]]),
        )
        for model, rows in links:
            if rows:
                await self.session.execute(insert(model), rows)


def seeded(places: Sequence[tuple[NewTodo, Place]]) -> list[Seed]:
    """The todos, each followed by its subtasks, with order keys at the bottom of their lists."""
    flat = [found for new, place in places for found in _flat(new, place, new.data.parent_id)]
    lists = {place.id: place for _, place, _ in flat}
    counts = defaultdict[str, int](int)
    for _, place, _ in flat:
        counts[place.id] += 1
    keys = {id_: iter(ranking.spread(counts[id_], place.last_order, None)) for id_, place in lists.items()}
    return [Seed(new, place, parent_id, next(keys[place.id])) for new, place, parent_id in flat]


def _flat(new: NewTodo, place: Place, parent_id: str | None) -> Iterator[tuple[NewTodo, Place, str | None]]:
    yield new, place, parent_id
    for child in new.children:
        yield from _flat(child, place, new.id)


def _grouped(seeds: Sequence[Seed], key: Key) -> list[tuple[str, list[Seed]]]:
    groups = defaultdict[str, list[Seed]](list)
    for seed in seeds:
        groups[key(seed)].append(seed)
    return sorted(groups.items())  # in one order everywhere, so that no two writers wait for each other


def refuse(flaws: Iterable[Flaw]) -> None:
    """Raise InvalidInputError if there are any."""
    if found := list(flaws):
        raise InvalidInputError(found)


@contextmanager
def told(pointer: str) -> Iterator[None]:
    """Errors in the block are about the part of the body that ``pointer`` names."""
    try:
        yield
    except UnavailableError:
        raise
    except TodoApiError as error:
        if pointer != _BODY:
            error.within(pointer)
        raise
