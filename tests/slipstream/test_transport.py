import pytest
from websockets.exceptions import ConnectionClosedError as DroppedError
from websockets.exceptions import ConnectionClosedOK
from websockets.frames import Close
from websockets.protocol import State

from slipstream import ConnectionClosedError, ConnectionLostError, ConnectionState
from slipstream.testing import websocket_pair
from slipstream.transport import Ending, close_reason, cut, ending_of, ending_seen, is_open


@pytest.mark.parametrize("code", [1000, 1001])
def test_a_normal_close_is_closed(code: int) -> None:
    close = Close(code, "done")
    assert ending_of(ConnectionClosedOK(close, close, True)) == Ending(ConnectionState.CLOSED, code, "done")


@pytest.mark.parametrize("code", [1002, 1005, 1007, 1008, 1009, 1011, 1012, 1013, 4400, 4409, 4429])
def test_every_other_code_is_lost(code: int) -> None:
    close = Close(code, "")
    assert ending_of(DroppedError(close, close, True)) == Ending(ConnectionState.LOST, code, None)


def test_a_connection_that_dropped_is_lost_with_1006() -> None:
    ending = ending_of(DroppedError(None, None))
    assert (ending.state, ending.code) == (ConnectionState.LOST, 1006)


def test_a_close_that_this_side_sent_counts_where_none_came() -> None:
    assert ending_of(DroppedError(None, Close(1011, "ping timeout"))) == Ending(
        ConnectionState.LOST, 1011, "ping timeout"
    )
    assert ending_of(DroppedError(None, Close(1000, ""))).state is ConnectionState.CLOSED


@pytest.mark.parametrize("error", [OSError("reset"), EOFError(), TimeoutError()])
def test_an_error_of_the_socket_is_lost(error: Exception) -> None:
    ending = ending_of(error)
    assert (ending.state, ending.code) == (ConnectionState.LOST, 1006)
    assert ending.reason == (str(error) or type(error).__name__)


@pytest.mark.parametrize(
    "error", [OSError("reset"), DroppedError(None, None), DroppedError(Close(1011, ""), None)]
)
def test_whatever_follows_a_close_of_this_side_is_closed(error: Exception) -> None:
    assert ending_of(error, closed_here=True).state is ConnectionState.CLOSED


def test_an_ending_makes_its_exception() -> None:
    closed = Ending(ConnectionState.CLOSED, 1000, None).error()
    assert type(closed) is ConnectionClosedError
    assert str(closed) == "Connection closed: no reason given (code=1000)"
    lost = Ending(ConnectionState.LOST, None, None).error()
    assert type(lost) is ConnectionLostError
    assert str(lost) == "Connection lost: unknown reason (code=None)"


async def test_a_websocket_tells_its_own_end() -> None:
    one, other = websocket_pair()
    assert (ending_seen(one), is_open(one)) == (None, True)
    await other.close(4400, "strict")
    assert ending_seen(one) == Ending(ConnectionState.LOST, 4400, "strict")
    assert ending_seen(one, closed_here=True) == Ending(ConnectionState.CLOSED, 4400, "strict")


async def test_a_websocket_that_is_being_closed_tells_no_code_yet() -> None:
    class Closing:
        state = State.CLOSING

    assert ending_seen(Closing()) == Ending(ConnectionState.CLOSED, None, None)


async def test_what_tells_no_state_counts_as_open() -> None:
    assert is_open(object())
    assert ending_seen(object()) is None


async def test_cutting_drops_the_socket() -> None:
    one, other = websocket_pair()
    cut(one)
    assert other.close_code == 1006
    cut(object())


def test_a_reason_is_cut_at_a_whole_character() -> None:
    assert close_reason("short") == "short"
    assert close_reason("é" * 100) == "é" * 61
    assert close_reason("\ud800") == "?"
