"""The app as a stranger meets it: in a real terminal, with keys, over real sockets."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.client import connect
from websockets.sync.server import ServerConnection, serve

from tests.end_to_end.conftest import Start

SIZES = pytest.mark.parametrize(("columns", "rows"), [(80, 24), (160, 48)])

OPERATION = "\x1b]52;c;RVZJTA==\x07"
HOSTILE = [
    json.dumps({"type": "stream_end", "data": "[/] [/nope] [@click=app.quit]x[/]"}),
    json.dumps({"type": "fire_and_forget", "peerID": "p", "data": {"operation": OPERATION}}),
    json.dumps({"type": "fire_and_forget", "peerID": "p", "data": {"operation": "a\x00\x07\x9b2J\x9d0;b"}}),
    json.dumps({"type": "fire_and_forget", "peerID": "p", "data": {"operation": "\u202eevil\u2066\u200b"}}),
    json.dumps({"type": "fire_and_forget", "peerID": "p", "data": {"operation": "half \ud83d emoji"}}),
    "\x1b[2J\x1b]0;title\x07 no frame at all \x9b31m \u202e",
    json.dumps({"type": "fire_and_forget", "peerID": "p", "data": {"operation": "x" * 1_000_000}}),
    "[" * 100_000,
    json.dumps({"type": "fire_and_forget", "peerID": "p", "data": {"operation": "last_one"}}),
]


@contextmanager
def raw_server(messages: list[str]) -> Iterator[str]:
    """A server that knows nothing of the protocol: it sends messages and keeps the connection open."""

    def attend(connection: ServerConnection) -> None:
        for message in messages:
            connection.send(message)
        for _ in connection:
            pass

    with serve(attend, "127.0.0.1", 0, max_size=None, compression=None) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"ws://127.0.0.1:{server.socket.getsockname()[1]}"
        server.shutdown()
        thread.join(timeout=10)


def exported(capture: Path) -> list[dict[str, Any]]:
    """Every record of an export made with the command line, without the header."""
    result = subprocess.run(
        [sys.executable, "-m", "inspector_app", "export", str(capture), "-o", "-"],
        capture_output=True,
        check=True,
        text=True,
    )
    return [json.loads(line) for line in result.stdout.splitlines()[1:]]


def form_of(screen: str) -> str:
    """The part of a screen that is inside a form's frame."""
    return "\n".join(line.split("│", 1)[1] for line in screen.splitlines() if "│" in line)


def bar_of(screen: str) -> str:
    """The lines above the tabs, which tell of the connection."""
    return screen.partition("1 Frames")[0]


def children_of(pid: int) -> list[int]:
    """Process IDs of the children, as Linux tells them."""
    listing = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(child) for child in listing.read_text().split()] if listing.exists() else []


@SIZES
def test_a_request_from_the_form_is_answered_and_exported(
    start: Start, tmp_path: Path, columns: int, rows: int
) -> None:
    capture = tmp_path / "demo.capture"
    terminal = start("demo", "--record", str(capture), columns=columns, rows=rows)
    terminal.wait_for(lambda screen: "CONNECTED" in screen and "watch_prices" in screen)
    terminal.press("c")
    terminal.wait_for("Timeout, s")
    terminal.type("get_quote")
    terminal.wait_for(lambda screen: "Give the price" in screen and "get_order" not in form_of(screen))
    terminal.press("enter")
    terminal.wait_for("type to edit")
    terminal.type("BEAN")
    terminal.press("enter", "f4")
    terminal.wait_for('"symbol": "BEAN"')
    terminal.press("f7", "delete")
    terminal.wait_for("✗ 1:1")
    terminal.type('{"symbol": 5, "ref": "e2e-4711"}')
    terminal.wait_for("! data.symbol: must be of type string")
    terminal.press("f4")
    terminal.wait_for("type to edit")
    terminal.press("home")
    terminal.type("CORK")
    terminal.press("\x13")
    terminal.wait_for(lambda screen: "Timeout, s" not in screen and "✓ ok" in screen)
    terminal.press("q")
    assert terminal.wait_for_end() == 0
    frames = [line for line in exported(capture) if line["kind"] == "frame"]
    asked = next(f for f in frames if "e2e-4711" in f["raw"] and f["type"] == "request")
    answers = [f for f in frames if f["id"] == asked["id"] and f["type"] == "response"]
    assert [answer["dir"] for answer in answers] == ["in"]
    assert json.loads(answers[0]["raw"])["data"]["symbol"] == "CORK"


@SIZES
def test_hostile_payloads_reach_the_terminal_as_inert_text(
    start: Start, tmp_path: Path, columns: int, rows: int
) -> None:
    capture = tmp_path / "hostile.capture"
    with raw_server(HOSTILE) as url:
        terminal = start("connect", url, "--record", str(capture), columns=columns, rows=rows)
        terminal.wait_for("last_one")
        terminal.press("home")
        for number in range(1, len(HOSTILE) + 2):
            terminal.wait_for(f"\n #{number} " if columns < 100 else f" #{number} ")
            terminal.press("d", "d", "d", "d", "d", "d", "down")
        for view, title in (
            ("2", "Took"),
            ("3", "Last"),
            ("4", "Spent"),
            ("5", "Rule"),
            ("6", "Documentation"),
        ):
            terminal.press(view)
            terminal.wait_for(title)
        terminal.press("1")
        terminal.wait_for("last_one")
        terminal.press("q")
        assert terminal.wait_for_end() == 0
    drawn = terminal.sent.decode()
    assert "\x1b]52;" not in drawn
    assert "\x1b]0;title" not in drawn
    assert not [c for c in drawn if "\x80" <= c <= "\x9f" or unicodedata.bidirectional(c) in {"RLO", "LRI"}]
    assert "\x00" not in drawn
    assert "\u200b" not in drawn
    raws = [line["raw"] for line in exported(capture) if line["kind"] == "frame" and line["dir"] == "in"]
    assert raws == HOSTILE


