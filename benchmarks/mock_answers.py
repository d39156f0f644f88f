"""What a mock costs: `python benchmarks/mock_answers.py [REQUESTS]`.

Hosts the same operation as a handler of Python and as a mock, each on loopback in this process, and calls
them in turn, a hundred calls at a time. Prints the CPU time of both sides of a call, and its ratio to the
handler's; then what one look at ten files takes, of which following a hosted file costs two a second.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from inspector_app.mock.reload import BuiltIn, Reloader
from inspector_app.mock.script.mock import load_mock
from slipstream import Protocol, ProtocolHandler, connect, request_response, serve

PLAIN = '[[request]]\noperation = "greet"\nanswer = { text = "Hello", n = 1 }\n'
TEMPLATES = """
[state]
calls = 0
[[request]]
operation = "greet"
when = "data.n < 0"
answer = 0
[[request]]
operation = "greet"
match.name = "Ada"
set.state.calls = "{{ state.calls + 1 }}"
answer = { text = "Hello {{ data.name | upper }}", n = "{{ state.calls }}" }
"""
CALL = {"operation": "greet", "name": "Ada", "n": 1}
ROUND = 100


class Handler(ProtocolHandler):
    """The same by hand."""

    @request_response
    async def greet(self, data: dict[str, Any]) -> dict[str, Any]:
        """Say hello."""
        return {"text": f"Hello {data['name']}", "n": data["n"]}


async def round_us(protocol: Protocol) -> float:
    """CPU time of one call, in microseconds."""
    began = time.process_time()
    for _ in range(ROUND):
        await protocol.request_response(CALL)
    return (time.process_time() - began) / ROUND * 1e6


async def main(requests: int) -> None:
    """Measure, and print."""
    with tempfile.TemporaryDirectory() as folder:
        made: dict[str, Callable[[], Any]] = {"handler of Python": Handler}
        for name, text in (("mock, a fixed answer", PLAIN), ("mock, templates and state", TEMPLATES)):
            path = Path(folder) / f"{len(made)}.toml"
            path.write_text(text)
            made[name] = load_mock(path, seed=1).make
        took: dict[str, list[float]] = {name: [] for name in made}
        for _ in range(max(1, requests // ROUND)):
            for name, make in made.items():
                async with serve(make) as server, connect(server.url) as protocol:
                    await protocol.request_response(CALL)
                    took[name].append(await round_us(protocol))
        base = statistics.median(took["handler of Python"])
        for name, each in took.items():
            call_us = statistics.median(each)
            print(f"{name:<28} {call_us:7.1f} us a call {call_us / base:6.2f}x")
        look_at(sorted(load_mock(path, seed=1).files))


def look_at(files: list[Path]) -> None:
    """Print what one look at files takes."""
    many = frozenset(files) | frozenset(Path(__file__).parent.glob("*.py"))
    hosted = BuiltIn(Handler, files=many, suspects=many)
    reloader = Reloader(hosted, take_over=lambda _: None, tell=lambda *_: None)
    began = time.process_time()
    for _ in range(1000):
        reloader.changed()
    print(f"a look at {len(many)} files {(time.process_time() - began) * 1e3:23.1f} us")


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 3000))
