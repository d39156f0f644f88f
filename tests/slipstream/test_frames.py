"""Frames: what is one, what is none, what is written. Generated ones are in test_frames_generated."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import BaseModel, Field, ValidationError

from slipstream.errors import FrameTooLargeError, ProtocolError
from slipstream.frames import (
    OPENING_TYPES,
    Frame,
    FrameModel,
    MessageType,
    decode,
    encode,
    encode_value,
    size_of,
    validate_incoming_frame,
)
from slipstream.spelling import Spelling
from tests.slipstream.wire import PEER, nested, text

# Never a frame; the surrogate sends a message to the second of the two JSON readers.
SURROGATE = '"x":"\\ud83d",'


def refusal(message: str | bytes) -> str:
    with pytest.raises(ProtocolError) as caught:
        decode(message)
    return str(caught.value)


# -- types -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "written", ["stream_data", "STREAM_DATA", "streamData", "StreamData", "stream-data", "STREAMDATA"]
)
def test_a_type_is_read_without_regard_to_case_and_separators(written: str) -> None:
    frame = decode(text(written, 1))
    assert (frame.type, frame.spelled) == (MessageType.STREAM_DATA, written)


@pytest.mark.parametrize(
    "unknown",
    [
        "stream_dat",
        "stream data",
        "",
        "_",
        "x" * 1_000_000,
        "request" + "_" * 100,
        "\u017ftream_data",  # a long s folds to s
        "\ufb01re_and_forget",  # so does a ligature to two letters
        "stream_requ\u00e9st",
        None,
        1,
        True,
        ["request"],
        {"type": "request"},
    ],
)
def test_an_unknown_type_is_no_frame(unknown: object) -> None:
    assert refusal(text("error", 1, type=unknown)).startswith("Invalid frame or data: type: ")


def test_a_frame_without_a_type_is_none() -> None:
    assert refusal("{}") == "Invalid frame or data: type: Field required"


# -- who sent it -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", sorted(kind.value for kind in OPENING_TYPES))
@pytest.mark.parametrize("sender", ["missing", None, ""])
def test_an_opening_type_names_its_sender(kind: str, sender: str | None) -> None:
    fields = {"type": kind, "requestId": ["p", 0], "data": {"operation": "add"}, "peerID": sender}
    if sender == "missing":
        del fields["peerID"]
    with pytest.raises(ProtocolError, match=r"^Invalid frame or data: peerID required for request messages$"):
        decode(json.dumps(fields))
    with pytest.raises(ValidationError, match="peerID required for request messages"):
        FrameModel.model_validate(fields)


@pytest.mark.parametrize("kind", [kind for kind in MessageType if kind not in OPENING_TYPES])
def test_the_other_types_may_leave_their_sender_out(kind: MessageType) -> None:
    assert decode(json.dumps({"type": kind.value})).peer_id is None


def test_a_peer_id_has_at_most_128_characters() -> None:
    assert decode(text("error", 1, peerID="é" * 128)).peer_id == "é" * 128
    assert "at most 128 characters" in refusal(text("error", 1, peerID="x" * 129))


def test_a_request_id_names_a_peer_of_at_most_128_characters() -> None:
    for kind in ("error", "ERROR"):
        assert decode(text(kind, 1, opener="x" * 128)).request_id == ("x" * 128, 1)
    assert "more than 128 characters" in refusal(text("error", 1, opener="x" * 129))
    assert "more than 128 characters" in refusal(text("ERROR", 1, opener="x" * 129))


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ('["p",7]', ("p", 7)),
        ('["p",-1]', ("p", -1)),
        ('["p",1000000000000000000000000000000]', ("p", 10**30)),
        ('["p","7"]', ("p", 7)),
        ('["p",true]', ("p", 1)),
        ('["p",1.0]', ("p", 1)),
        ("null", None),
    ],
)
def test_a_request_id_is_read_as_freely_as_pydantic_reads_it(
    written: str, read: tuple[str, int] | None
) -> None:
    assert decode('{"type":"error","requestId":%s}' % written).request_id == read  # noqa: UP031 - braces


@pytest.mark.parametrize(
    "written",
    [
        "[]",
        '["p"]',
        '["p",1,2]',
        '["p",1.5]',
        '["p",null]',
        '["p",NaN]',
        '["p",1e400]',
        "[1,1]",
        "[null,1]",
        '{"p":1}',
        '"p1"',
        "7",
        '"\\ud83d"',
    ],
)
def test_any_other_request_id_is_refused(written: str) -> None:
    assert "requestId" in refusal('{"type":"error","requestId":%s}' % written)  # noqa: UP031 - braces


@pytest.mark.parametrize("kind", ["request", "error", "ERROR"])
@pytest.mark.parametrize("peer_id", [3, True, 1.5, ["p"], {"p": 1}, [], {}, False])
def test_a_peer_id_is_a_string(kind: str, peer_id: object) -> None:
    assert "peerID" in refusal(text(kind, 1, peerID=peer_id))


@pytest.mark.parametrize("meta", [[], "hello", 1, False])
def test_meta_is_an_object_or_nothing(meta: object) -> None:
    assert "meta" in refusal(text("error", 1, meta=meta))
    assert decode(text("error", 1, meta=None)).meta is None
    assert decode(text("error", 1, meta={"hello": {}})).meta == {"hello": {}}


# -- JSON --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("message", "name"),
    [
        ("[1]", "an array"),
        ("[]", "an array"),
        ("3", "a number"),
        ("1.5", "a number"),
        ("null", "null"),
        ("true", "a boolean"),
        ('"request"', "a string"),
        ('"\\ud83d"', "a string"),
        ("NaN", "a number"),
    ],
)
def test_what_is_no_object_is_no_frame(message: str, name: str) -> None:
    assert refusal(message) == f"Invalid frame or data: a frame is a JSON object, not {name}"


@pytest.mark.parametrize(
    "message",
    [
        "",
        " ",
        "{",
        '{"type"',
        "{'type':'error'}",
        '{"type":"error"} x',
        '{"type":"error"}\x00',
        '{"type":"error",}',
        '{"type":"error","data":"\n"}',
        '{"type":"error","data":01}',
        '{"type":"error","data":"\\ud8"}',
        '{"type":"error","data":"\\ud83d","more":}',
        '\ufeff{"type":"error"}',
        '\ufeff{"type":"error","data":"\\ud83d"}',
        '{"type":"error","data":"\ud83d"}',
        '{"type":"error","data":"\ud83d","more":"\\ud83d"}',
        b'\xef\xbb\xbf{"type":"error"}',
        b'\xef\xbb\xbf{"type":"error","data":"\\ud83d"}',
        b'{"type":"error","data":"\xff"}',
        b'{"type":"error","data":"\\ud83d","more":"\xff"}',
        b'{"type":"error","data":"\xed\xa0\xbd"}',
        b"\x00\xff",
        b"",
        *('{"type":"error"}'.encode(name) for name in ("utf-16", "utf-16-le", "utf-16-be", "utf-32")),
        '{"type":"error","data":"\\ud83d"}'.encode("utf-16-le"),
    ],
)
def test_what_is_no_json_in_utf_8_is_no_frame(message: str | bytes) -> None:
    said = refusal(message)
    assert said.startswith("Invalid frame or data: ")
    assert "not null" not in said


def test_a_binary_message_with_the_same_bytes_is_the_same_frame() -> None:
    written = text("stream_data", 3, {"grüße": ["\u0000", "🙂"]})
    assert decode(written.encode()) == decode(written)
    raw = json.dumps(json.loads(written), ensure_ascii=False)
    assert decode(raw.encode()) == decode(written)


@pytest.mark.parametrize("more", ["", SURROGATE], ids=["fast reader", "second reader"])
@pytest.mark.parametrize("opening", ["[", "{"])
@pytest.mark.parametrize("innermost", ["1", "[]", "{}", "[ ]", '"x"', '["x"]'])
def test_a_frame_may_be_nested_to_200_and_not_to_201(more: str, opening: str, innermost: str) -> None:
    inner_depth = innermost.count("[") + innermost.count("{")

    def frame_of(depth: int) -> str:
        value = nested(depth - 1 - inner_depth, opening, innermost)
        return '{%s"type":"error","data":%s}' % (more, value)  # noqa: UP031 - braces

    assert decode(frame_of(200)).type is MessageType.ERROR
    assert decode(frame_of(200).encode()).type is MessageType.ERROR
    refusal(frame_of(201))
    refusal(frame_of(201).encode())


@pytest.mark.parametrize("more", ["", SURROGATE], ids=["fast reader", "second reader"])
@pytest.mark.parametrize("opening", ["[", "{"])
def test_a_hundred_thousand_levels_are_no_frame(more: str, opening: str) -> None:
    value = nested(100_000, opening, "1")
    refusal('{%s"type":"error","data":%s}' % (more, value))  # noqa: UP031 - braces
    refusal('{%s"type":"error","data":%s' % (more, value[:100_000]))  # noqa: UP031 - braces


def test_many_brackets_side_by_side_are_not_nesting() -> None:
    assert decode(text("response", 1, [[], {}] * 1000)).data == [[], {}] * 1000


def test_brackets_inside_a_string_are_not_nesting() -> None:
    assert decode(text("response", 1, "[{" * 1000)).data == "[{" * 1000


@pytest.mark.parametrize("more", ["", SURROGATE], ids=["fast reader", "second reader"])
@pytest.mark.parametrize("sign", ["", "-"])
def test_an_integer_of_5000_digits_is_no_frame(more: str, sign: str) -> None:
    for place in ('"data":%s', '"requestId":["p",%s]', '"requestId":["p","%s"]', '"unknown":%s'):
        field = place % (sign + "1" * 5000)
        if '"%s"' in place and more:
            continue
        refusal('{%s"type":"error",%s}' % (more, field))  # noqa: UP031 - braces


def test_an_integer_of_4300_digits_passes_both_ways() -> None:
    digits = "7" * 4300
    frame = decode('{"type":"error","requestId":["p",%s],"data":%s}' % (digits, digits))  # noqa: UP031
    assert frame.data == int(digits)
    assert json.loads(encode(frame))["requestId"] == ["p", int(digits)]


def test_of_duplicate_keys_the_last_one_counts() -> None:
    frame = decode('{"type":"request","data":1,"type":"error","data":2}')
    assert (frame.type, frame.data) == (MessageType.ERROR, 2)
    again = decode('{"type":"request",%s"data":1,"type":"error","data":2}' % SURROGATE)  # noqa: UP031
    assert (again.type, again.data) == (MessageType.ERROR, 2)


def test_unknown_fields_are_ignored() -> None:
    assert decode(text("error", 1, color="green", requestID=5)).request_id == (PEER, 1)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e400"])
def test_numbers_that_json_has_not_are_read_all_the_same(number: str) -> None:
    assert isinstance(decode('{"type":"error","data":%s}' % number).data, float)  # noqa: UP031 - braces


def test_a_lone_surrogate_in_the_data_survives() -> None:
    written = '{"type":"stream_data","data":{"a\\ud83d":["\\ude00"]}}'
    frame = decode(written)
    assert frame.data == {"a\ud83d": ["\ude00"]}
    assert encode(frame) == written
    assert decode(written.encode()) == frame


@pytest.mark.parametrize("spelled", ["request", "REQUEST"])
def test_a_lone_surrogate_names_no_peer(spelled: str) -> None:
    assert "peerID" in refusal('{"type":"%s","peerID":"\\ud83d"}' % spelled)  # noqa: UP031 - braces


def test_a_surrogate_pair_is_one_character() -> None:
    assert decode('{"type":"error","data":"\\ud83d\\ude00"}').data == "😀"


# -- what a refusal tells ----------------------------------------------------------------------------------


def test_a_refusal_carries_the_object_as_far_as_it_was_read() -> None:
    with pytest.raises(ProtocolError) as caught:
        decode('{"type":"reqest","requestId":["p",1]}')
    assert caught.value.salvaged == {"type": "reqest", "requestId": ["p", 1]}


def test_a_refusal_of_what_is_no_object_carries_none() -> None:
    for message in ("[1]", "nonsense"):
        with pytest.raises(ProtocolError) as caught:
            decode(message)
        assert caught.value.salvaged is None


def test_a_refusal_repeats_nothing_that_the_other_side_made_up() -> None:
    hostile = "\\u001b]52;c;" + "x" * 100_000 + "\\ud83d"
    said = refusal('{"type":"error","meta":{"%s":1},"requestId":"%s"}' % (hostile, hostile))  # noqa: UP031
    assert "x" * 10 not in said
    assert len(said) < 300


def test_a_message_over_the_limit_is_no_frame() -> None:
    written = text("response", 1, "ü")
    assert decode(written, limit_bytes=len(written)).data == "ü"
    with pytest.raises(FrameTooLargeError):
        decode(written, limit_bytes=len(written) - 1)


@pytest.mark.parametrize(
    ("message", "size"), [("abc", 3), ("ü", 2), ("😀", 4), (b"\xff\xff", 2), ("\ud83d", 3), ("", 0)]
)
def test_the_size_of_a_message_is_its_bytes_in_utf_8(message: str | bytes, size: int) -> None:
    assert size_of(message) == size


# -- validate_incoming_frame -------------------------------------------------------------------------------


def test_a_valid_message_becomes_a_model() -> None:
    model = validate_incoming_frame(text("REQUEST", 4, {"operation": "add"}, meta={"timeout": 1}))
    assert model == FrameModel(
        type=MessageType.REQUEST,
        peerID=PEER,
        requestId=(PEER, 4),
        data={"operation": "add"},
        meta={"timeout": 1},
    )


@pytest.mark.parametrize("message", [None, 3, ["x"], {}, object(), memoryview(b"{}")])
def test_what_is_no_text_is_an_invalid_frame_too(message: Any) -> None:
    with pytest.raises(ProtocolError, match=r"^Invalid frame or data: a message is text, not "):
        validate_incoming_frame(message)


@pytest.mark.parametrize("message", [b'{"type":"error"}', bytearray(b'{"type":"error"}')])
def test_bytes_are_read_as_utf_8(message: Any) -> None:
    assert validate_incoming_frame(message).type is MessageType.ERROR


def test_a_megabyte_of_text_is_judged_like_any_other() -> None:
    assert len(validate_incoming_frame(text("response", 1, "x" * 2_000_000)).data) == 2_000_000


# -- writing -----------------------------------------------------------------------------------------------


def test_a_frame_is_written_with_the_fields_it_has() -> None:
    assert encode(Frame(MessageType.STREAM_END, ("p", 1), "p")) == (
        '{"type":"stream_end","requestId":["p",1],"peerID":"p","data":null}'
    )
    assert encode(Frame(MessageType.FIRE_AND_FORGET, None, "p", {"a": 1}, {"m": 2})) == (
        '{"type":"fire_and_forget","peerID":"p","data":{"a":1},"meta":{"m":2}}'
    )


def test_a_type_is_written_in_the_spelling_asked_for() -> None:
    frame = Frame(MessageType.STREAM_DATA)
    assert json.loads(encode(frame, spelling=Spelling("camel", "")))["type"] == "streamData"


class Price(BaseModel):
    symbol: str
    pence: int = Field(serialization_alias="inPence")


def test_models_are_written_by_the_names_that_their_schema_has() -> None:
    written = encode(Frame(MessageType.RESPONSE, data={"prices": (Price(symbol="x", pence=3),)}))
    assert json.loads(written)["data"] == {"prices": [{"symbol": "x", "inPence": 3}]}
    assert set(Price.model_json_schema(mode="serialization")["properties"]) == {"symbol", "inPence"}


def _cycle() -> list[object]:
    value: list[object] = []
    value.append(value)
    return value


class Unwritable(BaseModel):
    value: Any


@pytest.mark.parametrize(
    "value",
    [
        float("nan"),
        float("inf"),
        -float("inf"),
        {float("nan"): 1},
        {1, 2},
        b"bytes",
        object(),
        1j,
        {(1, 2): 3},
        10**5000,
        _cycle(),
        Unwritable(value=b"\xff"),
        Unwritable(value=object()),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_json_has_no_way_to_say_is_refused(value: object) -> None:
    with pytest.raises(ProtocolError, match="cannot be written as JSON"):
        encode_value([value])


def _deep(depth: int) -> object:
    value: object = 1
    for _ in range(depth):
        value = (value,)
    return value


def test_what_no_reader_would_take_is_not_written() -> None:
    assert decode(encode(Frame(MessageType.RESPONSE, data=_deep(199)))).type is MessageType.RESPONSE
    for depth in (200, 400, 100_000):
        with pytest.raises(ProtocolError):
            encode(Frame(MessageType.RESPONSE, data=_deep(depth)))


def test_a_frame_over_the_limit_is_not_written() -> None:
    frame = Frame(MessageType.RESPONSE, ("p", 1), "p", "x" * 100)
    size = len(encode(frame))
    assert encode(frame, limit_bytes=size)
    with pytest.raises(FrameTooLargeError) as caught:
        encode(frame, limit_bytes=size - 1)
    assert (caught.value.size_bytes, caught.value.limit_bytes) == (size, size - 1)
