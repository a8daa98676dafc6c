"""Comments on todos."""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, ClassVar, Final

from sqlalchemy import Select, bindparam, insert, select

from todo_api.db.columns import Id
from todo_api.domain.changes import Kind, Operation
from todo_api.domain.identifiers import new_id
from todo_api.domain.paging import Position, Slice
from todo_api.domain.permissions import Role
from todo_api.domain.preconditions import ANY, Expected
from todo_api.errors import CommentNotFoundError, NotAuthorError, TodoNotFoundError
from todo_api.models import Comment, CommentEdit, Todo, TodoList
from todo_api.repositories import _access, _places, _search
from todo_api.repositories._base import Repository
from todo_api.repositories._paging import Segment, fetch_page
from todo_api.schemas.comments import CommentCreate, CommentRead, CommentUpdate

_ID: Final = bindparam("id", type_=Id())
_TODO: Final = bindparam("todo", type_=Id())
_ROLE: Final = _access.list_role(Todo.workspace_id, Todo.list_id).label("role")


@dataclass(slots=True)
class CommentRow:
    """The columns of ``_COLUMNS`` in their order."""

    id: str
    workspace_id: str
    todo_id: str
    author_id: str
    body: str
    edited_at: datetime | None
    deleted_at: datetime | None
    version: int
    created_at: datetime
    updated_at: datetime


_COLUMNS: Final = (
    Comment.id,
    Comment.workspace_id,
    Comment.todo_id,
    Comment.author_id,
    Comment.body,
    Comment.edited_at,
    Comment.deleted_at,
    Comment.version,
    Comment.created_at,
    Comment.updated_at,
)


def _seen(*, restricted: bool) -> Any:
    return (Todo.deleted_at.is_(None), *_access.visible(Todo.workspace_id, Todo.list_id, restricted=restricted))


@lru_cache(maxsize=4)
def _one(*, restricted: bool, locked: bool) -> Select[*tuple[Any, ...]]:
    """One comment; for writing with the state of its list, and also when it is deleted."""
    if not locked:
        statement = select(*_COLUMNS).join(Todo, Todo.id == Comment.todo_id)
        return statement.where(Comment.id == _ID, Comment.deleted_at.is_(None), *_seen(restricted=restricted))
    columns = (*_COLUMNS, _ROLE, Todo.list_id, TodoList.archived_at)
    statement = select(*columns).join(Todo, Todo.id == Comment.todo_id).join(TodoList, TodoList.id == Todo.list_id)
    return statement.where(Comment.id == _ID, *_seen(restricted=restricted)).with_for_update(of=Comment)


@lru_cache(maxsize=2)
def _todo(*, restricted: bool) -> Select[*tuple[Any, ...]]:
    """The todo of a new comment, locked as its foreign key would: it cannot change its workspace before the comment is there."""
    columns = (Todo.workspace_id, Todo.list_id, _ROLE, TodoList.archived_at)
    statement = select(*columns).join(TodoList, TodoList.id == Todo.list_id)
    return statement.where(Todo.id == _TODO, *_seen(restricted=restricted)).with_for_update(of=Todo, read=True, key_share=True)


@lru_cache(maxsize=2)
def _visible_todo(*, restricted: bool) -> Select[str]:
    return select(Todo.id).where(Todo.id == _TODO, *_seen(restricted=restricted))


@lru_cache(maxsize=4)
def _page(*, restricted: bool, continued: bool) -> Select[*tuple[Any, ...]]:
    statement = select(*_COLUMNS).join(Todo, Todo.id == Comment.todo_id)
    statement = statement.where(Comment.todo_id == _TODO, Comment.deleted_at.is_(None), *_seen(restricted=restricted))
    if continued:
        statement = statement.where(Comment.id > bindparam("position_id", type_=Id()))
    return statement.order_by(Comment.id).limit(bindparam("row_limit"))


@lru_cache(maxsize=2)
def _edits(*, continued: bool) -> Select[*tuple[Any, ...]]:
    statement = select(CommentEdit.id, CommentEdit.body, CommentEdit.replaced_at).where(CommentEdit.comment_id == _ID)
    if continued:
        statement = statement.where(CommentEdit.id > bindparam("position_id", type_=Id()))
    return statement.order_by(CommentEdit.id).limit(bindparam("row_limit"))


_INSERT: Final = insert(Comment)
_INSERT_EDIT: Final = insert(CommentEdit)


