"""The frame list and the detail of the chosen frame."""

import json
import time
from pathlib import Path

import pytest
from textual.widgets import Input

from inspector_app.widgets.row_list import RowList
from tests.inspector_app.recordings import Recording
from tests.inspector_app.screens.pilots import LARGE, RecordingEngine, live, opened


async def test_a_frame_is_one_line_with_all_that_is_known_of_it(tmp_path: Path) -> None:
    recording = Recording(tmp_path).connect().at(1000).request(0, symbol="BEAN")
    recording.at(1240).respond(0, {"price_cents": 412})
    async with opened(recording.close(), LARGE) as stage:
        line = stage.line("price_cents")
        for part in ("2", "←", "response", "→ 0", "get_quote", " B", "240 ms"):
            assert part in line


async def test_one_key_changes_how_times_are_told(tmp_path: Path) -> None:
    recording = Recording(tmp_path).connect().at(1000).request(0).at(1500).respond(0)
    async with opened(recording.close()) as stage:
        assert "Time" in stage.lines[3]
        await stage.press("t")
        await stage.until_shown("Since start", "1.500")
        await stage.press("t")
        await stage.until_shown("Delta", "+500 ms")
        await stage.press("t")
        await stage.until(lambda: "Delta" not in stage.text)


async def test_the_list_follows_its_tail(tmp_path: Path) -> None:
    recording = Recording(tmp_path).connect().calls(30).commit()
    async with live(recording.path, RecordingEngine()) as stage:
        await stage.until(lambda: stage.rows("frames").cursor == 59)
        recording.calls(5, first=30).commit()
        await stage.until(lambda: stage.rows("frames").cursor == 69)


async def test_moving_up_stops_following_and_nothing_jumps_while_frames_come(tmp_path: Path) -> None:
    recording = Recording(tmp_path).connect().calls(30).commit()
    async with live(recording.path, RecordingEngine()) as stage:
        await stage.until(lambda: stage.rows("frames").cursor == 59)
        await stage.press("up")
        before = stage.lines[4:13]
        recording.calls(50, first=30).commit()
        await stage.until_shown("▼ 100 new")
        assert stage.rows("frames").cursor == 58
        assert [line[:70] for line in stage.lines[4:13]] == [line[:70] for line in before]


async def test_f_follows_again(tmp_path: Path) -> None:
    recording = Recording(tmp_path).connect().calls(30).commit()
    async with live(recording.path, RecordingEngine()) as stage:
        await stage.until(lambda: stage.rows("frames").cursor == 59)
        await stage.press("up", "up")
        recording.calls(5, first=30).commit()
        await stage.until_shown("▼ 10 new")
        await stage.press("f")
        await stage.until(lambda: stage.rows("frames").cursor == 69)
        assert "new" not in stage.lines[-1]


async def test_a_pause_freezes_the_view_and_not_the_capture(tmp_path: Path) -> None:
    recording = Recording(tmp_path).connect().calls(3).commit()
    async with live(recording.path, RecordingEngine()) as stage:
        await stage.until(lambda: stage.view.frame_count == 6)
        await stage.press("p")
        recording.calls(10, first=3).commit()
        await stage.until_shown("▼ 20 new", "PAUSED")
        assert stage.rows("frames").row_count == 6
        await stage.press("p")
        await stage.until(lambda: stage.rows("frames").row_count == 26)


async def test_data_frame_raw_and_exchange_are_one_key_apart(tmp_path: Path) -> None:
    recording = Recording(tmp_path).connect().request(0, symbol="BEAN")
    raw = '{ "type":"response", "requestId":["' + "%s" + '", 0],"peerID":"p", "data" : {"n": 1.50}}'
    recording.raw("in", raw.replace("%s", "0f8a1c52-aaaa-4bbb-8ccc-000000000001"))
    async with opened(recording.close(), LARGE) as stage:
        await stage.press("down")
        await stage.until_shown('"n": 1.50')
        assert '"requestId"' not in stage.text
        await stage.press("d")
        await stage.until_shown("▾ data: {…} 1 member", '"n": 1.50')
        await stage.press("d")
        await stage.until_shown('  "requestId": [')
        await stage.press("d")
        await stage.until_shown('{ "type":"response", "requestId":[')
        await stage.press("d")
        await stage.until_shown("0000  7b 20 22 74 79 70 65 22")
        await stage.press("d")
        await stage.until_shown("After", "+0 µs", "+10 ms")
        await stage.press("left_square_bracket", "left_square_bracket")
        await stage.until_shown('{ "type":"response"')


