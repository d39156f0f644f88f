"""The last stage of a connection: the first frame that comes, as it is told of one that was open.

Owns the judgement on a first message, and the observer that tells a connection which ended, or stayed silent,
before a single frame came.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from inspector_app.sources.stage_words import close_told
from inspector_app.sources.stages import Stage, excerpt
from slipstream import ConnectionState, ProtocolError
from slipstream.frames import decode
from slipstream.taps import FrameTap, Tap, TapSet, Transition

if TYPE_CHECKING:
    from collections.abc import Callable

LISTENED: Final = "listen to the server"
SOON_NS: Final = 10_000_000_000
"""A connection that ends later than this without a frame was an idle one."""

_NO_FRAME: Final = "Is it a Slipstream server? Look at the URL; `connect` shows all that it sends"


def judge(message: str | bytes, tried: str = LISTENED) -> Stage:
    """Tell what the first message of a server is: a frame (protocol.md §2), or not."""
    what = "text" if isinstance(message, str) else "a binary message"
    try:
        frame = decode(message)
    except ProtocolError as error:
        why = "no JSON" if error.salvaged is None else "no frame"
        came = f"{what} that is {why}: {excerpt(message, 60)!r}"
        return Stage(name="frame", outcome="failed", tried=tried, came=came, advice=_NO_FRAME)
    return Stage(name="frame", outcome="ok", tried=tried, came=f"{what} that is a frame: {frame.type.value}")


UNHEARD: Final = Stage(
    name="frame",
    outcome="none",
    tried=LISTENED,
    came="nothing came",
    advice="It may be slow, or no Slipstream server: `check` tells",
)
"""Of a connection that is open, and silent as it may be."""


def ended_unheard(code: int | None, reason: str) -> Stage:
    """Tell of a connection that ended before a frame came."""
    came, advice = close_told(code, reason)
    return Stage(name="frame", outcome="failed", tried=LISTENED, came=came, advice=advice)


def reached(websocket: Any, address: str) -> list[Stage]:
    """Tell the four stages before the first frame of a connection that came about."""
    remote = websocket.remote_address
    place = f"{remote[0]} port {remote[1]}" if isinstance(remote, tuple) else "the server"
    tls = websocket.transport.get_extra_info("ssl_object")
    chosen = f", subprotocol {websocket.subprotocol}" if websocket.subprotocol else ""
    return [
        Stage(name="name", outcome="ok", came=f"{address} was found"),
        Stage(name="TCP", outcome="ok", tried=f"connect to {place}", came="connected"),
        tls_stage(tls.version() if tls is not None else None),
        Stage(name="HTTP", outcome="ok", tried="ask for a WebSocket", came=f"101{chosen}"),
    ]


def tls_stage(version: str | None) -> Stage:
    """Tell of TLS that came about, or, without a version, is not asked for."""
    if version is None:
        return Stage(name="TLS", outcome="none", came="not asked for (ws://)")
    return Stage(name="TLS", outcome="ok", tried="TLS handshake", came=version)


class FirstFrame(Tap):
    """Watches a connection for its first frame. `on_unheard` gets all five stages if it soon ends without.

    Of a connection that this side closes, or that was silent for long as it may be, nothing is told.
    """

    def __init__(self, address: str, on_unheard: Callable[[tuple[Stage, ...]], object] | None = None) -> None:
        self._address = address
        self._on_unheard = on_unheard
        self._websocket: Any = None
        self._bad: Stage | None = None
        self._taps: TapSet | None = None
        self._connected_ns = 0
        self.heard = False
        """Whether a frame came."""

    def leaves(self, taps: TapSet) -> None:
        """Have it watch no longer than needed: it goes out of `taps` at the first frame."""
        self._taps = taps
        if self.heard:
            taps.remove(self)

    def opened(self, websocket: Any) -> None:
        """Take note of the connection, once its handshake is done."""
        self._websocket = websocket

    def frame(self, seen: FrameTap) -> None:
        """Look at what comes, up to the first frame."""
        if self.heard or seen.direction == "out":
            return
        stage = judge(seen.message)
        self.heard = stage.outcome == "ok"
        self._bad = self._bad or stage
        if self.heard and self._taps is not None:
            self._taps.remove(self)

    def transition(self, transition: Transition) -> None:
        """Tell of an end before the first frame."""
        if transition.new is ConnectionState.CONNECTED:
            self._connected_ns = transition.time_ns
        ended = transition.new in {ConnectionState.CLOSED, ConnectionState.LOST}
        if not ended or transition.old is not ConnectionState.CONNECTED or self._on_unheard is None:
            return
        stages = self.stages(ended_unheard(transition.code, transition.reason or ""))
        if stages and transition.time_ns - self._connected_ns < SOON_NS:
            self._on_unheard(stages)

    def stages(self, otherwise: Stage) -> tuple[Stage, ...]:
        """All five stages where no frame has come: the last says what came instead, or is `otherwise`."""
        if self.heard or self._websocket is None:
            return ()
        return (*reached(self._websocket, self._address), self._bad or otherwise)
