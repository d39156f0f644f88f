"""Paths that a person typed: what is wrong with one is a sentence."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path


def typed_path(text: str) -> Path:
    """Give the path of what was typed, `~` put in; `~NAME` stays as it is where nobody has that name."""
    path = Path(text)
    try:
        return path.expanduser()
    except RuntimeError:
        return path


def here() -> Path:
    """Give the folder that the program runs in; where that was removed, the home folder."""
    try:
        return Path.cwd()
    except OSError:
        return Path.home()


def why_not(check: Callable[[], str]) -> str:
    """Say what `check` finds wrong with a path, or why that cannot be found out: a name may be too long."""
    try:
        return check()
    except OSError as error:
        return f"This path cannot be used ({error.strerror or error}): type another one."
