from pathlib import Path

from inspector_app.capture.reader import CaptureReader
from inspector_app.capture.usage import Usage, last_use, messages_of, usage_of
from tests.inspector_app.recordings import MS, Recording


def test_last_use_and_typical_time_of_an_operation(tmp_path: Path) -> None:
    recording = Recording(tmp_path).connect()
    for number, ms in enumerate((20, 30, 1000)):
        recording.request(number)
        recording.now_ns += (ms - 10) * MS
        recording.respond(number)
    recording.request(3, operation="other")
    reader = CaptureReader(recording.close())
    assert usage_of(reader, "get_quote") == Usage(6, recording.now_ns - 10 * MS, 30 * MS)
    assert usage_of(reader, "other") == Usage(7, recording.now_ns, None)
    assert usage_of(reader, "never") is None
    assert [last_use(reader, name) for name in ("get_quote", "other", "never")] == [6, 7, 0]
    reader.close()


def test_messages_of_an_operation_come_newest_first_and_in_bounds(tmp_path: Path) -> None:
    reader = CaptureReader(Recording(tmp_path).connect().calls(5).close())
    found = messages_of(reader, "get_quote", "in", ("response",), most=2, most_bytes=1000)
    assert ["404" in str(found[0]), "403" in str(found[1]), len(found)] == [True, True, 2]
    assert messages_of(reader, "get_quote", "out", ("request",), most=9, most_bytes=10) == []
    assert messages_of(reader, "get_quote", "in", ("request",), most=9, most_bytes=1000) == []
    reader.close()
