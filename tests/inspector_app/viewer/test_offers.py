import json
from pathlib import Path
from typing import Any

from inspector_app.capture.reader import CaptureReader
from inspector_app.capture.redaction import DEFAULT_RULES
from inspector_app.viewer.offers import Wish, document
from inspector_app.viewer.operations import known_operations
from tests.inspector_app.recordings import PEER, Recording


def recorded(folder: Path) -> Path:
    recording = Recording(folder).connect().describe(("chat", "stream_stream", "Talk."))
    for number in range(30):
        recording.request(number, operation="log_in", user="ada", password="hunter2hunter2")
        recording.respond(number, {"ok": True})
    recording.request(30, operation="log_in").fail(30, "no", "not_found")
    recording.frame("in", "request", 0, {"operation": "approve", "id": 7}, opener=PEER)
    return recording.close()


def made(capture: Path, wish: Wish) -> Any:
    reader = CaptureReader(capture)
    operations = known_operations(reader)
    reader.close()
    return json.loads(document(capture, operations, wish))


def test_what_is_learned_is_marked_and_carries_no_value_from_the_wire(tmp_path: Path) -> None:
    whole = made(recorded(tmp_path), Wish(layout="json-schema", title="test"))
    assert sorted(whole["$defs"]) == [
        "approve.called.params",
        "chat.params",
        "log_in.params",
        "log_in.returns",
    ]
    assert "$comment" not in whole["$defs"]["chat.params"]
    params = whole["$defs"]["log_in.params"]
    assert "Learned" in params["$comment"]
    assert params["properties"] == {"password": {"type": "string"}, "user": {"type": "string"}}
    assert "ada" not in json.dumps(whole)
    assert "hunter2" not in json.dumps(whole)


def test_examples_are_given_on_demand_without_the_secrets_among_them(tmp_path: Path) -> None:
    capture = recorded(tmp_path)
    wish = Wish(layout="json-schema", title="test", examples=True, rules=DEFAULT_RULES)
    properties = made(capture, wish)["$defs"]["log_in.params"]["properties"]
    assert properties["user"]["enum"] == ["ada"]
    assert "hunter2" not in json.dumps(properties)
    plain = made(capture, Wish(layout="json-schema", title="test", examples=True))
    assert "hunter2hunter2" in json.dumps(plain)


def test_asyncapi_tells_who_sends_and_which_errors_were_seen(tmp_path: Path) -> None:
    whole = made(recorded(tmp_path), Wish(layout="asyncapi", title="test", url="ws://h:1/rpc"))
    actions = {name: each["action"] for name, each in whole["operations"].items()}
    assert actions == {"chat": "receive", "log_in": "receive", "approve": "send"}
    assert whole["operations"]["log_in"]["x-slipstream-errors"] == ["not_found"]
    assert whole["operations"]["log_in"]["x-learned"]
    assert "x-learned" not in whole["operations"]["chat"]


def test_a_document_that_nobody_waits_for_is_not_made(tmp_path: Path) -> None:
    capture = recorded(tmp_path)
    reader = CaptureReader(capture)
    operations = known_operations(reader)
    reader.close()
    told: list[tuple[int, int]] = []

    def goes_on(done: int, total: int) -> bool:
        told.append((done, total))
        return done < 1

    assert document(capture, operations, Wish(layout="asyncapi", title="x"), goes_on) == ""
    assert told == [(0, 3), (1, 3)]
