"""Draws the pictures in this folder from the running app: `python screenshots/generate.py [NAME ...]`.

Each picture is the real app with a real engine behind it, driven by keys, at 80×24 and 160×48. Captures and
settings go to a folder of their own that is removed afterwards.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import socket
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import resvg_py
from textual.pilot import Pilot
from textual.widgets import Input

from inspector_app.app import InspectorApp
from inspector_app.intents import DemoSpec, ServerSpec, SourceSpec
from inspector_app.viewer.state import ViewState
from inspector_app.widgets.json_editor import JsonEditor
from slipstream import Protocol, ProtocolHandler, connect, request_response, stream_stream

FOLDER = Path(__file__).parent
SIZES = ((80, 24), (160, 48))
FONT = "DejaVu Sans Mono"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


SERVER_PORT = _free_port()

SHOP = ServerSpec(port=SERVER_PORT, handler=str(FOLDER / "shop.toml"))

Condition = Callable[[], bool]


class Till(ProtocolHandler):
    """A client that can be called."""

    @request_response
    async def total(self, data: dict[str, object]) -> int:
        """Give what was sold."""
        return len(data)

    @stream_stream
    async def watch(self, data: dict[str, object], stream: object) -> None:
        """Say what is sold."""


class Stage:
    """The running app, as seen by a picture's script."""

    def __init__(self, app: InspectorApp, pilot: Pilot[int]) -> None:
        self.app = app
        self.pilot = pilot

    @property
    def view(self) -> ViewState:
        """The view state of the world that is inspected."""
        inspection = self.app._inspection  # noqa: SLF001 - a picture waits for what is on the screen
        assert inspection is not None  # noqa: S101 - scripts ask only once a world is open
        return inspection.view

    async def until(self, holds: Condition, *, seconds: float = 60.0) -> None:
        """Let the app run until a condition holds."""
        deadline = time.monotonic() + seconds
        while not holds():
            if time.monotonic() > deadline:
                raise TimeoutError(f"The screen did not come to what the picture should show: {holds}")
            await self.pilot.pause(0.05)

    async def press(self, *keys: str) -> None:
        """Press keys and let the app draw."""
        await self.pilot.press(*keys)
        await self.pilot.pause(0.2)

    async def frames(self, number: int) -> None:
        """Wait until so many frames were seen."""
        await self.until(lambda: self.app._inspection is not None and self.view.totals.frames >= number)  # noqa: SLF001 - as above


async def main(stage: Stage) -> None:
    """Live frames, the newest answer in detail."""
    await stage.frames(90)
    await stage.press("up", "up", "up")


async def filtering(stage: Stage) -> None:
    """A filter that is being typed: matches so far, and what may come next."""
    await stage.frames(90)
    await stage.press("slash", *"type:stream_data", "space", *"op:w")
    await stage.pilot.pause(0.5)


async def wrong_filter(stage: Stage) -> None:
    """A filter that is wrong, with the place."""
    await stage.frames(60)
    await stage.press("slash", *"type:response", "space", *"latncy:>5ms")
    await stage.pilot.pause(0.5)


async def filtered(stage: Stage) -> None:
    """Only what failed, with marks, a note, and where matches and errors are in the whole capture."""
    await stage.frames(160)
    await stage.press("up", "m", "slash", *"type:error", "enter")
    await stage.until(lambda: stage.view.frames.count >= 2)
    await stage.press("up", "M", *"Ask", "space", *"about", "space", *"this", "enter")
    await stage.pilot.pause(0.6)


async def columns(stage: Stage) -> None:
    """The column chooser over the list, with a path into the payload as a column."""
    await stage.frames(90)
    await stage.press("C", "u", "a", *"data.symbol", "enter")
    await stage.pilot.pause(0.3)


async def exchange(stage: Stage) -> None:
    """A stream that ended early: every frame of its exchange."""
    await stage.until(lambda: stage.view.totals.streams >= 7)
    await stage.press("3", "end", "up", "up", "up")


async def streams(stage: Stage) -> None:
    """Streams, open and ended, with both halves."""
    await stage.frames(120)
    await stage.press("3")


async def requests(stage: Stage) -> None:
    """Requests: pending first, then how the others ended."""
    await stage.until(lambda: stage.view.totals.requests >= 16 and stage.view.totals.requests_pending > 0)
    await stage.press("2", "down", "down")


