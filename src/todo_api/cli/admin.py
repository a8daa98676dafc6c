"""Commands for whoever runs the service. Heavy modules are imported inside commands: ``--help`` must be quick."""

import asyncio
import sys
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Annotated, Any, TypeVar
from uuid import UUID

import typer

from todo_api import __version__

if TYPE_CHECKING:
    from todo_api.settings import Settings

Result = TypeVar("Result")

app = typer.Typer(
    name="todo-api",
    help="The to-do backend you can retry.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
user_app = typer.Typer(help="Accounts.", no_args_is_help=True)
key_app = typer.Typer(help="API keys.", no_args_is_help=True)
secret_app = typer.Typer(help="The secret that signs access tokens.", no_args_is_help=True)
app.add_typer(user_app, name="user")
app.add_typer(key_app, name="key")
app.add_typer(secret_app, name="signing-key")

EmailArgument = Annotated[str, typer.Argument(help="Email address of the account.")]


def _show_version(wanted: bool) -> None:  # noqa: FBT001  # as Typer calls it
    if wanted:
        typer.echo(f"todo-api {__version__}")
        raise typer.Exit


@app.callback()
def main(
    version: Annotated[  # noqa: FBT002  # a flag
        bool, typer.Option("--version", help="Print the version.", callback=_show_version, is_eager=True)
    ] = False,
) -> None:
    """The to-do backend you can retry."""
    del version  # its callback did it


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on [TODO_API_HOST].")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on [TODO_API_PORT].")] = None,
    workers: Annotated[int | None, typer.Option(help="Processes; more than one needs PostgreSQL [TODO_API_WORKERS].")] = None,
    migrate: Annotated[bool, typer.Option("--migrate", help="Bring a PostgreSQL schema up to date first.")] = False,  # noqa: FBT002  # a flag
) -> None:
    """Serve the API. An SQLite file is made and migrated by itself."""
    from todo_api.cli import server  # noqa: PLC0415  # heavy

    _report_errors(lambda: server.serve(_settings(host=host, port=port, workers=workers), migrate=migrate))


@app.command()
def migrate(
    revision: Annotated[str, typer.Argument(help="Revision to go to.")] = "head",
) -> None:
    """Bring the database schema up to date; several at once take turns."""
    from todo_api.db import migrations  # noqa: PLC0415  # heavy

    _report_errors(lambda: migrations.upgrade(_settings(), revision))
    typer.echo("The schema is up to date." if revision == "head" else f"The schema is at {revision}.")


@app.command()
def openapi() -> None:
    """Print the OpenAPI document."""
    import json  # noqa: PLC0415  # only here

    from todo_api.main import create_app  # noqa: PLC0415  # heavy

    typer.echo(json.dumps(create_app(_settings()).openapi(), indent=2, ensure_ascii=False))


@app.command()
def doctor() -> None:
    """Check database, schema, settings, clock and disk; exit code 1 when something is wrong."""
    from todo_api.cli.doctor import examine  # noqa: PLC0415  # heavy

    checks = _run(examine(_settings()))
    for check in checks:
        sign = "warn" if check.warns else "ok  "
        typer.echo(f"{sign if check.ok else 'FAIL'}  {check.name}: {check.detail}")
    raise typer.Exit(0 if all(check.ok for check in checks) else 1)


@user_app.command("add")
def add_user(
    email: EmailArgument,
    name: Annotated[str | None, typer.Option(help="Name; the part before the @ unless given.")] = None,
    password: Annotated[str | None, typer.Option(help="Password; asked for unless given.")] = None,
    timezone: Annotated[str, typer.Option(help="IANA time zone.")] = "UTC",
) -> None:
    """Make an account with its workspace and inbox."""
    from todo_api.cli import accounts  # noqa: PLC0415  # heavy

    user_id = _run(accounts.add_user(_settings(), email=email, name=name, password=_password(password), timezone=timezone))
    typer.echo(f"Added {email} ({user_id}).")


@user_app.command("list")
def list_users() -> None:
    """List accounts, oldest first."""
    from todo_api.cli import accounts  # noqa: PLC0415  # heavy

    for line in _run(accounts.list_users(_settings())):
        typer.echo(line)


