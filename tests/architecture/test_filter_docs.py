"""The guide to filters says of every field and word what the code says."""

from pathlib import Path

import pytest

from todo_api.domain.filter_fields import ANCHORS, FIELDS, HAS
from todo_api.domain.filter_tree import Anchor, Field
from todo_api.domain.views import View

GUIDE = Path(__file__).parents[2].joinpath("docs/filters.md").read_text("utf-8")
FLOWING = " ".join(GUIDE.split())


@pytest.mark.parametrize("field", FIELDS)
def test_field_is_documented(field: Field) -> None:
    rule = FIELDS[field]
    operators = " ".join(f"`{operator}`" for operator in rule.operators) + (", or alone" if rule.stands_alone else "")

    assert f"| `{field}` | {rule.kind} | {operators} |" in GUIDE
    assert rule.meaning in FLOWING


@pytest.mark.parametrize("word", HAS)
def test_what_a_todo_can_have_is_documented(word: str) -> None:
    assert f"| `has:{word}` | {HAS[word]} |" in GUIDE


@pytest.mark.parametrize("anchor", ANCHORS)
def test_date_is_documented(anchor: Anchor) -> None:
    weekday = anchor.endswith("day") and ANCHORS[anchor] == ANCHORS[Anchor.MONDAY]

    assert f"| {'`monday` … `sunday`, or `mon` … `sun`' if weekday else f'`{anchor}`'} | {ANCHORS[anchor]} |" in GUIDE


@pytest.mark.parametrize("view", View)
def test_view_is_documented(view: View) -> None:
    assert f"| `{view}` |" in GUIDE
