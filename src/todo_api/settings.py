"""What can be set from outside: environment variables ``TODO_API_*`` and a ``.env`` file."""

import ipaddress
from typing import Annotated, Any, Literal, Self
from urllib.parse import parse_qsl, urlencode, urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, DotEnvSettingsSource, EnvSettingsSource, SettingsConfigDict

_DRIVERS = {
    "sqlite": "sqlite+aiosqlite",
    "sqlite+aiosqlite": "sqlite+aiosqlite",
    "postgres": "postgresql+asyncpg",
    "postgresql": "postgresql+asyncpg",
    "postgresql+asyncpg": "postgresql+asyncpg",
}
_PREFIX = "TODO_API_"
_OF_TESTS = "TODO_API_TEST_"
_TLS = {"disable", "allow", "prefer", "require", "verify-ca", "verify-full"}


class Settings(BaseSettings):
    """All settings; frozen, passed down, never imported as an instance."""

    model_config = SettingsConfigDict(
        env_prefix=_PREFIX,
        env_file=".env",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
        validate_default=True,
    )

    # --- where
    database_url: Annotated[
        str,
        Field(
            description="SQLite file (`sqlite:///path`) or PostgreSQL (`postgresql://user:password@host/name?sslmode=require`)."
        ),
    ] = "sqlite:///todo-api.db"
    host: Annotated[str, Field(description="Address to listen on.")] = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535, description="Port to listen on; 0 takes a free one.")] = 8000
    workers: Annotated[int, Field(ge=1, le=64, description="Server processes; more than one needs PostgreSQL.")] = 1
    forwarded_allow_ips: Annotated[
        str, Field(description="Proxies whose X-Forwarded-* headers are believed: addresses or networks, comma-separated.")
    ] = "127.0.0.1"

    # --- accounts
    registration: Annotated[
        Literal["open", "closed"] | None,
        Field(description="Whether strangers may register; unset: open on a loopback host, closed elsewhere."),
    ] = None
    bootstrap_email: Annotated[str | None, Field(description="First account, made once when there is no account.")] = None
    bootstrap_password: Annotated[SecretStr | None, Field(description="Password of the first account.")] = None
    bootstrap_api_key: Annotated[
        SecretStr | None, Field(description="API key of the first account; make one with `todo-api key generate`.")
    ] = None
    access_token_seconds: Annotated[int, Field(ge=30, le=900, description="Life of an access token, in seconds.")] = 900
    session_days: Annotated[int, Field(ge=1, le=365, description="Life of a login session however often refreshed, in days.")] = (
        30
    )
    hashing_threads: Annotated[int, Field(ge=1, le=16, description="Passwords hashed at the same time (19 MiB each).")] = 2
    hashing_queue: Annotated[int, Field(ge=0, le=1000, description="Logins that may wait for hashing before 503.")] = 16

    # --- HTTP
    max_body_bytes: Annotated[int, Field(ge=1024, le=100 * 2**20, description="Largest request body, in bytes.")] = 2**20
    body_seconds: Annotated[float, Field(gt=0, description="Time in which a request body must arrive, in seconds.")] = 10.0
    require_if_match: Annotated[bool, Field(description="Refuse changes without If-Match (428).")] = False
    idempotency_hours: Annotated[int, Field(ge=1, le=720, description="How long answers are kept for Idempotency-Key.")] = 24
    shutdown_seconds: Annotated[int, Field(ge=0, le=600, description="Time for running requests at shutdown, in seconds.")] = 20

    # --- SQLite
    sqlite_synchronous: Annotated[
        Literal["FULL", "NORMAL"],
        Field(description="FULL: what was answered survives a power cut. NORMAL: faster, it may not."),
    ] = "FULL"
    sqlite_readers: Annotated[int, Field(ge=1, le=64, description="Read connections.")] = 4
    sqlite_write_queue: Annotated[int, Field(ge=1, description="Writes that may wait before 503.")] = 512
    sqlite_write_seconds: Annotated[float, Field(gt=0, description="Longest wait of a write before 503, in seconds.")] = 5.0

    # --- PostgreSQL
    postgresql_pool: Annotated[int, Field(ge=1, le=500, description="Write connections of a process.")] = 10
    postgresql_readers: Annotated[int, Field(ge=1, le=500, description="Read connections of a process.")] = 10
    postgresql_pool_seconds: Annotated[float, Field(gt=0, description="Longest wait for a connection, in seconds.")] = 3.0
    postgresql_statement_seconds: Annotated[float, Field(gt=0, description="Longest statement, in seconds.")] = 10.0
    postgresql_lock_seconds: Annotated[float, Field(gt=0, description="Longest wait for a lock, in seconds.")] = 3.0

    # --- logs
    log_level: Annotated[Literal["debug", "info", "warning", "error"], Field(description="Least important line logged.")] = "info"
    log_format: Annotated[
        Literal["json", "console"] | None, Field(description="Shape of log lines; unset: console on a terminal, else JSON.")
    ] = None

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, url: str) -> str:
        scheme, separator, rest = url.partition("://")
        if not separator or scheme not in _DRIVERS:
            raise ValueError("must start with sqlite:/// or postgresql://")
        if scheme.startswith("sqlite") and (not rest.startswith("/") or rest in {"/", "/:memory:"}):
            raise ValueError("must name a file: sqlite:///todo.db, or sqlite:////data/todo.db for an absolute path")
        try:
            urlsplit(url).port  # noqa: B018  # looking is the check
        except ValueError:
            raise ValueError("has no valid port; in a password write : / @ as %3A %2F %40") from None
        place, _, query = rest.partition("?")
        if parameters := _parameters(query, on_sqlite=scheme.startswith("sqlite")):
            place = f"{place}?{urlencode(parameters, safe='/')}"
        return f"{_DRIVERS[scheme]}://{place}"

    @model_validator(mode="after")
    def _bootstrap_is_whole(self) -> Self:
        if (self.bootstrap_email is None) != (self.bootstrap_password is None):
            raise ValueError("TODO_API_BOOTSTRAP_EMAIL and TODO_API_BOOTSTRAP_PASSWORD go together")
        if self.bootstrap_api_key is not None and self.bootstrap_email is None:
            raise ValueError("TODO_API_BOOTSTRAP_API_KEY needs TODO_API_BOOTSTRAP_EMAIL and _PASSWORD")
        return self

    @property
    def on_sqlite(self) -> bool:
        """Whether the embedded database is used: one process, one writer."""
        return self.database_url.startswith("sqlite")

    @property
    def on_loopback(self) -> bool:
        """Whether only this machine can reach the service."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"

    @property
    def registration_open(self) -> bool:
        """Whether strangers may register: as set, else only on a loopback host."""
        return self.on_loopback if self.registration is None else self.registration == "open"

    @classmethod
    def from_env(cls, **overrides: Any) -> "Settings":
        """Read the environment and ``.env``; ``overrides`` that are not None win.

        Raises pydantic's ValidationError, whose text names the variables at fault and never their values.
        """
        return cls(**{name: value for name, value in overrides.items() if value is not None})

    @classmethod
    def unknown_names(cls) -> list[str]:
        """Names in the environment and in ``.env`` that look like settings and are none; they are ignored."""
        given = {*EnvSettingsSource(cls).env_vars, *DotEnvSettingsSource(cls).env_vars}
        names = {name.upper() for name in given}
        known = {f"{_PREFIX}{name}".upper() for name in cls.model_fields}
        return sorted(name for name in names - known if name.startswith(_PREFIX) and not name.startswith(_OF_TESTS))


def _parameters(query: str, *, on_sqlite: bool) -> dict[str, str]:
    """What may follow ``?`` in a database's address, as the driver spells it."""
    found: dict[str, str] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        if on_sqlite or name not in {"sslmode", "ssl", "host", "port"}:
            known = "a SQLite file takes none" if on_sqlite else "sslmode, host and port are"
            raise ValueError(f"has a parameter that is not known: {known}")
        if name in {"sslmode", "ssl"} and value not in _TLS:
            raise ValueError("sslmode must be disable, allow, prefer, require, verify-ca or verify-full")
        found["ssl" if name == "sslmode" else name] = value  # libpq's name, and asyncpg's
    return found
