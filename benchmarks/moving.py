"""What recording elsewhere costs those who talk meanwhile: `python benchmarks/moving.py [--megabytes N]`.

An engine hosts a handler and records until its capture has so many megabytes. A client makes calls, one after
the other, and takes a stream as fast as it comes; then the engine is asked to record elsewhere, which copies
all of it. Told are the round trips of the calls and the items a second, before and while it copies, how long
that took, what the engine held in memory for it, and whether all frames are in the new capture.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import sys
import tempfile
import time
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from inspector_app.capture.reader import CaptureReader
from inspector_app.engine.link import EngineLink
from inspector_app.engine.running import engines_of
from inspector_app.intents import RecordElsewhere, ServerSpec
from slipstream import Protocol, connect

TRAFFIC = Path(__file__).resolve().parent / "mitmproxy_peer" / "traffic.py"
ITEM_BYTES = 2_000
ENDLESS = 1_000_000_000


@dataclass(slots=True)
class Talk:
    """What the client saw since the last look."""

    calls_ms: list[float] = field(default_factory=list)
    items: int = 0
    began: float = field(default_factory=time.perf_counter)

    def told(self) -> str:
        """Say it as a line of the table."""
        calls = sorted(self.calls_ms) or [0.0]
        rate = self.items / (time.perf_counter() - self.began)
        worst = calls[int(len(calls) * 0.99)], calls[-1]
        return f"{statistics.median(calls):>10.2f}{worst[0]:>10.2f}{worst[1]:>10.2f}{rate:>16,.0f}"


class Client:
    """Calls and takes a stream, until cancelled."""

    def __init__(self) -> None:
        self.talk = Talk()

    async def call(self, protocol: Protocol) -> None:
        """One call after the other."""
        while True:
            began = time.perf_counter()
            await protocol.request_response({"operation": "echo", "text": "x" * 60})
            self.talk.calls_ms.append((time.perf_counter() - began) * 1000)
            await asyncio.sleep(0.005)

    async def take(self, protocol: Protocol, count: int, text_bytes: int) -> None:
        """So many items."""
        wanted = {"operation": "items", "frames": count, "text_bytes": text_bytes}
        async for _ in await protocol.request_stream(wanted, timeout=None):
            self.talk.items += 1

    def since(self) -> Talk:
        """Take what was seen, and begin anew."""
        talk, self.talk = self.talk, Talk()
        return talk


def memory_mib(pid: int, what: str) -> float:
    """`VmRSS`, or `VmHWM` for the peak."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(status.partition(f"{what}:")[2].split()[0]) / 1024


def forget_peak(pid: int) -> None:
    """Have the peak begin anew."""
    Path(f"/proc/{pid}/clear_refs").write_text("5", encoding="ascii")


def told_of(capture: Path) -> str:
    """How many frames a capture has, and what it says of frames that it has not."""
    with closing(CaptureReader(capture)) as reader:
        gaps = list(reader.select("SELECT text FROM notes WHERE text LIKE '%were not recorded%'", ()))
        return (
            f"{reader.totals().frames:,} frames in the new capture, {len(gaps)} gaps{': ' if gaps else ''}"
            + (" ".join(str(text) for (text,) in gaps))
        )


async def measure(folder: Path, megabytes: int, target: Path) -> None:
    """Fill a capture, move it, tell."""
    capture, link = folder / "first.capture", EngineLink()
    ready = await link.start(ServerSpec(handler=f"{TRAFFIC}:Items", port=0), capture)
    pid = engines_of(capture)[0].pid
    async with connect(ready.address) as filling:
        await Client().take(filling, megabytes * 1_000_000 // ITEM_BYTES, ITEM_BYTES)
    print(f"{'':<18}{'call ms':>10}{'p99':>10}{'worst':>10}{'items a second':>16}")
    client = Client()
    async with connect(ready.address) as calls, connect(ready.address) as stream:
        tasks = [
            asyncio.create_task(client.call(calls)),
            asyncio.create_task(client.take(stream, ENDLESS, 60)),
        ]
        await asyncio.sleep(1)
        client.since()
        await asyncio.sleep(3)
        print(f"{'before':<18}{client.since().told()}")
        before_mib = memory_mib(pid, "VmRSS")
        forget_peak(pid)
        size = capture.stat().st_size
        began = time.perf_counter()
        done = await link.perform(RecordElsewhere(capture=str(target)))
        took = time.perf_counter() - began
        print(f"{'while it copies':<18}{client.since().told()}")
        await asyncio.sleep(3)
        print(f"{'after':<18}{client.since().told()}")
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    print(f"{size / 1e6:.0f} MB copied in {took:.2f} s{f', not done: {done.error}' if done.error else ''}")
    print(f"memory of the engine: {before_mib:.0f} MiB before, {memory_mib(pid, 'VmHWM'):.0f} MiB at most")
    await link.stop()
    print(told_of(target))


def main(arguments: list[str]) -> int:
    """Measure; the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--megabytes", type=int, default=300)
    parser.add_argument("--to", type=Path, metavar="FOLDER", help="copy into another folder, on another disk")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as temporary, tempfile.TemporaryDirectory(dir=options.to) as other:
        os.environ["SLIPSTREAM_INSPECTOR_DATA"] = temporary
        asyncio.run(measure(Path(temporary), options.megabytes, Path(other) / "second.capture"))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
