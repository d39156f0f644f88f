"""Writing a file whole or not at all: it has its name when all of it is there.

Owns the file beside it that is written first, and that nothing of that is left behind.
"""

from __future__ import annotations

import contextlib
import errno
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from collections.abc import Iterator

_BUFFER_BYTES = 1 << 20


@contextlib.contextmanager
def whole_file(path: Path, *, mode: int | None = None, is_new: bool = False) -> Iterator[BinaryIO]:
    """Have the block write a file, for the user alone unless `mode` says otherwise; then it is there.

    What is there already is replaced, and a link goes on leading to it; a file that `is_new` takes the place
    of nothing. A device or a pipe is written to as it is. Raises `OSError`, and what the block raises; then
    what was there is still there, and nothing else.
    """
    path = _behind_links(path)
    if not is_new and path.exists() and not path.is_file():
        with path.open("wb") as device:
            yield device
        return
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:60]}.", suffix=".new")
    written = Path(name)
    try:
        with os.fdopen(descriptor, "wb", buffering=_BUFFER_BYTES) as file:
            yield file
        if mode is not None:
            written.chmod(mode)
        if is_new:
            _name_anew(written, path)
        else:
            written.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            written.unlink()
        raise


def _behind_links(path: Path) -> Path:
    try:
        return path.resolve()
    except RuntimeError as error:  # how some versions of Python tell of links that lead to each other
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(path)) from error


def _name_anew(written: Path, path: Path) -> None:
    """Give a file its name if nobody has it. Raises `FileExistsError`."""
    try:
        path.hardlink_to(written)
    except FileExistsError:
        raise
    except OSError:  # not every file system has links
        with path.open("xb"):
            pass
        written.replace(path)
    else:
        written.unlink()


def replace_file(path: Path, content: bytes, *, mode: int | None = None) -> None:
    """Write all of a file, as `whole_file` does. Raises `OSError`."""
    with whole_file(path, mode=mode) as file:
        file.write(content)
