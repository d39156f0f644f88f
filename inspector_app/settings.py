"""What the program remembers between runs: theme, times, what is kept of old captures, columns, filters.

Owns the file and its place. A damaged or unreadable file never stops the program: defaults take its place and
`Loaded.notice` says so. Knows no user interface.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import asdict, replace

CONFIG_VARIABLE = "SLIPSTREAM_INSPECTOR_CONFIG"
"""Environment variable that names another folder for settings and own themes."""

FILE_NAME = "settings.json"

MOST_ENTRIES = 500
"""Most entries that are read of a list; more is none of ours."""

FILE_BYTES = 1024 * 1024
"""Most bytes of a file in the folder of settings; more is none of ours."""


class Settings(Struct, frozen=True, kw_only=True):
    """What is remembered. `time_mode` is a name of `viewer.frames.TimeMode`."""

    theme: str = "dark"
    time_mode: str = "clock"
    keep_days: int = 0
    """Captures in the data folder that are older are removed; 0: none."""
    keep_megabytes: int = 0
    """The oldest captures in the data folder beyond so many MB are removed; 0: none."""
    columns: tuple[tuple[str, int], ...] = ()
    """Columns of the frame list: key and width in cells, 0 being the usual one; empty: the usual columns."""
    filters: tuple[tuple[str, str], ...] = ()
    """Saved filters: name and text."""
    recent: tuple[str, ...] = ()
    """Filters that were used, the last first."""
    collections: str = ""
    """Folder of saved messages; empty: the usual one."""
    environment: str = ""
    """Name of the environment whose values variables have; empty: none."""


class Loaded(Struct, frozen=True):
    """Settings, and one sentence for the person when the file could not be used."""

    settings: Settings
    notice: str = ""


def config_folder() -> Path:
    """Give the folder of settings and own themes; it need not exist."""
    named = os.environ.get(CONFIG_VARIABLE)
    if named:
        return Path(named)
    from platformdirs import user_config_path

    return user_config_path("slipstream-inspector", appauthor=False)


def read_small_text(path: Path) -> str:
    """Read a file of the folder of settings, UTF-8 text.

    Raises `OSError`, also for a pipe or a device, where reading might never end, and for more than
    `FILE_BYTES`; `UnicodeDecodeError` for what is no text.
    """
    # A pipe would wait for somebody to write into it, even to be opened.
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError("it is not a regular file")
        content = file.read(FILE_BYTES + 1)
    if len(content) > FILE_BYTES:
        raise OSError("it is larger than 1 MiB")
    return content.decode("utf-8")


def load(folder: Path) -> Loaded:
    """Read the settings in `folder`; without a file they are the defaults."""
    path = folder / FILE_NAME
    try:
        text = read_small_text(path)
        import json

        stored = json.loads(text)
    except FileNotFoundError:
        return Loaded(Settings())
    except (OSError, ValueError, RecursionError):
        return Loaded(Settings(), f"{path} cannot be read, so the defaults are used: mend or delete it.")
    if not isinstance(stored, dict):
        return Loaded(Settings(), f"{path} holds no settings, so the defaults are used: mend or delete it.")
    return Loaded(changed(Settings(), stored))


def changed(settings: Settings, changes: Mapping[str, object]) -> Settings:
    """Take over what has a name and a value that settings have; what has not is left out."""
    known = {name: make(changes[name]) for name, make in _VALUES.items() if name in changes}
    return replace(settings, **{name: value for name, value in known.items() if value is not None})


def _whole(value: object) -> int | None:
    return value if type(value) is int else None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _texts(value: object) -> tuple[str, ...] | None:
    if not isinstance(value, (list, tuple)):
        return None
    return tuple(each for each in value[:MOST_ENTRIES] if isinstance(each, str))


def _pairs(kind: type) -> Callable[[object], tuple[tuple[str, object], ...] | None]:
    def pairs(value: object) -> tuple[tuple[str, object], ...] | None:
        if not isinstance(value, (list, tuple)):
            return None
        lists = (each for each in value[:MOST_ENTRIES] if isinstance(each, (list, tuple)) and len(each) == 2)
        return tuple((name, held) for name, held in lists if isinstance(name, str) and type(held) is kind)

    return pairs


_VALUES: dict[str, Callable[[object], Any]] = {
    "theme": _text,
    "time_mode": _text,
    "keep_days": _whole,
    "keep_megabytes": _whole,
    "columns": _pairs(int),
    "filters": _pairs(str),
    "recent": _texts,
    "collections": _text,
    "environment": _text,
}
"""Makes of a value in a file what settings have, or None of one that will not do."""


def save(folder: Path, settings: Settings) -> str:
    """Write the settings, whole or not at all. Return one sentence when that failed, else an empty text."""
    import json

    from inspector_app.whole_file import replace_file

    path = folder / FILE_NAME
    try:
        folder.mkdir(parents=True, exist_ok=True)
        replace_file(path, f"{json.dumps(asdict(settings), indent=2)}\n".encode())
    except OSError as error:
        return f"{path} cannot be written ({error.strerror or error}): settings last until the program ends."
    return ""