async def connection(stage: Stage) -> None:
    """The connection's transitions and handshake."""
    await stage.frames(30)
    await stage.press("4")


async def findings(stage: Stage) -> None:
    """What broke the protocol."""
    await stage.until(lambda: stage.view.totals.findings >= 1)
    await stage.press("5")


async def operations(stage: Stage) -> None:
    """What either side offers or calls; of one operation what is described and what was seen."""
    await stage.frames(120)
    await stage.press("6", "down")
    await stage.pilot.pause(1.0)


async def find_operation(stage: Stage) -> None:
    """The chooser over all operations, narrowed by some letters."""
    await stage.frames(120)
    await stage.press("6", "ctrl+o", *"order")


async def export_operations(stage: Stage) -> None:
    """Operations as AsyncAPI, before they are written."""
    await stage.frames(60)
    await stage.press("6", "X")
    stage.app.screen.query_one("#target", Input).value = "market.schema.json"
    await stage.press("shift+tab", "shift+tab", "shift+tab", "enter", "down", "enter")
    await stage.pilot.pause(1.0)


async def compose(stage: Stage) -> None:
    """The form of a request, filled in from the server's own description."""
    await stage.frames(30)
    await stage.press("6", "down", "enter")
    await stage.press(*"BEAN")


async def form(stage: Stage) -> None:
    """A form by the server's schema, with something wrong in it, beside the JSON it stands for."""
    await stage.frames(30)
    await stage.until(lambda: stage.view.operations.count > 0)
    names = [each.name for each in stage.view.known_operations()]
    await stage.press("6", "home", *["down"] * names.index("create_order"), "enter")
    await stage.press(*"BEAN", "down", "0", "down", "f3")
    await stage.pilot.pause(0.8)


ORDERS = """\
name = "Orders"

[variables]
symbol = "BEAN"

[[message]]
name = "price of the day"
operation = "get_quote"
doc = "What a customer sees first."
data = '{"symbol": "${symbol}"}'
save = { cents = "data.price_cents" }
expect = ["data.price_cents > 0", "latency < 200ms"]

[[message]]
name = "an order"
operation = "create_order"
data = '{"symbol": "${symbol}", "quantity": 3}'
expect = ["data.quantity == 3", "data.total_cents < 100"]

[[message]]
name = "two ticks"
kind = "stream"
operation = "watch_prices"
data = '{"symbol": "${symbol}", "every_s": 0.05}'
take = 2
expect = ["count == 2"]
"""

ENVIRONMENTS = """\
[local]
symbol = "SALT"

[staging]
symbol = "LEAF"
token = "${env:STAGING_TOKEN}"
"""


async def _with_messages(stage: Stage) -> None:
    """Put files into the folder of collections, and wait for a connection."""
    folder = Path(os.environ["SLIPSTREAM_INSPECTOR_CONFIG"]) / "collections"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "orders.toml").write_text(ORDERS, encoding="utf-8")
    (folder / "environments.toml").write_text(ENVIRONMENTS, encoding="utf-8")
    (folder / "wrong.toml").write_text('[[message]]\nname = "a"\nopration = "b"\n', encoding="utf-8")
    await stage.frames(30)
    await stage.until(lambda: stage.view.connected)


async def collections(stage: Stage) -> None:
    """Saved messages; the chosen one was sent, and came out as expected."""
    await _with_messages(stage)
    await stage.press("l", "down", "enter")
    await stage.pilot.pause(0.6)


async def sequence(stage: Stage) -> None:
    """A run of a collection: what failed, and why."""
    await _with_messages(stage)
    await stage.press("l", "down", "r")
    await stage.pilot.pause(0.8)
    await stage.press("down")


async def history(stage: Stage) -> None:
    """What was sent, with the answer of what is chosen."""
    await _with_messages(stage)
    await stage.press("l", "down", "r", "K")
    await stage.pilot.pause(0.6)
    await stage.press("r")
    await stage.pilot.pause(0.8)
    await stage.press("escape", "escape", "b", "down", "down")
    await stage.pilot.pause(0.3)


