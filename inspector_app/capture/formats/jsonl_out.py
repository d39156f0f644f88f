"""From an excerpt to lines of text, whose form is told in `jsonl`. This module reads none."""

from __future__ import annotations

import base64
import json
from functools import lru_cache
from json.encoder import encode_basestring_ascii
from operator import itemgetter
from typing import TYPE_CHECKING, cast

from inspector_app.capture.excerpt import Frame, Introduction
from inspector_app.capture.records import FindingRow, Mark, NoteRow, StateRow
from inspector_app.capture.times import SECOND_NS, believed_ns, second_of, to_iso

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import BinaryIO

    from inspector_app.capture.excerpt import Excerpt
    from inspector_app.capture.happenings import Event, Item
    from inspector_app.capture.records import ConnectionRow, FrameRow, OperationRow

EXPORT_VERSION = 1
"""Version of the lines, told in the header. A reader refuses a higher one."""

VERSION_KEY = "slipstream_capture"
"""The key of the header that holds the version."""

Line = dict[str, object]

_RAW = itemgetter(Frame._fields.index("raw"))


def write(excerpt: Excerpt, out: BinaryIO) -> None:
    """Write an excerpt as lines. Raises `CaptureError` for what cannot be read, and what `out` raises."""
    header = header_line(excerpt.meta())
    if excerpt.told.count:
        header["redacted"] = True
    if excerpt.selection:
        header["selected"] = excerpt.selection.filter or True
    out.write(_text(header).encode("ascii"))
    out.writelines(_portion(items).encode("ascii") for items in excerpt.portions())


def _portion(items: Sequence[Item]) -> str:
    if set(map(type, items)) == {Frame}:
        frames = cast("Sequence[Frame]", items)
        if set(map(type, map(_RAW, frames))) == {str}:
            return _frames(frames)
    return "".join(map(_item, items))


def _item(item: Item) -> str:
    if isinstance(item, Frame):
        return _frames((item,)) if isinstance(item.raw, str) else _text(frame_line(item, item.raw))
    if isinstance(item, FindingRow):
        return _text(finding_line(item))
    if isinstance(item, Mark):
        return _text(mark_line(item))
    if not isinstance(item, Introduction):
        return _text(event_line(item))
    lines = [connection_line(item.row)]
    if item.operations:
        lines.append(operations_line(item.row, item.operations))
    return "".join(map(_text, lines))


def _text(line: Line) -> str:
    return json.dumps(line) + "\n"


def _frames(frames: Sequence[Frame]) -> str:
    """Write what `_text(frame_line(…))` does of text messages, in a fifth of the time."""
    lines: list[str] = []
    second, told = -1, ""
    for seq, time_ns, conn, direction, type_, opener, number, _, operation, size_bytes, _, _, raw in frames:
        if time_ns // SECOND_NS != second:
            second = time_ns // SECOND_NS
            told = second_of(second)
        before, between = _shared(conn, direction, type_, opener, operation)
        lines.append(
            f'{{"seq": {seq}, "t": "{told}.{time_ns % SECOND_NS:09d}Z"{before}'
            f"{'' if opener is None else 'null' if number is None else number}{between}"
            f'{size_bytes}, "raw": {encode_basestring_ascii(raw)}}}\n'  # type: ignore[arg-type]  # text
        )
    return "".join(lines)


@lru_cache(maxsize=4096)
def _shared(
    conn: int, direction: str, type_: str | None, opener: str | None, operation: str | None
) -> tuple[str, str]:
    """What many lines have in common: before the number of the exchange, and behind it."""
    names = ["null" if name is None else encode_basestring_ascii(name) for name in (type_, opener, operation)]
    begin = f', "conn": {conn}, "kind": "frame", "dir": "{direction}", "type": {names[0]}, "id": '
    end = f', "op": {names[2]}, "size": '
    return (f"{begin}null", end) if opener is None else (f"{begin}[{names[1]}, ", f"]{end}")


def header_line(meta: Mapping[str, object]) -> Line:
    """Give the first line: version, and what `CaptureReader.meta` knows of the recording."""
    return {
        VERSION_KEY: EXPORT_VERSION,
        "software": meta.get("software"),
        "created": to_iso(believed_ns(meta.get("created_ns"))),
        "source": meta.get("source"),
    }


def connection_line(row: ConnectionRow) -> Line:
    """Give the line that introduces a connection."""
    return {
        "t": to_iso(row.opened_ns),
        "conn": row.conn,
        "kind": "connection",
        "role": row.role,
        "address": row.address,
        "peer": row.local_peer,
        "handshake": row.handshake,
    }


def operations_line(row: ConnectionRow, operations: Sequence[OperationRow]) -> Line:
    """Give the line of what the peer of a connection told that it offers."""
    return {
        "t": to_iso(row.opened_ns),
        "conn": row.conn,
        "kind": "operations",
        "operations": [
            {
                "name": operation.name,
                "kind": operation.kind,
                "doc": operation.doc,
                "params": operation.params,
                "returns": operation.returns,
                "deprecated": operation.deprecated,
            }
            for operation in operations
        ],
    }


def frame_line(row: FrameRow | Frame, raw: str | bytes) -> Line:
    """Give the line of a frame."""
    line: Line = {
        "seq": row.seq,
        "t": to_iso(row.time_ns),
        "conn": row.conn,
        "kind": "frame",
        "dir": row.direction,
        "type": row.type,
        "id": None if row.opener is None else [row.opener, row.number],
        "op": row.operation,
        "size": row.size_bytes,
    }
    if isinstance(raw, str):
        return {**line, "raw": raw}
    line["binary"] = True
    try:
        line["raw"] = raw.decode()
    except UnicodeDecodeError:
        line["raw"] = raw.decode("utf-8", "replace")
        line["base64"] = base64.b64encode(raw).decode("ascii")
    return line


def event_line(event: Event) -> Line:
    """Give the line of a state, a settlement or a note."""
    line: Line = {"t": to_iso(event.time_ns), "conn": event.conn}
    if isinstance(event, StateRow):
        return {
            **line,
            "kind": "state",
            "from": event.old,
            "to": event.new,
            "code": event.code,
            "reason": event.reason,
        }
    if isinstance(event, NoteRow):
        return {**line, "kind": "note", "level": event.level, "text": event.text}
    return {
        **line,
        "kind": "settled",
        "id": [event.opener, event.number],
        "outcome": event.outcome,
        "message": event.message,
    }


def mark_line(row: Mark) -> Line:
    """Give the line of a mark; it stands behind its frame."""
    return {"seq": row.seq, "t": to_iso(row.made_ns), "kind": "mark", "note": row.note}


def finding_line(row: FindingRow) -> Line:
    """Give the line of a finding."""
    return {
        "seq": row.id,
        "t": to_iso(row.time_ns),
        "conn": row.conn,
        "kind": "finding",
        "frame": row.seq,
        "exchange": row.exchange,
        "rule": row.rule,
        "section": row.section,
        "text": row.text,
    }
