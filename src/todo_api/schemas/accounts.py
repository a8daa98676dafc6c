"""Registration and passwords."""

from typing import Annotated

from pydantic import AfterValidator, ConfigDict, Field, SecretStr
from pydantic.networks import validate_email

from todo_api.domain.passwords import MAXIMUM_LENGTH, MINIMUM_LENGTH
from todo_api.schemas._base import Input
from todo_api.schemas.fields import Name, Timezone


def normal_email(value: str) -> str:
    """The one spelling of an address: the domain in lower case, the rest in Unicode's normal form C."""
    return validate_email(value)[1]


def _email(value: str) -> str:
    if value != value.strip() or value.endswith(">"):  # pydantic would strip, and read "Ada <ada@example.com>"
        raise ValueError("must be an address and nothing else")
    return normal_email(value)


def encodable(value: SecretStr) -> SecretStr:
    """What cannot be hashed matches nothing; check_password refuses it in new passwords."""
    try:
        value.get_secret_value().encode()
    except UnicodeEncodeError:
        raise ValueError("must not contain half of a surrogate pair") from None
    return value


Email = Annotated[
    str,
    Field(min_length=3, max_length=254, json_schema_extra={"format": "email"}, examples=["ada@example.com"]),
    AfterValidator(_email),
]
Password = Annotated[
    SecretStr, Field(min_length=1, max_length=1024, examples=["correct horse battery"]), AfterValidator(encodable)
]
NewPassword = Annotated[
    SecretStr,
    Field(
        description="8 to 128 characters; common passwords are refused.",
        json_schema_extra={"minLength": MINIMUM_LENGTH, "maxLength": MAXIMUM_LENGTH},
    ),
]


class Registration(Input):
    """A new account."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"email": "ada@example.com", "password": "correct horse battery", "name": "Ada"}]}
    )

    email: Email
    password: NewPassword
    name: Name | None = None
    timezone: Timezone = Field(default="UTC", description="IANA name; `UTC` unless given.")


class PasswordChange(Input):
    """A new password; the old one proves who asks."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"current_password": "correct horse battery", "new_password": "seven quiet herons"}]}
    )

    current_password: Password
    new_password: NewPassword
