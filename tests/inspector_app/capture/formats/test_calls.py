import ast
import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from inspector_app.capture.errors import CaptureError
from inspector_app.capture.formats import calls as calls_module
from inspector_app.capture.formats.calls import steady, volatile_sort
from tests.inspector_app.capture.formats.exports import exported
from tests.inspector_app.recordings import ME, PEER, START_NS, Recording

ID = "0f8a1c52-7be2-4d94-8000-1234567890ab"
AT = "2026-11-22T11:20:00Z"


def mock_of(capture: Path, **more: Any) -> dict[str, Any]:
    return tomllib.loads(exported(capture, "mock", **more).decode())


def text_of(capture: Path, format_: str) -> str:
    return exported(capture, format_).decode()


@pytest.mark.parametrize(
    ("value", "sort"),
    [
        (AT, "time"),
        (ID, "uuid"),
        ("Bearer ‹token-1›", "secret"),
        (START_NS // 10**9, "moment"),
        (START_NS / 10**6, "moment"),
        (7, None),
        (True, None),
        ("2026-11-22", None),
        ("BEAN", None),
        (None, None),
    ],
)
def test_what_differs_each_time_shows(value: object, sort: str | None) -> None:
    assert volatile_sort(value, START_NS) == sort


def test_only_steady_parts_are_asked_for() -> None:
    data = {"id": ID, "n": 7, "none": None, "deep": {"at": AT, "x": 1}, "list": [1, 2], "ids": [ID]}
    assert steady(data, START_NS) == {"n": 7, "deep": {"x": 1}, "list": [1, 2]}


def test_a_request_becomes_a_rule_that_answers_it(tmp_path: Path) -> None:
    recording = Recording(tmp_path).connect().describe(("get_quote", "request_response", "A price."))
    recording.request(0, symbol="BEAN", id=ID, at=AT).respond(
        0, {"id": ID, "cents": 400, "none": None, "t": "{{ x }}"}
    )
    (rule,) = mock_of(recording.close())["request"]
    assert rule == {
        "operation": "get_quote",
        "doc": "A price.",
        "match": {"symbol": "BEAN"},
        "delay": "10ms",
        "answer": {"id": "{{ data.id }}", "cents": 400, "none": "{{ null }}", "t": '{{ "{{" }} x }}'},
    }


def test_the_same_question_is_answered_as_it_was_each_time(tmp_path: Path) -> None:
    recording = Recording(tmp_path).connect()
    for number, cents in enumerate((400, 400, 401)):
        recording.request(number, symbol="BEAN").respond(number, {"cents": cents})
    rules = mock_of(recording.close())["request"]
    assert [(rule.get("times"), rule["answer"]["cents"]) for rule in rules] == [(2, 400), (None, 401)]


def test_the_rule_that_asks_for_most_stands_first(tmp_path: Path) -> None:
    recording = Recording(tmp_path).connect()
    asked: list[dict[str, object]] = [{}, {"a": 1}, {"a": 1, "b": {"c": 2}}]
    for number, data in enumerate(asked):
        recording.request(number, "find", **data).respond(number, number)
    rules = mock_of(recording.close())["request"]
    assert [rule.get("match") for rule in rules] == [{"a": 1, "b": {"c": 2}}, {"a": 1}, None]
    assert rules[2]["when"] == "length(data) == 0"


def test_errors_keep_code_text_and_details(tmp_path: Path) -> None:
    recording = Recording(tmp_path).connect().request(0)
    recording.frame(
        "in", "error", 0, {"error": "no {{ such", "code": "out_of_stock", "details": {"until": AT}}
    )
    recording.request(1, symbol="x").frame("in", "error", 1, "plain")
    first, second = mock_of(recording.close())["request"]
    assert first["error"] == {"message": "plain", "code": "application"}
    assert second["error"] == {
        "message": 'no {{ "{{" }} such',
        "code": "out_of_stock",
        "details": {"until": AT},
    }


def _stream(recording: Recording, number: int = 0, *, wait_ms: int = 10) -> Recording:
    recording.frame("out", "stream_request", number, {"operation": "watch", "n": number})
    for value in ({"p": 1}, None):
        recording.now_ns += (wait_ms - 10) * 10**6
        recording.frame("in", "stream_data", number, value)
    return recording


def test_a_stream_keeps_its_items_and_their_times(tmp_path: Path) -> None:
    recording = _stream(Recording(tmp_path).connect(), wait_ms=50).frame("in", "stream_end", 0)
    (rule,) = mock_of(recording.close())["stream"]
    assert rule["steps"] == [
        {"wait": "50ms"},
        {"send": {"p": 1}},
        {"wait": "50ms"},
        {"send": "{{ null }}"},
        {"wait": "10ms"},
    ]


def test_a_stream_without_waits_is_a_list_of_items(tmp_path: Path) -> None:
    recording = _stream(Recording(tmp_path).connect(), wait_ms=0)
    recording.now_ns -= 20 * 10**6
    recording.fail(0, "broke", "internal")
    (rule,) = mock_of(recording.close())["stream"]
    assert rule["items"] == [{"p": 1}, "{{ null }}"]
    assert rule["error"] == {"message": "broke", "code": "internal"}


def test_a_bidirectional_stream_becomes_steps(tmp_path: Path) -> None:
    recording = Recording(tmp_path).connect()
    recording.frame("out", "stream_stream_request", 0, {"operation": "chat"})
    recording.frame("out", "stream_data", 0, {"text": "hi", "at": AT})
    recording.frame("in", "stream_data", 0, "hello")
    recording.frame("out", "stream_data", 0, AT)
    recording.frame("out", "stream_end", 0).frame("in", "stream_end", 0)
    (rule,) = mock_of(recording.close())["bidirectional"]
    assert rule["steps"] == [
        {"expect": {"text": "hi"}},
        {"wait": "10ms"},
        {"send": "hello"},
        {"each": [{"end": True}]},
        {"wait": "20ms"},
    ]


def test_what_no_recording_says_is_a_visible_hole(tmp_path: Path) -> None:
    recording = Recording(tmp_path).connect().request(0)
    _stream(recording, 1).frame("out", "stream_end", 1)
    recording.frame("in", "request", 0, {"operation": "approve"}, opener=PEER)
    capture = recording.close()
    for format_ in ("mock", "test"):
        assert text_of(capture, format_).count("HOLE") >= 2
    assert "Look for HOLE: 2 of the 2 recorded calls have no whole answer." in text_of(capture, "mock")
    assert "The server made 1 calls of its own" in text_of(capture, "mock")


def test_a_capture_of_a_server_is_made_of_what_its_clients_called(tmp_path: Path) -> None:
    recording = Recording(tmp_path, role="server").connect()
    recording.frame("in", "request", 0, {"operation": "greet"}, opener=PEER)
    recording.frame("out", "response", 0, "hi", opener=PEER)
    recording.frame("out", "request", 0, {"operation": "approve"}, opener=ME)
    assert [rule["operation"] for rule in mock_of(recording.close())["request"]] == ["greet"]


def test_secrets_are_in_neither(tmp_path: Path) -> None:
    secret = "ghp_0123456789abcdefghij0123456789"
    recording = Recording(tmp_path).connect().request(0, token=secret).respond(0, {"token": secret})
    capture = recording.close()
    for format_ in ("mock", "test"):
        text = exported(capture, format_, redact=True).decode()
        assert secret not in text
    (rule,) = mock_of(capture, redact=True)["request"]
    assert rule["answer"] == {"token": "{{ data.token }}"}
    assert "match" not in rule


HOSTILE = "\"\"\"\n'''\n# x\r\n]]\n[[request]]\n\x00\x1b[31m\u2028 ${x} {{ 1 + 1 }} \ud800"


def test_whatever_was_recorded_stays_data(tmp_path: Path) -> None:
    recording = Recording(tmp_path).connect()
    recording.request(0, HOSTILE, **{HOSTILE: HOSTILE}).respond(0, {HOSTILE: [HOSTILE, 1e300, 2**70, -0.0]})
    recording.raw("out", "no frame").raw("in", b"\xff").raw("out", '{"type": "request"}')
    capture = recording.close()
    assert len(mock_of(capture)["request"]) == 1
    tree = ast.parse(text_of(capture, "test"))
    assert not any(
        isinstance(node, ast.Call) and getattr(node.func, "id", "") == "HOSTILE" for node in ast.walk(tree)
    )
    constants = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)]
    assert HOSTILE in constants


