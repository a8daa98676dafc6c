"""Repositories as parameters of routes."""

from typing import Annotated, Any, TypeVar

from fastapi import Depends

from todo_api.dependencies.auth import CurrentActor
from todo_api.dependencies.session import CurrentSession, CurrentState
from todo_api.repositories._base import Repository, SystemRepository
from todo_api.repositories.api_keys import ApiKeyRepository
from todo_api.repositories.comments import CommentRepository
from todo_api.repositories.completions import CompletionRepository
from todo_api.repositories.filter_todos import FilterTodoRepository
from todo_api.repositories.filters import FilterRepository
from todo_api.repositories.labels import LabelRepository
from todo_api.repositories.lists import ListRepository
from todo_api.repositories.logins import LoginRepository
from todo_api.repositories.names import NameRepository
from todo_api.repositories.sections import SectionRepository
from todo_api.repositories.stats import StatsRepository
from todo_api.repositories.todos import TodoRepository
from todo_api.repositories.users import UserRepository
from todo_api.repositories.workspaces import WorkspaceRepository

Acting = TypeVar("Acting", bound=Repository)
System = TypeVar("System", bound=SystemRepository)


def _provide(repository: type[Acting]) -> Any:
    async def provider(session: CurrentSession, actor: CurrentActor, state: CurrentState) -> Acting:
        return repository(session, actor, state.clock)

    return Depends(provider)


def _provide_system(repository: type[System]) -> Any:
    async def provider(session: CurrentSession, state: CurrentState) -> System:
        return repository(session, state.clock)

    return Depends(provider)


Todos = Annotated[TodoRepository, _provide(TodoRepository)]
FilterTodos = Annotated[FilterTodoRepository, _provide(FilterTodoRepository)]
Completions = Annotated[CompletionRepository, _provide(CompletionRepository)]
Lists = Annotated[ListRepository, _provide(ListRepository)]
Sections = Annotated[SectionRepository, _provide(SectionRepository)]
Comments = Annotated[CommentRepository, _provide(CommentRepository)]
Names = Annotated[NameRepository, _provide(NameRepository)]
Labels = Annotated[LabelRepository, _provide(LabelRepository)]
Filters = Annotated[FilterRepository, _provide(FilterRepository)]
Stats = Annotated[StatsRepository, _provide(StatsRepository)]
Workspaces = Annotated[WorkspaceRepository, _provide(WorkspaceRepository)]
Users = Annotated[UserRepository, _provide_system(UserRepository)]
Logins = Annotated[LoginRepository, _provide_system(LoginRepository)]
ApiKeys = Annotated[ApiKeyRepository, _provide_system(ApiKeyRepository)]
