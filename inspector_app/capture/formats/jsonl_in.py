"""From lines of text to records; their form is told in `jsonl`. This module reads and never writes lines.

Lines come from a stranger, or from another program that tells less: what can be told without is optional.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeVar

import msgspec

from inspector_app.capture.errors import CaptureError
from inspector_app.capture.formats.jsonl_out import EXPORT_VERSION, VERSION_KEY, Line
from inspector_app.capture.marks import NOTE_LENGTH
from inspector_app.capture.records import (
    ConnectionOpened,
    ExchangeSettled,
    FrameSeen,
    Mark,
    Noted,
    OperationsDescribed,
    StateChanged,
)
from inspector_app.capture.rows import DIRECTIONS, OUTCOMES
from inspector_app.capture.times import from_iso

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from inspector_app.capture.records import Record

Value = TypeVar("Value")

_DERIVED = "finding"
"""Lines of this kind are passed over: the fold finds again what the frames show."""

_LARGEST = (1 << 63) - 1
_LONGEST_REASON = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What the first line tells of the recording, as `CaptureReader.meta` does."""

    software: str
    created_ns: int | None
    """None where it does not tell."""
    source: dict[str, object]


def read(stream: Iterable[str | bytes]) -> tuple[Header, Iterator[Record | Mark]]:
    """Read the first line; give what it tells, and the records of the other lines as they are read.

    A mark is on the frame before it, wherever that comes to stand: its own `seq` is 0.

    Lines come as text or as UTF-8. Raises `CaptureError`, naming the line, where the text is no export, also
    while the records are taken.
    """
    lines = iter(_numbered(stream))
    return _parse_header(next(lines, (1, ""))[1]), _records(lines)


def _records(lines: Iterator[tuple[int, str | bytes]]) -> Iterator[Record | Mark]:
    for number, text in lines:
        frame = _quick_frame(text)
        if frame is not None:
            yield frame
        elif text.strip():
            record = _record(number, text)
            if record is not None:
                yield record


class _QuickFrame(msgspec.Struct):
    """A frame's line as nearly all are; any other goes the careful way, which tells what is wrong."""

    kind: Literal["frame"]
    t: str
    conn: int
    dir: Literal["in", "out"]
    raw: str
    binary: Literal[False] = False
    base64: None = None


_quick = msgspec.json.Decoder(_QuickFrame).decode


def _quick_frame(text: str | bytes) -> FrameSeen | None:
    try:
        line = _quick(text)
        time_ns = from_iso(line.t)
    except (ValueError, RecursionError):
        return None
    if not 0 <= line.conn <= _LARGEST or abs(time_ns) > _LARGEST:
        return None
    return FrameSeen(conn=line.conn, time_ns=time_ns, direction=line.dir, raw=line.raw)


def _record(number: int, text: str | bytes) -> Record | Mark | None:
    try:
        line = json.loads(text if isinstance(text, str) else text.decode())
        if not isinstance(line, dict):
            raise TypeError("it is no JSON object")  # noqa: TRY301 - told with its line below
        kind = _taken(line, "kind", str)
        return None if kind == _DERIVED else _PARSERS[kind](line)
    except UnicodeDecodeError as error:
        raise _bad_line(number, "it is not UTF-8") from error
    except KeyError as error:
        raise _bad_line(number, f"{error} is missing or unknown") from error
    except (ValueError, TypeError, OverflowError, RecursionError) as error:
        raise _bad_line(number, str(error)[:_LONGEST_REASON]) from error


def _bad_line(number: int, why: str) -> CaptureError:
    return CaptureError(f"Line {number} of the export is no record ({why}): mend it or export again.")


def _numbered(stream: Iterable[str | bytes]) -> Iterator[tuple[int, str | bytes]]:
    return enumerate(stream, 1)


