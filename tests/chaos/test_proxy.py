"""The proxy is a wire where it injects nothing, and each fault does what it says."""

from __future__ import annotations

import asyncio
import random
import socket
import struct
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as connect_websocket
from websockets.asyncio.server import ServerConnection
from websockets.asyncio.server import serve as serve_websockets
from websockets.exceptions import ConnectionClosedError

from tests.chaos.proxy import ChaosProxy, Corruption, Faults, Way, proxied
from tests.chaos.tape import BINARY, CLOSE, PING, TEXT, FrameWalker, Tape

PATIENCE_S = 5.0
SILENCE_S = 0.1
"""So long nothing may come where nothing gets through: what comes later than that was held."""


def seeded(seed: int) -> random.Random:
    return random.Random(seed)


class Ends:
    """Both ends of one TCP connection through the proxy, as bare sockets."""

    def __init__(self, proxy: ChaosProxy, client: socket.socket, server: socket.socket) -> None:
        self.proxy = proxy
        self.client = client
        self.server = server
        self._loop = asyncio.get_running_loop()

    async def send(self, end: socket.socket, data: bytes) -> None:
        async with asyncio.timeout(PATIENCE_S):
            await self._loop.sock_sendall(end, data)

    async def receive(self, end: socket.socket, size: int = 65536) -> bytes:
        async with asyncio.timeout(PATIENCE_S):
            return await self._loop.sock_recv(end, size)

    async def receive_all(self, end: socket.socket) -> bytes:
        got = bytearray()
        while data := await self.receive(end):
            got += data
        return bytes(got)

    async def receive_exactly(self, end: socket.socket, size: int) -> bytes:
        got = bytearray()
        while len(got) < size:
            got += await self.receive(end, size - len(got))
        return bytes(got)

    async def silent(self, end: socket.socket) -> bool:
        try:
            async with asyncio.timeout(SILENCE_S):
                await self._loop.sock_recv(end, 1)
        except TimeoutError:
            return True
        return False


@asynccontextmanager
async def ends() -> AsyncIterator[Ends]:
    loop = asyncio.get_running_loop()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.setblocking(False)
        host, port = listening.getsockname()
        async with proxied(f"ws://{host}:{port}") as proxy:
            with socket.socket() as client:
                client.setblocking(False)
                await loop.sock_connect(client, proxy.address)
                server, _ = await loop.sock_accept(listening)
                with server:
                    server.setblocking(False)
                    await arrived(lambda: bool(proxy.connections))
                    yield Ends(proxy, client, server)


@asynccontextmanager
async def websockets_through_proxy() -> AsyncIterator[tuple[ChaosProxy, ClientConnection, ServerConnection]]:
    there: asyncio.Future[ServerConnection] = asyncio.get_running_loop().create_future()

    async def attend(websocket: ServerConnection) -> None:
        there.set_result(websocket)
        await websocket.wait_closed()

    async with (
        serve_websockets(attend, "127.0.0.1", 0, compression=None, ping_interval=None) as server,
        proxied(f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}") as proxy,
        connect_websocket(proxy.url, compression=None, ping_interval=None, proxy=None) as websocket,
    ):
        yield proxy, websocket, await there


