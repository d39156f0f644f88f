"""Paths as a person types them. Owns what `~` means."""

from __future__ import annotations

from pathlib import Path


def typed_path(typed: str) -> Path:
    """Give the path that was typed: `~` is the home folder, `~ada` that of ada, if there is such a user."""
    path = Path(typed)
    try:
        return path.expanduser()
    except RuntimeError:
        return path
