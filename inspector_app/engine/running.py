"""Which engines run, and how to reach them: a file for each, readable by the user alone.

This module owns the folder `engines` in the data folder. An engine publishes where it listens, its token and
its capture, and holds a lock on that file for as long as it lives; a file that nobody holds is of an engine
that was killed, and is taken away by whoever finds it.
"""

from __future__ import annotations

import fcntl
import json
import os
import platform
import secrets
import stat
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

import msgspec

from inspector_app.capture.files import data_folder

_SUFFIX = ".engine"
_MOST_BYTES = 64 * 1024
_LOOPBACK = "ws://127.0.0.1:"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningEngine:
    """An engine that runs on this machine: `control_url` and `token` let a viewer in."""

    pid: int
    machine: str
    started_ns: int
    control_url: str
    token: str = field(repr=False)
    capture: str
    address: str
    source: dict[str, object]
    """As in the header of the capture; it holds no secret."""

    @property
    def file(self) -> Path:
        """Where it is published."""
        return _folder() / f"{self.pid}{_SUFFIX}"

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return _is_held(self.file)


class Published:
    """One engine as others find it, until `end`. Raises `OSError` or `CaptureError` where it cannot be."""

    def __init__(self, engine: RunningEngine) -> None:
        self._file = engine.file
        self._descriptor = -1
        self.change(engine)

    def change(self, engine: RunningEngine) -> None:
        """Publish it anew."""
        before = self._descriptor
        unnamed = self._file.with_name(f".{secrets.token_hex(6)}.new")
        self._descriptor = os.open(unnamed, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        # Locked before it has its name, so that nobody takes it for one that was left behind.
        fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.write(self._descriptor, json.dumps(asdict(engine)).encode("ascii"))
        unnamed.replace(self._file)
        if before >= 0:
            os.close(before)

    def end(self) -> None:
        """Be found no more."""
        if self._descriptor >= 0:
            self._file.unlink(missing_ok=True)
            os.close(self._descriptor)
            self._descriptor = -1


def running_engines() -> list[RunningEngine]:
    """List the engines that run, the youngest first. Raises `CaptureError` when there is no data folder."""
    found = []
    for path in _folder().glob(f"*{_SUFFIX}"):
        if not _is_held(path):
            with suppress(OSError):
                path.unlink(missing_ok=True)
            continue
        engine = _read(path)
        if engine is not None:
            found.append(engine)
    return sorted(found, key=lambda each: each.started_ns, reverse=True)


def engines_of(capture: Path) -> list[RunningEngine]:
    """List the engines that record into `capture`: one, or none."""
    wanted = capture.resolve()
    return [each for each in running_engines() if Path(each.capture).resolve() == wanted]


def machine() -> str:
    """Name this machine: the folder may be shared with another one, whose loopback is not ours."""
    return platform.node()


def _folder() -> Path:
    folder = data_folder() / "engines"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def _is_held(path: Path) -> bool:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _read(path: Path) -> RunningEngine | None:
    """Read what an engine told; None for what is not the user's own, not of this machine, or not that."""
    try:
        with path.open("rb") as file:
            status = os.fstat(file.fileno())
            if status.st_uid != os.geteuid() or stat.S_IMODE(status.st_mode) & 0o077:
                return None
            engine = msgspec.convert(json.loads(file.read(_MOST_BYTES)), RunningEngine)
    except (OSError, ValueError, RecursionError, msgspec.ValidationError):
        return None
    ours = engine.machine == machine() and engine.control_url.startswith(_LOOPBACK)
    return engine if ours else None
