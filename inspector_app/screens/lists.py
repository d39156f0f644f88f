"""The columns of every list, and what an empty one says.

Owns widths and titles. What is in the cells is the view state's matter, how they are drawn RowList's.
"""

from __future__ import annotations

import textwrap
from typing import Literal

from inspector_app.viewer.columns import Shown, kind_of
from inspector_app.viewer.connections import ENDED
from inspector_app.viewer.frames import TimeMode
from inspector_app.viewer.state import ViewState
from inspector_app.widgets.row_list import Column


def frame_columns(view: ViewState) -> list[Column]:
    """Give the columns of the frame list as they were chosen."""
    return [_column(each, view) for each in view.columns]


def _column(shown: Shown, view: ViewState) -> Column:
    kind, mode = kind_of(shown.key), view.time_mode
    title, right, width, roomy = kind.title, kind.right, kind.width, kind.roomy
    if shown.key == "time":
        title, right = mode.title, mode is not TimeMode.CLOCK
    elif shown.key == "seq":
        # Room for the number of the last frame, and for the signs before it.
        digits = len(str(view.frame_count))
        width, roomy = max(width, digits + 1), max(roomy, digits + 2)
    elif shown.key == "exchange":
        # And for that of the last exchange, behind the arrow that says who opened it.
        width = max(width, len(str(view.totals.exchanges)) + 2)
        roomy = max(roomy, width)
    align: Literal["left", "right"] = "right" if right else "left"
    if shown.width:
        return Column(title, shown.width, align)
    return Column(title, width, align, kind.hidden_below, roomy)


EXCHANGE_FRAME_COLUMNS = [
    Column("#", 6, "right"),
    Column("After", 9, "right"),
    Column("Time", 12, min_width_to_show=72),
    Column("", 1),
    Column("Type", 10),
    Column("Size", 6, "right", min_width_to_show=50),
    Column("Data"),
]

REQUEST_COLUMNS = [
    Column("Outcome", 15, roomy=20),
    Column("Took", 8, "right"),
    Column("Exch", 6, roomy=8),
    Column("Operation"),
    Column("Sent at", 12, min_width_to_show=72),
    Column("Message"),
]

STREAM_COLUMNS = [
    Column("Kind", 6, min_width_to_show=78),
    Column("Exch", 6, roomy=8),
    Column("Operation"),
    Column("Peer", 8, min_width_to_show=90),
    Column("State", 20, roomy=30),
    Column("Halves", 21, min_width_to_show=110),
    Column("Out", 12, "right", min_width_to_show=71, roomy=14),
    Column("In", 12, "right", roomy=14),
    Column("Last", 5, "right", roomy=8),
]

TRANSITION_COLUMNS = [
    Column("Time", 12),
    Column("Conn", 4, "right"),
    Column("From", 10),
    Column("To", 12),
    Column("Spent", 8, "right"),
    Column("Code", 4, "right"),
    Column("Reason"),
    Column("After #", 7, "right", min_width_to_show=72),
]

FINDING_COLUMNS = [
    Column("Frame", 6, "right"),
    Column("Time", 12),
    Column("Rule", 20, roomy=26),
    Column("In", 4),
    Column("What"),
]

OPERATION_COLUMNS = [
    Column("", 1),
    Column("Kind", 13),
    Column("Name", 19, roomy=34),
    Column("Last", 4, "right"),
    Column("Takes", 6, "right"),
    Column("Documentation"),
]

COLUMNS: dict[str, list[Column]] = {
    "requests": REQUEST_COLUMNS,
    "streams": STREAM_COLUMNS,
    "connection": TRANSITION_COLUMNS,
    "findings": FINDING_COLUMNS,
    "operations": OPERATION_COLUMNS,
}

HINTS_LIVE: dict[str, str] = {
    "frames": "No frame yet.\nPress c to send one, or wait for the other side.",
    "requests": "No request yet.\nPress c to send one.",
    "streams": "No stream yet.\nPress c and choose Stream or Bidirectional to open one.",
    "connection": "No connection yet.",
    "findings": "Nothing has broken the protocol so far.",
    "operations": "No operation is known yet.\n"
    "A server that describes itself lists them here; what you call is listed, too.",
}
"""What an empty list says while something can still come."""

HINTS_SERVER: dict[str, str] = {
    **HINTS_LIVE,
    "frames": "Nobody has called yet.\nConnect a client to the address above.",
    "requests": "No request yet.\nConnect a client to the address above.",
    "streams": "No stream yet.\nConnect a client to the address above.",
    "connection": "Nobody has connected yet.\nConnect a client to the address above.",
    "operations": "No client has described itself or called anything.\nWhat is called will be listed here.",
}

HINTS_FILE: dict[str, str] = {
    "frames": "This capture holds no frame.",
    "requests": "This capture holds no request.",
    "streams": "This capture holds no stream.",
    "connection": "This capture holds no connection.",
    "findings": "Nothing broke the protocol in this capture.",
    "operations": "This capture holds no operation.",
}


def hint(state: ViewState, width: int) -> str:
    """Say why a list is empty, and what to do, in lines of at most `width` cells."""
    text = _hint(state)
    return "\n".join(part for line in text.split("\n") for part in textwrap.wrap(line, max(20, width)))


def _hint(state: ViewState) -> str:
    role, view = state.world.role, state.view
    matches = state.filtering.filter.matches
    if view == "frames" and matches is not None:
        if matches.share < 1:
            return "Searching…"
        return "No frame matches the filter.\nPress / to change it, Esc to see all frames."
    if role == "FILE":
        return HINTS_FILE[view]
    if state.engine == "starting":
        return "Starting…"
    if state.engine == "dead":
        return "The engine has stopped.\nPress r to start it again."
    row = state.current_connection
    if role == "CLIENT" and row is not None and row.state in ENDED and view != "findings":
        reason = f"{row.reason}\n" if row.reason else ""
        return f"{reason}Press r to connect again."
    return (HINTS_SERVER if role == "SERVER" else HINTS_LIVE)[view]
