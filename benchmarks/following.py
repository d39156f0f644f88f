"""What following costs and how soon keys show: `python benchmarks/following.py [--frames N] [--seconds S]`.

A capture grows at 0, 1,000, 5,000 and 20,000 frames a second, written by a process of its own, and a viewer
follows it in a pseudo terminal of 120×40: the inspector's main screen, and the same columns in Textual's
`DataTable`, fed thirty times a second. A key is pressed every 150 ms; measured is the time until what it
changes has reached the terminal, and the processor time of the viewer. Ratios are those to the inspector at
the same rate. The table begins with as many rows as it is given (`--table-frames`): it does not get through a
million. Then the capture is left at rest and keys that move are pressed: the time to the first byte.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pexpect
from big_capture import records

from inspector_app.__main__ import FRAMES_A_SECOND
from inspector_app.capture.store import CaptureReader, CaptureWriter
from inspector_app.engine.recorder import BATCH_RECORDS
from inspector_app.model.fold import Fold

RATES = (0, 1_000, 5_000, 20_000)
COMMIT_S = 0.025
KEY_EVERY_S = 0.15
PATIENCE_S = 8.0
HERE = str(Path(__file__).resolve())


# -- the process that writes ------------------------------------------------------------------------------


def feed(path: Path, preloaded: int, rate: int, seconds: float) -> None:
    """Write a capture: so many frames at once; then, when told to, at a rate for some seconds."""
    writer = CaptureWriter(
        path, source={"kind": "client", "url": "ws://127.0.0.1:8765"}, software="benchmark"
    )
    fold, source = Fold(), records(preloaded + int(rate * seconds) + 2)

    def write(count: int) -> None:
        for _, record in zip(range(count), source, strict=False):
            fold.apply(record)
        writer.write(fold.take())

    for done in range(0, preloaded, BATCH_RECORDS):
        write(min(BATCH_RECORDS, preloaded - done))
    source = iter(list(source))  # made before it counts: making them costs more than writing them
    print("ready", flush=True)
    sys.stdin.readline()
    began, written = time.monotonic(), 0
    while rate and (elapsed := time.monotonic() - began) < seconds:
        due = int(elapsed * rate)
        write(due - written)
        written = due
        time.sleep(COMMIT_S)
    print(written, flush=True)
    sys.stdin.readline()
    writer.close()


# -- what is measured -------------------------------------------------------------------------------------


def show_list(path: Path) -> None:
    """Show a capture that grows as the inspector does, without an engine behind it."""
    from textual.screen import Screen

    from inspector_app.app import InspectorApp
    from inspector_app.inspection import Inspection
    from inspector_app.intents import ClientSpec

    class Following(InspectorApp):
        def _first_screen(self) -> Screen[None]:
            inspection = Inspection.of(ClientSpec(url="ws://127.0.0.1:8765"))
            inspection.view.attach(CaptureReader(path))
            inspection.view.engine_is("running", time.time_ns())
            return self._screen_of(inspection)

    Following().run()


def show_table(path: Path) -> None:
    """Show the same rows in a `DataTable` that follows its end."""
    from rich.text import Text
    from textual.app import App, ComposeResult
    from textual.widgets import DataTable, Footer, Static

    from inspector_app.display import formats
    from inspector_app.display.inert import inert

    class Table(App[None]):
        BINDINGS = [("t", "time", "Time")]  # noqa: RUF012 - Textual declares it as it is
        titles = ("Time", "Since start", "Delta")

        def compose(self) -> ComposeResult:
            """Give a title that a key changes, and the table."""
            yield Static("Time", id="title")
            yield DataTable(cursor_type="row")
            yield Footer()

        def on_mount(self) -> None:
            """Begin to follow."""
            self.reader, self.seen, self.mode = CaptureReader(path), 0, 0
            self.table = self.query_one(DataTable)
            self.table.add_columns("#", "Time", "", "Type", "Exch", "Operation", "Size", "Answer", "Data")
            self.table.focus()
            self.set_interval(1 / 30, self.take_over)

        def take_over(self) -> None:
            """Add the rows that came since."""
            if not self.reader.changed():
                return
            frames = self.reader.frames(self.seen + 1, 1_000_000)
            for frame in frames:
                answer = formats.short_duration(frame.latency_ns) if frame.latency_ns is not None else ""
                self.table.add_row(
                    str(frame.seq),
                    formats.clock(frame.time_ns),
                    formats.DIRECTION_GLYPH[frame.direction],
                    frame.type or "",
                    str(frame.number),
                    Text(frame.operation or ""),
                    formats.size(frame.size_bytes),
                    answer,
                    Text(inert(frame.summary)),
                )
            if frames:
                self.seen = frames[-1].seq
                self.table.move_cursor(row=self.table.row_count - 1)

        def action_time(self) -> None:
            """Change the title."""
            self.mode = (self.mode + 1) % len(self.titles)
            self.query_one("#title", Static).update(self.titles[self.mode])

    Table().run()


# -- measuring --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Measured:
    """Milliseconds from key to paint, and the share of a core that was used."""

    keys_ms: list[float]
    core: float
    moves_ms: dict[str, float]

    @property
    def median(self) -> float:
        """Median of the times."""
        return statistics.median(self.keys_ms)

    @property
    def p95(self) -> float:
        """Their 95th percentile."""
        return sorted(self.keys_ms)[int(len(self.keys_ms) * 0.95)]


def _processor_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _read_until(child: pexpect.spawn[bytes], wanted: bytes, seconds: float) -> bool:
    deadline, seen = time.perf_counter() + seconds, b""
    while time.perf_counter() < deadline:
        try:
            seen = seen[-100:] + child.read_nonblocking(65536, timeout=0.05)
        except pexpect.TIMEOUT:
            continue
        if wanted in seen:
            return True
    return False


def _drain(child: pexpect.spawn[bytes], seconds: float) -> None:
    deadline = time.perf_counter() + seconds
    while (left := deadline - time.perf_counter()) > 0:
        try:
            child.read_nonblocking(65536, timeout=left)
        except pexpect.TIMEOUT:
            return


_DOWN = {"down": "\x1b[B", "page down": "\x1b[6~"}
MOVES = {
    "list": {"first": "\x1b[H", **_DOWN, "last": "\x1b[F"},
    "table": {"first": "\x1b[1;5H", **_DOWN, "last": "\x1b[1;5F"},
}
"""Keys that move, by what they do: in a table Home and End stay in the row."""


def at_rest(program: str, child: pexpect.spawn[bytes]) -> dict[str, float]:
    """Milliseconds from a key that moves to the first byte of what it draws, by the key; medians."""
    moves = MOVES[program]
    found: dict[str, list[float]] = {name: [] for name in moves}
    for name in [*moves] * 10:
        _drain(child, KEY_EVERY_S)
        pressed = time.perf_counter()
        child.send(moves[name])
        with contextlib.suppress(pexpect.TIMEOUT):
            child.read_nonblocking(65536, timeout=PATIENCE_S)
        found[name].append((time.perf_counter() - pressed) * 1000)
    return {name: statistics.median(times) for name, times in found.items()}


def _titles() -> Iterator[bytes]:
    while True:
        yield from (b"Since start", b"Delta", b"Time ")


def measure(program: str, preloaded: int, rate: int, seconds: float) -> Measured:
    """Follow a capture at a rate and press keys meanwhile."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "growing.capture"
        writer = subprocess.Popen(
            [sys.executable, HERE, "feed", str(path), str(preloaded), str(rate), str(seconds + 3)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert writer.stdin is not None  # noqa: S101 - asked for above
        assert writer.stdout is not None  # noqa: S101 - as above
        writer.stdout.readline()
        child = pexpect.spawn(
            sys.executable,
            [HERE, program, str(path)],
            dimensions=(40, 120),
            env={
                **os.environ,
                "TERM": "xterm-256color",
                "COLORTERM": "truecolor",
                "TEXTUAL_ANIMATIONS": "none",
                **({"TEXTUAL_FPS": FRAMES_A_SECOND} if program == "list" else {}),
                "SLIPSTREAM_INSPECTOR_CONFIG": folder,
            },
            timeout=None,
        )
        child.delaybeforesend = None
        if not _read_until(child, b"Operation", 60):
            raise SystemExit("The list did not show up within a minute: nothing can be measured.")
        _drain(child, 1.5)
        writer.stdin.write("go\n")
        writer.stdin.flush()
        _drain(child, 1.0)
        keys_ms, titles = [], _titles()
        began, used_s = time.perf_counter(), _processor_s(child.pid)
        while time.perf_counter() - began < seconds:
            pressed = time.perf_counter()
            child.send("t")
            came = _read_until(child, next(titles), PATIENCE_S)
            keys_ms.append((time.perf_counter() - pressed) * 1000 if came else PATIENCE_S * 1000)
            _drain(child, max(0.0, KEY_EVERY_S - (time.perf_counter() - pressed)))
        core = (_processor_s(child.pid) - used_s) / (time.perf_counter() - began)
        moves_ms = at_rest(program, child) if not rate else {}
        child.close(force=True)
        writer.kill()
        writer.wait()
        return Measured(keys_ms, core, moves_ms)


def _tell(rate: str, program: str, found: Measured, ratio: str) -> None:
    print(
        f"{rate:>15}{program:>12}{found.median:>8.1f}{found.p95:>8.1f}{found.core:>8.1%}{ratio:>8}",
        flush=True,
    )


def main(arguments: list[str]) -> int:
    """Measure both at every rate in turn, then print."""
    if arguments[:1] == ["feed"]:
        feed(Path(arguments[1]), int(arguments[2]), int(arguments[3]), float(arguments[4]))
        return 0
    if arguments[:1] in (["list"], ["table"]):
        (show_list if arguments[0] == "list" else show_table)(Path(arguments[1]))
        return 0
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--frames", type=int, default=1_000_000)
    parser.add_argument("--table-frames", type=int, default=1_000)
    parser.add_argument("--seconds", type=float, default=6.0)
    parser.add_argument("--rates", type=int, nargs="*", default=RATES)
    parser.add_argument("--without-table", action="store_true")
    options = parser.parse_args(arguments)
    print(f"{'frames a second':>15}{'':>12}{'key ms':>8}{'p95':>8}{'a core':>8}{'ratio':>8}")
    moves: dict[str, dict[str, float]] = {}
    for rate in options.rates:
        ours = measure("list", options.frames, rate, options.seconds)
        _tell(f"{rate:,}", "inspector", ours, "")
        moves |= {"inspector": ours.moves_ms} if ours.moves_ms else {}
        if not options.without_table:
            table = measure("table", options.table_frames, rate, options.seconds)
            _tell("", "DataTable", table, f"{table.median / ours.median:.1f}")
            moves |= {"DataTable": table.moves_ms} if table.moves_ms else {}
    for name, times in moves.items():
        print(f"at rest, {name}: " + ", ".join(f"{key} {took:.1f} ms" for key, took in times.items()))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
