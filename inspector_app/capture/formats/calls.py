"""The calls of an excerpt, put together from their frames: what was asked, what came of it, when.

For formats that do something with calls: a mock that answers them, a test that makes them. Owns which side is
the one that is called, and how much is held. Calls to the client are counted and left out.
"""

from __future__ import annotations

import json
import re
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

from inspector_app.capture.errors import CaptureError
from slipstream.limits import MAX_NESTING

if TYPE_CHECKING:
    from inspector_app.capture.excerpt import Excerpt, Frame
    from inspector_app.capture.records import Direction
    from inspector_app.payload_path import Step

MOST_CALLS: Final = 5000
MOST_ITEMS: Final = 100_000
DEEPEST: Final = 90
"""Objects and lists within each other: a mock takes few more, and Python not many."""

CallKind = Literal["request", "stream", "bidirectional", "oneway"]

KINDS: Final[dict[str, CallKind]] = {
    "request": "request",
    "stream_request": "stream",
    "stream_stream_request": "bidirectional",
    "fire_and_forget": "oneway",
}
"""Which frame opens which kind of call (protocol.md §3)."""

Ending = Literal["", "response", "end", "error", "caller"]
"""How a call ended: `caller`: the one who called gave it up; empty: it had not ended."""


@dataclass(slots=True)
class Item:
    """One item of a stream."""

    by_caller: bool
    time_ns: int
    value: object


@dataclass(slots=True)
class Call:
    """One call to the server."""

    seq: int
    conn: int
    kind: CallKind
    operation: str
    data: dict[str, object]
    """Without the operation."""
    time_ns: int
    items: list[Item] = field(default_factory=list)
    ending: Ending = ""
    ended_ns: int = 0
    result: object = None
    """Of a response."""
    error: object = None
    """What came with an error, as it came."""


@dataclass(slots=True)
class Calls:
    """All of them, in the order in which they were made."""

    calls: list[Call] = field(default_factory=list)
    to_client: int = 0
    """Calls that the server made."""
    docs: dict[str, str] = field(default_factory=dict)
    """What the server said of its operations."""


def is_deep(call: Call) -> bool:
    """Tell whether its values are nested deeper than a file that a person reads can have them."""
    return any(
        _is_deeper(value, DEEPEST)
        for value in (call.data, call.result, call.error, *(item.value for item in call.items))
    )


def _is_deeper(value: object, limit: int) -> bool:
    level: list[object] = [value]
    for _ in range(limit + 1):
        below: list[object] = []
        for each in level:
            below += each.values() if isinstance(each, dict) else each if isinstance(each, list) else ()
        level = below
    return bool(level)


def gather(excerpt: Excerpt) -> Calls:
    """Put the calls together. Raises `CaptureError` where there are too many, and what the excerpt raises."""
    gathered = _Gathered(excerpt)
    for frames in excerpt.frame_portions():
        for frame in frames:
            gathered.take(frame)
    return gathered.found


class _Gathered:
    def __init__(self, excerpt: Excerpt) -> None:
        self.found = Calls()
        self._items = 0
        self._open: dict[tuple[int, str, int], Call] = {}
        self._calling: dict[int, Direction] = {}
        for connection in excerpt.connections():
            self._calling[connection.conn] = "out" if connection.role == "client" else "in"
            for operation in excerpt.operations(connection.conn):
                if connection.role == "client" and operation.doc:
                    self.found.docs[operation.name] = operation.doc

    def take(self, frame: Frame) -> None:
        """Take one frame."""
        is_caller = frame.direction == self._calling.get(frame.conn, "out")
        kind = KINDS.get(frame.type or "")
        if kind is not None:
            if is_caller:
                self._open_call(frame, kind)
            elif not (frame.operation or "").startswith("slipstream."):
                self.found.to_client += 1
            return
        if frame.opener is None or frame.number is None:
            return
        call = self._open.get((frame.conn, frame.opener, frame.number))
        if call is not None:
            self._go_on(call, frame, is_caller=is_caller)

    def _open_call(self, frame: Frame, kind: CallKind) -> None:
        data = _data(frame)
        operation = data.get("operation") if isinstance(data, dict) else None
        if (
            not isinstance(data, dict)
            or not isinstance(operation, str)
            or operation.startswith("slipstream.")
        ):
            return
        if len(self.found.calls) == MOST_CALLS:
            raise CaptureError(f"These are more than {MOST_CALLS:,} calls: choose fewer with a filter.")
        rest = {key: value for key, value in data.items() if key != "operation"}
        call = Call(frame.seq, frame.conn, kind, operation, rest, frame.time_ns)
        self.found.calls.append(call)
        if kind != "oneway" and frame.opener is not None and frame.number is not None:
            self._open[frame.conn, frame.opener, frame.number] = call

    def _go_on(self, call: Call, frame: Frame, *, is_caller: bool) -> None:
        if is_caller and frame.type == "stream_data" and call.kind != "bidirectional":
            return  # a frame that should not be there, and that nobody answers
        call.ended_ns = frame.time_ns
        match frame.type:
            case "stream_data":
                if self._items == MOST_ITEMS:
                    raise CaptureError(
                        f"These are more than {MOST_ITEMS:,} items: choose fewer with a filter."
                    )
                self._items += 1
                call.items.append(Item(is_caller, frame.time_ns, _data(frame)))
                return
            case "response":
                call.ending, call.result = "response", _data(frame)
            case "error":
                call.ending, call.error = ("caller" if is_caller else "error"), _data(frame)
            case "stream_end":
                if is_caller and call.kind == "bidirectional":
                    return
                call.ending = "caller" if is_caller else "end"
        if call.ending and frame.opener is not None and frame.number is not None:
            del self._open[frame.conn, frame.opener, frame.number]


