"""A caller written with `websockets` and `json` alone, beside whatever else goes over its connection."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

PATIENCE_S = 20.0

CALLER = "caller"


class RawCaller:
    """Asks with requests of its own and keeps in `others` every frame that answers none of them."""

    def __init__(self, websocket: ClientConnection) -> None:
        self.websocket = websocket
        self.others: list[Any] = []
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._next = 0

    async def ask(self, operation: str, **data: Any) -> Any:
        """The result of a request. Raises `LookupError` for an error frame, `ConnectionClosed` at the end."""
        number = self.fresh_number()
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        await self.send("request", [CALLER, number], data={"operation": operation, **data})
        async with asyncio.timeout(PATIENCE_S):
            frame = await answer
        if frame["type"] != "response":
            raise LookupError(frame["data"])
        return frame["data"]

    def fresh_number(self) -> int:
        """The counter of the next exchange that the caller opens."""
        number, self._next = self._next, self._next + 1
        return number

    async def send(self, kind: str, request_id: list[Any] | None = None, **fields: Any) -> None:
        """Send a frame in the caller's name, or in that of the `peerID` given."""
        frame = {"type": kind, "peerID": CALLER, **fields}
        if request_id is not None:
            frame["requestId"] = request_id
        await self.websocket.send(json.dumps(frame))

    async def read(self) -> None:
        """Read until the connection ends; then whoever still waits is told."""
        try:
            while True:
                self._take(json.loads(await self.websocket.recv()))
        except Exception as error:
            for answer in self._answers.values():
                answer.set_exception(error)
                answer.exception()
            raise

    def _take(self, frame: dict[str, Any]) -> None:
        opener, number = frame.get("requestId") or (None, -1)
        answer = self._answers.pop(number, None) if opener == CALLER else None
        if answer is None:
            self.others.append(frame)
        elif not answer.cancelled():
            answer.set_result(frame)


@asynccontextmanager
async def raw_caller(url: str, *, compression: str | None = None) -> AsyncIterator[RawCaller]:
    """Connect, and read all the time; messages wait here and not in the socket."""
    async with connect(url, compression=compression, proxy=None, max_queue=None, max_size=None) as websocket:
        caller = RawCaller(websocket)
        reading = asyncio.create_task(caller.read(), name="raw caller")
        try:
            yield caller
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)
