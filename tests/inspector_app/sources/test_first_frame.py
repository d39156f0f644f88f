"""A connection that ended before its first frame is told; one that was idle for long is not."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from inspector_app.sources.first_frame import SOON_NS, UNHEARD, FirstFrame
from inspector_app.sources.stages import STAGES, Stage
from slipstream import ConnectionState, FrameTap, Transition

FRAME = '{"type": "response", "requestId": ["a", 0], "peerID": "b"}'


def watching() -> tuple[FirstFrame, list[tuple[Stage, ...]]]:
    told: list[tuple[Stage, ...]] = []
    watch = FirstFrame("ws://h", told.append)
    transport = SimpleNamespace(get_extra_info=lambda _: None)
    watch.opened(SimpleNamespace(remote_address=("::1", 7, 0, 0), subprotocol="x", transport=transport))
    return watch, told


def end(watch: FirstFrame, after_ns: int, *, old: ConnectionState = ConnectionState.CONNECTED) -> None:
    watch.transition(Transition(ConnectionState.CONNECTING, ConnectionState.CONNECTED, 1))
    watch.transition(Transition(old, ConnectionState.LOST, 1 + after_ns, 1011, "sorry"))


def test_an_end_before_the_first_frame_is_told_in_five_stages() -> None:
    watch, told = watching()
    end(watch, SOON_NS - 1)
    ((*_, http, frame),) = told
    assert tuple(stage.name for stage in told[0]) == STAGES
    assert http.came == "101, subprotocol x"
    assert frame.came == "it closed with code 1011 (sorry)"


@pytest.mark.parametrize("message", [FRAME, FRAME.encode()])
def test_an_end_after_a_frame_is_none_of_its_business(message: str | bytes) -> None:
    watch, told = watching()
    watch.frame(FrameTap("in", "no frame", 1))
    watch.frame(FrameTap("in", message, 2))
    end(watch, 1)
    assert told == []
    assert watch.stages(UNHEARD) == ()


def test_what_this_side_sends_is_no_first_frame() -> None:
    watch, _ = watching()
    watch.frame(FrameTap("out", FRAME, 1))
    assert watch.stages(UNHEARD)[-1] is UNHEARD


def test_a_connection_that_was_idle_for_long_or_is_closed_here_did_not_fail() -> None:
    for after_ns, old in ((SOON_NS, ConnectionState.CONNECTED), (1, ConnectionState.CLOSING)):
        watch, told = watching()
        end(watch, after_ns, old=old)
        assert told == []
