"""What an index tells of a filter leaves out no frame that fits."""

from __future__ import annotations

from contextlib import closing

import pytest
from hypothesis import given

from inspector_app.capture.filter import narrowings, parse_filter
from tests.inspector_app.capture.filter.reference import fits
from tests.inspector_app.capture.filter.test_generated import _SLOWLY, FILTERS, worlds
from tests.inspector_app.capture.filter.worlds import MS, NOW_NS, World

WORLD = (
    World()
    .exchange(1, outcome="ok")
    .exchange(2, outcome="error", code="not_found")
    .exchange(3, kind="request_stream")
    .frame(exchange=1, operation="order.get")
    .frame(exchange=1, operation="order.get", type="response", latency_ns=250 * MS)
    .frame(exchange=2, operation="order.make")
    .frame(exchange=2, operation="order.make", type="error", latency_ns=5 * MS)
    .frame(exchange=3, operation=None, type="stream_request")
    .frame(type=None, operation=None, raw="nonsense", findings=1)
    .frame(type="fire_and_forget", operation="log")
)
WORLD.findings += [(6, "data_after_end")]
WORLD.marks.update({1: "", 7: "look"})


def listed(world: World, source: str) -> list[list[int]]:
    """Give what each narrowing of a filter lists."""
    with closing(world.connection()) as connection:
        return [
            sorted({seq for (seq,) in connection.execute(sql, parameters)})
            for sql, parameters in narrowings(parse_filter(source))
        ]


@pytest.mark.parametrize(
    ("source", "seqs"),
    [
        ("type:error", [[4]]),
        ("type:invalid", [[6]]),
        ("op:order.get", [[1, 2]]),
        ("op:order.*", [[1, 2, 3, 4]]),
        ("op:/make$/", [[3, 4]]),
        ("exchange:2", [[3, 4]]),
        ("status:error", [[3, 4]]),
        ("code:not_*", [[3, 4]]),
        ("kind:stream", [[5]]),
        ("unanswered", [[5]]),
        ("answered", [[1, 2, 3, 4]]),
        ("answered:>200ms", [[1, 2]]),
        ("finding:*", [[6]]),
        ("marked", [[1, 7]]),
        ("note:look", [[1, 7]]),
        ("status:error dir:in x", [[3, 4]]),
        ("marked status:error", [[1, 7], [3, 4]]),
        ("status:error or finding:*", [[3, 4, 6]]),
        ("type:error or finding:* or marked", [[1, 4, 6, 7]]),
        ("--status:error", [[3, 4]]),
    ],
)
def test_an_index_lists_the_frames_that_may_fit(source: str, seqs: list[list[int]]) -> None:
    assert listed(WORLD, source) == seqs


@pytest.mark.parametrize(
    "source",
    ["x", "data.a:1", "-status:error", "status:error or x", "op:*", "size:>1kb", "exchange:1..3", ""],
)
def test_what_takes_a_look_at_every_frame_is_listed_by_nothing(source: str) -> None:
    assert listed(WORLD, source) == []


@_SLOWLY
@given(worlds(), FILTERS)
def test_no_frame_that_fits_is_left_out(world: World, source: str) -> None:
    fit = fits(parse_filter(source), world, NOW_NS)
    assert all(set(seqs) >= set(fit) for seqs in listed(world, source))