def test_there_may_be_too_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calls_module, "MOST_CALLS", 2)
    with pytest.raises(CaptureError, match="more than 2 calls: choose fewer with a filter"):
        exported(Recording(tmp_path).connect().calls(3).close(), "mock")


def test_reserved_operations_are_left_out(tmp_path: Path) -> None:
    recording = Recording(tmp_path).connect().request(0, "slipstream.describe").respond(0, {})
    assert "request" not in mock_of(recording.close())


def test_a_test_expects_what_came_by_what_it_looks_like(tmp_path: Path) -> None:
    recording = Recording(tmp_path).connect()
    recording.request(0, symbol="BEAN").respond(0, {"id": ID, "at": AT, "cents": 400})
    recording.request(1).fail(1, "no", "not_found")
    text = text_of(recording.close(), "test")
    assert "assert answer == {'id': A_UUID, 'at': A_TIME, 'cents': 400}" in text
    assert "assert caught.value.code == 'not_found'" in text
    assert json.dumps("x") not in text


def test_what_an_answer_gave_and_a_later_call_sends_is_taken_from_the_new_answer(tmp_path: Path) -> None:
    other = ID.replace("0", "1")
    recording = Recording(tmp_path).connect()
    recording.request(0, "open", own=other).respond(0, {"order": {"id": ID}, "own": other, "n": 7})
    recording.request(5, "echo").respond(5, {"again": other})
    recording.request(1, "close", ids=[ID], own=other, n=7).respond(1, True)
    recording.frame("out", "stream_stream_request", 2, {"operation": "chat"})
    recording.frame("out", "stream_data", 2, {"about": ID}).frame("in", "stream_end", 2)
    text = text_of(recording.close(), "test")
    assert "value_1 = answer['order']['id']" in text
    assert f"{{'operation': 'close', 'ids': [value_1], 'own': '{other}', 'n': 7}}" in text
    assert "send({'about': value_1})" in text
    assert "value_2" not in text
    compile(text, "test", "exec")


