"""The lists of requests and streams, and what can be done with their rows."""

import time
from pathlib import Path

import pytest

from inspector_app.intents import CancelExchange, Done, EndHalf, SendItem
from tests.inspector_app.recordings import ME, Recording
from tests.inspector_app.screens.pilots import LARGE, RecordingEngine, Stage, live, opened


async def test_pending_requests_stand_above_the_finished_with_an_age_that_grows(tmp_path: Path) -> None:
    recording = Recording(tmp_path)
    recording.now_ns = time.time_ns()
    recording.connect().calls(3).request(3, "slow").commit()
    async with live(recording.path, RecordingEngine()) as stage:
        await stage.press("2")
        await stage.until_shown("pending", "slow")
        first = next(line for line in stage.lines if "slow" in line)
        assert stage.lines.index(first) < stage.lines.index(stage.line("✓ ok"))
        await stage.until(lambda: next(line for line in stage.lines if "slow" in line) != first)


async def test_the_cursor_stays_on_its_request_when_that_ends(tmp_path: Path) -> None:
    recording = Recording(tmp_path).connect().request(0, "slow").request(1, "slower").commit()
    async with live(recording.path, RecordingEngine()) as stage:
        await stage.press("2", "down", "up")
        await stage.until(lambda: stage.view.selection.exchange is not None)
        recording.respond(0, {"done": True}).commit()
        await stage.until(lambda: stage.rows("requests").cursor == 1)
        assert stage.view.selection.exchange is not None
        assert stage.view.selection.exchange.operation == "slow"
        await stage.until_shown("response")


async def test_a_pending_request_is_cancelled_by_key(tmp_path: Path) -> None:
    engine = RecordingEngine()
    recording = Recording(tmp_path).connect().calls(1).request(7, "slow").commit()
    async with live(recording.path, engine) as stage:
        await stage.press("2")
        await stage.until(lambda: stage.view.situation().pending)
        await stage.press("down", "up", "x")
        await stage.until(lambda: engine.intents == [CancelExchange(conn=1, opener=ME, number=7)])


async def test_in_a_list_that_moves_by_itself_the_exchange_is_named_before_it_is_cancelled(
    tmp_path: Path,
) -> None:
    engine = RecordingEngine()
    recording = Recording(tmp_path).connect().request(7, "slow").commit()
    async with live(recording.path, engine) as stage:
        for view, key in (("frames", "1"), ("requests", "2")):
            engine.intents.clear()
            await stage.press(key)
            await stage.until(lambda: stage.view.situation().pending)
            stage.main._shown.follow = True
            await stage.press("x")
            await stage.until_shown("Give up slow (→ 7)?")
            assert not stage.rows(view).follow
            assert engine.intents == []
            recording.request(100 + len(view), "other").commit()
            await stage.until(lambda: stage.view.frame_count == stage.view.live_totals.frames)
            await stage.press("enter")
            await stage.until(lambda: engine.intents == [CancelExchange(conn=1, opener=ME, number=7)])


async def test_what_is_not_seen_to_be_chosen_cannot_be_acted_on(tmp_path: Path) -> None:
    engine = RecordingEngine()
    recording = Recording(tmp_path).connect()
    recording.frame("out", "stream_stream_request", 4, {"operation": "chat"}).commit()
    async with live(recording.path, engine) as stage:
        await stage.press("3", "down", "home")
        await stage.until(lambda: stage.view.situation().sending)
        for key in ("4", "6"):
            await stage.press(key, "x", "e", "i", "y")
            assert stage.app.screen is stage.main
        assert engine.intents == []
        assert any("Choose a frame first" in toast for toast in stage.toasts)


async def test_the_newest_pending_is_seen_until_the_cursor_is_moved(tmp_path: Path) -> None:
    recording = Recording(tmp_path).connect().calls(40).commit()
    async with live(recording.path, RecordingEngine()) as stage:
        await stage.press("2")
        await stage.until_shown("get_quote")
        recording.request(50, "slow").request(51, "slower").commit()
        await stage.until_shown("slow ", "slower ")
        assert stage.rows("requests").cursor == 0
        await stage.until(lambda: _chosen(stage) == "slow")
        recording.respond(50).commit()
        await stage.until(lambda: _chosen(stage) == "slower")
        assert "▲" not in stage.lines[-1]


async def test_what_is_pending_above_the_window_is_said(tmp_path: Path) -> None:
    recording = Recording(tmp_path).connect().calls(40).commit()
    async with live(recording.path, RecordingEngine()) as stage:
        await stage.press("2", "down", "up")
        recording.request(50, "slow").request(51, "slower").commit()
        await stage.until(lambda: "▲ 2 pending" in stage.lines[-1])
        assert "slow" not in stage.text
        await stage.press("home")
        await stage.until_shown("slow ", "slower ")
        assert "▲" not in stage.lines[-1]


