"""The rows of the lists of requests and of streams.

Owns which cells an exchange has, where in its list it is, and what stays put while the view is paused.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from inspector_app.capture.records import ExchangeRow
from inspector_app.display import formats
from inspector_app.viewer.cells import CaptureRows, Cell

if TYPE_CHECKING:
    from inspector_app.capture.reader import CaptureReader

FROZEN_ROWS = 5000
"""Rows kept of each list while the view is paused: what is pending and what ended last."""

_KINDS = {"request_stream": "stream", "stream_stream": "bidi"}

_NEAR_ROWS = 40
_SEARCH_ROWS = 500
_SEARCH_PAGES = 10

HALVES = {
    "OPEN": ("open", "open"),
    "HALF_CLOSED_LOCAL": ("ended", "open"),
    "HALF_CLOSED_REMOTE": ("open", "ended"),
    "CLOSED": ("ended", "ended"),
}
"""State of this side's half and of the other's, by the state of the exchange (protocol.md §5)."""


class ExchangeContext(Protocol):
    """What the cells of an exchange depend on besides the exchange."""

    @property
    def reader(self) -> CaptureReader | None:
        """The capture; None while there is none yet."""

    @property
    def now_ns(self) -> int:
        """The time that ages are counted to."""

    def label(self, conn: int, opener: str | None, number: int | None) -> str:
        """Name an exchange in a few cells."""

    def peer(self, conn: int) -> str | None:
        """The other side of a connection."""


def next_number(reader: CaptureReader, conn: int) -> int:
    """Give a counter that this side has not used yet on a connection (protocol.md §2).

    Exchanges are looked through from the newest on; behind many of the other side's, one that is surely free
    is given. May raise `CaptureError`.
    """
    newest = reader.totals().exchanges
    for number in range(newest, max(0, newest - _SEARCH_ROWS), -1):
        row = reader.exchange(number)
        if row is not None and row.mine and row.conn == conn:
            return row.number + 1
    return newest if newest > _SEARCH_ROWS else 0


class ExchangeRows(CaptureRows[ExchangeRow]):
    """Base of both lists: the pending first, the oldest of them on top, then the ended, the newest on top."""

    def __init__(self, context: ExchangeContext) -> None:
        self._context = context
        self._frozen: list[ExchangeRow] | None = None
        self._total = 0

    @property
    def count(self) -> int:
        """Exchanges in the list."""
        return self._total if self._frozen is None else len(self._frozen)

    def show(self, total: int) -> None:
        """Take over how many exchanges of this sort the capture holds."""
        self._total = total

    def freeze(self) -> None:
        """Keep the list as it is now."""
        reader = self._context.reader
        self._frozen = self.query(reader, 0, FROZEN_ROWS) if reader else []

    def thaw(self) -> None:
        """Show the list as it comes again."""
        self._frozen = None

    def query(self, reader: CaptureReader, first: int, count: int) -> list[ExchangeRow]:
        """Fetch rows from a capture."""
        raise NotImplementedError

    def fetch(self, first: int, count: int) -> Sequence[ExchangeRow]:
        """Fetch rows, from the capture or from what was kept."""
        if self._frozen is not None:
            return self._frozen[first : first + count]
        reader = self._context.reader
        return self.query(reader, first, count) if reader else ()

    def index_of(self, exchange_id: int, near: int = 0) -> int | None:
        """Find where an exchange is now, looking around row `near` first; None when it is far away or gone.

        An exchange moves when it ends, and when others do.
        """
        there = self.row(near)
        if there is not None and there.id == exchange_id:
            return near
        # What has ended moves down as others end, so it is mostly found a little below where it was.
        windows = [
            (near, _NEAR_ROWS),
            (max(0, near - _SEARCH_ROWS // 2), _SEARCH_ROWS),
            *((page * _SEARCH_ROWS, _SEARCH_ROWS) for page in range(_SEARCH_PAGES)),
        ]
        for first, rows in windows:
            if first >= self.count:
                continue
            for index, row in enumerate(self.fetch(first, rows), first):
                if row.id == exchange_id:
                    return index
        return None

    def operation_cell(self, row: ExchangeRow) -> Cell:
        """Name the operation."""
        return (row.operation, "emphasis") if row.operation is not None else ("(none)", "muted")

    def label_cell(self, row: ExchangeRow) -> Cell:
        """Name the exchange."""
        style = formats.direction_style("out" if row.mine else "in")
        return self._context.label(row.conn, row.opener, row.number), style

    def age_or_duration(self, row: ExchangeRow) -> str:
        """How long it has been pending, or how long it took."""
        if row.ended_ns is None:
            return formats.age(self._context.now_ns - row.opened_ns)
        return formats.duration(row.ended_ns - row.opened_ns)


def outcome_cell(row: ExchangeRow) -> Cell:
    """Say how an exchange ended, or that it is pending; an error by its code."""
    return formats.outcome_label(row.outcome, row.code), f"{formats.outcome_style(row.outcome)} bold"


class RequestRows(ExchangeRows):
    """Unary exchanges."""

    columns = 6

    def query(self, reader: CaptureReader, first: int, count: int) -> list[ExchangeRow]:
        """Fetch requests."""
        return reader.requests(first, count)

    def cells(self, row: ExchangeRow) -> Sequence[Cell]:
        """Draw a request: outcome, age or duration, exchange, operation, when it was sent, message."""
        pending = row.outcome == "pending"
        return (
            outcome_cell(row),
            (self.age_or_duration(row), formats.outcome_style(row.outcome) if pending else ""),
            self.label_cell(row),
            self.operation_cell(row),
            (formats.clock(row.opened_ns), "muted"),
            (row.message, formats.outcome_style(row.outcome)),
        )


class StreamRows(ExchangeRows):
    """Server streams and bidirectional streams."""

    columns = 9

    def query(self, reader: CaptureReader, first: int, count: int) -> list[ExchangeRow]:
        """Fetch streams."""
        return reader.streams(first, count)

    def cells(self, row: ExchangeRow) -> Sequence[Cell]:
        """Draw a stream: kind, exchange, operation, peer, state or ending, halves, items out and in, last."""
        return (
            (_KINDS.get(row.kind, row.kind), "muted"),
            self.label_cell(row),
            self.operation_cell(row),
            (formats.short_peer(self._context.peer(row.conn)), "muted"),
            _state_cell(row),
            _halves_cell(row.state),
            _items_cell("out", row.items_out, row.bytes_out),
            _items_cell("in", row.items_in, row.bytes_in),
            self._last_item_cell(row),
        )

    def _last_item_cell(self, row: ExchangeRow) -> Cell:
        if row.last_item_ns is None:
            return ("-", "muted")
        style = "muted" if row.ended_ns is not None else ""
        return formats.short_age(self._context.now_ns - row.last_item_ns), style


def _state_cell(row: ExchangeRow) -> Cell:
    state = formats.state_label(row.state)
    if row.ended_ns is None:
        return state, formats.state_style(row.state)
    return f"{state} {formats.outcome_label(row.outcome, row.code)}", formats.outcome_style(row.outcome)


def _halves_cell(state: str) -> Cell:
    """Say how this side's half and the other's stand."""
    mine, theirs = HALVES.get(state, ("?", "?"))
    return f"me {mine}, peer {theirs}", formats.state_style(state)


def _items_cell(direction: str, items: int, size_bytes: int) -> Cell:
    if not items:
        return ("-", "muted")
    text = f"{formats.short_count(items)} · {formats.size(size_bytes)}"
    return text, formats.direction_style(direction)
