"""The head of an ordinary frame says what the protocol library's own reader says, or nothing."""

from __future__ import annotations

import json

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from inspector_app.model.ordinary import fields_of, head_of
from slipstream.frames import OPENING_TYPES, read_fields

REPLACEMENTS = (*'"\\{}[]:,0.e-u', "", "\0", "\ud800", "é")
TYPES = ("request", "response", "stream_request", "stream_data", "stream_end", "error", "Stream-Data", None)
ITEM = '{"type":"stream_data","requestId":["me",7],"peerID":"they","data":%s}'

ids = st.one_of(
    st.tuples(st.sampled_from(["me", "", "x" * 128, "x" * 129]), st.sampled_from([7, 0, -1, 2**70])),
    st.sampled_from([None, [], ["me"], ["me", 7.0], ["me", "7"], ["me", True], [7, "me"], ["me", 7, 8]]),
)
values = st.sampled_from([None, 1.5, "é", '"\\', [1, {"a": []}], {"operation": "add"}, {"operation": 7}, {}])
members = {
    "type": st.sampled_from(TYPES),
    "requestId": ids,
    "peerID": st.sampled_from(["they", "", None, "x" * 128, "x" * 129, 7]),
    "data": values,
    "meta": st.sampled_from([None, {}, {"deadline": 1}, [], "meta"]),
}


@st.composite
def texts(draw: st.DrawFn) -> str:
    """A frame, or what is nearly one: members in any order, some twice or not at all, characters replaced."""
    names = draw(st.lists(st.sampled_from([*members, "type", "requestId"]), max_size=7))
    parts = [f"{json.dumps(name)}:{json.dumps(draw(members[name]))}" for name in names]
    text = "{" + ",".join(parts) + "}"
    for _ in range(draw(st.integers(0, 2))):
        place = draw(st.integers(0, len(text)))
        text = text[:place] + draw(st.sampled_from(REPLACEMENTS)) + text[place + 1 :]
    return text


def agrees(message: str | bytes) -> bool:
    """Check a head against the library's reader; tell whether there was one."""
    head = head_of(message)
    if head is None:
        return False
    told, read = fields_of(head), read_fields(message)
    assert (told[:3], told[4:]) == (read[:3], read[4:])
    if read[0] in OPENING_TYPES:
        assert told[3] == {"operation": read[3]["operation"]}
    return True


@settings(max_examples=300, deadline=None)
@given(text=texts())
@example(text=ITEM % '"\\q"')
@example(text=ITEM % "1e999")
@example(text=ITEM % "NaN")
@example(text=ITEM % '"\\ud800"')
@example(text=ITEM % ("[" * 170 + "]" * 170))
@example(text=ITEM % '1,"type":"response"')
@example(text=ITEM % '1,"requestI\\u0064":["they",8]')
@example(text=ITEM.replace("7", "7.0") % "1")
def test_a_head_is_what_the_library_reads(text: str) -> None:
    agrees(text)


@pytest.mark.parametrize(
    "frame_type",
    ["request", "response", "stream_request", "stream_stream_request", "stream_data", "stream_end"],
)
def test_ordinary_frames_have_a_head(frame_type: str) -> None:
    frame = {"type": frame_type, "requestId": ["me", 7], "peerID": "they", "data": {"operation": "add"}}
    assert agrees(json.dumps(frame))
    assert agrees(json.dumps({**frame, "meta": {"deadline": 1}, "more": [1]}, indent=1))


@pytest.mark.parametrize(
    "message",
    [
        (ITEM % "1").encode(),
        ITEM % json.dumps("x" * 400),
        ITEM % "1" + "}",
        (ITEM % "1").replace("they", "x" * 129),
        (ITEM % "1").replace("they", ""),
        (ITEM % "1").replace("stream_data", "Stream-Data"),
        (ITEM % "1").replace("stream_data", "request"),
        (ITEM % '"\ud800"'),
        "7",
        "",
    ],
)
def test_whatever_else_is_left_to_it(message: str | bytes) -> None:
    assert head_of(message) is None
