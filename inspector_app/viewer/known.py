"""What is known of a capture to complete a filter with: operations, types, codes, and paths seen in payloads.

Owns how much of a capture is looked at for that: a few frames at both ends, never all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from inspector_app.capture.errors import CaptureError
from inspector_app.display import formats
from inspector_app.viewer.payload import MOST_BYTES
from inspector_app.viewer.terms import paths_of

if TYPE_CHECKING:
    from inspector_app.capture.filter import Known
    from inspector_app.capture.reader import CaptureReader

_LOOKED_AT = 40
_EXCHANGES = 200
_FINDINGS = 200
_CONNECTIONS = 50
_MOST_PATHS = 300


def known_of(reader: CaptureReader, frames: int) -> Known:
    """Gather what is known. What cannot be read is not known."""
    from inspector_app.capture.filter import Known

    try:
        called = [*reader.seen_operations("out"), *reader.seen_operations("in")]
        operations = {name for name, _ in called}
        connections = reader.connections(newest=_CONNECTIONS)
        ended = [*reader.requests(0, _EXCHANGES), *reader.streams(0, _EXCHANGES)]
        return Known(
            operations=tuple(sorted(operations)),
            types=tuple(formats.TYPE_SHORT),
            codes=tuple(sorted({each.code for each in ended if each.code})),
            paths=tuple(known_paths(reader, frames)),
            rules=tuple(sorted({each.rule for each in reader.findings(0, _FINDINGS)})),
            peers=tuple(sorted({each.remote_peer for each in connections if each.remote_peer})),
            conns=tuple(str(each.conn) for each in connections),
        )
    except CaptureError:
        return Known()


def known_paths(reader: CaptureReader, frames: int) -> list[str]:
    """Give paths seen in the payloads of the last and the first frames, sorted. Raises `CaptureError`."""
    seqs = {*range(max(1, frames - _LOOKED_AT + 1), frames + 1), *range(1, min(frames, _LOOKED_AT) + 1)}
    found: dict[str, None] = {}
    for frame in reader.frames_at(sorted(seqs, reverse=True)):
        if frame.size_bytes <= MOST_BYTES:
            found.update(dict.fromkeys(paths_of(reader.raw(frame.seq))))
        if len(found) >= _MOST_PATHS:
            break
    return sorted(found)
