"""What the commands about accounts and keys do, through the same services and repositories as the API."""

from typing import Any

from pydantic import ValidationError

from todo_api.domain.actor import Actor
from todo_api.domain.dates import zone
from todo_api.domain.permissions import ALL_SCOPES, Preset
from todo_api.errors import StartupError, UserNotFoundError
from todo_api.main import running
from todo_api.repositories.api_keys import ApiKeyRepository
from todo_api.repositories.lists import ListRepository
from todo_api.repositories.logins import LoginRepository
from todo_api.repositories.signing_keys import SigningKeyRepository
from todo_api.repositories.users import UserRepository
from todo_api.schemas.accounts import Registration
from todo_api.schemas.api_keys import ApiKeyCreate
from todo_api.services.accounts import AccountService
from todo_api.services.api_keys import ApiKeyService
from todo_api.settings import Settings

_ALL = 200


async def add_user(settings: Settings, *, email: str, name: str | None, password: str, timezone: str) -> str:
    """Make an account; its id."""
    try:
        data = Registration.model_validate({"email": email, "name": name, "password": password, "timezone": timezone})
    except ValidationError as error:
        raise _unusable(error) from None
    async with running(settings, checkpoints=False) as state, state.database.transaction() as session:
        return str((await AccountService(session, state).register(data)).user.id)


async def list_users(settings: Settings) -> list[str]:
    """A line for each account."""
    async with running(settings, checkpoints=False) as state, state.database.snapshot() as session:
        users = await UserRepository(session, state.clock).all()
    return [f"{user.id}  {user.email}  {user.name}{'  (disabled)' if user.disabled_at else ''}" for user in users]


async def reset_password(settings: Settings, *, email: str, password: str) -> None:
    """Set the password of an account."""
    async with running(settings, checkpoints=False) as state, state.database.transaction() as session:
        user = await _user(UserRepository(session, state.clock), email)
        await AccountService(session, state).reset_password(user.id, password)


async def disable_user(settings: Settings, *, email: str) -> None:
    """Keep an account from logging in."""
    async with running(settings, checkpoints=False) as state, state.database.transaction() as session:
        users = UserRepository(session, state.clock)
        user = await _user(users, email)
        await users.disable(user.id)
        await LoginRepository(session, state.clock).end_others(user.id, but=None)


async def create_key(settings: Settings, *, email: str, name: str, preset: str, list_ids: list[str] | None) -> str:
    """A new key's text."""
    try:
        data = ApiKeyCreate.model_validate({"name": name, "preset": Preset(preset), "list_ids": list_ids or None})
    except ValidationError as error:
        raise _unusable(error) from None
    except ValueError:
        raise StartupError(f"preset must be one of {', '.join(Preset)}") from None
    async with running(settings, checkpoints=False) as state, state.database.transaction() as session:
        user = await _user(UserRepository(session, state.clock), email)
        actor = Actor(user_id=user.id, credential="command line", scopes=ALL_SCOPES, zone=zone("UTC"))
        keys = ApiKeyRepository(session, state.clock)
        lists = ListRepository(session, actor, state.clock)
        _, key = await ApiKeyService(keys=keys, lists=lists, clock=state.clock).create(actor, data)
    return key


async def list_keys(settings: Settings, *, email: str) -> list[str]:
    """A line for each live key of an account."""
    async with running(settings, checkpoints=False) as state, state.database.snapshot() as session:
        user = await _user(UserRepository(session, state.clock), email)
        found = await ApiKeyRepository(session, state.clock).page(user.id, limit=_ALL, after=None)
    return [f"{key.id}  {key.name}  {' '.join(key.scopes)}  last used {key.last_used_at or 'never'}" for key in found.items]


async def revoke_key(settings: Settings, *, email: str, key_id: str) -> None:
    """End a key for ever."""
    async with running(settings, checkpoints=False) as state, state.database.transaction() as session:
        user = await _user(UserRepository(session, state.clock), email)
        await ApiKeyRepository(session, state.clock).revoke(user.id, key_id)


async def rotate_signing_key(settings: Settings) -> str:
    """The id of the secret that signs from now on."""
    async with running(settings, checkpoints=False) as state, state.database.transaction() as session:
        return (await SigningKeyRepository(session, state.clock).rotate()).id


async def _user(users: UserRepository, email: str) -> Any:
    user = await users.find_by_email(email)
    if user is None:
        raise UserNotFoundError(f"There is no account {email}. See: todo-api user list")
    return user


def _unusable(error: ValidationError) -> StartupError:
    flaw = error.errors()[0]
    where, message = ".".join(str(part) for part in flaw["loc"]), flaw["msg"].removeprefix("Value error, ")
    return StartupError(f"{where}: {message}" if where else message)
