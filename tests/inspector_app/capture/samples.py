"""Rows to put into captures, with every value that a test does not care about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import asdict, replace

from inspector_app.capture.records import (
    Batch,
    ConnectionRow,
    ExchangeRow,
    FindingRow,
    FoldedExchange,
    FoldedFrame,
    FrameRow,
    NoteRow,
    OperationRow,
    SettledRow,
    StateRow,
    Totals,
)
from inspector_app.capture.store import CaptureWriter

if TYPE_CHECKING:
    from pathlib import Path

NOW = 1_795_346_433_123_456_789
ME = "0b1c2d3e-0000-4000-8000-000000000001"

FRAME = FrameRow(
    seq=1,
    time_ns=NOW,
    conn=1,
    direction="out",
    type="request",
    opener=ME,
    number=0,
    exchange=1,
    operation="add",
    size_bytes=20,
    latency_ns=None,
    summary="{a: 1}",
    findings=0,
    binary=False,
)
EXCHANGE = ExchangeRow(
    id=1,
    conn=1,
    opener=ME,
    number=0,
    mine=True,
    kind="request_response",
    operation="add",
    opened_ns=NOW,
    opened_seq=1,
    state="HALF_CLOSED_LOCAL",
)
STREAM = replace(EXCHANGE, kind="request_stream", operation="count")
CONNECTION = ConnectionRow(
    conn=1,
    role="client",
    address="ws://127.0.0.1:1/",
    local_peer=ME,
    remote_peer=None,
    state="CONNECTED",
    opened_ns=NOW,
    changed_ns=NOW,
    handshake={"request": "GET / HTTP/1.1", "headers": [["Host", "x"]]},
)
STATE = StateRow(
    id=1, time_ns=NOW, conn=1, old="CONNECTING", new="CONNECTED", code=None, reason="", after_seq=0
)
SETTLED = SettledRow(
    id=2, time_ns=NOW, conn=1, opener=ME, number=0, outcome="timeout", message="late", after_seq=1
)
FINDING = FindingRow(
    id=1, time_ns=NOW, conn=1, seq=1, exchange=1, rule="bad_frame", section="§7", text="not JSON"
)
NOTE = NoteRow(id=3, time_ns=NOW, conn=None, level="warning", text="a gap", after_seq=1)
OPERATION = OperationRow(
    conn=1,
    name="add",
    kind="request_response",
    doc="Adds.",
    params={"type": "object"},
    returns=None,
    deprecated=False,
)


def ended(exchange: ExchangeRow, after_ns: int = 1, outcome: str = "ok") -> ExchangeRow:
    """Give an exchange as it stands after its end."""
    row = replace(exchange, state="CLOSED", ended_ns=exchange.opened_ns + after_ns)
    row.outcome = outcome  # type: ignore[assignment]  # the test names one of the eight
    return row


PEERS = {1: ME, 2: "someone"}
_NUMBERS = {name: number for number, name in PEERS.items()}


def folded(row: FrameRow, raw: str | bytes = "raw", **changes: Any) -> FoldedFrame:
    """Give a frame as a batch has it."""
    values = {name: getattr(row, name) for name in row.__struct_fields__}
    return FoldedFrame(**{**values, "opener": _NUMBERS.get(row.opener or ""), "raw": raw, **changes})


def folded_exchange(row: ExchangeRow, ending: int | None = None) -> FoldedExchange:
    """Give an exchange as a batch has it."""
    return FoldedExchange(**{**asdict(row), "opener": _NUMBERS[row.opener], "ending": ending})


def frames(*raws: str | bytes, first_seq: int = 1) -> Batch:
    """Give a batch of frames with these texts."""
    return Batch(
        frames=[
            folded(
                replace(
                    FRAME, seq=seq, time_ns=NOW + seq, binary=isinstance(raw, bytes), size_bytes=len(raw)
                ),
                raw,
            )
            for seq, raw in enumerate(raws, first_seq)
        ],
        peers=PEERS,
        totals=Totals(frames=first_seq + len(raws) - 1),
    )


def exchanges(*rows: ExchangeRow) -> Batch:
    """Give a batch of exchanges; each gets the next number."""
    return exchanges_as_they_are(*(replace(row, id=id_, number=id_) for id_, row in enumerate(rows, 1)))


def exchanges_as_they_are(*rows: ExchangeRow) -> Batch:
    """Give a batch of exchanges."""
    endings: dict[int, int] = {}
    for requests in (True, False):
        of_a_kind = [row for row in rows if (row.kind == "request_response") is requests and row.ended_ns]
        in_order = sorted(of_a_kind, key=lambda row: (row.ended_ns, row.id))
        endings |= {row.id: number for number, row in enumerate(in_order, 1)}
    pending = [row.kind == "request_response" for row in rows if row.outcome == "pending"]
    return Batch(
        exchanges={row.id: folded_exchange(row, endings.get(row.id)) for row in rows},
        peers=PEERS,
        totals=Totals(requests_pending=sum(pending), streams_open=len(pending) - sum(pending)),
    )


def writer(folder: Path, name: str = "a.capture") -> CaptureWriter:
    """Begin a capture."""
    return CaptureWriter(
        folder / name, source={"kind": "demo", "seed": 1}, software="tests 1", created_ns=NOW
    )


def capture(folder: Path, *batches: Batch, name: str = "a.capture") -> Path:
    """Make a finished capture of these batches."""
    made = writer(folder, name)
    for batch in batches:
        made.write(batch)
    made.close()
    return made.path


def column_names(row: Struct) -> list[str]:
    """Give the names of a row's fields."""
    return list(row.__struct_fields__)
