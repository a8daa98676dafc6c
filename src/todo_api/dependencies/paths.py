"""Ids in paths."""

from typing import Annotated

from fastapi import Path

from todo_api.schemas.fields import Id, Line

TodoId = Annotated[Id, Path(description="The todo's id.")]
ListId = Annotated[Id, Path(description="The list's id.")]
SectionId = Annotated[Id, Path(description="The section's id.")]
CommentId = Annotated[Id, Path(description="The comment's id.")]
FilterId = Annotated[Id, Path(description="The saved filter's id.")]
LabelId = Annotated[Id, Path(description="The label's id.")]
WorkspaceId = Annotated[Id, Path(description="The workspace's id.")]
SessionId = Annotated[Id, Path(description="The session's id.")]
KeyId = Annotated[Id, Path(description="The API key's id.")]
ExternalSource = Annotated[Line, Path(min_length=1, max_length=100, description="The integration.")]
ExternalId = Annotated[Line, Path(min_length=1, max_length=255, description="The id there.")]
