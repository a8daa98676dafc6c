"""What a new user starts with: a personal workspace and its inbox."""

from typing import Any

from sqlalchemy import insert

from todo_api.domain import ranking
from todo_api.domain.changes import Kind, Operation
from todo_api.domain.identifiers import new_id
from todo_api.domain.permissions import Role
from todo_api.models import Member, TodoList, Workspace
from todo_api.repositories import _changes
from todo_api.repositories._base import SystemRepository


class AccountRepository(SystemRepository):
    """Writes before there is an actor."""

    async def create_home(self, user_id: str) -> tuple[str, str]:
        """The personal workspace of a user and its inbox."""
        now = self.clock()
        times: dict[str, Any] = {"version": 1, "created_at": now, "updated_at": now, "deleted_at": None}
        workspace: dict[str, Any] = {"id": new_id(), "name": "Personal", "is_personal": True, "seq": 0}
        inbox: dict[str, Any] = {
            "id": new_id(),
            "workspace_id": workspace["id"],
            "name": "Inbox",
            "name_key": "inbox",
            "description": "",
            "color": None,
            "icon": None,
        }
        inbox |= {"order": ranking.between(None, None), "is_inbox": True, "archived_at": None, "trash_id": None}
        membership = {"user_id": user_id, "workspace_id": workspace["id"], "role": Role.OWNER.value, "created_at": now}
        await self.session.execute(insert(Workspace), workspace | times)
        await self.session.execute(insert(Member), membership)
        await self.session.execute(insert(TodoList), inbox | times)
        self._log(user_id, Kind.WORKSPACE, workspace, list_id=None, names=("name", "is_personal"))
        self._log(user_id, Kind.LIST, inbox, list_id=inbox["id"], names=("name", "order", "is_inbox"))
        return str(workspace["id"]), str(inbox["id"])

    def _log(self, user_id: str, kind: Kind, values: dict[str, Any], *, list_id: str | None, names: tuple[str, ...]) -> None:
        entry = _changes.Entry(
            workspace_id=values.get("workspace_id", values["id"]),
            kind=kind,
            entity_id=values["id"],
            op=Operation.CREATE,
            actor_id=user_id,
            credential="registration",
            list_id=list_id,
            after={name: values[name] for name in names},
        )
        _changes.record(self.session, self.clock, entry)
