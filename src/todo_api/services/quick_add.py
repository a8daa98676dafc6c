"""Quick add: names are looked up, todos are made; what stands for nothing the caller may use stays text."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from todo_api.domain.dates import zone
from todo_api.domain.quick_add import Parsed, Part, parse
from todo_api.domain.quick_add_tokens import Kind, Knows
from todo_api.errors import InvalidInputError
from todo_api.formats.quick_add import Found, Reading, message
from todo_api.repositories.names import NameRepository
from todo_api.repositories.todos import NewTodo, TodoRepository, TodoRow
from todo_api.schemas.quick_add import QuickAdd

_MOST_TODOS: Final = 500


@dataclass(frozen=True, slots=True)
class Made:
    """Todos, each followed by its subtasks, and the parts of the text that were understood."""

    todos: list[TodoRow]
    parsed: list[Part]


@dataclass(slots=True)
class _Asked:
    """Knows nothing, and remembers what it was asked about."""

    names: list[tuple[Kind, str, int]] = field(default_factory=list)

    def __call__(self, kind: Kind, name: str, at: int) -> bool:
        self.names.append((kind, name, at))
        return False

    def about(self, kind: Kind) -> list[tuple[str, int]]:
        return [(name, at) for asked, name, at in self.names if asked == kind]


@dataclass(slots=True)
class _Names:
    """What names stand for; sections and people are those of the list that a line goes to."""

    lists: Mapping[str, Any] = field(default_factory=dict)
    starts: Sequence[int] = ()
    places: Sequence[str | None] = ()
    sections: Mapping[str | None, Mapping[str, str]] = field(default_factory=dict)
    people: Mapping[str | None, Mapping[str, str]] = field(default_factory=dict)

    def list_at(self, at: int) -> str | None:
        """The list of the line at this offset; None is the default one."""
        return self.places[bisect_right(self.starts, at) - 1] if self.starts else None

    def knows(self, kind: Kind, name: str, at: int) -> bool:
        if kind == "list":
            return name in self.lists
        return name in (self.sections if kind == "section" else self.people).get(self.list_at(at), {})


class QuickAddService:
    """Reads a text in the caller's place, and makes what it says in one go."""

    def __init__(self, *, todos: TodoRepository, names: NameRepository) -> None:
        self._todos = todos
        self._names = names

    async def add(self, data: QuickAdd) -> Made:
        """Make the todos; raises what creating them raises."""
        items, parsed = await self._read(data)
        return Made(await self._todos.create_all(items), parsed)

    async def draft(self, data: QuickAdd) -> Made:
        """What ``add`` would make; nothing is written."""
        items, parsed = await self._read(data)
        return Made(await self._todos.draft_all(items), parsed)

    async def _read(self, data: QuickAdd) -> tuple[list[NewTodo], list[Part]]:
        actor = self._todos.actor
        own = data.timezone is None or data.timezone == actor.zone.key
        there = actor.zone if data.timezone is None else zone(data.timezone)
        now = self._todos.clock().astimezone(there).replace(tzinfo=None)

        def read(knows: Knows) -> list[Parsed]:
            return parse(data.text, now, week_start=actor.week_start, in_list=data.list_id is not None, knows=knows)

        asked = _Asked()
        lines, names = read(asked), _Names()
        if sum(1 for _ in _all(lines)) > _MOST_TODOS:
            raise InvalidInputError.at("#/text", f"must have at most {_MOST_TODOS} lines", "too_many")
        if asked.names:
            names = await self._look_up(asked, data, read)
            lines = read(names.knows)
        writer = _Writer(data, Reading(now, None if own else data.timezone), names)
        return [writer.written(line) for line in lines], writer.parsed

    async def _look_up(self, asked: _Asked, data: QuickAdd, read: Any) -> _Names:
        """Lists first, for sections and people are looked for in the list that the line goes to."""
        lists = await self._names.lists(name for name, _ in asked.about("list"))
        top: list[Parsed] = read(_Names(lists).knows)
        chosen = [data.list_id if line.list_name is None else lists[line.list_name].id for line in top]
        names = _Names(lists, [line.at for line in top], chosen)
        sections, people = _by_list(asked.about("section"), names), _by_list(asked.about("assignee"), names)
        for list_id in sorted({*sections, *people}, key=str):
            place = await self._names.place(list_id)
            names.sections = {**names.sections, list_id: await self._names.sections(place.id, sections[list_id])}
            names.people = {**names.people, list_id: await self._names.people(place, people[list_id])}
        return names


class _Writer:
    """Turns lines into new todos, and collects what was understood of them."""

    def __init__(self, data: QuickAdd, reading: Reading, names: _Names) -> None:
        self._data = data
        self._reading = reading
        self._names = names
        self.parsed: list[Part] = []

    def written(self, line: Parsed) -> NewTodo:
        list_id = self._names.list_at(line.at) if self._names.starts else self._data.list_id
        people = self._names.people.get(list_id, {})
        found = Found(
            list_id=list_id,
            section_id=None if line.section_name is None else self._names.sections[list_id][line.section_name],
            assignee_ids=[people[name] for name in line.assignees],
        )
        said = self._data.text[line.at :].partition("\n")[0]
        data, understood = message(line, said, self._reading, found)
        self.parsed += line.parsed if understood else ()
        return NewTodo(data, tuple(self.written(child) for child in line.children))


def _by_list(asked: Iterable[tuple[str, int]], names: _Names) -> defaultdict[str | None, list[str]]:
    found = defaultdict[str | None, list[str]](list)
    for name, at in asked:
        found[names.list_at(at)].append(name)
    return found


def _all(lines: Iterable[Parsed]) -> Iterator[Parsed]:
    for line in lines:
        yield line
        yield from _all(line.children)
