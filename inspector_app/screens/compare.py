"""CompareScreen: how two frames differ, over the main screen.

Owns that the comparison runs in a thread, and ends when the screen is left. How it is laid out is
`display.difference`'s matter, what differs `comparing`'s.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message

from inspector_app.capture.errors import CaptureError
from inspector_app.capture.reader import CaptureReader
from inspector_app.comparing.changes import Outcome
from inspector_app.comparing.run import Comparing, Comparison
from inspector_app.display import formats
from inspector_app.display.difference import difference_lines, summary
from inspector_app.screens.base import Dialog
from inspector_app.widgets.detail_view import DetailView
from inspector_app.widgets.info_line import InfoLine

if TYPE_CHECKING:
    from inspector_app.capture.records import FrameRow
    from inspector_app.display.lines import Part


class CompareScreen(Dialog[None]):
    """Shows what is different in `new` from what it was in `old`."""

    CSS = """
    CompareScreen { align: center middle; }
    CompareScreen #compare {
        width: 100%; height: 100%; background: $background; border: round $border;
        border-title-color: $emphasis; border-subtitle-color: $text-muted; padding: 0 1;
    }
    CompareScreen #result { margin-bottom: 1; }
    """

    class Compared(Message):
        """The comparison is done."""

        def __init__(self, comparison: Comparison) -> None:
            super().__init__()
            self.comparison = comparison

    def __init__(self, capture: Path, old: FrameRow, new: FrameRow) -> None:
        super().__init__()
        self._capture = capture
        self._old = old
        self._new = new
        self._comparing: Comparing | None = None
        self._comparison: Comparison | None = None
        self._left = False

    def compose(self) -> ComposeResult:
        """Give a line on each frame, one on the result, and the differences."""
        with Vertical(id="compare"):
            yield InfoLine(id="old")
            yield InfoLine(id="new")
            yield InfoLine(id="result")
            yield DetailView(hint="Comparing …", id="differences")

    def on_mount(self) -> None:
        """Begin to compare."""
        box = self.query_one("#compare")
        box.border_title, box.border_subtitle = "How two frames differ", "Esc leaves"
        self.query_one("#old", InfoLine).show([("- ", "error"), *_about(self._old)])
        self.query_one("#new", InfoLine).show([("+ ", "success"), *_about(self._new)])
        self.query_one(DetailView).focus()
        self.run_worker(self._compare, thread=True)

    def on_unmount(self) -> None:
        """Compare no further."""
        self._left = True
        if self._comparing is not None:
            self._comparing.stop()

    def _compare(self) -> None:
        """Compare, in a thread."""
        try:
            reader = CaptureReader(self._capture)
            try:
                self._comparing = Comparing(reader.raw(self._old.seq), reader.raw(self._new.seq))
            finally:
                reader.close()
            comparison = Comparison(Outcome(())) if self._left else self._comparing.run()
        except CaptureError as error:
            comparison = Comparison(Outcome(()), problem=str(error))
        self.post_message(self.Compared(comparison))

    def on_compare_screen_compared(self, event: Compared) -> None:
        """Show what differs."""
        event.stop()
        self._comparison = event.comparison
        self._show()

    def on_resize(self) -> None:
        """Lay out anew for the width there is."""
        if self._comparison is not None:
            self.call_after_refresh(self._show)

    def _show(self) -> None:
        found, view = self._comparison, self.query_one(DetailView)
        if found is None:
            return
        parts: list[Part] = [(found.problem, "severity-warning")] if found.problem else []
        parts = parts or summary(found.outcome.changes, found.outcome.more)
        if found.note:
            parts.append((f"  {found.note}", "muted"))
        self.query_one("#result", InfoLine).show(parts)
        view.hint = "" if found.problem else "The two say the same."
        view.show(difference_lines(found.outcome.changes, view.size.width - 3, found.root))


def _about(frame: FrameRow) -> list[Part]:
    return [
        (f"#{frame.seq} ", "muted"),
        (f"{formats.DIRECTION_GLYPH[frame.direction]} ", formats.direction_style(frame.direction)),
        (frame.type or "not a frame", f"{formats.type_style(frame.type)} bold"),
        (f"  {frame.operation or ''}", "emphasis"),
        (f"  {formats.clock(frame.time_ns)}  {formats.size(frame.size_bytes)}", "muted"),
    ]