def test_an_item_gives_a_value_too_and_an_answer_that_differed_gives_none(tmp_path: Path) -> None:
    third = ID.replace("0", "2")
    recording = Recording(tmp_path).connect()
    recording.frame("out", "stream_request", 0, {"operation": "watch"})
    recording.frame("in", "stream_data", 0, {"p": 1}).frame("in", "stream_data", 0, [third])
    recording.frame("in", "stream_end", 0)
    for number, answer in ((1, {"id": ID, "n": 1}), (2, {"id": ID, "n": 2})):
        recording.request(number, "open").respond(number, answer)
    recording.request(3, "close", a=third, b=ID).respond(3, True)
    text = text_of(recording.close(), "test")
    assert "value_1 = items[1][0]" in text
    assert f"{{'operation': 'close', 'a': value_1, 'b': '{ID}'}}" in text


def test_a_secret_has_the_same_name_in_a_mock_and_a_test_of_the_same_frames(tmp_path: Path) -> None:
    secrets = [f"ghp_{letter * 36}" for letter in "abc"]
    recording = Recording(tmp_path).connect()
    for number, secret in enumerate(reversed(secrets)):
        recording.request(number, f"op{number}", n=number).respond(number, {"token": secret})
    recording.request(9, "op0", token=secrets[2]).respond(9, True)
    capture = recording.close()
    answers = {rule["operation"]: rule["answer"] for rule in mock_of(capture, redact=True)["request"]}
    assert answers["op2"] == {"token": "‹token-3›"}
    text = exported(capture, "test", redact=True).decode()
    assert "value_1 = answer['token']" in text
    assert "'token': value_1" in text


def test_what_was_asked_with_other_ids_is_expected_as_it_came_unless_connections_mix(tmp_path: Path) -> None:
    ids = [ID, ID.replace("0", "1")]
    recording = Recording(tmp_path).connect()
    for number, (id_, what) in enumerate(zip(ids, ("tea", "rice"), strict=True)):
        recording.request(number, "open", what=what).respond(number, {"id": id_})
        recording.request(number + 2, "close", id=id_).respond(number + 2, {"closed": what})
    text = text_of(recording.close(), "test")
    assert "assert answer == {'closed': 'tea'}" in text
    assert "assert answer == {'closed': 'rice'}" in text
    assert "{'operation': 'close', 'id': value_2}" in text
    mixed = Recording(tmp_path, "mixed.capture").connect().connect(2)
    for conn, (id_, what) in enumerate(zip(ids, ("tea", "rice"), strict=True), 1):
        mixed.frame("out", "request", 1, {"operation": "close", "id": id_}, conn=conn)
        mixed.frame("in", "response", 1, {"closed": what}, conn=conn)
    assert "It was answered in different ways" in text_of(mixed.close(), "test")
