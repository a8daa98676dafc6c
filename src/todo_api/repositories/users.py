"""People with a login."""

from typing import Any, Final

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.exc import IntegrityError

from todo_api.db.columns import Id
from todo_api.domain.identifiers import new_id
from todo_api.domain.preconditions import ANY, Expected
from todo_api.domain.text import search_key
from todo_api.errors import (
    EmailTakenError,
    PreconditionRequiredError,
    UserNotFoundError,
    VersionMismatchError,
    WriteConflictError,
)
from todo_api.models import User
from todo_api.repositories._base import SystemRepository, changed
from todo_api.schemas.users import UserRead, UserUpdate

_COLUMNS: Final = (
    User.id,
    User.email,
    User.name,
    User.timezone,
    User.week_start,
    User.day_start,
    User.locale,
    User.version,
    User.created_at,
    User.updated_at,
    User.disabled_at,
    User.password_hash,
)
_BY_ID: Final = select(*_COLUMNS).where(User.id == bindparam("id", type_=Id()))
_BY_EMAIL: Final = select(*_COLUMNS).where(User.email_key == bindparam("email_key"))


def email_key(email: str) -> str:
    """What addresses are compared by: case does not make another account."""
    return email.casefold()


class UserRepository(SystemRepository):
    """Users, also before anybody is logged in; callers pass their own actor's id."""

    async def get(self, user_id: str) -> Any:
        """One user; raises UserNotFoundError."""
        found = (await self.session.execute(_BY_ID, {"id": user_id})).one_or_none()
        if found is None:
            raise UserNotFoundError
        return found

    async def find_by_email(self, email: str) -> Any | None:
        """The user of an address, also a disabled one."""
        return (await self.session.execute(_BY_EMAIL, {"email_key": email_key(email)})).one_or_none()

    async def all(self) -> list[Any]:
        """Every user, oldest first."""
        return list((await self.session.execute(select(*_COLUMNS).order_by(User.created_at, User.id))).all())

    async def exist(self) -> bool:
        """Whether there is an account at all."""
        return (await self.session.execute(select(User.id).limit(1))).first() is not None

    async def create(self, *, email: str, name: str, password_hash: str, timezone: str) -> Any:
        """A new user; raises EmailTakenError."""
        now = self.clock()
        values: dict[str, Any] = {
            "id": new_id(),
            "email": email,
            "email_key": email_key(email),
            "name": name,
            "name_key": search_key(name),
            "password_hash": password_hash,
        }
        values |= {
            "week_start": 0,
            "day_start": "09:00",
            "locale": "en",
            "timezone": timezone,
            "version": 1,
            "created_at": now,
            "updated_at": now,
            "disabled_at": None,
        }
        try:
            return (await self.session.execute(insert(User).returning(*_COLUMNS), values)).one()
        except IntegrityError as error:
            raise EmailTakenError from error

    async def update(self, user_id: str, data: UserUpdate, expected: Expected = ANY) -> Any:
        """Change the fields that were sent."""
        row = await self.get(user_id)
        if expected.is_missing:
            raise PreconditionRequiredError
        if not expected.accepts(row.version):
            raise VersionMismatchError(UserRead.model_validate(row).model_dump(mode="json"))
        values = {name: getattr(data, name) for name in data.model_fields_set}
        if "week_start" in values:
            values["week_start"] = data.week_start.number
        differing = changed(row, values)
        return await self._change(row, differing) if differing else row

    async def set_password(self, user_id: str, password_hash: str, *, instead_of: str) -> None:
        """Replace the hash that was verified; raises WriteConflictError when another one took its place meanwhile."""
        row = await self.get(user_id)
        if row.password_hash != instead_of:
            raise WriteConflictError
        await self._change(row, {"password_hash": password_hash})

    async def disable(self, user_id: str) -> None:
        """Keep the user from logging in; all its credentials are dead at once."""
        row = await self.get(user_id)
        if row.disabled_at is None:
            await self._change(row, {"disabled_at": self.clock()})

    async def _change(self, row: Any, values: dict[str, Any]) -> Any:
        statement = update(User).where(User.id == row.id, User.version == row.version).returning(*_COLUMNS)
        if "name" in values:
            values = values | {"name_key": search_key(values["name"])}
        values = values | {"version": row.version + 1, "updated_at": self.clock()}
        found = (await self.session.execute(statement.values(values))).one_or_none()
        if found is None:
            raise WriteConflictError
        return found
