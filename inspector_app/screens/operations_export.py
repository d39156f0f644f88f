"""The dialog that writes operations as JSON Schema or AsyncAPI: which, how, with examples or not, where to.

Owns the fields and the preview. The document is `viewer.offers`' matter, and made in a thread.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Final, cast

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Button, Checkbox, Input, Select, Static

from inspector_app.capture.errors import CaptureError
from inspector_app.capture.taking import write_text
from inspector_app.display import formats
from inspector_app.display.inert import inert
from inspector_app.display.json_view import JsonLines
from inspector_app.screens.base import Dialog, notify
from inspector_app.screens.start_forms import Tick
from inspector_app.typed_path import here, typed_path, why_not
from inspector_app.viewer.offers import TITLES, Layout, Wish, document
from inspector_app.viewer.operations import Operation
from inspector_app.widgets.detail_view import DetailView

TOLD_EVERY_S: Final = 0.1
_ENDINGS: dict[Layout, str] = {"json-schema": ".schema.json", "asyncapi": ".asyncapi.json"}


class OperationsExport(Dialog[None]):
    """Asks how to write operations, and does it. `chosen`: the one that may be taken alone."""

    CSS = """
    OperationsExport { align: center middle; }
    OperationsExport #operations-export {
        width: 96%; max-width: 100; height: 100%; max-height: 40;
        background: $background; border: round $border; padding: 0 1;
        border-title-color: $emphasis; border-subtitle-color: $text-muted;
    }
    OperationsExport Horizontal { height: auto; }
    OperationsExport Select { width: 1fr; }
    OperationsExport Input {
        border: round $border-blurred; border-title-color: $text-muted; height: 3; padding: 0 1;
    }
    OperationsExport Input:focus { border: round $border; }
    OperationsExport #told { height: auto; padding: 0 1; color: $text-muted; }
    OperationsExport #told.-failed { color: $text-error; }
    OperationsExport #document { height: 1fr; min-height: 3; }
    """

    class Learned(Message):
        """A thread has learned so many operations for the document that was asked for as number `asked`."""

        def __init__(self, asked: int, done: int, total: int) -> None:
            super().__init__()
            self.asked = asked
            self.done = done
            self.total = total

    class Made(Message):
        """A thread has made the document that was asked for as number `asked`."""

        def __init__(self, asked: int, text: str) -> None:
            super().__init__()
            self.asked = asked
            self.text = text

    def __init__(
        self,
        capture: Path,
        operations: Sequence[Operation],
        chosen: Operation | None,
        *,
        title: str,
        url: str,
    ) -> None:
        super().__init__()
        self._capture = capture
        self._operations = operations
        self._chosen = chosen
        self._title = title
        self._url = url
        self._asked = 0
        self._text = ""
        self._replace = ""

    def compose(self) -> ComposeResult:
        """Give the fields, the preview, how it stands, and the buttons."""
        names = [(Content(f"All {len(self._operations):,} operations"), "all")]
        if self._chosen is not None:
            names.insert(0, (Content(inert(f"{self._chosen.name[:60]} alone")), "one"))
        with Vertical(id="operations-export"):
            with Horizontal():
                layouts = [(title, layout) for layout, title in TITLES.items()]
                yield Select(layouts, value="json-schema", allow_blank=False, id="layout")
                yield Select(names, value="all", allow_blank=False, id="which")
            yield Tick("With examples from the traffic, secrets replaced", False, id="examples")
            yield Input(id="target", select_on_focus=False)
            yield DetailView(hint="learning …", id="document")
            yield Static(id="told", markup=False)
            with Horizontal():
                yield Button("Export", id="go", variant="primary")
                yield Button("Close", id="close")

    def on_mount(self) -> None:
        """Make the first preview."""
        box = self.query_one("#operations-export")
        box.border_title, box.border_subtitle = "Export operations", "Enter exports, Esc leaves"
        target = self.query_one("#target", Input)
        target.border_title = "File"
        target.value = str(here() / f"{self._capture.stem}{_ENDINGS['json-schema']}")
        target.focus()
        self._make()

    # -- what is asked -------------------------------------------------------------------------------------

    @property
    def _layout(self) -> Layout:
        return cast("Layout", self.query_one("#layout", Select).value)

    def _make(self) -> None:
        from inspector_app.capture.redaction import DEFAULT_RULES

        self._asked += 1
        self._text = ""
        self.query_one("#document", DetailView).show(None)
        self._tell("learning …")
        alone = self.query_one("#which", Select).value == "one" and self._chosen is not None
        wish = Wish(
            layout=self._layout,
            title=self._title,
            url=self._url,
            examples=self.query_one("#examples", Checkbox).value,
            rules=DEFAULT_RULES,
        )
        operations = [self._chosen] if alone and self._chosen is not None else self._operations
        self.run_worker(partial(self._work, self._asked, operations, wish), thread=True, group="documents")

    def _work(self, asked: int, operations: Sequence[Operation], wish: Wish) -> None:
        """Make the document, in a thread; another one that is asked for meanwhile ends it."""
        told_s = 0.0

        def goes_on(done: int, total: int) -> bool:
            nonlocal told_s
            if time.monotonic() - told_s > TOLD_EVERY_S:
                told_s = time.monotonic()
                self.post_message(self.Learned(asked, done, total))
            return self.is_attached and self._asked == asked

        text = document(self._capture, operations, wish, goes_on)
        if text:
            self.post_message(self.Made(asked, text))

    def on_operations_export_learned(self, event: Learned) -> None:
        """Say how far it is."""
        event.stop()
        if event.asked == self._asked and not self._text:
            self._tell(f"learning, {event.done:,} of {event.total:,} operations …")

    def on_operations_export_made(self, event: Made) -> None:
        """Show it, if it is wanted still."""
        event.stop()
        if event.asked == self._asked:
            self._text = event.text
            self.query_one("#document", DetailView).show(JsonLines(event.text))
            self._tell(f"{formats.size(len(event.text))} will be written.")

    def on_select_changed(self, event: Select.Changed) -> None:
        """Give the file the ending of its layout; make the document anew."""
        event.stop()
        target = self.query_one("#target", Input)
        for ending in _ENDINGS.values():
            if target.value.endswith(ending):
                target.value = target.value.removesuffix(ending) + _ENDINGS[self._layout]
                break
        self._make()

    def on_checkbox_changed(self, event: Checkbox.Changed) -> None:
        """Make the document anew."""
        event.stop()
        self._make()

    # -- doing it ------------------------------------------------------------------------------------------

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Export."""
        event.stop()
        self._go()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Export or leave."""
        event.stop()
        if event.button.id == "go":
            self._go()
        else:
            self.dismiss(None)

    def _go(self) -> None:
        typed = self.query_one("#target", Input).value.strip()
        target = typed_path(typed)
        why = why_not(lambda: self._check(target))
        if why:
            self._tell(why, failed=True)
            return
        try:
            write_text(target, self._text + "\n")
        except CaptureError as error:
            self._tell(str(error), failed=True)
            return
        notify(self.app, f"Written to {target}.")
        self.dismiss(None)

    def _check(self, target: Path) -> str:
        """Say why it cannot be written now; a file that exists is replaced by pressing Enter again."""
        if not self._text:
            return "The document is still being made: try again in a moment."
        if not target.name or "\0" in str(target):
            return "Type the path of a file."
        if not target.absolute().parent.is_dir():
            return f"There is no folder {target.parent}: make it first."
        if target.exists() and self._replace != str(target):
            if not target.is_file() or target.samefile(self._capture):
                return f"{target} cannot be replaced: type another name."
            self._replace = str(target)
            return f"{target} exists already: Enter again replaces it, or type another name."
        return ""

    def _tell(self, text: str, *, failed: bool = False) -> None:
        told = self.query_one("#told", Static)
        told.set_class(failed, "-failed")
        told.update(Content(inert(text)))
