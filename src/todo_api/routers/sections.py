"""Sections."""

from typing import Any

from fastapi import APIRouter, Response

from todo_api.dependencies.auth import needs
from todo_api.dependencies.paging import Pages
from todo_api.dependencies.paths import ListId, SectionId
from todo_api.dependencies.preconditions import IfMatch, IfNoneMatch, tagged, unless_known
from todo_api.dependencies.repositories import Sections
from todo_api.domain.permissions import Scope
from todo_api.repositories.sections import SectionRow
from todo_api.schemas.pages import Page
from todo_api.schemas.sections import SectionCreate, SectionMove, SectionRead, SectionUpdate
from todo_api.web.route import Route

router = APIRouter(prefix="/v1", tags=["sections"], route_class=Route)

READ = needs(Scope.LISTS_READ)
WRITE = needs(Scope.LISTS_READ, Scope.LISTS_WRITE)


@router.get("/lists/{list_id}/sections", dependencies=[READ], response_model=Page[SectionRead])
async def list_sections(list_id: ListId, sections: Sections, pages: Pages, response: Response) -> dict[str, Any]:
    """Sections of a list, in order."""
    return pages.answer(response, await sections.page(list_id, limit=pages.limit, after=pages.after))


@router.post("/lists/{list_id}/sections", dependencies=[WRITE], status_code=201, response_model=SectionRead)
async def create_section(list_id: ListId, data: SectionCreate, sections: Sections, response: Response) -> SectionRow:
    """Create a section at the end of a list."""
    row = await sections.create(list_id, data)
    response.headers["location"] = f"/v1/sections/{row.id}"
    return tagged(response, row)


@router.get("/sections/{section_id}", dependencies=[READ], response_model=SectionRead)
async def get_section(section_id: SectionId, sections: Sections, known: IfNoneMatch, response: Response) -> SectionRow:
    """One section."""
    return unless_known(response, await sections.get(section_id), known)


@router.patch("/sections/{section_id}", dependencies=[WRITE], response_model=SectionRead)
async def update_section(
    section_id: SectionId, data: SectionUpdate, sections: Sections, expected: IfMatch, response: Response
) -> SectionRow:
    """Change the fields you send."""
    return tagged(response, await sections.update(section_id, data, expected))


@router.delete("/sections/{section_id}", dependencies=[WRITE], status_code=204)
async def delete_section(section_id: SectionId, sections: Sections, expected: IfMatch) -> None:
    """Delete a section; its todos stay in the list, without a section. Doing it again answers the same."""
    await sections.delete(section_id, expected)


@router.post("/sections/{section_id}/move", dependencies=[WRITE], response_model=SectionRead)
async def move_section(
    section_id: SectionId, data: SectionMove, sections: Sections, expected: IfMatch, response: Response
) -> SectionRow:
    """Put a section before or after another of its list."""
    return tagged(response, await sections.move(section_id, data, expected))
