"""The version of this program, read without importing the library that holds it: that takes a while."""

from __future__ import annotations

import importlib.util
import runpy
from pathlib import Path


def version() -> str:
    """Give the version; empty where the library is missing, so that an import says what is wrong."""
    package = importlib.util.find_spec("slipstream")
    if package is None or package.submodule_search_locations is None:
        return ""
    found = runpy.run_path(str(Path(package.submodule_search_locations[0]) / "_version.py"))
    return str(found["__version__"])
