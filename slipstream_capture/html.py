"""Tables of a capture as HTML for a notebook.

This module owns the markup. Text from a capture is somebody else's: control and formatting characters come
out as visible marks, all of it is escaped and cut, and nothing in it is a link, a picture, a script or a
formula.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from inspector_app.capture.times import to_iso
from inspector_app.display.inert import inert

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from inspector_app.capture.records import Totals
    from slipstream_capture.columns import Column

_LONGEST = 120
_APART = {ord(sign): f"<span>{sign}</span>" for sign in "$\\"}
"""What begins a formula stands alone, should a notebook not know the classes that say so."""


def table(columns: Sequence[Column], rows: Iterable[dict[str, Any]], total: int) -> str:
    """Write rows as a table, and of how many they are the first."""
    head = "".join(f"<th>{escape(column.name)}</th>" for column in columns)
    body = []
    for row in rows:
        cells = "".join(f"<td>{_cell(column, row[column.name])}</td>" for column in columns)
        body.append(f"<tr>{cells}</tr>")
    rest = f"<p>{len(body):,} of {total:,} rows</p>"
    return _plain(f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(body)}</tbody></table>{rest}")


def card(name: str, totals: Totals, frames: str) -> str:
    """Write what a capture holds, over its first frames."""
    counts = (
        f"{totals.frames:,} frames, {totals.exchanges:,} exchanges, {totals.connections:,} connections, "
        f"{totals.findings:,} findings"
    )
    return _plain(f"<p><b>{_safe(name)}</b><br>{counts}</p>{frames}")


def _plain(content: str) -> str:
    # Notebooks read formulas in whatever they show, links in them too; these classes keep them from it.
    return f'<div class="tex2jax_ignore mathjax_ignore">{content}</div>'


def _cell(column: Column, value: Any) -> str:
    if value is None:
        return ""
    if column.kind == "time":
        try:
            return to_iso(value)
        except OverflowError:
            return str(value)
    if column.kind == "real":
        return f"{value:.3f}"
    return _safe(value) if isinstance(value, str) else str(value)


def _safe(text: str) -> str:
    cut = text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
    return escape(inert(cut)).translate(_APART)
