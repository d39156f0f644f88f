"""What `export` and `import` say on a terminal while they work."""

from __future__ import annotations

import io
import os
import signal
import sys
from pathlib import Path

import pytest

from inspector_app import transfer
from inspector_app.capture.redaction import Replaced, Told
from inspector_app.transfer import Bar, ExportAsked, preview_lines, run_export, run_import
from tests.inspector_app.recordings import Recording


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def bar_on(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> Bar:
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setattr(transfer, "_TELL_EVERY_S", 0.0)
    return Bar("bytes", {"a": "Looking", "b": "Writing"})


def test_the_bar_tells_how_far_it_is_and_goes_away(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    bar = bar_on(terminal, monkeypatch)
    bar.progress("a", 1, 4)
    assert terminal.getvalue() == "\r\x1b[KLooking " + "\u2588" * 6 + "\u00b7" * 18 + "  25%"
    bar.progress("b", 4, 4)
    assert terminal.getvalue().endswith("Writing " + "\u2588" * 24 + " 100%")
    bar.clear()
    assert terminal.getvalue().endswith("\r\x1b[K")


def test_without_a_known_end_it_tells_what_was_read(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    bar_on(terminal, monkeypatch).progress("a", 12345, 0)
    assert terminal.getvalue().endswith("Looking 12,345 bytes")


def test_without_a_terminal_there_is_no_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    silent = io.StringIO()
    monkeypatch.setattr(sys, "stderr", silent)
    bar = Bar("bytes", {"a": "Looking"})
    bar.progress("a", 1, 4)
    bar.clear()
    assert silent.getvalue() == ""


def secret(number: int) -> Replaced:
    return Replaced(
        placeholder=f"<{number}>", rules=("key x",), places=("frame 1",), count=2, hint="ab\u2026"
    )


def test_a_preview_of_many_secrets_says_how_many_more_there_are() -> None:
    lines = preview_lines(Told(secrets=tuple(map(secret, range(50))), beyond=7))
    assert lines[0] == "<0>  ab\u2026  key x  2 times, first in frame 1"
    assert lines[-1] == "and 10 more, and 7 places beyond those"
    assert len(lines) == 41


def test_a_preview_of_nothing_says_so() -> None:
    assert preview_lines(Told()) == ["No rule finds anything to redact."]
    assert "Nothing was redacted" in preview_lines(Told(on=False))[0]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_what_is_told_to_end_leaves_nothing_half_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    capture = Recording(tmp_path).connect().calls(3).close()
    there = {capture}

    def export() -> None:
        run_export(
            ExportAsked(
                capture=capture,
                output=str(tmp_path / "whole.jsonl"),
                format=None,
                filter="",
                force=False,
                redact=False,
                rules=None,
                preview=False,
            )
        )

    def ended(_: Bar, task: str, *__: int) -> None:
        assert set(tmp_path.iterdir()) > there, "nothing is being written, so nothing could be left"
        os.kill(os.getpid(), number)

    with monkeypatch.context() as patched:
        patched.setattr(Bar, "progress", ended)
        with pytest.raises((SystemExit, KeyboardInterrupt)):
            export()
    assert set(tmp_path.iterdir()) == there
    export()
    there = set(tmp_path.iterdir())
    monkeypatch.setattr(Bar, "progress", ended)
    with pytest.raises((SystemExit, KeyboardInterrupt)):
        run_import(str(tmp_path / "whole.jsonl"), tmp_path / "again.capture")
    assert set(tmp_path.iterdir()) == there
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
