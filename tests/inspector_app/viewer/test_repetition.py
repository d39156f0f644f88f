"""The figures of a repetition, from what the capture has of it."""

from __future__ import annotations

from pathlib import Path

from inspector_app.capture import repeated
from inspector_app.capture.reader import CaptureReader
from inspector_app.messages.repeat import Pace
from inspector_app.standing import RepetitionStanding
from inspector_app.viewer.repetition import Repetition, why_told
from tests.inspector_app.recordings import MS, Recording, S


def repetition(after: int, times: int = 4) -> Repetition:
    return Repetition(1, "request", "get", Pace(times=times, in_flight=2), after)


def test_only_what_was_sent_since_of_its_operation_counts(tmp_path: Path) -> None:
    recording = Recording(tmp_path).connect().request(0, "get").respond(0).commit()
    reader = CaptureReader(recording.path)
    now = repetition(after=reader.totals().exchanges)
    recording.request(1, "get").request(2, "other").respond(2).request(3, "get").respond(3).commit()
    assert now.read(reader)
    assert (now.sent, now.figures.ended, now.in_flight, now.done) == (2, 1, 1, False)
    assert not now.read(reader)
    recording.fail(1, "no").request(4, "get").respond(4).request(5, "get").settle(5, "timeout").commit()
    assert now.read(reader)
    assert (now.sent, now.figures.ended, now.figures.failed) == (4, 4, 2)
    assert now.outcomes == {("ok", ""): 2, ("error", "application"): 1, ("timeout", ""): 1}
    assert now.figures.percentiles()["max"] == 10 * MS
    assert now.done
    recording.request(6, "get").respond(6).commit()
    assert not now.read(reader)
    assert now.sent == 4
    reader.close()
    recording.close()


def test_stopped_it_is_done_once_nothing_is_in_flight(tmp_path: Path) -> None:
    recording = Recording(tmp_path).connect().request(0, "get").commit()
    reader = CaptureReader(recording.path)
    now = repetition(after=0, times=100)
    now.read(reader)
    now.stopped = True
    before = now.done
    recording.settle(0, "cancelled").commit()
    now.read(reader)
    assert (before, now.done) == (False, True)
    assert now.figures.percentiles()["p50"] is None
    reader.close()
    recording.close()


def test_more_than_is_read_at_once_is_read_in_turns(tmp_path: Path) -> None:
    count = repeated.AT_ONCE + 10
    recording = Recording(tmp_path).connect()
    for number in range(count):
        recording.request(number, "get").respond(number)
    recording.commit()
    reader = CaptureReader(recording.path)
    now = repetition(after=0, times=count)
    now.read(reader)
    assert (now.sent, now.figures.ended, now.done) == (count, count, True)
    reader.close()
    recording.close()


def test_its_time_is_cut_into_stretches_with_the_latencies_of_each(tmp_path: Path) -> None:
    recording = Recording(tmp_path).connect()
    recording.at(100).request(0, "get").respond(0)
    recording.at(600).request(1, "get").fail(1, "no")
    recording.at(1000).request(2, "get").at(1080).respond(2)
    recording.commit()
    reader = CaptureReader(recording.path)
    now = repetition(after=0, times=3)
    now.read(reader)
    first, middle, last = now.bins(3)
    assert (first.failed, first.p50) == (0, 10 * MS)
    assert (middle.failed, middle.p50) == (1, None)
    assert (last.p50, last.p99) == (80 * MS, 80 * MS)
    assert 2.9 < now.per_second < 3.2
    reader.close()
    recording.close()


def test_of_messages_without_an_answer_the_engine_tells_how_many_were_sent(tmp_path: Path) -> None:
    recording = Recording(tmp_path).connect().commit()
    reader = CaptureReader(recording.path)
    now = Repetition(1, "oneway", "log", Pace(times=4), 0)
    assert not now.read(reader)
    first = RepetitionStanding(over=False, sent=2, began_ns=10 * S, last_ns=11 * S)
    assert now.stands(first)
    assert not now.stands(first)
    assert (now.timed, now.ended, now.per_second, now.done) == (False, 2, 2.0, False)
    now.stands(RepetitionStanding(over=True, sent=4, began_ns=10 * S, last_ns=12 * S))
    assert (now.ended, now.done, now.why) == (4, True, "")
    reader.close()
    recording.close()


def test_it_is_done_when_the_engine_says_why_it_ended_early_and_nothing_is_in_flight(tmp_path: Path) -> None:
    recording = Recording(tmp_path).connect().request(0, "get").respond(0).request(1, "get").commit()
    reader = CaptureReader(recording.path)
    now = repetition(after=0, times=100)
    now.read(reader)
    now.stands(RepetitionStanding(over=True, sent=1, why="The connection ended: code 1011."))
    before = now.done
    recording.settle(1, "closed").commit()
    now.read(reader)
    assert (before, now.done) == (False, True)
    assert why_told(now) == "It ended early, after 2 of 100. The connection ended: code 1011."
    now.stopped = True
    assert why_told(now) == ""
    reader.close()
    recording.close()
