"""From an excerpt to a test: a pytest file that makes the recorded calls again and expects what came then.

Owns what of a recording becomes which statement. Every value is a Python literal made by `repr`; what differs
each time is compared by what it looks like. A test needs `slipstream` and `pytest`, and nothing of this.
"""

from __future__ import annotations

import json
import pprint
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from inspector_app.capture.formats.calls import (
    Call,
    Calls,
    Sort,
    gather,
    is_deep,
    key_of,
    steady,
    volatile_sort,
)
from inspector_app.capture.formats.carried import Carried
from slipstream.exchanges import error_facts

if TYPE_CHECKING:
    from typing import BinaryIO

    from inspector_app.capture.excerpt import Excerpt

_WIDTH: Final = 96
_NO_NAME: Final = re.compile(r"\W+", re.ASCII)

_HEAD = '''\
"""Makes recorded calls again, and expects what came then.

    SLIPSTREAM_URL=ws://127.0.0.1:8765 pytest THIS_FILE

What differs each time, such as times and UUIDs, is compared by what it looks like; what an answer gave and a
later call sends is taken from the new answer. Calls that overlapped are made one after the other.
"""

import asyncio
import os
import re

import pytest

from slipstream import RemoteError, connect

URL = os.environ.get("SLIPSTREAM_URL", {url!r})


class Like:
    """Equal to whatever looks like it."""

    def __init__(self, name, fits):
        self.name, self.fits = name, fits

    def __eq__(self, other):
        return self.fits(other)

    def __hash__(self):
        return hash(self.name)

    def __repr__(self):
        return self.name


def _is_text(pattern):
    return lambda value: isinstance(value, str) and re.fullmatch(pattern, value) is not None


DAY, CLOCK, ZONE = r"\\d{{4}}-\\d\\d-\\d\\d", r"\\d\\d:\\d\\d:\\d\\d(\\.\\d+)?", r"([Zz]|[+-]\\d\\d:?\\d\\d)?"
A_TIME = Like("A_TIME", _is_text(f"{{DAY}}[Tt ]{{CLOCK}}{{ZONE}}"))
A_UUID = Like("A_UUID", _is_text(r"[0-9a-fA-F]{{8}}(-[0-9a-fA-F]{{4}}){{3}}-[0-9a-fA-F]{{12}}"))
A_TEXT = Like("A_TEXT", lambda value: isinstance(value, str))
A_NUMBER = Like("A_NUMBER", lambda value: isinstance(value, (int, float)) and not isinstance(value, bool))


async def items_of(stream, count=None):
    """Give the items of a stream: all, or so many of an endless one."""
    items = []
    async with stream:
        async for item in stream:
            items.append(item)
            if len(items) == count:
                break
    return items
'''

_MATCHERS: Final[dict[Sort, str]] = {
    "time": "A_TIME",
    "uuid": "A_UUID",
    "secret": "A_TEXT",
    "moment": "A_NUMBER",
}


def write(excerpt: Excerpt, out: BinaryIO) -> None:
    """Write a test. Raises `CaptureError` where there are too many calls, and what the excerpt raises."""
    calls = gather(excerpt)
    urls = [row.address for row in excerpt.connections() if row.address]
    url = urls[0] if urls else "ws://127.0.0.1:8765"
    out.write("\n".join([_HEAD.format(url=url), *_tests(calls)]).encode("utf-8", "backslashreplace"))


def _tests(calls: Calls) -> Iterator[str]:
    conns = dict.fromkeys(call.conn for call in calls.calls)
    shaken = _Shaken(calls.calls)
    for place, conn in enumerate(conns, 1):
        mine = [call for call in calls.calls if call.conn == conn]
        yield ""
        yield f"def test_connection_{place}():"
        yield f"    asyncio.run(connection_{place}())"
        yield ""
        yield ""
        yield f"async def connection_{place}():"
        yield "    async with connect(URL) as peer:"
        lines: list[str] = []
        flat = [call for call in mine if not is_deep(call)]
        carried = Carried(flat, gives=lambda call: not shaken.differs(call))
        for call in mine:
            lines.append(f"# frame {call.seq}: {_NO_NAME.sub('_', call.operation)[:60]}")
            lines += _statements(call, shaken, carried)
            lines += carried.taken(call)
        if all(not line or line.startswith("#") for line in lines):
            lines.append("assert peer")  # a block of comments alone is not Python
        yield from (f"        {line}" if line else "" for line in lines)
        yield ""


class _Shaken:
    """Knows what came out differently where the same was asked: it is not to be relied on.

    What was asked with other IDs is something else, but to a mock, which answers in the order that was
    recorded; over several connections a test has not that order.
    """

    def __init__(self, calls: list[Call]) -> None:
        self._answers: dict[str, set[str]] = {}
        self._conns: dict[str, set[int]] = {}
        for call in calls:
            answer = json.dumps(steady(call.result, call.ended_ns), sort_keys=True)
            for key in (key_of(call), _exact_key(call)):
                self._answers.setdefault(key, set()).add(answer)
            self._conns.setdefault(key_of(call), set()).add(call.conn)

    def differs(self, call: Call) -> bool:
        """Whether another answer came at another time."""
        key = _exact_key(call) if len(self._conns[key_of(call)]) == 1 else key_of(call)
        return len(self._answers[key]) > 1


