"""Taps: everybody is told, in order, and nobody's failure harms anybody else."""

from __future__ import annotations

import logging
import time
from typing import Any

import pytest

from slipstream.exchanges import Finding, Outcome
from slipstream.lifecycle import ConnectionState
from slipstream.taps import FrameTap, LogTap, Tap, TapSet, Transition

SECOND = 1_000_000_000
SEEN = FrameTap("in", "text", 1)
MOVED = Transition(ConnectionState.CONNECTING, ConnectionState.CONNECTED, 2)
FINDING = Finding("bad_frame", "§7", "no such thing")


class Recorder(Tap):
    def __init__(self) -> None:
        self.told: list[Any] = []

    def frame(self, seen: FrameTap) -> None:
        self.told.append(seen)

    def transition(self, transition: Transition) -> None:
        self.told.append(transition)

    def finding(self, finding: Finding, time_ns: int) -> None:
        self.told.append((finding, time_ns))

    def settled(self, request_id: tuple[str, int], outcome: Outcome, message: str, time_ns: int) -> None:
        self.told.append((request_id, outcome, message, time_ns))


class Failing(Tap):
    def frame(self, seen: FrameTap) -> None:
        raise RuntimeError("tap is dry")


def tell_everything(tap: Tap) -> None:
    tap.frame(SEEN)
    tap.transition(MOVED)
    tap.finding(FINDING, 3)
    tap.settled(("p", 1), Outcome.TIMEOUT, "too slow", 4)


EVERYTHING = [SEEN, MOVED, (FINDING, 3), (("p", 1), Outcome.TIMEOUT, "too slow", 4)]


def test_a_plain_tap_takes_everything_and_does_nothing() -> None:
    tell_everything(Tap())


def test_every_tap_is_told_everything_in_order() -> None:
    one, other = Recorder(), Recorder()
    tell_everything(TapSet([one, other]))
    assert one.told == other.told == EVERYTHING


def test_a_failing_tap_harms_no_other_and_is_recorded(caplog: pytest.LogCaptureFixture) -> None:
    recorder = Recorder()
    taps = TapSet([Failing(), recorder])
    tell_everything(taps)
    assert recorder.told == EVERYTHING
    assert taps.failures == 1
    (record,) = caplog.records
    assert record.exc_info is not None
    assert "tap is dry" in str(record.exc_info[1])


def test_a_tap_that_fails_for_ever_does_not_fill_the_log(caplog: pytest.LogCaptureFixture) -> None:
    taps = TapSet([Failing()])
    for _ in range(100):
        taps.frame(SEEN)
    assert taps.failures == 100
    assert len(caplog.records) == 10


def test_a_frame_that_went_by_is_told_with_direction_and_time() -> None:
    one, other = Recorder(), Recorder()
    before = time.time_ns()
    TapSet([one, other]).frames_passed("out", [b"text"])
    (seen,) = one.told
    assert one.told == other.told
    assert isinstance(seen, FrameTap)
    assert seen == FrameTap("out", b"text", seen.time_ns)
    assert before <= seen.time_ns <= time.time_ns()


def test_frames_that_go_by_at_one_time_are_told_in_order_with_that_time() -> None:
    recorder = Recorder()
    TapSet([recorder]).frames_passed("out", ["first", "second"])
    first, second = recorder.told
    assert [first.message, second.message] == ["first", "second"]
    assert first.time_ns == second.time_ns


def test_a_tap_that_fails_at_a_frame_that_went_by_harms_no_other() -> None:
    recorder = Recorder()
    taps = TapSet([Failing(), recorder])
    taps.frames_passed("in", ["text"])
    assert (len(recorder.told), taps.failures) == (1, 1)


def test_where_nobody_looks_at_frames_they_cost_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    class Stepping(Tap):
        def transition(self, transition: Transition) -> None:
            told.append(transition)

    def asked() -> int:
        raise AssertionError("nobody wants to know the time")

    told: list[Any] = []
    taps = TapSet([Stepping()])
    recorder = Recorder()
    taps.add(recorder)
    taps.frames_passed("in", ["text"])
    taps.remove(recorder)
    monkeypatch.setattr("slipstream.taps.time_ns", asked)
    taps.frames_passed("in", ["text"])
    taps.transition(MOVED)
    assert told == [MOVED]
    assert len(recorder.told) == 1


def test_what_ends_the_program_is_not_held_back() -> None:
    class Ending(Tap):
        def frame(self, seen: FrameTap) -> None:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        TapSet([Ending()]).frame(SEEN)


def test_a_tap_comes_and_goes() -> None:
    recorder = Recorder()
    taps = TapSet()
    taps.add(recorder)
    taps.frame(SEEN)
    taps.remove(recorder)
    taps.remove(recorder)
    taps.frame(SEEN)
    assert recorder.told == [SEEN]


def test_a_tap_may_leave_while_it_is_told() -> None:
    class Once(Recorder):
        def frame(self, seen: FrameTap) -> None:
            super().frame(seen)
            taps.remove(self)

    once, other = Once(), Recorder()
    taps = TapSet([once, other])
    taps.frame(SEEN)
    taps.frame(SEEN)
    assert (once.told, other.told) == ([SEEN], [SEEN, SEEN])


def test_findings_are_logged_with_their_section(caplog: pytest.LogCaptureFixture) -> None:
    LogTap(10).finding(FINDING, 0)
    assert caplog.messages == ["no such thing (§7)"]
    assert caplog.records[0].levelno == logging.WARNING
    assert caplog.records[0].name == "slipstream"


def test_a_long_finding_is_logged_short(caplog: pytest.LogCaptureFixture) -> None:
    LogTap(10).finding(Finding("bad_frame", "§7", "x" * 100_000), 0)
    assert len(caplog.messages[0]) < 300


def test_at_most_so_many_findings_a_second_are_logged(caplog: pytest.LogCaptureFixture) -> None:
    tap = LogTap(3)
    for number in range(100):
        tap.finding(FINDING, number * SECOND // 10)
    # Ten seconds of ten findings each: never more than three within any second.
    assert len(caplog.messages) == 30
    assert tap.suppressed == 70


def test_a_burst_is_suppressed_and_the_next_second_is_not(caplog: pytest.LogCaptureFixture) -> None:
    tap = LogTap(2)
    for time_ns in (0, 0, 0, SECOND - 1, SECOND):
        tap.finding(FINDING, time_ns)
    assert (len(caplog.messages), tap.suppressed) == (3, 2)


def test_a_clock_that_is_set_back_does_not_silence_the_log(caplog: pytest.LogCaptureFixture) -> None:
    tap = LogTap(1)
    for time_ns in (1000 * SECOND, 0, 2 * SECOND):
        tap.finding(FINDING, time_ns)
    assert len(caplog.messages) == 3


def test_one_a_second_is_one_a_second(caplog: pytest.LogCaptureFixture) -> None:
    tap = LogTap(1)
    for time_ns in (0, SECOND - 1, SECOND):
        tap.finding(FINDING, time_ns)
    assert (len(caplog.messages), tap.suppressed) == (2, 1)


@pytest.mark.parametrize("per_second", [0, -1])
def test_none_a_second_logs_nothing(caplog: pytest.LogCaptureFixture, per_second: int) -> None:
    tap = LogTap(per_second)
    tap.finding(FINDING, 0)
    assert caplog.messages == []
    assert tap.suppressed == 1
