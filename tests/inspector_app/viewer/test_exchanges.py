from contextlib import closing
from pathlib import Path

import pytest

from inspector_app.capture.reader import CaptureReader
from inspector_app.viewer.exchanges import FROZEN_ROWS, next_number
from tests.inspector_app.recordings import MS, PEER, START_NS, Recording, S
from tests.inspector_app.viewer.views import live_view, open_view, texts

OUTCOME, TOOK, EXCHANGE, OPERATION, SENT_AT, MESSAGE = range(6)
KIND, LABEL, NAME, WHO, STATE, HALVES, OUT, IN, LAST = range(9)


def test_the_pending_come_first_and_then_the_last_ended(tmp_path: Path) -> None:
    recording = Recording(tmp_path).connect()
    recording.request(0, "slow").request(1, "first").request(2, "second").request(3, "slower")
    recording.respond(1).respond(2)
    view = open_view(recording.close())
    assert [row[OPERATION] for row in texts(view.requests)] == ["slow", "slower", "second", "first"]


def test_a_pending_request_has_an_age_that_grows(tmp_path: Path) -> None:
    recording = Recording(tmp_path).connect().at(1000).request(0).commit()
    view = live_view(recording.path)
    view.tick(START_NS + 3100 * MS)
    assert texts(view.requests)[0][TOOK] == "2 s"
    view.tick(START_NS + 5100 * MS)
    assert texts(view.requests)[0][TOOK] == "4 s"


def test_in_a_file_a_request_without_an_answer_stays_as_old_as_it_was(tmp_path: Path) -> None:
    recording = Recording(tmp_path).connect().at(1000).request(0).at(9000).calls(1, first=1)
    view = open_view(recording.close())
    age = texts(view.requests)[0][TOOK]
    view.tick(START_NS + 1000 * S)
    assert texts(view.requests)[0][TOOK] == age == "8 s"


def test_an_ended_request_has_its_duration(tmp_path: Path) -> None:
    recording = Recording(tmp_path).connect().at(1000).request(0).at(1250).respond(0)
    assert texts(open_view(recording.close()).requests)[0][TOOK] == "250 ms"


@pytest.mark.parametrize(
    ("end", "shown"),
    [
        (lambda r: r.respond(0), "✓ ok"),
        (lambda r: r.fail(0, "no such thing", "not_found"), "✗ not_found"),
        (lambda r: r.settle(0, "timeout"), "◷ timed out"),
        (lambda r: r.settle(0, "cancelled"), "⊘ cancelled"),
        (lambda r: r.state("CONNECTED", "CLOSED", code=1000), "■ closed"),
        (lambda r: r.state("CONNECTED", "LOST", code=1006), "↯ lost"),
    ],
)
def test_every_ending_has_its_own_word(tmp_path: Path, end: object, shown: str) -> None:
    recording = Recording(tmp_path).connect().request(0)
    assert callable(end)
    end(recording)
    assert texts(open_view(recording.close()).requests)[0][OUTCOME] == shown


def test_an_error_shows_its_text(tmp_path: Path) -> None:
    recording = Recording(tmp_path).connect().request(0).fail(0, "CORK is out of stock")
    assert texts(open_view(recording.close()).requests)[0][MESSAGE] == "CORK is out of stock"


def test_a_stream_shows_kind_operation_peer_state_halves_items_and_the_age_of_the_last(
    tmp_path: Path,
) -> None:
    recording = Recording(tmp_path).connect().at(1000)
    recording.frame("out", "stream_stream_request", 0, {"operation": "chat"})
    recording.frame("out", "stream_data", 0, {"text": "hello"})
    recording.frame("in", "stream_data", 0, {"text": "hi"}).frame("in", "stream_data", 0, None)
    recording.at(2000).frame("out", "stream_end", 0).commit()
    view = live_view(recording.path)
    view.tick(START_NS + 8 * S)
    row = texts(view.streams)[0]
    assert row[KIND] == "bidi"
    assert row[LABEL] == "→ 0"
    assert row[NAME] == "chat"
    assert row[WHO] == PEER[:8]
    assert row[STATE] == "◐ HALF_CLOSED_LOCAL"
    assert row[HALVES] == "me ended, peer open"
    assert row[OUT].startswith("1 · ")
    assert row[IN].startswith("2 · ")
    assert row[LAST] == "6 s"


def test_a_server_stream_of_mine_has_its_own_half_closed_from_the_start(tmp_path: Path) -> None:
    recording = Recording(tmp_path).connect().frame("out", "stream_request", 0, {"operation": "watch"})
    row = texts(open_view(recording.close()).streams)[0]
    assert (row[KIND], row[STATE]) == ("stream", "◐ HALF_CLOSED_LOCAL")


def test_an_ended_stream_says_how(tmp_path: Path) -> None:
    recording = Recording(tmp_path).connect().frame("out", "stream_request", 0, {"operation": "watch"})
    recording.fail(0, "gone", "internal")
    row = texts(open_view(recording.close()).streams)[0]
    assert row[STATE] == "○ CLOSED ✗ internal"


def test_a_stream_without_items_has_no_age_of_one(tmp_path: Path) -> None:
    recording = Recording(tmp_path).connect().frame("out", "stream_request", 0, {"operation": "watch"})
    row = texts(open_view(recording.close()).streams)[0]
    assert (row[OUT], row[IN], row[LAST]) == ("-", "-", "-")


def test_an_exchange_is_found_again_after_it_has_moved(tmp_path: Path) -> None:
    recording = Recording(tmp_path).connect().request(0, "slow").calls(40, first=1).commit()
    view = live_view(recording.path)
    view.tick(START_NS + S)
    assert view.requests.index_of(1) == 0
    recording.respond(0).calls(3, first=41).commit()
    view.tick(START_NS + 2 * S)
    assert view.requests.index_of(1, near=0) == 3


def test_an_exchange_that_is_in_no_list_is_not_found(tmp_path: Path) -> None:
    view = open_view(Recording(tmp_path).connect().calls(3).close())
    assert view.requests.index_of(99) is None


def test_while_frozen_no_more_than_a_bounded_number_of_rows_is_kept(tmp_path: Path) -> None:
    view = open_view(Recording(tmp_path).connect().calls(3).close())
    view.requests.freeze()
    assert view.requests.count == 3 <= FROZEN_ROWS


def test_the_next_number_is_one_more_than_the_last_of_this_side_on_the_connection(tmp_path: Path) -> None:
    recording = Recording(tmp_path).connect().calls(3)
    recording.frame("in", "request", 17, {"operation": "theirs"}, opener=PEER)
    with closing(CaptureReader(recording.close())) as reader:
        assert next_number(reader, 1) == 3
        assert next_number(reader, 2) == 0


def test_behind_many_exchanges_of_the_other_side_a_number_is_given_that_is_free(tmp_path: Path) -> None:
    recording = Recording(tmp_path).connect().calls(2)
    for number in range(600):
        recording.frame("in", "request", number, {"operation": "theirs"}, opener=PEER)
    with closing(CaptureReader(recording.close())) as reader:
        assert next_number(reader, 1) >= 2


def test_ages_over_a_minute_fit_their_columns(tmp_path: Path) -> None:
    recording = Recording(tmp_path).connect().request(0)
    recording.frame("out", "stream_request", 1, {"operation": "watch"}).frame(
        "in", "stream_data", 1, 1
    ).commit()
    view = live_view(recording.path)
    view.tick(recording.now_ns + 754 * S)
    assert texts(view.streams)[0][LAST] == "12m"
    assert texts(view.requests)[0][TOOK] == "12m 34s"
