"""The language once more, in plain slow Python: what a filter means for one frame of a world.

It shares the tree of a filter with the program, and nothing of how it is carried out.
"""

from __future__ import annotations

import json
import re
from fnmatch import fnmatchcase
from typing import Any

from inspector_app.capture.filter import Filter
from inspector_app.capture.filter.nodes import (
    All,
    Begins,
    Between,
    Compares,
    Contains,
    Either,
    Equals,
    Glob,
    Near,
    Node,
    Not,
    OneOf,
    Present,
    Regex,
    Spelled,
    Term,
    Test,
)
from tests.inspector_app.capture.filter.worlds import World

_COLUMNS = {
    "type": "type",
    "op": "operation",
    "dir": "direction",
    "size": "size_bytes",
    "latency": "latency_ns",
    "time": "time_ns",
    "number": "number",
    "conn": "conn",
    "seq": "seq",
    "exchange": "exchange",
}
_CONSTANTS = {"true": True, "false": False, "null": None}
_OF_EXCHANGE = {"status": "outcome", "code": "code", "kind": "kind", "state": "state"}
Frame = dict[str, Any]


def fits(filter_: Filter, world: World, now_ns: int) -> list[int]:
    """Give the numbers of the frames that fit."""
    return [frame["seq"] for frame in world.frames if _holds(filter_.root, frame, world, now_ns)]


def _holds(node: Node, frame: Frame, world: World, now_ns: int) -> bool:
    match node:
        case Not(part):
            return not _holds(part, frame, world, now_ns)
        case All(parts):
            return all(_holds(part, frame, world, now_ns) for part in parts)
        case Either(parts):
            return any(_holds(part, frame, world, now_ns) for part in parts)
        case Term("data", test, path):
            return any(_payload_fits(test, value) for value in _values(frame["raw"], path))
        case Term("text", Contains(text, exact)):
            return _has_text(frame["raw"], text, exact=exact)
        case Term("after" | "before", test):
            assert isinstance(test, Near)
            return _near(test, frame, world)
        case Term("answered", Present()):
            return _answered(world.exchanges.get(frame["exchange"], {}))
        case Term(field, test):
            return _fits(test, _value(field, frame, world, now_ns))


def _value(field: str, frame: Frame, world: World, now_ns: int) -> object:
    exchange = world.exchanges.get(frame["exchange"], {})
    if field in _COLUMNS:
        return frame[_COLUMNS[field]]
    if field in _OF_EXCHANGE:
        return exchange.get(_OF_EXCHANGE[field])
    match field:
        case "age":
            return now_ns - frame["time_ns"]
        case "peer":
            return world.peers.get(frame["conn"])
        case "finding":
            return next((rule for seq, rule in world.findings if seq == frame["seq"]), None)
        case "marked":
            return world.marks.get(frame["seq"])
        case "note":
            return world.marks.get(frame["seq"]) or None
        case "unanswered":
            return 1 if exchange and not _answered(exchange) else None
        case "answered":
            return _first_answer(frame, world) if _answered(exchange) else None
        case _:
            raise AssertionError(field)


def _answered(exchange: dict[str, Any]) -> bool:
    if not exchange or exchange["outcome"] in {"ok", "error"}:
        return bool(exchange)
    items = exchange["items_in"] if exchange["mine"] else exchange["items_out"]
    return exchange["kind"] != "request_response" and bool(items)


def _first_answer(frame: Frame, world: World) -> int | None:
    of_exchange = [each for each in world.frames if each["exchange"] == frame["exchange"]]
    return next((each["latency_ns"] for each in of_exchange if each["latency_ns"] is not None), None)


def _near(test: Near, frame: Frame, world: World) -> bool:
    there = [
        each
        for each in world.frames
        if each["type"] == test.type
        and (each["seq"] > frame["seq"] if test.later else each["seq"] < frame["seq"])
    ]
    if not there:
        return False
    other = min(there, key=lambda each: abs(each["seq"] - frame["seq"]))
    passed = other["time_ns"] - frame["time_ns"]
    return bool(0 <= (passed if test.later else -passed) <= test.within_ns)


# -- one value -----------------------------------------------------------------------------------------------


def _fits(test: Test, value: Any) -> bool:  # noqa: C901 - one case for each test
    if value is None:
        return False
    match test:
        case Present():
            return True
        case Equals(wanted):
            return bool(value == wanted)
        case OneOf(values):
            return value in values
        case Between(low, high):
            return bool(low <= value <= high)
        case Compares("<", number):
            return bool(value < number)
        case Compares("<=", number):
            return bool(value <= number)
        case Compares(">", number):
            return bool(value > number)
        case Compares(">=", number):
            return bool(value >= number)
        case Begins(text):
            return str(value).startswith(text)
        case Glob(pattern):
            return fnmatchcase(str(value), pattern.replace("[", "[[]"))
        case Regex(pattern, flags):
            return re.search(pattern, str(value), re.IGNORECASE if "i" in flags else 0) is not None
        case Contains(text, exact):
            return text in value if exact else _lower(text) in _lower(value)
        case _:
            raise AssertionError(test)


def _payload_fits(test: Test, value: object) -> bool:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    match test:
        case Present():
            return True
        case Equals(wanted):
            return isinstance(value, str) and value == wanted
        case Spelled(word, number):
            if isinstance(value, str):
                return value == word
            if is_number:
                return value == number
            return any(value is constant for name, constant in _CONSTANTS.items() if name == word)
        case Compares() | Between():
            return is_number and _fits(test, value)
        case Begins():
            return isinstance(value, str) and _fits(test, value)
        case _:
            return (isinstance(value, str) or (is_number and isinstance(value, int))) and _fits(test, value)


# -- messages ------------------------------------------------------------------------------------------------


def _values(raw: str | bytes, path: tuple[object, ...]) -> list[object]:
    try:
        found = [json.loads(raw if isinstance(raw, str) else raw.decode(), parse_constant=_no_json)]
    except ValueError:
        return []
    for key in ("data", *path):
        found = [each for value in found for each in _step(value, key)]
    return found


def _no_json(name: str) -> None:
    raise ValueError(name)


def _step(value: object, key: object) -> list[object]:
    match value, key:
        case dict(), None:
            return list(value.values())
        case list(), None:
            return value
        case dict(), str() if key in value:
            return [value[key]]
        case list(), int() if -len(value) <= key < len(value):
            return [value[key]]
        case _:
            return []


def _has_text(raw: str | bytes, text: str, *, exact: bool) -> bool:
    held = raw if isinstance(raw, bytes) else raw.encode("utf-8", "surrogatepass")
    for form in (text, json.dumps(text, ensure_ascii=False)[1:-1], json.dumps(text)[1:-1]):
        wanted = form.encode("utf-8", "surrogatepass")
        if wanted in held if exact else wanted.lower() in held.lower():  # bytes know the case of ASCII only
            return True
    return False


def _lower(text: str) -> str:
    return "".join(chr(ord(each) + 32) if "A" <= each <= "Z" else each for each in text)