def test_a_client_of_a_hosted_handler_is_seen(start: Start, tmp_path: Path) -> None:
    handler = tmp_path / "shop.py"
    handler.write_text(
        "import slipstream\n"
        "class Shop(slipstream.ProtocolHandler):\n"
        "    @slipstream.request_response\n"
        "    async def greet(self, data):\n"
        "        return {'hello': data['name']}\n"
    )
    capture = tmp_path / "host.capture"
    terminal = start("host", str(handler), "--port", "0", "--record", str(capture))
    screen = terminal.wait_for(lambda screen: "SERVER" in screen and "LISTENING" in screen)
    port = screen.split("127.0.0.1:")[1].split()[0]
    with connect(f"ws://127.0.0.1:{port}") as client:
        frame = {"type": "request", "peerID": "me", "requestId": ["me", 0]}
        client.send(json.dumps({**frame, "data": {"operation": "greet", "name": "Ada"}}))
        assert json.loads(client.recv(timeout=10))["data"] == {"hello": "Ada"}
        terminal.wait_for(lambda screen: "greet" in screen and "response" in screen)
    terminal.press("q")
    assert terminal.wait_for_end() == 0


def test_leaving_restores_the_terminal(start: Start) -> None:
    terminal = start("demo")
    terminal.wait_for("CONNECTED")
    terminal.press("q")
    assert terminal.wait_for_end() == 0
    assert b"\x1b[?1049h" in terminal.sent
    assert terminal.sent.rindex(b"\x1b[?1049l") > terminal.sent.rindex(b"\x1b[?1049h")
    assert b"\x1b[?25h" in terminal.sent


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs /proc to find the engine's process")
def test_a_killed_engine_is_said_and_started_again(start: Start, data_folder: Path) -> None:
    terminal = start("demo", columns=160, rows=48)
    terminal.wait_for("get_quote")
    engine = children_of(terminal.pid)[-1]
    os.kill(engine, signal.SIGKILL)
    terminal.wait_for(lambda screen: "engine" in screen.lower() and "SIGKILL" in screen)
    before = set(data_folder.glob("*.capture"))
    terminal.press("r")
    terminal.wait_for(lambda _: set(data_folder.glob("*.capture")) > before)
    # The toast may stay longer.
    terminal.wait_for(lambda screen: "SIGKILL" not in bar_of(screen) and "get_quote" in screen)
    terminal.press("q")
    assert terminal.wait_for_end() == 0
    assert any(line["kind"] == "frame" for line in exported(before.pop()))


def test_home_explains_why_it_cannot_connect(start: Start) -> None:
    terminal = start()
    terminal.wait_for("Recent captures")
    terminal.press("c")
    terminal.wait_for("╭─ URL")
    terminal.type("ws://127.0.0.1:1/")
    terminal.wait_for("│ ws://127.0.0.1:1/ ")
    terminal.press("enter")
    terminal.wait_for(lambda screen: "LOST" in screen and "listen" in screen)
    terminal.press("4")
    terminal.wait_for(lambda screen: "TCP" in screen and "refused" in screen)
    terminal.press("q")
    assert terminal.wait_for_end() == 0


def test_a_terminal_that_is_too_small_says_so(start: Start) -> None:
    terminal = start("demo", columns=40, rows=10)
    terminal.wait_for("at least 60 x 16")
    terminal.press("\x11")
    assert terminal.wait_for_end() == 0


@pytest.mark.parametrize("told", [signal.SIGTERM, signal.SIGHUP])
def test_told_to_end_it_leaves_the_terminal_as_it_was(start: Start, told: signal.Signals) -> None:
    terminal = start("demo")
    terminal.wait_for("CONNECTED")
    os.kill(terminal.pid, told)
    assert terminal.wait_for_end() == 0
    assert terminal.sent.rindex(b"\x1b[?1049l") > terminal.sent.rindex(b"\x1b[?1049h")


def test_after_it_was_stopped_and_went_on_it_answers_and_quits(start: Start) -> None:
    terminal = start("demo")
    terminal.wait_for("CONNECTED")
    for _ in range(3):
        os.kill(terminal.pid, signal.SIGSTOP)
        os.kill(terminal.pid, signal.SIGCONT)
    terminal.press("2")
    terminal.wait_for("Took")
    terminal.press("q")
    assert terminal.wait_for_end() == 0


def test_an_engine_that_stays_outlives_its_window_and_another_one_ends_it(
    start: Start, data_folder: Path
) -> None:
    first = start("demo", "--stay")
    first.wait_for("get_quote")
    first.press("q")
    assert first.wait_for_end() == 0
    second = start("attach", "--control")
    second.wait_for("get_quote")
    second.press("Q")
    second.wait_for("End the engine?")
    second.press("y")
    second.wait_for("its capture is complete")
    second.press("q")
    assert second.wait_for_end() == 0
    assert list((data_folder / "engines").iterdir()) == []
    assert len([path for path in data_folder.iterdir() if path.is_file()]) == 1
