"""Captures as programs of older formats left them, made with the layout of then and nothing of today's."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import asdict

if TYPE_CHECKING:
    from inspector_app.capture.records import Batch

_FORMATS = Path(__file__).parent / "formats"

_META = {"format": 1, "software": "tests 1", "created_ns": 1, "source": {"kind": "demo", "seed": 1}}


def format_1(path: Path, batch: Batch) -> Path:
    """Make a finished capture of format 1 with the frames, exchanges and connections of a batch."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.executescript((_FORMATS / "1.sql").read_text())
        connection.executemany(
            "INSERT INTO meta VALUES (?, ?)", [(name, json.dumps(value)) for name, value in _META.items()]
        )
        for row in batch.named_frames():
            opener = None if row.opener is None else batch.peers[row.opener]
            _insert(connection, "frames", {**row._asdict(), "opener": opener})
        for exchange in batch.named_exchanges():
            opener = batch.peers[exchange.opener]
            values = {name: value for name, value in exchange._asdict().items() if name != "ending"}
            _insert(connection, "exchanges", {**values, "opener": opener})
        for opened in batch.connections.values():
            _insert(connection, "connections", {**asdict(opened), "handshake": json.dumps(opened.handshake)})
        _insert(connection, "totals", {**asdict(batch.totals), "one": 1})
    return path


def _insert(connection: sqlite3.Connection, table: str, values: dict[str, object]) -> None:
    columns = ", ".join(values)
    places = ", ".join("?" * len(values))
    connection.execute(f"INSERT INTO {table} ({columns}) VALUES ({places})", list(values.values()))  # noqa: S608 - names of our own
