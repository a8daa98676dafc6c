"""The request's unit of work, opened by the route (web/route.py) and handed to repositories."""

from typing import Annotated

from fastapi import Depends, Request

from todo_api.db.session import Session
from todo_api.runtime.state import State


async def current_session(request: Request) -> Session:
    """The session of this request: reading for safe methods, writing for the others."""
    session: Session = request.state.session
    return session


async def current_state(request: Request) -> State:
    """What the process keeps in memory."""
    state: State = request.state.runtime
    return state


CurrentSession = Annotated[Session, Depends(current_session)]
CurrentState = Annotated[State, Depends(current_state)]
