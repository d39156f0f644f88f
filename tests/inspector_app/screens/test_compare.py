"""Comparing two frames in the app."""

from __future__ import annotations

from pathlib import Path

import pytest

from inspector_app.comparing import run
from tests.inspector_app.recordings import Recording
from tests.inspector_app.screens.pilots import LARGE, SMALL, opened
from tests.inspector_app.screens.test_hostile import _assert_inert, no_safety_net


def _calls(tmp_path: Path) -> Path:
    recording = Recording(tmp_path).connect()
    for number in range(3):
        data = {"price": 400 + number, "items": [{"id": each} for each in range(number, 4)]}
        recording.request(number, symbol="BEAN").respond(number, data)
    return recording.request(9, "other").close()


@pytest.mark.parametrize("size", [SMALL, LARGE])
async def test_a_frame_is_compared_with_the_one_before_of_its_operation(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    async with opened(_calls(tmp_path), size) as stage:
        await stage.press("down", "down", "down", "P")
        await stage.until_shown("~ data.price", "- data.items[0]", "- 1 removed", "~ 1 changed", "#2", "#4")
        beside = any("- 400" in line and "+ 401" in line for line in stage.lines)
        assert beside == (size == LARGE)
        assert "- 400" in stage.text
        assert "+ 401" in stage.text
        await stage.press("escape")
        assert stage.app.screen is stage.main


async def test_a_frame_without_one_before_says_so(tmp_path: Path) -> None:
    async with opened(_calls(tmp_path)) as stage:
        await stage.press("end", "P")
        await stage.until(lambda: any("no frame of this operation" in toast for toast in stage.toasts))


async def test_any_two_frames_are_compared_by_picking_one_and_then_the_other(tmp_path: Path) -> None:
    async with opened(_calls(tmp_path)) as stage:
        await stage.press("down", "equals_sign")
        await stage.until(lambda: any("Frame 2 is picked" in toast for toast in stage.toasts))
        await stage.press("equals_sign")
        await stage.until(lambda: any("Picked no more" in toast for toast in stage.toasts))
        await stage.press("equals_sign", "down", "down", "down", "down", "equals_sign")
        await stage.until_shown("#2", "#6", "- 400", "+ 402", "- 2 removed")


async def test_the_same_is_said_to_be_the_same(tmp_path: Path) -> None:
    recording = Recording(tmp_path).connect().raw("in", '{"data":[1]}').raw("in", '{ "data": [1] }')
    async with opened(recording.close()) as stage:
        await stage.press("equals_sign", "down", "equals_sign")
        await stage.until_shown("No difference", "The two say the same.")


async def test_what_is_not_compared_is_said_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "SIZE_LIMIT", 10)
    async with opened(_calls(tmp_path)) as stage:
        await stage.press("equals_sign", "down", "equals_sign")
        await stage.until_shown("are not compared.")


async def test_hostile_differences_are_inert_without_the_safety_net(tmp_path: Path) -> None:
    recording = Recording(tmp_path).connect()
    recording.raw("in", '{"data":{"\x7f[/]":"\u009b31m[/]\u202e","l":[1,2]}}')
    recording.raw("in", '{"data":{"\x7f[/]":"\u2066[@click=app.exit]x[/]","l":[2]}}')
    recording.raw("in", b"\xff\x1b[2J").raw("in", b"\xfe\x1b[2J")
    path = recording.close()
    with no_safety_net():
        for size in (SMALL, LARGE):
            async with opened(path, size) as stage:
                await stage.press("equals_sign", "down", "equals_sign")
                await stage.until_shown("~ 1 changed", "[@click=app.exit]x[/]")
                _assert_inert(stage)
                await stage.press("escape", "down", "equals_sign", "down", "equals_sign")
                await stage.until_shown("Compared line by line", "\\xfe␛[2J")
                _assert_inert(stage)


async def test_the_comparison_is_laid_out_anew_for_another_width(tmp_path: Path) -> None:
    async with opened(_calls(tmp_path), LARGE) as stage:
        await stage.press("down", "down", "down", "P")
        await stage.until(lambda: any("- 400" in line and "+ 401" in line for line in stage.lines))
        await stage.pilot.resize_terminal(80, 24)
        await stage.until(lambda: not any("- 400" in line and "+ 401" in line for line in stage.lines))
        await stage.until_shown("- 400", "+ 401")
