"""Changing a TOML file that a person wrote: what is not changed stays as it is, and nothing gets lost.

Owns the way from the old file to the new: read, changed, read again, put in its place. What is changed is not
its matter.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from inspector_app.toml_file import TomlError, TomlFile, TomlProblem, read_toml
from inspector_app.toml_lines import Place, lines_of
from inspector_app.whole_file import replace_file

if TYPE_CHECKING:
    from tomlkit import TOMLDocument

_BARE_NEWLINE = re.compile(r"(?<!\r)\n")
_BY_HAND = "change it by hand"


def rewrite(path: Path, change: Callable[[TOMLDocument], None], check: Callable[[TomlFile], object]) -> None:
    """Change a file, or a new one. `check` raises `TomlError` for a content that must not be written.

    Raises `TomlError`; then the file is as it was.
    """
    text = read_toml(path).text if path.exists() else ""
    replace_text(path, text, _changed(path, text, change), check)


def replace_text(path: Path, old: str, new: str, check: Callable[[TomlFile], object]) -> None:
    """Write a new text in the place of the old one, unless that is another by now. Raises `TomlError`."""
    if "\r\n" in old:
        new = _BARE_NEWLINE.sub("\r\n", new)
    try:
        document = tomllib.loads(new)
    except tomllib.TOMLDecodeError as error:
        raise _problem(path, f"this cannot be changed here ({error}): {_BY_HAND}.") from None
    check(TomlFile(path, new, document))
    if (read_toml(path).text if path.exists() else "") != old:
        raise _problem(path, "somebody else has changed this meanwhile: save again.")
    _write(path, new)


def _changed(path: Path, text: str, change: Callable[[TOMLDocument], None]) -> str:
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    try:
        document = tomlkit.parse(text if text.endswith("\n") or not text else f"{text}\n")
        change(document)
        changed = tomlkit.dumps(document)
    except (TOMLKitError, RecursionError) as error:
        reason = str(error)[:100].rstrip(".") or type(error).__name__
        raise _problem(path, f"this cannot be changed here ({reason}): {_BY_HAND}.") from error
    return changed


def without_table(text: str, place: Place) -> str | None:
    """Give a text without the `[[…]]` table at a place; None where it is not written as one.

    What stands before the next table is said of that one, and stays.
    """
    lines, rows = lines_of(text), text.split("\n")
    within = [line for key, line in lines.items() if key[: len(place)] == place]
    if not within or not rows[min(within) - 1].lstrip().startswith("[["):
        return None
    first, last = min(within), max(within)
    others = [line for key, line in lines.items() if line > first and key[: len(place)] != place]
    end = min(others, default=len(rows) + 1) - 1
    if end < last:
        return None  # its parts stand apart
    while end > last and _says_nothing(rows[end - 1]):
        end -= 1
    return "\n".join(rows[: first - 1] + rows[end:])


def _says_nothing(row: str) -> bool:
    return not row.strip() or row.lstrip().startswith("#")


def _write(path: Path, text: str) -> None:
    try:
        path = path.resolve()  # a link goes on leading to it
        path.parent.mkdir(parents=True, exist_ok=True)
        mode = path.stat().st_mode & 0o777 if path.exists() else 0o644
        replace_file(path, text.encode(), mode=mode)
    except UnicodeEncodeError:
        raise _problem(path, "half a surrogate pair cannot be written: take it out.") from None
    except (OSError, ValueError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise _problem(path, f"this cannot be written ({reason}).") from error


def _problem(path: Path, text: str) -> TomlError:
    return TomlError([TomlProblem(path, 0, "", text)])
