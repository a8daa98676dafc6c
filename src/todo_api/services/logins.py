"""Logging in and staying logged in."""

import ipaddress
from typing import Final

from todo_api.db.session import Session
from todo_api.errors import InvalidCredentialsError
from todo_api.repositories.logins import FREE_PER_ACCOUNT, LoginRepository, subject
from todo_api.repositories.users import UserRepository, email_key
from todo_api.runtime.state import State
from todo_api.schemas.logins import Tokens
from todo_api.security import jwt
from todo_api.services._tries import Tries

_FREE_PER_ADDRESS: Final = 50  # offices and carriers share addresses
_IPV6_NETWORK: Final = 64  # what one household gets


class LoginService:
    """Reads and hashes before it writes, so that no transaction waits for a hash."""

    def __init__(self, session: Session, state: State) -> None:
        self._state = state
        self._users = UserRepository(session, state.clock)
        self._logins = LoginRepository(session, state.clock)

    async def log_in(self, email: str, password: str, *, address: str, user_agent: str) -> Tokens:
        """Tokens of a new session.

        Raises InvalidCredentialsError, the same and after the same time whether the account is unknown, disabled or the password
        wrong; TooManyRequestsError after many failures; HashingBusyError.
        """
        account, origin = subject("account", email_key(email)), subject("address", _network(address))
        async with self._state.database.snapshot() as session:
            user = await UserRepository(session, self._state.clock).find_by_email(email)
        active = None if user is None or user.disabled_at is not None else user
        tries = Tries(self._state, {account: FREE_PER_ACCOUNT, origin: _FREE_PER_ADDRESS})
        async with tries.counted():
            verified = await self._state.passwords.verify(password, active.password_hash if active is not None else None)
            if active is None or not verified:
                raise InvalidCredentialsError
            outdated = self._state.passwords.outdated(active.password_hash)
            new_hash = await self._state.passwords.hash(password) if outdated else None
        await self._logins.succeeded(account)
        await self._logins.forgive(origin, tries.until[origin])
        if new_hash is not None:
            await self._users.set_password(active.id, new_hash, instead_of=active.password_hash)
        return await self.open(active.id, user_agent=user_agent)

    async def open(self, user_id: str, *, user_agent: str) -> Tokens:
        """Tokens of a new session for a user who has proved who they are."""
        session_id, refresh_token = await self._logins.open(
            user_id, user_agent=user_agent, days=self._state.settings.session_days
        )
        return self._tokens(user_id, session_id, refresh_token)

    async def refresh(self, refresh_token: str) -> Tokens:
        """New tokens for a spent refresh token; raises RefreshTokenInvalidError."""
        session_id, user_id, next_token = await self._logins.rotate(refresh_token)
        return self._tokens(user_id, session_id, next_token)

    def _tokens(self, user_id: str, session_id: str, refresh_token: str) -> Tokens:
        seconds, now = self._state.settings.access_token_seconds, self._state.clock()
        access_token = jwt.issue(self._state.ring, user_id=user_id, session_id=session_id, now=now, seconds=seconds)
        return Tokens(access_token=access_token, refresh_token=refresh_token, expires_in=seconds, session_id=session_id)


def _network(address: str) -> str:
    """The address, or for IPv6 its network: one machine has all the addresses of it."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if parsed.version == 4:  # noqa: PLR2004  # IPv4
        return str(parsed)
    return str(ipaddress.ip_network((parsed, _IPV6_NETWORK), strict=False))