def _exact_key(call: Call) -> str:
    return json.dumps(["exactly", call.kind, call.operation, call.data], sort_keys=True)


def _statements(call: Call, shaken: _Shaken, carried: Carried) -> Iterator[str]:
    if is_deep(call):
        yield "# HOLE: its values are nested too deeply to be written here, so it is not made again."
        return
    data = _literal(carried.sent({"operation": call.operation, **call.data}, _Matcher))
    match call.kind:
        case "oneway":
            yield from _over_lines("await peer.fire_and_forget(", data, ")")
        case "request":
            yield from _request(call, data, shaken)
        case "stream":
            yield from _stream(call, data)
        case "bidirectional":
            yield from _bidirectional(call, data, carried)


def _request(call: Call, data: str, shaken: _Shaken) -> Iterator[str]:
    if call.ending == "error":
        yield "with pytest.raises(RemoteError) as caught:"
        yield from _indented(_over_lines("await peer.request_response(", data, ")"))
        yield from _error(call)
    elif call.ending == "response":
        yield from _over_lines("answer = await peer.request_response(", data, ")")
        if shaken.differs(call):
            yield "# It was answered in different ways: what is left is that it is answered."
            yield (
                f"assert isinstance(answer, {type(call.result).__name__})" if call.result is not None else ""
            )
        else:
            yield from _over_lines("assert answer == ", _expected(call.result, call.ended_ns), "")
    else:
        yield "# HOLE: it was not answered in the recording, so it is not asked again."


def _stream(call: Call, data: str) -> Iterator[str]:
    items = [item for item in call.items if not item.by_caller]
    expected = "[" + ", ".join(_expected(item.value, item.time_ns) for item in items) + "]"
    if call.ending == "end":
        yield from _over_lines("items = await items_of(await peer.request_stream(", data, "))")
        yield from _over_lines("assert items == ", expected, "")
    elif call.ending == "error":
        yield from _over_lines("stream = await peer.request_stream(", data, ")")
        for item in items:
            yield from _over_lines("assert await anext(stream) == ", _expected(item.value, item.time_ns), "")
        yield "with pytest.raises(RemoteError) as caught:"
        yield "    await anext(stream)"
        yield from _error(call)
    elif items:
        yield "# HOLE: it had no end in the recording: these items are expected, and it is given up."
        yield from _over_lines("items = await items_of(await peer.request_stream(", data, f"), {len(items)})")
        yield from _over_lines("assert items == ", expected, "")
    else:
        yield "# HOLE: nothing came of it in the recording, so it is not opened again."


def _bidirectional(call: Call, data: str, carried: Carried) -> Iterator[str]:
    yield from _over_lines("stream = await peer.stream_stream(", data, ")")
    yield "async with stream:"
    lines: list[str] = []
    for item in call.items:
        if item.by_caller:
            lines += _over_lines("await stream.send(", _literal(carried.sent(item.value, _Matcher)), ")")
        else:
            expected = _expected(item.value, item.time_ns)
            lines += _over_lines("assert await anext(stream) == ", expected, "")
    if call.ending == "end":
        lines += ["await stream.aclose()", "assert await items_of(stream) == []"]
    elif call.ending == "error":
        lines += ["with pytest.raises(RemoteError) as caught:", "    await anext(stream)"]
    else:
        lines.append("# HOLE: it had no end in the recording: it is given up here.")
        lines.append("await stream.abort()")
    yield from _indented(lines)
    if call.ending == "error":
        yield from _error(call)


def _error(call: Call) -> Iterator[str]:
    _, code = error_facts(call.error)
    yield f"assert caught.value.code == {code!r}"


# -- literals ---------------------------------------------------------------------------------------------


class _Matcher:
    """Writes itself as the name of what a value is compared with, or of what holds it."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __repr__(self) -> str:
        return self._name


def _expected(value: object, time_ns: int) -> str:
    return _literal(_with_matchers(value, time_ns))


def _with_matchers(value: object, time_ns: int) -> object:
    if isinstance(value, dict):
        return {key: _with_matchers(member, time_ns) for key, member in value.items()}
    if isinstance(value, list):
        return [_with_matchers(item, time_ns) for item in value]
    sort = volatile_sort(value, time_ns)
    return value if sort is None else _Matcher(_MATCHERS[sort])


def _literal(value: object) -> str:
    return pprint.pformat(value, width=_WIDTH, sort_dicts=False)


def _over_lines(before: str, literal: str, after: str) -> list[str]:
    lines = literal.split("\n")
    pad = " " * len(before)
    lines = [before + lines[0], *(pad + line for line in lines[1:])]
    lines[-1] += after
    return lines


def _indented(lines: list[str] | Iterator[str]) -> Iterator[str]:
    return (f"    {line}" for line in lines)
