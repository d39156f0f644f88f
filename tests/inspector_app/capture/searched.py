"""Captures on disk of many small frames, for what looks through them."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from inspector_app.capture.store import CaptureWriter
from tests.inspector_app.capture.filter.worlds import FRAME, NOW_NS, message

_INSERT = "INSERT INTO frames ({}) VALUES ({})"


def made(folder: Path, count: int, **values: Any) -> Path:
    """Make a finished capture of so many frames; a tenth calls `login`, a hundredth has `needle` in it."""
    writer = CaptureWriter(folder / "a.capture", source={}, software="tests")
    writer.close()
    add(writer.path, count, **values)
    return writer.path


def add(path: Path, count: int, **values: Any) -> None:
    """Add so many frames, as an engine would in one batch."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        (before,) = connection.execute("SELECT frames FROM totals").fetchone()
        connection.execute("BEGIN")
        rows = [_row(seq, values) for seq in range(before + 1, before + count + 1)]
        if rows:
            statement = _INSERT.format(", ".join(rows[0]), ", ".join("?" * len(rows[0])))
            connection.executemany(statement, [tuple(row.values()) for row in rows])
        connection.execute("UPDATE totals SET frames = frames + ?", (count,))
        connection.execute("COMMIT")


def _row(seq: int, values: dict[str, Any]) -> dict[str, Any]:
    text = "needle" if seq % 100 == 0 else "hay"
    return {
        **FRAME,
        "seq": seq,
        "time_ns": NOW_NS + seq,
        "operation": "login" if seq % 10 == 0 else "chat",
        "raw": message({"text": text, "n": seq}),
        **values,
    }
