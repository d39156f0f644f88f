"""Reading a frame: what is small at once, what is large in a thread, and never one frame for another."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from inspector_app.capture.errors import CaptureError
from inspector_app.capture.reader import CaptureReader
from inspector_app.display.document import bytes_of
from inspector_app.viewer.beginning import BEGINNING_BYTES
from inspector_app.viewer.reading import AT_ONCE_BYTES, FrameText, Reading
from tests.inspector_app.recordings import Recording


class Context:
    """A capture with a small frame, two large ones and bytes."""

    def __init__(self, folder: Path) -> None:
        recording = Recording(folder).respond(1, {"n": 1})
        recording.respond(2, {"text": "x" * AT_ONCE_BYTES}).respond(3, {"text": "y" * AT_ONCE_BYTES})
        self.reader: CaptureReader | None = CaptureReader(recording.raw("in", b"\xff\x00").close())
        self.problems: list[str] = []

    def report(self, problem: str) -> None:
        self.problems.append(problem)


@pytest.fixture
def context(tmp_path: Path) -> Context:
    return Context(tmp_path)


def test_a_small_frame_is_there_at_once(context: Context) -> None:
    reading = Reading(context)
    frame = reading.frame(1, "data")
    assert frame is not None
    assert json.loads(frame.lines("data").data) == {"n": 1}
    assert not reading.loading
    assert reading.frame(1, "tree") is frame


@pytest.mark.parametrize("detail", ["data", "tree", "frame", "raw", "hex"])
def test_a_large_frame_is_there_once_it_is_loaded(context: Context, detail: str) -> None:
    reading = Reading(context)
    assert reading.frame(2, detail) is None
    waited = reading.loading
    assert reading.load()()
    assert (waited, reading.loading) == (True, False)
    frame = reading.frame(2, detail)
    assert frame is not None
    assert frame.has(detail)
    assert b"xxx" in frame.bytes


def test_the_beginning_of_a_large_frame_is_there_at_once(context: Context) -> None:
    reading = Reading(context)
    assert reading.beginning() is None
    assert reading.frame(2, "data") is None
    begun = reading.beginning()
    assert begun is not None
    assert context.reader is not None
    assert begun.size_bytes == context.reader.raw_size(2)
    assert begun.bytes == bytes_of(context.reader.raw(2))[:BEGINNING_BYTES]
    reading.load()()
    assert reading.frame(2, "data") is not None
    assert reading.beginning() is None


def test_a_beginning_that_cannot_be_read_is_reported(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    reading = Reading(context)
    assert reading.frame(2, "data") is None

    def refuse(self: CaptureReader, seq: int, count: int) -> bytes:
        raise CaptureError("The disk is gone.")

    monkeypatch.setattr(CaptureReader, "raw_head", refuse)
    assert reading.beginning() is None
    assert context.problems == ["The disk is gone."]


def test_what_was_loaded_for_another_frame_is_never_given(context: Context) -> None:
    reading = Reading(context)
    assert reading.frame(2, "data") is None
    take_over = reading.load()
    assert reading.frame(3, "data") is None
    assert not take_over()
    assert reading.frame(3, "data") is None
    assert reading.load()()
    frame = reading.frame(3, "data")
    assert frame is not None
    assert b"yyy" in frame.lines("data").data


def test_what_was_loaded_for_another_way_to_read_it_is_not_taken_for_this_one(context: Context) -> None:
    reading = Reading(context)
    assert reading.frame(2, "frame") is None
    late = reading.load()
    assert reading.frame(2, "raw") is None
    assert not late()
    assert reading.load()()
    assert reading.frame(2, "frame") is None


def test_a_frame_is_kept_and_fetched_once(context: Context) -> None:
    reading = Reading(context)
    assert reading.frame(2, "data") is None
    reading.load()()
    first = reading.frame(2, "data")
    assert reading.frame(2, "raw") is None
    reading.load()()
    assert reading.frame(2, "raw") is first
    assert reading.frame(2, "data") is first


def test_without_anything_wanted_nothing_is_loaded(context: Context) -> None:
    reading = Reading(context)
    assert not reading.load()()
    context.reader = None
    assert reading.frame(1, "data") is None
    assert not reading.loading


def test_what_cannot_be_read_is_reported(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    reading = Reading(context)
    assert reading.frame(99, "data") is None
    assert len(context.problems) == 1
    assert reading.frame(2, "data") is None

    def refuse(self: CaptureReader, seq: int) -> str:
        raise CaptureError("The disk is gone.")

    monkeypatch.setattr(CaptureReader, "raw", refuse)
    assert reading.load()()
    assert context.problems[-1] == "The disk is gone."


def test_a_size_that_the_file_tells_wrongly_keeps_nobody(context: Context) -> None:
    assert context.reader is not None
    assert context.reader.raw_size(2) > AT_ONCE_BYTES
    assert context.reader.raw_size(4) == 2
    with pytest.raises(CaptureError):
        context.reader.raw_size(99)


def test_bytes_that_are_no_json_have_lines_but_no_tree() -> None:
    frame = FrameText(1, b"\xff\x00")
    assert "no JSON" in str(frame.lines("tree").line(0)) or "Not JSON" in str(frame.lines("tree").line(0))
    assert frame.tree is None
    assert frame.lines("raw").line(0) == [("\\xff\x00", "")]


def test_the_tree_of_what_is_no_frame_has_no_root() -> None:
    frame = FrameText(1, "[1]")
    frame.make("tree")
    assert frame.tree is not None
    assert [frame.tree.node(index).path for index in range(2)] == [(), (0,)]


def test_the_last_frame_of_the_same_kind_before_another_is_found(tmp_path: Path) -> None:
    recording = Recording(tmp_path).connect().calls(2).request(5, "other").calls(1, first=6)
    recording.frame("out", "stream_stream_request", 8, {"operation": "chat"})
    recording.frame("out", "stream_data", 8, 1).frame("in", "stream_data", 8, 2).frame(
        "out", "stream_data", 8, 3
    )
    with_reader = CaptureReader(recording.close())
    frames = {frame.seq: frame for frame in with_reader.frames(1, 20)}
    assert with_reader.previous_alike(frames[11]) == 9
    assert with_reader.previous_alike(frames[10]) is None
    assert with_reader.previous_alike(frames[6]) == 3
    assert with_reader.previous_alike(frames[7]) == 4
    assert with_reader.previous_alike(frames[5]) is None
    with_reader.close()