class CommentRepository(Repository):
    """Everything that can be done to comments; they are seen with their todo."""

    kind: ClassVar[Kind] = Kind.COMMENT

    async def get(self, comment_id: str) -> CommentRow:
        """One comment; raises CommentNotFoundError."""
        statement = _one(restricted=self._restricted, locked=False)
        found = (await self.session.execute(statement, self._parameters(id=comment_id))).one_or_none()
        if found is None:
            raise CommentNotFoundError
        return CommentRow(*found)

    async def page(self, todo_id: str, *, limit: int, after: Position | None) -> Slice[CommentRow]:
        """Comments on a todo, the oldest first; raises TodoNotFoundError."""
        parameters = self._parameters(todo=todo_id)

        async def fetch(segment: Segment, count: int) -> list[CommentRow]:
            statement = _page(restricted=self._restricted, continued=segment.after is not None)
            found = await self.session.execute(statement, parameters | _bounds(segment, count))
            return [CommentRow(*row) for row in found]

        rows = await fetch_page(fetch, lambda row: Position(row.id, row.id), limit=limit, after=after, nullable=False)
        if not rows.items:
            statement = _visible_todo(restricted=self._restricted)
            if (await self.session.execute(statement, parameters)).first() is None:
                raise TodoNotFoundError
        return rows

    async def edits(self, comment_id: str, *, limit: int, after: Position | None) -> Slice[Any]:
        """What a comment said before, the oldest first; raises CommentNotFoundError."""
        await self.get(comment_id)

        async def fetch(segment: Segment, count: int) -> list[Any]:
            statement = _edits(continued=segment.after is not None)
            return list((await self.session.execute(statement, {"id": comment_id} | _bounds(segment, count))).all())

        return await fetch_page(fetch, lambda row: Position(row.id, row.id), limit=limit, after=after, nullable=False)

    async def create(self, todo_id: str, data: CommentCreate) -> CommentRow:
        """A new comment by the actor; raises TodoNotFoundError, RoleTooLowError and ListArchivedError."""
        statement = _todo(restricted=self._restricted)
        todo = (await self.session.execute(statement, self._parameters(todo=todo_id))).one_or_none()
        if todo is None:
            raise TodoNotFoundError
        _require_commenter(todo)
        now = self.clock()
        row = CommentRow(
            id=new_id(),
            workspace_id=todo.workspace_id,
            todo_id=todo_id,
            author_id=self.actor.user_id,
            body=data.body,
            edited_at=None,
            deleted_at=None,
            version=1,
            created_at=now,
            updated_at=now,
        )
        await self.session.execute(_INSERT, {column.key: getattr(row, column.key) for column in _COLUMNS})
        await _search.index_comment(self.session, todo_id, data.body)
        after = {"todo_id": todo_id, "author_id": row.author_id, "body": row.body}
        self._record(row.id, Operation.CREATE, workspace_id=row.workspace_id, list_id=todo.list_id, after=after)
        return row

    async def update(self, comment_id: str, data: CommentUpdate, expected: Expected = ANY) -> CommentRow:
        """Change the fields that were sent, and keep what the comment said before; raises NotAuthorError."""
        row, state = await self._find(comment_id)
        if row.deleted_at is not None:
            raise CommentNotFoundError
        _require_commenter(state)
        if row.author_id != self.actor.user_id:
            raise NotAuthorError("Only its author edits a comment.")
        self._expect(row, expected)
        if "body" not in data.model_fields_set or data.body == row.body:
            return row
        now = self.clock()
        edit = {"id": new_id(), "comment_id": row.id, "body": row.body, "replaced_at": now}
        await self.session.execute(_INSERT_EDIT, edit)
        values = {"body": data.body, "edited_at": now}
        changed = await self._change(Comment, row, values, Operation.UPDATE, list_id=state.list_id)
        await _search.index_comments(self.session, row.todo_id)
        return changed

    async def delete(self, comment_id: str, expected: Expected = ANY) -> None:
        """Delete a comment; doing it again does nothing. Raises NotAuthorError."""
        row, state = await self._find(comment_id)
        may = row.author_id == self.actor.user_id or state.role >= Role.ADMIN
        if row.deleted_at is not None:
            if not may:
                raise CommentNotFoundError
            return
        _require_commenter(state)
        if not may:
            raise NotAuthorError("Only its author, or an admin of the workspace, deletes a comment.")
        self._expect(row, expected)
        await self._change(Comment, row, {"deleted_at": self.clock()}, Operation.DELETE, list_id=state.list_id)
        await _search.index_comments(self.session, row.todo_id)

    async def _find(self, comment_id: str) -> tuple[CommentRow, Any]:
        """The comment, live or deleted, locked for writing, with the state of its list."""
        statement = _one(restricted=self._restricted, locked=True)
        found = (await self.session.execute(statement, self._parameters(id=comment_id))).one_or_none()
        if found is None:
            raise CommentNotFoundError
        return CommentRow(*found[: len(_COLUMNS)]), found

    def _expect(self, row: CommentRow, expected: Expected) -> None:
        stale = None if expected.accepts(row.version) else CommentRead.model_validate(row).model_dump(mode="json")
        self._require_version(row, expected, stale)


def _require_commenter(state: Any) -> None:
    _places.require_writable(state.role, Role.COMMENTER, archived_at=state.archived_at, trashed_at=None)


def _bounds(segment: Segment, count: int) -> dict[str, Any]:
    start = {} if segment.after is None else {"position_id": segment.after.id}
    return start | {"row_limit": count}
