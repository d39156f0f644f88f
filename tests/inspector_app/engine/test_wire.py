"""What viewer and engine say to each other survives the trip, and what has not its shape is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from inspector_app.engine.wire import (
    INTENTS,
    Failed,
    Ready,
    Start,
    WireError,
    call_of,
    decode_answer,
    decode_start,
    done_of,
    encode_answer,
    encode_done,
    encode_start,
    intent_of,
)
from inspector_app.intents import (
    AbortExchange,
    AddFault,
    AddRule,
    AnswerHeld,
    AskPeer,
    CancelExchange,
    ClientSpec,
    DemoSpec,
    Disconnect,
    Done,
    EditAnswer,
    EndEngine,
    EndHalf,
    EngineIntent,
    HoldOperation,
    Intent,
    Reconnect,
    RecordElsewhere,
    RemoveFault,
    RepeatMessage,
    SendItem,
    SendMessage,
    SendRaw,
    ServerSpec,
    SourceSpec,
    Stay,
    StopRepeating,
    SwitchFault,
    TellExchange,
    TellMock,
    TellRepetition,
    TellUrl,
)


@pytest.mark.parametrize(
    "spec",
    [
        ClientSpec(
            url="ws://h", headers=(("X-A", "b"),), token="secret", subprotocols=("one",), insecure=True
        ),
        ServerSpec(handler="a.py", port=0, allow_origins=("http://x",)),
        DemoSpec(seed=4),
    ],
)
def test_a_start_line_survives_the_trip(spec: SourceSpec) -> None:
    start = Start(spec=spec, capture=Path("/data/\udcff.capture"), token="t", stay=True)
    line = encode_start(start)
    assert line.count(b"\n") == 1
    assert line.endswith(b"\n")
    assert decode_start(line) == start


@pytest.mark.parametrize(
    "answer", [Ready(control_url="ws://h", capture="c", address="a"), Failed(text="no", exit_code=2)]
)
def test_an_answer_survives_the_trip(answer: Ready | Failed) -> None:
    assert decode_answer(encode_answer(answer)) == answer


@pytest.mark.parametrize(
    "intent",
    [
        SendMessage(kind="request", operation="add", data_json='{"a": 1}', timeout_s=2.5),
        RepeatMessage(
            message=SendMessage(kind="stream", operation="watch"), times=9, per_second=2.5, in_flight=3
        ),
        RepeatMessage(
            message=SendMessage(kind="bidirectional", operation="chat"),
            times=9,
            items_json=("1", "2"),
            take=3,
            mark="m",
        ),
        StopRepeating(conn=2),
        TellRepetition(conn=2),
        SendRaw(text="\ud83d[/]"),
        SendItem(conn=1, opener="p", number=3, data_json="null"),
        EndHalf(conn=1, opener="p", number=3),
        CancelExchange(conn=1, opener="p", number=3),
        AbortExchange(conn=1, opener="p", number=3, code="mine", message="\ud83d"),
        TellExchange(conn=1, opener="p", number=3),
        AskPeer(conn=2),
        TellMock(),
        TellUrl(),
        SwitchFault(title="f", on=False),
        AddFault(rule_json="{}"),
        RemoveFault(title="f"),
        AddRule(kind="oneway", operation="o"),
        EditAnswer(kind="stream", place=2, answer_json="[]", save=True),
        HoldOperation(operation="o", on=True),
        AnswerHeld(held=3, how="item", data_json="1"),
        Reconnect(),
        Disconnect(),
        RecordElsewhere(capture="/data/two.capture"),
        Stay(on=False),
        EndEngine(),
    ],
)
def test_an_intent_survives_the_trip(intent: Intent | EngineIntent) -> None:
    assert intent_of(call_of(intent)) == intent


def test_every_intent_has_an_operation_of_its_own() -> None:
    assert sorted(INTENTS) == [
        "abort_exchange",
        "add_fault",
        "add_rule",
        "answer_held",
        "ask_peer",
        "cancel_exchange",
        "disconnect",
        "edit_answer",
        "end_engine",
        "end_half",
        "hold_operation",
        "reconnect",
        "record_elsewhere",
        "remove_fault",
        "repeat_message",
        "send_item",
        "send_message",
        "send_raw",
        "stay",
        "stop_repeating",
        "switch_fault",
        "tell_exchange",
        "tell_mock",
        "tell_repetition",
        "tell_url",
    ]


def test_a_result_survives_the_trip() -> None:
    done = Done(conn=1, opener="p", number=7)
    assert done_of(encode_done(done)) == done


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"[]",
        b"{}",
        b'{"kind": "spaceship", "spec": {}, "capture": "c", "token": "t"}',
        b'{"kind": "client", "spec": {"url": 3}, "capture": "c", "token": "t"}',
        b'{"kind": "client", "spec": {"url": "ws://h"}, "capture": 3, "token": "t", "ending_limit_s": 1.0}',
        b'{"kind": "client", "spec": {"url": "ws://h"}, "capture": "c", "token": "t", "ending_limit_s": "x"}',
    ],
)
def test_a_start_line_of_another_shape_is_refused(line: bytes) -> None:
    with pytest.raises(WireError):
        decode_start(line)


@pytest.mark.parametrize(
    "data",
    [
        {"operation": "format_disk"},
        {"operation": "send_raw"},
        {"operation": "send_raw", "intent": {"text": 3}},
        {"operation": "end_half", "intent": {"conn": "1", "opener": "p", "number": 3}},
    ],
)
def test_an_intent_of_another_shape_is_refused(data: dict[str, object]) -> None:
    with pytest.raises(WireError):
        intent_of(data)