@user_app.command("reset-password")
def reset_password(
    email: EmailArgument,
    password: Annotated[str | None, typer.Option(help="New password; asked for unless given.")] = None,
) -> None:
    """Set a password and end all sessions of the account."""
    from todo_api.cli import accounts  # noqa: PLC0415  # heavy

    _run(accounts.reset_password(_settings(), email=email, password=_password(password)))
    typer.echo(f"The password of {email} is set; all sessions ended.")


@user_app.command("disable")
def disable_user(email: EmailArgument) -> None:
    """Keep an account from logging in; its tokens and keys are dead at once."""
    from todo_api.cli import accounts  # noqa: PLC0415  # heavy

    _run(accounts.disable_user(_settings(), email=email))
    typer.echo(f"{email} is disabled.")


@key_app.command("create")
def create_key(
    email: EmailArgument,
    name: Annotated[str, typer.Option(help="What the key is for.")] = "Command line",
    preset: Annotated[str, typer.Option(help="full, read-only, capture-only or complete-only.")] = "full",
    list_id: Annotated[list[str] | None, typer.Option(help="Restrict the key to this list; may be repeated.")] = None,
) -> None:
    """Make an API key for an account and print it, this once."""
    from todo_api.cli import accounts  # noqa: PLC0415  # heavy

    typer.echo(_run(accounts.create_key(_settings(), email=email, name=name, preset=preset, list_ids=list_id)))


@key_app.command("list")
def list_keys(email: EmailArgument) -> None:
    """List the live API keys of an account."""
    from todo_api.cli import accounts  # noqa: PLC0415  # heavy

    for line in _run(accounts.list_keys(_settings(), email=email)):
        typer.echo(line)


@key_app.command("revoke")
def revoke_key(
    email: EmailArgument, key_id: Annotated[UUID, typer.Argument(help="Id of the key, as `key list` shows it.")]
) -> None:
    """Revoke an API key for ever."""
    from todo_api.cli import accounts  # noqa: PLC0415  # heavy

    _run(accounts.revoke_key(_settings(), email=email, key_id=str(key_id)))
    typer.echo("The key is revoked.")


@key_app.command("generate")
def generate_key() -> None:
    """Print a well-formed API key for TODO_API_BOOTSTRAP_API_KEY; nothing is stored."""
    from todo_api.security import api_keys  # noqa: PLC0415  # only here

    typer.echo(api_keys.generate())


@secret_app.command("rotate")
def rotate_signing_key() -> None:
    """Sign with a new secret from now on; tokens of the two before it stay valid. Running servers notice by themselves."""
    from todo_api.cli import accounts  # noqa: PLC0415  # heavy

    typer.echo(f"Signing with {_run(accounts.rotate_signing_key(_settings()))}.")


def _settings(**overrides: Any) -> "Settings":
    from pydantic import ValidationError  # noqa: PLC0415  # heavy

    from todo_api.settings import Settings  # noqa: PLC0415  # heavy

    try:
        return Settings.from_env(**overrides)
    except ValidationError as error:
        for flaw in error.errors():
            name = "_".join(str(part) for part in flaw["loc"]).upper()
            message = flaw["msg"].removeprefix("Value error, ")
            typer.echo(f"TODO_API_{name}: {message}" if name else message, err=True)
        raise typer.Exit(2) from None


def _password(given: str | None) -> str:
    if given is not None:
        return given
    if sys.stdin.isatty():
        return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))
    return sys.stdin.readline().rstrip("\n")


def _run(work: Coroutine[Any, Any, Result]) -> Result:
    result: Result = _report_errors(lambda: asyncio.run(work))
    return result


def _report_errors(work: Any) -> Any:
    """Run a command; what the user can mend is told in one line."""
    from todo_api.errors import StartupError, TodoApiError  # noqa: PLC0415  # with the rest

    try:
        return work()
    except StartupError as error:
        typer.echo(str(error), err=True)
    except TodoApiError as error:
        typer.echo(f"{error.title}. {error.detail}", err=True)
    raise typer.Exit(1)
