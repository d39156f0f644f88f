"""Where captures are kept when nobody says where, and which there are.

This module owns the data folder and the names in it. It opens captures only to list them and writes none.
The environment variable SLIPSTREAM_INSPECTOR_DATA names another folder.
"""

from __future__ import annotations

import os
import re
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from msgspec import Struct

from inspector_app.capture.errors import CaptureError
from inspector_app.intents import DemoSpec, ServerSpec, SourceSpec
from inspector_app.typed_path import typed_path

DATA_VARIABLE = "SLIPSTREAM_INSPECTOR_DATA"
SUFFIX = ".capture"

NOTE_LENGTH = 200
"""Most characters of a note on a capture."""

_LABEL_LENGTH = 40
_NOT_IN_A_NAME = re.compile(r"[^A-Za-z0-9._-]+")


class RecentCapture(Struct, frozen=True, kw_only=True):
    """One line of the list of captures. `source` is role and address: `client ws://127.0.0.1:8765`."""

    path: Path
    created_ns: int
    source: str
    frames: int
    size_bytes: int
    changed_ns: int = 0
    """When it was written last."""
    pinned: bool = False
    note: str = ""


def data_folder() -> Path:
    """Give the folder of captures; made, for the user alone, when it is missing. Raises `CaptureError`."""
    folder = _data_folder()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise CaptureError(
            f"The data folder {folder} cannot be made ({error.strerror or error}): "
            f"set {DATA_VARIABLE} to another folder."
        ) from error
    return folder


def new_capture_path(label: str) -> Path:
    """Give a path in the data folder that no file has, such as `2026-11-22T11-20-33-demo.capture`.

    `label` says what is recorded; what does not belong in a file name becomes `-`. The time is local.
    Raises `CaptureError` when there is no data folder and none can be made.
    """
    folder = data_folder()
    label = _NOT_IN_A_NAME.sub("-", label)[:_LABEL_LENGTH].strip("-.") or "capture"
    stem = f"{datetime.now().astimezone():%Y-%m-%dT%H-%M-%S}-{label}"
    path, attempt = folder / f"{stem}{SUFFIX}", 1
    while os.path.lexists(path):
        attempt += 1
        path = folder / f"{stem}-{attempt}{SUFFIX}"
    return path


def capture_label(spec: SourceSpec) -> str:
    """Name what a source records, for `new_capture_path`: `127.0.0.1-8765`, or `demo`."""
    if isinstance(spec, DemoSpec):
        return "demo"
    if isinstance(spec, ServerSpec):
        return f"{spec.host}-{spec.port}" if spec.port else spec.host
    try:
        parts = urlsplit(spec.url)
        host, port = parts.hostname or "connect", parts.port
    except ValueError:
        return "connect"
    return f"{host}-{port}" if port else host


def recent_captures(limit: int | None = 20) -> list[RecentCapture]:
    """List the captures of the data folder, the last written first; damaged ones are left out. None: all.

    A folder that is missing holds none. Raises `CaptureError` when the folder may not be read.
    """
    found: list[RecentCapture] = []
    for path in _by_age(_data_folder()):
        if len(found) == limit:
            break
        capture = describe_capture(path)
        if capture is not None:
            found.append(capture)
    return found


def told_source(source: object) -> str:
    """Tell in a few words what a capture was made from, by what its header says."""
    if not isinstance(source, dict):
        return ""
    match source:
        case {"kind": "client", "url": str(address)}:
            pass
        case {"kind": "server", "host": str(host), "port": int(port)}:
            address = f"{host}:{port}"
        case _:
            address = ""
    return f"{source.get('kind', '')} {address}".strip()


def _data_folder() -> Path:
    named = os.environ.get(DATA_VARIABLE)
    if named:
        return typed_path(named).absolute()
    from platformdirs import user_data_path

    return user_data_path("slipstream-inspector", appauthor=False)


def _by_age(folder: Path) -> list[Path]:
    try:
        captures = [path for path in folder.iterdir() if path.suffix == SUFFIX]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise CaptureError(
            f"The data folder {folder} cannot be read ({error.strerror or error}): "
            f"set {DATA_VARIABLE} to another folder."
        ) from error
    return sorted(captures, key=_changed_ns, reverse=True)


def _changed_ns(path: Path) -> int:
    return max((status.st_mtime_ns for status in _parts(path)), default=0)


def _parts(path: Path) -> list[os.stat_result]:
    """Status of a capture and of the log that a recording writes into first, as far as they are there."""
    found: list[os.stat_result] = []
    for part in (path, path.with_name(path.name + "-wal")):
        with suppress(OSError):  # it may go away at any moment
            found.append(part.stat())
    return found


def describe_capture(path: Path) -> RecentCapture | None:
    """Tell what there is to tell about a capture; None for a damaged one."""
    from inspector_app.capture.reader import CaptureReader

    changed_ns = _changed_ns(path)
    try:
        reader = CaptureReader(path)
    except CaptureError:
        return None  # opening it by name says what is wrong with it; a list is no place for that
    try:
        meta = reader.meta()
        frames = reader.totals().frames
    except CaptureError:
        return None  # as above
    finally:
        reader.close()
    created_ns, source, note = meta.get("created_ns"), meta.get("source"), meta.get("note")
    return RecentCapture(
        path=path,
        created_ns=created_ns if isinstance(created_ns, int) else 0,
        source=told_source(source),
        frames=frames,
        size_bytes=sum(status.st_size for status in _parts(path)),
        changed_ns=changed_ns,
        pinned=meta.get("pinned") is True,
        note=note[:NOTE_LENGTH] if isinstance(note, str) else "",
    )
