"""Small captures in memory whose every value a test chooses, also values that no writer makes."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass, field
from typing import Any

from inspector_app.capture.filter import Filter, parse_filter, prepare, where
from inspector_app.capture.schema import statements

NOW_NS = 1_795_346_433_123_456_789
S = 1_000_000_000
MS = 1_000_000

FRAME: dict[str, Any] = {
    "time_ns": NOW_NS,
    "conn": 1,
    "direction": "in",
    "type": "request",
    "opener": None,
    "number": 0,
    "exchange": None,
    "operation": "chat",
    "size_bytes": 20,
    "latency_ns": None,
    "summary": "",
    "findings": 0,
    "binary": 0,
}
EXCHANGE: dict[str, Any] = {
    "conn": 1,
    "opener": 1,
    "number": 0,
    "mine": 1,
    "kind": "request_response",
    "operation": "chat",
    "opened_ns": NOW_NS,
    "opened_seq": 1,
    "state": "OPEN",
    "outcome": "pending",
    "code": None,
    "message": "",
    "items_in": 0,
    "items_out": 0,
    "bytes_in": 0,
    "bytes_out": 0,
}


def message(data: object, *, ascii_only: bool = False) -> str:
    """Write a message with this payload."""
    return json.dumps({"type": "request", "peerID": "p", "data": data}, ensure_ascii=ascii_only)


@dataclass
class World:
    """The rows of a capture, before they are put into one."""

    frames: list[dict[str, Any]] = field(default_factory=list)
    exchanges: dict[int, dict[str, Any]] = field(default_factory=dict)
    findings: list[tuple[int, str]] = field(default_factory=list)
    marks: dict[int, str] = field(default_factory=dict)
    peers: dict[int, str | None] = field(default_factory=dict)

    def frame(self, *, data: object = None, raw: str | bytes | None = None, **values: Any) -> World:
        """Add a frame with this payload, or with this message."""
        shown = message(data) if raw is None else raw
        self.frames.append({**FRAME, "seq": len(self.frames) + 1, "raw": shown, **values})
        return self

    def exchange(self, id_: int, **values: Any) -> World:
        """Add an exchange."""
        self.exchanges[id_] = {**EXCHANGE, **values}
        return self

    def connection(self, layout: str | None = None) -> sqlite3.Connection:
        """Put the rows into a capture in memory, of today's layout or of the one given."""
        made = sqlite3.connect(":memory:", isolation_level=None)
        made.executescript(layout or ";".join(statements()))
        for frame in self.frames:
            _insert(made, "frames", frame)
        for id_, exchange in self.exchanges.items():
            _insert(made, "exchanges", {"id": id_, **exchange})
        for seq, rule in self.findings:
            made.execute(
                "INSERT INTO findings (time_ns, conn, seq, rule, section, text) VALUES (1, 1, ?, ?, '', '')",
                (seq, _stored(rule)),
            )
        for seq, note in self.marks.items() if layout is None else ():
            made.execute("INSERT INTO marks (seq, made_ns, note) VALUES (?, 1, ?)", (seq, _stored(note)))
        for conn, peer in self.peers.items():
            made.execute(
                "INSERT INTO connections VALUES (?, 'client', '', '', ?, 'CONNECTED', 1, 1, NULL, '', '{}')",
                (conn, _stored(peer)),
            )
        prepare(made)
        return made

    def fit(self, source: str | Filter, now_ns: int = NOW_NS) -> list[int]:
        """Give the numbers of the frames that fit."""
        made = self.connection()
        try:
            return fit(made, source, now_ns)
        finally:
            made.close()


def fit(connection: sqlite3.Connection, source: str | Filter, now_ns: int = NOW_NS) -> list[int]:
    """Give the numbers of the frames that fit."""
    sql, parameters = where(parse_filter(source) if isinstance(source, str) else source, now_ns=now_ns)
    statement = f"SELECT seq FROM frames WHERE {sql} ORDER BY seq"  # noqa: S608 - what is tested
    return [seq for (seq,) in connection.execute(statement, parameters)]


def _insert(connection: sqlite3.Connection, table: str, values: dict[str, Any]) -> None:
    columns, places = ", ".join(values), ", ".join("?" * len(values))
    stored = [_stored(value) for value in values.values()]
    connection.execute(f"INSERT INTO {table} ({columns}) VALUES ({places})", stored)  # noqa: S608 - of the test


def _stored(value: Any) -> Any:
    """Text with half a surrogate pair is kept as bytes, as the writer does."""
    if not isinstance(value, str):
        return value
    try:
        value.encode()
    except UnicodeEncodeError:
        return value.encode("utf-8", "surrogatepass")
    return value
