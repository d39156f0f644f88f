from pathlib import Path

from inspector_app.capture.usage import Calls
from inspector_app.viewer.learning import Lesson, learn
from tests.inspector_app.recordings import ME, Recording


def test_an_operation_is_learned_from_its_calls_and_answers(tmp_path: Path) -> None:
    recording = Recording(tmp_path).connect().calls(3)
    recording.request(3, note=None).fail(3, "no", "not_found")
    recording.raw("out", "no frame").raw("in", b"\xff")
    learned = learn(recording.close(), Lesson(Calls("get_quote")))
    assert learned.params.schema(examples=False) == {
        "type": "object",
        "properties": {"note": {"type": "null"}, "symbol": {"type": "string"}},
    }
    assert learned.params.share_of("symbol") == 0.75
    assert learned.returns.schema()["properties"] == {
        "price_cents": {"type": "integer", "examples": [402, 401, 400]}
    }
    assert learned.codes == {"not_found": 1}


def test_both_sides_of_a_stream_are_learned(tmp_path: Path) -> None:
    recording = Recording(tmp_path).connect()
    recording.frame("out", "stream_stream_request", 0, {"operation": "chat", "name": "Ada"})
    recording.frame("out", "stream_data", 0, {"text": "hi"}, opener=ME)
    recording.frame("in", "stream_data", 0, "hello", opener=ME)
    learned = learn(recording.close(), Lesson(Calls("chat", kind="stream_stream")))
    assert learned.params.members["name"].examples == ["Ada"]
    assert learned.sent.schema(examples=False)["properties"] == {"text": {"type": "string"}}
    assert learned.returns.schema(examples=False) == {"type": "string"}


def test_what_the_other_side_calls_is_learned_the_other_way_round(tmp_path: Path) -> None:
    path = Recording(tmp_path).connect().calls(2).close()
    assert learn(path, Lesson(Calls("get_quote", "in"))).params.count == 0


def test_what_cannot_be_read_teaches_nothing(tmp_path: Path) -> None:
    assert learn(tmp_path / "missing.capture", Lesson(Calls("x"))).params.count == 0
