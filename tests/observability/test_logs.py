import logging
from collections.abc import Iterator

import pytest
import structlog

from todo_api.observability import logs


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield
    root.handlers = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def test_a_terminal_obeys_no_path(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(level="info", format_="console")

    logs.logger("tests").info("request", path="/a\x1b]0;b\x07\x9b2J\r\n/c\x7f")
    logging.getLogger("library").warning("line\x1b[2J\nforged")

    written = capsys.readouterr().err
    assert "/a\\x1b]0;b\\x07\\x9b2J\\x0d\\x0a/c\\x7f" in written
    assert "line\\x1b[2J\\x0aforged" in written


def test_a_trace_keeps_its_lines(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(level="info", format_="console")

    logs.logger("tests").error("failed", exc_info=ValueError("a\x1b[2Jb"))

    written = capsys.readouterr().err
    assert "ValueError: a\\x1b[2Jb" in written
    assert "\x1b[2J" not in written
