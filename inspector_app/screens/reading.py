"""What can be done with what is read in the detail: search it, take of it, filter by it, compare it.

Owns what each of these commands does. What is searched for and compared is kept in `viewer/`.
"""

from __future__ import annotations

from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING

from inspector_app.capture.errors import CaptureError
from inspector_app.capture.reader import CaptureReader
from inspector_app.display.json_tree import path_text
from inspector_app.display.matches import Pattern, PatternError
from inspector_app.screens.base import notify
from inspector_app.screens.detail import DetailPane
from inspector_app.screens.prompts import Prompt
from inspector_app.screens.wishes import FilterBy

if TYPE_CHECKING:
    from pathlib import Path

    from inspector_app.capture.records import FrameRow
    from inspector_app.display.json_tree import JsonTree
    from inspector_app.screens.copying import Copy
    from inspector_app.screens.main import MainScreen

VALUE_LIMIT = 1_000
"""Characters of a path and a value to filter by."""

_STILL_READ = "This frame is still being read: try again in a moment."
_NO_VALUE = "There is no value in this row: choose another one."


class ReadingDesk:
    """Carries out, for a main screen, the commands on what is read."""

    def __init__(self, main: MainScreen) -> None:
        self._main = main
        self._copy: Copy | None = None
        self._picked: FrameRow | None = None

    @property
    def _pane(self) -> DetailPane:
        return self._main.query_one(DetailPane)

    def _warn(self, text: str) -> None:
        notify(self._main.app, text, "warning")

    # -- search -------------------------------------------------------------------------------------------

    def do_search(self) -> None:
        """Ask what to search for."""
        pattern = self._main.view.text_search.pattern

        def check(typed: str) -> str:
            try:
                Pattern(typed or "x")
            except PatternError as error:
                return str(error)
            return ""

        prompt = Prompt(
            "Search in this frame",
            value=pattern.typed if pattern is not None else "",
            placeholder="words, or /a regular expression/ or /one of any case/i",
            check=check,
        )
        self._main.app.push_screen(prompt, self._search_typed)

    def _search_typed(self, typed: str | None) -> None:
        if typed is None:
            return
        self._pane.search(Pattern(typed) if typed else None)
        self._pane.focus_target.focus()

    def do_search_next(self) -> None:
        """Go to the next place."""
        self._pane.action_go_to_match(1)

    def do_search_back(self) -> None:
        """Go to the place before."""
        self._pane.action_go_to_match(-1)

    # -- copy ---------------------------------------------------------------------------------------------

    def do_copy(self) -> None:
        """Copy the text of the chosen frame."""
        from inspector_app.screens.copying import copy_of_frame

        frame, reader = self._main.view.selection.frame, self._main.view.reader
        if frame is not None and reader is not None:
            self._take(copy_of_frame(reader, frame.seq))

    def do_copy_exchange(self) -> None:
        """Copy the frames of the chosen exchange."""
        from inspector_app.screens.copying import copy_of_exchange

        exchange, reader = self._main.view.selection.exchange, self._main.view.reader
        if exchange is not None and reader is not None:
            self._take(copy_of_exchange(reader.path, exchange, self._main.view.selection.frames.count))

    def do_copy_value(self) -> None:
        """Copy the value chosen in the tree."""
        from inspector_app.screens.copying import copy_of_value

        if (row := self._row()) is not None:
            self._take(copy_of_value(*row))

    def do_copy_path(self) -> None:
        """Copy the path of the value chosen in the tree."""
        from inspector_app.screens.copying import copy_of_text

        if (row := self._row()) is not None:
            tree, index = row
            self._take(copy_of_text("path", path_text(tree.node(index).path)))

    def do_write_copy(self) -> None:
        """Write what was copied last to a file."""
        from inspector_app.screens.copying import write_copy

        if self._copy is None:
            self._warn("Nothing was copied yet: copy a frame (y) or something else first.")
        else:
            write_copy(self._main, self._copy)

    def _take(self, copy: Copy) -> None:
        from inspector_app.screens.copying import take

        self._copy = copy
        take(self._main, copy)

    def _row(self) -> tuple[JsonTree, int] | None:
        row = self._pane.tree_row
        if row is None or row[0].node(row[1]).kind == "more":
            self._warn(_STILL_READ if self._pane.reads else _NO_VALUE)
            return None
        return row

    # -- compare ------------------------------------------------------------------------------------------

    def do_compare(self) -> None:
        """Pick a frame, or compare the one that was picked with another."""
        frame, picked = self._main.view.selection.frame, self._picked
        if frame is None:
            return
        if picked is None or picked.seq == frame.seq:
            self._picked = None if picked is not None else frame
            text = (
                "Frame {} is picked: choose another one and press = again."
                if picked is None
                else "Picked no more."
            )
            notify(self._main.app, text.format(frame.seq))
            return
        self._picked = None
        self._compare(picked, frame)

    def do_compare_before(self) -> None:
        """Compare with the last frame of the same operation, type and direction."""
        frame, reader = self._main.view.selection.frame, self._main.view.reader
        if frame is not None and reader is not None:
            look = partial(self._look_before, reader.path, frame)
            self._main.run_worker(look, thread=True, exclusive=True, group="look before")

    def _look_before(self, capture: Path, frame: FrameRow) -> None:
        """Look, in a thread, for the frame before: in a long capture that may take a while."""
        tell = self._main.app.call_from_thread
        try:
            with closing(CaptureReader(capture)) as reader:
                seq = reader.previous_alike(frame)
                before = reader.frame(seq) if seq is not None else None
        except CaptureError as error:
            tell(notify, self._main.app, str(error), "error")
            return
        if before is None:
            tell(self._warn, "There is no frame of this operation, type and direction before this one.")
        else:
            tell(self._compare, before, frame)

    def _compare(self, old: FrameRow, new: FrameRow) -> None:
        from inspector_app.screens.compare import CompareScreen

        if self._main.view.reader is not None:
            self._main.app.push_screen(CompareScreen(self._main.view.reader.path, old, new))

    # -- filter -------------------------------------------------------------------------------------------

    def do_only_value(self) -> None:
        """Show only frames that have this value at its path."""
        self._filter_by(negate=False)

    def do_not_value(self) -> None:
        """Leave out frames that have this value at its path."""
        self._filter_by(negate=True)

    def _filter_by(self, *, negate: bool) -> None:
        if (row := self._row()) is None:
            return
        tree, index = row
        value, path = tree.plain(index), path_text(tree.node(index).path)
        if value is None:
            self._warn("This holds several values: open it (→) and choose one of them.")
        elif not path.startswith("data"):
            self._warn("This is no part of a frame's data: a filter cannot ask for it.")
        elif len(path) + len(value) > VALUE_LIMIT:
            self._warn(f"A filter asks for paths and values of up to {VALUE_LIMIT} characters: type a part.")
        else:
            from inspector_app.capture.filter import FilterError, only

            try:
                self._main.post_message(FilterBy(only(path, value, negate=negate)))
            except FilterError as error:
                self._warn(error.text)
