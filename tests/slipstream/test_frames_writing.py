"""The quick ways to write a frame write what the standard library's strict encoder does, or refuse."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, Field

from slipstream.errors import FrameTooLargeError, ProtocolError
from slipstream.frames import _FEW, Frame, FrameWriter, MessageType, _writer, decode, encode, encode_value
from slipstream.spelling import CANONICAL, Spelling

many = settings(max_examples=120, deadline=None)
SHOUTED = Spelling("upper")

any_text = st.text(st.characters(exclude_categories=()), max_size=12)
awkward = st.sampled_from([*'"\\/\x7f\x00\x1f\n\u2028é😀\ud83d', "x" * 5000])
integers = st.integers() | st.sampled_from([2**53 - 1, 2**53, -(2**53), 2**64, 10**400])
scalars = st.none() | st.booleans() | integers | st.floats() | any_text | awkward
keys = any_text | awkward | st.integers() | st.booleans() | st.none() | st.floats(allow_nan=False)
values = st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(keys, inner), max_leaves=6)
flat = st.dictionaries(any_text | awkward, scalars, max_size=_FEW + 2)


def strictly(value: object) -> str | None:
    """What the standard library says; None where it refuses. DEL may stand as it is: JSON allows both."""
    try:
        return json.dumps(value, allow_nan=False, separators=(",", ":")).replace("\\u007f", "\x7f")
    except ValueError:
        return None


def quickly(value: object) -> str | None:
    try:
        return encode_value(value).replace("\\u007f", "\x7f")
    except ProtocolError as error:
        assert str(error).startswith("This cannot be written as JSON: ")  # noqa: PT017 - either outcome is right
        return None


@given(value=values | flat)
@example(value={"a": "\ud83d"})
@example(value={"a": "é"})
@example(value="\ud83d")
@example(value={"a": -(2**53), "b": 2**53 - 1})
@example(value={str(number): number for number in range(_FEW + 1)})
@example(value={1: 2})
@example(value={"x" * 20_000: "y" * 20_000})
@many
def test_a_value_is_written_as_the_strict_encoder_writes_it(value: object) -> None:
    assert quickly(value) == strictly(value)


class Text(str):
    """Text of a kind of its own."""

    __slots__ = ()


class Whole(int):
    """A number of a kind of its own."""


KINDS_OF_THEIR_OWN: list[Any] = [
    *(Text("x"), {"a": Text("x")}, {Text("a"): 1}, Whole(5), {"a": Whole(5)}),
    *((1, [2]), {"a": (1,)}, {1: 2, None: 3}),
]


@pytest.mark.parametrize("value", KINDS_OF_THEIR_OWN)
def test_kinds_of_their_own_are_written_as_what_they_are(value: object) -> None:
    assert quickly(value) == strictly(value)


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("shape", [lambda x: x, lambda x: {"a": x}, lambda x: [[x]]])
def test_numbers_that_json_has_not_are_refused(number: float, shape: Any) -> None:
    with pytest.raises(ProtocolError, match="cannot be written as JSON"):
        encode_value(shape(number))


def test_what_contains_itself_is_refused() -> None:
    row: list[Any] = []
    row.append({"again": row})
    fields: dict[str, Any] = {}
    fields["self"] = fields
    for value in (row, fields):
        with pytest.raises(ProtocolError, match="cannot be written as JSON"):
            encode_value(value)


class Point(BaseModel):
    across: int = Field(alias="x")
    label: str = "é"


@pytest.mark.parametrize("shape", [lambda x: x, lambda x: {"a": x}, lambda x: [{"a": [x]}]])
def test_models_are_written_by_alias_wherever_they_stand(shape: Any) -> None:
    written = encode_value(shape(Point(x=1)))
    assert written.isascii()
    assert json.loads(written) == shape({"x": 1, "label": "é"})


@given(value=values)
@settings(max_examples=50, deadline=None)
def test_where_python_has_no_encoder_in_c_the_same_is_written(value: object) -> None:
    written: str | None
    try:
        written = "".join(_writer(None)(value, 0)).replace("\\u007f", "\x7f")
    except ValueError:
        written = None
    assert written == strictly(value)


# -- frames -----------------------------------------------------------------------------------------------


@given(
    kind=st.sampled_from(MessageType),
    request_id=st.none() | st.tuples(any_text, st.integers(0, 2**53)),
    data=values | flat,
    peer_id=st.text(min_size=1, max_size=10),
    limit=st.sampled_from([60, 120, 10**6]),
    nesting=st.sampled_from([1, 2, 3, 5, 200]),
    shouted=st.booleans(),
)
@example(MessageType.REQUEST, ("p", 0), [[[[["x" * 200]]]]], "p", 10**6, 3, False)
@example(MessageType.REQUEST, ("p", 0), {"a": "[[[[[[[[" * 20}, "p", 10**6, 3, False)
@example(MessageType.REQUEST, ("p", 0), ["[[[[[[[[" * 20], "p", 10**6, 3, False)
@many
def test_a_writer_writes_what_encoding_the_frame_does(
    kind: MessageType,
    request_id: tuple[str, int] | None,
    data: object,
    peer_id: str,
    limit: int,
    nesting: int,
    shouted: bool,
) -> None:
    spelling = SHOUTED if shouted else CANONICAL
    writer, frame = FrameWriter(peer_id, spelling, limit, nesting), Frame(kind, request_id, peer_id, data)
    expected: str | type[ProtocolError]
    try:
        expected = encode(frame, spelling=spelling, limit_bytes=limit, nesting=nesting)
    except ProtocolError as error:
        expected = type(error)
    if isinstance(expected, str):
        assert writer.write(kind, request_id, data) == expected
    else:
        with pytest.raises(expected):
            writer.write(kind, request_id, data)


def test_what_is_said_besides_the_data_follows_it() -> None:
    writer = FrameWriter("p", CANONICAL, 1000, 200)
    written = writer.write(MessageType.REQUEST, ("p", 0), {"operation": "x"}, ',"meta":{"timeout":5}')
    meta = {"timeout": 5}
    assert written == encode(Frame(MessageType.REQUEST, ("p", 0), "p", {"operation": "x"}, meta))


def test_an_object_of_many_fields_is_written_as_any_other() -> None:
    writer, data = (
        FrameWriter("p", CANONICAL, 10_000, 200),
        {str(number): "x" * 50 for number in range(_FEW + 1)},
    )
    written = writer.write(MessageType.RESPONSE, ("p", 0), data)
    assert written == encode(Frame(MessageType.RESPONSE, ("p", 0), "p", data))


@pytest.mark.parametrize("size", [-1, 0, 1])
def test_a_frame_is_written_up_to_the_limit_and_not_over_it(size: int) -> None:
    writer = FrameWriter("p", CANONICAL, 200, 200)
    empty = len(writer.write(MessageType.RESPONSE, ("p", 0), ""))
    text = "x" * (200 - empty + size)
    if size <= 0:
        assert len(writer.write(MessageType.RESPONSE, ("p", 0), text)) == 200 + size
    else:
        with pytest.raises(FrameTooLargeError) as caught:
            writer.write(MessageType.RESPONSE, ("p", 0), text)
        assert (caught.value.size_bytes, caught.value.limit_bytes) == (201, 200)


# -- nesting, both ways -----------------------------------------------------------------------------------


def depth_of(value: object) -> int:
    if isinstance(value, dict):
        return 1 + max(map(depth_of, value.values()), default=0)
    if isinstance(value, list):
        return 1 + max(map(depth_of, value), default=0)
    return 0


shapes = st.recursive(
    st.sampled_from([1, "[{[{[{[{", None]),
    lambda inner: st.lists(inner, max_size=20) | st.dictionaries(st.text(max_size=3), inner, max_size=20),
    max_leaves=25,
)


@given(data=shapes, meta=st.none() | st.dictionaries(st.text(max_size=3), shapes), nesting=st.integers(2, 8))
@many
def test_a_frame_is_read_exactly_where_it_is_nested_no_deeper_than_the_limit(
    data: object, meta: dict[str, Any] | None, nesting: int
) -> None:
    fields = {"type": "error", "requestId": ["p", 1], "data": data, "meta": meta, "more": data}
    message = json.dumps(fields)
    for form in (message, message.encode()):
        try:
            decode(form, nesting=nesting)
        except ProtocolError as error:
            assert depth_of(fields) > nesting
            assert str(error) == f"Invalid frame or data: nested deeper than {nesting}"  # noqa: PT017 - likewise
        else:
            assert depth_of(fields) <= nesting


@pytest.mark.parametrize("depth", [3, 4, 5])
@pytest.mark.parametrize("width", [1, 40])
def test_a_frame_is_written_exactly_where_a_reader_would_take_it(depth: int, width: int) -> None:
    data: Any = ["x"] * width
    for _ in range(depth - 1):
        data = [data, "y"]
    writer = FrameWriter("p", CANONICAL, 10_000, 5)
    if depth + 1 <= 5:
        assert decode(writer.write(MessageType.RESPONSE, ("p", 0), data), nesting=5).data == data
    else:
        with pytest.raises(ProtocolError, match="nested deeper than 5"):
            writer.write(MessageType.RESPONSE, ("p", 0), data)


def test_a_frame_of_many_fields_is_read_to_the_same_depth() -> None:
    fields: dict[str, Any] = {"type": "error", "data": [[["x"]]], **{f"field {n}": n for n in range(_FEW)}}
    message = json.dumps(fields)
    assert decode(message, nesting=4).data == [[["x"]]]
    with pytest.raises(ProtocolError, match="nested deeper than 3"):
        decode(message, nesting=3)
