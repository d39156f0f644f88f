"""Marks: set beside whoever records, kept in the file, refused with a sentence."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from inspector_app.capture import upgrade
from inspector_app.capture.marks import NOTE_LENGTH, Mark, Marks
from inspector_app.capture.schema import FORMAT_VERSION, added_since
from inspector_app.capture.store import CaptureError, CaptureReader
from inspector_app.capture.tidying import tidy
from tests.inspector_app.capture import samples
from tests.inspector_app.capture.old_formats import format_1

MARKED_BESIDE = "beside the recording"


def seqs_and_notes(marks: list[Mark]) -> list[tuple[int, str]]:
    return [(mark.seq, mark.note) for mark in marks]


def test_marks_come_back_in_the_order_of_their_frames(tmp_path: Path) -> None:
    marks = Marks(samples.capture(tmp_path, samples.frames(*"abc")))
    marks.set(3, "third")
    marks.set(1)
    assert seqs_and_notes(marks.all()) == [(1, ""), (3, "third")]
    assert all(mark.made_ns > samples.NOW // 2 for mark in marks.all())


def test_a_second_note_replaces_the_first_and_keeps_its_time(tmp_path: Path) -> None:
    marks = Marks(samples.capture(tmp_path, samples.frames("a")))
    marks.set(1, "one")
    [before] = marks.all()
    marks.set(1, "two")
    assert marks.all() == [Mark(1, before.made_ns, "two")]


def test_a_removed_mark_is_gone_and_removing_none_is_no_error(tmp_path: Path) -> None:
    marks = Marks(samples.capture(tmp_path, samples.frames("a")))
    marks.set(1)
    marks.remove(1)
    marks.remove(1)
    assert marks.all() == []


def test_a_note_keeps_whatever_text_it_is(tmp_path: Path) -> None:
    marks = Marks(samples.capture(tmp_path, samples.frames("a")))
    marks.set(1, "half \ud83d of a pair, \x1b[2J")
    assert seqs_and_notes(marks.all()) == [(1, "half \ud83d of a pair, \x1b[2J")]


def test_a_frame_that_is_not_there_cannot_be_marked(tmp_path: Path) -> None:
    marks = Marks(samples.capture(tmp_path, samples.frames("a")))
    with pytest.raises(CaptureError, match="no frame 2"):
        marks.set(2)
    with pytest.raises(CaptureError, match="no frame"):
        marks.set(1 << 70)


def test_a_note_has_an_end(tmp_path: Path) -> None:
    marks = Marks(samples.capture(tmp_path, samples.frames("a")))
    marks.set(1, "x" * NOTE_LENGTH)
    with pytest.raises(CaptureError, match="shorten it"):
        marks.set(1, "x" * (NOTE_LENGTH + 1))


def test_a_capture_is_marked_while_it_is_recorded(tmp_path: Path) -> None:
    with closing(samples.writer(tmp_path)) as writer:
        writer.write(samples.frames("a"))
        Marks(writer.path).set(1, MARKED_BESIDE)
        writer.write(samples.frames("b", first_seq=2))
        assert seqs_and_notes(Marks(writer.path).all()) == [(1, MARKED_BESIDE)]
    assert seqs_and_notes(Marks(writer.path).all()) == [(1, MARKED_BESIDE)]
    assert sorted(part.name for part in tmp_path.iterdir() if part.is_file()) == ["a.capture"]


def test_a_reader_notices_a_mark(tmp_path: Path) -> None:
    path = samples.capture(tmp_path, samples.frames("a"))
    with closing(CaptureReader(path)) as reader:
        reader.changed()
        Marks(path).set(1)
        assert reader.changed()
        assert [mark.seq for mark in reader.marks(0, 9)] == [1]


def test_a_file_that_another_program_holds_says_so(tmp_path: Path) -> None:
    writer = samples.writer(tmp_path)
    writer.write(samples.frames("a"))
    with closing(writer), closing(sqlite3.connect(writer.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(CaptureError, match="locked by another program"):
            Marks(writer.path, busy_timeout_s=0.0).set(1)


@pytest.mark.parametrize("content", [b"", b"{}"])
def test_what_is_no_capture_cannot_be_marked(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a").write_bytes(content)
    marks = Marks(tmp_path / "a")
    with pytest.raises(CaptureError, match="is not a capture"):
        marks.set(1)
    with pytest.raises(CaptureError, match="is not a capture"):
        marks.remove(1)
    with pytest.raises(CaptureError, match="is not a capture"):
        marks.all()
    assert (tmp_path / "a").read_bytes() == content


def test_a_capture_with_statements_of_its_own_is_not_written_to(tmp_path: Path) -> None:
    path = samples.capture(tmp_path, samples.frames("a"))
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TRIGGER t AFTER INSERT ON marks BEGIN DELETE FROM frames; END")
    with pytest.raises(CaptureError, match="triggers"):
        Marks(path).set(1)
    with closing(CaptureReader(path)) as reader:
        assert len(reader.frames(1, 9)) == 1


# -- captures of format 1


def test_a_capture_of_format_1_reads_and_has_no_marks(tmp_path: Path) -> None:
    path = format_1(tmp_path / "old.capture", samples.frames("a", "b"))
    assert Marks(path).all() == []
    with closing(CaptureReader(path)) as reader:
        assert reader.format == 1
        assert [row.summary for row in reader.frames(1, 9)] == ["{a: 1}", "{a: 1}"]
        assert reader.frames_with_raw(1, 9)[1][1] == "b"
        assert reader.totals().frames == 2


def test_the_first_mark_brings_a_capture_of_format_1_to_the_current_one(tmp_path: Path) -> None:
    path = format_1(tmp_path / "old.capture", samples.frames("a", "b"))
    with closing(CaptureReader(path)) as reader:
        before = reader.frames_with_raw(1, 9)
        Marks(path).set(2, "here")
        assert [mark.note for mark in reader.marks(0, 9)] == ["here"]
    with closing(CaptureReader(path)) as reader:
        assert (reader.format, reader.meta()["format"]) == (FORMAT_VERSION, FORMAT_VERSION)
        assert reader.frames_with_raw(1, 9) == before
    assert _names(path) >= {"marks", "frames_of_type", "frames_of_operation"}


def test_an_upgrade_that_fails_leaves_the_capture_as_it_was(tmp_path: Path) -> None:
    path = format_1(tmp_path / "old.capture", samples.frames("a"))
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE frames_of_type (x)")
    names = _names(path)
    with pytest.raises(CaptureError):
        Marks(path).set(1)
    assert _names(path) == names
    assert [each.name for each in tmp_path.iterdir()] == [path.name]
    with closing(CaptureReader(path)) as reader:
        assert reader.format == 1


def test_an_upgraded_capture_has_what_a_new_one_has(tmp_path: Path) -> None:
    old = format_1(tmp_path / "old.capture", samples.frames("a"))
    Marks(old).set(1)
    assert [each.name for each in tmp_path.iterdir()] == [old.name]
    assert _names(old) == _names(samples.capture(tmp_path))


def test_a_capture_is_read_on_while_it_is_upgraded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = format_1(tmp_path / "old.capture", samples.frames(*("x" * 200 for _ in range(300))))
    seen: list[str | bytes] = []
    reader = CaptureReader(path)

    class Looked(Marks):
        def _connect(self) -> sqlite3.Connection:
            connection = super()._connect()
            connection.execute("PRAGMA cache_size = 1")  # as the indexes of a million frames, more than fits
            connection.create_function("look", 0, lambda: seen.append(reader.raw(300)))
            return connection

    statements = added_since(1)
    monkeypatch.setattr(upgrade, "added_since", lambda _: [*statements, "SELECT look()"])
    Looked(path).set(1)
    assert seen == ["x" * 200]
    reader.close()
    assert tidy(path)


def _names(path: Path) -> set[str]:
    with closing(sqlite3.connect(path)) as connection:
        return {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
