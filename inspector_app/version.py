"""The version of this program, read without importing the library that holds it: that takes a while."""

from __future__ import annotations

import re
from importlib.machinery import PathFinder
from pathlib import Path


def version() -> str:
    """Give the version; empty where the library is missing, so that an import says what is wrong."""
    package = PathFinder.find_spec("slipstream")
    if package is None or package.submodule_search_locations is None:
        return ""
    source = Path(package.submodule_search_locations[0], "_version.py").read_text(encoding="utf-8")
    found = re.search(r'^__version__ = "(.*)"$', source, re.MULTILINE)
    return found[1] if found else ""
