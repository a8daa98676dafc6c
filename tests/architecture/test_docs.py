"""The pages in docs/ are true: written ones equal the code, links lead somewhere, commands and examples work."""

import json
import re
import runpy
import shlex
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from string import Template
from typing import Any

import httpx
import pytest
import typer

from tests.support.service import Account
from todo_api.cli.admin import app as commands
from todo_api.errors import catalogue
from todo_api.settings import Settings

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])
BLOCK = re.compile(r"```sh\n(.*?)```", re.DOTALL)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
TARGETS = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
WRITTEN: dict[str, str] = runpy.run_path(str(ROOT / "scripts" / "write_docs.py"))["pages"]()
GUIDE = DOCS / "api.md"


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def lines(path: Path) -> Iterator[str]:
    """Every command of a page: those in shell blocks, and those quoted in the text."""
    text = path.read_text(encoding="utf-8")
    for block in BLOCK.findall(text):
        yield from (line.partition(" #")[0].strip() for line in block.replace("\\\n", " ").splitlines())
    yield from re.findall(r"`((?:make|todo-api) [^`]+)`", text)


def anchors(path: Path) -> set[str]:
    """What a link can point to in a page, as GitHub names it."""
    heads = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


# --- pages that follow from the code


@pytest.mark.parametrize("page", WRITTEN)
def test_a_written_page_is_up_to_date(page: str) -> None:
    assert (DOCS / page).read_text(encoding="utf-8") == WRITTEN[page], "type: make docs"


@pytest.mark.parametrize("setting", Settings.model_fields)
def test_a_setting_is_documented(setting: str) -> None:
    field = Settings.model_fields[setting]
    rows = [line.strip("| ").split(" | ") for line in (DOCS / "settings.md").read_text(encoding="utf-8").splitlines()]

    (found,) = [row for row in rows if row[0] == f"`TODO_API_{setting.upper()}`"]
    default = "" if field.default is None else f"`{str(field.default).lower().removesuffix('.0')}`"
    assert (found[1].lower(), found[3]) == (default, field.description)


@pytest.mark.parametrize("error", catalogue(), ids=lambda error: error.code)
def test_an_error_is_documented(error: Any) -> None:
    assert f"| {error.status} | `{error.code}` | {error.title} |" in (DOCS / "errors.md").read_text(encoding="utf-8")


def test_codes_are_unique() -> None:
    codes = [error.code for error in catalogue()]

    assert len(set(codes)) == len(codes)


# --- every page


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_lead_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    inside = [link for link in LINK.findall(text) if not re.match(r"https?://|mailto:", link)]

    for link in inside:
        file, _, anchor = link.partition("#")
        target = (page.parent / file) if file else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_make_targets_exist(page: Path) -> None:
    named = [shlex.split(line)[1] for line in lines(page) if line.startswith("make ")]

    assert [target for target in named if "=" not in target and target not in TARGETS] == []


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_commands_and_their_options_exist(page: Path) -> None:
    for line in lines(page):
        words = shlex.split(re.sub(r"\$\(|\)", " ", line)) if "todo-api " in line else []
        if "todo-api" in words and words[0] not in {"docker", "pip"}:
            check(words[words.index("todo-api") + 1 :], line)


def check(words: list[str], line: str) -> None:
    """Walk into the command that the words name; its options must be its own."""
    command: Any = typer.main.get_command(commands)
    for word in words:
        inside = getattr(command, "commands", None)
        if inside is not None and not word.startswith("-"):
            assert word in inside, line
            command = inside[word]
        elif word.startswith("--") and word != "--help":
            assert word.partition("=")[0] in {option for parameter in command.params for option in parameter.opts}, line


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_settings_that_are_named_exist(page: Path) -> None:
    known = {f"TODO_API_{setting.upper()}" for setting in Settings.model_fields}
    named = set(re.findall(r"\bTODO_API_[A-Z_]+[A-Z]\b", page.read_text(encoding="utf-8")))

    assert {setting for setting in named if not setting.startswith("TODO_API_TEST_")} <= known


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_files_that_are_named_exist(page: Path) -> None:
    named = set(
        re.findall(
            r"`((?:src|tests|docs|scripts|alembic|web|db|repositories|dependencies|domain|routers|schemas)/[\w/.]+\.\w+)`",
            page.read_text(encoding="utf-8"),
        )
    )
    example = {path for path in named if "reminders" in path}

    missing = [path for path in named - example if not (ROOT / path).exists() and not (ROOT / "src/todo_api" / path).exists()]
    assert missing == []


def test_the_tree_of_the_architecture_is_the_tree() -> None:
    text = (DOCS / "architecture.md").read_text(encoding="utf-8")
    modules = {path.name for path in (ROOT / "src" / "todo_api").rglob("*.py") if path.name != "__init__.py"}
    features = set(re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE))

    assert {module for module in modules if module not in text and module.removesuffix(".py") not in features} == set()


@pytest.mark.parametrize("layer", ["models", "schemas", "repositories", "services", "routers"])
def test_the_grid_of_the_architecture_is_the_grid(layer: str) -> None:
    text = (DOCS / "architecture.md").read_text(encoding="utf-8")
    rows = [
        [cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines() if re.match(r"\| (feature|`\w+`) \|", line)
    ]
    (head, *features) = rows[[row[0] for row in rows].index("feature") :]

    marked = {feature[0].strip("`") for feature in features if feature[head.index(layer)] == "●"}
    shared = {"fields", "pages", "problems", "todo_parts"}
    files = {path.stem for path in (ROOT / "src" / "todo_api" / layer).glob("[a-z]*.py")}
    assert marked == files - shared


# --- the guide


async def test_the_examples_of_the_guide_work(anonymous: httpx.AsyncClient, account: Account) -> None:
    variables = {"API": "http://test", "KEY": account.key}
    answers = []
    for line in lines(GUIDE):
        if line.startswith("curl "):
            answer = await curl(anonymous, line, variables)
            answers.append((answer.status_code, line))
            remember(answer.json(), variables)

    assert len(answers) > 20
    assert [line for status, line in answers if status not in {200, 201}] == []


async def curl(client: httpx.AsyncClient, line: str, variables: dict[str, str]) -> httpx.Response:
    """Do what curl would do."""
    words = [Template(word).substitute(variables) for word in shlex.split(line)[1:] if word != "-i"]
    options: dict[str, list[str]] = {"-X": [], "-H": [], "-d": []}
    (url,) = [word for place, word in enumerate(words) if word not in options and (place == 0 or words[place - 1] not in options)]
    for option, value in pairwise(words):
        options.get(option, []).append(value)
    headers = dict(header.split(": ", 1) for header in options["-H"])
    method = options["-X"][0] if options["-X"] else "POST" if options["-d"] else "GET"
    return await client.request(method, url, headers=headers, content="".join(options["-d"]) or None)


def remember(body: dict[str, Any], variables: dict[str, str]) -> None:
    """What the reader would copy out of an answer."""
    if "due_at" in body:
        variables.setdefault("ID", body["id"])
    if "open_count" in body:
        variables.setdefault("LIST", body["id"])
    tokens = body.get("tokens", body)
    if "access_token" in tokens:
        variables |= {"TOKEN": tokens["access_token"], "REFRESH": tokens["refresh_token"]}


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_json_examples_are_json(page: Path) -> None:
    for block in re.findall(r"```json\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL):
        json.loads(block)
