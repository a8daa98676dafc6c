"""What one process keeps in memory; the lifespan yields it, and dependencies read it from ``request.state.runtime``."""

from dataclasses import dataclass, field
from datetime import datetime

from todo_api.db.engine import Database
from todo_api.domain.clock import Clock
from todo_api.security.keyring import KeyRing
from todo_api.security.passwords import Passwords
from todo_api.settings import Settings


@dataclass(slots=True)
class State:
    """Built once at start; ``revision`` is the schema that this program needs, ``last_used`` is written by the next upkeep."""

    settings: Settings
    database: Database
    ring: KeyRing
    passwords: Passwords
    clock: Clock
    revision: str
    last_used: dict[str, datetime] = field(default_factory=dict)
    stopping: bool = False
