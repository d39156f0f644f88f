"""The bar: everything about a connection on two lines, at any width."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from inspector_app.widgets.connection_bar import BarState, ConnectionBar
from tests.inspector_app.widgets.stage import Stage, lines, strips

S = 1_000_000_000

CLIENT = BarState(
    role="CLIENT",
    address="ws://127.0.0.1:8765/rpc",
    state="CONNECTED",
    in_state_ns=184 * S,
    local_peer="a1b2c3d4-0000-4000-8000-000000000000",
    remote_peer="9f8e7d6c-0000-4000-8000-000000000000",
    frames_in=602,
    frames_out=1_204,
    bytes_in=1_234_567,
    bytes_out=48_200,
    rate=38.2,
)


async def drawn(state: BarState | None, width: int = 120) -> list[str]:
    bar = ConnectionBar()
    async with Stage(bar).run_test(size=(width, 4)) as pilot:
        if state:
            bar.show(state)
            await pilot.pause()
        assert {strip.cell_length for strip in strips(bar)} == {width}
        return [" ".join(line.split()) for line in lines(bar)]


async def test_a_client_is_told_whole() -> None:
    assert await drawn(CLIENT) == [
        "CLIENT ● CONNECTED 3m 04s ws://127.0.0.1:8765/rpc 38/s",
        "me a1b2c3d4 peer 9f8e7d6c ← 602 frames 1.2 MB → 1,204 frames 48 kB",
    ]


async def test_at_eighty_columns_nothing_is_lost() -> None:
    assert await drawn(CLIENT, width=80) == [
        "CLIENT ● CONNECTED 3m 04s ws://127.0.0.1:8765/rpc 38/s",
        "me a1b2c3d4 peer 9f8e7d6c ← 602 1.2 MB → 1,204 48 kB",
    ]


@pytest.mark.parametrize(("peers", "words"), [(1, "1 peer connected"), (1_200, "1,200 peers connected")])
async def test_a_server_says_how_many_peers_are_connected(peers: int, words: str) -> None:
    state = replace(CLIENT, role="SERVER", state="LISTENING", remote_peer=None, peers=peers)
    first, second = await drawn(state)
    assert first.startswith("SERVER ● LISTENING")
    assert second.startswith(f"me a1b2c3d4 ⇄ {words} ←")


async def test_a_file_has_neither_state_nor_rate() -> None:
    first, _ = await drawn(BarState(role="FILE", address="yesterday.capture"))
    assert first == "FILE yesterday.capture"


async def test_a_notice_stands_beside_the_rate() -> None:
    assert (await drawn(replace(CLIENT, notice="PAUSED")))[0].endswith("PAUSED 38/s")


async def test_a_problem_takes_the_second_line() -> None:
    state = replace(CLIENT, problem="The engine has stopped: press R to start it again.")
    assert (await drawn(state))[1] == "✗ The engine has stopped: press R to start it again."


@pytest.mark.parametrize("width", [1, 9, 30, 250])
async def test_it_fits_any_width(width: int) -> None:
    await drawn(replace(CLIENT, address="ws://" + "x" * 500, notice="PAUSED"), width=width)


async def test_before_it_is_told_anything_it_is_blank() -> None:
    assert await drawn(None) == ["", ""]


async def test_what_is_drawn_already_is_not_drawn_again() -> None:
    bar = ConnectionBar()
    async with Stage(bar).run_test(size=(80, 4)) as pilot:
        bar.show(CLIENT)
        await pilot.pause()
        bar.show(replace(CLIENT))
        assert not bar._repaint_required
        bar.show(replace(CLIENT, rate=1.0))
        assert bar._repaint_required
