"""A conversation on one connection, told as records: `talk.out(…)` and `talk.into(…)` say frames."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from inspector_app.capture.records import (
    NULL,
    Batch,
    ConnectionOpened,
    ExchangeRow,
    ExchangeSettled,
    FindingRow,
    FoldedExchange,
    FoldedFrame,
    FrameRow,
    FrameSeen,
    StateChanged,
)
from inspector_app.capture.summary import summary_of
from inspector_app.model.fold import Fold

if TYPE_CHECKING:
    from inspector_app.capture.records import Direction, Outcome, Record

ME = "me-0000"
THEY = "they-000"
START = 1_000_000
STEP = 1_000


_NAMES: WeakKeyDictionary[Fold, dict[int, str]] = WeakKeyDictionary()
"""What a fold has told so far of its peers' names, to whatever talk it was."""


class Talk:
    """One connection of a fold. Every record comes a microsecond after the one before."""

    def __init__(self, fold: Fold | None = None, conn: int = 1, *, introduced: bool = True) -> None:
        self.fold = fold or Fold()
        self.conn = conn
        self.now = START
        self.records: list[Record] = []
        self.frames: list[FrameRow] = []
        self.exchanges: dict[int, ExchangeRow] = {}
        self.peers = _NAMES.setdefault(self.fold, {})
        self.findings: list[FindingRow] = []
        self.batch = Batch()
        if introduced:
            self.tell(
                ConnectionOpened(
                    conn=conn, time_ns=self.now, role="client", address="ws://127.0.0.1:1/", local_peer=ME
                )
            )

    def tell(self, record: Record) -> Batch:
        """Fold a record; remember the rows it made."""
        self.records.append(record)
        self.fold.apply(record)
        self.batch = self.fold.take()
        self.peers.update(self.batch.peers)
        self.frames += [self._frame_row(row) for row in self.batch.named_frames()]
        self.exchanges.update((row.id, self._exchange_row(row)) for row in self.batch.named_exchanges())
        self.findings += self.batch.findings
        return self.batch

    def _frame_row(self, row: FoldedFrame) -> FrameRow:
        opener = None if row.opener is None else self.peers[row.opener]
        summary = summary_of(row.raw, row.type) if row.summary is NULL else row.summary
        values = {name: value for name, value in _values(row).items() if name != "raw"}
        return FrameRow(**{**values, "opener": opener, "summary": summary})

    def _exchange_row(self, row: FoldedExchange) -> ExchangeRow:
        values = {name: value for name, value in _values(row).items() if name != "ending"}
        return ExchangeRow(**{**values, "opener": self.peers[row.opener]})

    def raw(self, direction: Direction, raw: str | bytes) -> FrameRow:
        """Say a message as it is; give its row."""
        self.now += STEP
        self.tell(FrameSeen(conn=self.conn, time_ns=self.now, direction=direction, raw=raw))
        return self.frames[-1]

    def out(self, type_: str, number: int | None = None, data: object = None, opener: str = ME) -> FrameRow:
        """Send a frame."""
        return self.raw("out", message(type_, opener, number, ME, data))

    def into(self, type_: str, number: int | None = None, data: object = None, opener: str = ME) -> FrameRow:
        """Receive a frame; unless told otherwise, on an exchange that this side opened."""
        return self.raw("in", message(type_, opener, number, THEY, data))

    def state(self, old: str, new: str, code: int | None = None, reason: str = "") -> Batch:
        """Change the state of the connection."""
        self.now += STEP
        return self.tell(
            StateChanged(conn=self.conn, time_ns=self.now, old=old, new=new, code=code, reason=reason)
        )

    def settle(self, number: int, outcome: Outcome, text: str = "") -> Batch:
        """End an exchange of this side without a frame."""
        self.now += STEP
        return self.tell(
            ExchangeSettled(
                conn=self.conn, time_ns=self.now, request_id=(ME, number), outcome=outcome, message=text
            )
        )


def _values(row: FoldedFrame | FoldedExchange) -> dict[str, Any]:
    return {name: None if value is NULL else value for name, value in row._asdict().items()}


def message(type_: str, opener: str, number: int | None, sender: str, data: object) -> str:
    """Write a frame."""
    fields: dict[str, object] = {"type": type_, "peerID": sender, "data": data}
    if number is not None:
        fields["requestId"] = [opener, number]
    return json.dumps(fields)


def call(operation: str = "add", **rest: object) -> dict[str, object]:
    """Make the data of an opening frame."""
    return {"operation": operation, **rest}
