"""Imports only go down, and the repositories that work without an actor are few."""

import importlib
import pkgutil
from pathlib import Path

import pytest
from importlinter.cli import lint_imports

from todo_api import repositories
from todo_api.repositories._base import Repository, SystemRepository

ROOT = Path(__file__).parents[2]


def test_import_contracts_hold(capsys: pytest.CaptureFixture[str]) -> None:
    status = lint_imports(config_filename=str(ROOT / "pyproject.toml"), no_cache=True)

    assert status == 0, capsys.readouterr().out


def test_repositories_without_an_actor_are_these() -> None:
    for module in pkgutil.iter_modules(repositories.__path__, f"{repositories.__name__}."):
        importlib.import_module(module.name)

    assert {found.__name__ for found in SystemRepository.__subclasses__()} == {
        "AccountRepository",  # makes the first things of a user
        "ApiKeyRepository",  # makes an actor of a key
        "HealthRepository",  # reads no data
        "IdempotencyRepository",  # answers before the work
        "LoginRepository",  # makes an actor of a token
        "SigningKeyRepository",  # the service's own secrets
        "UserRepository",  # people, before they are logged in
    }
    assert not issubclass(SystemRepository, Repository)