def _parse_header(text: str | bytes) -> Header:
    try:
        line = json.loads((text if isinstance(text, str) else text.decode()).removeprefix("\ufeff"))
    except (ValueError, RecursionError):
        line = None
    version = line.get(VERSION_KEY) if isinstance(line, dict) else None
    if not isinstance(version, int):
        raise CaptureError(
            f'This is no export: its first line must be {{"{VERSION_KEY}": {EXPORT_VERSION}, …}}; '
            "choose a file that `slipstream-inspector export` wrote."
        )
    if version > EXPORT_VERSION:
        raise CaptureError(
            f"The export has version {version} and this program reads up to {EXPORT_VERSION}: "
            "update slipstream-inspector."
        )
    try:
        return Header(
            software=_given(line, "software", ""),
            created_ns=_time(line, "created") if "created" in line else None,
            source=_given(line, "source", {}),
        )
    except (ValueError, TypeError) as error:
        raise _bad_line(1, str(error)) from error


def _connection(line: Line) -> ConnectionOpened:
    return ConnectionOpened(
        conn=_integer(line, "conn"),
        time_ns=_time(line),
        role="server" if line.get("role") == "server" else "client",
        address=_given(line, "address", ""),
        local_peer=_given(line, "peer", ""),
        handshake=_given(line, "handshake", {}),
    )


def _operations(line: Line) -> OperationsDescribed:
    operations = _taken(line, "operations", list)
    if not all(isinstance(operation, dict) for operation in operations):
        raise TypeError("operations must be objects")
    return OperationsDescribed(conn=_integer(line, "conn"), time_ns=_time(line), operations=tuple(operations))


def _frame(line: Line) -> FrameSeen:
    raw: str | bytes = _taken(line, "raw", str)
    if "base64" in line:
        raw = base64.b64decode(_taken(line, "base64", str), validate=True)
    elif line.get("binary") is True:
        raw = _taken(line, "raw", str).encode()
    return FrameSeen(
        conn=_integer(line, "conn"), time_ns=_time(line), direction=DIRECTIONS[line["dir"]], raw=raw
    )


def _state(line: Line) -> StateChanged:
    return StateChanged(
        conn=_integer(line, "conn"),
        time_ns=_time(line),
        old=_taken(line, "from", str),
        new=_taken(line, "to", str),
        code=None if line.get("code") is None else _integer(line, "code"),
        reason=_given(line, "reason", ""),
    )


def _settled(line: Line) -> ExchangeSettled:
    match line["id"]:
        case [str(opener), int(number)] if not isinstance(number, bool):
            pass
        case _:
            raise TypeError("id must be a peer ID and a number")
    outcome = OUTCOMES[line["outcome"]]
    if outcome == "pending":
        raise ValueError("an exchange is never settled as pending")
    return ExchangeSettled(
        conn=_integer(line, "conn"),
        time_ns=_time(line),
        request_id=(opener, number),
        outcome=outcome,
        message=_given(line, "message", ""),
    )


def _note(line: Line) -> Noted:
    level = line["level"]
    return Noted(
        time_ns=_time(line),
        level="info" if level == "info" else "problem" if level == "problem" else "warning",
        text=_taken(line, "text", str),
        conn=None if line.get("conn") is None else _integer(line, "conn"),
    )


def _mark(line: Line) -> Mark:
    note = _given(line, "note", "")
    if len(note) > NOTE_LENGTH:
        raise ValueError(f"a note has at most {NOTE_LENGTH} characters")
    return Mark(seq=0, made_ns=_time(line), note=note)


_PARSERS: dict[str, Callable[[Line], Record | Mark]] = {
    "connection": _connection,
    "operations": _operations,
    "frame": _frame,
    "state": _state,
    "settled": _settled,
    "note": _note,
    "mark": _mark,
}


def _taken(line: Line, key: str, kind: type[Value]) -> Value:
    value = line[key]
    if not isinstance(value, kind):
        raise TypeError(f"{key} must be of type {kind.__name__}")
    return value


def _given(line: Line, key: str, default: Value) -> Value:
    return default if line.get(key) is None else _taken(line, key, type(default))


def _integer(line: Line, key: str) -> int:
    value = _taken(line, key, int)
    if isinstance(value, bool) or not 0 <= value <= _LARGEST:
        raise ValueError(f"{key} must be an integer from 0 on")
    return value


def _time(line: Line, key: str = "t") -> int:
    time_ns = from_iso(_taken(line, key, str))
    if abs(time_ns) > _LARGEST:
        raise ValueError(f"{key} must lie between the years 1677 and 2262")
    return time_ns
