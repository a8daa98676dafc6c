"""Labels."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from todo_api.dependencies.auth import needs
from todo_api.dependencies.paging import Pages
from todo_api.dependencies.paths import LabelId
from todo_api.dependencies.preconditions import IfMatch, IfNoneMatch, tagged, unless_known
from todo_api.dependencies.repositories import Labels
from todo_api.domain.permissions import Scope
from todo_api.repositories.labels import LabelRow
from todo_api.schemas.labels import LabelCreate, LabelRead, LabelUpdate, LabelUpdated, OnTodos
from todo_api.schemas.pages import Page
from todo_api.web.route import Route

router = APIRouter(prefix="/v1/labels", tags=["labels"], route_class=Route)

READ = needs(Scope.TODOS_READ)
WRITE = needs(Scope.TODOS_READ, Scope.TODOS_WRITE, account=True)


@router.get("", dependencies=[READ], response_model=Page[LabelRead])
async def list_labels(labels: Labels, pages: Pages, response: Response) -> dict[str, Any]:
    """Labels you see, by name."""
    return pages.answer(response, await labels.page(limit=pages.limit, after=pages.after))


@router.post("", dependencies=[WRITE], status_code=201, response_model=LabelRead)
async def create_label(data: LabelCreate, labels: Labels, response: Response) -> LabelRow:
    """Create a label; writing an unknown name on a todo does so as well."""
    row = await labels.create(data)
    response.headers["location"] = f"/v1/labels/{row.id}"
    return tagged(response, row)


@router.get("/{label_id}", dependencies=[READ], response_model=LabelRead)
async def get_label(label_id: LabelId, labels: Labels, known: IfNoneMatch, response: Response) -> LabelRow:
    """One label."""
    return unless_known(response, await labels.get(label_id), known)


@router.patch("/{label_id}", dependencies=[WRITE])
async def update_label(
    label_id: LabelId, data: LabelUpdate, labels: Labels, expected: IfMatch, response: Response
) -> LabelUpdated:
    """Change the fields you send; a new name is written on all todos that carry the label.

    Where another label of the workspace has the name, that one survives: the todos get it, once each, this label is deleted,
    and the answer is the surviving label with `merged: true`. A `color` sent along is the survivor's then.
    """
    row, merged = await labels.update(label_id, data, expected)
    return LabelUpdated.model_validate({**LabelRead.model_validate(tagged(response, row)).model_dump(), "merged": merged})


@router.delete("/{label_id}", dependencies=[WRITE], status_code=204)
async def delete_label(
    label_id: LabelId,
    labels: Labels,
    expected: IfMatch,
    on_todos: Annotated[
        OnTodos, Query(description="`remove` takes the label off its todos; `keep` leaves them its name.")
    ] = OnTodos.REMOVE,
) -> None:
    """Delete a label; doing it again answers the same.

    With `on_todos=keep`, todos keep the name, filters and `label=` still find them by it, and whoever uses the name again, on
    a todo or to create a label, has the label back, without its color.
    """
    await labels.delete(label_id, on_todos, expected)
