"""Whatever comes from the wire, a widget draws it inert, at the right width, and lives on."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from textual.widgets import TextArea

from inspector_app.display.lines import TextLines
from inspector_app.widgets.connection_bar import BarState, ConnectionBar
from inspector_app.widgets.detail_view import DetailView
from inspector_app.widgets.json_editor import JsonEditor
from inspector_app.widgets.row_list import Column, RowList
from inspector_app.widgets.tab_strip import Tab, TabStrip
from tests.end_to_end import terminal as terminals
from tests.inspector_app.widgets.hostile import HOSTILE
from tests.inspector_app.widgets.stage import Stage, strips

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.widget import Widget

PROJECT = Path(__file__).parents[3]
WIDTH = 40
FORBIDDEN = re.compile(
    "[\x00\x07\x0e\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff\U000e0000-\U000e007f]"
)


def assert_inert(widget: Widget) -> None:
    for strip in strips(widget):
        assert strip.text.isprintable()
        assert sum(segment.cell_length for segment in strip) == WIDTH


def row_list(text: str) -> RowList:
    class Source:
        count = 3

        def rows(self, first: int, count: int) -> list[list[tuple[str, str]]]:
            return [[(text, text), (text, "")]] * count

    shown = RowList((Column(text, 9, "right"), Column(text)))
    shown.set_source(Source())
    return shown


def hint(text: str) -> RowList:
    return RowList((Column(text),), hint=text)


def folded(text: str) -> DetailView:
    view = DetailView(wrap=True, hint=text)
    view.show(TextLines([[(text, text)], [(text, "")]]))
    return view


def unfolded(text: str) -> DetailView:
    view = DetailView(wrap=False)
    view.show(TextLines([[(text, text)], [(text, "")]]))
    return view


def bar(text: str) -> ConnectionBar:
    shown = ConnectionBar()
    shown.show(
        BarState(role="CLIENT", address=text, state=text, local_peer=text, remote_peer=text, notice=text)
    )
    return shown


def troubled_bar(text: str) -> ConnectionBar:
    shown = ConnectionBar()
    shown.show(BarState(role="SERVER", address=text, state="LISTENING", problem=text))
    return shown


def tab_strip(text: str) -> TabStrip:
    shown = TabStrip([Tab("a", text, text), Tab("b", "b")])
    shown.show({"a": (text, text)})
    return shown


@pytest.mark.parametrize("make", [row_list, hint, folded, unfolded, bar, troubled_bar, tab_strip])
async def test_a_widget_draws_hostile_text_inert_and_no_wider_than_itself(
    make: Callable[[str], Widget],
) -> None:
    widgets = [make(text) for text in HOSTILE.values()]
    async with Stage(*widgets).run_test(size=(WIDTH, 5 * len(widgets))) as pilot:
        for widget in widgets:
            assert_inert(widget)
            widget.focus()
            await pilot.press("end")
            assert_inert(widget)


async def test_the_editor_draws_hostile_text_inert() -> None:
    editors = [JsonEditor(text) for text in HOSTILE.values() if len(text) < 10_000]
    async with Stage(*editors).run_test(size=(WIDTH, 12 * len(editors))):
        for editor in editors:
            for widget in (editor.query_one(TextArea), editor.children[1]):
                assert all(strip.text.isprintable() for strip in strips(widget))


def test_nothing_hostile_is_in_the_bytes_that_reach_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """The widgets alone, without the filter that the app puts below them."""
    monkeypatch.setattr(terminals, "APP", (sys.executable, "-m", "tests.inspector_app.widgets.hostile"))
    with terminals.Terminal(columns=100, rows=50, folder=PROJECT) as terminal:
        terminal.wait_for("Not JSON")
        terminal.press("down", "down", "end", "tab", "down", "right", "end", "tab", "end")
        terminal.press("\x11")
        assert terminal.wait_for_end() == 0
        seen = bytes(terminal.sent)
    # The shape of the mouse pointer is the one such command that the framework sends itself.
    text = re.sub("\x1b]22;[a-z-]*\x07", "", seen.decode("utf-8"))
    assert "␛[7777m" in text
    assert "␛]52;c;ZXZpbA==␇" in text
    assert "\x1b[7777" not in text
    assert "\x1b]" not in text
    assert not FORBIDDEN.search(text)