async def test_the_exchange_lists_its_frames_in_order_and_leads_to_each(tmp_path: Path) -> None:
    recording = Recording(tmp_path).connect().frame("out", "stream_request", 0, {"operation": "watch"})
    recording.calls(10, first=1)
    for item in range(3):
        recording.frame("in", "stream_data", 0, {"item": item})
    async with opened(recording.close(), LARGE) as stage:
        await stage.press("E")
        await stage.until(lambda: stage.app.focused is stage.main.query_one("#exchange-frames"))
        assert stage.view.selection.frames.count == 4
        await stage.press("down", "down", "enter")
        await stage.until(lambda: stage.rows("frames").cursor == 22)
        assert stage.app.focused is stage.rows("frames")


async def test_a_number_leads_to_its_frame(tmp_path: Path) -> None:
    async with opened(Recording(tmp_path).connect().calls(50).close()) as stage:
        await stage.press("colon")
        await stage.type("77")
        await stage.press("enter")
        await stage.until(lambda: stage.rows("frames").cursor == 76)


async def test_a_number_that_no_frame_has_is_refused_with_the_range(tmp_path: Path) -> None:
    async with opened(Recording(tmp_path).connect().calls(5).close()) as stage:
        await stage.press("colon")
        await stage.type("77")
        await stage.press("enter")
        await stage.until_shown("Type a number from 1 to 10.")
        assert isinstance(stage.app.focused, Input)


async def test_the_mouse_chooses_frames_tabs_and_commands(tmp_path: Path) -> None:
    async with opened(Recording(tmp_path).connect().calls(5).close()) as stage:
        await stage.pilot.click("#frames", offset=(10, 3))
        assert stage.rows("frames").cursor == 2
        await stage.pilot.click("#views", offset=(stage.lines[2].index("Requests") + 1, 0))
        await stage.until(lambda: stage.view.view == "requests")
        place = stage.lines[-1].index("Zoom")
        await stage.pilot.click("KeyBar", offset=(place, 0))
        await stage.until(lambda: stage.main.has_class("-zoom-list"))


async def test_zoom_gives_the_detail_the_whole_screen_and_takes_it_back(tmp_path: Path) -> None:
    async with opened(Recording(tmp_path).connect().calls(5).close()) as stage:
        stage.main.query_one("#text").focus()
        await stage.press("z")
        assert not stage.main.query_one("#lists").display
        await stage.press("z")
        assert stage.main.query_one("#lists").display


async def test_a_frame_of_no_exchange_says_so(tmp_path: Path) -> None:
    recording = Recording(tmp_path).connect().frame("out", "fire_and_forget", None, {"operation": "log"})
    async with opened(recording.close()) as stage:
        await stage.press("left_square_bracket")
        await stage.until_shown("belongs to no exchange")


async def test_a_binary_message_is_called_one(tmp_path: Path) -> None:
    recording = Recording(tmp_path).connect()
    recording.raw("in", json.dumps({"type": "response", "requestId": ["x", 1], "data": 5}).encode())
    async with opened(recording.close()) as stage:
        await stage.until_shown("binary")


# -- what is read is what is acted on ---------------------------------------------------------------------


def _stream_between_calls(tmp_path: Path) -> Recording:
    recording = Recording(tmp_path).connect().frame("out", "stream_request", 90, {"operation": "watch"})
    recording.calls(3)
    for item in range(3):
        recording.frame("in", "stream_data", 90, {"item": f"number {item}"})
    return recording


async def test_the_frame_chosen_in_its_exchange_is_copied_and_shown_in_the_frame_list(tmp_path: Path) -> None:
    async with opened(_stream_between_calls(tmp_path).close(), LARGE) as stage:
        await stage.press("E", "down", "down")
        await stage.press("y")
        await stage.until(lambda: "number 1" in stage.app.clipboard)
        assert stage.rows("frames").cursor == 0
        await stage.press("d")
        await stage.until_shown('"item": "number 1"')
        assert stage.app.focused is stage.main.query_one("#text")
        await stage.press("left_square_bracket")
        await stage.until(lambda: stage.app.focused is stage.main.query_one("#exchange-frames"))
        assert stage.main.query_one("#exchange-frames", RowList).cursor == 2


