"""ConnectionBar: which connection is looked at and how it is doing, on two lines.

Draws one `BarState` and knows nothing else; it is told the time that passed, it does not measure it.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct
from textual.strip import Strip

from inspector_app.display import formats
from inspector_app.display.painting import Painted, Part, strip_of, width_of


class BarState(Struct, frozen=True, kw_only=True):
    """What the bar shows. Sizes in bytes, `in_state_ns` the time spent in `state`; None: not known."""

    role: Literal["CLIENT", "SERVER", "FILE"]
    address: str
    state: str = ""
    """A name of protocol.md §6, LISTENING for a server, or empty."""
    in_state_ns: int | None = None
    local_peer: str | None = None
    remote_peer: str | None = None
    peers: int | None = None
    """How many peers are connected, for a server."""
    frames_in: int = 0
    frames_out: int = 0
    bytes_in: int = 0
    bytes_out: int = 0
    rate: float | None = None
    """Frames a second; None: not live."""
    notice: str = ""
    """A short word on the view, such as PAUSED; empty: none."""
    problem: str = ""
    """One sentence in place of the second line, such as that the engine has stopped; empty: none."""


class ConnectionBar(Painted):
    """The two lines at the top of the main screen."""

    DEFAULT_CSS = """
    ConnectionBar { width: 1fr; height: 2; }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002  # the name every widget uses
        super().__init__(id=id)
        self._state: BarState | None = None

    def show(self, state: BarState) -> None:
        """Draw `state`; costs nothing when it is what is drawn already."""
        if state != self._state:
            self._state = state
            self.refresh()

    def paint(self, y: int, width: int) -> Strip:
        """Return line `y`."""
        state = self._state
        if state is None or y > 1:
            return self.blank(width, "bar-background")
        if y == 0:
            left, right = _identity(state), _notice(state)
        elif state.problem:
            left, right = (
                [(f" {formats.LEVEL_GLYPH['problem']} {state.problem}", "severity-problem bold")],
                _end(),
            )
        else:
            left, right = _peers(state), _traffic(state, short=width < 100)
        right_width = min(width, width_of(right, width))
        badge = self._badge(state.role) if y == 0 else Strip([])
        room = max(0, width - right_width - badge.cell_length)
        return Strip.join(
            [
                badge,
                strip_of(left, room, self.palette, "bar-background"),
                strip_of(right, right_width, self.palette, "bar-background"),
            ]
        ).crop(0, width)

    def _badge(self, role: str) -> Strip:
        return strip_of([(f" {role} ", "badge bold")], len(role) + 2, self.palette, f"role-{role.lower()}")


def _end() -> list[Part]:
    return [(" ", "")]


def _identity(state: BarState) -> list[Part]:
    parts: list[Part] = [("  ", ""), (state.address, "emphasis bold")]
    if state.state:
        parts = [("  ", ""), (formats.state_label(state.state), f"{formats.state_style(state.state)} bold")]
        if state.in_state_ns is not None:
            parts.append((f" {formats.age(state.in_state_ns)}", "muted"))
        parts += [("  ", ""), (state.address, "emphasis")]
    return parts


def _notice(state: BarState) -> list[Part]:
    parts: list[Part] = []
    if state.notice:
        parts.append((f"  {state.notice}", "severity-warning bold"))
    if state.rate is not None:
        parts.append((f"  {formats.rate(state.rate)}", "emphasis"))
    return parts + _end()


def _peers(state: BarState) -> list[Part]:
    parts: list[Part] = []
    if state.local_peer is not None or state.peers is None:
        parts += [(" me ", "muted"), (formats.short_peer(state.local_peer), "")]
    if state.peers is not None:
        word = " peer connected" if state.peers == 1 else " peers connected"
        parts += [("  ⇄ ", "muted"), (formats.count(state.peers), "emphasis"), (word, "muted")]
    if state.remote_peer is not None or state.peers is None:
        parts += [("  peer ", "muted"), (formats.short_peer(state.remote_peer), "")]
    return parts


def _traffic(state: BarState, *, short: bool) -> list[Part]:
    parts: list[Part] = []
    for direction, frames, size_bytes in (
        ("in", state.frames_in, state.bytes_in),
        ("out", state.frames_out, state.bytes_out),
    ):
        number = formats.short_count(frames) if short else f"{formats.count(frames)} frames"
        parts += [
            (f"  {formats.DIRECTION_GLYPH[direction]} ", formats.direction_style(direction)),
            (number, ""),
            (f" {formats.size(size_bytes)}", "muted"),
        ]
    return parts + _end()
