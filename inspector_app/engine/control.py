"""The control server: the engine as a Slipstream server whose operations are the intents.

Owns who may come in (loopback, a token, no browser) and what can be asked. It decides nothing about the
world under inspection: every intent goes to the source, every answer back. Problems of the recording are
pushed to all viewers as fire-and-forgets named `problem`.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any

from inspector_app.engine.wire import WireError, encode_done, intent_of
from slipstream import HandlerError, Limits, ProtocolHandler, SlipstreamError, request_response, serve

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from inspector_app.engine.recorder import Level
    from inspector_app.engine.recording import Recording

CONTROL_LIMITS = Limits(frame_bytes=64 * 1024 * 1024)
"""A raw frame that is sent as typed travels inside an intent, and may be larger than a frame may be."""


class ControlHandler(ProtocolHandler):
    """What a viewer can ask of the engine, one handler for each viewer."""

    def __init__(self, recording: Recording) -> None:
        self._recording = recording

    async def _perform(self, data: dict[str, Any]) -> dict[str, Any]:
        try:
            intent = intent_of(data)
        except WireError as error:
            raise HandlerError(str(error), code="invalid_request") from error
        return encode_done(await self._recording.source.perform(intent))

    @request_response
    async def send_message(self, data: dict[str, Any]) -> dict[str, Any]:
        """Open an exchange or send a fire-and-forget; the result names the new exchange."""
        return await self._perform(data)

    @request_response
    async def send_raw(self, data: dict[str, Any]) -> dict[str, Any]:
        """Send text exactly as given, whatever it is."""
        return await self._perform(data)

    @request_response
    async def send_item(self, data: dict[str, Any]) -> dict[str, Any]:
        """Send one item on an open bidirectional stream."""
        return await self._perform(data)

    @request_response
    async def end_half(self, data: dict[str, Any]) -> dict[str, Any]:
        """End this side's half of a bidirectional stream."""
        return await self._perform(data)

    @request_response
    async def cancel_exchange(self, data: dict[str, Any]) -> dict[str, Any]:
        """Give up a pending exchange."""
        return await self._perform(data)

    @request_response
    async def reconnect(self, data: dict[str, Any]) -> dict[str, Any]:
        """Client: make a new connection. Server: load the handler and listen again."""
        return await self._perform(data)

    @request_response
    async def disconnect(self, data: dict[str, Any]) -> dict[str, Any]:
        """Close the connection, or every connection, normally."""
        return await self._perform(data)

    @request_response
    async def status(self, data: dict[str, Any]) -> dict[str, Any]:
        """Tell where the source is, how much came in, how much is not on disk and why."""
        del data
        recorder = self._recording.recorder
        return {
            "address": self._recording.source.address,
            "capture": str(self._recording.capture),
            "received": recorder.received,
            "unsaved": recorder.unsaved,
            "failing": recorder.failing,
        }


class Control:
    """A running control server."""

    def __init__(self, server: Any) -> None:
        self._server = server
        self._pushes: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        """Where viewers connect to."""
        return str(self._server.url)

    def push_problem(self, level: Level, text: str) -> None:
        """Tell every viewer about a problem of the recording, or its end."""
        for protocol in list(self._server.protocols):
            push = asyncio.create_task(self._push(protocol, level, text))
            self._pushes.add(push)
            push.add_done_callback(self._pushes.discard)

    async def _push(self, protocol: Any, level: Level, text: str) -> None:
        with contextlib.suppress(SlipstreamError):  # a viewer that has left needs no news
            await protocol.fire_and_forget({"operation": "problem", "level": level, "text": text})


@contextlib.asynccontextmanager
async def control_server(recording: Recording, token: str) -> AsyncIterator[Control]:
    """Serve intents for `recording` on loopback, to those who know `token`."""
    async with serve(
        lambda: ControlHandler(recording), host="127.0.0.1", port=0, token=token, limits=CONTROL_LIMITS
    ) as server:
        yield Control(server)
