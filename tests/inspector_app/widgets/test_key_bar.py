"""The line of keys: what it draws of each, and that a click is told."""

from __future__ import annotations

from inspector_app.widgets.key_bar import KeyBar, KeyHint
from tests.inspector_app.widgets.stage import Stage, strips


async def test_a_key_that_makes_no_sense_now_keeps_its_place_and_is_dim() -> None:
    bar = KeyBar()
    async with Stage(bar, keep=(KeyBar.Pressed,)).run_test(size=(40, 3)) as pilot:
        drawn = []
        for available in (True, False):
            bar.show([KeyHint("cancel", "x", "Cancel", available=available), KeyHint("pause", "p", "Pause")])
            await pilot.pause()
            drawn.append(strips(bar)[0])
        assert drawn[0].text == drawn[1].text
        lit, dim = ([segment.style for segment in strip if segment.text.strip()] for strip in drawn)
        assert lit[1] != dim[1]
        assert lit[2:] == dim[2:]
        await pilot.click(bar, offset=(5, 0))
        await pilot.pause()
        app = pilot.app
        assert isinstance(app, Stage)
        assert [message.name for message in app.kept if isinstance(message, KeyBar.Pressed)] == ["cancel"]
