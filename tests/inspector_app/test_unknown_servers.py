"""Servers that describe nothing and share no code with the library, explored by the inspector's engine."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from websockets.asyncio.server import ServerConnection
from websockets.asyncio.server import serve as serve_websocket

from inspector_app.capture.reader import CaptureReader
from inspector_app.engine.link import EngineLink
from inspector_app.intents import ClientSpec, Done, EndHalf, SendItem, SendMessage
from inspector_app.schemas.learned_text import seen, table
from inspector_app.viewer.learning import LearnedOperation, learn
from inspector_app.viewer.operations import Operation, known_operations
from tests.slipstream.test_node_peer import modules, node_server

__all__ = ["modules"]

WAIT_S = 30.0


class Explorer:
    """The viewer's end of an engine that is a client of a server nobody knows."""

    def __init__(self, link: EngineLink, capture: Path) -> None:
        self.link = link
        self.capture = capture

    async def until(self, holds: Callable[[CaptureReader], Any]) -> Any:
        reader = CaptureReader(self.capture)
        try:
            async with asyncio.timeout(WAIT_S):
                while not (value := holds(reader)):  # noqa: ASYNC110 - another process writes it
                    await asyncio.sleep(0.01)
                return value
        finally:
            reader.close()

    async def send(self, kind: Any, operation: str, **data: object) -> Done:
        message = SendMessage(kind=kind, operation=operation, data_json=json.dumps(data))
        done = await self.link.perform(message)
        assert done.error is None
        return done

    async def chat(self, operation: str, items: list[object], **data: object) -> None:
        """Open a bidirectional stream, send items, end this half."""
        done = await self.send("bidirectional", operation, **data)
        assert done.conn is not None
        assert done.opener is not None
        assert done.number is not None
        stream: dict[str, Any] = {"conn": done.conn, "opener": done.opener, "number": done.number}
        for item in items:
            assert (await self.link.perform(SendItem(data_json=json.dumps(item), **stream))).error is None
        assert (await self.link.perform(EndHalf(**stream))).error is None

    async def settled(self, exchanges: int) -> None:
        """Wait until so many exchanges were opened by this side, and all have ended."""

        def holds(reader: CaptureReader) -> bool:
            totals = reader.totals()
            pending = totals.requests_pending + totals.streams_open
            return totals.requests + totals.streams >= exchanges and not pending

        await self.until(holds)

    def operations(self) -> dict[str, Operation]:
        reader = CaptureReader(self.capture)
        try:
            known = known_operations(reader)
        finally:
            reader.close()
        return {each.name: each for each in known if not each.name.startswith("slipstream.")}

    def learned(self, name: str) -> LearnedOperation:
        return learn(self.capture, self.operations()[name].lesson)


@asynccontextmanager
async def explored(url: str, folder: Path) -> AsyncIterator[Explorer]:
    capture = folder / "explored.capture"
    link = EngineLink(on_problem=lambda level, text: None, on_exit=lambda text: None)
    try:
        await link.start(ClientSpec(url=url), capture)
        explorer = Explorer(link, capture)
        await explorer.until(lambda reader: any(row.state == "CONNECTED" for row in reader.connections()))
        yield explorer
    finally:
        await link.stop()


# -- a server in websockets and json alone ----------------------------------------------------------------

ME = "a-server-nobody-knows"


async def stranger(socket: ServerConnection) -> None:
    """Answer four kinds of calls, and tell the client something meanwhile."""

    async def send(type_: str, request_id: object, data: object) -> None:
        frame = {"type": type_, "peerID": ME, "data": data}
        if request_id is not None:
            frame["requestId"] = request_id
        await socket.send(json.dumps(frame))

    async for text in socket:
        frame = json.loads(text)
        data, request_id = frame.get("data") or {}, frame.get("requestId")
        match frame["type"], data.get("operation") if isinstance(data, dict) else None:
            case "request", "user.get" if data.get("id", 0) > 0:
                user = {"id": data["id"], "name": "Ada", "role": "admin" if data["id"] % 2 else "guest"}
                await send("response", request_id, user | ({"email": "a@b.org"} if data["id"] < 5 else {}))
            case "request", "user.get":
                await send("error", request_id, {"error": "no such user", "code": "not_found"})
            case "request", operation:
                await send("error", request_id, {"error": f"what is {operation}?", "code": "unknown"})
            case "stream_request", _:
                for number in range(data["count"]):
                    await send("stream_data", request_id, {"n": number, "at": "2026-11-26T00:00:00Z"})
                await send("stream_end", request_id, None)
            case "stream_data", _:
                await send("stream_data", request_id, str(data).upper())
            case "stream_end", _:
                await send("stream_end", request_id, None)
            case "fire_and_forget", "note":
                await send("fire_and_forget", None, {"operation": "noted", "length": len(data["text"])})


