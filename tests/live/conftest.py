"""A database for a server that a test starts itself."""

import pytest


@pytest.fixture
def url(database_url: str, _emptied: None) -> str:
    """A migrated, empty database."""
    return database_url
