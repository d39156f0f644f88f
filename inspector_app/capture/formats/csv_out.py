"""From an excerpt to CSV: a row a frame. Owns the columns, and that no cell is a formula to a spreadsheet."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from inspector_app.capture.times import to_iso

if TYPE_CHECKING:
    from typing import BinaryIO

    from inspector_app.capture.excerpt import Excerpt, Frame

COLUMNS = (
    "seq",
    "time",
    "conn",
    "direction",
    "type",
    "opener",
    "number",
    "exchange",
    "operation",
    "size_bytes",
    "latency_ms",
    "findings",
    "binary",
    "raw",
)

_FORMULA = frozenset("=+-@\t\r\n|%＝＋－＠−")  # noqa: RUF001 - spreadsheets read these wide ones, too
"""What a cell that a spreadsheet calculates begins with."""

_CONTROLS = {
    **{code: 0x2400 + code for code in range(0x20) if chr(code) not in "\t\r\n"},
    0x7F: 0x2421,
    **dict.fromkeys(range(0x80, 0xA0), 0xFFFD),
}
"""Of a table that is looked at in a terminal, what would drive it; as it is shown instead."""

_IGNORED = " \u00a0\u200b\ufeff\u2060\u3000\0"
"""What may stand before it and goes unseen."""


def write(excerpt: Excerpt, out: BinaryIO) -> None:
    """Write an excerpt as UTF-8 with a mark that spreadsheets look for. What is no text is shown escaped."""
    out.write(b"\xef\xbb\xbf")
    portion = io.StringIO()
    rows = csv.writer(portion, lineterminator="\r\n", quoting=csv.QUOTE_MINIMAL)
    rows.writerow(COLUMNS)
    for frames in excerpt.frame_portions():
        rows.writerows(map(_row, frames))
        out.write(portion.getvalue().encode("utf-8", "backslashreplace"))
        portion.seek(0)
        portion.truncate()
    out.write(portion.getvalue().encode("utf-8", "backslashreplace"))


def _row(frame: Frame) -> tuple[object, ...]:
    raw = frame.raw if isinstance(frame.raw, str) else frame.raw.decode("utf-8", "backslashreplace")
    return (
        frame.seq,
        to_iso(frame.time_ns),
        frame.conn,
        frame.direction,
        defused(frame.type or ""),
        defused(frame.opener or ""),
        "" if frame.number is None else frame.number,
        "" if frame.exchange is None else frame.exchange,
        defused(frame.operation or ""),
        frame.size_bytes,
        "" if frame.latency_ns is None else frame.latency_ns / 1e6,
        frame.findings,
        int(isinstance(frame.raw, bytes)),
        defused(raw),
    )


def defused(text: str) -> str:
    """Put an apostrophe, which spreadsheets take for `this is text`, before what they would calculate."""
    if not (text.isascii() and text.isprintable()):
        text = text.translate(_CONTROLS)
    seen = text.lstrip(_IGNORED)
    return f"'{text}" if seen and seen[0] in _FORMULA else text
