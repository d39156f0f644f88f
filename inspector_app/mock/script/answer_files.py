"""Files that are answers: JSON in the folder of the mock, and nowhere else.

Owns what may be read: a path that a mock names never leads out of its folder, by `..`, from the root or by a
link. Sentences in the errors have no full stop; the key that names the file goes before them.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any, Never

LARGEST_BYTES = 16_000_000


def file_in(mock: Path, name: str) -> Path:
    """Give the file that a mock names. Raises `ValueError` with a sentence where it is outside."""
    folder = mock.absolute().parent.resolve()
    try:
        file = (folder / name).resolve()
    except OSError as error:
        raise ValueError(f"{name} cannot be read: {error.strerror or error}") from None
    if Path(name).is_absolute() or not file.is_relative_to(folder):
        raise ValueError(f"{name} is outside of the mock's folder, from which alone files are read")
    return file


def read_answer(file: Path, name: str) -> Any:
    """Read a value of JSON. Raises `ValueError` with a sentence."""
    return _value(_read(file, name), name)


def read_items(file: Path, name: str) -> list[Any]:
    """Read items: a list of JSON, or a line each in a `.jsonl` file. Raises `ValueError` with a sentence."""
    found = _read(file, name)
    if name.endswith((".jsonl", ".ndjson")):
        return [_value(line, name) for line in found.splitlines() if line.strip()]
    value = _value(found, name)
    if isinstance(value, list):
        return value
    raise ValueError(f"{name} is no list of items: write a JSON list, or name a .jsonl file")


def _read(file: Path, name: str) -> bytes:
    if file.exists() and not file.is_file():  # of a pipe, the end may never come
        raise ValueError(f"{name} is no file that can be read: name a plain one")
    try:
        with file.open("rb") as opened:
            found = opened.read(LARGEST_BYTES + 1)
    except OSError as error:
        raise ValueError(f"{name} cannot be read: {error.strerror or error}") from None
    if len(found) > LARGEST_BYTES:
        raise ValueError(f"{name} is larger than {LARGEST_BYTES // 10**6} MB")
    return found


def _value(text: bytes, name: str) -> Any:
    try:
        return json.loads(text, parse_constant=_no_constant, parse_float=_finite)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{name} is no JSON: {error}") from None


def _finite(text: str) -> float:
    number = float(text)
    return number if math.isfinite(number) else _no_constant(text[:40])


def _no_constant(name: str) -> Never:
    raise ValueError(f"{name} is no value of JSON")
