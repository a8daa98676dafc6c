"""Comments on todos, and what they said before."""

from pydantic import ConfigDict, Field

from todo_api.schemas._base import Input, Output, unset
from todo_api.schemas.fields import CommentBody, IdText, Timestamp


class CommentCreate(Input):
    """A new comment."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"body": "The shop *around the corner* has it."}]})

    body: CommentBody


class CommentUpdate(Input):
    """A merge patch of a comment: members that are absent stay as they are."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"body": "The shop *in the station* has it."}]})

    body: CommentBody = unset()


class CommentRead(Output):
    """A comment."""

    id: IdText
    todo_id: IdText
    author_id: IdText
    body: str
    edited_at: Timestamp | None = Field(description="When the body was last changed; null: never.")
    version: int
    created_at: Timestamp
    updated_at: Timestamp


class CommentEditRead(Output):
    """What a comment said until it was edited."""

    id: IdText
    body: str
    replaced_at: Timestamp = Field(description="When another body took its place.")
