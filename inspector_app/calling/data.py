"""What is sent, as it was typed: JSON, a file, or stdin. Owns the sentences about what is no JSON."""

from __future__ import annotations

import json
from typing import Any, Final, Never

from inspector_app.sources.failures import BAD_USAGE, SourceError
from inspector_app.typed_path import typed_path

STDIN: Final = "-"
"""What `--data` says for: read it from stdin."""

MOST_BYTES: Final = 16 * 1024 * 1024
"""No frame is larger, so no data and no item can be."""


def typed_text(typed: str) -> tuple[str, str]:
    """Give the text that `--data` stands for, and what to call it; not for `STDIN`. Raises `SourceError`."""
    if not typed.startswith("@"):
        return typed, "--data"
    name = typed[1:]
    try:
        with typed_path(name).open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise SourceError(f"Cannot read {name!r} ({why}): check the path behind @.", BAD_USAGE) from None
    return text_of(data, name), name


def text_of(data: bytes, where: str) -> str:
    """Read bytes as UTF-8, in bounds; raises `SourceError`."""
    if len(data) > MOST_BYTES:
        raise SourceError(f"{where} is larger than a frame can be, 16 MiB.", BAD_USAGE)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SourceError(f"{where} is no UTF-8 text (byte {error.start + 1}).", BAD_USAGE) from None


def object_of(text: str, where: str, operation: str) -> dict[str, Any]:
    """Read the data of an opening frame: an object, to which the operation is added. Raises `SourceError`."""
    data = value_of(text, where)
    if not isinstance(data, dict):
        raise SourceError(f'{where} must be a JSON object, such as {{"id": 7}}.', BAD_USAGE)
    if data.get("operation", operation) != operation:
        raise SourceError(
            f"{where} names another operation than the command line: take it out there.", BAD_USAGE
        )
    return {"operation": operation, **data}


def value_of(text: str, where: str) -> Any:
    """Read any JSON value; raises `SourceError` that names the place of what is wrong."""
    try:
        return json.loads(text, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        place = f"column {error.colno}" if "\n" not in text else f"line {error.lineno}, column {error.colno}"
        raise SourceError(f"{where} is no JSON at {place}: {_lower(error.msg)}.", BAD_USAGE) from None
    except ValueError as error:
        raise SourceError(f"{where} is no JSON: {error}.", BAD_USAGE) from None
    except RecursionError:
        raise SourceError(f"{where} is nested too deeply to be sent.", BAD_USAGE) from None


def _no_constant(name: str) -> Never:
    raise ValueError(f"{name} is no JSON value")


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]
