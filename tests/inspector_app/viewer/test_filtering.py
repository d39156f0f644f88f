from pathlib import Path

import pytest

from inspector_app.viewer.filtering import Filtering, StillSearchingError
from inspector_app.viewer.frames import FrameRows
from inspector_app.viewer.state import ViewState
from tests.inspector_app.recordings import Recording
from tests.inspector_app.viewer.listed import Listed, Searches
from tests.inspector_app.viewer.views import LATER_NS, live_view, open_view, texts


def _hunting(view: ViewState) -> Searches:
    searches = Searches()
    view.filtering = Filtering(view, searches)
    return searches


@pytest.fixture
def view(tmp_path: Path) -> ViewState:
    return open_view(Recording(tmp_path).connect().calls(50).close())


def _seqs(frames: FrameRows) -> list[int]:
    return [int(row[0]) for row in texts(frames)]


def test_without_a_filter_there_is_no_search(view: ViewState) -> None:
    searches = _hunting(view)
    view.tick(LATER_NS)
    assert not view.filtering.ask("  ")
    assert searches.asked == []
    assert view.frames.count == 100


def test_only_matches_are_rows_as_they_are_found(view: ViewState) -> None:
    searches = _hunting(view)
    assert view.filtering.ask("op:x")
    view.frames.take_over()
    assert view.frames.count == 0
    searches.begun[0].find(90, 95)
    view.tick(LATER_NS)
    assert _seqs(view.frames) == [90, 95]
    searches.begun[0].find(10, 12)
    assert _seqs(view.frames) == [90, 95]
    assert view.tick(LATER_NS).data
    assert _seqs(view.frames) == [10, 12, 90, 95]
    assert not view.tick(LATER_NS).data


def test_the_cursor_stays_at_its_frame_while_older_matches_are_put_in_front(view: ViewState) -> None:
    searches = _hunting(view)
    view.filtering.ask("op:x")
    searches.begun[0].find(90, 95)
    view.tick(LATER_NS)
    view.frames.settled = True
    view.frames.hold(1)
    searches.begun[0].find(10, 12)
    view.tick(LATER_NS)
    assert view.frames.index_of(view.frames.near) == 3


def test_a_frame_that_is_not_found_yet_is_stayed_near_until_it_is(view: ViewState) -> None:
    searches = _hunting(view)
    view.frames.hold(49)
    view.filtering.ask("op:x")
    view.frames.take_over()
    for found, place in ((80, 0), (60, 0), (50, 0), (40, 1)):
        searches.begun[0].find(found)
        view.tick(LATER_NS)
        view.frames.settled = True
        view.frames.hold(place)
        assert view.frames.index_of(view.frames.near) == place
    assert view.frames.near == 50


def test_all_frames_again_bring_the_frame_back_that_was_left(view: ViewState) -> None:
    searches = _hunting(view)
    view.frames.hold(49)
    view.filtering.ask("op:x")
    searches.begun[0].find(7)
    view.tick(LATER_NS)
    view.frames.settled = True
    view.frames.hold(0)
    view.filtering.ask("")
    view.frames.take_over()
    assert view.frames.index_of(view.frames.near) == 49
    assert searches.begun[0].closed


def test_a_wrong_filter_tells_its_place_and_the_list_stays_as_it_was(view: ViewState) -> None:
    searches = _hunting(view)
    view.filtering.ask("op:x")
    searches.begun[0].find(7)
    assert not view.filtering.ask("op:x (type:request")
    wrong = view.filtering.filter.wrong
    assert wrong is not None
    assert 0 <= wrong.start <= wrong.end <= len("op:x (type:request")
    view.tick(LATER_NS)
    assert _seqs(view.frames) == [7]
    assert not view.filtering.ask("op:x")
    assert view.filtering.filter.wrong is None


def test_what_is_highlighted_is_looked_for_among_what_is_shown(view: ViewState) -> None:
    searches = _hunting(view)
    view.filtering.ask_highlight("b or c")
    view.filtering.ask("op:x or op:y")
    assert searches.asked == ["b or c", "op:x or op:y", "(op:x or op:y) (b or c)"]
    view.filtering.ask_highlight("d")
    assert searches.asked[3] == "(op:x or op:y) (d)"
    view.filtering.ask_highlight("b or c")
    assert searches.begun[0].closed
    searches.begun[4].find(10, 20, 30)
    assert view.filtering.highlight.holds(20)
    assert not view.filtering.highlight.holds(21)
    assert [view.filtering.next_match(seq, 1) for seq in (1, 10, 29, 30)] == [10, 20, 30, None]
    assert [view.filtering.next_match(seq, -1) for seq in (31, 30, 11, 10)] == [30, 20, 10, None]


def test_the_next_match_is_waited_for_while_a_nearer_one_may_turn_up(view: ViewState) -> None:
    searches = _hunting(view)
    view.filtering.ask_highlight("b")
    search = searches.begun[0]
    search.looked_back_to = 25
    search.find(30)
    with pytest.raises(StillSearchingError):
        view.filtering.next_match(10, 1)
    assert view.filtering.next_match(27, 1) == 30
    assert view.filtering.next_match(31, -1) == 30
    with pytest.raises(StillSearchingError):
        view.filtering.next_match(30, -1)
    search.looked_back_to = 0
    assert view.filtering.next_match(10, 1) == 30
    assert view.filtering.next_match(30, -1) is None


def test_a_highlighted_row_is_told_by_a_sign(view: ViewState) -> None:
    searches = _hunting(view)
    view.filtering.ask_highlight("b")
    searches.begun[0].find(2)
    assert [row[0] for row in texts(view.frames, 0, 3)] == ["1", "»2", "3"]


def test_a_search_looks_at_frames_that_come(tmp_path: Path) -> None:
    recording = Recording(tmp_path).connect().calls(2).commit()
    view = live_view(recording.path)
    searches = _hunting(view)
    view.tick(LATER_NS)
    view.filtering.ask("op:x")
    view.tick(LATER_NS)
    assert searches.begun[0].grown_to == 4
    recording.calls(3, first=2).commit()
    view.tick(LATER_NS)
    assert searches.begun[0].grown_to == 10


def test_while_paused_a_filter_works_on_what_is_shown(tmp_path: Path) -> None:
    recording = Recording(tmp_path).connect().calls(3).commit()
    view = live_view(recording.path)
    searches = _hunting(view)
    view.tick(LATER_NS)
    view.pause(True)
    recording.calls(3, first=3).commit()
    view.filtering.ask("op:x")
    searches.begun[0].find(2, 5, 8, 11)
    assert view.tick(LATER_NS).data
    assert _seqs(view.frames) == [2, 5]
    view.pause(False)
    view.tick(LATER_NS)
    assert _seqs(view.frames) == [2, 5, 8, 11]


def test_what_was_asked_before_there_was_a_capture_is_looked_for_once_there_is(tmp_path: Path) -> None:
    recording = Recording(tmp_path).connect().calls(3).commit()
    view = live_view(recording.path)
    reader, view.reader = view.reader, None
    searches = _hunting(view)
    view.filtering.ask("op:x")
    assert searches.asked == []
    view.reader = reader
    view.tick(LATER_NS)
    assert searches.asked == ["op:x"]


def test_leaving_ends_every_search(view: ViewState) -> None:
    searches = _hunting(view)
    view.filtering.ask("a")
    view.filtering.ask_highlight("b")
    view.filtering.look_for_errors()
    view.close()
    assert [each.closed for each in searches.begun] == [True, True, True]


def test_density_counts_matches_in_equal_shares() -> None:
    assert Listed(1, 2, 5, 10).density(2, 10) == [3, 1]
