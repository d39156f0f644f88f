"""The control connection of a viewer: intents one way, news the other, made anew when it is lost.

Owns the connection and what was heard over it. It starts and ends no engine: whether there is one to call is
asked of whoever made it.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any

from inspector_app.engine.wire import WireError, call_of, done_of
from inspector_app.intents import Done, RecordElsewhere

if TYPE_CHECKING:
    from collections.abc import Callable

    from inspector_app.intents import EngineIntent, Intent
    from slipstream import Protocol

INTENT_LIMIT_S = 15.0
MOVE_LIMIT_S = 600.0
"""Recording elsewhere copies all that there is, to whatever disk it is told."""

_PAUSE_S = 0.2

GONE = "The engine is not running: start it again, the capture so far is intact."
AWAY = "The engine does not answer and is called again: wait a moment, then try again."
CUT = "The engine was lost before it answered, and is called again: look whether it was done, then go on."


class Unreachable(Exception):  # noqa: N818 - a state, not a mistake
    """There is no talking to the engine; the text is a sentence."""


class Calling:
    """A viewer's connection to an engine. All methods and callbacks belong to one event loop.

    `on_problem` hears (level, text) about the recording, `on_moved` where it goes on; both hear with the next
    connection what they missed without one.
    """

    def __init__(self, *, on_problem: Callable[[str, str], None], on_moved: Callable[[str], None]) -> None:
        self._on_problem = on_problem
        self._on_moved = on_moved
        self._url = ""
        self._token = ""
        self._told = ""
        self._capture = ""
        self.stays = False
        """Whether the engine runs on when the viewer that started it ends, as far as is known."""
        self.protocol: Protocol | None = None
        self._control = contextlib.AsyncExitStack()
        self._holding: asyncio.Task[None] | None = None

    async def open(self, url: str, token: str) -> dict[str, Any]:
        """Connect; give the engine's status. Raises `Unreachable`."""
        self._url, self._token = url, token
        return await self._open()

    def hold(self, alive: Callable[[], bool], limit_s: float, on_lost: Callable[[], None]) -> None:
        """Connect anew whenever the connection is lost, for `limit_s` and while the engine is `alive`.

        `on_lost` hears once that this was in vain.
        """
        self._holding = asyncio.create_task(self._hold(alive, limit_s, on_lost), name="engine control")

    async def perform(self, intent: Intent | EngineIntent, alive: Callable[[], bool]) -> Done:
        """Have the engine carry out an intent. Never raises; `Done.error` says why it was not done."""
        from slipstream import ConnectionState, RequestTimeoutError, SlipstreamError

        limit_s = MOVE_LIMIT_S if isinstance(intent, RecordElsewhere) else INTENT_LIMIT_S
        if self.protocol is None or self.protocol.state is not ConnectionState.CONNECTED:
            return Done(error=AWAY if alive() else GONE)
        try:
            answer = await self.protocol.request_response(call_of(intent), timeout=limit_s)
            return done_of(answer)
        except RequestTimeoutError:
            return Done(error=f"The engine did not answer within {limit_s:g} s: it may be overloaded.")
        except ConnectionError:
            return Done(error=CUT if alive() else GONE)
        except (SlipstreamError, WireError) as error:
            return Done(error=f"The engine did not take that: {error}.")

    async def close(self) -> None:
        """Hang up. Idempotent."""
        if self._holding is not None:
            self._holding.cancel()
            await asyncio.gather(self._holding, return_exceptions=True)
        await self._forget()

    async def _open(self) -> dict[str, Any]:
        from websockets.exceptions import WebSocketException

        from inspector_app.engine.control import CONTROL_LIMITS
        from inspector_app.engine.viewer_handler import ViewerHandler
        from slipstream import SlipstreamError, connect

        try:
            async with contextlib.AsyncExitStack() as control:
                protocol = await control.enter_async_context(
                    connect(
                        self._url,
                        token=self._token,
                        handler=ViewerHandler(self._heard_problem, self._heard_moved, self._heard_stays),
                        limits=CONTROL_LIMITS,
                    )
                )
                status: Any = await protocol.request_response({"operation": "status"}, timeout=INTENT_LIMIT_S)
                self._control, self.protocol = control.pop_all(), protocol
        except (SlipstreamError, WebSocketException, OSError) as error:
            raise Unreachable(f"The engine cannot be reached: {error}.") from error
        known: dict[str, Any] = status if isinstance(status, dict) else {}
        self._heard_status(known)
        return known

    async def _hold(self, alive: Callable[[], bool], limit_s: float, on_lost: Callable[[], None]) -> None:
        while self.protocol is not None:
            await self.protocol.wait_closed()
            await self._forget()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(limit_s):
                    await self._reach(alive)
        on_lost()

    async def _reach(self, alive: Callable[[], bool]) -> None:
        while self.protocol is None and alive():
            try:
                await self._open()
            except Unreachable:
                await asyncio.sleep(_PAUSE_S)

    async def _forget(self) -> None:
        self.protocol = None
        await self._control.aclose()

    # -- what is heard ------------------------------------------------------------------------------------

    def _heard_status(self, status: dict[str, Any]) -> None:
        """Take what was missed without a connection, and tell only what is new."""
        capture, failing = status.get("capture"), status.get("failing")
        self.stays = status.get("stays") is True
        if isinstance(capture, str):
            if self._capture and capture != self._capture:
                self._on_moved(capture)
            self._capture = capture
        if isinstance(failing, str) and failing != self._told:
            self._heard_problem("problem", failing)
        elif failing is None and self._told:
            self._heard_problem("info", "Recording works again.")

    def _heard_problem(self, level: str, text: str) -> None:
        self._told = text if level == "problem" else ""
        self._on_problem(level, text)

    def _heard_moved(self, capture: str) -> None:
        self._capture = capture
        self._on_moved(capture)

    def _heard_stays(self, on: bool) -> None:
        self.stays = on
