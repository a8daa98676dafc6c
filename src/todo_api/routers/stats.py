"""What was done, in numbers."""

from typing import Annotated

from fastapi import APIRouter, Query

from todo_api.dependencies.auth import needs
from todo_api.dependencies.repositories import Stats
from todo_api.domain.permissions import Scope
from todo_api.repositories.stats import Report
from todo_api.schemas.fields import LocalDate
from todo_api.schemas.stats import StatsGroup, StatsRead
from todo_api.web.route import Route

router = APIRouter(prefix="/v1/stats", tags=["stats"], route_class=Route)


@router.get("", dependencies=[needs(Scope.TODOS_READ)], response_model=StatsRead)
async def get_stats(
    stats: Stats,
    since: Annotated[
        LocalDate | None, Query(alias="from", description="The first day; six days before the last unless given.")
    ] = None,
    until: Annotated[LocalDate | None, Query(alias="to", description="The last day, included; today unless given.")] = None,
    group: Annotated[StatsGroup, Query(description="Count by day, where you are, or by list.")] = StatsGroup.DAY,
) -> Report:
    """How many todos were created, completed and missed in a period of at most 366 days, and the streaks of recurring ones.

    Todos in the trash do not count; those in archived lists do, but never as overdue.
    """
    return await stats.report(since, until, group)
