from pathlib import Path

import pytest

from inspector_app.capture.errors import CaptureError
from inspector_app.capture.reader import CaptureReader
from inspector_app.capture.records import ConnectionRow, Totals
from inspector_app.intents import ServerSpec
from inspector_app.viewer.goal import ExchangeGoal, FrameGoal
from inspector_app.viewer.state import ViewState
from inspector_app.viewer.world import world_of
from tests.inspector_app.recordings import ME, MS, START_NS, Recording, S
from tests.inspector_app.viewer.views import live_view, open_view, texts


def test_a_tick_takes_over_what_was_committed(tmp_path: Path) -> None:
    recording = Recording(tmp_path).connect().calls(2).commit()
    view = live_view(recording.path)
    assert view.tick(START_NS + S).data
    assert view.frame_count == 4
    recording.calls(1, first=2).commit()
    assert view.tick(START_NS + 2 * S).data
    assert view.frame_count == 6


def test_a_tick_without_news_changes_nothing_but_ages(tmp_path: Path) -> None:
    view = live_view(Recording(tmp_path).connect().calls(2).commit().path)
    view.tick(START_NS + S)
    changes = view.tick(START_NS + S + 10 * MS)
    assert not changes
    assert view.tick(START_NS + 2 * S).ages


def test_before_there_is_a_capture_a_tick_does_nothing(tmp_path: Path) -> None:
    view = live_view(Recording(tmp_path).path)
    view.close()
    assert not view.tick(START_NS)


# -- pausing ----------------------------------------------------------------------------------------------


def test_a_paused_view_stands_still_while_the_capture_goes_on(tmp_path: Path) -> None:
    recording = Recording(tmp_path).connect().calls(2).commit()
    view = live_view(recording.path)
    view.tick(START_NS + S)
    view.pause(True)
    before = texts(view.frames), texts(view.requests)
    recording.calls(5, first=2).commit()
    assert not view.tick(START_NS + 9 * S)
    assert (texts(view.frames), texts(view.requests)) == before
    assert view.new_frames == 10


def test_a_request_that_ends_while_paused_stays_pending_on_screen(tmp_path: Path) -> None:
    recording = Recording(tmp_path).connect().at(100).request(0).commit()
    view = live_view(recording.path)
    view.tick(START_NS + S)
    view.pause(True)
    shown = texts(view.requests)
    recording.respond(0).commit()
    view.tick(START_NS + 30 * S)
    assert texts(view.requests) == shown
    view.pause(False)
    view.tick(START_NS + 31 * S)
    assert texts(view.requests) != shown


def test_an_exchange_chosen_while_paused_holds_no_frame_that_came_later(tmp_path: Path) -> None:
    recording = Recording(tmp_path).connect().frame("out", "stream_request", 0, {"operation": "watch"})
    recording.frame("in", "stream_data", 0, 1).commit()
    view = live_view(recording.path)
    view.tick(START_NS + S)
    view.pause(True)
    for item in range(7):
        recording.frame("in", "stream_data", 0, item)
    recording.commit()
    view.selection.choose_seq(2)
    assert view.selection.frames.count == 2


def test_going_on_shows_what_came_meanwhile(tmp_path: Path) -> None:
    recording = Recording(tmp_path).connect().calls(1).commit()
    view = live_view(recording.path)
    view.tick(START_NS + S)
    view.pause(True)
    recording.calls(4, first=1).commit()
    view.tick(START_NS + 2 * S)
    view.pause(False)
    assert view.tick(START_NS + 3 * S).data
    assert view.frame_count == 10
    assert view.new_frames == 0


def test_while_paused_connections_their_age_and_the_counters_stay_live(tmp_path: Path) -> None:
    recording = Recording(tmp_path).connect().at(1000).state("CONNECTED", "CLOSING").commit()
    view = live_view(recording.path)
    view.tick(START_NS + 2010 * MS)
    view.pause(True)
    view.tick(START_NS + 5010 * MS)
    assert view.in_state_ns == 4 * S
    recording.raw("in", "x").state("CLOSING", "LOST", code=1006).commit()
    view.tick(START_NS + 6 * S)
    assert view.state == "LOST"
    assert (view.live_totals.frames, view.totals.frames) == (1, 0)
    assert view.transitions.count == 2
    view.pause(False)
    view.tick(START_NS + 6 * S + 30 * MS)
    assert view.transitions.count == 3


# -- following --------------------------------------------------------------------------------------------


def test_a_view_that_follows_misses_nothing(tmp_path: Path) -> None:
    view = live_view(Recording(tmp_path).connect().calls(2).commit().path)
    view.tick(START_NS + S)
    assert view.new_frames == 0


