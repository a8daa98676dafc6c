"""Services as parameters of routes."""

from typing import Annotated

from fastapi import Depends

from todo_api.dependencies.repositories import ApiKeys, Lists, Names, Todos
from todo_api.dependencies.session import CurrentSession, CurrentState
from todo_api.services.accounts import AccountService
from todo_api.services.api_keys import ApiKeyService
from todo_api.services.logins import LoginService
from todo_api.services.quick_add import QuickAddService


async def _accounts(session: CurrentSession, state: CurrentState) -> AccountService:
    return AccountService(session, state)


async def _logins(session: CurrentSession, state: CurrentState) -> LoginService:
    return LoginService(session, state)


async def _key_making(keys: ApiKeys, lists: Lists, state: CurrentState) -> ApiKeyService:
    return ApiKeyService(keys=keys, lists=lists, clock=state.clock)


async def _quick_adding(todos: Todos, names: Names) -> QuickAddService:
    return QuickAddService(todos=todos, names=names)


Accounts = Annotated[AccountService, Depends(_accounts)]
LoginFlow = Annotated[LoginService, Depends(_logins)]
KeyMaking = Annotated[ApiKeyService, Depends(_key_making)]
QuickAdder = Annotated[QuickAddService, Depends(_quick_adding)]
