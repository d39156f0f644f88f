"""Recording at a rate: the program in a terminal follows what its engine records, and nothing is lost.

Three processes besides this one: a server that sends at so many frames a second, the engine that is connected
to it, and the viewer, drawing into a terminal that somebody reads.
"""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from inspector_app.capture.store import CaptureReader
from slipstream import connect
from tests.conftest import Figure
from tests.end_to_end.terminal import Terminal
from tests.proof.children import resident_mib, served
from tests.proof.measures import cpu_s

TEXT_BYTES = 100
"""With that a frame has about 200."""

DRAINED_WITHIN_S = 1.0
LARGEST_MIB = 200.0


@dataclass(slots=True)
class Run:
    """What came of a number of notes that were pushed to the program."""

    sent_s: float = 0.0
    drained_s: float = 0.0
    engine_cpu_s: float = 0.0
    engine_mib: list[float] = field(default_factory=list)
    viewer_mib: list[float] = field(default_factory=list)
    most_behind: int = 0


def _engine_of(viewer: int) -> int:
    children = Path(f"/proc/{viewer}/task/{viewer}/children").read_text().split()
    [engine] = [int(child) for child in children]
    return engine


@contextmanager
def _program(url: str, capture: Path, folders: Path) -> Iterator[Terminal]:
    environment = {f"SLIPSTREAM_INSPECTOR_{name}": str(folders / name) for name in ("DATA", "CONFIG")}
    with Terminal("connect", url, "--record", str(capture), environment=environment) as terminal:
        terminal.wait_for("answered after")
        yield terminal


@contextmanager
def _read_by_someone(terminal: Terminal) -> Iterator[None]:
    """Take what the program draws, without making a picture of it."""
    over = threading.Event()

    def read() -> None:
        while not over.is_set():
            terminal.pass_over()

    thread = threading.Thread(target=read)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


async def _push(url: str, capture: Path, viewer: int, *, count: int, rate: int) -> Run:
    run, engine = Run(), _engine_of(viewer)
    used_s = cpu_s(engine)
    reader = CaptureReader(capture)
    before = reader.totals().frames
    order = {"operation": "push", "count": count, "rate": rate, "text_bytes": TEXT_BYTES}
    async with connect(url) as protocol:
        pushing = asyncio.create_task(protocol.request_response(order, timeout=600.0))
        while not pushing.done():
            await asyncio.wait([pushing], timeout=1.0)
            run.engine_mib.append(resident_mib(engine))
            run.viewer_mib.append(resident_mib(viewer))
        run.sent_s = pushing.result()
        sent = time.perf_counter()
        run.most_behind = before + count - reader.totals().frames
        while reader.totals().frames < before + count:
            assert time.perf_counter() < sent + 60
            await asyncio.sleep(0.005)
        run.drained_s = time.perf_counter() - sent
    run.engine_cpu_s = cpu_s(engine) - used_s
    reader.close()
    return run


def _check_whole(capture: Path, count: int) -> None:
    """Every note is in the capture, once and in its order, and no gap is told of."""
    with closing(CaptureReader(capture)) as reader:
        seq, number = 1, 0
        while portion := reader.frames_with_raw(seq, 10_000, summaries=False):
            for row, raw in portion:
                assert row.seq == seq
                seq += 1
                if row.type == "fire_and_forget":
                    assert json.loads(raw)["data"]["number"] == number
                    number += 1
        assert number == count
        # It is noted that nobody takes them; what must not be there is a gap.
        assert [note.text for note in reader.notes(0, 10_000) if "not recorded" in note.text] == []


async def _run(tmp_path: Path, *, count: int, rate: int) -> Run:
    capture = tmp_path / "rate.capture"
    async with served("tests.proof.peers") as child:
        with _program(child.url, capture, tmp_path) as terminal, _read_by_someone(terminal):
            run = await _push(child.url, capture, terminal.pid, count=count, rate=rate)
        _check_whole(capture, count)
    return run


async def test_what_a_server_pushes_is_recorded_while_the_viewer_follows(tmp_path: Path) -> None:
    await _run(tmp_path, count=2_000, rate=10_000)


@pytest.mark.proof
@pytest.mark.timeout(600)
async def test_twenty_thousand_frames_a_second_are_recorded_for_a_minute(
    figure: Figure, tmp_path: Path
) -> None:
    rate, seconds = 20_000, 60
    count = rate * seconds
    run = await _run(tmp_path, count=count, rate=rate)
    size = (tmp_path / "rate.capture").stat().st_size / count
    quarter = len(run.engine_mib) // 4
    grown = run.engine_mib[-1] - run.engine_mib[quarter]
    figure("C1", "20,000 frames a second for 60 s: seconds to send", run.sent_s, "<= 62")
    figure("C1", "not yet on disk at the end: frames, and seconds until", f"{run.most_behind:,}", "told only")
    figure("C1", "seconds until all is on disk", run.drained_s, f"<= {DRAINED_WITHIN_S:g}")
    figure("C1", "memory of the engine at most, MiB", max(run.engine_mib), f"<= {LARGEST_MIB:g}")
    figure("C1", "memory of the engine, grown after a quarter, MiB", grown, "<= 10")
    figure("C1", "memory of the viewer at most, MiB", max(run.viewer_mib), f"<= {LARGEST_MIB:g}")
    figure("C1", "processor time of the engine a frame, us", run.engine_cpu_s / count * 1e6, "told only")
    figure("C1", "bytes of the file a frame", size, "<= 400")
    assert run.sent_s <= seconds + 2
    assert run.drained_s <= DRAINED_WITHIN_S
    assert max(*run.engine_mib, *run.viewer_mib) <= LARGEST_MIB
    assert grown <= 10
    assert size <= 400


@pytest.mark.proof
@pytest.mark.timeout(600)
async def test_a_burst_as_fast_as_can_be_is_recorded_and_on_disk_within_a_second(
    figure: Figure, tmp_path: Path
) -> None:
    count = 300_000
    run = await _run(tmp_path, count=count, rate=10_000_000)
    figure("C2", "a burst of 300,000 frames: frames a second", count / run.sent_s, "told only")
    figure("C2", "not yet on disk at the end: frames", f"{run.most_behind:,}", "told only")
    figure("C2", "seconds until all is on disk", run.drained_s, f"<= {DRAINED_WITHIN_S:g}")
    figure("C2", "memory of the engine at most, MiB", max(run.engine_mib), f"<= {LARGEST_MIB:g}")
    assert run.drained_s <= DRAINED_WITHIN_S
    assert max(run.engine_mib) <= LARGEST_MIB