async def repetition(stage: Stage) -> None:
    """A message that was sent two thousand times, with its latencies."""
    await _with_messages(stage)
    await stage.press("l", "down", "down", "R", "2", "0", "0", "0", "tab", "tab", "8", "enter")
    await stage.pilot.pause(3.0)


async def environments(stage: Stage) -> None:
    """The values that variables have."""
    await _with_messages(stage)
    await stage.press("l", "down", "enter")
    await stage.pilot.pause(0.5)
    await stage.press("dollar_sign", "down", "down")


async def saving(stage: Stage) -> None:
    """Before a secret is written to a file it is asked."""
    await _with_messages(stage)
    await stage.press("c", *"login", "tab")
    stage.app._drafts.current.data = '{"user": "ada", "accessToken": "hunter2hunter2"}'  # noqa: SLF001 - typed as a whole
    await stage.press("ctrl+o", "enter")


async def copy_as(stage: Stage) -> None:
    """The message of a frame as a program."""
    await stage.until(lambda: stage.view.totals.requests >= 16)
    await stage.press("2", "end", "a")


async def help_(stage: Stage) -> None:
    """All keys."""
    await stage.frames(20)
    await stage.press("question_mark")


async def themes(stage: Stage) -> None:
    """The theme picker."""
    await stage.frames(40)
    stage.app.do_theme()
    await stage.pilot.pause(0.3)


async def host_form(stage: Stage) -> None:
    """What is asked before something is hosted."""
    await stage.press("H", "h")
    await stage.pilot.pause(0.5)
    await stage.press(*"mock.toml", "tab", *"faults.toml")
    await stage.pilot.pause(0.3)


async def home(stage: Stage) -> None:
    """Where everything begins."""
    await stage.pilot.pause(0.5)


async def server(stage: Stage) -> None:
    """A hosted mock with a client that talks to it."""
    await stage.until(lambda: stage.app._inspection is not None and stage.view.engine == "running")  # noqa: SLF001 - as above
    async with connect(f"ws://127.0.0.1:{SERVER_PORT}") as peer:
        orders = [{"operation": "create_order", "symbol": "BEAN", "quantity": n} for n in range(1, 6)]
        prices = await peer.request_stream({"operation": "watch_prices", "symbol": "CORK", "every_s": 0.2})
        async with await peer.stream_stream({"operation": "chat", "name": "Ada"}) as chat:
            for order in orders:
                await peer.fire_and_forget({"operation": "log_event", "level": "info", "event": "clicked"})
                await asyncio.gather(peer.request_response(order), return_exceptions=True)
                await chat.send({"text": f"Where is order {order['quantity']}?"})
                await anext(prices)
            await stage.frames(34)
            await stage.press("up", "up")


@contextlib.asynccontextmanager
async def _shop(stage: Stage) -> AsyncIterator[Protocol]:
    """The hosted mock of the pictures, with two clients; gives the one that can be called."""
    await stage.until(lambda: stage.app._inspection is not None and stage.view.engine == "running")  # noqa: SLF001 - as above
    url = f"ws://127.0.0.1:{SERVER_PORT}"
    async with connect(url, handler=Till()) as peer, connect(url) as other:
        for symbol in ("GOLD", "BEAN", "LEAF", "SALT"):
            quote = {"operation": "quote", "symbol": symbol}
            await asyncio.gather(peer.request_response(quote, timeout=0.5), return_exceptions=True)
        for operation in ("pay", "refund"):
            await asyncio.gather(other.request_response({"operation": operation}), return_exceptions=True)
        yield peer


async def mock(stage: Stage) -> None:
    """What is hosted: operations, a hole, faults, and a call that waits."""
    async with _shop(stage) as peer:
        await stage.press("K", "down", "down", "h")
        pending = asyncio.create_task(peer.request_response({"operation": "pay", "order": "A7", "sum": 120}))
        await stage.pilot.pause(7)  # until the message of that has gone
        await stage.press("tab", "tab")
        await stage.pilot.pause(0.5)
        pending.cancel()


