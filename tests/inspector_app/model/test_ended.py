"""How many exchanges that ended are remembered."""

from __future__ import annotations

import pytest

from inspector_app.model import ended
from inspector_app.model.connection import Live
from inspector_app.model.ended import Ended
from slipstream.exchanges import Exchange, ExchangeKind
from slipstream.lifecycle import StreamState


def live(number: int, conn: int = 1) -> Live:
    exchange = Exchange(("a", number), ExchangeKind.UNARY, "add", True, StreamState.CLOSED)
    return Live.opened(exchange, number, conn, 1, 0, number)


def test_the_last_ones_are_remembered_and_the_first_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ended, "KEPT", 3)
    remembered = Ended()
    for number in range(10):
        remembered.add(live(number))
        assert len(remembered) <= 6
    assert [number for number in range(10) if remembered.get(1, ("a", number))] == [6, 7, 8, 9]


def test_an_id_is_that_of_one_connection() -> None:
    remembered = Ended()
    remembered.add(live(5, conn=1))
    assert remembered.get(2, ("a", 5)) is None