def test_frames_that_came_since_following_stopped_are_counted(tmp_path: Path) -> None:
    recording = Recording(tmp_path).connect().calls(2).commit()
    view = live_view(recording.path)
    view.tick(START_NS + S)
    view.follow(False)
    recording.calls(3, first=2).commit()
    view.tick(START_NS + 2 * S)
    assert view.new_frames == 6
    view.follow(True)
    assert view.new_frames == 0


def test_what_came_since_following_stopped_is_counted_on_while_paused(tmp_path: Path) -> None:
    recording = Recording(tmp_path).connect().calls(2).commit()
    view = live_view(recording.path)
    view.tick(START_NS + S)
    view.follow(False)
    recording.calls(3, first=2).commit()
    view.tick(START_NS + 2 * S)
    view.pause(True)
    assert view.new_frames == 6
    recording.calls(1, first=5).commit()
    view.tick(START_NS + 3 * S)
    assert view.new_frames == 8


def test_following_that_stops_while_paused_forgets_nothing_that_came(tmp_path: Path) -> None:
    recording = Recording(tmp_path).connect().calls(2).commit()
    view = live_view(recording.path)
    view.tick(START_NS + S)
    view.pause(True)
    recording.calls(3, first=2).commit()
    view.tick(START_NS + 2 * S)
    view.follow(False)
    assert view.new_frames == 6


def test_what_is_pending_above_a_row_is_counted(tmp_path: Path) -> None:
    recording = Recording(tmp_path).connect().calls(5).request(8).request(9).commit()
    view = live_view(recording.path)
    view.tick(START_NS + S)
    assert view.pending_above(4) == 0
    view.show("requests")
    assert [view.pending_above(row) for row in (0, 1, 2, 4)] == [0, 1, 2, 2]


# -- choosing ---------------------------------------------------------------------------------------------


def test_a_chosen_frame_brings_its_exchange_and_its_text(tmp_path: Path) -> None:
    view = open_view(Recording(tmp_path).connect().calls(3).close())
    view.selection.choose_seq(4)
    assert view.selection.frame is not None
    assert view.selection.frame.type == "response"
    assert view.selection.exchange is not None
    assert view.selection.exchange.number == 1
    raw = view.selection.raw()
    assert isinstance(raw, str)
    assert '"price_cents": 401' in raw


def test_a_frame_of_no_exchange_has_none(tmp_path: Path) -> None:
    recording = Recording(tmp_path).connect().frame("out", "fire_and_forget", None, {"operation": "log"})
    view = open_view(recording.close())
    view.selection.choose_seq(1)
    assert view.selection.frame is not None
    assert view.selection.exchange is None
    assert view.selection.frames.count == 0


def test_the_chosen_exchange_is_kept_up_to_date(tmp_path: Path) -> None:
    recording = Recording(tmp_path).connect().request(0).commit()
    view = live_view(recording.path)
    view.tick(START_NS + S)
    view.selection.choose_seq(1)
    assert view.situation().pending
    recording.respond(0).commit()
    view.tick(START_NS + 2 * S)
    assert not view.situation().pending
    assert view.selection.frames.count == 2


def test_frames_that_come_in_quick_succession_are_all_counted_to_their_exchange(tmp_path: Path) -> None:
    recording = (
        Recording(tmp_path).connect().frame("out", "stream_request", 0, {"operation": "watch"}).commit()
    )
    view = live_view(recording.path)
    view.tick(START_NS + S)
    view.selection.choose_seq(1)
    for step in range(1, 5):
        recording.frame("in", "stream_data", 0, step).commit()
        view.tick(START_NS + S + step * 30 * MS)
    view.tick(START_NS + 2 * S)
    assert view.selection.frames.count == 5


def test_each_list_remembers_how_its_rows_are_looked_at(tmp_path: Path) -> None:
    view = open_view(Recording(tmp_path).connect().close())
    assert view.detail == "data"
    view.step_detail(2)
    assert view.detail == "frame"
    view.show("requests")
    assert view.detail == "exchange"
    view.step_detail(1)
    assert view.detail == "data"
    view.show("frames")
    assert view.detail == "frame"


def test_a_list_or_detail_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    view = open_view(Recording(tmp_path).connect().close())
    with pytest.raises(ValueError, match="nonsense"):
        view.show("nonsense")
    with pytest.raises(ValueError, match="nonsense"):
        view.show_detail("nonsense")


def test_another_frame_of_the_exchange_is_chosen_and_left_for_that_of_the_list(tmp_path: Path) -> None:
    view = open_view(Recording(tmp_path).connect().calls(3).close())
    view.selection.choose_seq(3)
    view.selection.choose_frame(view.selection.frames.row(1), with_exchange=False)
    assert view.selection.origin == 3
    raw = view.selection.raw()
    assert isinstance(raw, str)
    assert "401" in raw
    view.selection.return_to_origin()
    assert view.selection.frame is not None
    assert view.selection.frame.seq == 3


