"""A WebSocket by hand: the handshake and the first message, with all that came in view, even what is wrong.

Owns the bytes of such a talk. The rules of WebSocket are the websockets library's; what the outcomes mean is
`stage_words`' to tell.
"""

from __future__ import annotations

import asyncio
import json
import logging
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from websockets.client import ClientProtocol
from websockets.exceptions import InvalidMessage
from websockets.frames import Frame, Opcode
from websockets.protocol import State
from websockets.typing import Subprotocol

if TYPE_CHECKING:
    from websockets.uri import WebSocketURI

    from inspector_app.intents import ClientSpec

_CLOSING_S = 0.3
_KEPT_BYTES = 16 * 1024
_HANDSHAKE_BYTES = 256 * 1024
"""Longest answer to the handshake; one without an end is taken apart for as long as it comes."""
_MESSAGE_BYTES = 16 * 1024 * 1024
_DATA: Final = frozenset({Opcode.TEXT, Opcode.BINARY, Opcode.CONT})
_PING: Final = {
    "type": "request",
    "requestId": ["probe", 0],
    "peerID": "probe",
    "data": {"operation": "slipstream.ping"},
}


class Talk:
    """A talk over an open socket, to be closed with `close()`. `raw` is the beginning of what came."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, uri: WebSocketURI, spec: ClientSpec
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._headers = list(spec.headers)
        if spec.token is not None:
            self._headers.append(("Authorization", f"Bearer {spec.token}"))
        offered = [Subprotocol(name) for name in spec.subprotocols] or None
        self._protocol = ClientProtocol(uri, subprotocols=offered, max_size=_MESSAGE_BYTES, logger=_quiet())
        self._events: list[Any] = []
        self.raw = b""

    @property
    def tls_version(self) -> str | None:
        """What TLS is spoken; None: none."""
        secured = self._writer.get_extra_info("ssl_object")
        return secured.version() if secured is not None else None

    @property
    def subprotocol(self) -> str | None:
        """What the server has chosen."""
        return self._protocol.subprotocol

    @property
    def close_code(self) -> int | None:
        """What the server closed with; None: it did not say."""
        return self._protocol.close_rcvd.code if self._protocol.close_rcvd else None

    @property
    def close_reason(self) -> str:
        """Why it closed, as it says."""
        return self._protocol.close_rcvd.reason if self._protocol.close_rcvd else ""

    async def upgrade(self) -> None:
        """Do the handshake; raises `OSError` or the websockets library's exceptions."""
        protocol = self._protocol
        request = protocol.connect()
        for name, value in self._headers:
            request.headers[name] = value
        protocol.send_request(request)
        length = 0
        while protocol.state is State.CONNECTING and protocol.handshake_exc is None:
            length += len(await self._exchange_bytes())
            if length > _HANDSHAKE_BYTES:
                raise InvalidMessage(f"the answer is longer than {_HANDSHAKE_BYTES // 1024} KiB")
        if protocol.handshake_exc is not None:
            raise protocol.handshake_exc

    async def ask(self) -> str | bytes | None:
        """Send a `slipstream.ping`; the first message that comes, or None if the connection ends before."""
        parts: list[bytes] = []
        binary = False
        if self._protocol.state is State.OPEN:  # it may have been closed together with the handshake
            self._protocol.send_text(json.dumps(_PING).encode())
        while True:
            for event in self._protocol.events_received():
                if not isinstance(event, Frame) or event.opcode not in _DATA:
                    continue
                binary = binary or event.opcode is Opcode.BINARY
                parts.append(bytes(event.data))
                if event.fin:
                    whole = b"".join(parts)
                    return whole if binary else whole.decode(errors="replace")
            if self._protocol.close_rcvd is not None or not await self._exchange_bytes():
                return None

    async def close(self) -> None:
        """Say goodbye, and close the socket; takes a moment at most."""
        with suppress(OSError):
            if self._protocol.state is State.OPEN:
                self._protocol.send_close(1000)
                self._write()
            self._writer.close()
            async with asyncio.timeout(_CLOSING_S):
                await self._writer.wait_closed()
        self._writer.transport.abort()

    async def _exchange_bytes(self) -> bytes:
        """Write what is to be said, and take what comes next; b"" at the end of the socket."""
        self._write()
        await self._writer.drain()
        data = await self._reader.read(16_384)
        await asyncio.sleep(0)  # a flood is there at once each time, and no deadline would come
        self.raw += data[: _KEPT_BYTES - len(self.raw)]
        if data:
            self._protocol.receive_data(data)
        else:
            self._protocol.receive_eof()
        return data

    def _write(self) -> None:
        self._writer.writelines([data for data in self._protocol.data_to_send() if data])


def _quiet() -> logging.Logger:
    # What fails here is told by the stages.
    quiet = logging.getLogger("slipstream.probing")
    quiet.setLevel(logging.CRITICAL)
    return quiet
