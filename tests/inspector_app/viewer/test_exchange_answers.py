"""The beginning of an answer as text, for the history."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from inspector_app.capture.reader import CaptureReader
from inspector_app.viewer import exchange_answers
from inspector_app.viewer.exchange_answers import answer_text
from tests.inspector_app.recordings import Recording

LONG = {"list": [{"number": number, "text": '\u00e9 " \\'} for number in range(2000)]}


@pytest.mark.parametrize("data", [LONG, "\u00e9" * 40_000, [[1, 2], "x" * 40_000]])
def test_of_a_large_answer_only_the_beginning_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data: object
) -> None:
    monkeypatch.setattr(exchange_answers, "LARGE_BYTES", 10_000)
    reader = CaptureReader(Recording(tmp_path).connect().request(0).respond(0, data).close())
    exchange = reader.exchange(1)
    assert exchange is not None
    whole = json.dumps(data, ensure_ascii=False)
    monkeypatch.setattr(reader, "raw", None)
    text = answer_text(reader, exchange, 1000)
    assert len(text) > 800
    assert text[:800] == whole[:800]
    reader.close()


def test_items_are_a_line_each_up_to_so_many_characters(tmp_path: Path) -> None:
    recording = Recording(tmp_path).connect().frame("out", "stream_request", 0, {"operation": "watch"})
    for number in range(5):
        recording.frame("in", "stream_data", 0, {"n": number})
    reader = CaptureReader(recording.close())
    exchange = reader.exchange(1)
    assert exchange is not None
    assert answer_text(reader, exchange, 20) == '{"n": 0}\n{"n": 1}\n{"'
    reader.close()
