"""Write the pages that follow from the code: docs/settings.md, docs/errors.md and docs/openapi.json. ``make docs`` runs it."""

import inspect
import json
import types
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from todo_api.domain.filter_syntax import FilterSyntaxError
from todo_api.errors import Flaw, PathNotFoundError, TodoApiError, catalogue
from todo_api.main import create_app
from todo_api.settings import Settings

DOCS: Final = Path(__file__).parents[1] / "docs"
SECTIONS: Final = {  # by the first setting of each
    "database_url": "Where it runs",
    "registration": "Accounts",
    "max_body_bytes": "HTTP",
    "sqlite_synchronous": "SQLite",
    "postgresql_pool": "PostgreSQL",
    "log_level": "Logs",
}
EXAMPLES: Final[dict[str, Any]] = {  # what errors are told where they are raised
    "allowed": "GET, HEAD, POST",
    "bound": "A batch is about at most 1000 todos in its bulk and quick requests.",
    "count": 7,
    "depth": 5,
    "error": PathNotFoundError(),
    "expected": 5,
    "fault": FilterSyntaxError("expected a value", offset=6, length=1, expected=("a date",)),
    "flaw": Flaw("there is no frequency like that", "rrule_value", pointer="#/recurrence/rrule"),
    "flaws": (),
    "limit": 2**20,
    "op_id": "buy",
    "problem": {},
    "reason": "No operation before this one has that op_id.",
    "role": "editor",
    "scope": "todos:write",
    "seconds": 10,
}
SETTINGS: Final = """\
# Settings

Every setting is an environment variable, or a line of a file `.env` in the working directory; the environment wins, and an
empty value counts as unset. A value that cannot be used ends the program with the variable's name and the reason, and never
with the value. `todo-api serve` also takes `--host`, `--port` and `--workers`.

Change one setting at a time, and ask `todo-api doctor` what it thinks.
"""
ERRORS: Final = """\
# Errors

Every error is a problem document ([RFC 9457](https://www.rfc-editor.org/rfc/rfc9457)), `application/problem+json`:

```json
{
  "type": "http://127.0.0.1:8000/problems/invalid_input",
  "title": "The input is not valid",
  "status": 422,
  "detail": "String should have at least 1 character",
  "code": "invalid_input",
  "instance": "urn:uuid:01a1f8ad-cafe-7412-8793-c38842a1090d",
  "request_id": "01a1f8ad-cafe-7412-8793-c38842a1090d",
  "errors": [{"pointer": "#/title", "code": "string_too_short", "message": "String should have at least 1 character"}]
}
```

Decide by `code`: it is stable, and `title` and `status` are fixed for it (but `operation_failed` has the status of the
operation). `detail` is for people, and may change. `errors` says where the flaws are, twenty at most: `pointer` into the body,
or the name of a `parameter` or `header`. The value that was sent is never repeated. `request_id` is in the server's log, and in
the header `X-Request-Id` of every answer.

Some kinds say more: `missing_scope`, `missing_role`, and with `version_mismatch` the `current` representation. A request that
may be repeated later carries `Retry-After`, in seconds.

What the HTTP parser itself refuses (a malformed request line, both lengths of a body at once) is `400` in plain text.

| Status | Code | Title | Detail, for example |
| --- | --- | --- | --- |
"""


def pages() -> dict[str, str]:
    """The text of each page by its name in ``docs``."""
    document = create_app(Settings.model_construct()).openapi()
    openapi = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    return {"settings.md": settings(), "errors.md": errors(), "openapi.json": openapi}


def settings() -> str:
    """A table of the settings of each section."""
    lines = [SETTINGS, "Written by `make docs` from `src/todo_api/settings.py`.\n"]
    for name, field in Settings.model_fields.items():
        if name in SECTIONS:
            lines.append(f"\n## {SECTIONS[name]}\n\n| Variable | Default | Values | What it is |\n| --- | --- | --- | --- |\n")
        default = "" if field.default is None else f"`{_plain(field.default)}`"
        lines.append(f"| `TODO_API_{name.upper()}` | {default} | {values(field)} | {field.description} |\n")
    return "\n".join(lines[:2]) + "".join(lines[2:])


def values(field: FieldInfo) -> str:
    """What a setting may be: words, numbers in a range, or text."""
    kind = _kind(field.annotation)
    if get_origin(kind) is Literal:
        return ", ".join(f"`{word}`" for word in get_args(kind))
    if kind is bool:
        return "`true`, `false`"
    bounds = {name: getattr(rule, name) for rule in field.metadata for name in ("gt", "ge", "le") if hasattr(rule, name)}
    if "ge" in bounds and "le" in bounds:
        return f"{bounds['ge']} to {bounds['le']}"
    if bounds:
        return f"more than {bounds['gt']}" if "gt" in bounds else f"{bounds['ge']} or more"
    return "secret text" if kind is SecretStr else "text"


def errors() -> str:
    """A line for each code."""
    rows = []
    for error in catalogue():
        example = _example(error)
        retry = " (`Retry-After`)" if "Retry-After" in example.headers else ""
        rows.append(f"| {error.status} | `{error.code}` | {error.title} | {example.detail}{retry} |\n")
    return ERRORS + "".join(rows) + "\nWritten by `make docs` from `src/todo_api/errors.py`.\n"


def _example(error: type[TodoApiError]) -> TodoApiError:
    parameters = inspect.signature(error).parameters.values()
    needed = [
        parameter.name
        for parameter in parameters
        if parameter.default is parameter.empty and parameter.kind != parameter.VAR_KEYWORD
    ]
    return error(**{name: EXAMPLES.get(name, "") for name in needed})


def _kind(annotation: Any) -> Any:
    """The type without None."""
    if get_origin(annotation) is Annotated:
        return _kind(get_args(annotation)[0])
    if get_origin(annotation) in {Union, types.UnionType}:
        return next(part for part in get_args(annotation) if part is not type(None))
    return annotation


def _plain(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else f"{value:g}" if isinstance(value, float) else str(value)


def main() -> None:
    """Write every page."""
    for name, text in pages().items():
        (DOCS / name).write_text(text, encoding="utf-8")
        print(f"docs/{name}")


if __name__ == "__main__":
    main()
