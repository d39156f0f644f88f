"""Captures for the tests of formats, and writing them without a file."""

from __future__ import annotations

import io
from pathlib import Path

from inspector_app.capture.excerpt import EVERYTHING, Excerpt, Selection
from inspector_app.capture.formats.known import FORMATS
from inspector_app.capture.reader import CaptureReader
from inspector_app.capture.redaction import Redactor
from tests.inspector_app.recordings import Recording

HOSTILE = (
    "</pre></td></table></svg><script>window.hit=1</script>"
    "<img src=http://127.0.0.1:9/x onerror=window.hit=2>"
    "<a href='javascript:window.hit=3'>x</a>]]>--><style>*{display:none}</style>{{7*7}}${7*7}"
    "\x1b]52;c;x\x07\u202e\ud800[link](http://evil.example)|cell `code`"
    " <http://evil.example> www.evil.example"
)


def exported(capture: Path, name: str, selection: Selection = EVERYTHING, *, redact: bool = False) -> bytes:
    """Write a capture in a format, unredacted unless asked for."""
    reader = CaptureReader(capture)
    out = io.BytesIO()
    try:
        FORMATS[name].writer()(Excerpt(reader, selection, Redactor() if redact else None), out)
    finally:
        reader.close()
    return out.getvalue()


def hostile(folder: Path) -> Path:
    """A capture with markup of every kind in every place that takes text."""
    recording = Recording(folder, "hostile.capture").connect(me=HOSTILE, address=f"ws://h/{HOSTILE}")
    recording.request(0, HOSTILE, text=HOSTILE).fail(0, HOSTILE, code=HOSTILE)
    recording.frame("in", "request", 3, {"operation": HOSTILE}, opener=HOSTILE)
    recording.raw("in", HOSTILE).raw("in", HOSTILE.encode("utf-8", "surrogatepass"))
    recording.note(HOSTILE).settle(3, "timeout", HOSTILE, opener=HOSTILE)
    return recording.state("CONNECTED", HOSTILE, code=1, reason=HOSTILE).close()
