"""A mock that was made from a capture answers as the recorded server did."""

from __future__ import annotations

from pathlib import Path

from tests.inspector_app.capture.formats.exports import exported, hostile
from tests.inspector_app.mock.script.hosting import Hosting, all_of, client, hosting, told
from tests.inspector_app.recordings import Recording

AT = "2026-11-22T11:20:00Z"


def mock_of(capture: Path) -> str:
    return exported(capture, "mock").decode()


async def test_recorded_calls_are_answered_as_they_were(tmp_path: Path) -> None:
    recording = Recording(tmp_path).connect().describe(("find", "request_response", "Find it."))
    asked: list[dict[str, object]] = [{}, {"a": 1}, {"a": 1, "b": {"c": 2}}]
    for number, data in enumerate(asked):
        recording.request(number, "find", **data).respond(number, {"n": number, "none": None, "t": "{{ x }}"})
    recording.request(3, "fail").frame("in", "error", 3, {"error": "gone", "code": "not_found"})
    recording.frame("out", "stream_request", 4, {"operation": "watch", "at": AT})
    recording.frame("in", "stream_data", 4, None).frame("in", "stream_data", 4, AT)
    recording.frame("in", "stream_end", 4)
    recording.frame("out", "stream_stream_request", 5, {"operation": "chat"})
    recording.frame("out", "stream_data", 5, {"text": "hi"}).frame("in", "stream_data", 5, "hello")
    recording.frame("out", "stream_end", 5).frame("in", "stream_end", 5)
    recording.frame("out", "fire_and_forget", None, {"operation": "note", "x": 1})
    async with hosting(tmp_path, mock_of(recording.close())) as hosted, client(hosted) as protocol:
        for number, data in enumerate(asked):
            assert await told(protocol, "find", **data) == {"n": number, "none": None, "t": "{{ x }}"}
        assert await told(protocol, "fail") == ("not_found", "gone")
        assert await all_of(protocol, "watch", at="2027-01-01T00:00:00Z") == [None, "2027-01-01T00:00:00Z"]
        async with await protocol.stream_stream({"operation": "chat"}) as chat:
            await chat.send({"text": "hi", "more": 1})
            assert await chat.receive() == "hello"
        await protocol.fire_and_forget({"operation": "note", "x": 1})
        assert (await told(protocol, "find", a=2))[0] == "not_found"
        assert hosted.mock.operations["find"].doc == "Find it."
        assert hosted.mock.operations["note"].hits == 1


async def test_whatever_was_recorded_makes_a_mock(tmp_path: Path) -> None:
    async with hosting(tmp_path, mock_of(hostile(tmp_path))) as hosted:
        assert isinstance(hosted, Hosting)
