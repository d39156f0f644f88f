"""The inspector beside mitmproxy, with the same traffic: `python benchmarks/beside_mitmproxy.py`.

    python benchmarks/beside_mitmproxy.py --view 1000,50000     # how much of it can be looked at

One client takes a stream of so many items of about 200 bytes from a handler, then makes sequential calls. The
handler is hosted three times: by a server that records nothing, by such a server behind `mitmdump` (the
client connects through it, and it writes its flows to a file), and by the inspector's engine. They take
turns. Then each opens in a terminal what it has recorded, and writes it as HAR.

- *Processor time a frame* is that of what records, without what serving costs: of `mitmdump` the whole, of
  the engine that much more than the server without a recorder has used. mitmproxy is between two connections
  and has to read and write each frame, the engine is one of the two ends: that is what either offers, so it
  is part of the comparison.
- *Memory* is the peak of the process that records.
- *After kill -9* is how much a reader finds when the recorder is killed while the connection is still open.
- *Opened* is the time from the start of the program until messages of the connection are drawn: for the
  inspector the first list on the screen, for mitmproxy three keys later, each pressed at once. *To the last
  one* is the key that goes there, until that is drawn. Both are waited for at most two minutes.

mitmproxy is installed from PyPI into `build/mitmproxy`. Printed are medians, and how many times as much
mitmproxy takes.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pexpect
from speed_peers.peers import install

from inspector_app.capture.reader import CaptureReader
from inspector_app.engine.link import EngineLink
from inspector_app.engine.running import engines_of
from inspector_app.intents import ServerSpec

HERE = Path(__file__).resolve().parent
TRAFFIC = HERE / "mitmproxy_peer" / "traffic.py"
FOLDER = HERE.parent / "build" / "mitmproxy"
KILLED_AFTER_FRAMES = 2_000
PATIENCE_S = 120.0
MITMPROXY, INSPECTOR, PLAIN = "mitmproxy", "inspector", "nothing recorded"
_ESCAPES = re.compile(rb"\x1b(\[[0-?]*[ -/]*[@-~]|[()][0-9A-B]|[=>])")


@dataclass(slots=True)
class Figures:
    """What was measured, by name and by whom."""

    values: dict[str, dict[str, list[float]]] = field(default_factory=dict)

    def add(self, what: str, whose: str, value: float) -> None:
        """One more of it."""
        self.values.setdefault(what, {}).setdefault(whose, []).append(value)

    def tell(self) -> None:
        """Print the table."""
        print(f"{'':<54}{INSPECTOR:>14}{MITMPROXY:>14}{'times':>9}")
        for what, by in self.values.items():
            ours, theirs = (statistics.median(by[who]) for who in (INSPECTOR, MITMPROXY))
            times = f"{theirs / ours:9.1f}" if ours else f"{'-':>9}"
            print(f"{what:<54}{ours:>14,.2f}{theirs:>14,.2f}{times}")


# -- the processes ----------------------------------------------------------------------------------------


def processor_s(pid: int) -> float:
    """Seconds of processor time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def peak_mib(pid: int) -> float:
    """The most memory that a process has had."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


@contextmanager
def running(command: list[str], **options: Any) -> Iterator[subprocess.Popen[str]]:
    """Run a program; it ends with the block."""
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1, **options
    )
    try:
        yield process
    finally:
        process.terminate()
        process.communicate()


@contextmanager
def served() -> Iterator[tuple[str, int]]:
    """Serve without a recorder: where, and which process."""
    with running([sys.executable, str(TRAFFIC), "serve"]) as process:
        assert process.stdout is not None  # noqa: S101 - asked for
        yield process.stdout.readline().strip(), process.pid


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _settings(folder: Path) -> list[str]:
    return ["--set", f"confdir={folder}"]


@contextmanager
def proxied(url: str, flows: Path) -> Iterator[tuple[str, int]]:
    """Put `mitmdump` in front of a server: where it listens, and which process."""
    port = _free_port()
    command = [str(FOLDER / "bin" / "mitmdump"), "--mode", f"reverse:{url.replace('ws:', 'http:')}"]
    command += ["--listen-host", "127.0.0.1", "--listen-port", str(port), "-w", str(flows)]
    command += ["--set", "flow_detail=0", *_settings(flows.parent / "confdir")]
    with running(command, env={**os.environ, "PYTHONUNBUFFERED": "1"}) as process:
        assert process.stdout is not None  # noqa: S101 - asked for
        for line in process.stdout:
            if "listening at" in line:
                break
        yield f"ws://127.0.0.1:{port}", process.pid


@contextmanager
def inspected(capture: Path) -> Iterator[tuple[str, int]]:
    """Host the handler in an engine that records: where, and which process."""
    with asyncio.Runner() as runner:
        link = EngineLink()
        spec = ServerSpec(handler=str(TRAFFIC) + ":Items", port=0)
        ready = runner.run(link.start(spec, capture))
        try:
            yield ready.address, engines_of(capture)[0].pid
        finally:
            runner.run(link.stop())


# -- recording --------------------------------------------------------------------------------------------


def talk(url: str, frames: int, pids: tuple[int, ...], kill: bool = False) -> dict[str, float]:
    """Have the client do its part; add what the processes used for it. `kill` ends the first one then."""
    before = [processor_s(pid) for pid in pids]
    with running([sys.executable, str(TRAFFIC), "call", url, str(frames)]) as client:
        assert client.stdout is not None  # noqa: S101 - asked for
        found: dict[str, float] = json.loads(client.stdout.readline())
        used = sum(processor_s(pid) for pid in pids) - sum(before)
        found |= {"cpu_us": used / frames * 1e6, "peak_mib": peak_mib(pids[0])}
        if kill:
            os.kill(pids[0], signal.SIGKILL)
        else:
            client.communicate("\n")
    return found


def record(folder: Path, frames: int, figures: Figures) -> tuple[Path, Path]:
    """Let each record the same once: the capture and the file of flows."""
    capture, flows = folder / f"{time.monotonic_ns()}.capture", folder / f"{time.monotonic_ns()}.flows"
    with served() as (url, pid):
        bare = talk(url, frames, (pid,))
    with inspected(capture) as (url, pid):
        ours = talk(url, frames, (pid,))
    with served() as (url, _), proxied(url, flows) as (way, pid):
        theirs = talk(way, frames, (pid,))
    for whose, found in ((INSPECTOR, ours), (MITMPROXY, theirs)):
        extra = found["cpu_us"] - (bare["cpu_us"] if whose == INSPECTOR else 0)
        figures.add("recording, processor time a frame, us", whose, extra)
        figures.add("a stream, times as long as unrecorded", whose, found["stream_s"] / bare["stream_s"])
        figures.add("a call, times as long as unrecorded", whose, found["call_s"] / bare["call_s"])
        figures.add("memory of the recorder, MiB", whose, found["peak_mib"])
    for whose, file in ((INSPECTOR, capture), (MITMPROXY, flows)):
        figures.add("file, bytes a frame", whose, file.stat().st_size / frames)
    return capture, flows


def killed(folder: Path, figures: Figures) -> None:
    """Kill each while the connection is open, and see what there is."""
    capture, flows = folder / "killed.capture", folder / "killed.flows"
    with inspected(capture) as (url, pid):
        talk(url, KILLED_AFTER_FRAMES, (pid,), kill=True)
    with served() as (url, _), proxied(url, flows) as (way, pid):
        talk(way, KILLED_AFTER_FRAMES, (pid,), kill=True)
    with closing(CaptureReader(capture)) as reader:
        found = reader.totals().frames
    name = "after kill -9, % of the items"
    figures.add(name, INSPECTOR, min(100, found / KILLED_AFTER_FRAMES * 100))
    figures.add(name, MITMPROXY, flows.read_bytes().count(b'"stream_data"') / KILLED_AFTER_FRAMES * 100)


# -- looking and taking away ------------------------------------------------------------------------------


class Screen:
    """A program in a terminal, read as text without its colours."""

    def __init__(self, command: list[str], environment: dict[str, str]) -> None:
        self.began = time.perf_counter()
        self._child = pexpect.spawn(
            command[0],
            command[1:],
            dimensions=(40, 120),
            env={**os.environ, "TERM": "xterm-256color", "TEXTUAL_ANIMATIONS": "none", **environment},
        )
        self._child.delaybeforesend = None

    def until(self, wanted: str) -> float:
        """Seconds until that is drawn; all the patience there is, where it never is."""
        began, seen = time.perf_counter(), b""
        while (took := time.perf_counter() - began) < PATIENCE_S:
            try:
                seen += self._child.read_nonblocking(65536, timeout=0.05)
            except pexpect.TIMEOUT:
                continue
            if wanted.encode() in _ESCAPES.sub(b"", seen):
                return time.perf_counter() - began
        return took

    def processor_s(self) -> float:
        """Processor time of the program so far."""
        return processor_s(self._child.pid)

    def press(self, keys: str) -> None:
        """Send keys."""
        self._child.send(keys)

    def close(self) -> None:
        """End the program."""
        self._child.close(force=True)


def look(folder: Path, capture: Path, flows: Path, figures: Figures, note: str = "") -> None:
    """Open in a terminal what each has recorded, and go to its end."""
    folders = {f"SLIPSTREAM_INSPECTOR_{name}": str(folder / name) for name in ("DATA", "CONFIG")}
    ours = Screen([sys.executable, "-m", "inspector_app", "open", str(capture)], folders)
    figures.add(f"opened, until messages are drawn, s{note}", INSPECTOR, ours.until("stream_req"))
    figures.add(f"  processor time of it, s{note}", INSPECTOR, ours.processor_s())
    ours.press("\x1b[F")
    figures.add(f"to the last one, s{note}", INSPECTOR, ours.until("response"))
    ours.close()
    command = [str(FOLDER / "bin" / "mitmproxy"), "-n", "-r", str(flows), *_settings(folder / "confdir")]
    theirs = Screen(command, {})
    took = theirs.until("101")
    theirs.press("\r")
    took += theirs.until("WebSocket Messages")
    theirs.press("\t\t")
    took += theirs.until('"stream_request"')
    figures.add(f"opened, until messages are drawn, s{note}", MITMPROXY, took)
    figures.add(f"  processor time of it, s{note}", MITMPROXY, theirs.processor_s())
    theirs.press("G")
    figures.add(f"to the last one, s{note}", MITMPROXY, theirs.until('"response"'))
    theirs.close()


def take_away(folder: Path, capture: Path, flows: Path, figures: Figures) -> None:
    """Write both as HAR."""
    ours = [sys.executable, "-m", "inspector_app", "export", str(capture), "-o", str(folder / "ours.har")]
    theirs = [str(FOLDER / "bin" / "mitmdump"), "-n", "-q", "-r", str(flows)]
    theirs += ["--set", f"hardump={folder / 'theirs.har'}", *_settings(folder / "confdir")]
    for whose, command in ((INSPECTOR, [*ours, "--no-redact", "--force"]), (MITMPROXY, theirs)):
        began = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        figures.add("written as HAR, s", whose, time.perf_counter() - began)


def main(arguments: list[str]) -> int:
    """Measure and print; the exit code."""
    parser = argparse.ArgumentParser(description="The inspector beside mitmproxy, with the same traffic.")
    parser.add_argument("--frames", type=int, default=20_000)
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--view", metavar="N,…", help="only record and look at so many frames")
    options = parser.parse_args(arguments)
    if faults := install(FOLDER, HERE / "mitmproxy_peer" / "requirements.txt"):
        print(*(f"{name}: {fault}" for name, fault in faults.items()), file=sys.stderr)
        return 2
    figures = Figures()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        os.environ["SLIPSTREAM_INSPECTOR_DATA"] = str(folder / "DATA")
        for frames in map(int, options.view.split(",") if options.view else []):
            look(folder, *record(folder, frames, Figures()), figures, f", {frames:,} frames")
        for _ in range(0 if options.view else options.repetitions):
            files = record(folder, options.frames, figures)
            look(folder, *files, figures)
            take_away(folder, *files, figures)
        if not options.view:
            killed(folder, figures)
    figures.tell()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
