from pathlib import Path

import pytest

from tests.support import guide
from tests.support.live import serving


@pytest.mark.parametrize("path", guide.guides(), ids=lambda path: path.stem)
@pytest.mark.usefixtures("_emptied")
def test_guide_answers_what_it_says(path: Path, database_url: str, tmp_path: Path) -> None:
    examples = guide.examples(path)

    with serving(tmp_path, database_url=database_url) as server:
        printed = guide.outputs(examples, server, tmp_path)

    for example, output in zip(examples, printed, strict=True):
        if example.answer is not None:
            shown = guide.subset(example.answer, guide.last_json(output))
            assert shown == example.answer, f"{path.name}:{example.line} answers {output}"


def test_guides_with_examples_are_found() -> None:
    assert "recurrence.md" in {path.name for path in guide.guides()}


def test_every_block_that_is_marked_is_run() -> None:
    marked = {path.name: path.read_text().count("<!-- run -->") for path in guide.guides()}

    assert {path.name: len(guide.examples(path)) for path in guide.guides()} == marked
