"""Accounts: register, change the password, bootstrap the first one."""

from dataclasses import dataclass
from typing import Any

from todo_api.db.session import Session
from todo_api.domain.passwords import check_password
from todo_api.domain.permissions import ALL_SCOPES
from todo_api.errors import InvalidCredentialsError, InvalidInputError, TooManyRequestsError
from todo_api.repositories.accounts import AccountRepository
from todo_api.repositories.api_keys import ApiKeyRepository
from todo_api.repositories.logins import FREE_PER_ACCOUNT, LoginRepository, subject
from todo_api.repositories.users import UserRepository, email_key
from todo_api.runtime.state import State
from todo_api.schemas.accounts import Registration
from todo_api.services._tries import Tries


@dataclass(frozen=True, slots=True)
class NewAccount:
    """What registration made."""

    user: Any
    workspace_id: str
    inbox_id: str


class AccountService:
    """Hashing comes before the first statement, so no transaction waits for it."""

    def __init__(self, session: Session, state: State) -> None:
        self._state = state
        self._users = UserRepository(session, state.clock)
        self._accounts = AccountRepository(session, state.clock)
        self._logins = LoginRepository(session, state.clock)
        self._api_keys = ApiKeyRepository(session, state.clock)

    async def register(self, data: Registration) -> NewAccount:
        """A user, its personal workspace and its inbox, all or nothing; raises InvalidInputError and EmailTakenError."""
        name = data.name or data.email.partition("@")[0]
        password = data.password.get_secret_value()
        _require_good(password, "#/password", email=data.email, name=name)
        password_hash = await self._state.passwords.hash(password)
        user = await self._users.create(email=data.email, name=name, password_hash=password_hash, timezone=data.timezone)
        workspace_id, inbox_id = await self._accounts.create_home(user.id)
        return NewAccount(user, workspace_id, inbox_id)

    async def change_password(self, user_id: str, *, current: str, new: str, keep_session: str | None) -> None:
        """Replace the password and end the user's other sessions.

        Raises InvalidInputError, InvalidCredentialsError, and TooManyRequestsError: a guess here counts like one at the login.
        """
        async with self._state.database.snapshot() as session:
            user = await UserRepository(session, self._state.clock).get(user_id)
            account = subject("account", email_key(user.email))
            if wait := await LoginRepository(session, self._state.clock).wait([account]):
                raise TooManyRequestsError(wait)
        _require_good(new, "#/new_password", email=user.email, name=user.name)
        async with Tries(self._state, {account: FREE_PER_ACCOUNT}).counted():
            if not await self._state.passwords.verify(current, user.password_hash):
                raise InvalidCredentialsError
            new_hash = await self._state.passwords.hash(new)
        await self._users.set_password(user_id, new_hash, instead_of=user.password_hash)
        await self._logins.succeeded(account)
        await self._logins.end_others(user_id, but=keep_session)

    async def reset_password(self, user_id: str, new: str) -> None:
        """Set a password without the old one, for the administrator, and end all sessions."""
        async with self._state.database.snapshot() as session:
            user = await UserRepository(session, self._state.clock).get(user_id)
        _require_good(new, "#/new_password", email=user.email, name=user.name)
        await self._users.set_password(user_id, await self._state.passwords.hash(new), instead_of=user.password_hash)
        await self._logins.end_others(user_id, but=None)

    async def bootstrap(self, data: Registration, *, api_key: str | None) -> bool:
        """Make the first account when there is none; whether it did."""
        async with self._state.database.snapshot() as session:
            if await UserRepository(session, self._state.clock).exist():
                return False
        made = await self.register(data)
        if api_key is not None:
            await self._api_keys.create(made.user.id, name="Bootstrap", scopes=ALL_SCOPES, key=api_key)
        return True


def _require_good(password: str, pointer: str, *, email: str, name: str) -> None:
    if problem := check_password(password, email=email, name=name):
        raise InvalidInputError.at(pointer, problem.message, problem.value)
