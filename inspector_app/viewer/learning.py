"""What is learned of an operation from the traffic of a capture, and where that differs from its description.

Owns which messages are learned from. It opens the capture itself, so it may run in a thread.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from inspector_app.capture.errors import CaptureError
from inspector_app.capture.reader import CaptureReader
from inspector_app.capture.records import Direction
from inspector_app.capture.usage import Calls, messages_of
from inspector_app.schemas.drift import Difference, Drift
from inspector_app.schemas.learning import Learned

if TYPE_CHECKING:
    from inspector_app.capture.redaction import Rules

MOST_MESSAGES: Final = 300
"""Messages that are learned from, of each sort."""
MOST_BYTES: Final = 64 * 1024
"""Longest message that is learned from."""
_ALL_BYTES: Final = 8 * 1024 * 1024
"""Of each sort, all in all: what is learned in a thread takes turns with the screen."""

_OPENING: Final = ("request", "stream_request", "stream_stream_request", "fire_and_forget")
_OTHER: Final[dict[Direction, Direction]] = {"out": "in", "in": "out"}

Message = tuple[int, "str | bytes"]


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
    params_drift: list[Difference] = field(default_factory=list)
    """Where calls differ from what is described."""
    returns_drift: list[Difference] = field(default_factory=list)
    """Where answers and items do."""

    @property
    def messages(self) -> int:
        """How many messages it was learned from."""
        return self.params.count + self.sent.count + self.returns.count + sum(self.codes.values())


@dataclass(frozen=True, slots=True)
class Lesson:
    """What is to be learned: of which calls, and with which schemas they are compared."""

    calls: Calls
    params: object = None
    """The schemas that the other side described, if it did."""
    returns: object = None


def learn(path: Path, lesson: Lesson, rules: Rules | None = None) -> LearnedOperation:
    """Learn an operation from the newest messages of a capture; what cannot be read teaches nothing.

    With `rules` the secrets in messages are replaced before anything is learned.
    """
    learned = LearnedOperation(lesson.calls.operation)
    try:
        reader = CaptureReader(path)
    except CaptureError:
        return learned
    try:
        _learn(learned, _Messages(reader, lesson.calls, rules), lesson)
    except CaptureError:
        return learned
    finally:
        reader.close()
    return learned


class _Messages:
    """The messages of calls of one operation by one side."""

    def __init__(self, reader: CaptureReader, calls: Calls, rules: Rules | None) -> None:
        self._reader, self._calls, self._rules = reader, calls, rules

    def data_of(self, direction: Direction, *types: str) -> Iterator[tuple[int, object]]:
        """Give number and data of the newest messages of these types, newest first."""
        found = messages_of(
            self._reader, self._calls, direction, types, most=MOST_MESSAGES, most_bytes=MOST_BYTES
        )
        messages: Iterable[Message] = _bounded(found)
        if self._rules is not None:
            messages = _without_secrets(list(messages), self._rules)
        for seq, raw in messages:
            try:
                frame = json.loads(raw)
            except (ValueError, RecursionError):
                continue  # it was recorded as it came, and is no frame
            if isinstance(frame, dict):
                yield seq, frame.get("data")


def _bounded(messages: Iterable[Message]) -> Iterator[Message]:
    size_bytes = 0
    for seq, raw in messages:
        size_bytes += len(raw)
        if size_bytes > _ALL_BYTES:
            return
        yield seq, raw


def _without_secrets(messages: list[Message], rules: Rules) -> list[Message]:
    from inspector_app.capture.redaction import Redactor

    redactor = Redactor(rules)
    seqs, raws = [seq for seq, _ in messages], [raw for _, raw in messages]
    again = set(redactor.look_messages(seqs, raws))
    redactor.begin()
    changed = redactor.messages(raws, [seq in again for seq in seqs])
    return [(seq, changed.get(place, raw)) for place, (seq, raw) in enumerate(messages)]


def _learn(learned: LearnedOperation, messages: _Messages, lesson: Lesson) -> None:
    calls, other = lesson.calls.direction, _OTHER[lesson.calls.direction]
    params, returns = _drift(lesson.params), _drift(lesson.returns)
    for seq, data in messages.data_of(calls, *_OPENING):
        if isinstance(data, dict):
            given = {key: value for key, value in data.items() if key != "operation"}
            learned.params.add(given)
            if params is not None:
                params.compare(given, seq)
    for _, item in messages.data_of(calls, "stream_data"):
        learned.sent.add(item)
    for seq, result in messages.data_of(other, "response", "stream_data"):
        learned.returns.add(result)
        if returns is not None:
            returns.compare(result, seq)
    for _, error in messages.data_of(other, "error"):
        code = str(error.get("code", "application")) if isinstance(error, dict) else "application"
        learned.codes[code[:60]] = learned.codes.get(code[:60], 0) + 1
    learned.params_drift = params.differences if params is not None else []
    learned.returns_drift = returns.differences if returns is not None else []


def _drift(schema: object) -> Drift | None:
    return Drift(schema) if isinstance(schema, Mapping) else None
