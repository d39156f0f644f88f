"""Numbers in payloads that are told by their digits, without reading the message, are told right."""

from __future__ import annotations

import pytest

from inspector_app.capture.filter import parse_filter
from inspector_app.capture.filter.json_values import fitting
from inspector_app.capture.filter.nodes import Term
from inspector_app.capture.filter.payload import told
from tests.inspector_app.capture.filter.worlds import World

_NUMBERS = (
    "0",
    "-0.0",
    "7",
    "990",
    "991",
    "-991",
    "990.5",
    "9.9e2",
    "991e0",
    "99E1",
    "1e3",
    "1e-3",
    "1e400",
    "-1e400",
    "9007199254740992",
    "9007199254740993",
    "9223372036854775807",
    "9223372036854775808",
    "0.1",
    "true",
    "false",
    "null",
    '"991"',
    "[991]",
    '{"id":991}',
)
_MESSAGES = (
    '{"data":{"id":%s}}',
    '{"data":{"id" :%s}}',
    '{"data":{"id":\t\n%s}}',
    '{"1000":1,"data":{"id" : %s}}',
    '{"id":5,"data":{"id":%s}}',
    '{"data":{"id":%s},"id":5}',
    '{"data":{"valid":%s}}',
    '{"data":{"x":{"id":%s}}}',
    '{"data":{"id":1,"id":%s}}',
    '{"data":{"\\u0069d":%s}}',
    '{"id":5,"data":{"i\\u0064":%s}}',
    '{"data":{"text":"\\"id\\":%s"}}',
    '{"data":{"id":%s',
    '\0{"data":{"id":%s}}',
)
_TESTS = (
    *(">990", ">=990", "<990", "<=990", ">990.5", ">0", "<1", ">=-1", "<=-991", "990..991", "-5..5"),
    *(">9007199254740992", "<9007199254740993", ">=9223372036854775807", ">1e300", "<0.1", ">=0.1"),
)


@pytest.mark.parametrize("test", _TESTS)
@pytest.mark.parametrize("path", ["data.id", "data.x.id", "data[*].id"])
def test_a_number_fits_as_if_each_message_were_read(path: str, test: str) -> None:
    filter_ = parse_filter(f"{path}:{test}")
    assert isinstance(filter_.root, Term)
    reads = fitting(told(filter_.root.path, filter_.root.test))
    world = World()
    fit: list[int] = []
    raws = (message.replace("%s", number) for message in _MESSAGES for number in _NUMBERS)
    for seq, raw in enumerate(raws, 1):
        world.frame(raw=raw, type=None if "\0" in raw else "request")
        if reads(raw.encode()):
            fit.append(seq)
    assert world.fit(filter_) == fit
