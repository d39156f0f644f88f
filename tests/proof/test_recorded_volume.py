"""Volume with every frame recorded: the file holds what was on the wire, frame for frame, and keeps up.

Recording is what a run without a screen does: source, recorder and capture, in one process; the server is
in another and keeps its own digest of the wire.
"""

from __future__ import annotations

import asyncio
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from inspector_app.capture.records import FrameSeen, Record, StateChanged
from inspector_app.capture.store import CaptureReader
from inspector_app.engine.recording import Recording
from inspector_app.intents import ClientSpec, SendMessage
from inspector_app.loop import TURN_S
from slipstream import connect, serve
from tests.conftest import Figure
from tests.proof.children import elsewhere, served
from tests.proof.measures import PeakMemory, cpu_s
from tests.proof.peers import Doings, FramesDigest, Measured


class Tape:
    """What went by at the inspected side, in order, and when the stream on it has ended."""

    def __init__(self) -> None:
        self.connected = asyncio.Event()
        self.ended = asyncio.Event()
        self.frames = FramesDigest()

    def take(self, record: Record) -> None:
        """Hear one record."""
        if isinstance(record, FrameSeen):
            assert isinstance(record.raw, str)
            self.frames.add(record.direction + record.raw)
            if '"stream_end"' in record.raw:
                self.ended.set()
        elif isinstance(record, StateChanged) and record.new == "CONNECTED":
            self.connected.set()


@dataclass(frozen=True, slots=True)
class Recorded:
    """A stream that was recorded: what the tap saw, items a second until all was on disk, and the cost."""

    tape: list[object]
    rate: float
    grown_mib: float
    cpu_s: float


@dataclass(frozen=True, slots=True)
class Held:
    """Count and digest of the frames in a capture: of all in their order, and of each direction."""

    all: list[object]
    came: list[object]
    went: list[object]


def _held_in(capture: Path) -> Held:
    """What a capture holds; fails where it has or tells of a gap."""
    frames, came, went = FramesDigest(), FramesDigest(), FramesDigest()
    reader, seq = CaptureReader(capture), 1
    while portion := reader.frames_with_raw(seq, 10_000):
        for row, raw in portion:
            assert row.seq == seq
            assert isinstance(raw, str)
            frames.add(row.direction + raw)
            (came if row.direction == "in" else went).add(raw)
            seq += 1
    notes = [note.text for note in reader.notes(0, 100)]
    reader.close()
    assert notes == []
    return Held(frames.told(), came.told(), went.told())


async def _record_stream(url: str, capture: Path, count: int) -> Recorded:
    sys.setswitchinterval(TURN_S)  # as in every process that records
    tape, memory, used_s = Tape(), PeakMemory(), cpu_s()
    recording = await Recording.begin(ClientSpec(url=url), capture, on_record=tape.take)
    try:
        await tape.connected.wait()
        began = time.perf_counter()
        done = await recording.source.perform(
            SendMessage(kind="stream", operation="count", data_json=f'{{"count": {count}}}')
        )
        assert done.error is None
        await tape.ended.wait()
        assert await asyncio.to_thread(recording.recorder.flush)
        rate = count / (time.perf_counter() - began)
    finally:
        await recording.end()
    return Recorded(tape.frames.told(), rate, memory.grown_mib(), cpu_s() - used_s)


async def test_a_recorded_stream_is_in_the_capture_frame_for_frame(tmp_path: Path) -> None:
    async with serve(lambda: Measured(Doings())) as server:
        recorded = await _record_stream(server.url, tmp_path / "c", 3_000)
    held = _held_in(tmp_path / "c")
    assert held.all == recorded.tape
    assert held.came[0] == 3_000 + 1 + 1  # the items, their end, what it said of its operations


@pytest.mark.proof
@pytest.mark.timeout(900)
async def test_a_million_items_are_recorded_frame_for_frame(figure: Figure, tmp_path: Path) -> None:
    count, capture = 1_000_000, tmp_path / "c"
    async with served("tests.proof.peers", "--digest") as child:
        recorded = await elsewhere(_record_stream, child.url, capture, count)
        async with connect(child.url) as protocol:
            wire = (await protocol.request_response({"operation": "wires"}))[0]
    held = _held_in(capture)
    figure("E3", "1,000,000 items recorded: items a second, to disk", recorded.rate, ">= 25,000")
    figure("E3", "frames in the file, on the tap", f"{held.all[0]:,}, {recorded.tape[0]:,}", "equal")
    figure("E3", "memory grown, MiB", recorded.grown_mib, "told only")
    figure("E3", "processor time an item, us", recorded.cpu_s / count * 1e6, "told only")
    assert held.all == recorded.tape
    assert [held.came, held.went] == [wire["out"], wire["in"]]
    assert recorded.rate >= 25_000
