"""Standing in for a server by hand, in a real terminal: answers, faults, reloading, pushing, a mock made."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.client import ClientConnection, connect

from tests.end_to_end.conftest import Start
from tests.end_to_end.terminal import Terminal, leave

SIZES = pytest.mark.parametrize(("columns", "rows"), [(80, 24), (160, 48)])

MOCK = """
[[request]]
operation = "quote"
answer = { price = 7, symbol = "{{ data.symbol }}" }

[[fault]]
name = "broken answers"
do = "broken_json"
operation = "quote"
on = false
"""


class Client:
    """What somebody's own program is to a mock: frames by hand, no library."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._asked = 0

    def ask(self, operation: str = "quote") -> None:
        frame = {"type": "request", "peerID": "me", "requestId": ["me", self._asked]}
        self._asked += 1
        self._connection.send(json.dumps({**frame, "data": {"operation": operation, "symbol": "SALT"}}))

    def receive(self) -> str:
        return str(self._connection.recv(timeout=20))

    def data(self) -> Any:
        return json.loads(self.receive())["data"]

    def answer(self, frame: dict[str, Any], data: object) -> None:
        told = {"type": "response", "peerID": "me", "requestId": frame["requestId"], "data": data}
        self._connection.send(json.dumps(told))


def hosted(terminal: Terminal) -> str:
    """The URL that a terminal says it listens at."""
    screen = terminal.wait_for(lambda screen: "LISTENING" in screen and "127.0.0.1:" in screen)
    return f"ws://127.0.0.1:{screen.split('127.0.0.1:')[1].split()[0]}"


@SIZES
def test_a_mock_answers_is_held_misbehaves_and_is_reloaded(
    start: Start, tmp_path: Path, columns: int, rows: int
) -> None:
    mock = tmp_path / "shop.toml"
    mock.write_text(MOCK)
    terminal = start("host", str(mock), "--port", "0", columns=columns, rows=rows)
    with connect(hosted(terminal)) as connection:
        client = Client(connection)
        client.ask()
        assert client.data() == {"price": 7, "symbol": "SALT"}
        terminal.press("K")
        terminal.wait_for(lambda screen: "broken answers" in screen and "1 call" in screen)
        terminal.press("h")
        terminal.wait_for("held")
        client.ask()
        terminal.wait_for("Waiting for you 1")
        terminal.press("tab", "tab", "a")
        terminal.wait_for("The response of quote")
        terminal.press("f7", "delete")
        terminal.type('{"price": 8}')
        terminal.press("\x13")
        assert client.data() == {"price": 8}
        terminal.wait_for("No call waits")
        terminal.press("shift+tab", " ")
        terminal.wait_for(lambda screen: "off broken answers" not in screen)
        terminal.press("shift+tab", "h")
        terminal.wait_for(lambda screen: "held" not in screen)
        client.ask()
        with pytest.raises(json.JSONDecodeError):
            client.data()
        mock.write_text(MOCK.replace("price = 7", "price = ]"))
        terminal.wait_for("not TOML")
        mock.write_text(MOCK.replace("price = 7", "price = 9").partition("[[fault]]")[0])
        terminal.wait_for("No faults. n adds one.")
        client.ask()
        assert client.data() == {"price": 9, "symbol": "SALT"}
    terminal.press("\x11")
    assert terminal.wait_for_end() == 0


@SIZES
def test_a_server_asks_a_chosen_peer_and_becomes_a_mock(
    start: Start, tmp_path: Path, columns: int, rows: int
) -> None:
    mock, made = tmp_path / "shop.toml", tmp_path / "made.toml"
    mock.write_text(MOCK)
    terminal = start("host", str(mock), "--port", "0", columns=columns, rows=rows)
    with connect(hosted(terminal)) as connection:
        client = Client(connection)
        client.ask()
        assert client.data()["price"] == 7
        terminal.wait_for(lambda screen: "quote" in screen and "1 peer connected" in screen)
        terminal.press("J")
        terminal.wait_for("not told")
        terminal.press("enter")
        terminal.wait_for("Timeout, s")
        terminal.type("approve")
        terminal.press("enter")
        terminal.wait_for("valid JSON")
        terminal.press("\x13")
        asked = json.loads(client.receive())
        assert (asked["type"], asked["data"]["operation"]) == ("request", "approve")
        client.answer(asked, {"approved": True})
        terminal.wait_for("approved")
        terminal.press("w")
        terminal.wait_for("Enter exports")
        terminal.press("\x15")
        terminal.type(str(made))
        terminal.press("enter")
        terminal.wait_for(lambda _: made.exists())
        leave(terminal, "Enter exports")
    terminal.press("\x11")
    assert terminal.wait_for_end() == 0
    assert "price = 7" in made.read_text()
