from pathlib import Path
from typing import Any

import pytest

from inspector_app.capture.reader import CaptureReader
from inspector_app.capture.records import Direction
from inspector_app.capture.usage import Calls, Usage, frames_since, last_use, messages_of, usage_of
from tests.inspector_app.recordings import MS, PEER, Recording

QUOTES = Calls("get_quote")
SIDES: tuple[Direction, ...] = ("out", "in")


def test_last_use_and_typical_time_of_an_operation(tmp_path: Path) -> None:
    recording = Recording(tmp_path).connect()
    for number, ms in enumerate((20, 30, 1000)):
        recording.request(number)
        recording.now_ns += (ms - 10) * MS
        recording.respond(number)
    recording.request(3, operation="other")
    reader = CaptureReader(recording.close())
    assert usage_of(reader, Calls("get_quote")) == Usage(6, recording.now_ns - 10 * MS, 30 * MS)
    assert usage_of(reader, Calls("other")) == Usage(7, recording.now_ns, None)
    assert usage_of(reader, Calls("never")) is None
    assert [last_use(reader, Calls(name)) for name in ("get_quote", "other", "never")] == [6, 7, 0]
    reader.close()


@pytest.mark.parametrize("name", ["\ud800", "long" * 100])
def test_an_operation_is_found_by_its_whole_name_also_where_a_capture_keeps_another(
    tmp_path: Path, name: str
) -> None:
    reader = CaptureReader(Recording(tmp_path).connect().request(0, operation=name).respond(0).close())
    calls = Calls(name)
    usage = usage_of(reader, calls)
    assert usage is not None
    assert usage.last_seq == last_use(reader, calls) == frames_since(reader, name, 0, most=9) == 2
    assert list(messages_of(reader, calls, "out", ("request",), most=9, most_bytes=1000))
    reader.close()


def test_messages_of_an_operation_come_newest_first_and_in_bounds(tmp_path: Path) -> None:
    reader = CaptureReader(Recording(tmp_path).connect().calls(5).close())

    def found(
        direction: Direction, *types: str, calls: Calls = QUOTES, **more: Any
    ) -> list[tuple[int, str | bytes]]:
        return list(messages_of(reader, calls, direction, types, **{"most": 9, "most_bytes": 1000, **more}))

    newest = found("in", "response", most=2)
    assert [seq for seq, _ in newest] == [10, 8]
    assert ["404" in str(newest[0][1]), "403" in str(newest[1][1])] == [True, True]
    assert found("out", "request", most_bytes=10) == []
    assert found("in", "request") == []
    assert found("in", "response", calls=Calls("get_quote", "in")) == []
    assert found("in", "response", calls=Calls("get_quote", kind="request_stream")) == []
    reader.close()


def test_calls_of_one_name_by_either_side_are_told_apart(tmp_path: Path) -> None:
    recording = Recording(tmp_path).connect().calls(1)
    recording.frame("in", "request", 0, {"operation": "get_quote"}, opener=PEER)
    recording.frame("out", "response", 0, "theirs", opener=PEER)
    recording.frame("in", "fire_and_forget", None, {"operation": "log_event"})
    reader = CaptureReader(recording.close())
    assert [last_use(reader, Calls("get_quote", side)) for side in SIDES] == [2, 4]
    one_way = [Calls("log_event", side, "fire_and_forget") for side in SIDES]
    assert [last_use(reader, calls) for calls in one_way] == [0, 5]
    theirs = messages_of(reader, Calls("get_quote", "in"), "out", ("response",), most=9, most_bytes=1000)
    assert [seq for seq, _ in theirs] == [4]
    reader.close()


def test_new_frames_are_counted_no_further_than_is_asked_for(tmp_path: Path) -> None:
    reader = CaptureReader(Recording(tmp_path).connect().calls(5).close())
    assert [frames_since(reader, "get_quote", seq, most=4) for seq in (0, 8, 10)] == [4, 2, 0]
    assert frames_since(reader, "never", 0, most=4) == 0
    reader.close()