async def by_hand(stage: Stage) -> None:
    """The answer of a call that waits, as it is written."""
    async with _shop(stage) as peer:
        await stage.press("K", "down", "down", "h")
        pending = asyncio.create_task(peer.request_response({"operation": "pay", "order": "A7", "sum": 120}))
        await stage.pilot.pause(7)
        await stage.press("tab", "tab", "a")
        stage.app.screen.query_one(JsonEditor).text = '{\n  "paid": true,\n  "receipt": "{{ R-1 }}"\n}'
        await stage.pilot.pause(0.5)
        pending.cancel()


async def peers(stage: Stage) -> None:
    """Whom to send to, of those that are connected."""
    async with _shop(stage):
        await stage.press("J")
        await stage.pilot.pause(0.5)
        await stage.press("d")
        await stage.pilot.pause(1.2)


async def console(stage: Stage) -> None:
    """A stream to a peer: items both ways, what may be sent, the next item."""
    async with _shop(stage) as peer, await peer.stream_stream({"operation": "chat", "name": "Ada"}) as chat:
        for n in range(1, 6):
            await chat.send({"text": f"Where is order {n}?"})
            await chat.receive()
        await stage.press("3")
        await stage.until(lambda: stage.view.selection.exchange is not None)
        await stage.press("I", *'{"text":"I')
        await stage.pilot.pause(1.0)


SCRIPTS: dict[str, tuple[Callable[[Stage], Awaitable[None]], SourceSpec | None]] = {
    "main": (main, DemoSpec()),
    "filter": (filtering, DemoSpec()),
    "filter-wrong": (wrong_filter, DemoSpec()),
    "filtered": (filtered, DemoSpec()),
    "columns": (columns, DemoSpec()),
    "exchange": (exchange, DemoSpec()),
    "requests": (requests, DemoSpec()),
    "streams": (streams, DemoSpec()),
    "connection": (connection, DemoSpec()),
    "findings": (findings, DemoSpec()),
    "operations": (operations, DemoSpec()),
    "operations-find": (find_operation, DemoSpec()),
    "operations-export": (export_operations, DemoSpec()),
    "compose": (compose, DemoSpec()),
    "form": (form, DemoSpec()),
    "collections": (collections, DemoSpec()),
    "sequence": (sequence, DemoSpec()),
    "history": (history, DemoSpec()),
    "repetition": (repetition, DemoSpec()),
    "environments": (environments, DemoSpec()),
    "saving": (saving, DemoSpec()),
    "copy-as": (copy_as, DemoSpec()),
    "server": (server, ServerSpec(port=SERVER_PORT)),
    "mock": (mock, SHOP),
    "by-hand": (by_hand, SHOP),
    "peers": (peers, SHOP),
    "console": (console, SHOP),
    "help": (help_, DemoSpec()),
    "themes": (themes, DemoSpec()),
    "host": (host_form, None),
    "home": (home, None),  # last, so that there are captures to show
}


async def draw(name: str, width: int, height: int) -> None:
    """Draw one picture at one size."""
    script, spec = SCRIPTS[name]
    app = InspectorApp(spec)
    async with app.run_test(size=(width, height)) as pilot:
        stage = Stage(app, pilot)
        await script(stage)
        svg = app.export_screenshot(title="slipstream-inspector")
        await pilot.press("ctrl+q")
    (FOLDER / f"{name}-{width}x{height}.png").write_bytes(_as_png(svg))


def _as_png(svg: str) -> bytes:
    # The picture names a font that would have to be fetched; a local one draws the same everywhere.
    svg = re.sub(r"@font-face\s*{[^}]*}", "", svg).replace("Fira Code", FONT)
    return bytes(resvg_py.svg_to_bytes(svg, font_family=FONT, monospace_family=FONT))


def run(names: list[str]) -> None:
    """Draw the named pictures, or all."""
    unknown = [name for name in names if name not in SCRIPTS]
    if unknown:
        sys.exit(f"There is no picture {', '.join(unknown)}; there are {', '.join(SCRIPTS)}.")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["SLIPSTREAM_INSPECTOR_DATA"] = f"{folder}/data"
        os.environ["SLIPSTREAM_INSPECTOR_CONFIG"] = f"{folder}/config"
        os.environ["HOME"] = folder  # paths are shown from there on
        for name in names or SCRIPTS:
            for width, height in SIZES:
                asyncio.run(draw(name, width, height))
                print(f"{name}-{width}x{height}.png")


if __name__ == "__main__":
    run(sys.argv[1:])
