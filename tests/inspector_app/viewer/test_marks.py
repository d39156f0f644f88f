from pathlib import Path

from inspector_app.capture.marks import Marks
from inspector_app.viewer.marks import MarkBook
from tests.inspector_app.recordings import Recording, S
from tests.inspector_app.viewer.views import live_view, open_view


def test_the_marks_of_a_capture_are_there_when_it_is_opened(tmp_path: Path) -> None:
    capture = Recording(tmp_path).connect().calls(10).close()
    Marks(capture).set(4, "here")
    Marks(capture).set(12, "")
    view = open_view(capture)
    assert list(view.marks.seqs) == [4, 12]
    assert [view.marks.note(seq) for seq in (4, 5, 12)] == ["here", None, ""]


def test_the_next_mark_and_the_one_before_are_the_nearest(tmp_path: Path) -> None:
    capture = Recording(tmp_path).connect().calls(10).close()
    for seq in (3, 8, 15):
        Marks(capture).set(seq, "")
    marks = open_view(capture).marks
    assert list(marks.neighbour(3, 1)) == [8, 15]
    assert list(marks.neighbour(9, -1)) == [8, 3]
    assert list(marks.neighbour(15, 1)) == list(marks.neighbour(3, -1)) == []


def test_a_mark_that_somebody_else_set_is_seen_a_moment_later(tmp_path: Path) -> None:
    recording = Recording(tmp_path).connect().calls(3).commit()
    view = live_view(recording.path)
    view.tick(recording.now_ns)
    Marks(recording.path).set(2, "look")
    view.tick(recording.now_ns + 5 * S)
    assert view.marks.note(2) == "look"


def test_reading_the_same_marks_again_changes_nothing(tmp_path: Path) -> None:
    capture = Recording(tmp_path).connect().calls(3).close()
    Marks(capture).set(2, "")
    reader = open_view(capture).reader
    assert reader is not None
    marks = MarkBook()
    assert marks.read(reader)
    assert not marks.read(reader)


def test_one_frame_is_read_again_alone(tmp_path: Path) -> None:
    capture = Recording(tmp_path).connect().calls(10).close()
    Marks(capture).set(4, "here")
    reader = open_view(capture).reader
    assert reader is not None
    marks = MarkBook()
    marks.read(reader)
    Marks(capture).set(2, "two")
    Marks(capture).set(9, "nine")
    Marks(capture).set(4, "there")
    for seq, seqs in ((2, [2, 4]), (4, [2, 4]), (7, [2, 4])):
        marks.read_one(reader, seq)
        assert list(marks.seqs) == seqs
    assert [marks.note(seq) for seq in (2, 4, 9)] == ["two", "there", None]
    Marks(capture).remove(2)
    marks.read_one(reader, 2)
    assert (list(marks.seqs), marks.note(2)) == ([4], None)


def test_a_mark_that_comes_right_behind_others_is_seen_though_nothing_else_is_written(tmp_path: Path) -> None:
    recording = Recording(tmp_path).connect().calls(3).commit()
    view = live_view(recording.path)
    Marks(recording.path).set(1, "first")
    view.tick(recording.now_ns)
    assert view.marks.note(1) == "first"
    Marks(recording.path).set(2, "second")
    for part in (10, 4, 2):
        view.tick(recording.now_ns + S // part)
        assert view.marks.note(2) is None
    assert view.tick(recording.now_ns + 2 * S).data
    assert view.marks.note(2) == "second"
