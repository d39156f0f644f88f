"""Paths with any place in them find what reading every message finds, and have few of them read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from inspector_app.capture.filter import interpreted, parse_filter, where
from inspector_app.capture.filter.json_values import fitting
from inspector_app.capture.filter.nodes import Term
from inspector_app.capture.filter.payload import VALUE_FITS, told
from tests.inspector_app.capture.filter.worlds import World

if TYPE_CHECKING:
    from inspector_app.capture.filter import Filter

_VALUES = (
    "7",
    "7.0",
    '"7"',
    '"abc"',
    '"\\u0061bc"',
    '"a\\"b"',
    "true",
    "null",
    "[7]",
    "[]",
    '"é"',
    '"\\u00e9"',
    '"x\\u0000a"',
)
_MESSAGES = (
    '{"data":[%s]}',
    '{"data":[{"a":1},{"a":%s}]}',
    '{"data":{"x":{"a":%s},"y":{"a":2}}}',
    '{"data":{"x":{"b":%s}}}',
    '{"data":{"x":{"a":[%s]}}}',
    '{"data":{"x":{"a":1,"a":%s}}}',
    '{"data":{"x":{"\\u0061":%s}}}',
    '{"other":[%s],"data":1}',
    '{"data":[%s]',
)


def read(filter_: Filter, world: World) -> list[int]:
    assert isinstance(filter_.root, Term)
    reads = fitting(told(filter_.root.path, filter_.root.test))
    return [frame["seq"] for frame in world.frames if reads(str(frame["raw"]).encode())]


def messages() -> World:
    world = World()
    for message in _MESSAGES:
        for value in _VALUES:
            world.frame(raw=message.replace("%s", value))
    return world


@pytest.mark.parametrize("path", ["data[*]", "data[*].a", "data[*].a[*]"])
@pytest.mark.parametrize("test", [">5", "7", "5..9", "abc", '"a\\"b"', "a*", "*a", "true", "é", "/b/", "*"])
def test_a_value_at_any_place_fits_as_if_each_message_were_read(path: str, test: str) -> None:
    filter_ = parse_filter(f"{path}:{test}")
    world = messages()
    assert world.fit(filter_) == read(filter_, world)


@pytest.mark.parametrize("test", [">100", "nowhere", "no*", "100..101", "true"])
def test_python_reads_no_message_in_which_no_value_fits(test: str) -> None:
    filter_ = parse_filter(f"data[*].a:{test}")
    assert not interpreted(filter_)
    connection = World().frame(raw='{"data":[{"a":7},{"a":"x"},{"a":8}],"a":500}').connection()
    asked: list[str] = []
    connection.create_function(VALUE_FITS, 2, lambda told, _raw: asked.append(told))
    sql, parameters = where(filter_, now_ns=0)
    connection.execute(f"SELECT seq FROM frames WHERE {sql}", parameters).fetchall()  # noqa: S608 - what is tested
    connection.close()
    assert not asked


@pytest.mark.parametrize(
    ("source", "by_python"),
    [
        ("text:/needle.*hay/", False),
        ("text:/needle.*hay/i", True),
        ("text:/[0-9]+/", True),
        ("data.text:/needle.*hay/", False),
        ("data.text:/[0-9]+/", True),
        ("data[*].text:*", True),
        ("data[*]:true", False),
        ("time:14:05", False),
        ("type:error (op:a or text:/a|b/)", True),
    ],
)
def test_it_is_known_whether_python_is_asked_about_most_frames(source: str, by_python: bool) -> None:
    assert interpreted(parse_filter(source)) is by_python
