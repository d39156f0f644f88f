"""Excerpts of captures: the right frames in portions that are bounded, and no trust in the file."""

from __future__ import annotations

import io
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from inspector_app.capture import picking
from inspector_app.capture.excerpt import Excerpt, Selection
from inspector_app.capture.formats.known import FORMATS
from inspector_app.capture.reader import CaptureReader
from inspector_app.capture.redaction import Redactor
from inspector_app.capture.store import CaptureError
from tests.inspector_app.recordings import Recording


@pytest.fixture
def capture(tmp_path: Path) -> Path:
    recording = Recording(tmp_path).connect().connect(2).calls(300)
    recording.raw("in", "a", conn=2).raw("in", b"\xff").raw("in", "lone \ud800", conn=2)
    return recording.close()


def seqs(excerpt: Excerpt) -> list[list[int]]:
    return [[frame.seq for frame in frames] for frames in excerpt.frame_portions()]


def flat(portions: list[list[int]]) -> list[int]:
    return [seq for portion in portions for seq in portion]


def test_frames_come_in_order_in_portions(capture: Path) -> None:
    with closing(CaptureReader(capture)) as reader:
        found = seqs(Excerpt(reader))
    assert [len(portion) for portion in found] == [500, 103]
    assert flat(found) == list(range(1, 604))


def test_a_portion_ends_where_its_messages_grow_large(capture: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(picking, "_PORTION_BYTES", 1000)
    with closing(CaptureReader(capture)) as reader:
        found = seqs(Excerpt(reader))
        redacted = seqs(Excerpt(reader, redactor=Redactor()))
    assert max(map(len, found)) < 12
    assert flat(found) == flat(redacted) == list(range(1, 604))


def test_every_frame_is_what_the_reader_tells(capture: Path) -> None:
    with closing(CaptureReader(capture)) as reader:
        for frames in Excerpt(reader).frame_portions():
            for frame in frames:
                row = reader.frame(frame.seq)
                assert row is not None
                assert frame == (*(getattr(row, name) for name in frame._fields[:-1]), reader.raw(frame.seq))


def test_frames_are_given_by_connection(capture: Path) -> None:
    with closing(CaptureReader(capture)) as reader:
        found = [
            (introduction.row.conn, [frame.seq for frames in portions for frame in frames])
            for introduction, portions in Excerpt(
                reader, Selection(frames=(3, 601, 602, 603))
            ).by_connection()
        ]
    assert found == [(1, [3, 602]), (2, [601, 603])]


def test_a_filter_takes_its_frames_and_one_that_is_none_is_told_with_the_place(capture: Path) -> None:
    with closing(CaptureReader(capture)) as reader:
        excerpt = Excerpt(reader, Selection(filter="type:request op:get_quote"))
        assert (excerpt.frames, seqs(excerpt)[0][:3]) == (300, [1, 3, 5])
        with pytest.raises(CaptureError, match=r"The filter cannot be read at character \d+: "):
            Excerpt(reader, Selection(filter="type:("))


@pytest.mark.parametrize(
    "spoil",
    [
        "UPDATE frames SET direction = 'up' WHERE seq = 7",
        "UPDATE frames SET time_ns = 'x' WHERE seq = 7",
        "UPDATE frames SET raw = 5.5 WHERE seq = 7",
        "UPDATE frames SET type = x'01ff' WHERE seq = 7",
        "DELETE FROM frames WHERE seq = 7",
    ],
)
def test_a_capture_that_no_recording_makes_is_told(capture: Path, spoil: str) -> None:
    with closing(sqlite3.connect(capture)) as connection:
        connection.execute(spoil)
        connection.commit()
    with closing(CaptureReader(capture)) as reader:
        with pytest.raises(CaptureError, match=r"holds values that no recording makes|lacks frame 7\b"):
            seqs(Excerpt(reader))
        with pytest.raises(CaptureError):
            seqs(Excerpt(reader, redactor=Redactor()))


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("meta", ["1" + "0" * 40, '"soon"', "[]", "-9e400", "broken"])
def test_what_a_stranger_tells_of_the_recording_spoils_no_format(capture: Path, name: str, meta: str) -> None:
    with closing(sqlite3.connect(capture)) as connection:
        connection.execute("UPDATE meta SET value = ?", (meta,))
        connection.execute("UPDATE frames SET time_ns = 9223372036854775807 WHERE seq = 3")
        connection.execute("UPDATE connections SET opened_ns = -9223372036854775808, handshake = ?", (meta,))
        connection.commit()
    if name == "parquet":
        pytest.importorskip(
            "pyarrow", reason="pyarrow is not installed: pip install -e '.[parquet]' brings it"
        )
    write = FORMATS[name].writer()
    with closing(CaptureReader(capture)) as reader:
        out = io.BytesIO()
        excerpt = Excerpt(reader, redactor=Redactor())
        excerpt.begin()
        write(excerpt, out)
    assert len(out.getvalue()) > 1000
