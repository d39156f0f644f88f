"""The server source: hosts a mock handler, and records what each of its peers does.

Owns the listening socket and the numbering of peers. The handler is loaded when the source is made, again
when its files have changed, and each time it is told to listen again. What runs then ends with the old one.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from http import HTTPStatus
from typing import TYPE_CHECKING

from inspector_app.capture.records import ConnectionOpened, Noted, OperationsDescribed, Record
from inspector_app.intents import (
    AskPeer,
    Disconnect,
    Done,
    Intent,
    MockIntent,
    Reconnect,
    ServerSpec,
    TellRepetition,
)
from inspector_app.mock.by_hand import Desk
from inspector_app.mock.faults.at_work import Faults
from inspector_app.mock.load import HandlerFileError
from inspector_app.mock.reload import Reloader, handlers_of
from inspector_app.sources.actions import act
from inspector_app.sources.address import is_loopback, url_of, with_token
from inspector_app.sources.base import Emit, hosted, hosting_limits
from inspector_app.sources.failures import SourceError, listen_failure
from inspector_app.sources.handshake import handshake_of
from inspector_app.sources.misbehaving import faulty_wire
from inspector_app.sources.mocking import Mocking
from inspector_app.sources.repeating import Repeater
from inspector_app.sources.tap import RecordingTap
from slipstream import ConnectionClosedError, ConnectionState, Protocol, Refused, describe, serve

if TYPE_CHECKING:
    from inspector_app.mock.reload import Hosted, Level
    from slipstream import ProtocolHandler
    from slipstream.server import Server
    from slipstream.wire import Wire

_ENDED = {ConnectionState.CLOSED, ConnectionState.LOST}
_TOLD_REFUSALS = 16
_STOPPED = "The source was stopped: start it again."


class ServerSource:
    """Hosts `spec.handler`. Raises `SourceError` for a handler that cannot be loaded."""

    def __init__(self, spec: ServerSpec) -> None:
        self._spec = spec
        first = hosted(spec.handler, spec.seed, spec.faults)
        self._reloader = Reloader(first, take_over=self._take_over, tell=self._note)
        self.faults = Faults(first.faults, seed=first.seed)
        self.desk = Desk(self._note)
        self.desk.counts.know(first.make)
        self._mocking = Mocking(self._reloader, self.faults, self.desk, self._conn_of, self._url)
        self._repeater = Repeater()
        self._following: asyncio.Task[None] | None = None
        self._server: Server | None = None
        self._port = spec.port
        self._emit: Emit | None = None
        self._listening = contextlib.AsyncExitStack()
        self._turn = asyncio.Lock()  # one at a time listens and leaves off, or the port is held by nobody
        self._stopped = False
        self._arriving: dict[object, _Arrival] = {}
        self._peers: dict[int, Protocol] = {}
        self._conns = 0
        self._refused: set[str] = set()

    @property
    def hosted(self) -> Hosted:
        """The version of the handler that is at work."""
        return self._reloader.hosted

    @property
    def address(self) -> str:
        """The URL that clients connect to."""
        return url_of(self._spec.host, self._port)

    def _url(self) -> str:
        token = self._spec.token
        return self.address if token is None else with_token(self.address, token)

    async def start(self, emit: Emit) -> None:
        """Listen; raises `SourceError` when the address cannot be had."""
        self._emit = emit
        self.hosted.notes_to(self._note)
        await self._listen()
        self._following = asyncio.create_task(self._reloader.run(), name="follow the handler's files")
        self._note("info", f"Listening on {self.address}.")
        if not is_loopback(self._spec.host):
            self._note("warning", f"{self.address} can be reached from other machines.")

    async def perform(self, intent: Intent) -> Done:
        """Carry out an intent on the peer it names, or on the newest."""
        if isinstance(intent, Reconnect):
            async with self._turn:
                return await self._listen_again()
        if isinstance(intent, MockIntent):
            return self._mocking.perform(intent)
        if isinstance(intent, TellRepetition):
            return Done(conn=intent.conn, told=self._repeater.told(intent.conn))
        peers = self._open_peers()
        if isinstance(intent, Disconnect):
            await asyncio.gather(*(protocol.aclose() for protocol in peers.values()))
            return Done() if peers else Done(error="There is no connection to close.")
        if not peers:
            return Done(error=f"No client is connected: have one connect to {self.address} first.")
        conn = max(peers) if intent.conn is None else intent.conn
        if conn not in peers:
            return Done(error=f"Connection {conn} has ended: choose one that is open.")
        if isinstance(intent, AskPeer):
            return await self._ask(peers[conn], conn)
        return await act(intent, peers[conn], conn, self._repeater)

    async def _ask(self, peer: Protocol, conn: int) -> Done:
        try:
            operations = await describe(peer)
        except ConnectionClosedError:
            return Done(error=f"Connection {conn} has ended: choose one that is open.")
        if operations is None:
            return Done(error="This peer does not describe itself: name the operation by hand.")
        if self._emit is not None:
            self._emit(OperationsDescribed(conn=conn, time_ns=time.time_ns(), operations=tuple(operations)))
        return Done(conn=conn)

    async def stop(self) -> None:
        """Close every connection and the socket; nothing listens after it."""
        self._stopped = True
        if self._following is not None:
            self._following.cancel()
            await asyncio.gather(self._following, return_exceptions=True)
        await self.hosted.end()
        async with self._turn:
            await self._listening.aclose()

    async def _listen(self) -> None:
        stack = contextlib.AsyncExitStack()
        try:
            server = await stack.enter_async_context(
                serve(
                    self._make_handler,
                    self._spec.host,
                    self._port,
                    limits=hosting_limits(self._spec.bad_frames, self._spec.max_peers),
                    token=self._spec.token,
                    max_connections=self._spec.max_peers,
                    allow_origins=self._spec.allow_origins,
                    taps=self._observe,
                    rewire=self._rewire,
                    on_connect=self._welcome,
                    on_refused=self._tell_refused,
                )
            )
        except (OSError, UnicodeError) as error:
            raise SourceError(listen_failure(error, self._spec.host, self._port)) from error
        self._listening, self._server, self._port = stack, server, server.port

    async def _listen_again(self) -> Done:
        if self._stopped:
            return Done(error=_STOPPED)
        try:
            await self._reloader.reload()
        except Exception:  # noqa: BLE001 - whatever a file does to it, the old handler goes on
            return Done(error=self._reloader.problem)
        await self._listening.aclose()
        try:
            await self._listen()
        except SourceError as failure:
            self._note("problem", failure.text)
            return Done(error=failure.text)
        self._note("info", f"Listening again on {self.address}.")
        return Done()

    def _make_handler(self) -> ProtocolHandler:
        try:
            (handler,) = handlers_of(self.hosted, 1)
        except HandlerFileError as error:
            self._note("problem", str(error))
            raise
        return self.desk.handler(handler)

    def _take_over(self, new: Hosted) -> None:
        """Have every connection answered by a new version from now on. Raises `HandlerFileError`."""
        peers = list(self._server.protocols) if self._server is not None else []
        handlers = handlers_of(new, len(peers))
        new.notes_to(self._note)
        for peer, handler in zip(peers, handlers, strict=True):
            peer.set_handler(self.desk.handler(handler))
        self.faults.take_over(new.faults, new.seed)
        self.desk.counts.know(new.make)

    def _observe(self, websocket: object) -> list[RecordingTap]:
        self._conns += 1
        arrival = self._arriving[websocket] = _Arrival(self._conns)
        return [arrival.tap]

    def _rewire(self, websocket: object, wire: Wire) -> Wire:
        arrival = self._arriving[websocket]
        faulty = arrival.tap.wire = faulty_wire(wire, websocket, self.faults, arrival.conn, arrival)
        return faulty

    def _welcome(self, protocol: Protocol) -> None:
        arrival = self._arriving.pop(protocol.websocket)
        if arrival.tap.wire is not None:
            arrival.tap.wire.in_flight = protocol.all_in_flight
        self._open_peers()[arrival.conn] = protocol
        if self._emit is None:
            return
        self._emit(
            ConnectionOpened(
                conn=arrival.conn,
                time_ns=time.time_ns(),
                role="server",
                address=self.address,
                local_peer=protocol.peer_id,
                handshake=handshake_of(protocol.websocket),
            )
        )
        arrival.let_through(self._emit)

    def _tell_refused(self, refused: Refused) -> None:
        # Once for each origin, and for so many: a page that insists must not fill the capture.
        why = refused.origin or refused.status.phrase
        if why in self._refused or len(self._refused) >= _TOLD_REFUSALS:
            return
        self._refused.add(why)
        self._note("warning", self._told_refusal(refused))

    def _told_refusal(self, refused: Refused) -> str:
        if refused.origin is not None:
            origin = refused.origin[:200]
            return f"A web page of {origin} was refused: to let it in, host with --allow-origin {origin}."
        if refused.status is HTTPStatus.UNAUTHORIZED:
            return "A client without the right token was refused: have it connect to the URL with the token."
        many = self._spec.max_peers
        return (
            f"A client was refused, {many} are connected: to let in more, host with --max-peers {many + 1}."
        )

    def _open_peers(self) -> dict[int, Protocol]:
        """Give the peers that have not ended; forget the others."""
        self._peers = {conn: peer for conn, peer in self._peers.items() if peer.state not in _ENDED}
        return self._peers

    def _conn_of(self, protocol: Protocol | None) -> int | None:
        return next((conn for conn, peer in self._peers.items() if peer is protocol), None)

    def _note(self, level: Level, text: str, protocol: Protocol | None = None) -> None:
        if self._emit is not None:
            self._emit(Noted(time_ns=time.time_ns(), level=level, text=text, conn=self._conn_of(protocol)))


class _Arrival:
    """Holds what a new peer does until it is known who this side is to it, then lets it through."""

    def __init__(self, conn: int) -> None:
        self.conn = conn
        self.tap = RecordingTap(self, conn)
        self._held: list[Record] = []
        self._emit: Emit = self._held.append

    def __call__(self, record: Record) -> None:
        self._emit(record)

    def let_through(self, emit: Emit) -> None:
        for record in self._held:
            emit(record)
        self._held.clear()
        self._emit = emit