def _chosen(stage: Stage) -> str | None:
    exchange = stage.view.selection.exchange
    return exchange.operation if exchange is not None else None


async def test_a_finished_request_cannot_be_cancelled_and_it_says_why(tmp_path: Path) -> None:
    engine = RecordingEngine()
    recording = Recording(tmp_path).connect().calls(1).commit()
    async with live(recording.path, engine) as stage:
        await stage.press("2")
        await stage.until(lambda: stage.view.selection.exchange is not None)
        await stage.press("x")
        await stage.until(lambda: any("pending request" in toast for toast in stage.toasts))
        assert engine.intents == []


async def test_what_the_engine_refuses_is_said_as_it_is_and_not_as_markup(tmp_path: Path) -> None:
    engine = RecordingEngine()
    engine.answer = Done(error="It has ended already [/] \x1b[31m: choose another.")
    recording = Recording(tmp_path).connect().request(0).commit()
    async with live(recording.path, engine) as stage:
        await stage.press("2")
        await stage.until(lambda: stage.view.situation().pending)
        await stage.press("x")
        await stage.until_shown("Give up")
        await stage.press("enter")
        await stage.until(lambda: any("ended already [/] ␛[31m" in toast for toast in stage.toasts))


@pytest.mark.parametrize("size", [(80, 24), LARGE])
async def test_a_stream_shows_its_state_and_items_each_way(tmp_path: Path, size: tuple[int, int]) -> None:
    recording = Recording(tmp_path).connect()
    recording.frame("out", "stream_stream_request", 0, {"operation": "chat"})
    recording.frame("out", "stream_data", 0, 1).frame("in", "stream_data", 0, 2)
    recording.frame("in", "stream_end", 0).commit()
    async with live(recording.path, RecordingEngine(), size) as stage:
        await stage.press("3")
        await stage.until_shown("HALF_CLOSED_REMOTE", "chat", "bidi", "1 · ")
        if size == LARGE:
            await stage.until_shown("7be2d940")


async def test_item_end_and_cancel_are_three_keys_of_an_open_stream(tmp_path: Path) -> None:
    engine = RecordingEngine()
    recording = Recording(tmp_path).connect()
    recording.frame("out", "stream_stream_request", 4, {"operation": "chat"}).commit()
    async with live(recording.path, engine) as stage:
        await stage.press("3")
        await stage.until_shown("i Item", "e End half", "x Cancel")
        await stage.until(lambda: stage.view.situation().sending)
        await stage.press("i")
        await stage.until_shown("Send an item", "→ 4")
        await stage.type("[1,2]")
        await stage.press("ctrl+s")
        await stage.until(
            lambda: engine.intents == [SendItem(conn=1, opener=ME, number=4, data_json="[1,2]")]
        )
        await stage.until(lambda: stage.app.screen is stage.main)
        await stage.press("e")
        await stage.until(lambda: engine.intents[-1] == EndHalf(conn=1, opener=ME, number=4))
        await stage.press("x")
        await stage.until(lambda: engine.intents[-1] == CancelExchange(conn=1, opener=ME, number=4))


async def test_a_server_stream_takes_no_items_from_its_opener(tmp_path: Path) -> None:
    engine = RecordingEngine()
    recording = (
        Recording(tmp_path).connect().frame("out", "stream_request", 0, {"operation": "watch"}).commit()
    )
    async with live(recording.path, engine) as stage:
        await stage.press("3")
        await stage.until(lambda: stage.view.situation().pending)
        await stage.press("i")
        await stage.until(lambda: any("bidirectional stream" in toast for toast in stage.toasts))
        assert engine.intents == []


async def test_enter_on_a_request_goes_to_its_frames(tmp_path: Path) -> None:
    async with opened(Recording(tmp_path).connect().calls(3).close()) as stage:
        await stage.press("2", "enter")
        assert stage.app.focused is stage.main.query_one("#exchange-frames")


async def test_the_frame_chosen_in_an_exchange_is_what_data_shows(tmp_path: Path) -> None:
    async with opened(Recording(tmp_path).connect().calls(1).close()) as stage:
        await stage.press("2", "enter", "down")
        await stage.press("d")
        await stage.until_shown('"price_cents": 400')


async def test_in_a_narrow_terminal_operations_of_streams_can_still_be_read(tmp_path: Path) -> None:
    recording = Recording(tmp_path).connect()
    recording.frame("out", "stream_request", 0, {"operation": "forecast"})
    for size in ((62, 17), (70, 20), (80, 24)):
        async with opened(recording.commit().path, size) as stage:
            await stage.press("3")
            await stage.until_shown("forecast", "HALF_CLOSED_LOCAL")
