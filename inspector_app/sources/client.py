"""The client source: one connection at a time to a server, and the next one when asked.

Owns the life of its connections: each attempt has a number of its own in the capture, a failed one ends
LOST with the reason as a sentence, and the source lives on for the next. Nothing is retried unasked. What
answers the server is made anew when its files change.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlunsplit

from inspector_app.capture.records import (
    ConnectionOpened,
    HandshakeSeen,
    Noted,
    OperationsDescribed,
    StateChanged,
)
from inspector_app.intents import (
    AskPeer,
    ClientSpec,
    Disconnect,
    Done,
    Intent,
    MockIntent,
    Reconnect,
    TellRepetition,
)
from inspector_app.mock.reload import BuiltIn, Reloader, handlers_of
from inspector_app.sources.actions import act
from inspector_app.sources.address import check_url, without_password
from inspector_app.sources.base import Emit, hosted, inspector_limits
from inspector_app.sources.failures import connect_failure
from inspector_app.sources.first_frame import FirstFrame
from inspector_app.sources.handshake import handshake_of
from inspector_app.sources.probing import LIMIT_S, find_stages
from inspector_app.sources.repeating import Repeater
from inspector_app.sources.stages import Stage, to_handshake
from inspector_app.sources.tap import RecordingTap
from inspector_app.sources.tls import tls_context
from slipstream import ConnectionClosedError, ConnectionState, Protocol, connect, describe

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from websockets.asyncio.client import ClientConnection

    from inspector_app.mock.load import HandlerFactory
    from inspector_app.mock.reload import Hosted, Level

OPEN_TIMEOUT_S = 10.0
"""Longest time from asking for a connection to its being open."""

_STOPPED = "The source was stopped: start it again."
_NOT_CONNECTED = "There is no open connection: reconnect first."


class ClientSource:
    """Connects to `spec.url`. Raises `SourceError` for a spec that cannot work.

    `handler` makes what answers the server, instead of the one that the spec names. `alongside` is run over
    each connection while it is open. A server that does not answer within `open_timeout_s` is given up.
    """

    def __init__(
        self,
        spec: ClientSpec,
        *,
        handler: HandlerFactory | None = None,
        alongside: Callable[[Protocol], Coroutine[None, None, None]] | None = None,
        open_timeout_s: float = OPEN_TIMEOUT_S,
    ) -> None:
        url = check_url(spec.url)
        self._spec = spec
        self._url = urlunsplit(url)
        self._ssl = tls_context(spec, secure=url.scheme == "wss")
        named = hosted(spec.handler) if spec.handler else BuiltIn(handler) if handler else None
        self._reloader = Reloader(named, take_over=self._take_over, tell=self._note) if named else None
        self._following: asyncio.Task[None] | None = None
        self._alongside = alongside
        self._open_timeout_s = open_timeout_s
        self._emit: Emit = _not_started
        self._conn = 0
        self._protocol: Protocol | None = None
        self._repeater = Repeater()
        self._running: asyncio.Task[None] | None = None
        self._turn = asyncio.Lock()
        self._stopped = False

    @property
    def address(self) -> str:
        """The URL, without user name and password."""
        return without_password(self._url)

    @property
    def protocol(self) -> Protocol | None:
        """The connection as it is, or was; None before the first came about."""
        return self._protocol

    async def start(self, emit: Emit) -> None:
        """Begin to connect; whether it works is told by records."""
        self._emit = emit
        if self._reloader is not None:
            self._put_to_work(self._reloader.hosted)
            self._following = asyncio.create_task(self._reloader.run(), name="follow the handler's files")
        self._begin()

    async def perform(self, intent: Intent) -> Done:
        """Carry out an intent on the open connection."""
        if isinstance(intent, Reconnect):
            return await self._reconnect()
        if isinstance(intent, Disconnect):
            return await self._disconnect()
        if isinstance(intent, TellRepetition):
            return Done(conn=intent.conn, told=self._repeater.told(intent.conn))
        if self._protocol is None or self._protocol.state is not ConnectionState.CONNECTED:
            return Done(error=_NOT_CONNECTED)
        if not isinstance(intent, MockIntent) and intent.conn not in {None, self._conn}:
            return Done(error=f"Connection {intent.conn} has ended: only connection {self._conn} is open.")
        if isinstance(intent, MockIntent):
            return Done(error="Nothing is hosted here: this is a client.")
        if isinstance(intent, AskPeer):
            await self._describe(self._protocol, self._conn)
            return Done(conn=self._conn)
        return await act(intent, self._protocol, self._conn, self._repeater)

    async def stop(self) -> None:
        """Close the connection, if there is one; there is none after it."""
        self._stopped = True
        if self._reloader is not None and self._following is not None:
            self._following.cancel()
            await asyncio.gather(self._following, return_exceptions=True)
            await self._reloader.hosted.end()
        async with self._turn:
            await self._end()

    def _take_over(self, new: Hosted) -> None:
        """Have the server answered by a new version from now on. Raises `HandlerFileError`."""
        (handler,) = handlers_of(new, 1)
        self._put_to_work(new)
        if self._protocol is not None:
            self._protocol.set_handler(handler)

    def _put_to_work(self, version: Hosted) -> None:
        version.notes_to(self._note)
        if version.faults:
            name = Path(version.name).name
            self._note("warning", f"The faults in {name} do nothing here: they are for a hosted server.")

    def _note(self, level: Level, text: str, protocol: Protocol | None = None) -> None:
        conn = self._conn if protocol is not None else None
        self._emit(Noted(time_ns=time.time_ns(), level=level, text=text, conn=conn))

    # One at a time ends and begins, or a connection could begin that nobody ends.

    async def _reconnect(self) -> Done:
        async with self._turn:
            if self._stopped:
                return Done(error=_STOPPED)
            await self._end()
            self._begin()
            return Done(conn=self._conn)

    async def _disconnect(self) -> Done:
        async with self._turn:
            if self._running is None or self._running.done():
                return Done(error="There is no connection to close.")
            await self._end()
            return Done(conn=self._conn)

    def _begin(self) -> None:
        self._conn += 1
        self._protocol = None
        self._running = asyncio.create_task(self._run(self._conn), name=f"client connection {self._conn}")

    async def _end(self) -> None:
        """End the running connection or attempt, and wait until its last record is emitted."""
        if self._protocol is not None:
            await self._protocol.aclose()
        if self._running is not None:
            if self._protocol is None:
                self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)

    async def _run(self, conn: int) -> None:
        peer_id = str(uuid.uuid4())
        self._emit(
            ConnectionOpened(
                conn=conn, time_ns=time.time_ns(), role="client", address=self.address, local_peer=peer_id
            )
        )
        try:
            await self._hold_connection(conn, peer_id)
        except asyncio.CancelledError:
            if self._protocol is None:
                self._not_connected(conn, "CLOSED", "given up before it was open")
            raise
        except Exception as error:  # noqa: BLE001 - whatever it was, the user must hear why there is no connection
            await self._failed(conn, connect_failure(error, self.address))

    async def _failed(self, conn: int, sentence: str) -> None:
        """Find out how far it got, before the attempt is told to have ended: whoever reads of it has both."""
        try:
            if self._protocol is None:
                limit_s = min(LIMIT_S, self._open_timeout_s)
                self._tell_stages(conn, await find_stages(self._spec, self._ssl, limit_s=limit_s))
        finally:
            self._not_connected(conn, "LOST", sentence)
            self._emit(Noted(conn=conn, time_ns=time.time_ns(), level="problem", text=sentence))

    def _tell_stages(self, conn: int, stages: tuple[Stage, ...]) -> None:
        self._emit(HandshakeSeen(conn=conn, time_ns=time.time_ns(), handshake=to_handshake(stages)))

    async def _hold_connection(self, conn: int, peer_id: str) -> None:
        def unheard(stages: tuple[Stage, ...]) -> None:
            self._tell_stages(conn, stages)
            sentence = f"{self.address} took the connection, but no frame came: {stages[-1].came}."
            self._emit(Noted(conn=conn, time_ns=time.time_ns(), level="problem", text=sentence))

        first_frame = FirstFrame(self.address, unheard)

        def on_handshake(websocket: ClientConnection) -> None:
            first_frame.opened(websocket)
            self._emit(HandshakeSeen(conn=conn, time_ns=time.time_ns(), handshake=handshake_of(websocket)))

        async with connect(
            self._url,
            handler=self._reloader.hosted.make() if self._reloader else None,
            headers=self._spec.headers,
            token=self._spec.token,
            subprotocols=self._spec.subprotocols,
            ssl=self._ssl,
            limits=inspector_limits(self._spec.bad_frames),
            open_timeout_s=self._open_timeout_s,
            peer_id=peer_id,
            taps=[first_frame, RecordingTap(self._emit, conn)],
            on_handshake=on_handshake,
        ) as protocol:
            self._protocol = protocol
            first_frame.leaves(protocol.taps)
            tasks = [asyncio.create_task(self._describe(protocol, conn), name="describe")]
            if self._alongside is not None:
                tasks.append(asyncio.create_task(self._alongside(protocol), name="alongside"))
            try:
                await protocol.wait_closed()
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)

    async def _describe(self, protocol: Protocol, conn: int) -> None:
        try:
            operations = await describe(protocol)
        except ConnectionClosedError:
            return  # the end of the connection is told by its transition
        if operations is not None:
            self._emit(OperationsDescribed(conn=conn, time_ns=time.time_ns(), operations=tuple(operations)))

    def _not_connected(self, conn: int, state: str, reason: str) -> None:
        self._emit(
            StateChanged(conn=conn, time_ns=time.time_ns(), old="CONNECTING", new=state, reason=reason)
        )


def _not_started(record: object) -> None:
    raise RuntimeError(f"the source emits before it was started: {record!r}")
