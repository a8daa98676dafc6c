"""Labels."""

from typing import Any

from fastapi import APIRouter, Response

from todo_api.dependencies.auth import needs
from todo_api.dependencies.paging import Pages
from todo_api.dependencies.paths import LabelId
from todo_api.dependencies.preconditions import IfNoneMatch, tagged, unless_known
from todo_api.dependencies.repositories import Labels
from todo_api.domain.permissions import Scope
from todo_api.schemas.labels import LabelCreate, LabelRead
from todo_api.schemas.pages import Page
from todo_api.web.route import Route

router = APIRouter(prefix="/v1/labels", tags=["labels"], route_class=Route)

READ = needs(Scope.TODOS_READ)
WRITE = needs(Scope.TODOS_READ, Scope.TODOS_WRITE)


@router.get("", dependencies=[READ], response_model=Page[LabelRead])
async def list_labels(labels: Labels, pages: Pages, response: Response) -> dict[str, Any]:
    """Labels you see, by name."""
    return pages.answer(response, await labels.page(limit=pages.limit, after=pages.after))


@router.post("", dependencies=[WRITE], status_code=201, response_model=LabelRead)
async def create_label(data: LabelCreate, labels: Labels, response: Response) -> Any:
    """Create a label; writing an unknown name on a todo does so as well."""
    row = await labels.create(data)
    response.headers["location"] = f"/v1/labels/{row.id}"
    return tagged(response, row)


@router.get("/{label_id}", dependencies=[READ], response_model=LabelRead)
async def get_label(label_id: LabelId, labels: Labels, known: IfNoneMatch, response: Response) -> Any:
    """One label."""
    return unless_known(response, await labels.get(label_id), known)
