"""From what a connection shows to an observer to records. Owns the translation and nothing else.

Findings of the live connection are not passed on: the fold derives them from the frames, so that a capture
opened a year later shows the same ones.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from inspector_app.capture.records import ExchangeSettled, FrameSeen, StateChanged
from slipstream.taps import FrameTap, Tap, Transition

if TYPE_CHECKING:
    from inspector_app.mock.faults.wire import FaultyWire
    from inspector_app.sources.base import Emit
    from slipstream.exchanges import Outcome, RequestId


class RecordingTap(Tap):
    """Emits a record for each frame, transition and local ending of connection number `conn`.

    A `wire` that changes what goes out tells that by itself: it knows what really goes, and when.
    """

    wire: FaultyWire | None = None

    def __init__(self, emit: Emit, conn: int) -> None:
        self._emit = emit
        self._conn = conn

    def frame(self, seen: FrameTap) -> None:
        """Emit the message exactly as it was on the wire."""
        direction, message, time_ns = seen
        if direction == "out" and self.wire is not None and not self.wire.untouched:
            return
        # What `FrameSeen(…)` does, at half the cost.
        self._emit(tuple.__new__(FrameSeen, (self._conn, time_ns, direction, message)))

    def transition(self, transition: Transition) -> None:
        """Emit the transition, states by the names of protocol.md §6."""
        self._emit(
            StateChanged(
                conn=self._conn,
                time_ns=transition.time_ns,
                old=transition.old.name,
                new=transition.new.name,
                code=transition.code,
                reason=transition.reason or "",
            )
        )

    def settled(self, request_id: RequestId, outcome: Outcome, message: str, time_ns: int) -> None:
        """Emit that this side ended an exchange on its own."""
        self._emit(
            ExchangeSettled(
                conn=self._conn,
                time_ns=time_ns,
                request_id=request_id,
                outcome=outcome.value,
                message=message,
            )
        )
