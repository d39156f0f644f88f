"""Exploring a server by hand, in a real terminal: operations, a console, what is kept, many times, copies."""

from __future__ import annotations

import base64
import re
from pathlib import Path

import pytest

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
    terminal.wait_for(lambda screen: "1 sent" in screen and "chat" in screen)
    terminal.press("enter")
    terminal.wait_for("2 sent")
    terminal.press("a")
    terminal.wait_for("websocat")
    terminal.press("enter")
    terminal.wait_for(lambda _: b"\x1b]52;" in terminal.sent)
    assert "chat" in clipboard(terminal)
    compile(clipboard(terminal), "copied", "exec")
    terminal.press("\x11")
    assert terminal.wait_for_end() == 0


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
    terminal.wait_for(lambda screen: '"SALT"' not in screen)
    terminal.press("r")
    terminal.wait_for("1 passed")
    leave(terminal, "1 passed")
    terminal.press("down", "R")
    terminal.wait_for("Times")
    terminal.press("enter")
    terminal.wait_for(lambda screen: "p99" in screen and "100 of 100 ended" in screen)
    terminal.press("\x11")
    assert terminal.wait_for_end() == 0
