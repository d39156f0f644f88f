"""The modules that a hosted file brings in from its own folder, so that all of them can be read again.

Owns which modules those are. Packages that are installed, this program's own, and whatever was there before
the first load are never touched.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator, Set
from contextlib import contextmanager
from pathlib import Path

_OURS = frozenset({"slipstream", "inspector_app", "slipstream_capture", "__main__"})
_INSTALLED = frozenset({"site-packages", "dist-packages"})


def own_modules(folder: Path, before: Set[str]) -> dict[str, Path]:
    """Give the modules from below `folder` that were not there `before`, with the files they are from."""
    return {
        name: path
        for name, module in list(sys.modules.items())
        if name not in before and name.partition(".")[0] not in _OURS
        if (path := _file_below(folder, module)) is not None
    }


def _file_below(folder: Path, module: object) -> Path | None:
    file = getattr(module, "__file__", None)
    if not isinstance(file, str):
        return None
    path = Path(file).absolute()
    if not path.is_relative_to(folder) or _INSTALLED & set(path.relative_to(folder).parts):
        return None
    return path


@contextmanager
def read_afresh(folder: Path, before: Set[str]) -> Iterator[None]:
    """Have the block import the modules below `folder` anew; if it fails, the old ones are back."""
    old = {name: sys.modules.pop(name) for name in own_modules(folder, before)}
    importlib.invalidate_caches()
    # Compiled files are told apart by whole seconds, in which a file may be saved twice.
    writes_none, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        yield
    except BaseException:
        for name in own_modules(folder, before):
            del sys.modules[name]
        sys.modules.update(old)
        raise
    finally:
        sys.dont_write_bytecode = writes_none
