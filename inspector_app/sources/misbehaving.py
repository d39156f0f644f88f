"""The faults of a hosted server, hooked in: a wire for each connection, and what it does on record.

Owns which fault is told how. While there are rules, what goes out is recorded by the wire, when it goes; all
else by the connection's tap.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from inspector_app.capture.records import FaultMet, FrameSeen
from inspector_app.mock.faults.plan import ConnectionFaults
from inspector_app.mock.faults.wire import FaultyWire

if TYPE_CHECKING:
    from inspector_app.mock.faults.at_work import Faults
    from inspector_app.mock.faults.plan import Sending
    from inspector_app.sources.base import Emit
    from slipstream.wire import Wire


def faulty_wire(wire: Wire, websocket: Any, faults: Faults, conn: int, emit: Emit) -> FaultyWire:
    """Put faults between connection number `conn` and its wire; what goes out is emitted."""

    def sent(text: str) -> None:
        # What `FrameSeen(…)` does, at half the cost.
        emit(tuple.__new__(FrameSeen, (conn, time.time_ns(), "out", text)))

    def told(sending: Sending) -> None:
        if sending.fault is None or not sending.told:
            return
        rule = sending.fault.rule
        shown = sending.text if rule.do != "stall" else None  # that is on its way only when it ends
        emit(
            FaultMet(
                conn=conn,
                time_ns=time.time_ns(),
                text=f"Fault {sending.fault.title}: {sending.told}.",
                raw=shown,
                request_id=sending.request_id,
            )
        )

    return FaultyWire(wire, websocket, ConnectionFaults(faults, conn), sent=sent, told=told)
