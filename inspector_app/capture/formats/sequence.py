"""The sequence diagram of a report, as SVG in the page. Owns the geometry; knows no file."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import TYPE_CHECKING

from inspector_app.capture.formats import report as told

if TYPE_CHECKING:
    from inspector_app.capture.excerpt import Frame

_ROW = 22
_TOP = 44
_LEFT = 190
"""Where the line of the inspected side stands; the times are left of it."""
_LANE = 330
_MOST_LANES = 4
_LABEL = 44
"""Characters of a label that fit between two lines."""


def diagram(report: told.Report) -> Iterator[str]:
    """Draw the first frames as arrows between this side and the other end of each connection."""
    frames = report.shown[: told.MOST_ARROWS]
    if not frames:
        yield "<p>No frame.</p>\n"
        return
    lanes: dict[int, int] = {}
    for frame in frames:
        if len(lanes) < _MOST_LANES:
            lanes.setdefault(frame.conn, len(lanes) + 1)
    width = _LEFT + _LANE * len(lanes) + 150
    height = _TOP + _ROW * len(frames) + 20
    yield (
        f'<svg viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" '
        f'aria-label="The first {len(frames)} frames as arrows">\n'
    )
    names = {row.conn: row for row in report.connections}
    first = names.get(frames[0].conn)
    yield from _life(_LEFT, height, "this side" if first is None else f"this {first.role}")
    for conn, lane in lanes.items():
        row = names.get(conn)
        yield from _life(_LEFT + _LANE * lane, height, f"{conn}: {told.text(row.address, 36) if row else ''}")
    for place, frame in enumerate(frames):
        yield from _arrow(frame, _TOP + _ROW * place + 14, lanes, frames[0].time_ns)
    yield "</svg>\n"


def _life(x: int, height: int, name: str) -> Iterator[str]:
    yield f'<text x="{x}" y="16" text-anchor="middle">{escape(name)}</text>'
    yield f'<line class="life" x1="{x}" y1="26" x2="{x}" y2="{height - 8}"/>\n'


def _arrow(frame: Frame, y: int, lanes: dict[int, int], start_ns: int) -> Iterator[str]:
    # A connection beyond the last line is drawn at that one, its number in the label.
    lane = lanes.get(frame.conn, _MOST_LANES)
    left, right = _LEFT, _LEFT + _LANE * lane
    start, end = (left, right) if frame.direction == "out" else (right, left)
    tip = end - 7 if frame.direction == "out" else end + 7
    style = "bad" if frame.findings or frame.type in (None, "error") else frame.direction
    exchange = "" if frame.exchange is None else f" #{frame.exchange}"
    beyond = "" if frame.conn in lanes else f" (connection {frame.conn})"
    label = told.text(f"{frame.type or '(no frame)'} {frame.operation or ''}{exchange}{beyond}", _LABEL)
    yield (
        f'<text class="soft" x="4" y="{y + 4}">{frame.seq}</text>'
        f'<text class="soft" x="{_LEFT - 12}" y="{y + 4}" text-anchor="end">'
        f"{told.since(frame.time_ns, start_ns)}</text>"
        f'<line class="arrow {style}" x1="{start}" y1="{y}" x2="{tip}" y2="{y}"/>'
        f'<polygon class="tip-{style}" points="{end},{y} {tip},{y - 4} {tip},{y + 4}"/>'
        f'<text x="{left + 14}" y="{y - 4}">{escape(label)}</text>\n'
    )
