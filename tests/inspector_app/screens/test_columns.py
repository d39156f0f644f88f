"""The columns of the frame list: chosen, moved, resized, made of the payload, remembered."""

import json
from pathlib import Path

from msgspec.structs import replace
from textual.widgets import Input

from inspector_app import settings
from inspector_app.screens.lists import frame_columns
from inspector_app.viewer.columns import USUAL
from inspector_app.widgets.row_list import RowList
from tests.inspector_app.recordings import Recording
from tests.inspector_app.screens.pilots import LARGE, SMALL, Stage, opened
from tests.inspector_app.screens.test_hostile import _assert_inert, no_safety_net
from tests.inspector_app.widgets.hostile import HOSTILE


def _capture(folder: Path) -> Path:
    recording = Recording(folder).connect()
    for number in range(30):
        recording.request(number, "order.place", user={"id": 1000 + number})
    return recording.close()


def _keys(stage: Stage) -> list[str]:
    return [each.key for each in stage.view.columns]


def _head(stage: Stage) -> str:
    return stage.line("#")


async def test_a_path_into_the_payload_becomes_a_column_and_is_remembered(tmp_path: Path) -> None:
    capture = _capture(tmp_path)
    async with opened(capture, LARGE) as stage:
        await stage.press("C", "a")
        stage.app.screen.query_one(Input).value = "data.user.id"
        await stage.press("enter")
        await stage.until(lambda: "data.user.id" in _keys(stage))
        await stage.press("escape")
        assert "user.id" in _head(stage)
        assert " 1000 " in stage.lines[4]
        assert " 1007 " in stage.lines[11]
    async with opened(capture, LARGE) as stage:
        assert " 1007 " in stage.lines[11]
        await stage.press("C", "u", "escape")
        assert stage.view.columns == USUAL


async def test_the_chooser_shows_hides_moves_and_resizes_at_once(tmp_path: Path) -> None:
    async with opened(_capture(tmp_path)) as stage:
        await stage.press("C")
        await stage.press("down", "space")  # no time
        await stage.until(lambda: "time" not in _keys(stage))
        await stage.press("home", "right_curly_bracket")
        assert _keys(stage)[:2] == ["dir", "seq"]
        await stage.press("greater_than_sign", "greater_than_sign")
        assert stage.view.columns[1].width == 8
        rows = stage.app.screen.query_one("#all-columns", RowList)
        rows.move_to(rows.row_count - 1)
        await stage.rest()
        await stage.press("space")
        await stage.until(lambda: len(_keys(stage)) == len(USUAL))
        await stage.press("escape")
        assert "Time" not in stage.lines[3]


async def test_keys_in_the_list_resize_and_move_the_column_of_the_chosen_cell(tmp_path: Path) -> None:
    async with opened(_capture(tmp_path)) as stage:
        await stage.press("greater_than_sign")
        assert "Choose a column with ← and → first." in stage.toasts
        await stage.press(*["right"] * 6)
        assert _keys(stage)[stage.rows("frames").cell or 0] == "op"
        await stage.press("less_than_sign", "less_than_sign")
        assert stage.view.columns[5].width == 11
        await stage.press("left_curly_bracket")
        assert _keys(stage)[4:6] == ["op", "exchange"]
        assert _keys(stage)[stage.rows("frames").cell or 0] == "op"
        assert _head(stage).index("Operation") < _head(stage).index("Exch")


async def test_times_can_stand_side_by_side(tmp_path: Path) -> None:
    folder = settings.config_folder()
    folder.mkdir(parents=True, exist_ok=True)
    stored = {"columns": [["seq", 0], ["clock", 0], ["since", 0], ["delta", 0], ["data", 0]]}
    (folder / settings.FILE_NAME).write_text(json.dumps(stored), encoding="utf-8")
    async with opened(_capture(tmp_path)) as stage:
        assert all(title in _head(stage) for title in ("Time of day", "Since start", "Delta"))
        line = stage.line("1001")
        assert "0.0" in line
        assert "+10 ms" in line


async def test_a_column_out_of_sight_comes_into_sight_when_its_cell_is_chosen(tmp_path: Path) -> None:
    folder = settings.config_folder()
    folder.mkdir(parents=True, exist_ok=True)
    stored = {"columns": [["seq", 0], ["op", 40], ["clock", 40], ["data.user.id", 10]]}
    (folder / settings.FILE_NAME).write_text(json.dumps(stored), encoding="utf-8")
    async with opened(_capture(tmp_path), SMALL) as stage:
        assert " 1003 " not in stage.text
        await stage.press(*["right"] * 4)
        assert " 1003 " in stage.text
        await stage.press(*["left"] * 3)
        assert "order.place" in stage.lines[4]


async def test_hostile_paths_and_values_are_shown_inert_without_the_safety_net(tmp_path: Path) -> None:
    recording = Recording(tmp_path).connect()
    for number, text in enumerate(HOSTILE.values()):
        recording.request(number, data=text[:2000], **{"\x1b[2J[/]": text[:100]})
    folder = settings.config_folder()
    folder.mkdir(parents=True, exist_ok=True)
    stored = {
        "columns": [["seq", 0], ["data.data", 30], ['data."\\u001b[2J[/]"', 30], ["\x1b[2J", 4], ["data", 0]]
    }
    (folder / settings.FILE_NAME).write_text(json.dumps(stored), encoding="utf-8")
    with no_safety_net():
        async with opened(recording.close(), LARGE) as stage:
            assert len(_keys(stage)) == 4
            _assert_inert(stage)
            await stage.press("C")
            _assert_inert(stage)
            await stage.press("a")
            stage.app.screen.query_one(Input).value = "data.\x1b[2J"
            await stage.press("enter")
            _assert_inert(stage)
            await stage.press("escape", "escape", "down", "right", "right", "minus")
            _assert_inert(stage)


async def test_numbers_that_grow_while_it_is_recorded_get_the_room_they_take(tmp_path: Path) -> None:
    async with opened(_capture(tmp_path)) as stage:
        narrow = [column.width for column in frame_columns(stage.view)]
        stage.view.totals = replace(stage.view.totals, frames=1_000_000, exchanges=178_000)
        stage.main.redraw()
        wide = [column.width for column in stage.rows("frames")._columns]
        assert [after - before for before, after in zip(narrow, wide, strict=True) if after != before] == [
            2,
            2,
        ]
        assert wide[0] > len("1000000")
        assert wide[4] == len("\N{RIGHTWARDS ARROW} 178000")