async def test_a_server_in_websockets_and_json_is_learned_by_calling_it(tmp_path: Path) -> None:
    async with (
        serve_websocket(stranger, "127.0.0.1", 0) as server,
        explored(f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}", tmp_path) as explorer,
    ):
        for number in range(1, 21):
            await explorer.send("request", "user.get", id=number)
        await explorer.send("request", "user.get", id=-1, verbose=True)
        await explorer.send("stream", "ticks", count=4)
        await explorer.chat("shout", ["hello", {"text": "you"}], loud=True)
        await explorer.send("oneway", "note", text="hi")
        await explorer.settled(23)
        await explorer.until(lambda reader: reader.seen_operations("in"))
        assert {
            (each.name, each.kind, each.direction, each.described) for each in explorer.operations().values()
        } == {
            ("user.get", "request_response", "out", False),
            ("ticks", "request_stream", "out", False),
            ("shout", "stream_stream", "out", False),
            ("note", "fire_and_forget", "out", False),
            ("noted", "fire_and_forget", "in", False),
        }
        user = explorer.learned("user.get")
        assert table(seen(user.params)) == [
            "data.id       integer  100%  -1 to 20",
            "data.verbose  boolean    5%",
        ]
        assert table(seen(user.returns)) == [
            'data.email  string    20%  email  "a@b.org"',
            "data.id     integer  100%  1 to 20",
            'data.name   string   100%  one of "Ada"',
            'data.role   string   100%  one of "admin", "guest"',
        ]
        assert user.codes == {"not_found": 1}
        assert table(seen(explorer.learned("ticks").returns)) == [
            'data.at  string   100%  date-time  "2026-11-26T00:00:00Z"',
            "data.n   integer  100%  0 to 3",
        ]
        shout = explorer.learned("shout")
        assert table(seen(shout.params)) == ["data.loud  boolean  100%"]
        assert table(seen(shout.sent)) == [
            'data       object or string  100%  "hello"',
            'data.text  string            100%  "you"',
        ]
        assert table(seen(shout.returns))[0].startswith("data  string  100%")
        assert table(seen(explorer.learned("noted").params)) == ["data.length  integer  100%  2"]


async def test_a_server_in_node_is_learned_by_calling_it(modules: Path, tmp_path: Path) -> None:
    async with node_server(modules) as url, explored(url, tmp_path) as explorer:
        for number in range(5):
            await explorer.send("request", "add", a=number, b=2)
        await explorer.send("request", "divide", a=1)
        await explorer.send("stream", "count", to=3)
        await explorer.chat("echo", [{"n": 1}, {"n": 2.5}])
        await explorer.send("oneway", "note", value=None)
        await explorer.settled(8)
        await explorer.until(lambda reader: len(reader.seen_operations("out")) >= 5)
        kinds = {name: each.kind for name, each in explorer.operations().items()}
        assert kinds == {
            "add": "request_response",
            "divide": "request_response",
            "count": "request_stream",
            "echo": "stream_stream",
            "note": "fire_and_forget",
        }
        add = explorer.learned("add")
        assert table(seen(add.params)) == ["data.a  integer  100%  0 to 4", "data.b  integer  100%  2"]
        assert table(seen(add.returns)) == ["data  integer  100%  2 to 6"]
        assert explorer.learned("divide").codes == {"not_found": 1}
        assert table(seen(explorer.learned("count").returns)) == ["data  integer  100%  0 to 2"]
        echo = explorer.learned("echo")
        assert table(seen(echo.sent)) == table(seen(echo.returns))
        assert table(seen(echo.sent)) == ["data.n  integer or number  100%  1 to 2.5"]
        assert table(seen(explorer.learned("note").params)) == ["data.value  null  100%"]
