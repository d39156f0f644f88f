"""The printer: which rows of a capture become lines, and when it has printed enough."""

from __future__ import annotations

import io
import threading
from pathlib import Path

from inspector_app.capture.records import FrameSeen
from inspector_app.capture.store import CaptureWriter
from inspector_app.model.fold import Fold
from inspector_app.printing import Printer

WAIT_S = 20.0


def test_so_many_frames_end_with_the_last_one_and_its_findings(tmp_path: Path) -> None:
    fold = Fold()
    for number in range(3):
        fold.apply(FrameSeen(conn=1, time_ns=number, direction="in", raw="nonsense"))
    writer = CaptureWriter(tmp_path / "a.capture", source={}, software="tests")
    writer.write(fold.take())
    for wanted in (2, 3):
        out, done = io.StringIO(), threading.Event()
        printer = Printer(
            writer.path,
            out,
            wake=threading.Event(),
            as_json=False,
            frames=wanted,
            until_ended=False,
            on_done=done.set,
        )
        assert done.wait(WAIT_S)
        printer.finish()
        assert printer.frames_printed == wanted
        assert ["finding: " in line for line in out.getvalue().splitlines()] == [False, True] * wanted
    writer.close()
