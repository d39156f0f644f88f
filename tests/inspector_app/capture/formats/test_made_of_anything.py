"""Mocks and tests made of whatever may have been recorded can be used as they are."""

import ast
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from inspector_app.mock.script.mock import load_mock
from tests.inspector_app.capture.formats.exports import exported
from tests.inspector_app.recordings import ME, PEER, Recording

texts = st.sampled_from(
    ["", "a", "{{", "{{ data.x }}", "}}", "'''", '"""', "\\", "\n", "\r", "\0", "\x7f", "\u2028", "if", "$"]
) | st.text(max_size=3)
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    texts,
    st.sampled_from(["0f8a1c52-7be2-4d94-8000-1234567890ab", "2026-11-22T11:20:00Z", "‹token-1›"]),
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
openings = st.sampled_from(["request", "stream_request", "stream_stream_request", "fire_and_forget"])
frames = st.tuples(
    st.sampled_from(["out", "in"]),
    openings | st.sampled_from(["response", "stream_data", "stream_data", "stream_end", "error"]),
    st.integers(0, 2),
    st.integers(1, 2),
    values,
    st.sampled_from(["", "do", "get", "{{", "a\nb"]),
)


def recorded(folder: Path, traffic: list[tuple[str, str, int, int, object, str]]) -> Path:
    recording = Recording(folder).connect(1).connect(2)
    for direction, type_, number, conn, value, operation in traffic:
        data = value
        if type_.endswith("request") or type_ == "fire_and_forget":
            data = {**(value if isinstance(value, dict) else {"value": value}), "operation": operation}
        recording.frame(direction, type_, number, data, conn=conn)
    return recording.close()


def check(capture: Path) -> str:
    """Load the mock that is made of a capture, compile the test; give the text of both."""
    mock, test = exported(capture, "mock"), exported(capture, "test")
    file = capture.with_name("mock.toml")
    file.write_bytes(mock)
    load_mock(file)
    compile(test, "made", "exec")
    used = {node.id for node in ast.walk(ast.parse(test)) if isinstance(node, ast.Name)}
    assert not used & {"inf", "nan"}
    return mock.decode() + test.decode()


@settings(max_examples=40, deadline=None)
@given(traffic=st.lists(frames, max_size=8))
def test_a_mock_and_a_test_can_be_made_of_any_traffic(
    traffic: list[tuple[str, str, int, int, object, str]],
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        check(recorded(Path(folder), traffic))


def test_an_operation_that_was_called_as_two_kinds_is_of_the_one_that_was_answered(tmp_path: Path) -> None:
    recording = Recording(tmp_path).connect()
    recording.frame("out", "stream_request", 0, {"operation": "get"})
    recording.frame("in", "error", 0, {"error": "a request", "code": "wrong_kind"})
    recording.request(1, "get").respond(1, 7)
    text = check(recording.close())
    assert "1 calls are left out" in text
    assert "answer = 7" in text


def test_numbers_that_no_file_can_have_become_others(tmp_path: Path) -> None:
    recording = Recording(tmp_path).connect().request(0, "get")
    head = f'{{"type": "response", "requestId": ["{ME}", 0], "peerID": "{PEER}", "data": '
    recording.raw("in", head + "[1e400, -1e400, NaN]}")
    assert "answer = [1.7976931348623157e+308, -1.7976931348623157e+308, " in check(recording.close())


def test_what_is_nested_deeper_than_python_takes_is_a_hole(tmp_path: Path) -> None:
    deep: object = 1
    for _ in range(195):
        deep = [deep]
    text = check(Recording(tmp_path).connect().request(0, "get").respond(0, deep).close())
    assert "1 calls are left out" in text
    assert "nested too deeply" in text


def test_a_connection_on_which_nothing_was_answered_is_a_test_all_the_same(tmp_path: Path) -> None:
    assert "async def connection_1" in check(Recording(tmp_path).connect().request(0, "get").close())