# -- what commands are told -------------------------------------------------------------------------------


def test_items_can_be_sent_on_a_bidirectional_stream_whose_own_half_is_open(tmp_path: Path) -> None:
    recording = Recording(tmp_path).connect()
    recording.frame("out", "stream_stream_request", 0, {"operation": "chat"})
    recording.frame("out", "stream_request", 1, {"operation": "watch"})
    recording.frame("out", "stream_stream_request", 2, {"operation": "chat"}).frame("out", "stream_end", 2)
    recording.frame("in", "stream_end", 0)
    view = live_view(recording.commit().path)
    view.tick(START_NS + S)
    allowed = []
    for seq in (1, 2, 3):
        view.selection.choose_seq(seq)
        allowed.append((view.situation().sending, view.situation().pending))
    assert allowed == [(True, True), (False, True), (False, True)]


@pytest.mark.parametrize("view_name", ["connection", "operations"])
def test_nothing_is_acted_on_in_a_list_that_does_not_show_it(tmp_path: Path, view_name: str) -> None:
    view = live_view(Recording(tmp_path).connect().request(0).commit().path)
    view.tick(START_NS + S)
    view.selection.choose_seq(1)
    view.show(view_name)
    assert view.target is None
    now = view.situation()
    assert not any((now.frame, now.exchange, now.pending, now.sending))


# -- connections ------------------------------------------------------------------------------------------


def test_the_state_is_that_of_the_connection_with_the_time_in_it(tmp_path: Path) -> None:
    recording = Recording(tmp_path).connect().at(2000).state("CONNECTED", "CLOSING").commit()
    view = live_view(recording.path)
    view.tick(START_NS + 5010 * MS)
    assert view.state == "CLOSING"
    assert view.in_state_ns == 3 * S
    assert not view.connected


def test_a_server_that_listens_anew_has_listened_since_then(tmp_path: Path) -> None:
    recording = Recording(tmp_path, role="server").commit()
    view = ViewState(world_of(ServerSpec(port=9000)))
    view.attach(CaptureReader(recording.path))
    view.engine_is("running", START_NS)
    view.tick(START_NS + 9 * S)
    assert view.in_state_ns == 9 * S
    view.listens_again(START_NS + 8 * S)
    assert view.in_state_ns == S


def test_in_a_file_no_time_goes_by(tmp_path: Path) -> None:
    view = open_view(Recording(tmp_path).connect().calls(3).close())
    assert view.state == "CONNECTED"
    assert view.in_state_ns is None


def test_after_a_reconnect_the_open_connection_is_spoken_of(tmp_path: Path) -> None:
    recording = Recording(tmp_path).connect().state("CONNECTED", "LOST", code=1006)
    recording.connect(2, me="second").commit()
    view = live_view(recording.path)
    view.tick(START_NS + S)
    assert view.current_connection is not None
    assert view.current_connection.conn == 2
    assert view.connected


def test_with_several_connections_an_exchange_is_named_with_its_connection(tmp_path: Path) -> None:
    recording = Recording(tmp_path).connect().request(0)
    one = open_view(recording.commit().path)
    assert one.label(1, ME, 0) == "→ 0"
    recording.connect(2, me="second")
    two = open_view(recording.close())
    assert two.label(1, ME, 0) == "1→0"


def test_a_connection_that_opens_or_ends_is_known_at_the_next_tick(tmp_path: Path) -> None:
    recording = Recording(tmp_path).connect().commit()
    view = live_view(recording.path)
    view.tick(START_NS + S)
    assert view.connected
    recording.state("CONNECTED", "LOST", code=1006).commit()
    view.tick(START_NS + S + 30 * MS)
    assert (view.connected, view.state) == (False, "LOST")


def test_many_commits_do_not_have_a_hundred_connections_read_at_every_tick(tmp_path: Path) -> None:
    recording = Recording(tmp_path)
    for conn in range(1, 101):
        recording.connect(conn)
    view = live_view(recording.commit().path)
    view.tick(START_NS + S)
    recording.state("CONNECTED", "LOST", code=1006).commit()

    def connected() -> int:
        return sum(row.state == "CONNECTED" for row in view.connections)

    view.tick(START_NS + S + 30 * MS)
    assert connected() == 100
    view.tick(START_NS + S + 300 * MS)
    assert connected() == 99


# -- trouble and notes ------------------------------------------------------------------------------------


def test_a_dead_engine_is_trouble(tmp_path: Path) -> None:
    view = live_view(Recording(tmp_path).connect().commit().path)
    view.engine_is("dead", START_NS + S, "The engine stopped.")
    view.tick(START_NS + S)
    assert view.trouble == "The engine stopped."
    assert view.situation().engine == "dead"


