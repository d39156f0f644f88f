"""How long a large payload takes to be seen: `python benchmarks/detail.py [--repetitions N] [--json FILE]`.

Runs the inspector and apps with nothing but one of Textual's widgets in pseudo terminals of 160x48. Each is
asked by a key to show the same JSON. Measured is when its first line has reached the terminal, how long the
event loop was kept at most meanwhile, and how far the memory of the process grew. Prints medians, and ratios
to the inspector's data view at the same size. What takes minutes is measured at smaller sizes only.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pexpect

ROOT = Path(__file__).parent.parent
SIZES = {"64 KB": 64 << 10, "1 MB": 1 << 20, "10 MB": 10 << 20}
MARKER = "first_line_of_all"
PROBE_S = 0.002

OURS = {"data": (), "tree": ("d",), "frame": ("d", "d"), "raw": ("d", "d", "d"), "hex": ("d", "d", "d", "d")}
OTHERS = {
    "TextArea": SIZES["1 MB"],
    "TextArea, one line": SIZES["1 MB"],
    "Tree": SIZES["1 MB"],
    "Static": SIZES["64 KB"],
}
"""Widgets of Textual, and the largest size that each is asked to show."""


def payload(size: int) -> str:
    """JSON of about so many bytes: an array of small objects."""
    items: list[object] = []
    taken = 0
    while taken < size - 300:
        item = {
            "id": len(items),
            "name": f"user {len(items)}",
            "tags": ["a", "b"],
            "at": {"x": 1.5, "y": None},
        }
        items.append(item)
        taken += len(json.dumps(item)) + 2
    return json.dumps({MARKER: True, "items": items})


# -- in the terminal --------------------------------------------------------------------------------------


class Probe:
    """How long the event loop was kept since it was last asked, in seconds."""

    def __init__(self) -> None:
        self.worst_s = 0.0

    async def watch(self) -> None:
        """Wake up again and again."""
        while True:
            began = time.perf_counter()
            await asyncio.sleep(PROBE_S)
            self.worst_s = max(self.worst_s, time.perf_counter() - began - PROBE_S)


def keep(probe: Probe, file: Path) -> None:
    """Leave what was measured where the parent looks for it."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    peak_kb = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))
    now_kb = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))
    kept = {"worst_s": probe.worst_s, "peak_mb": peak_kb / 1024, "now_mb": now_kb / 1024}
    file.with_suffix(".new").write_text(json.dumps(kept), encoding="ascii")
    file.with_suffix(".new").replace(file)


