"""From the view state to what the connection bar and the tabs show."""

from __future__ import annotations

from inspector_app.display import formats
from inspector_app.viewer.state import ViewState
from inspector_app.widgets.connection_bar import BarState
from inspector_app.widgets.tab_strip import Badge


def bar_state(view: ViewState) -> BarState:
    """Say what the connection bar shows: how things stand now, also while the lists are paused."""
    row = view.current_connection
    totals = view.live_totals
    world = view.world
    address = row.address if row is not None and world.role == "CLIENT" else world.address
    # Seconds are what is drawn, so seconds are what is compared.
    in_state_ns = view.in_state_ns
    nobody = world.role == "SERVER" and not totals.connections_open
    return BarState(
        role=world.role,
        address=address,
        state=view.state,
        in_state_ns=None if in_state_ns is None else in_state_ns // formats.SECOND_NS * formats.SECOND_NS,
        local_peer=row.local_peer if row and not nobody else None,
        remote_peer=row.remote_peer if row and not nobody else None,
        peers=totals.connections_open if world.role == "SERVER" else None,
        frames_in=totals.frames_in,
        frames_out=totals.frames_out,
        bytes_in=totals.bytes_in,
        bytes_out=totals.bytes_out,
        rate=round(view.rate, 1) if view.engine == "running" else None,
        notice="PAUSED" if view.paused else "",
        problem=_in_brief(view),
    )


def _in_brief(view: ViewState) -> str:
    """Say what is wrong with the capture called by its name alone: there is one line for all of it."""
    path = view.reader.path if view.reader is not None else None
    return view.trouble.replace(str(path), path.name) if path is not None else view.trouble


def badges(view: ViewState) -> dict[str, Badge]:
    """Say how many rows each list has; what is still going on stands out."""
    totals = view.totals
    return {
        "frames": (formats.short_count(totals.frames), "muted"),
        "requests": _open_of(totals.requests_pending, totals.requests),
        "streams": _open_of(totals.streams_open, totals.streams),
        "connection": (formats.short_count(view.transitions.count), "muted"),
        "findings": (
            formats.short_count(totals.findings),
            "severity-warning" if totals.findings else "muted",
        ),
        "operations": (formats.short_count(view.operations.count), "muted"),
    }


def _open_of(going_on: int, total: int) -> Badge:
    if not going_on:
        return formats.short_count(total), "muted"
    return f"{formats.short_count(going_on)}/{formats.short_count(total)}", "outcome-pending"
