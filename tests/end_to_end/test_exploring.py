"""Exploring a server by hand, in a real terminal: operations, a console, what is kept, many times, copies."""

from __future__ import annotations

import base64
import json
import re
import threading
from pathlib import Path

import pytest
from websockets.sync.server import ServerConnection, serve

from tests.end_to_end.conftest import Start
from tests.end_to_end.terminal import Terminal, leave

SIZES = pytest.mark.parametrize(("columns", "rows"), [(80, 24), (160, 48)])

ORDERS = """
name = "Orders"

[variables]
symbol = "BEAN"

[[message]]
name = "price"
operation = "get_quote"
data = '{"symbol": "${symbol}"}'
expect = ["data.symbol == \\"SALT\\"", "latency < 20s"]
"""


def clipboard(terminal: Terminal) -> str:
    """The text that the terminal was last asked to take."""
    return base64.b64decode(re.findall(rb"\x1b\]52;c;([^\x07]*)\x07", bytes(terminal.sent))[-1]).decode()


@SIZES
def test_an_operation_is_found_its_stream_talked_on_and_sent_again_and_copied(
    start: Start, tmp_path: Path, columns: int, rows: int
) -> None:
    items = tmp_path / "items.json"
    items.write_text('[{"text": "of a file"}, {"text": "the last"}]')
    terminal = start("demo", columns=columns, rows=rows)
    terminal.wait_for(lambda screen: "CONNECTED" in screen and "watch_prices" in screen)
    terminal.press("6")
    terminal.wait_for("Documentation")
    terminal.press("\x0f")
    terminal.wait_for("letters of a name")
    terminal.type("chat")
    terminal.press("\x13")
    terminal.wait_for("Both sides send items")
    terminal.press("\x13")
    terminal.wait_for("Next item")
    terminal.type('{"text": "by hand"}')
    terminal.press("enter")
    terminal.wait_for(lambda screen: screen.count("by hand") == 1 and "You may send 25" in screen)
    terminal.press("f5")
    terminal.wait_for("Send the items of a file")
    terminal.type(str(items))
    terminal.press("enter")
    terminal.wait_for("All 2 items of the file were sent")
    terminal.wait_for(lambda screen: "of a file" in screen and "the last" in screen)
    terminal.press("f6")
    terminal.wait_for("The stream has ended")
    leave(terminal, "Next item")
    terminal.press("b")
    terminal.wait_for(lambda screen: "2 sent" in screen and screen.count("chat") == 2)
    terminal.press("down", "enter")
    terminal.wait_for("3 sent")
    terminal.press("a")
    terminal.wait_for("websocat")
    terminal.press("enter")
    terminal.wait_for(lambda _: b"\x1b]52;" in terminal.sent)
    assert "chat" in clipboard(terminal)
    compile(clipboard(terminal), "copied", "exec")
    terminal.press("\x11")
    assert terminal.wait_for_end() == 0


def answer(connection: ServerConnection) -> None:
    """What a server that knows no library does: it answers every request with what it was asked."""
    for message in connection:
        frame = json.loads(message)
        if frame["type"] == "request":
            told = {
                "type": "response",
                "requestId": frame["requestId"],
                "peerID": "it",
                "data": frame["data"],
            }
            connection.send(json.dumps(told))


def test_what_a_server_does_not_tell_is_learned_from_its_traffic(start: Start) -> None:
    with serve(answer, "127.0.0.1", 0, compression=None) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        terminal = start("connect", f"ws://127.0.0.1:{server.socket.getsockname()[1]}")
        terminal.wait_for("CONNECTED")
        terminal.press("c")
        terminal.wait_for("Timeout, s")
        terminal.type("user.get")
        terminal.press("enter")
        terminal.wait_for("valid JSON")
        terminal.press("f7", "delete")
        terminal.type('{"id": 4711}')
        terminal.press("\x13")
        terminal.wait_for(lambda screen: "Timeout, s" not in screen and "user.get" in screen)
        terminal.press("6")
        terminal.wait_for(lambda screen: "learned" in screen and "user.get" in screen)
        terminal.press("\x0f")
        terminal.wait_for("letters of a name")
        terminal.type("user")
        terminal.press("\x13")
        terminal.wait_for("Form  JSON")
        terminal.press("f4")
        terminal.wait_for("learned from the traffic")
        terminal.press("\x11")
        assert terminal.wait_for_end() == 0
        server.shutdown()
        thread.join(timeout=10)


@SIZES
def test_saved_messages_run_with_an_environment_and_one_is_repeated(
    start: Start, tmp_path: Path, columns: int, rows: int
) -> None:
    folder = tmp_path / "work" / "slipstream"
    folder.mkdir(parents=True)
    (folder / "orders.toml").write_text(ORDERS)
    (folder / "environments.toml").write_text('[local]\nsymbol = "SALT"\n')
    terminal = start("demo", columns=columns, rows=rows, folder=folder.parent)
    terminal.wait_for(lambda screen: "CONNECTED" in screen and "get_quote" in screen)
    terminal.press("l")
    terminal.wait_for(lambda screen: "orders.toml" in screen and "price" in screen)
    terminal.press("r")
    terminal.wait_for("1 failed")
    leave(terminal, "1 failed")
    terminal.press("$")
    terminal.wait_for("local")
    terminal.press("down")
    terminal.wait_for('"SALT"')
    terminal.press("enter")
    terminal.wait_for("environment local")
    terminal.press("r")
    terminal.wait_for("1 passed")
    leave(terminal, "1 passed")
    terminal.press("down", "R")
    terminal.wait_for("Times")
    terminal.press("enter")
    terminal.wait_for(lambda screen: "p99" in screen and "100 of 100 ended" in screen)
    terminal.press("\x11")
    assert terminal.wait_for_end() == 0