def forget_peak() -> None:
    """Let the peak of the memory begin anew."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def run_ours(capture: Path, file: Path) -> None:
    """The inspector with a capture of two frames; F9 begins to measure, F10 keeps what was measured."""
    from inspector_app.app import InspectorApp

    class Measured(InspectorApp):
        BINDINGS = [("f9", "begin", ""), ("f10", "keep", "")]  # noqa: RUF012  # Textual's way

        def on_ready(self) -> None:
            self.probe = Probe()
            self.watching = asyncio.create_task(self.probe.watch())

        def action_begin(self) -> None:
            forget_peak()
            self.probe.worst_s = 0.0
            keep(self.probe, file)

        def action_keep(self) -> None:
            keep(self.probe, file)

    Measured(None, capture, None).run()


def run_other(name: str, source: Path, file: Path) -> None:
    """An app with one widget, which is given the payload when x is pressed."""
    from textual.app import App, ComposeResult
    from textual.widgets import Static, TextArea, Tree

    class Other(App[None]):
        BINDINGS = [("x", "show", ""), ("f9", "begin", ""), ("f10", "keep", "")]  # noqa: RUF012  # as above

        def compose(self) -> ComposeResult:
            if name.startswith("TextArea"):
                yield TextArea(read_only=True, soft_wrap=True)
            elif name == "Tree":
                yield Tree("data")
            else:
                yield Static()

        def on_ready(self) -> None:
            self.set_focus(None)
            self.probe = Probe()
            self.watching = asyncio.create_task(self.probe.watch())

        def action_begin(self) -> None:
            forget_peak()
            self.probe.worst_s = 0.0
            keep(self.probe, file)

        def action_keep(self) -> None:
            keep(self.probe, file)

        def action_show(self) -> None:
            raw = source.read_text(encoding="ascii")
            if name == "TextArea, one line":
                self.query_one(TextArea).load_text(raw)
            elif name == "TextArea":
                self.query_one(TextArea).load_text(json.dumps(json.loads(raw), indent=2))
            elif name == "Tree":
                tree = self.query_one(Tree)
                tree.root.expand()
                tree.add_json(json.loads(raw))
                tree.root.children[0].expand()
            else:
                from rich.syntax import Syntax

                self.query_one(Static).update(Syntax(json.dumps(json.loads(raw), indent=2), "json"))

    Other().run()


# -- beside it --------------------------------------------------------------------------------------------


def capture_of(raw: str, path: Path) -> None:
    """A capture of a small frame and one with the payload."""
    from inspector_app.capture.records import ConnectionOpened, FrameSeen
    from inspector_app.capture.store import CaptureWriter
    from inspector_app.model.fold import Fold

    writer = CaptureWriter(
        path, source={"kind": "client", "url": "ws://h"}, software="benchmark", created_ns=1
    )
    fold = Fold()
    fold.apply(ConnectionOpened(conn=1, time_ns=1, role="client", address="ws://h", local_peer="me"))
    for number, data in enumerate(('"small"', raw)):
        frame = f'{{"type":"response","requestId":["me",{number}],"peerID":"p","data":{data}}}'
        fold.apply(FrameSeen(conn=1, time_ns=2 + number, direction="in", raw=frame))
    writer.write(fold.take())
    writer.close()


def measure(
    arguments: list[str], before: tuple[str, ...], key: str, seen: bytes, file: Path
) -> dict[str, float]:
    """Start a program, press a key and wait for what it is to draw; seconds, and MB."""
    environment = {
        **os.environ,
        "TERM": "xterm-256color",
        "COLORTERM": "truecolor",
        "TEXTUAL_ANIMATIONS": "none",
        # Its size is set when the program runs already, and may come too late.
        "COLUMNS": "160",
        "LINES": "48",
        "SLIPSTREAM_INSPECTOR_CONFIG": str(file.parent),
        "SLIPSTREAM_INSPECTOR_DATA": str(file.parent),
        "PYTHONPATH": str(ROOT),
    }
    child = pexpect.spawn(
        sys.executable,
        [__file__, *arguments],
        dimensions=(48, 160),
        env=environment,
        timeout=300,
        maxread=1 << 20,
    )
    child.delaybeforesend = None
    try:
        wait_for(child, b"small" if arguments[1] == "ours" else b"\x1b[?1049h")
        drain(child)  # a key that comes before the screen is whole is lost
        for each in before:
            child.send(each)
            drain(child)
        base = ask(child, "\x1b[20~", file)  # F9
        began = time.perf_counter()
        child.send(key)
        wait_for(child, seen)
        painted_s = time.perf_counter() - began
        drain(child)
        kept = ask(child, "\x1b[21~", file)  # F10
    finally:
        child.close(force=True)
    return {"painted_s": painted_s, "worst_s": kept["worst_s"], "grown_mb": kept["peak_mb"] - base["now_mb"]}


def wait_for(child: pexpect.spawn, seen: bytes) -> None:
    """Read until a text has come."""
    sent = b""
    while seen not in sent:
        sent = sent[-len(seen) :] + child.read_nonblocking(1 << 20, timeout=300)


def drain(child: pexpect.spawn) -> None:
    """Take what the program sends until it has nothing more to say."""
    while True:
        try:
            child.read_nonblocking(1 << 20, timeout=0.4)
        except pexpect.TIMEOUT:
            return


def ask(child: pexpect.spawn, key: str, file: Path) -> dict[str, float]:
    """Press a key and take what the program then leaves in the file."""
    file.unlink(missing_ok=True)
    child.send(key)
    while not file.exists():
        drain(child)
    told: dict[str, float] = json.loads(file.read_text(encoding="ascii"))
    file.unlink()
    return told


def contenders(size: int, folder: Path) -> Iterator[tuple[str, Callable[[], dict[str, float]]]]:
    """Give what is measured at a size."""
    raw = payload(size)
    source = folder / "payload.json"
    source.write_text(raw, encoding="ascii")
    file = folder / "kept.json"
    capture = folder / "large.capture"
    if not capture.exists():
        capture_of(raw, capture)
    for detail, keys in OURS.items():
        seen = f'"{MARKER}"'.encode()  # the row of the list shows it without the quotes
        if detail == "hex":
            seen = b"7b 22 74 79 70 65 22"
        yield (
            f"inspector, {detail}",
            lambda keys=keys, seen=seen: measure(  # type: ignore[misc]  # mypy knows no defaults of a lambda
                ["--child", "ours", str(capture), str(file)], keys, "\x1b[B", seen, file
            ),
        )
    for name, most in OTHERS.items():
        if size <= most:
            yield (
                name,
                lambda name=name: measure(  # type: ignore[misc]  # as above
                    ["--child", name, str(source), str(file)], (), "x", MARKER.encode(), file
                ),
            )


def main() -> None:
    """Measure in turn, then print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--sizes", nargs="*", choices=SIZES, default=list(SIZES))
    parser.add_argument("--json", type=Path)
    parser.add_argument("--child", nargs=3, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.child:
        name, source, file = chosen.child
        if name == "ours":
            run_ours(Path(source), Path(file))
        else:
            run_other(name, Path(source), Path(file))
        return
    rows: list[dict[str, object]] = []
    for size in chosen.sizes:
        with tempfile.TemporaryDirectory() as folder:
            measured: dict[str, list[dict[str, float]]] = {}
            for _ in range(chosen.repetitions):
                for name, run in contenders(SIZES[size], Path(folder)):
                    measured.setdefault(name, []).append(run())
        rows += tell(size, measured)
    if chosen.json:
        chosen.json.write_text(json.dumps(rows, indent=1), encoding="ascii")


def tell(size: str, measured: dict[str, list[dict[str, float]]]) -> list[dict[str, object]]:
    """Print the table of one size."""
    base = [each["painted_s"] for each in measured["inspector, data"]]
    print(f"\n{size:<22}{'painted ms':>12}{'loop kept ms':>14}{'memory MB':>11}{'ratio':>8}")
    rows: list[dict[str, object]] = []
    for name, runs in measured.items():
        figures = {key: statistics.median(run[key] for run in runs) for key in runs[0]}
        ratio = statistics.median(run["painted_s"] / one for run, one in zip(runs, base, strict=True))
        print(
            f"{name:<22}{figures['painted_s'] * 1000:>12.0f}{figures['worst_s'] * 1000:>14.0f}"
            f"{figures['grown_mb']:>11.0f}{ratio:>8.2f}"
        )
        rows.append({"size": size, "contender": name, "ratio": ratio, **figures})
    return rows


if __name__ == "__main__":
    main()