async def test_back_in_the_list_its_own_row_is_copied(tmp_path: Path) -> None:
    async with opened(_stream_between_calls(tmp_path).close(), LARGE) as stage:
        await stage.press("E", "down", "down")
        stage.rows("frames").focus()
        await stage.until(lambda: stage.app.focused is stage.rows("frames"))
        await stage.press("y")
        await stage.until(lambda: "watch" in stage.app.clipboard)


@pytest.mark.parametrize("keys", [("E",), ("enter",), ("tab", "tab")])
async def test_going_into_the_detail_stops_following(tmp_path: Path, keys: tuple[str, ...]) -> None:
    recording = Recording(tmp_path).connect().calls(30).commit()
    async with live(recording.path, RecordingEngine(), LARGE) as stage:
        await stage.until(lambda: stage.rows("frames").cursor == 59)
        await stage.press(*keys)
        await stage.until(lambda: not stage.view.following)
        chosen, top = stage.view.selection.frame, stage.rows("frames").top
        recording.calls(5, first=30).commit()
        await stage.until(lambda: "▼ 10 new" in stage.lines[-1])
        assert (stage.view.selection.frame, stage.rows("frames").top) == (chosen, top)
        assert stage.rows("frames").cursor == 59


async def test_an_exchange_is_shown_from_the_moment_of_the_key(tmp_path: Path) -> None:
    recording = Recording(tmp_path).connect().calls(3).commit()
    async with live(recording.path, RecordingEngine(), LARGE) as stage:
        await stage.until(lambda: stage.rows("frames").cursor == 5 and stage.view.selection.exchange)
        before = stage.view.selection.exchange
        recording.calls(3, first=3).commit()
        stage.main._refresh(stage.view.tick(time.time_ns()))  # the list has moved, its message is under way
        stage.main.do_exchange()
        await stage.until(lambda: not stage.view.following)
        await stage.until(lambda: stage.app.focused is stage.main.query_one("#exchange-frames"))
        assert before is not None
        assert stage.view.selection.frames.exchange == before
        assert stage.rows("frames").cursor == 5


# -- pausing ----------------------------------------------------------------------------------------------


async def test_while_paused_the_key_says_resume_and_what_came_does_not_shrink(tmp_path: Path) -> None:
    recording = Recording(tmp_path).connect().calls(30).commit()
    async with live(recording.path, RecordingEngine()) as stage:
        await stage.until(lambda: stage.rows("frames").cursor == 59)
        await stage.press("up")
        recording.calls(5, first=30).commit()
        await stage.until_shown("▼ 10 new", "p Pause")
        await stage.press("p")
        await stage.until_shown("▼ 10 new", "p Resume")
        recording.calls(5, first=35).commit()
        await stage.until_shown("▼ 20 new")
        await stage.press("p")
        await stage.until_shown("▼ 20 new", "p Pause")


async def test_a_pause_does_not_stop_the_bar(tmp_path: Path) -> None:
    recording = Recording(tmp_path).connect().calls(3).commit()
    async with live(recording.path, RecordingEngine()) as stage:
        await stage.until_shown("CONNECTED", "← 3")
        await stage.press("p")
        recording.calls(1, first=3).state("CONNECTED", "LOST", code=1006).commit()
        await stage.until(lambda: "LOST" in stage.lines[0] and "← 4" in stage.lines[1])
        assert stage.rows("frames").row_count == 6
        assert not stage.view.situation().connected
        await stage.press("4")
        assert stage.rows("connection").row_count == 1
        await stage.press("p")
        await stage.until(lambda: stage.rows("connection").row_count == 2)


async def test_as_frames_come_every_key_of_the_footer_keeps_its_place(tmp_path: Path) -> None:
    recording = Recording(tmp_path).connect().calls(3).commit()
    async with live(recording.path, RecordingEngine()) as stage:
        await stage.until(lambda: stage.rows("frames").cursor == 5)
        places = _places(stage.lines[-1])
        assert {"Send", "Pause", "Follow", "Cancel", "Help", "Detail"} <= set(places)
        recording.request(9).frame("out", "stream_stream_request", 10, {"operation": "chat"}).commit()
        await stage.until(lambda: stage.view.situation().sending)
        assert _places(stage.lines[-1]) == places
        recording.state("CONNECTED", "LOST", code=1006).commit()
        await stage.until_shown("LOST")
        assert _places(stage.lines[-1]) == places


def _places(line: str) -> dict[str, int]:
    return {word: line.index(word) for word in line.split() if len(word) > 2}
