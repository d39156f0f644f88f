"""The connection bar, as issue by issue of what it must tell."""

import time
from pathlib import Path

import pytest

from inspector_app.intents import ServerSpec
from tests.inspector_app.recordings import ME, PEER, Recording, S
from tests.inspector_app.screens.pilots import LARGE, SMALL, RecordingEngine, live, opened


@pytest.mark.parametrize("size", [SMALL, LARGE])
async def test_a_client_shows_role_address_state_with_time_both_peers_and_traffic(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    recording = Recording(tmp_path).connect().calls(3).commit()
    async with live(recording.path, RecordingEngine(), size) as stage:
        await stage.until_shown("CLIENT", "CONNECTED", "ws://127.0.0.1:8765", ME[:8], PEER[:8])
        top = "\n".join(stage.lines[:2])
        assert "/s" in top
        assert "← 3" in top
        assert "→ 3" in top
        assert " B" in top


async def test_the_time_in_the_state_is_told_and_grows(tmp_path: Path) -> None:
    recording = Recording(tmp_path)
    recording.now_ns = time.time_ns()
    recording.connect().commit()
    async with live(recording.path, RecordingEngine()) as stage:
        await stage.until_shown("CONNECTED 1 s")
        await stage.until_shown("CONNECTED 2 s")


async def test_a_server_tells_how_many_peers_are_connected(tmp_path: Path) -> None:
    recording = Recording(tmp_path, role="server").connect(1).connect(2, me="second").commit()
    async with live(recording.path, RecordingEngine(), spec=ServerSpec(port=9000)) as stage:
        await stage.until_shown("SERVER", "LISTENING", "127.0.0.1:9000", "2 peers connected")


async def test_a_file_is_called_one_and_says_what_it_was_made_from(tmp_path: Path) -> None:
    recording = (
        Recording(tmp_path, "night.capture").connect().calls(1).state("CONNECTED", "CLOSED", code=1000)
    )
    async with opened(recording.close()) as stage:
        await stage.until_shown("FILE", "night.capture", "CLOSED")


async def test_pausing_is_said_in_the_bar(tmp_path: Path) -> None:
    recording = Recording(tmp_path).connect().commit()
    async with live(recording.path, RecordingEngine()) as stage:
        await stage.press("p")
        await stage.until_shown("PAUSED")
        await stage.press("p")
        await stage.until(lambda: "PAUSED" not in stage.text)


async def test_each_tab_has_its_key_and_its_figure_at_both_sizes(tmp_path: Path) -> None:
    recording = Recording(tmp_path).connect().calls(2).request(9).raw("in", "nonsense").commit()
    for size, conn in ((SMALL, "4 Conn 1"), (LARGE, "4 Connection 1")):
        async with live(recording.path, RecordingEngine(), size) as stage:
            await stage.until_shown("1 Frames 6", "2 Requests 1/3", "3 Streams 0", conn, "5 Findings 1")


async def test_a_problem_of_the_recording_is_said_until_it_is_over_and_the_connection_stays(
    tmp_path: Path,
) -> None:
    engine = RecordingEngine()
    async with live(Recording(tmp_path).connect().commit().path, engine) as stage:
        assert engine.on_problem is not None
        engine.on_problem("problem", "The disk is full [/], so nothing can be recorded: free some space.")
        await stage.until(lambda: "The disk is full [/]" in stage.lines[1])
        assert "CONNECTED" in stage.lines[0]
        assert any("The disk is full" in toast for toast in stage.toasts)
        engine.on_problem("info", "Recording works again.")
        await stage.until(lambda: "The disk is full" not in stage.lines[1])


async def test_with_many_rows_the_tabs_move_together_and_keep_their_keys_at_80_cells(tmp_path: Path) -> None:
    recording = Recording(tmp_path).connect().calls(120).request(900).request(901)
    recording.frame("out", "stream_request", 902, {"operation": "watch"}).raw("in", "x").commit()
    async with live(recording.path, RecordingEngine()) as stage:
        await stage.until_shown("1 Frames 244", "2 Requests 2/122", "3 Streams 1/1", "4 Conn 1", "6 Ops 2")


async def test_a_server_without_peers_names_none(tmp_path: Path) -> None:
    recording = Recording(tmp_path, role="server").connect(1).state("CONNECTED", "CLOSED", code=1000).commit()
    async with live(recording.path, RecordingEngine(), spec=ServerSpec(port=9000)) as stage:
        await stage.until_shown("0 peers connected")
        assert ME[:8] not in stage.lines[1]
        assert PEER[:8] not in stage.lines[1]
        assert " me " not in stage.lines[1]


async def test_a_server_that_listens_again_says_so_and_counts_from_then(tmp_path: Path) -> None:
    engine = RecordingEngine()
    recording = Recording(tmp_path, role="server").connect(1).commit()
    async with live(recording.path, engine, spec=ServerSpec(port=9000)) as stage:
        stage.view.listens_again(time.time_ns() - 3600 * S)
        await stage.until_shown("LISTENING 1h")
        await stage.press("4", "r")
        await stage.until(lambda: "Listening again." in stage.toasts)
        await stage.until(lambda: "LISTENING 1h" not in stage.text)


async def test_a_file_tells_no_time_in_its_state(tmp_path: Path) -> None:
    recording = Recording(tmp_path).connect().calls(50)
    async with opened(recording.close()) as stage:
        await stage.until_shown("CONNECTED  ")
