import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.support.live import Server, serving
from todo_api.security import api_keys

README = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
END = "--- end of the block ---"


def blocks(*headings: str) -> list[str]:
    """The shell commands below these headings."""
    sections = re.split(r"^## (.+)\n", README, flags=re.MULTILINE)
    found = dict(zip(sections[1::2], sections[2::2], strict=True))
    return [
        block for heading in headings for block in re.findall(r"^```sh\n(.*?)^```$", found[heading], re.MULTILINE | re.DOTALL)
    ]


@pytest.fixture
def server(url: str, tmp_path: Path) -> Iterator[Server]:
    if shutil.which("curl") is None:
        pytest.skip("needs curl")
    with serving(tmp_path, key="", database_url=url) as running:
        yield running


@pytest.fixture
def answers(server: Server) -> list[str]:
    """What each block of the walk prints when they are pasted one after another, on this server's port."""
    pasted = "".join(f"{block}echo '{END}'\n" for block in blocks("A walk with curl", "Retry"))
    script = pasted.replace(":8000", f":{urlsplit(server.url).port}")
    done = subprocess.run(
        ["/bin/sh"], input=script, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=True, timeout=60
    )
    return done.stdout.split(f"{END}\n")[:-1]


def documents(answer: str) -> list[Any]:
    return [json.loads(line) for line in answer.splitlines()]


def test_walk_does_what_the_readme_says(answers: list[str]) -> None:
    key, created, read, updated, deleted, _ = answers

    todo = json.loads(created)
    page, got = documents(read)
    (completed,) = documents(updated)
    assert api_keys.parse(key.strip()) is not None
    assert (todo["title"], todo["due"]["date"], todo["labels"]) == ("Buy milk", "2027-03-14", ["food"])
    assert page == {"items": [todo], "next_cursor": None}
    assert got == todo
    assert (completed["id"], completed["title"], completed["completed"]) == (todo["id"], "Buy milk", True)
    assert deleted == "204\n"


def test_retry_is_answered_again_and_done_once(answers: list[str]) -> None:
    lines = [line.rstrip() for line in answers[-1].splitlines()]

    first, second = lines[:2], lines[2:]
    assert [line.partition(" ")[2] for line in (first[0], second[0])] == ["201 Created", "201 Created"]
    assert first[1].startswith("location: /v1/todos/")
    assert second[1:] == [first[1], "idempotent-replayed: true"]


@pytest.mark.parametrize("target", re.findall(r"\]\((?!http)([^)#]+)\)", README))
def test_link_leads_to_a_file(target: str) -> None:
    assert (Path(__file__).parents[2] / target).is_file()


@pytest.mark.parametrize(
    "target", sorted({word for block in blocks("Start", "PostgreSQL", "Developing") for word in re.findall(r"make (\w+)", block)})
)
def test_target_of_make_exists(target: str) -> None:
    makefile = (Path(__file__).parents[2] / "Makefile").read_text("utf-8")

    assert re.search(rf"^{target}:.*## ", makefile, re.MULTILINE)
