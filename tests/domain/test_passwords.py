import pytest
from hypothesis import given
from hypothesis import strategies as st

from todo_api.domain.passwords import PasswordProblem, _common_passwords, check_password

EMAIL = "anna.lee@example.com"
NAME = "Anna Lee"
FULL_WIDTH = "ｐａｓｓｗｏｒｄ"  # noqa: RUF001 - looks alike on purpose


def check(password: str) -> PasswordProblem | None:
    return check_password(password, email=EMAIL, name=NAME)


@pytest.mark.parametrize(
    "password",
    [
        "correct horse battery staple",
        "gkw82hqz",
        "пароль-на-лето",
        "🐎🔋📎✅🐎🔋📎🦀",
        "rapid-fox",
        "the planned annex",
        "kq7 with anna in it",
        "q\0wz81kd",
    ],
)
def test_check_password_accepts_an_uncommon_one(password: str) -> None:
    assert check(password) is None


@pytest.mark.parametrize(("password", "problem"), [("gkw82hq", PasswordProblem.TOO_SHORT), ("gkw82hqz", None)])
def test_check_password_asks_for_8_characters(password: str, problem: PasswordProblem | None) -> None:
    assert check(password) == problem


@pytest.mark.parametrize(("password", "problem"), [("ab" * 64, None), ("ab" * 64 + "a", PasswordProblem.TOO_LONG)])
def test_check_password_stops_at_128_characters(password: str, problem: PasswordProblem | None) -> None:
    assert check(password) == problem


def test_check_password_counts_code_points_rather_than_bytes() -> None:
    assert check("🐎🔋" * 64) is None


@pytest.mark.parametrize(
    "password",
    ["password", "PassWord", "password1", "password123!", "Password!!2027", "trustno1", FULL_WIDTH, "iloveyou"],
)
def test_check_password_refuses_common_ones_dressed_up(password: str) -> None:
    assert check(password) == PasswordProblem.COMMON


@pytest.mark.parametrize("password", ["aaaaaaaa", "!!!!!!!!!!", "12345678", "87654321", "abcdefghij", "ZYXWVUTSR"])
def test_check_password_refuses_runs(password: str) -> None:
    assert check(password) == PasswordProblem.COMMON


@pytest.mark.parametrize(
    "password",
    [
        "anna.lee",
        "ANNALEE2027",
        "lee-anna-1!",
        "annaanna",
        "anna.lee@example.com",
        "todo-api!",
        "todoapi2027",
        "my todo 1",
    ],
)
def test_check_password_refuses_names_anyone_can_look_up(password: str) -> None:
    assert check(password) == PasswordProblem.PERSONAL


def test_check_password_knows_nothing_personal_of_nobody() -> None:
    assert check_password("gkw82hqz", email="", name="") is None


def test_check_password_overlooks_short_names() -> None:
    assert check_password("gjoqwz82", email="jo@example.com", name="Jo") is None


def test_check_password_refuses_what_no_hash_can_encode() -> None:
    assert check("gkw82hqz\ud800") == PasswordProblem.NOT_TEXT


@given(st.text(min_size=8, max_size=128), st.text(), st.text())
def test_check_password_answers_for_any_text(password: str, email: str, name: str) -> None:
    assert check_password(password, email=email, name=name) in {None, *PasswordProblem}


@pytest.mark.parametrize("problem", PasswordProblem)
def test_every_problem_says_what_to_do(problem: PasswordProblem) -> None:
    assert problem.startswith("password_")
    assert problem.message.endswith(".")


def test_the_list_holds_at_least_ten_thousand_passwords() -> None:
    assert len(_common_passwords()) >= 10_000


def test_the_list_holds_only_what_can_be_met() -> None:
    assert [word for word in _common_passwords() if len(word) < 8 or word != word.strip().casefold()] == []
