"""Login sessions, refresh tokens, and the counters that slow guessing down."""

import hashlib
import math
import secrets
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import bindparam, case, delete, func, insert, literal, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from todo_api.db.columns import Id
from todo_api.domain.actor import Actor
from todo_api.domain.identifiers import new_id
from todo_api.domain.permissions import ALL_SCOPES
from todo_api.errors import RefreshTokenInvalidError, SessionNotFoundError
from todo_api.models import LoginSession, LoginThrottle, RefreshToken, User
from todo_api.repositories._actors import ACTOR_COLUMNS, actor_from
from todo_api.repositories._base import SystemRepository

FREE_PER_ACCOUNT: Final = 5  # wrong passwords, before the next try has to wait
_REFRESH_BYTES: Final = 32
_LONGEST_BLOCK: Final = 60  # seconds; never a lock, which would let strangers shut an account
_LONGEST_AGENT: Final = 300

_ID: Final = bindparam("id", type_=Id())
_ACTOR: Final = (
    select(*ACTOR_COLUMNS)
    .join(LoginSession, LoginSession.user_id == User.id)
    .where(
        LoginSession.id == _ID,
        User.id == bindparam("user", type_=Id()),
        LoginSession.ended_at.is_(None),
        LoginSession.expires_at > bindparam("now", type_=LoginSession.expires_at.type),
        User.disabled_at.is_(None),
    )
)
_TOKEN: Final = (
    select(
        RefreshToken.used_at,
        LoginSession.id,
        LoginSession.user_id,
        LoginSession.expires_at,
        LoginSession.ended_at,
        User.disabled_at,
    )
    .join(LoginSession, LoginSession.id == RefreshToken.session_id)
    .join(User, User.id == LoginSession.user_id)
    .where(RefreshToken.token_hash == bindparam("token_hash"))
    .with_for_update(of=RefreshToken)
)
_LIVE_SESSIONS: Final = (
    select(LoginSession)
    .with_only_columns(
        LoginSession.id,
        LoginSession.user_agent,
        LoginSession.created_at,
        LoginSession.last_used_at,
        LoginSession.expires_at,
    )
    .where(
        LoginSession.user_id == bindparam("user", type_=Id()),
        LoginSession.ended_at.is_(None),
        LoginSession.expires_at > bindparam("now", type_=LoginSession.expires_at.type),
    )
    .order_by(LoginSession.last_used_at.desc(), LoginSession.id)
)


def subject(kind: str, value: str) -> str:
    """What a counter is kept under: a hash, so that the table names nobody."""
    return hashlib.sha256(f"{kind}\0{value}".encode()).hexdigest()


