"""Log lines: one JSON object each, or coloured text on a terminal; user text is only ever a value."""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any, Final, Literal

import structlog

_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}
_CONTROLS: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_CONTROLS_IN_TRACES: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")  # lines and tabs are theirs
_TRACES: Final = frozenset({"exception", "stack"})


def configure(*, level: Literal["debug", "info", "warning", "error"], format_: Literal["json", "console"] | None) -> None:
    """Send our lines and those of libraries to standard error in one shape."""
    console = format_ == "console" or (format_ is None and sys.stderr.isatty())
    shared: list[Any] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    if console:
        shared.append(_without_controls)
    renderer: Any = structlog.dev.ConsoleRenderer() if console else structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[level]),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processor=renderer))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(max(_LEVELS[level], logging.WARNING))
    logging.getLogger("uvicorn").setLevel(_LEVELS[level])


def _without_controls(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Spell control characters out: a terminal obeys them, and a path may hold any."""
    for name, value in event.items():
        if isinstance(value, str):
            pattern = _CONTROLS_IN_TRACES if name in _TRACES else _CONTROLS
            event[name] = pattern.sub(lambda found: f"\\x{ord(found[0]):02x}", value)
    return event


def logger(name: str) -> Any:
    """A structured logger."""
    return structlog.get_logger(name)
