"""Frames against generated input: one claim each, over everything that hypothesis can think of."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from slipstream.errors import ProtocolError
from slipstream.frames import Frame, FrameModel, MessageType, decode, encode, validate_incoming_frame
from tests.slipstream.generated import any_text, fields, mutants, right, values

many = settings(max_examples=300, deadline=None)

frames = st.builds(
    Frame,
    st.sampled_from(MessageType),
    st.none() | st.tuples(st.text(max_size=128), st.integers(0, 2**53 - 1)),
    st.text(min_size=1, max_size=128),
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats(allow_nan=False, allow_infinity=False)
        | any_text,
        lambda inner: st.lists(inner) | st.dictionaries(any_text, inner),
        max_leaves=8,
    ),
    st.none() | st.dictionaries(st.text(), st.integers() | st.text()),
)


def _same(one: object, other: object) -> bool:
    """Equal, where NaN equals NaN."""
    if isinstance(one, float) and isinstance(other, float) and math.isnan(one):
        return math.isnan(other)
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(_same, one, other))
    return one == other and type(one) is type(other)


@pytest.mark.parametrize("read", [decode, validate_incoming_frame], ids=["decode", "validate"])
@given(message=any_text | st.binary())
@example(message='{"type":"error","data":"\ud83d"}')
@many
def test_nothing_but_a_protocol_error_comes_of_any_text_or_bytes(
    read: Callable[[Any], object], message: str | bytes
) -> None:
    try:
        read(message)
    except ProtocolError as error:
        assert str(error).startswith("Invalid frame or data: ")  # noqa: PT017 - either outcome is right


@pytest.mark.parametrize("ascii_only", [True, False])
@given(written=fields | mutants)
@many
def test_decode_takes_and_refuses_what_the_model_does(ascii_only: bool, written: dict[str, Any]) -> None:
    message = json.dumps(written, ensure_ascii=ascii_only)
    expected: FrameModel | None
    try:
        message.encode()
        expected = FrameModel.model_validate(json.loads(message))
    except (ValidationError, UnicodeEncodeError):
        expected = None
    try:
        found = decode(message)
    except ProtocolError as error:
        assert expected is None, error  # noqa: PT017 - either outcome is right
        with pytest.raises(ProtocolError):
            validate_incoming_frame(message)
        return
    assert expected is not None
    for model in (expected, validate_incoming_frame(message)):
        assert found.type is model.type
        assert found.request_id == model.requestId
        assert found.peer_id == model.peerID
        assert _same(found.data, model.data)
        assert _same(found.meta, model.meta)
    assert found.spelled == written["type"]


@given(frame=frames)
@many
def test_what_is_written_is_read_as_the_same_frame(frame: Frame) -> None:
    written = encode(frame)
    again = decode(written)
    frame.spelled = frame.type.value
    assert again == frame
    assert decode(written.encode()) == frame
    assert encode(again) == written


@given(frame=frames, data=values)
@many
def test_what_is_written_is_ascii_and_strict_json(frame: Frame, data: object) -> None:
    frame.data = data
    try:
        written = encode(frame)
    except ProtocolError:
        return

    def refuse(name: str) -> None:
        raise AssertionError(name)

    assert written.isascii()
    assert "\n" not in written
    assert isinstance(json.loads(written, parse_constant=refuse), dict)


@given(start=st.integers(0, 200), stop=st.integers(0, 200), junk=st.binary(max_size=4))
@many
def test_a_frame_cut_and_mended_at_random_is_refused_or_read(start: int, stop: int, junk: bytes) -> None:
    message = json.dumps({**right, "data": {"operation": "é\ud83d", "n": [1.5, None]}}).encode()
    try:
        decode(message[:start] + junk + message[stop:])
    except ProtocolError as error:
        assert str(error).startswith("Invalid frame or data: ")  # noqa: PT017 - either outcome is right