def test_a_connection_is_not_called_open_once_its_engine_is_dead(tmp_path: Path) -> None:
    view = live_view(Recording(tmp_path).connect().commit().path)
    view.tick(START_NS + S)
    view.engine_is("dead", START_NS + S, "gone")
    assert view.state == ""


def test_a_capture_that_cannot_be_read_any_more_is_trouble(tmp_path: Path) -> None:
    view = live_view(Recording(tmp_path).connect().commit().path)
    assert view.reader is not None
    view.reader.close()
    view.tick(START_NS + S)
    assert view.trouble


def test_new_notes_are_given_once(tmp_path: Path) -> None:
    recording = Recording(tmp_path).connect().note("Nobody is listening.").commit()
    view = live_view(recording.path)
    view.tick(START_NS + S)
    assert [note.text for note in view.take_notes()] == ["Nobody is listening."]
    assert view.take_notes() == []


def test_the_notes_of_a_finished_capture_are_old_news(tmp_path: Path) -> None:
    view = open_view(Recording(tmp_path).connect().note("Nobody is listening.").close())
    assert view.take_notes() == []
    assert [note.text for note in view.notes_of(1)] == ["Nobody is listening."]


# -- going to what was sent -------------------------------------------------------------------------------


def test_the_exchange_that_was_sent_is_found_once_it_is_in_the_capture(tmp_path: Path) -> None:
    recording = Recording(tmp_path).connect().calls(3).commit()
    view = live_view(recording.path)
    view.tick(START_NS + S)
    view.look_out(ExchangeGoal(conn=1, opener=ME, number=3), START_NS + S)
    assert view.tick(START_NS + S + 30 * MS).arrived is None
    recording.request(3, "mine").commit()
    arrived = view.tick(START_NS + S + 60 * MS).arrived
    assert arrived is not None
    assert arrived.exchange is not None
    assert arrived.exchange.operation == "mine"
    assert view.tick(START_NS + S + 90 * MS).arrived is None


def test_a_raw_frame_is_found_by_its_text(tmp_path: Path) -> None:
    recording = Recording(tmp_path).connect().raw("out", "hello").commit()
    view = live_view(recording.path)
    view.tick(START_NS + S)
    view.look_out(FrameGoal(after_seq=view.last_seq, text="hello"), START_NS + S)
    recording.raw("in", "hello").raw("out", "other").raw("out", "hello").commit()
    arrived = view.tick(START_NS + 2 * S).arrived
    assert arrived is not None
    assert arrived.seq == 4


def test_looking_out_ends_the_pause(tmp_path: Path) -> None:
    recording = Recording(tmp_path).connect().commit()
    view = live_view(recording.path)
    view.tick(START_NS + S)
    view.pause(True)
    view.look_out(FrameGoal(after_seq=0, type="fire_and_forget", operation="log"), START_NS + S)
    recording.frame("out", "fire_and_forget", None, {"operation": "log"}).commit()
    assert view.tick(START_NS + 2 * S).arrived is not None
    assert not view.paused


def test_after_a_while_nobody_is_moved_around_any_more(tmp_path: Path) -> None:
    recording = Recording(tmp_path).connect().commit()
    view = live_view(recording.path)
    view.look_out(FrameGoal(after_seq=0, text="late"), START_NS)
    view.tick(START_NS + 6 * S)
    recording.raw("out", "late").commit()
    assert view.tick(START_NS + 7 * S).arrived is None


class FailsOnce(CaptureReader):
    """Reads a capture, but fails once at one of its queries, as a busy disk may."""

    failing = ""

    def totals(self) -> Totals:
        self._fail("totals")
        return super().totals()

    def connections(self, *, newest: int | None = None) -> list[ConnectionRow]:
        self._fail("connections")
        return super().connections(newest=newest)

    def state_count(self) -> int:
        self._fail("state_count")
        return super().state_count()

    def _fail(self, query: str) -> None:
        if self.failing == query:
            self.failing = ""
            raise CaptureError("The capture cannot be read just now.")


@pytest.mark.parametrize("query", ["totals", "connections", "state_count"])
def test_what_could_not_be_read_once_is_read_at_the_next_tick(tmp_path: Path, query: str) -> None:
    recording = Recording(tmp_path).connect().calls(2).commit()
    view = live_view(recording.path)
    reader = FailsOnce(recording.path)
    view.attach(reader)
    view.tick(START_NS + S)
    recording.calls(1, first=2).state("CONNECTED", "LOST", code=1006).commit()
    reader.failing = query
    view.tick(START_NS + 2 * S)
    assert reader.failing == ""
    view.tick(START_NS + 3 * S)
    view.tick(START_NS + 4 * S)
    assert (view.frame_count, view.state, view.transitions.count) == (6, "LOST", 2)
    assert view.trouble == ""
