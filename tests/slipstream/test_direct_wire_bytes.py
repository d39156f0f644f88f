"""However frames are cut into pieces, both ways bring the same messages and end the same way.

The connection is the websockets library's, its transport the test's own: every piece comes by itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from websockets.asyncio.connection import Connection
from websockets.client import ClientProtocol
from websockets.exceptions import ConnectionClosed
from websockets.protocol import OPEN
from websockets.server import ServerProtocol
from websockets.uri import parse_uri

from slipstream.direct_wire import _NEEDED, _NEEDED_OF_PROTOCOL, DirectWire, can_be_direct, wire_of
from slipstream.wire import PublicWire
from tests.slipstream.raw_socket import BINARY, CLOSE, CONT, PING, PONG, TEXT, frame
from tests.slipstream.reading import both_roles

LIMIT = 300


class Wireless(asyncio.Transport):
    """A transport that keeps what is written, and brings what it is told."""

    def __init__(self, connection: Connection) -> None:
        super().__init__()
        self.written = b""
        self._reader: Any = connection
        self._closing = False
        self._lost = False
        connection.connection_made(self)

    def bring(self, data: bytes) -> None:
        if not self._lost:
            self._reader.data_received(data)

    def end(self) -> None:
        if not self._lost:
            self._reader.eof_received()
            self._lose()

    def _lose(self) -> None:
        if not self._lost:
            self._lost = self._closing = True
            self._reader.connection_lost(None)

    def write(self, data: bytes | bytearray | memoryview[Any]) -> None:
        self.written += bytes(data)

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self._reader = protocol

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None: ...
    def pause_reading(self) -> None: ...
    def resume_reading(self) -> None: ...

    def can_write_eof(self) -> bool:
        return False

    def is_closing(self) -> bool:
        return self._closing

    def close(self) -> None:
        self._closing = True
        asyncio.get_running_loop().call_soon(self._lose)

    abort = close


def connected(*, as_server: bool) -> tuple[Connection, Wireless]:
    protocol = (
        ServerProtocol(state=OPEN, max_size=LIMIT)
        if as_server
        else ClientProtocol(parse_uri("ws://localhost"), state=OPEN, max_size=LIMIT)
    )
    connection = Connection(protocol, ping_interval=None, close_timeout=1)
    return connection, Wireless(connection)


@dataclass
class Outcome:
    """What came of bytes: the messages, the codes of the end, and what was answered."""

    messages: list[str | bytes]
    ended: tuple[int | None, int | None]
    answered: list[tuple[int, bytes]]


def frames_in(data: bytes) -> list[tuple[int, bytes]]:
    """Opcode and payload of short frames, masked or not."""
    frames = []
    while data:
        size, masked = data[1] & 0x7F, data[1] >= 0x80
        mask, payload = (data[2:6], data[6 : 6 + size]) if masked else (bytes(4), data[2 : 2 + size])
        frames.append((data[0] & 15, bytes(byte ^ mask[at % 4] for at, byte in enumerate(payload))))
        data = data[2 + 4 * masked + size :]
    return frames


async def outcome(
    pieces: Sequence[bytes], *, as_server: bool, direct: bool, start: int = 0, stop: int | None = None
) -> Outcome:
    """Bring pieces; reading begins before piece `start`, and goes on with plain `recv()` from `stop`."""
    connection, transport = connected(as_server=as_server)
    wire = wire_of(connection, direct=direct)
    assert isinstance(wire, DirectWire) is direct
    messages: list[str | bytes] = []

    def receive(message: str | bytes) -> bool:
        messages.append(message)
        return True

    async def read_on() -> None:
        while True:
            messages.append(await connection.recv())

    reading: asyncio.Task[None] | None = None
    for number, piece in enumerate([*pieces, b""]):
        if number == start or (number == len(pieces) and reading is None):
            reading = asyncio.create_task(wire.read(receive))
        elif number == stop and reading is not None and not reading.done():
            reading.cancel()
            await asyncio.wait([reading])
            if reading.cancelled():
                reading = asyncio.create_task(read_on())
        for _ in range(3):
            await asyncio.sleep(0)
        if piece:
            transport.bring(piece)
    await asyncio.sleep(0)
    transport.end()
    assert reading is not None
    async with asyncio.timeout(5):
        await asyncio.wait([reading])
    error = reading.exception()
    assert isinstance(error, ConnectionClosed), repr(error)
    codes = error.rcvd.code if error.rcvd else None, error.sent.code if error.sent else None
    return Outcome(messages, codes, frames_in(transport.written))


BEFORE = "before " * 10

# -- every border -----------------------------------------------------------------------------------------


@both_roles
@pytest.mark.parametrize("size", [0, 1, 5, 125, 126, 200])
async def test_a_frame_cut_at_any_byte_comes_whole_between_its_neighbours(as_server: bool, size: int) -> None:
    masked, text = as_server, "x" * size
    before, whole, after = (frame(TEXT, part.encode(), masked=masked) for part in (BEFORE, text, "after"))
    for cut in range(len(whole) + 1):
        pieces = [before + whole[:cut], whole[cut:] + after]
        came = await outcome(pieces, as_server=as_server, direct=True)
        assert came.messages == [BEFORE, text, "after"], cut
        came = await outcome([*pieces[:1], whole[cut:]], as_server=as_server, direct=True)
        assert came.messages == [BEFORE, text], f"no more bytes are waited for than it has: {cut}"


@both_roles
async def test_frames_that_come_byte_by_byte_come_whole(as_server: bool) -> None:
    frames = [
        frame(TEXT, b"x" * 130, masked=as_server),
        frame(BINARY, b"\xff", masked=as_server),
        frame(TEXT, b"o", masked=as_server, fin=False),
        frame(PING, b"?", masked=as_server),
        frame(CONT, b"ne", masked=as_server),
        frame(TEXT, "é".encode(), masked=as_server),
    ]
    came = await outcome([bytes([byte]) for byte in b"".join(frames)], as_server=as_server, direct=True)
    assert came.messages == ["x" * 130, b"\xff", "one", "é"]
    assert came.answered[0] == (PONG, b"?")


# -- any sequence, cut anyhow -----------------------------------------------------------------------------

texts = st.sampled_from([b"", b"x", "é😀".encode(), b"x" * 125, b"x" * 126, b"x" * LIMIT])
controls = st.tuples(st.sampled_from([PING, PONG]), st.sampled_from([b"", b"beat", b"x" * 125]))


def one(opcode: int, payload: bytes, **more: Any) -> tuple[int, bytes, dict[str, Any]]:
    return opcode, payload, more


wholes = st.builds(lambda opcode, payload: [one(opcode, payload)], st.sampled_from([TEXT, BINARY]), texts)
beats = controls.map(lambda control: [one(*control)])


@st.composite
def in_parts(draw: st.DrawFn) -> list[tuple[int, bytes, dict[str, Any]]]:
    opcode = draw(st.sampled_from([TEXT, BINARY]))
    payload = draw(texts) + (b"\xff" if opcode == BINARY else b"")
    parts = [payload[: draw(st.integers(0, 9))]]
    parts += [payload[len(parts[0]) :], *draw(st.lists(st.just(b""), max_size=2))]
    frames = []
    for number, part in enumerate(parts):
        frames.append(one(CONT if number else opcode, part, fin=number == len(parts) - 1))
        frames += [one(*control) for control in draw(st.lists(controls, max_size=1))]
    return frames


# Without text that is no UTF-8: directly it is noticed as it comes, and otherwise only when it is asked for.
breaches = st.sampled_from(
    [
        one(TEXT, b"x", rsv=4),
        one(TEXT, b"x", wrong=True),
        one(3, b"x"),
        one(CONT, b"x"),
        one(TEXT, b"never ended", fin=False),
        one(PING, b"x", fin=False),
        one(BINARY, b"x" * (LIMIT + 1)),
        one(TEXT, b"x" * (LIMIT + 1)),
        one(CLOSE, b"\x03\xe8"),
        one(CLOSE, b"\x03\xe9going"),
        one(CLOSE, b"\x11\x30"),
        one(CLOSE, b"x"),
        one(CLOSE, b""),
    ]
).map(lambda breach: [breach])
sequences = st.lists(st.one_of(wholes, wholes, beats, in_parts(), breaches), max_size=8).map(
    lambda groups: [each for group in groups for each in group]
)
cuts = st.lists(st.integers(1, 400) | st.integers(1, 8), max_size=30)


def cut_up(data: bytes, sizes: list[int]) -> list[bytes]:
    pieces = []
    for size in sizes:
        pieces.append(data[:size])
        data = data[size:]
    return [piece for piece in [*pieces, data] if piece]


@given(
    frames=sequences,
    sizes=cuts,
    as_server=st.booleans(),
    start=st.integers(0, 4),
    lasts=st.none() | st.integers(1, 6),
)
@example(frames=[one(TEXT, b"a", fin=False), one(CONT, b"b")], sizes=[8], as_server=True, start=0, lasts=1)
@settings(max_examples=150, deadline=None)
def test_both_ways_bring_the_same_messages_and_end_the_same_way(
    frames: list[tuple[int, bytes, dict[str, Any]]],
    sizes: list[int],
    as_server: bool,
    start: int,
    lasts: int | None,
) -> None:
    data = b"".join(
        frame(opcode, payload, masked=as_server is not more.get("wrong", False), **_without(more, "wrong"))
        for opcode, payload, more in frames
    )
    pieces = cut_up(data, sizes)

    async def both() -> tuple[Outcome, Outcome]:
        stop = None if lasts is None else start + lasts
        return (
            await outcome(pieces, as_server=as_server, direct=True, start=start, stop=stop),
            await outcome(pieces, as_server=as_server, direct=False, start=start, stop=stop),
        )

    directly, publicly = asyncio.run(both())
    assert directly == publicly


def _without(more: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in more.items() if key != name}


# -- what the direct way is for ---------------------------------------------------------------------------


@both_roles
async def test_whole_text_frames_do_not_pass_through_the_library(as_server: bool) -> None:
    connection, transport = connected(as_server=as_server)
    reading = asyncio.create_task(DirectWire(connection).read(lambda message: True))
    await asyncio.sleep(0)
    passed: list[bytes] = []
    connection.data_received = passed.append  # type: ignore[assignment, method-assign] # what the library would get
    data = b"".join(frame(TEXT, b"x" * size, masked=as_server) for size in (1, 125, 126, LIMIT))
    for piece in (data[:7], data[7:200], data[200:]):
        transport.bring(piece)
    assert passed == []
    beat = frame(PING, b"", masked=as_server)
    transport.bring(beat)
    assert passed == [beat]
    reading.cancel()
    await asyncio.wait([reading])


async def test_a_wire_may_be_read_again_after_it_was_cancelled() -> None:
    connection, transport = connected(as_server=False)
    wire, messages = DirectWire(connection), list[str | bytes]()

    def receive(message: str | bytes) -> bool:
        messages.append(message)
        return True

    parts = [frame(TEXT, b"o", masked=False, fin=False), frame(CONT, b"ne", masked=False)]
    whole = frame(TEXT, b"two", masked=False)
    for piece in (parts[0], parts[1] + whole[:3], whole[3:]):
        reading = asyncio.create_task(wire.read(receive))
        await asyncio.sleep(0)
        transport.bring(piece)
        reading.cancel()
        await asyncio.wait([reading])
    reading = asyncio.create_task(wire.read(receive))
    await asyncio.sleep(0)
    transport.bring(frame(TEXT, b"three", masked=False))
    transport.end()
    with pytest.raises(ConnectionClosed):
        await reading
    assert messages == ["one", "two", "three"]


# -- a receiver that raises -------------------------------------------------------------------------------


def refuse(message: str | bytes) -> bool:
    raise KeyError(message)


async def test_the_first_error_of_a_receiver_is_raised_by_reading_and_the_next_by_the_transport() -> None:
    connection, transport = connected(as_server=False)
    reading = asyncio.create_task(DirectWire(connection).read(refuse))
    await asyncio.sleep(0)
    transport.bring(frame(TEXT, b"first", masked=False))
    with pytest.raises(KeyError, match="second"):
        transport.bring(frame(TEXT, b"second", masked=False))
    transport.bring(frame(TEXT, b"\xff", masked=False))
    with pytest.raises(KeyError, match="first"):
        await reading
    transport.end()


async def test_what_comes_after_the_error_of_a_receiver_is_dropped() -> None:
    connection, transport = connected(as_server=False)
    reading = asyncio.create_task(DirectWire(connection).read(refuse))
    await asyncio.sleep(0)
    transport.bring(frame(TEXT, b"first", masked=False))
    with pytest.raises(KeyError, match="first"):
        await reading
    transport.bring(frame(TEXT, b"second", masked=False))
    transport.end()


async def test_a_transport_without_a_size_of_reads_is_read_as_it_comes() -> None:
    connection, transport = connected(as_server=False)
    assert not hasattr(transport, "max_size")
    reading = asyncio.create_task(DirectWire(connection).read(lambda message: True))
    await asyncio.sleep(0)
    assert not hasattr(transport, "max_size")
    transport.end()
    with pytest.raises(ConnectionClosed):
        await reading


# -- what has to be there ---------------------------------------------------------------------------------


def hide(owner: Any, name: str) -> None:
    """Make an object look as if a later release of the library had no such attribute."""

    def missing(self: object) -> Any:
        raise AttributeError(name)

    kind = type(owner)
    owner.__class__ = type(kind.__name__, (kind,), {name: property(missing)})


@pytest.mark.parametrize("name", [*_NEEDED, *(f"protocol.{name}" for name in _NEEDED_OF_PROTOCOL)])
async def test_a_connection_without_what_is_needed_is_read_by_what_is_documented(name: str) -> None:
    connection, _ = connected(as_server=True)
    assert can_be_direct(connection)
    owner, _, attribute = name.rpartition(".")
    hide(connection.protocol if owner else connection, attribute)
    assert not can_be_direct(connection)
    assert isinstance(wire_of(connection, direct=True), PublicWire)


async def test_what_only_looks_like_a_connection_is_read_by_what_is_documented() -> None:
    assert not can_be_direct(SimpleNamespace(**dict.fromkeys((*_NEEDED, "protocol"))))
