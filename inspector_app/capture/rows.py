"""Rows to and from the values of their columns.

This module owns how one row is laid out in one table, and mistrusts what it reads: a capture may come from a
stranger. Every `…_row` function raises `ValueError`, `KeyError` or `TypeError` for values that no writer
makes. It runs no query.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from operator import attrgetter
from typing import Any

from inspector_app.capture.records import (
    ConnectionRow,
    Direction,
    ExchangeRow,
    FindingRow,
    FrameRow,
    Kind,
    Mark,
    NoteRow,
    OperationRow,
    Outcome,
    SettledRow,
    StateRow,
    Totals,
)
from inspector_app.capture.schema import COLUMNS
from inspector_app.capture.summary import LONGEST_WITHOUT, summary_of

Values = Sequence[Any]
"""The values of one row as SQLite takes and gives them."""

DIRECTIONS: dict[object, Direction] = {"in": "in", "out": "out"}
OUTCOMES: dict[object, Outcome] = {
    "pending": "pending",
    "ok": "ok",
    "error": "error",
    "timeout": "timeout",
    "cancelled": "cancelled",
    "overflow": "overflow",
    "closed": "closed",
    "lost": "lost",
}
KINDS: dict[object, Kind] = {
    "request_response": "request_response",
    "request_stream": "request_stream",
    "stream_stream": "stream_stream",
    "fire_and_forget": "fire_and_forget",
}


# -- to columns ---------------------------------------------------------------------------------------------

state_values = attrgetter(*COLUMNS["states"])
settled_values = attrgetter(*COLUMNS["settled"])
finding_values = attrgetter(*COLUMNS["findings"])
note_values = attrgetter(*COLUMNS["notes"])
totals_values = attrgetter(*COLUMNS["totals"])
_connection_values = attrgetter(*COLUMNS["connections"][:-1])


def connection_values(row: ConnectionRow) -> tuple[Any, ...]:
    """Values of a `ConnectionRow`; the handshake as JSON."""
    return (*_connection_values(row), to_json(row.handshake))


def operation_values(row: OperationRow) -> tuple[Any, ...]:
    """Values of an `OperationRow`; the schemas as JSON."""
    return (row.conn, row.name, row.kind, row.doc, to_json(row.params), to_json(row.returns), row.deprecated)


def to_json(value: object) -> str:
    """Write a value as JSON in ASCII, so lone surrogates survive; what JSON lacks becomes its text."""
    return json.dumps(value, default=str)


def storable(values: Iterable[Any]) -> tuple[Any, ...]:
    """Turn text with lone surrogates, which SQLite cannot take, into bytes that `text` reads back."""
    return tuple(_encoded(value) if isinstance(value, str) else value for value in values)


def _encoded(value: str) -> str | bytes:
    try:
        value.encode()
    except UnicodeEncodeError:
        return value.encode("utf-8", "surrogatepass")
    return value


# -- from columns -------------------------------------------------------------------------------------------


def integer(value: object) -> int:
    """Take an integer; anything else is a `TypeError`."""
    if type(value) is not int:
        raise TypeError(f"an integer was expected, not {type(value).__name__}")
    return value


def text(value: object) -> str:
    """Take text, also in the form that `storable` gave it; anything else is a `TypeError`."""
    if type(value) is str:
        return value
    if type(value) is bytes:
        return value.decode("utf-8", "surrogatepass")
    raise TypeError(f"text was expected, not {type(value).__name__}")


def raw_message(raw: object, binary: object) -> str | bytes:
    """Take the message as it was on the wire: `bytes` when it was a binary one."""
    if binary:
        return raw if isinstance(raw, bytes) else text(raw).encode("utf-8", "surrogatepass")
    return text(raw)


def from_json(value: object) -> object:
    """Read a JSON column; None for text that no writer makes."""
    try:
        return json.loads(text(value))
    except (ValueError, TypeError, RecursionError):
        return None


def _maybe_integer(value: object) -> int | None:
    return None if value is None else integer(value)


def _maybe_text(value: object) -> str | None:
    return None if value is None else text(value)


def frame_row(values: Values, *, summarise: bool = True) -> FrameRow:
    """Make a `FrameRow` of the columns of `frames` and, where these hold no summary, the message."""
    binary, summary = bool(values[13]), values[11]
    if summary is None:
        summary = _summary(values[14], binary, values[4]) if summarise else ""
    return FrameRow(
        seq=integer(values[0]),
        time_ns=integer(values[1]),
        conn=integer(values[2]),
        direction=DIRECTIONS[values[3]],
        type=_maybe_text(values[4]),
        opener=_maybe_text(values[5]),
        number=_maybe_integer(values[6]),
        exchange=_maybe_integer(values[7]),
        operation=_maybe_text(values[8]),
        size_bytes=integer(values[9]),
        latency_ns=_maybe_integer(values[10]),
        summary=text(summary),
        findings=integer(values[12]),
        binary=binary,
    )


def _summary(raw: object, binary: bool, kind: object) -> str:
    # What comes from a stranger may be longer than any writer leaves without a summary.
    return summary_of(raw_message(raw, binary)[:LONGEST_WITHOUT], _maybe_text(kind))


def exchange_row(values: Values) -> ExchangeRow:
    """Make an `ExchangeRow` of the columns of `exchanges`."""
    return ExchangeRow(
        id=integer(values[0]),
        conn=integer(values[1]),
        opener=text(values[2]),
        number=integer(values[3]),
        mine=bool(values[4]),
        kind=KINDS[values[5]],
        operation=_maybe_text(values[6]),
        opened_ns=integer(values[7]),
        opened_seq=integer(values[8]),
        state=text(values[9]),
        outcome=OUTCOMES[values[10]],
        code=_maybe_text(values[11]),
        message=text(values[12]),
        ended_ns=_maybe_integer(values[13]),
        ended_seq=_maybe_integer(values[14]),
        items_in=integer(values[15]),
        items_out=integer(values[16]),
        bytes_in=integer(values[17]),
        bytes_out=integer(values[18]),
        last_item_ns=_maybe_integer(values[19]),
    )


def connection_row(values: Values) -> ConnectionRow:
    """Make a `ConnectionRow` of the columns of `connections`."""
    handshake = from_json(values[10])
    return ConnectionRow(
        conn=integer(values[0]),
        role="server" if values[1] == "server" else "client",
        address=text(values[2]),
        local_peer=text(values[3]),
        remote_peer=_maybe_text(values[4]),
        state=text(values[5]),
        opened_ns=integer(values[6]),
        changed_ns=integer(values[7]),
        code=_maybe_integer(values[8]),
        reason=text(values[9]),
        handshake=handshake if isinstance(handshake, dict) else {},
    )


def state_row(values: Values) -> StateRow:
    """Make a `StateRow` of the columns of `states`."""
    return StateRow(
        id=integer(values[0]),
        time_ns=integer(values[1]),
        conn=integer(values[2]),
        old=text(values[3]),
        new=text(values[4]),
        code=_maybe_integer(values[5]),
        reason=text(values[6]),
        after_seq=integer(values[7]),
    )


def settled_row(values: Values) -> SettledRow:
    """Make a `SettledRow` of the columns of `settled`."""
    return SettledRow(
        id=integer(values[0]),
        time_ns=integer(values[1]),
        conn=integer(values[2]),
        opener=text(values[3]),
        number=integer(values[4]),
        outcome=OUTCOMES[values[5]],
        message=text(values[6]),
        after_seq=integer(values[7]),
    )


def finding_row(values: Values) -> FindingRow:
    """Make a `FindingRow` of the columns of `findings`."""
    return FindingRow(
        id=integer(values[0]),
        time_ns=integer(values[1]),
        conn=integer(values[2]),
        seq=_maybe_integer(values[3]),
        exchange=_maybe_integer(values[4]),
        rule=text(values[5]),
        section=text(values[6]),
        text=text(values[7]),
    )


def note_row(values: Values) -> NoteRow:
    """Make a `NoteRow` of the columns of `notes`; an unknown level reads as a warning."""
    level = values[3]
    return NoteRow(
        id=integer(values[0]),
        time_ns=integer(values[1]),
        conn=_maybe_integer(values[2]),
        level="info" if level == "info" else "problem" if level == "problem" else "warning",
        text=text(values[4]),
        after_seq=integer(values[5]),
    )


def operation_row(values: Values) -> OperationRow:
    """Make an `OperationRow` of the columns of `operations`."""
    return OperationRow(
        conn=integer(values[0]),
        name=text(values[1]),
        kind=text(values[2]),
        doc=text(values[3]),
        params=from_json(values[4]),
        returns=from_json(values[5]),
        deprecated=bool(values[6]),
    )


def mark_row(values: Values) -> Mark:
    """Make a `Mark` of the columns of `marks`."""
    return Mark(seq=integer(values[0]), made_ns=integer(values[1]), note=text(values[2]))


def totals_row(values: Values) -> Totals:
    """Make a `Totals` of its columns."""
    return Totals(**dict(zip(COLUMNS["totals"], map(integer, values), strict=True)))
