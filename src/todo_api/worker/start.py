"""What a process does before it serves: the secrets, and the first account where the settings name one."""

from pydantic import ValidationError

from todo_api.errors import EmailTakenError, StartupError, TodoApiError
from todo_api.repositories.signing_keys import SigningKeyRepository
from todo_api.runtime.state import State
from todo_api.schemas.accounts import Registration
from todo_api.security import api_keys
from todo_api.services.accounts import AccountService


async def prepare(state: State) -> None:
    """Load or make the signing key, then the first account; raises StartupError."""
    await _load_secrets(state)
    if state.settings.bootstrap_email is not None:
        await _bootstrap(state)


async def _load_secrets(state: State) -> None:
    async with state.database.snapshot() as session:
        secrets = await SigningKeyRepository(session, state.clock).all()
    if not secrets:
        async with state.database.transaction() as session:
            repository = SigningKeyRepository(session, state.clock)
            if not await repository.all():  # another replica may have been first; one key too many would only verify
                await repository.rotate()
            secrets = await repository.all()
    state.ring.replace(secrets)


async def _bootstrap(state: State) -> None:
    settings = state.settings
    password, key = settings.bootstrap_password, settings.bootstrap_api_key
    text = None if key is None else key.get_secret_value()
    if text is not None and api_keys.parse(text) is None:
        raise StartupError("TODO_API_BOOTSTRAP_API_KEY is not an API key. Make one: todo-api key generate")
    try:
        data = Registration.model_validate({"email": settings.bootstrap_email, "password": password})
        async with state.database.transaction() as session:
            await AccountService(session, state).bootstrap(data, api_key=text)
    except EmailTakenError:
        return  # another replica was first
    except ValidationError as error:
        raise StartupError(f"TODO_API_BOOTSTRAP_EMAIL or _PASSWORD: {error.errors()[0]['msg']}") from None
    except TodoApiError as error:
        raise StartupError(f"The first account cannot be made: {error.detail}") from error
