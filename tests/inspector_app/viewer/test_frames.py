from pathlib import Path

import pytest

from inspector_app.viewer.frames import TimeMode
from inspector_app.viewer.state import ViewState
from tests.inspector_app.recordings import Recording
from tests.inspector_app.viewer.views import open_view, texts

NUMBER, TIME, DIRECTION, TYPE, EXCHANGE, OPERATION, SIZE, ANSWER, DATA = range(9)


@pytest.fixture
def view(tmp_path: Path) -> ViewState:
    recording = Recording(tmp_path).connect()
    recording.at(1000).request(0, symbol="BEAN")
    recording.at(1240).respond(0, {"price_cents": 412})
    recording.frame("in", "request", 0, {"operation": "approve_order"}, opener="peer")
    recording.raw("in", "no frame at all")
    return open_view(recording.close())


def test_a_row_tells_number_direction_type_exchange_operation_size_and_data(view: ViewState) -> None:
    row = texts(view.frames)[0]
    assert row[NUMBER] == "1"
    assert row[DIRECTION] == "→"
    assert row[TYPE] == "request"
    assert row[EXCHANGE] == "→ 0"
    assert row[OPERATION] == "get_quote"
    assert row[SIZE].endswith(" B")
    assert "BEAN" in row[DATA]


def test_an_answer_tells_the_time_since_its_request(view: ViewState) -> None:
    rows = texts(view.frames)
    assert rows[0][ANSWER] == ""
    assert rows[1][ANSWER] == "240 ms"


def test_an_exchange_that_the_peer_opened_points_the_other_way(view: ViewState) -> None:
    assert texts(view.frames)[2][EXCHANGE] == "← 0"


def test_what_is_no_frame_is_a_row_that_says_so(view: ViewState) -> None:
    row = texts(view.frames)[3]
    assert row[TYPE] == "invalid"
    assert "no frame at all" in row[DATA]


def test_times_since_the_start_count_from_the_first_record(view: ViewState) -> None:
    view.time_mode = TimeMode.RELATIVE
    times = [row[TIME] for row in texts(view.frames)]
    assert times[:2] == ["1.000", "1.240"]


def test_a_delta_is_the_time_since_the_frame_above(view: ViewState) -> None:
    view.time_mode = TimeMode.DELTA
    assert [row[TIME] for row in texts(view.frames)][:2] == ["", "+240 ms"]


def test_a_delta_is_known_for_the_first_row_on_screen_too(view: ViewState) -> None:
    view.time_mode = TimeMode.DELTA
    assert view.frames.rows(1, 1)[0][TIME][0] == "+240 ms"


def test_the_key_goes_through_all_ways_to_tell_time_and_comes_back(view: ViewState) -> None:
    seen = [view.time_mode, *(view.next_time_mode() for _ in range(3))]
    assert seen == [TimeMode.CLOCK, TimeMode.RELATIVE, TimeMode.DELTA, TimeMode.CLOCK]


def test_only_the_rows_asked_for_are_fetched(tmp_path: Path) -> None:
    view = open_view(Recording(tmp_path).connect().calls(50).close())
    assert [row[NUMBER] for row in texts(view.frames, 90, 5)] == ["91", "92", "93", "94", "95"]


def test_a_capture_that_cannot_be_read_is_a_row_that_says_so(view: ViewState) -> None:
    assert view.reader is not None
    view.reader.close()
    rows = texts(view.frames)
    assert len(rows) == 1
    assert rows[0][DATA].endswith(".")


def test_an_exchange_holds_all_its_frames_with_the_time_since_it_was_opened(tmp_path: Path) -> None:
    recording = Recording(tmp_path).connect()
    recording.at(1000).frame("out", "stream_request", 0, {"operation": "watch"})
    recording.request(1)
    recording.at(1500).frame("in", "stream_data", 0, 1)
    recording.respond(1)
    recording.at(3000).frame("in", "stream_end", 0)
    view = open_view(recording.close())
    view.selection.choose_seq(3)
    rows = texts(view.selection.frames)
    assert [(row[0], row[1], row[4]) for row in rows] == [
        ("1", "+0 µs", "stream_req"),
        ("3", "+500 ms", "data"),
        ("5", "+2.0 s", "end"),
    ]


def test_the_place_of_a_frame_in_its_exchange_is_found(tmp_path: Path) -> None:
    recording = Recording(tmp_path).connect().frame("out", "stream_request", 0, {"operation": "watch"})
    for number in range(100):
        recording.calls(1, first=number + 1).frame("in", "stream_data", 0, number)
    view = open_view(recording.close())
    assert view.reader is not None
    view.selection.choose_exchange(view.reader.exchange(1))
    frames = view.selection.frames.fetch(0, 200)
    assert len(frames) == 101
    assert [view.selection.frames.index_of(frame.seq) for frame in frames] == list(range(101))
