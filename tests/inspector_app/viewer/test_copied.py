"""What is copied as a program: rebuilt from a capture or made of what is typed, without a secret."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from inspector_app.capture.reader import CaptureReader
from inspector_app.capture.records import ConnectionOpened, HandshakeSeen
from inspector_app.copying.texts import COPIES
from inspector_app.intents import ClientSpec
from inspector_app.viewer.copied import NotCopiedError, copied_frame, copied_typed
from inspector_app.viewer.session import Session
from inspector_app.viewer.world import world_of
from tests.inspector_app.recordings import ME, START_NS, Recording

SECRET = "opensesame-4711"


def reader_of(recording: Recording) -> CaptureReader:
    return CaptureReader(recording.close())


def frame(reader: CaptureReader, seq: int) -> object:
    row = reader.frame(seq)
    assert row is not None
    return copied_frame(reader, row)


def test_any_frame_of_an_exchange_gives_the_message_that_opened_it(tmp_path: Path) -> None:
    recording = Recording(tmp_path).connect().request(0, "get_quote", symbol="BEAN").respond(0, {"cents": 1})
    recording.frame("out", "fire_and_forget", None, {"operation": "log", "n": 12345678901234567890})
    reader = reader_of(recording)
    rows = [reader.frame(seq) for seq in (1, 2, 3)]
    asked, answered, one_way = (copied_frame(reader, row) for row in rows if row is not None)
    assert asked == answered
    assert (asked.url, asked.kind, asked.operation) == ("ws://127.0.0.1:8765", "request", "get_quote")
    assert json.loads(asked.data_json) == {"symbol": "BEAN"}
    assert (one_way.kind, one_way.data["n"]) == ("oneway", 12345678901234567890)
    reader.close()


def test_of_a_bidirectional_stream_the_items_of_who_opened_it_are_copied(tmp_path: Path) -> None:
    recording = Recording(tmp_path).connect()
    recording.frame("out", "stream_stream_request", 0, {"operation": "chat"})
    recording.frame("in", "stream_data", 0, "theirs")
    recording.frame("out", "stream_data", 0, {"text": "mine"}).frame("out", "stream_data", 0, 2)
    reader = reader_of(recording)
    row = reader.frame(2)
    assert row is not None
    copied = copied_frame(reader, row)
    assert copied.items_json == ('{"text": "mine"}', "2")
    reader.close()


def test_headers_are_copied_and_what_proves_who_somebody_is_is_not(tmp_path: Path) -> None:
    recording = Recording(tmp_path)
    address = "wss://h/rpc"
    recording.add(ConnectionOpened(conn=1, time_ns=START_NS, role="client", address=address, local_peer=ME))
    headers = [
        ["Host", "h"],
        ["Sec-WebSocket-Key", "k"],
        ["X-Tenant", "blue"],
        ["Authorization", "(hidden)"],
        ["X-Api-Key", "(hidden)"],
        ["Cookie", "(hidden)"],
        ["broken"],
    ]
    recording.add(HandshakeSeen(conn=1, time_ns=START_NS, handshake={"request_headers": headers}))
    recording.request(0)
    reader = reader_of(recording)
    row = reader.frame(1)
    assert row is not None
    copied = copied_frame(reader, row)
    assert copied.headers == (("X-Tenant", "blue"),)
    assert copied.needs_token
    for _, write in COPIES.values():
        assert "(hidden)" not in write(copied)
    reader.close()


@pytest.mark.parametrize(
    "raw",
    [
        "no frame at all",
        '{"type": "stream_data", "requestId": ["x", 9], "peerID": "x", "data": 1}',
        '{"type": "fire_and_forget", "peerID": "x", "data": {"operation": 7}}',
    ],
)
def test_what_is_no_message_is_told_in_a_sentence(tmp_path: Path, raw: str) -> None:
    reader = reader_of(Recording(tmp_path).connect().raw("out", raw))
    with pytest.raises(NotCopiedError, match=r"\.$"):
        frame(reader, 1)
    reader.close()


def test_what_is_typed_has_the_values_of_variables_and_references_to_secrets(tmp_path: Path) -> None:
    (tmp_path / "environments.toml").write_text('[local]\ntoken = "${env:TOKEN}"\nsymbol = "BEAN"\n')
    session = Session(tmp_path, environment="local", environ={"TOKEN": SECRET})
    spec = ClientSpec(url="ws://ada:pw@h:1", token="bearer-secret", headers=(("X-A", "b"), ("Cookie", "c=1")))
    copied = copied_typed(
        world_of(spec),
        session,
        kind="request",
        operation="get",
        data_json='{"s": "${symbol}", "t": "${token}"}',
    )
    assert json.loads(copied.data_json) == {"s": "BEAN", "t": "${env:TOKEN}"}
    assert (copied.url, copied.headers, copied.needs_token) == ("ws://h:1", (("X-A", "b"),), True)
    with pytest.raises(NotCopiedError, match="There is no variable nope"):
        copied_typed(world_of(spec), session, kind="request", operation="get", data_json='{"s": "${nope}"}')
