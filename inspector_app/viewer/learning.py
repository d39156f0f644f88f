"""What is learned of an operation from the traffic of a capture.

Owns which messages are learned from. It opens the capture itself, so it may run in a thread.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from inspector_app.capture.errors import CaptureError
from inspector_app.capture.reader import CaptureReader
from inspector_app.capture.records import Direction
from inspector_app.capture.usage import messages_of
from inspector_app.schemas.learning import Learned

MOST_MESSAGES: Final = 300
"""Messages that are learned from, each way."""
MOST_BYTES: Final = 64 * 1024
"""Longest message that is learned from."""

_OPENING: Final = ("request", "stream_request", "stream_stream_request", "fire_and_forget")
_OTHER: Final[dict[Direction, Direction]] = {"out": "in", "in": "out"}


@dataclass(slots=True)
class LearnedOperation:
    """What is known of one operation from its messages."""

    name: str
    params: Learned = field(default_factory=Learned)
    """Of the data that it was called with, without its own name."""
    sent: Learned = field(default_factory=Learned)
    """Of the items that the caller sent, on a bidirectional stream."""
    returns: Learned = field(default_factory=Learned)
    """Of the results, and the items of a stream."""
    codes: dict[str, int] = field(default_factory=dict)
    """How often it ended with which error."""


def learn(path: Path, operation: str, direction: Direction) -> LearnedOperation:
    """Learn an operation from the newest messages of a capture; what cannot be read teaches nothing.

    `direction`: `out` when the inspected side calls it, `in` when the other side does.
    """
    learned = LearnedOperation(operation)
    try:
        reader = CaptureReader(path)
    except CaptureError:
        return learned
    try:
        _learn(learned, reader, direction)
    except CaptureError:
        return learned
    finally:
        reader.close()
    return learned


def _learn(learned: LearnedOperation, reader: CaptureReader, direction: Direction) -> None:
    other = _OTHER[direction]
    for data in _data_of(reader, learned.name, direction, _OPENING):
        if isinstance(data, dict):
            learned.params.add({key: value for key, value in data.items() if key != "operation"})
    for item in _data_of(reader, learned.name, direction, ("stream_data",)):
        learned.sent.add(item)
    for result in _data_of(reader, learned.name, other, ("response", "stream_data")):
        learned.returns.add(result)
    for error in _data_of(reader, learned.name, other, ("error",)):
        code = str(error.get("code", "application")) if isinstance(error, dict) else "application"
        learned.codes[code[:60]] = learned.codes.get(code[:60], 0) + 1


def _data_of(
    reader: CaptureReader, operation: str, direction: Direction, types: tuple[str, ...]
) -> Iterator[object]:
    found = messages_of(reader, operation, direction, types, most=MOST_MESSAGES, most_bytes=MOST_BYTES)
    for raw in found:
        try:
            frame = json.loads(raw)
        except (ValueError, RecursionError):
            continue  # it was recorded as it came, and is no frame
        if isinstance(frame, dict):
            yield frame.get("data")
