"""Sentences with what they mean, kept as data in `tests/support/data`."""

import csv
import json
from pathlib import Path
from typing import Any

DATA = Path(__file__).parent / "data"


def rows(name: str) -> list[list[str]]:
    """Read a file of tab-separated columns."""
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def entries(name: str) -> list[dict[str, Any]]:
    """Read a JSON file of objects."""
    found: list[dict[str, Any]] = json.loads((DATA / name).read_text(encoding="utf-8"))
    return found