def _data(frame: Frame) -> object:
    try:
        message = json.loads(frame.raw, parse_float=_finite, parse_constant=_no_number)
    except (ValueError, RecursionError):
        return None
    data = message.get("data") if isinstance(message, dict) else None
    return None if _is_deeper(data, MAX_NESTING) else data


def _finite(text: str) -> float:
    """Read a number; what no float can be becomes the largest there is: it could not be written down."""
    return max(-sys.float_info.max, min(sys.float_info.max, float(text)))


def _no_number(_: str) -> None:
    """Take NaN and Infinity, which JSON has not, for null."""


# -- what differs each time --------------------------------------------------------------------------------

_TIME: Final = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,12})?([Zz]|[+-]\d\d:?\d\d)?")
_UUID: Final = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_PLACEHOLDER: Final = re.compile("\u2039[a-z][a-z0-9_]*-[0-9a-z]+\u203a")
_DAY_S: Final = 86_400

Sort = Literal["time", "uuid", "secret", "moment"]


def volatile_sort(value: object, time_ns: int) -> Sort | None:
    """Tell why a value is another one each time, as far as it shows; None: it does not.

    `secret`: it was redacted; `moment`: a number that is the time near `time_ns`, in seconds or milliseconds.
    """
    if isinstance(value, str):
        if _TIME.fullmatch(value):
            return "time"
        if _UUID.fullmatch(value):
            return "uuid"
        return "secret" if _PLACEHOLDER.search(value) else None
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        now_s = time_ns / 1e9
        if abs(value - now_s) < _DAY_S or abs(value / 1000 - now_s) < _DAY_S:
            return "moment"
    return None


def is_placeholder(value: object) -> bool:
    """Tell whether a value is nothing but what stands for a secret."""
    return isinstance(value, str) and _PLACEHOLDER.fullmatch(value) is not None


def leaves(value: object, path: tuple[Step, ...] = ()) -> list[tuple[tuple[Step, ...], object]]:
    """Give every value that is no object and no list, with its path."""
    if isinstance(value, dict):
        return [leaf for key, member in value.items() for leaf in leaves(member, (*path, key))]
    if isinstance(value, list):
        return [leaf for place, item in enumerate(value) for leaf in leaves(item, (*path, place))]
    return [(path, value)]


def steady(value: object, time_ns: int) -> object:
    """Give the parts of a value that are the same each time: what another call can be recognised by.

    Null is no part, and neither is a list with anything volatile in it.
    """
    if isinstance(value, dict):
        kept = {key: steady(member, time_ns) for key, member in value.items()}
        return {key: member for key, member in kept.items() if member is not None}
    if isinstance(value, list):
        is_steady = all(
            leaf is not None and volatile_sort(leaf, time_ns) is None for _, leaf in leaves(value)
        )
        return value if is_steady else None
    return None if volatile_sort(value, time_ns) is not None else value


def key_of(call: Call) -> str:
    """Give what a call has in common with those that ask for the same."""
    return json.dumps([call.kind, call.operation, steady(call.data, call.time_ns)], sort_keys=True)
