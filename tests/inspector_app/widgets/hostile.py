"""Text that wants to harm a terminal, and an app that shows it; run as a module, it does so for real."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inspector_app.display.json_view import JsonLines
from inspector_app.widgets.detail_view import DetailView
from inspector_app.widgets.row_list import Column, RowList
from tests.inspector_app.widgets.stage import Stage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from inspector_app.widgets.row_list import Cell

HOSTILE = {
    "markup that does not close": "[/] [/nope] [bold",
    "markup with an action": "[@click=app.exit]quit[/]",
    "escape": "\x1b[7777m\x1bc\x1b[2J",
    "clipboard": "\x1b]52;c;ZXZpbA==\x07",
    "C1": "\x9b7777m\x9d52;c;ZXZpbA==\x9c\x85",
    "bidi": "\u202eabc\u2066\u2069\u061c",
    "invisible": "\u200b\u200d\ufeff\u00ad\U000e0041",
    "surrogates": "\ud800 \udfff",
    "NUL": "\x00\x0e\x0f",
    "lines": "a\nb\r\nc\u2028d\u2029e\tf",
    "marks": "e" + "\u0301" * 5_000,
    "wide": "中文🙂" * 50,
    "a mebibyte": "x" * (1 << 20),
    "a mebibyte of marks and escapes": "\u0301\x1b中" * (1 << 18),
}


class HostileRows:
    """Each hostile text in a row of its own, in every cell of it."""

    count = len(HOSTILE)

    def rows(self, first: int, count: int) -> Sequence[Sequence[Cell]]:
        return [((text, ""), (text, text)) for text in list(HOSTILE.values())[first : first + count]]


class HostileLines:
    """Each hostile text in a line of its own."""

    count = len(HOSTILE)

    def line(self, index: int) -> Sequence[tuple[str, str]]:
        text = list(HOSTILE.values())[index]
        return [(text, ""), (text[:50], text[:50])]


def stage() -> Stage:
    rows = RowList((Column("\x1b[7777mhead", 30), Column("[/]")), hint="[/] \x1b[7777m")
    lines = DetailView(wrap=False)
    document = DetailView()

    class Hostile(Stage):
        CSS = "RowList { height: 18; } DetailView { height: 16; }"

        def on_mount(self) -> None:
            rows.set_source(HostileRows())
            lines.show(HostileLines())
            document.show(JsonLines('{"a": "' + HOSTILE["escape"] + '"}' + HOSTILE["C1"] + HOSTILE["bidi"]))

    return Hostile(rows, lines, document)


if __name__ == "__main__":
    stage().run()
