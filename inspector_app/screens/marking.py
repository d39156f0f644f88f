"""Marks and notes on frames, from the main screen. Owns what each of these commands does.

A mark is drawn once it is in the capture: it is written in a thread, since whoever records may hold the file.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from inspector_app.capture.errors import CaptureError
from inspector_app.screens.base import notify

if TYPE_CHECKING:
    from inspector_app.capture.marks import Marks
    from inspector_app.screens.main import MainScreen
    from inspector_app.viewer.state import ViewState


class Marking:
    """Carries out the commands on marks for a main screen."""

    def __init__(self, main: MainScreen) -> None:
        self._main = main

    @property
    def _view(self) -> ViewState:
        return self._main.view

    def do_mark(self) -> None:
        """Mark the chosen frame, or take its mark away; a note is taken away only after asking."""
        from inspector_app.screens.prompts import Confirm

        frame = self._view.selection.frame
        if frame is None:
            return
        note, seq = self._view.marks.note(frame.seq), frame.seq
        if note is None:
            self._write(seq, lambda marks: marks.set(seq, ""))
        elif not note:
            self._write(seq, lambda marks: marks.remove(seq))
        else:

            def answered(sure: bool | None) -> None:
                if sure:
                    self._write(seq, lambda marks: marks.remove(seq))

            question = f"The note on frame {seq} goes, too: {note[:200]}"
            self._main.app.push_screen(Confirm("Take the mark away?", question, "Take away"), answered)

    def do_note(self) -> None:
        """Write a note on the chosen frame."""
        from inspector_app.screens.prompts import Prompt

        frame = self._view.selection.frame
        if frame is None:
            return
        seq, note = frame.seq, self._view.marks.note(frame.seq) or ""

        def write(typed: str | None) -> None:
            if typed is not None and typed != note:
                self._write(seq, lambda marks: marks.set(seq, typed))

        self._main.app.push_screen(Prompt(f"Note on frame {seq}", value=note, check=_too_long), write)

    def do_next_mark(self) -> None:
        """Go to the next frame with a mark."""
        self._step(1)

    def do_previous_mark(self) -> None:
        """Go to the frame with a mark before."""
        self._step(-1)

    def _step(self, step: int) -> None:
        view = self._view
        marked = view.marks.neighbour(view.selection.origin or 0, step)
        seq = next((each for each in marked if view.frames.holds(each)), None)
        if seq is not None:
            self._main.go_to_frame(seq)
            return
        hidden = " among the frames that match" if marked else ""
        notify(self._main.app, f"No further mark {'below' if step > 0 else 'above'}{hidden}.")

    # -- writing ------------------------------------------------------------------------------------------

    def _write(self, seq: int, change: Callable[[Marks], None]) -> None:
        reader = self._view.reader
        if reader is not None:
            path = reader.path

            def write() -> None:
                from inspector_app.capture.marks import Marks

                try:
                    change(Marks(path))
                except CaptureError as error:
                    self._main.app.call_from_thread(notify, self._main.app, str(error), "error")
                else:
                    self._main.app.call_from_thread(self._written, seq)

            self._main.run_worker(write, thread=True, group="marks")

    def _written(self, seq: int) -> None:
        view = self._view
        if view.reader is not None:
            try:
                view.marks.read_one(view.reader, seq)
            except CaptureError as error:
                view.report(str(error))
        self._main.redraw()


def _too_long(note: str) -> str:
    """Say so before the note is sent off, and what was typed is gone."""
    from inspector_app.capture.marks import NOTE_LENGTH

    return "" if len(note) <= NOTE_LENGTH else f"A note has at most {NOTE_LENGTH:,} characters: shorten it."
