"""Who uses a capture right now: locks that end with the process that holds them, however it ends.

This module owns the lock file beside a capture, `.NAME.lock`, which is there while the capture is used.
Whoever records into a capture or shows it holds the lock together with others (`use`); whoever removes or
renames it must be alone (`alone_with`). It opens no capture: closing a capture's own file would give up
SQLite's locks on it.
"""

from __future__ import annotations

import fcntl
import os
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from inspector_app.capture.errors import CaptureError, from_os

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class InUseError(CaptureError):
    """Somebody records or shows the capture."""


class Use:
    """A capture in use, until `end`. Made by `use`."""

    def __init__(self, lock: Path, descriptor: int | None) -> None:
        self._lock = lock
        self._descriptor = descriptor

    def end(self) -> None:
        """Use it no more; the last one takes the lock file away. Idempotent, never raises."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            _let_go(self._lock, descriptor)


def use(path: Path) -> Use:
    """Have nobody remove or rename the capture at `path` until the use ends, or this process does.

    Where no lock can be made, in a folder that may not be written, nobody else can remove anything either.
    Raises `CaptureError` when the capture is being removed or renamed at this moment.
    """
    lock = lock_of(path)
    try:
        descriptor = _lock(lock, fcntl.LOCK_SH)
    except BlockingIOError:
        raise CaptureError(f"{path} is being removed or renamed: try again in a moment.") from None
    except OSError:
        descriptor = None
    return Use(lock, descriptor)


@contextmanager
def alone_with(path: Path) -> Iterator[None]:
    """Let nobody use the capture at `path` inside the block.

    Raises `InUseError` when somebody uses it, `CaptureError` when that cannot be told.
    """
    lock = lock_of(path)
    try:
        descriptor = _lock(lock, fcntl.LOCK_EX)
    except BlockingIOError:
        raise InUseError(f"{path} is being recorded or shown: close it there first.") from None
    except OSError as error:
        raise from_os(error, path) from error
    try:
        yield
    finally:
        _let_go(lock, descriptor)


def lock_of(path: Path) -> Path:
    """Give the lock file of a capture: the same one by whatever link it is reached."""
    path = path.resolve()
    return path.with_name(f".{path.name}.lock")


def _lock(lock: Path, how: int) -> int:
    while True:
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(descriptor, how | fcntl.LOCK_NB)
            if _is_named(lock, descriptor):
                return descriptor
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)  # whoever used it last took it away in between


def _let_go(lock: Path, descriptor: int) -> None:
    with suppress(OSError):  # others use it still, or the folder is gone
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if _is_named(lock, descriptor):
            lock.unlink()
    os.close(descriptor)


def _is_named(lock: Path, descriptor: int) -> bool:
    try:
        named = lock.lstat()
    except FileNotFoundError:
        return False
    held = os.fstat(descriptor)
    return (named.st_dev, named.st_ino) == (held.st_dev, held.st_ino)
