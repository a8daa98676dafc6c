"""Logging in, staying logged in, logging out."""

from typing import Annotated, Literal

from pydantic import AfterValidator, ConfigDict, Field, SecretStr

from todo_api.schemas._base import Input, Output
from todo_api.schemas.accounts import Password, encodable, normal_email
from todo_api.schemas.fields import IdText, Line, Timestamp
from todo_api.schemas.users import UserRead

RefreshTokenText = Annotated[SecretStr, Field(min_length=1, max_length=200), AfterValidator(encodable)]


def _as_registered(value: str) -> str:
    """The spelling that registration kept; what is no address has no account."""
    try:
        return normal_email(value)
    except ValueError:
        return value


class Login(Input):
    """Email and password."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"email": "ada@example.com", "password": "correct horse battery"}]})

    email: Annotated[Line, Field(max_length=254), AfterValidator(_as_registered)]
    password: Password


class Refresh(Input):
    """The newest refresh token of a session; it is spent by this."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"refresh_token": "kcuVLA7b1uUb6z_vH5Hq5aJn5dGZ9i0kY8l4yQmW0eE"}]})

    refresh_token: RefreshTokenText


class Tokens(Output):
    """What a client keeps after a login: use the first, renew with the second, once."""

    access_token: str = Field(description="Send it as `Authorization: Bearer …`.")
    refresh_token: str = Field(description="Good for one `POST /v1/auth/refresh`.")
    token_type: Literal["bearer"] = "bearer"  # noqa: S105  # the type's name, no secret
    expires_in: int = Field(description="Life of the access token, in seconds.")
    session_id: IdText


class RegisteredUser(Output):
    """The new account, its first lists, and a login session."""

    user: UserRead
    workspace_id: IdText
    inbox_id: IdText
    tokens: Tokens


class SessionRead(Output):
    """A login on one device."""

    id: IdText
    user_agent: str
    created_at: Timestamp
    last_used_at: Timestamp
    expires_at: Timestamp
    is_current: bool
