"""Messages that are frames gone wrong, and some that never were: seeded, so that a run can be had again."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

FUZZER = "fuzzer"
_NUMBERS = 40
"""Few exchange IDs, so that mutants meet exchanges that are open, ended or unknown."""

_DATA: dict[str, Any] = {
    "request": {"operation": "echo", "value": [1.5, None, "\u00e9\U0001f600"]},
    "stream_request": {"operation": "count"},
    "stream_stream_request": {"operation": "chat"},
    "fire_and_forget": {"operation": "note", "value": {"a": [True, {}]}},
    "response": {"a": 1},
    "stream_data": {"text": "item", "n": -1},
    "stream_end": None,
    "error": {"error": "no", "code": "cancelled", "details": [1]},
}
_VALUES: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    2**53,
    10**30,
    1.5,
    float("nan"),
    "",
    "\ud83d",
    "\x00",
    "x" * 200,
    [],
    [[]],
    {},
    {"operation": None},
    {"operation": "__class__"},
    [FUZZER, "1"],
    [FUZZER, -1],
    ["", 0],
    {"hello": {"version": "x", "credit": -1, "maxFrame": 0}},
)
_TOKENS = (
    b'"',
    b"\\",
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b":",
    b"null",
    b"1e999",
    b"\\ud800",
    b"\xff",
    b"\x00",
    b"-",
)


@dataclass(frozen=True, slots=True)
class Message:
    """What one WebSocket message carries. A text message need not hold UTF-8."""

    payload: bytes
    text: bool


class Mutants:
    """An endless supply of messages for one seed. None of them is too large, and each text is UTF-8."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._ways: list[Callable[[bytes], bytes]] = [
            self._flip,
            self._cut,
            self._insert,
            self._double,
            self._shorten,
            self._splice,
            self._noise,
        ]

    def __iter__(self) -> Iterator[Message]:
        while True:
            yield self.next()

    def next(self) -> Message:
        """One more."""
        chance = self._random
        if chance.random() < 0.4:
            payload = _json({**self._frame(), chance.choice(_FIELDS): chance.choice(_VALUES)})
        else:
            payload = _json(self._frame())
            for _ in range(chance.randint(1, 3)):
                payload = chance.choice(self._ways)(payload)
        if chance.random() < 0.5:
            return Message(payload, text=False)
        return Message(payload.decode(errors="replace").encode(), text=True)

    def _frame(self) -> dict[str, Any]:
        kind = self._random.choice(list(_DATA))
        frame = {"type": kind, "peerID": FUZZER, "data": _DATA[kind]}
        if kind != "fire_and_forget":
            frame["requestId"] = [FUZZER, self._random.randrange(_NUMBERS)]
        return frame

    def _place(self, payload: bytes) -> int:
        return self._random.randint(0, len(payload))

    def _flip(self, payload: bytes) -> bytes:
        place = self._place(payload)
        return payload[:place] + self._random.randbytes(1) + payload[place + 1 :]

    def _cut(self, payload: bytes) -> bytes:
        start, stop = sorted((self._place(payload), self._place(payload)))
        return payload[:start] + payload[stop:]

    def _insert(self, payload: bytes) -> bytes:
        place = self._place(payload)
        return payload[:place] + self._random.choice(_TOKENS) + payload[place:]

    def _double(self, payload: bytes) -> bytes:
        start, stop = sorted((self._place(payload), self._place(payload)))
        return payload[:stop] + payload[start:stop] + payload[stop:]

    def _shorten(self, payload: bytes) -> bytes:
        return payload[: self._place(payload)]

    def _splice(self, payload: bytes) -> bytes:
        other = _json(self._frame())
        return payload[: self._place(payload)] + other[self._place(other) :]

    def _noise(self, payload: bytes) -> bytes:
        return self._random.randbytes(self._random.randint(0, len(payload)))


_FIELDS = ("type", "requestId", "peerID", "data", "meta", "unknown")


def _json(value: object) -> bytes:
    return json.dumps(value).encode()
