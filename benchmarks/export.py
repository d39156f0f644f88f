"""How long exporting and importing take, beside the least that anybody would have to do.

    python benchmarks/export.py [FRAMES]

Prints microseconds a frame, and how many times as long that is as its base in the same run: reading every row
and writing its message plainly, for exports; parsing every line with `json`, for imports.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from inspector_app.capture.formats.known import FORMATS
from inspector_app.capture.reader import CaptureReader
from inspector_app.capture.records import ConnectionOpened, FrameSeen, Record
from inspector_app.capture.redaction import DEFAULT_RULES
from inspector_app.capture.store import CaptureError, CaptureWriter
from inspector_app.capture.taking import export_capture
from inspector_app.model.fold import Fold
from inspector_app.sources.file import import_file

FRAMES = 200_000
START_NS = 1_795_346_400_000_000_000


def records(frames: int) -> list[Record]:
    """Make a talk of so many frames."""
    made: list[Record] = [
        ConnectionOpened(conn=1, time_ns=START_NS, role="client", address="ws://h", local_peer="me")
    ]
    for number in range(frames // 2):
        time_ns = START_NS + number * 1000
        call = {"operation": "order.get", "symbol": "BEAN", "price": number, "note": "x" * 80}
        answer = {"id": number, "user": {"id": number % 997, "name": "Ada L"}, "note": "y" * 90}
        for kind, data, direction in (("request", call, "out"), ("response", answer, "in")):
            raw = json.dumps({"type": kind, "requestId": ["me", number], "peerID": "me", "data": data})
            made.append(
                FrameSeen(conn=1, time_ns=time_ns, direction="out" if direction == "out" else "in", raw=raw)
            )
    return made


def make(path: Path, frames: int) -> None:
    """Make a capture of it."""
    fold, writer = Fold(), CaptureWriter(path, source={}, software="benchmark")
    for number, record in enumerate(records(frames), 1):
        fold.apply(record)
        if number % 2000 == 0:
            writer.write(fold.take())
    writer.write(fold.take())
    writer.close()


def plain(capture: Path, target: Path) -> None:
    """Do the least that an export has to."""
    with closing(CaptureReader(capture)) as reader, target.open("w", encoding="utf-8") as out:
        rows = reader.select("SELECT seq, time_ns, conn, direction, type, operation, raw FROM frames", ())
        out.writelines(f"{values[-1]}\n" for values in rows)


def parsed(lines: Path) -> None:
    """Do the least that an import has to."""
    with lines.open("rb") as file:
        for line in file:
            json.loads(line)


def main(frames: int) -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        capture = folder / "it.capture"
        make(capture, frames)

        def timed(what: str, work: Callable[[], object], base: float | None = None) -> float:
            start = time.perf_counter()
            try:
                work()
            except CaptureError as error:
                print(f"{what:34} {error}")
                return 0.0
            took = (time.perf_counter() - start) / frames * 1e6
            ratio = "" if base is None else f"{took / base:6.1f} x"
            print(f"{what:34} {took:8.2f} us a frame {ratio}")
            return took

        base = timed("rows read, messages written", lambda: plain(capture, folder / "plain"))
        for each in FORMATS.values():
            target = str(folder / f"it{each.endings[0]}")
            timed(each.title, lambda to=target, form=each: export_capture(capture, to, form), base)
        whole = FORMATS["jsonl"]
        timed(
            "JSON Lines, redacted",
            lambda: export_capture(capture, str(folder / "redacted.jsonl"), whole, rules=DEFAULT_RULES),
            base,
        )
        base = timed("lines parsed by json", lambda: parsed(folder / "it.jsonl"))
        for ending in ("jsonl", "har"):
            source, target = str(folder / f"it.{ending}"), folder / f"{ending}.capture"
            timed(f"import of {ending}", lambda source=source, to=target: import_file(source, to), base)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else FRAMES)