class LoginRepository(SystemRepository):
    """Logins; it works before there is an actor, and makes one from an access token."""

    async def actor(self, *, session_id: str, user_id: str) -> Actor | None:
        """Who the access token speaks for; None when the session ended or the user is disabled."""
        parameters = {"id": session_id, "user": user_id, "now": self.clock()}
        row = (await self.session.execute(_ACTOR, parameters)).one_or_none()
        return None if row is None else actor_from(row, credential=f"session:{session_id}", scopes=ALL_SCOPES)

    async def open(self, user_id: str, *, user_agent: str, days: int) -> tuple[str, str]:
        """Begin a session; its id and its first refresh token, which is not stored."""
        now, session_id = self.clock(), new_id()
        values = {"id": session_id, "user_id": user_id, "user_agent": user_agent[:_LONGEST_AGENT], "ended_at": None}
        times = {"created_at": now, "last_used_at": now, "expires_at": now + timedelta(days=days)}
        await self.session.execute(insert(LoginSession), values | times)
        return session_id, await self._new_token(session_id)

    async def rotate(self, token: str) -> tuple[str, str, str]:
        """Spend a refresh token: its session, its user and the next token.

        Raises RefreshTokenInvalidError; a token that was spent before ends its session first (RFC 9700 §4.14.2).
        """
        now, token_hash = self.clock(), _hash(token)
        row = (await self.session.execute(_TOKEN, {"token_hash": token_hash})).one_or_none()
        if row is None or row.ended_at is not None or row.disabled_at is not None or row.expires_at <= now:
            raise RefreshTokenInvalidError
        if row.used_at is not None:
            await self.end(row.id, row.user_id)
            raise RefreshTokenInvalidError
        await self.session.execute(update(RefreshToken).where(RefreshToken.token_hash == token_hash).values(used_at=now))
        await self.session.execute(update(LoginSession).where(LoginSession.id == row.id).values(last_used_at=now))
        return row.id, row.user_id, await self._new_token(row.id)

    async def all(self, user_id: str) -> list[Any]:
        """Live sessions of a user, the last used first."""
        return list((await self.session.execute(_LIVE_SESSIONS, {"user": user_id, "now": self.clock()})).all())

    async def end(self, session_id: str, user_id: str) -> None:
        """End a session of this user; raises SessionNotFoundError when there never was one."""
        mine = (LoginSession.id == session_id, LoginSession.user_id == user_id)
        ended_at = func.coalesce(LoginSession.ended_at, bindparam("now", type_=LoginSession.ended_at.type))
        result = await self.session.execute(update(LoginSession).where(*mine).values(ended_at=ended_at), {"now": self.clock()})
        if result.rowcount == 0:
            raise SessionNotFoundError

    async def end_others(self, user_id: str, *, but: str | None) -> None:
        """End all sessions of a user but one."""
        statement = update(LoginSession).where(LoginSession.user_id == user_id, LoginSession.ended_at.is_(None))
        if but is not None:
            statement = statement.where(LoginSession.id != but)
        await self.session.execute(statement.values(ended_at=self.clock()))

    async def end_by_token(self, token: str) -> None:
        """End the session of a refresh token; an unknown one is nobody's business (RFC 7009 §2.2)."""
        found = (await self.session.execute(_TOKEN, {"token_hash": _hash(token)})).one_or_none()
        if found is not None:
            await self.end(found.id, found.user_id)

    async def wait(self, subjects: list[str]) -> int:
        """Seconds until these may try again; 0 for now."""
        statement = select(func.max(LoginThrottle.blocked_until)).where(LoginThrottle.subject.in_(subjects))
        until: datetime | None = (await self.session.execute(statement)).scalar_one()
        left = 0.0 if until is None else (until - self.clock()).total_seconds()
        return max(0, math.ceil(left))

    async def attempt(self, subject_: str, *, free: int) -> datetime | None:
        """Count a try before anybody knows how it ends, so that simultaneous ones wait for each other's count.

        After ``free`` tries the next has to wait, each time twice as long, up to a minute. Gives back until when, which
        ``forgive`` wants; None, and nothing counted, when this one has to wait itself.
        """
        now = self.clock()
        maker = sqlite_insert if self.session.dialect_name == "sqlite" else postgresql_insert
        statement = (
            maker(LoginThrottle)
            .values(subject=subject_, failures=1, blocked_until=now, updated_at=now)
            .on_conflict_do_update(
                index_elements=[LoginThrottle.subject],
                set_={"failures": LoginThrottle.failures + 1, "updated_at": now},
                where=LoginThrottle.blocked_until <= now,
            )
            .returning(LoginThrottle.failures)
        )
        failures = (await self.session.execute(statement)).scalar_one_or_none()
        if failures is None or failures < free:
            return None if failures is None else now
        until = now + timedelta(seconds=min(_LONGEST_BLOCK, 2 ** min(failures - free, 10)))
        block = update(LoginThrottle).where(LoginThrottle.subject == subject_).values(blocked_until=until)
        await self.session.execute(block)
        return until

    async def forgive(self, subject_: str, until: datetime) -> None:
        """Take one try back that was no wrong guess, and the wait that it began, unless another one made it longer."""
        type_ = LoginThrottle.blocked_until.type
        ended = case((LoginThrottle.blocked_until == until, literal(self.clock(), type_)), else_=LoginThrottle.blocked_until)
        mine = update(LoginThrottle).where(LoginThrottle.subject == subject_, LoginThrottle.failures > 0)
        await self.session.execute(mine.values(failures=LoginThrottle.failures - 1, blocked_until=ended))

    async def succeeded(self, subject_: str) -> None:
        """Forget the failures of an account."""
        await self.session.execute(delete(LoginThrottle).where(LoginThrottle.subject == subject_))

    async def purge(self) -> None:
        """Delete sessions that are over and counters that are old."""
        now = self.clock()
        await self.session.execute(delete(LoginSession).where(LoginSession.expires_at < now - timedelta(days=1)))
        await self.session.execute(delete(LoginThrottle).where(LoginThrottle.updated_at < now - timedelta(days=1)))

    async def _new_token(self, session_id: str) -> str:
        token = secrets.token_urlsafe(_REFRESH_BYTES)
        values = {"token_hash": _hash(token), "session_id": session_id, "created_at": self.clock(), "used_at": None}
        await self.session.execute(insert(RefreshToken), values)
        return token


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
