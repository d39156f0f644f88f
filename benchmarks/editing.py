"""How quick the JSON editor is in a large document: `python -m benchmarks.editing`.

Runs the editor of the compose forms beside Textual's plain TextArea with the same JSON in the same process,
one after the other in turns, and tells processor time: putting a text in, a key in its midst until it is
painted, pasting, laying out, undoing. Prints medians, and how many times as long the TextArea takes.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec
from textual import events
from textual.app import App, ComposeResult
from textual.pilot import Pilot
from textual.widget import Widget
from textual.widgets import TextArea

from benchmarks.detail import payload
from inspector_app.display.theme import find_themes, variable_defaults
from inspector_app.widgets.json_editor import JsonEditor

KEYS = 5


class Bare(App[None]):
    """One widget."""

    def __init__(self, widget: Widget) -> None:
        super().__init__()
        self.widget = widget

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Give the variables that the project's widgets ask for."""
        return variable_defaults()

    def compose(self) -> ComposeResult:
        """Put it on."""
        yield self.widget

    def on_mount(self) -> None:
        """Take a theme of the project."""
        for loaded in find_themes()[0].values():
            self.register_theme(loaded.theme)
        self.theme = "dark"


Steps = dict[str, float]


async def timed(pilot: Pilot[None], action: Callable[[], Awaitable[object] | object]) -> float:
    """Do something and let the app paint; processor time in seconds."""
    began = time.process_time()
    done = action()
    if isinstance(done, Awaitable):
        await done
    await pilot.pause()
    return time.process_time() - began


async def measure(widget: Widget, laid_out: str, one_line: str) -> Steps:
    """Take one widget through all steps."""
    steps: Steps = {}
    async with Bare(widget).run_test(size=(160, 48)) as pilot:
        area = widget if isinstance(widget, TextArea) else widget.query_one(TextArea)

        def load() -> None:
            if isinstance(widget, JsonEditor):
                widget.text = laid_out
            else:
                area.load_text(laid_out)

        def lay_out() -> None:
            if isinstance(widget, JsonEditor):
                widget.lay_out()
            else:
                text = msgspec.json.format(area.text.encode(), indent=1).decode()
                area.replace(text, (0, 0), area.document.end)

        async def keys() -> None:
            for _ in range(KEYS):
                await pilot.press("x")

        area.focus()
        steps["load"] = await timed(pilot, load)
        area.move_cursor((area.document.line_count // 2, 4))
        await pilot.pause()
        steps["key to paint"] = await timed(pilot, keys) / KEYS
        for _ in range(KEYS):
            await pilot.press("backspace")
        steps["lay out"] = await timed(pilot, lay_out)
        steps["undo"] = await timed(pilot, area.undo)
        area.load_text("")
        await pilot.pause()
        steps["paste"] = await timed(pilot, lambda: area.post_message(events.Paste(one_line)))
    return steps


def main() -> None:
    """Measure in turn, then print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--size", type=int, default=1 << 20, help="bytes of the JSON before it is laid out")
    parser.add_argument("--json", type=Path)
    chosen = parser.parse_args()
    one_line = payload(chosen.size)
    laid_out = msgspec.json.format(one_line.encode(), indent=2).decode()
    ours: list[Steps] = []
    theirs: list[Steps] = []
    for _ in range(chosen.repetitions):
        ours.append(asyncio.run(measure(JsonEditor(), laid_out, one_line)))
        theirs.append(asyncio.run(measure(TextArea(), laid_out, one_line)))
    print(f"{len(one_line):,} bytes, laid out in {laid_out.count(chr(10)):,} lines; processor time")
    print(f"{'':<16}{'editor ms':>12}{'TextArea ms':>14}{'ratio':>9}")
    rows = []
    for step in ours[0]:
        one = statistics.median(each[step] for each in ours)
        other = statistics.median(each[step] for each in theirs)
        ratio = statistics.median(b[step] / a[step] for a, b in zip(ours, theirs, strict=True))
        print(f"{step:<16}{one * 1000:>12.1f}{other * 1000:>14.1f}{ratio:>9.1f}")
        rows.append({"step": step, "editor_s": one, "text_area_s": other, "ratio": ratio})
    if chosen.json:
        chosen.json.write_text(json.dumps(rows, indent=1), encoding="ascii")


if __name__ == "__main__":
    main()
