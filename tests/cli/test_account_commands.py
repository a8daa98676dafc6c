from collections.abc import Callable
from typing import Any

import pytest
from typer.testing import Result

from tests.cli.conftest import PASSWORD
from todo_api.models import ApiKey, SigningKey, TodoList, User
from todo_api.security import api_keys

Run = Callable[..., Result]
Stored = Callable[[Any], list[Any]]


# --- user


def test_user_add_makes_an_account(run: Run, stored: Stored) -> None:
    result = run("user", "add", "Ada@Example.com", "--password", PASSWORD, "--timezone", "Europe/Berlin")

    (user_id,) = stored(User.id)
    assert (result.exit_code, result.stdout) == (0, f"Added Ada@Example.com ({user_id}).\n")
    assert (stored(User.name), stored(User.timezone), stored(TodoList.name)) == (["Ada"], ["Europe/Berlin"], ["Inbox"])


def test_user_add_reads_the_password_from_standard_input(run: Run, stored: Stored) -> None:
    result = run("user", "add", "ada@example.com", input=f"{PASSWORD}\n")

    assert result.exit_code == 0
    assert PASSWORD not in result.output
    assert stored(User.email) == ["ada@example.com"]


def test_user_add_of_a_taken_address_is_refused(run: Run, ada: str, stored: Stored) -> None:
    result = run("user", "add", ada.upper(), "--password", PASSWORD)

    assert result.exit_code == 1
    assert result.stderr.startswith("The email address has an account. ")
    assert stored(User.email) == [ada]


@pytest.mark.parametrize(
    ("email", "password", "timezone", "message"),
    [
        ("nobody", PASSWORD, "UTC", "email: "),
        ("ada@example.com", PASSWORD, "Mars/Olympus", "timezone: "),
        ("ada@example.com", "short", "UTC", "The input is not valid. "),
        ("ada@example.com", "password123", "UTC", "The input is not valid. "),
    ],
)
def test_user_add_with_unusable_input_says_what_is_wrong(
    run: Run, stored: Stored, email: str, password: str, timezone: str, message: str
) -> None:
    result = run("user", "add", email, "--password", password, "--timezone", timezone)

    assert result.exit_code == 1
    assert result.stderr.startswith(message)
    assert result.stderr.count("\n") == 1
    assert stored(User.id) == []


def test_user_list_shows_every_account_oldest_first(run: Run, ada: str, stored: Stored) -> None:
    run("user", "add", "bob@example.com", "--password", PASSWORD)

    result = run("user", "list")

    first, second = stored(User.id)
    assert result.stdout == f"{first}  {ada}  Ada\n{second}  bob@example.com  bob\n"


def test_user_list_without_accounts_is_empty(run: Run) -> None:
    result = run("user", "list")

    assert (result.exit_code, result.output) == (0, "")


def test_user_reset_password_sets_another(run: Run, ada: str, stored: Stored) -> None:
    before = stored(User.password_hash)

    result = run("user", "reset-password", ada, "--password", "seven quiet herons")

    assert (result.exit_code, result.stdout) == (0, f"The password of {ada} is set; all sessions ended.\n")
    assert stored(User.password_hash) != before


def test_user_reset_password_to_a_common_one_is_refused(run: Run, ada: str, stored: Stored) -> None:
    before = stored(User.password_hash)

    result = run("user", "reset-password", ada, "--password", "password123")

    assert result.exit_code == 1
    assert stored(User.password_hash) == before


def test_user_disable_marks_the_account(run: Run, ada: str) -> None:
    result = run("user", "disable", ada)

    assert (result.exit_code, result.stdout) == (0, f"{ada} is disabled.\n")
    assert run("user", "list").stdout.endswith("  Ada  (disabled)\n")


def test_user_disable_twice_answers_the_same(run: Run, ada: str) -> None:
    run("user", "disable", ada)

    assert run("user", "disable", ada).exit_code == 0


@pytest.mark.parametrize(
    "words",
    [
        ("user", "reset-password", "nobody@example.com", "--password", PASSWORD),
        ("user", "disable", "nobody@example.com"),
        ("key", "create", "nobody@example.com"),
        ("key", "list", "nobody@example.com"),
        ("key", "revoke", "nobody@example.com", "01a1f8b2-e7be-739b-840f-b6d371bb7327"),
    ],
    ids=lambda words: " ".join(words[:2]),
)
def test_command_about_an_unknown_account_says_where_to_look(run: Run, words: tuple[str, ...]) -> None:
    result = run(*words)

    assert result.exit_code == 1
    assert result.stderr == "No such user. There is no account nobody@example.com. See: todo-api user list\n"


