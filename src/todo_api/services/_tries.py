"""Tries at a password, counted before the hash, so that many at once are not all free."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime

from todo_api.errors import HashingBusyError, TooManyRequestsError
from todo_api.repositories.logins import LoginRepository
from todo_api.runtime.state import State


class Tries:
    """One try, of several subjects with their numbers of free tries; always in this order, so that no two lock each other out.

    ``until`` is when the next may come.
    """

    def __init__(self, state: State, free: Mapping[str, int]) -> None:
        self._state = state
        self._free = free
        self.until: dict[str, datetime] = {}

    @asynccontextmanager
    async def counted(self) -> AsyncIterator[None]:
        """Count, in a transaction of its own, and check in the block; raises TooManyRequestsError, and then nothing is counted.

        A try that was not looked at, because too many wait for their hash, is taken back.
        """
        async with self._state.database.transaction() as session:
            logins = LoginRepository(session, self._state.clock)
            for subject, free in self._free.items():
                until = await logins.attempt(subject, free=free)
                if until is None:
                    raise TooManyRequestsError(max(1, await logins.wait(list(self._free))))
                self.until[subject] = until
        try:
            yield
        except HashingBusyError:
            async with self._state.database.transaction() as session:
                logins = LoginRepository(session, self._state.clock)
                for subject, until in self.until.items():
                    await logins.forgive(subject, until)
            raise
