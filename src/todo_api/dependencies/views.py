"""Views as a parameter of routes."""

from dataclasses import replace
from typing import Annotated

from fastapi import Depends, Query

from todo_api.dependencies.auth import CurrentActor
from todo_api.dependencies.session import CurrentSession, CurrentState
from todo_api.domain.dates import zone
from todo_api.repositories.views import ViewRepository
from todo_api.schemas.fields import Timezone


async def _views(
    session: CurrentSession,
    actor: CurrentActor,
    state: CurrentState,
    timezone: Annotated[Timezone | None, Query(description="Whose days are meant; your own time zone unless given.")] = None,
) -> ViewRepository:
    return ViewRepository(session, actor if timezone is None else replace(actor, zone=zone(timezone)), state.clock)


Views = Annotated[ViewRepository, Depends(_views)]
