"""Whether the service lives, and whether it can serve."""

from typing import Literal

from todo_api.schemas._base import Output


class Live(Output):
    """The process answers."""

    status: Literal["ok"] = "ok"


class Ready(Output):
    """What readiness rests on; each check says `ok` or what is wrong."""

    status: Literal["ready", "not_ready"]
    checks: dict[str, str]


class Welcome(Output):
    """What this is, and where to go from here."""

    name: str
    version: str
    links: dict[str, str]


class ProblemKind(Output):
    """What a problem's code means."""

    code: str
    status: int
    title: str