# --- key


def test_key_create_prints_a_key_that_works(run: Run, ada: str, stored: Stored) -> None:
    result = run("key", "create", ada, "--name", "Backup", "--preset", "read-only")

    parts = api_keys.parse(result.stdout.strip())
    assert result.exit_code == 0
    assert parts is not None
    assert (stored(ApiKey.id), stored(ApiKey.name)) == ([parts.id], ["Backup"])
    assert stored(ApiKey.scopes) == [["lists:read", "todos:read"]]
    assert stored(ApiKey.secret_hash) == [api_keys.hash_secret(parts.secret)]


def test_key_create_restricts_to_lists(run: Run, ada: str, stored: Stored) -> None:
    (inbox,) = stored(TodoList.id)

    result = run("key", "create", ada, "--preset", "capture-only", "--list-id", inbox)

    assert result.exit_code == 0
    assert stored(ApiKey.list_ids) == [[inbox]]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--preset", "everything"), "preset must be one of full, read-only, capture-only, complete-only\n"),
        (("--preset", "capture-only"), "a capture-only key names exactly one list"),
        (("--list-id", "nonsense"), "list_ids.0: "),
        (("--list-id", "01a1f8b2-e7be-739b-840f-b6d371bb7327"), "No such list. "),
        (("--name", ""), "name: "),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_key_create_with_unusable_input_says_what_is_wrong(
    run: Run, ada: str, stored: Stored, options: tuple[str, ...], message: str
) -> None:
    result = run("key", "create", ada, *options)

    assert result.exit_code == 1
    assert result.stderr.startswith(message)
    assert result.stderr.count("\n") == 1
    assert stored(ApiKey.id) == []


def test_key_list_shows_live_keys_without_their_secret(run: Run, ada: str, stored: Stored) -> None:
    key = run("key", "create", ada, "--preset", "read-only").stdout.strip()

    result = run("key", "list", ada)

    (key_id,) = stored(ApiKey.id)
    assert result.stdout == f"{key_id}  Command line  lists:read todos:read  last used never\n"
    assert key not in result.stdout


def test_key_revoke_ends_a_key(run: Run, ada: str, stored: Stored) -> None:
    run("key", "create", ada)
    (key_id,) = stored(ApiKey.id)

    result = run("key", "revoke", ada, key_id)

    assert (result.exit_code, result.stdout) == (0, "The key is revoked.\n")
    assert run("key", "list", ada).stdout == ""


def test_key_revoke_of_an_unknown_key_says_so(run: Run, ada: str) -> None:
    result = run("key", "revoke", ada, "01a1f8b2-e7be-739b-840f-b6d371bb7327")

    assert result.exit_code == 1
    assert result.stderr.startswith("No such API key. ")


def test_key_revoke_of_something_else_is_a_wrong_argument(run: Run, ada: str) -> None:
    result = run("key", "revoke", ada, "nonsense")

    assert result.exit_code == 2
    assert "UUID" in result.stderr


def test_key_generate_prints_a_key_and_stores_nothing(run: Run, stored: Stored) -> None:
    result = run("key", "generate")

    assert result.exit_code == 0
    assert api_keys.parse(result.stdout.strip()) is not None
    assert stored(ApiKey.id) == []


def test_key_generate_prints_another_each_time(run: Run) -> None:
    assert run("key", "generate").stdout != run("key", "generate").stdout


# --- signing-key


def test_signing_key_rotate_adds_a_secret(run: Run, stored: Stored) -> None:
    run("user", "list")
    before = stored(SigningKey.id)

    result = run("signing-key", "rotate")

    (new,) = set(stored(SigningKey.id)) - set(before)
    assert (len(before), result.exit_code, result.stdout) == (1, 0, f"Signing with {new}.\n")


def test_signing_key_rotate_keeps_three_secrets(run: Run, stored: Stored) -> None:
    for _ in range(5):
        run("signing-key", "rotate")

    assert len(stored(SigningKey.id)) == 3
