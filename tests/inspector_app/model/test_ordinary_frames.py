"""Ordinary frames take a shorter way through the fold: it leads to the same rows as the full rules."""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from inspector_app.capture.records import Batch, ConnectionOpened, FrameSeen
from inspector_app.model.connection import Connection
from inspector_app.model.fold import Fold
from slipstream.exchanges import Step
from slipstream.frames import Fields, Frame
from tests.inspector_app.model.talk import ME, THEY

Said = tuple[str, str, str | None, int | None, str | None, str | None]
"""Direction, type, opener, number, sender, operation."""

TYPES = (
    "request",
    "response",
    "stream_request",
    "stream_stream_request",
    "stream_data",
    "stream_end",
    "error",
    "fire_and_forget",
    "Stream-Data",
    "nonsense",
)

WAYS = st.sampled_from(["in", "out"])
anything: st.SearchStrategy[Said] = st.tuples(
    WAYS,
    st.sampled_from(TYPES),
    st.sampled_from([ME, THEY, "other", None]),
    st.sampled_from([0, 1, 2, 3, -1, 2**53]),
    st.sampled_from([ME, THEY, "other", None]),
    st.sampled_from(["add", None]),
)


def said(direction: str, type_: str, opener: str, number: int) -> Said:
    """A frame that names who sends it."""
    return direction, type_, opener, number, ME if direction == "out" else THEY, "add"


def opening(type_: str, opener: str, number: int) -> Said:
    """A frame that opens an exchange, as it should be."""
    return said("out" if opener == ME else "in", type_, opener, number)


openings = st.builds(
    opening, st.sampled_from([TYPES[0], *TYPES[:4]]), st.sampled_from([ME, THEY]), st.integers(0, 3)
)
following = st.builds(
    said,
    WAYS,
    st.sampled_from(["response", "response", "stream_data", "stream_data", "stream_end", "error"]),
    st.sampled_from([ME, THEY]),
    st.integers(0, 1),
)
in_another_name = st.tuples(st.one_of(following, openings), st.sampled_from([ME, THEY, None])).map(
    lambda drawn: (*drawn[0][:4], drawn[1], drawn[0][5])
)
talks = st.tuples(
    st.lists(openings, min_size=1, max_size=4),
    st.lists(st.one_of(following, following, openings, in_another_name, anything), max_size=20),
).map(lambda parts: [*parts[0], *parts[1]])


MET = [opening("request", ME, 0), said("in", "response", ME, 0), opening("request", THEY, 0)]
"""Both sides have named themselves."""


def batches(talk: list[Said], *, introduced: bool) -> list[Batch]:
    fold = Fold()
    if introduced:
        fold.apply(ConnectionOpened(conn=1, time_ns=1, role="client", address="", local_peer=ME))
    made = []
    for time_ns, (direction, type_, opener, number, sender, operation) in enumerate(talk, 2):
        frame: dict[str, Any] = {"type": type_, "peerID": sender, "data": {"operation": operation}}
        if opener is not None:
            frame["requestId"] = [opener, number]
        way: Any = direction
        fold.apply(FrameSeen(conn=1, time_ns=time_ns, direction=way, raw=json.dumps(frame)))
        made.append(fold.take())
    return made


def by_the_full_rules(self: Connection, fields: Fields, size_bytes: int, *, incoming: bool) -> Step:
    return self._any_step(Frame(*fields), size_bytes, incoming=incoming)


@settings(max_examples=400, deadline=None)
@given(talk=talks, introduced=st.booleans())
@example(
    talk=[*MET, opening("stream_request", ME, 1), ("in", "stream_data", ME, 1, ME, None)], introduced=True
)
@example(talk=[*MET, ("out", "request", THEY, 1, THEY, "add")], introduced=True)
@example(
    talk=[*MET, ("in", "request", ME, 1, ME, "add"), ("in", "request", ME, 2, ME, "add")], introduced=True
)
@example(
    talk=[("in", "request", THEY, 0, None, "add"), ("in", "request", THEY, 1, THEY, "add")], introduced=True
)
def test_the_shorter_way_leads_to_the_same_rows(talk: list[Said], *, introduced: bool) -> None:
    shorter = batches(talk, introduced=introduced)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Connection, "step", by_the_full_rules)
        patch.setattr(sys.modules[Fold.__module__], "head_of", lambda _: None)
        full = batches(talk, introduced=introduced)
    assert shorter == full


def test_most_frames_of_a_good_talk_take_it(monkeypatch: pytest.MonkeyPatch) -> None:
    by_full_rules: list[Frame] = []
    any_step = Connection._any_step

    def counted(self: Connection, frame: Frame, size_bytes: int, *, incoming: bool) -> Step:
        by_full_rules.append(frame)
        return any_step(self, frame, size_bytes, incoming=incoming)

    monkeypatch.setattr(Connection, "_any_step", counted)
    talk: list[Said] = []
    for number in range(3):
        talk.append(("out", "request", ME, number, ME, "add"))
        talk.append(("in", "response", ME, number, THEY, None))
    talk.append(("out", "stream_request", ME, 3, ME, "add"))
    talk += [("in", "stream_data", ME, 3, THEY, None)] * 9
    talk.append(("in", "stream_end", ME, 3, THEY, None))
    batches(talk, introduced=True)
    assert by_full_rules == []
