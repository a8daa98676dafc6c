"""The same change to many todos, each by the operation that changes one."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

from todo_api.errors import Flaw, TodoApiError, TodoBlockedError, UnavailableError
from todo_api.repositories._todo_rows import TodoRow
from todo_api.schemas.bulk import BulkUpdate
from todo_api.schemas.todos import TodoComplete, TodoMove, TodoUpdate


class Operations(Protocol):
    """What can be done to one todo."""

    async def update(self, todo_id: str, data: TodoUpdate) -> TodoRow: ...
    async def complete(self, todo_id: str, data: TodoComplete) -> tuple[TodoRow, bool]: ...
    async def reopen(self, todo_id: str) -> tuple[TodoRow, bool]: ...
    async def move(self, todo_id: str, data: TodoMove) -> TodoRow: ...
    async def delete(self, todo_id: str) -> None: ...


async def change_each(todos: Operations, ids: Sequence[str], data: BulkUpdate) -> dict[str, list[str]]:
    """Change each, and tell by its id what could not be kept of it."""
    if data.action == "complete":
        return await _complete_each(todos, ids)
    warnings = {}
    for id_ in _in_order(ids, data.to):
        with _about(id_, ids, data):
            warnings[id_] = await _change(todos, id_, data)
    return warnings


async def _change(todos: Operations, todo_id: str, data: BulkUpdate) -> list[str]:
    if data.set_ is not None:
        return (await todos.update(todo_id, data.set_)).warnings
    if data.to is not None:
        return (await todos.move(todo_id, data.to)).warnings
    if data.action == "reopen":
        return (await todos.reopen(todo_id))[0].warnings
    await todos.delete(todo_id)
    return []


async def _complete_each(todos: Operations, ids: Sequence[str]) -> dict[str, list[str]]:
    """Complete what blocks others before them: whoever is blocked waits for another round, while rounds get somewhere."""
    waiting, warnings = sorted(ids), dict[str, list[str]]()
    while waiting:
        blocked = []
        for id_ in waiting:
            try:
                with _about(id_, ids):
                    warnings[id_] = (await todos.complete(id_, TodoComplete()))[0].warnings
            except TodoBlockedError:
                blocked.append(id_)
                if len(blocked) == len(waiting):
                    raise
        waiting = blocked
    return warnings


def _in_order(ids: Sequence[str], to: TodoMove | None) -> list[str]:
    """An order in which no two writers wait for each other, or, for a move, one that keeps that of the todos."""
    if to is None:
        return sorted(ids)
    return list(reversed(ids)) if to.position == "top" or to.after is not None else list(ids)


@contextmanager
def _about(todo_id: str, ids: Sequence[str], data: BulkUpdate | None = None) -> Iterator[None]:
    """Errors in the block name the todo, and the member of the body that is at fault."""
    try:
        yield
    except UnavailableError:
        raise
    except TodoApiError as error:
        error.extensions["todo_id"] = todo_id
        if error.flaws:
            error.within("#/set" if data is not None and data.set_ is not None else "#/to")
        elif data is None or data.ids is not None:
            error.flaws = (Flaw(error.detail, error.code, pointer=f"#/ids/{ids.index(todo_id)}"),)
        raise
