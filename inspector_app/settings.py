"""What the program remembers between runs: the theme, how times are shown, what is kept of old captures.

Owns the file and its place. A damaged or unreadable file never stops the program: defaults take its place and
`Loaded.notice` says so. Knows no user interface.
"""

from __future__ import annotations

import contextlib
import json
import os
import stat
import tempfile
from dataclasses import asdict, dataclass, replace
from pathlib import Path

CONFIG_VARIABLE = "SLIPSTREAM_INSPECTOR_CONFIG"
"""Environment variable that names another folder for settings and own themes."""

FILE_NAME = "settings.json"

FILE_BYTES = 1024 * 1024
"""Most bytes of a file in the folder of settings; more is none of ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What is remembered. `time_mode` is a name of `viewer.state.TimeMode`."""

    theme: str = "dark"
    time_mode: str = "clock"
    keep_days: int = 0
    """Captures in the data folder that are older are removed; 0: none."""
    keep_megabytes: int = 0
    """The oldest captures in the data folder beyond so many MB are removed; 0: none."""


@dataclass(frozen=True, slots=True)
class Loaded:
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
        stored = json.loads(read_small_text(path))
    except FileNotFoundError:
        return Loaded(Settings())
    except (OSError, ValueError, RecursionError):
        return Loaded(Settings(), f"{path} cannot be read, so the defaults are used: mend or delete it.")
    if not isinstance(stored, dict):
        return Loaded(Settings(), f"{path} holds no settings, so the defaults are used: mend or delete it.")
    known = {
        name: stored[name]
        for name, default in asdict(Settings()).items()
        if type(stored.get(name)) is type(default)
    }
    return Loaded(replace(Settings(), **known))


def save(folder: Path, settings: Settings) -> str:
    """Write the settings, whole or not at all. Return one sentence when that failed, else an empty text."""
    path = folder / FILE_NAME
    try:
        folder.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=folder, prefix=FILE_NAME, suffix=".new")
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                json.dump(asdict(settings), file, indent=2)
                file.write("\n")
            Path(name).replace(path)
        except OSError:
            with contextlib.suppress(OSError):
                Path(name).unlink()
            raise
    except OSError as error:
        return f"{path} cannot be written ({error.strerror or error}): settings last until the program ends."
    return ""
