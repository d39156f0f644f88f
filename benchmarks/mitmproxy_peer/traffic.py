"""The traffic that both record: a handler, a server of it without a recorder, and a client.

    python traffic.py serve             says where it listens, then serves until it is ended
    python traffic.py call URL FRAMES   says what it measured, then keeps its connection until its input ends

The inspector's engine loads the handler from this file.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator
from typing import Any

from slipstream import ProtocolHandler, connect, request_response, request_stream, serve

TEXT = "x" * 60
"""With it a frame has about 200 bytes."""
CALLS = 300


class Items(ProtocolHandler):
    """Streams items and answers calls."""

    @request_stream
    async def items(self, data: dict[str, Any]) -> AsyncIterator[dict[str, Any]]:
        """Give so many of them, with so much text."""
        text = "x" * data.get("text_bytes", len(TEXT))
        for number in range(data["frames"]):
            yield {"number": number, "text": text}

    @request_response
    async def echo(self, data: dict[str, Any]) -> dict[str, Any]:
        """Answer with what came."""
        return data


async def serve_items() -> None:
    """Serve without recording anything."""
    async with serve(Items, host="127.0.0.1", port=0) as server:
        print(server.url, flush=True)
        await asyncio.Event().wait()


async def call(url: str, frames: int) -> None:
    """Take the items as fast as they come; call, one after the other."""
    async with connect(url) as protocol:
        began, taken = time.perf_counter(), 0
        async for _ in await protocol.request_stream({"operation": "items", "frames": frames}, timeout=600):
            taken += 1
        streamed = time.perf_counter()
        for _ in range(CALLS):
            await protocol.request_response({"operation": "echo", "text": TEXT})
        ended = time.perf_counter()
        print(
            json.dumps({"items": taken, "stream_s": streamed - began, "call_s": (ended - streamed) / CALLS}),
            flush=True,
        )
        await asyncio.to_thread(sys.stdin.readline)


if __name__ == "__main__":
    asyncio.run(serve_items() if sys.argv[1] == "serve" else call(sys.argv[2], int(sys.argv[3])))
