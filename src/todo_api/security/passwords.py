"""Password hashes: Argon2id, off the event loop, with bounded memory."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from todo_api.errors import HashingBusyError

Result = TypeVar("Result")

# OWASP's smaller profile: 19 MiB and about 25 ms a hash; the library's default of 64 MiB needs four cores to be quick.
_HASHER: Final = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1, type=Type.ID)
_DUMMY: Final = _HASHER.hash("a password that nobody has")


class Passwords:
    """Hashes and verifies in ``threads`` threads; ``queue`` more may wait, the rest get HashingBusyError."""

    def __init__(self, *, threads: int, queue: int) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="argon2")
        self._room = threads + queue

    async def hash(self, password: str) -> str:
        """A new hash with its own salt."""
        return await self._run(lambda: _HASHER.hash(password))

    async def verify(self, password: str, password_hash: str | None) -> bool:
        """Whether the password is right; None (no such account) takes as long as a wrong password."""
        return await self._run(lambda: _verify(password, password_hash or _DUMMY)) and password_hash is not None

    def outdated(self, password_hash: str) -> bool:
        """Whether the hash was made with other parameters than today's."""
        return _HASHER.check_needs_rehash(password_hash)

    def close(self) -> None:
        """Let waiting work go and stop the threads."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    async def _run(self, work: Callable[[], Result]) -> Result:
        if self._room <= 0:
            raise HashingBusyError
        self._room -= 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, work)
        finally:
            self._room += 1


def _verify(password: str, password_hash: str) -> bool:
    try:
        return _HASHER.verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False
