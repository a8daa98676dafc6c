"""Where something goes among its neighbours."""

from typing import Self

from pydantic import ConfigDict, model_validator

from todo_api.schemas._base import Input
from todo_api.schemas.fields import Id


class Move(Input):
    """Before one neighbour, or after one."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"after": "0193a5b0-7c1e-7000-8000-000000000001"}]})

    before: Id | None = None
    after: Id | None = None

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.before is None) == (self.after is None):
            raise ValueError("send either before or after")
        return self
