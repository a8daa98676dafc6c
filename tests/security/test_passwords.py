import asyncio
from collections.abc import AsyncIterator

import pytest
from argon2 import PasswordHasher

from tests.support.service import PASSWORD, PASSWORD_HASH
from todo_api.errors import HashingBusyError
from todo_api.security.passwords import Passwords


@pytest.fixture
async def passwords() -> AsyncIterator[Passwords]:
    made = Passwords(threads=2, queue=16)
    yield made
    made.close()


@pytest.fixture
async def narrow() -> AsyncIterator[Passwords]:
    """One at a time, and one may wait."""
    made = Passwords(threads=1, queue=1)
    yield made
    made.close()


async def test_hash_names_the_parameters(passwords: Passwords) -> None:
    made = await passwords.hash(PASSWORD)

    assert made.startswith("$argon2id$v=19$m=19456,t=2,p=1$")


async def test_hash_has_its_own_salt(passwords: Passwords) -> None:
    assert await passwords.hash(PASSWORD) != await passwords.hash(PASSWORD)


@pytest.mark.parametrize("password", [PASSWORD, "пароль-на-лето", "🐎🔋📎✅", "a" * 1024, "q\0wz81kd"])
async def test_verify_own_hash_is_right(passwords: Passwords, password: str) -> None:
    assert await passwords.verify(password, await passwords.hash(password))


@pytest.mark.parametrize("password", ["", "correct horse", PASSWORD.upper(), PASSWORD + " ", PASSWORD + "\0"])
async def test_verify_another_password_is_wrong(passwords: Passwords, password: str) -> None:
    assert not await passwords.verify(password, PASSWORD_HASH)


async def test_verify_without_an_account_is_wrong(passwords: Passwords) -> None:
    assert not await passwords.verify("a password that nobody has", None)


@pytest.mark.parametrize("password_hash", ["!", "not a hash", "$argon2id$v=19$m=19456,t=2,p=1$broken", PASSWORD_HASH[:-4]])
async def test_verify_damaged_hash_is_wrong(passwords: Passwords, password_hash: str) -> None:
    assert not await passwords.verify(PASSWORD, password_hash)


@pytest.mark.parametrize(("memory", "outdated"), [(19456, False), (8192, True), (65536, True)])
def test_outdated_tells_other_parameters(memory: int, outdated: bool) -> None:  # noqa: FBT001  # a column
    password_hash = PasswordHasher(time_cost=2, memory_cost=memory, parallelism=1).hash("x")

    assert Passwords(threads=1, queue=0).outdated(password_hash) is outdated


async def test_hash_beyond_the_queue_is_refused(narrow: Passwords) -> None:
    answers = await asyncio.gather(*(narrow.hash(PASSWORD) for _ in range(5)), return_exceptions=True)

    assert [isinstance(answer, HashingBusyError) for answer in answers] == [False, False, True, True, True]


async def test_hash_after_a_refusal_has_room_again(narrow: Passwords) -> None:
    await asyncio.gather(*(narrow.hash(PASSWORD) for _ in range(5)), return_exceptions=True)

    answers = await asyncio.gather(*(narrow.verify(PASSWORD, PASSWORD_HASH) for _ in range(2)))

    assert answers == [True, True]


async def test_hash_that_nobody_waits_for_leaves_its_room(narrow: Passwords) -> None:
    waiting = [asyncio.create_task(narrow.hash(PASSWORD)) for _ in range(2)]
    await asyncio.wait(waiting, timeout=0)
    for task in waiting:
        task.cancel()
    await asyncio.wait(waiting)

    answers = await asyncio.gather(*(narrow.verify(PASSWORD, PASSWORD_HASH) for _ in range(2)))

    assert answers == [True, True]


async def test_hash_does_not_stop_the_event_loop(passwords: Passwords) -> None:
    hashing = asyncio.create_task(passwords.hash(PASSWORD))

    turns = 0
    while not hashing.done():
        await asyncio.sleep(0)
        turns += 1

    assert turns > 10