async def arrived(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not condition():  # noqa: ASYNC110 - what the proxy passes on has no event; this yields
            await asyncio.sleep(0.001)


# -- neutral -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(3))
async def test_without_a_fault_every_byte_arrives_both_ways_and_is_on_the_tape(seed: int) -> None:
    chance = seeded(seed)
    up, down = (chance.randbytes(3_000_000 + chance.randrange(100_000)) for _ in range(2))

    async def send(end: socket.socket, data: bytes) -> None:
        place = 0
        while place < len(data):
            size = chance.choice([1, 2, 125, 1400, 65_535, 65_536, 300_000])
            await there.send(end, data[place : place + size])
            place += size
        end.shutdown(socket.SHUT_WR)

    async with ends() as there:
        results = await asyncio.gather(
            send(there.client, up),
            send(there.server, down),
            there.receive_all(there.server),
            there.receive_all(there.client),
        )
        assert results[2] == up
        assert results[3] == down
        (connection,) = there.proxy.connections
        assert connection.to_server.entered.data == connection.to_server.left.data == up
        assert connection.to_client.entered.data == connection.to_client.left.data == down
        await arrived(lambda: not connection.open)


@pytest.mark.parametrize("by_client", [True, False])
async def test_the_end_of_one_direction_is_passed_on_and_the_other_goes_on(by_client: bool) -> None:
    async with ends() as there:
        first, second = (there.client, there.server) if by_client else (there.server, there.client)
        await there.send(first, b"last words")
        first.shutdown(socket.SHUT_WR)
        assert await there.receive_all(second) == b"last words"
        await there.send(second, b"still heard")
        assert await there.receive(first) == b"still heard"
        second.shutdown(socket.SHUT_WR)
        assert await there.receive(first) == b""


@pytest.mark.parametrize("by_client", [True, False])
async def test_a_reset_by_one_end_is_passed_on_as_a_reset_behind_what_was_sent(by_client: bool) -> None:
    async with ends() as there:
        first, second = (there.client, there.server) if by_client else (there.server, there.client)
        await there.send(first, b"x")
        assert await there.receive(second) == b"x"
        first.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        first.close()
        with pytest.raises(ConnectionResetError):
            await there.receive(second)


async def test_a_server_that_is_not_there_is_an_end_for_the_client() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        async with proxied(f"ws://127.0.0.1:{unused.getsockname()[1]}") as proxy:
            reader, writer = await asyncio.open_connection(*proxy.address)
            async with asyncio.timeout(PATIENCE_S):
                assert await reader.read() == b""
            writer.close()
            await writer.wait_closed()


# -- the tape ------------------------------------------------------------------------------------------------

SIZES = [0, 1, 125, 126, 65_535, 65_536, 70_000]


async def test_the_tape_has_every_websocket_message_both_ways() -> None:
    chance = seeded(1)
    messages = [chance.randbytes(size) for size in SIZES]
    texts = ["é" * size for size in (0, 1, 62, 63, 40_000)]
    async with websockets_through_proxy() as (proxy, client, server):
        mixed: list[str | bytes] = [*messages, *texts]
        for one, other in ((client, server), (server, client)):
            for message in mixed:
                await one.send(message)
                assert await other.recv() == message
            await one.send(iter(["in ", "several ", "pieces"]))
            assert await other.recv() == "in several pieces"
            await (await one.ping(b"hello"))
        await client.close(1000, "bye")
    (connection,) = proxy.connections
    for line in (connection.to_server, connection.to_client):
        assert line.entered.data == line.left.data
        seen = line.entered.messages()
        carried = [(each.opcode, each.payload) for each in seen if each.opcode < CLOSE]
        assert carried == [
            *((BINARY, message) for message in messages),
            *((TEXT, text.encode()) for text in texts),
            (TEXT, b"in several pieces"),
        ]
        assert (PING, b"hello") in [(each.opcode, each.payload) for each in seen]
        assert [each.close_code for each in seen if each.opcode == CLOSE] == [1000]
        assert [each.time_ns for each in seen] == sorted(each.time_ns for each in seen)


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
async def test_frames_are_found_whatever_the_pieces(size: int) -> None:
    async with websockets_through_proxy() as (proxy, client, server):
        for length in SIZES:
            await client.send(bytes(length))
            await server.recv()
    data = proxy.connections[0].to_server.entered.data
    whole = FrameWalker().feed(data)
    walker, found = FrameWalker(), []
    for place in range(0, len(data), size):
        found += [(place + span.start, place + span.end) for span in walker.feed(data[place : place + size])]
    assert found == [(span.start, span.end) for span in whole]
    assert [span.payload_bytes for span in whole[:-1]] == SIZES


@pytest.mark.parametrize("seed", range(5))
def test_the_walker_takes_whatever_comes(seed: int) -> None:
    chance = seeded(seed)
    walker = FrameWalker()
    walker.feed(b"GET / HTTP/1.1\r\n\r\n")
    for _ in range(1000):
        walker.feed(chance.randbytes(chance.randrange(50)))


def test_a_tape_with_half_a_message_has_no_message() -> None:
    tape = Tape()
    tape.record(b"HTTP/1.1 101 OK\r\n\r\n")
    for byte in b"\x81\x02hi\x81\x05hel":
        tape.record(bytes([byte]))
    (seen,) = tape.messages()
    assert (seen.opcode, seen.payload, seen.time_ns) == (TEXT, b"hi", tape.pieces[4][0])


# -- faults --------------------------------------------------------------------------------------------------


async def test_latency_delays_each_way() -> None:
    async with ends() as there:
        there.proxy.to_server.latency_s = 0.05
        there.proxy.to_client.latency_s = 0.03
        started = time.monotonic()
        await there.send(there.client, b"x")
        await there.receive(there.server)
        there_s = time.monotonic() - started
        await there.send(there.server, b"x")
        await there.receive(there.client)
        whole_s = time.monotonic() - started
        assert there_s >= 0.05
        assert whole_s >= 0.08


async def test_jitter_varies_the_delay_and_keeps_the_order() -> None:
    async with ends() as there:
        there.proxy.to_server.latency_s = there.proxy.to_server.jitter_s = 0.01
        delays = []
        for number in range(20):
            started = time.monotonic()
            await there.send(there.client, bytes([number]))
            assert await there.receive(there.server) == bytes([number])
            delays.append(time.monotonic() - started)
        assert max(delays) - min(delays) > 0.005
        data = bytes(range(256)) * 8
        for place in range(0, len(data), 8):
            await there.send(there.client, data[place : place + 8])
            await asyncio.sleep(0)
        assert await there.receive_exactly(there.server, len(data)) == data


async def test_a_narrow_wire_carries_so_many_bytes_a_second_and_no_more() -> None:
    data = seeded(1).randbytes(16_384)
    async with ends() as there:
        there.proxy.to_client.bytes_per_s = 65_536
        started = time.monotonic()
        await there.send(there.server, data)
        assert await there.receive_exactly(there.client, len(data)) == data
        took_s = time.monotonic() - started
        assert took_s >= 0.2
        there.proxy.clear()
        await there.send(there.server, data * 50)
        assert await there.receive_exactly(there.client, len(data) * 50) == data * 50


async def test_slices_arrive_byte_by_byte() -> None:
    data = seeded(1).randbytes(2000)
    async with ends() as there:
        there.proxy.to_server.slice_bytes = 1
        await there.send(there.client, data)
        pieces: list[bytes] = []
        while sum(map(len, pieces)) < len(data):
            pieces.append(await there.receive(there.server))
        assert b"".join(pieces) == data
        assert len(pieces) > len(data) / 2
        (connection,) = there.proxy.connections
        assert {len(piece) for _, piece in connection.to_server.left.pieces} == {1}


async def test_a_black_hole_holds_everything_both_ways_until_it_is_lifted() -> None:
    async with ends() as there:
        there.proxy.hold()
        await there.send(there.client, b"up")
        await there.send(there.server, b"down")
        there.client.shutdown(socket.SHUT_WR)
        assert await there.silent(there.server)
        assert await there.silent(there.client)
        there.proxy.clear()
        assert await there.receive_all(there.server) == b"up"
        assert await there.receive(there.client) == b"down"


async def test_a_black_hole_one_way_lets_the_other_through() -> None:
    async with ends() as there:
        there.proxy.hold(there.proxy.to_client)
        await there.send(there.client, b"up")
        assert await there.receive(there.server) == b"up"
        await there.send(there.server, b"down")
        assert await there.silent(there.client)
        there.proxy.clear()
        assert await there.receive(there.client) == b"down"


async def test_a_black_hole_fills_up_and_then_takes_nothing_more() -> None:
    async with ends() as there:
        there.proxy.hold()
        filling = asyncio.get_running_loop().sock_sendall(there.client, bytes(100_000_000))
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(filling, SILENCE_S)
        (connection,) = there.proxy.connections
        assert len(connection.to_server.entered.data) < 1_000_000


async def test_a_reset_is_a_reset_at_both_ends() -> None:
    async with ends() as there:
        await there.send(there.client, b"x")
        await there.receive(there.server)
        await there.proxy.reset()
        for end in (there.client, there.server):
            with pytest.raises(ConnectionResetError):
                await there.receive(end)
        (connection,) = there.proxy.connections
        assert connection.to_client.left.ending is not None
        assert connection.to_client.left.ending[1] == "reset"


async def test_a_finished_connection_ends_at_both_ends_and_is_no_reset() -> None:
    async with ends() as there:
        await there.send(there.client, bytes(200_000))  # unread, so that closing carelessly would reset
        await there.proxy.finish()
        assert await there.receive(there.client) == b""
        await there.receive_all(there.server)
        await there.send(there.client, b"into the void")
        assert await there.receive(there.client) == b""


@pytest.mark.parametrize("way", ["end", "reset"])
async def test_a_websocket_hears_no_close_frame_of_either(way: Way) -> None:
    async with websockets_through_proxy() as (proxy, client, server):
        await (proxy.reset() if way == "reset" else proxy.finish())
        for each in (client, server):
            with pytest.raises(ConnectionClosedError) as caught:
                async with asyncio.timeout(PATIENCE_S):
                    await each.recv()
            assert caught.value.rcvd is None
        assert isinstance(client.connection_exc, ConnectionResetError) is (way == "reset")


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("to_server", [True, False])
async def test_a_cut_is_in_the_middle_of_a_frame(size: int, to_server: bool) -> None:
    async with websockets_through_proxy() as (proxy, client, server):
        (connection,) = proxy.connections
        line = connection.to_server if to_server else connection.to_client
        (proxy.to_server if to_server else proxy.to_client).cut = "end"
        await (client if to_server else server).send(bytes(size))
        for each in (client, server):
            with pytest.raises(ConnectionClosedError) as caught:
                async with asyncio.timeout(PATIENCE_S):
                    await each.recv()
            assert caught.value.rcvd is None
        sent, left = line.entered.data, line.left.data
        span = FrameWalker().feed(sent)[0]
        assert span.start < len(left) < span.end
        assert sent.startswith(left)


@pytest.mark.parametrize("size", SIZES[1:])
async def test_one_byte_is_corrupt_and_it_is_of_a_text(size: int) -> None:
    async with websockets_through_proxy() as (proxy, client, server):
        proxy.to_client.corrupt = Corruption(bit=0)
        await server.send(bytes(size))
        assert await client.recv() == bytes(size)
        for _ in range(2):
            await server.send("0" * size)
        first, second = [await client.recv(), await client.recv()]
        assert isinstance(first, str)
        assert [character for character in first if character != "0"] == ["1"]
        assert (len(first), second) == (size, "0" * size)


@pytest.mark.parametrize("corruption", [Corruption(0, 6), Corruption(1, 0), Corruption(130, 3)])
async def test_the_bit_that_is_to_be_turned_is_turned_and_no_other(corruption: Corruption) -> None:
    async with websockets_through_proxy() as (proxy, _, server):
        (connection,) = proxy.connections
        line = connection.to_client
        await arrived(lambda: line.entered.data.endswith(b"\r\n\r\n"))
        head = len(line.entered.data)
        proxy.to_client.corrupt = corruption
        await server.send(bytes(1000))
        await arrived(lambda: len(line.left.data) >= head + 1004)
        pairs = zip(line.entered.data[head:], line.left.data[head:], strict=False)
        turned = [(place, one ^ other) for place, (one, other) in enumerate(pairs) if one != other]
        assert turned == [(corruption.byte, 1 << corruption.bit)]


async def test_corrupt_text_is_refused_as_such() -> None:
    async with websockets_through_proxy() as (proxy, client, server):
        proxy.to_server.corrupt = Corruption()
        await client.send("text")
        with pytest.raises(ConnectionClosedError) as caught:
            await server.recv()
        assert caught.value.sent is not None
        assert caught.value.sent.code == 1007


def test_faults_that_are_cleared_are_none() -> None:
    faults = Faults()
    faults.latency_s, faults.held, faults.cut, faults.corrupt = 1.0, True, "end", Corruption()
    faults.clear()
    assert vars(faults) == vars(Faults()) | {"_released": faults._released}
