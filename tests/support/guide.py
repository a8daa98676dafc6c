"""The guides in ``docs`` as programs: what they tell the reader to type, and the JSON they say comes back.

A fenced ``sh`` block behind the line ``<!-- run -->`` is run; the ``json`` block that follows it, if any, is what its last line
of output holds. Blocks of a guide share one shell, with ``$API``, ``$KEY`` and ``$JSON`` as the README sets them.
"""

import json
import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.live import Server

DOCS = Path(__file__).parents[2] / "docs"
_EXAMPLE = re.compile(
    r"^<!-- run -->\n```sh\n(?P<commands>.*?)^```\n(?:\n```json\n(?P<answer>.*?)^```\n)?", re.MULTILINE | re.DOTALL
)
_SECONDS = 60


@dataclass(frozen=True)
class Example:
    """Commands of a guide, and what it says that they print; None when it does not say."""

    line: int
    commands: str
    answer: Any


def guides() -> list[Path]:
    """The guides that hold something to run."""
    return sorted(path for path in DOCS.glob("*.md") if _EXAMPLE.search(path.read_text()))


def examples(guide: Path) -> list[Example]:
    """What a guide tells to type, in order."""
    text = guide.read_text()
    return [
        Example(text.count("\n", 0, found.start()) + 1, found["commands"], found["answer"] and json.loads(found["answer"]))
        for found in _EXAMPLE.finditer(text)
    ]


def outputs(found: list[Example], server: Server, folder: Path) -> list[str]:
    """What each of the examples prints when they are typed one after the other."""
    files = [folder / f"example-{number}" for number in range(len(found))]
    script = "\n".join(f"{{\n{example.commands}}} > {file}" for example, file in zip(found, files, strict=True))
    environment = os.environ | {"API": f"{server.url}/v1", "KEY": server.key, "JSON": "Content-Type: application/json"}
    done = subprocess.run(  # noqa: S603  # our own guides
        ["bash", "-euo", "pipefail", "-c", script],  # noqa: S607  # as the reader's terminal finds it
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [file.read_text() for file in files]


def last_json(output: str) -> Any:
    """The last JSON value of an output; values may follow each other without a line between them."""
    decoder, rest, value = json.JSONDecoder(), output.strip(), None
    while rest:
        value, end = decoder.raw_decode(rest)
        rest = rest[end:].strip()
    return value


def subset(wanted: Any, answered: Any) -> Any:
    """Of an answer, what a guide shows of it: equal to ``wanted`` exactly when the answer holds that."""
    if isinstance(wanted, dict) and isinstance(answered, dict):
        return {name: subset(value, answered.get(name, "(absent)")) for name, value in wanted.items()}
    if isinstance(wanted, list) and isinstance(answered, list) and len(wanted) == len(answered):
        return [subset(*pair) for pair in zip(wanted, answered, strict=True)]
    return answered
