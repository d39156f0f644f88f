"""The control server: the engine as a Slipstream server whose operations are the intents.

Owns who may come in (loopback, a token, no browser) and what can be asked. It decides nothing about the
world under inspection: every intent goes to the source, every answer back. Problems of the recording are
pushed to all viewers as fire-and-forgets named `problem`, a new capture as one named `moved`.
"""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from inspector_app.capture.errors import CaptureError
from inspector_app.engine.wire import WireError, encode_done, intent_of
from inspector_app.intents import Done, EndEngine, RecordElsewhere, Stay
from slipstream import HandlerError, Limits, ProtocolHandler, SlipstreamError, request_response, serve

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from inspector_app.engine.recorder import Level
    from inspector_app.engine.recording import Recording
    from inspector_app.intents import EngineIntent, Intent

CONTROL_LIMITS = Limits(frame_bytes=64 * 1024 * 1024)
"""A raw frame that is sent as typed travels inside an intent, and may be larger than a frame may be."""


class Engine(Protocol):
    """What the control server needs of the engine that it belongs to."""

    @property
    def stay(self) -> bool:
        """Whether it runs on when the viewer that started it has ended."""

    def set_stay(self, on: bool) -> None:
        """Run on then, or do not."""

    def end(self) -> None:
        """End in good order, soon."""

    def moved(self, capture: Path) -> None:
        """Take note that recording goes on in `capture`."""

    def refuses(self, intent: Intent | EngineIntent) -> str | None:
        """Why it does not do that, in one sentence; None where it does."""


class ControlHandler(ProtocolHandler):
    """What a viewer can ask of the engine, one handler for each viewer."""

    def __init__(self, recording: Recording, engine: Engine) -> None:
        self._recording = recording
        self._engine = engine

    async def _perform(self, data: dict[str, Any]) -> dict[str, Any]:
        try:
            intent = intent_of(data)
        except WireError as error:
            raise HandlerError(str(error), code="invalid_request") from error
        return encode_done(await self._done(intent))

    async def _done(self, intent: Intent | EngineIntent) -> Done:
        if (refusal := self._engine.refuses(intent)) is not None:
            return Done(error=refusal)
        match intent:
            case RecordElsewhere():
                return await self._move_to(Path(intent.capture))
            case Stay():
                self._engine.set_stay(intent.on)
            case EndEngine():
                self._engine.end()
            case _:
                return await self._recording.source.perform(intent)
        return Done()

    async def _move_to(self, capture: Path) -> Done:
        try:
            await self._recording.move_to(capture)
        except CaptureError as error:
            return Done(error=str(error))
        self._engine.moved(capture)
        return Done()

    @request_response
    async def send_message(self, data: dict[str, Any]) -> dict[str, Any]:
        """Open an exchange or send a fire-and-forget; the result names the new exchange."""
        return await self._perform(data)

    @request_response
    async def repeat_message(self, data: dict[str, Any]) -> dict[str, Any]:
        """Begin to send a message many times."""
        return await self._perform(data)

    @request_response
    async def stop_repeating(self, data: dict[str, Any]) -> dict[str, Any]:
        """Leave off that, and give up what is in flight of it."""
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
    async def abort_exchange(self, data: dict[str, Any]) -> dict[str, Any]:
        """End a pending exchange with an error."""
        return await self._perform(data)

    @request_response
    async def tell_exchange(self, data: dict[str, Any]) -> dict[str, Any]:
        """Tell how an exchange stands."""
        return await self._perform(data)

    @request_response
    async def tell_repetition(self, data: dict[str, Any]) -> dict[str, Any]:
        """Tell how what is repeated stands."""
        return await self._perform(data)

    @request_response
    async def ask_peer(self, data: dict[str, Any]) -> dict[str, Any]:
        """Ask a peer what it offers."""
        return await self._perform(data)

    @request_response
    async def tell_mock(self, data: dict[str, Any]) -> dict[str, Any]:
        """Tell how what is hosted stands."""
        return await self._perform(data)

    @request_response
    async def tell_url(self, data: dict[str, Any]) -> dict[str, Any]:
        """Tell the URL that clients of what is hosted come in by."""
        return await self._perform(data)

    @request_response
    async def switch_fault(self, data: dict[str, Any]) -> dict[str, Any]:
        """Switch a fault on or off."""
        return await self._perform(data)

    @request_response
    async def add_fault(self, data: dict[str, Any]) -> dict[str, Any]:
        """Have one more fault."""
        return await self._perform(data)

    @request_response
    async def remove_fault(self, data: dict[str, Any]) -> dict[str, Any]:
        """Have one less, of those that were added."""
        return await self._perform(data)

    @request_response
    async def edit_answer(self, data: dict[str, Any]) -> dict[str, Any]:
        """Have a rule of a mock answer something else."""
        return await self._perform(data)

    @request_response
    async def add_rule(self, data: dict[str, Any]) -> dict[str, Any]:
        """Have a mock answer one more operation."""
        return await self._perform(data)

    @request_response
    async def hold_operation(self, data: dict[str, Any]) -> dict[str, Any]:
        """Have calls of an operation wait for answers by hand, or no more."""
        return await self._perform(data)

    @request_response
    async def answer_held(self, data: dict[str, Any]) -> dict[str, Any]:
        """Answer a call that waits."""
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
    async def record_elsewhere(self, data: dict[str, Any]) -> dict[str, Any]:
        """Go on recording in a new capture, which gets all that was recorded so far."""
        return await self._perform(data)

    @request_response
    async def stay(self, data: dict[str, Any]) -> dict[str, Any]:
        """Run on when the viewer that started this engine ends, or no more."""
        return await self._perform(data)

    @request_response
    async def end_engine(self, data: dict[str, Any]) -> dict[str, Any]:
        """End the engine and close the capture in good order."""
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
            "stays": self._engine.stay,
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
        self._push_to_all({"operation": "problem", "level": level, "text": text})

    def push_moved(self, capture: Path) -> None:
        """Tell every viewer where recording goes on."""
        self._push_to_all({"operation": "moved", "capture": str(capture)})

    def push_stays(self, on: bool) -> None:
        """Tell every viewer whether the engine runs on without the one that started it."""
        self._push_to_all({"operation": "stays", "on": on})

    def _push_to_all(self, news: dict[str, object]) -> None:
        for protocol in list(self._server.protocols):
            push = asyncio.create_task(self._push(protocol, news))
            self._pushes.add(push)
            push.add_done_callback(self._pushes.discard)

    async def _push(self, protocol: Any, news: dict[str, object]) -> None:
        with contextlib.suppress(SlipstreamError):  # a viewer that has left needs no news
            await protocol.fire_and_forget(news)


@contextlib.asynccontextmanager
async def control_server(recording: Recording, token: str, engine: Engine) -> AsyncIterator[Control]:
    """Serve intents for `recording` on loopback, to those who know `token`."""
    async with serve(
        lambda: ControlHandler(recording, engine),
        host="127.0.0.1",
        port=0,
        token=token,
        limits=CONTROL_LIMITS,
    ) as server:
        yield Control(server)
