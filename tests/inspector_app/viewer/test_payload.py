import json
from pathlib import Path

import pytest

from inspector_app.payload_path import steps_of
from inspector_app.viewer.payload import MOST_BYTES, PathValues, value_at
from tests.inspector_app.recordings import Recording
from tests.inspector_app.viewer.views import open_view

FRAME = (
    '{"type": "response", "data": {"user": {"id": 4200000000000000000000001, "name": "Ada \\u00e9"},'
    ' "price": 1.50,'
    ' "ok": true, "none": null, "items": [{"name": "a"}, {"name": "b"}], "a.b": {"c d": 7}, "empty": ""}}'
)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("data.user.id", "4200000000000000000000001"),
        ("data.user.name", "Ada é"),
        ("data.price", "1.50"),
        ("data.ok", "true"),
        ("data.none", "null"),
        ("data.items[1].name", "b"),
        ("data.items[-1].name", "b"),
        ('data."a.b"."c d"', "7"),
        ("data.user.nobody", ""),
        ("data.items[9]", ""),
        ("data.items.name", ""),
        ("data.price.more", ""),
        ("data.empty", ""),
        ("data..x", ""),
    ],
)
def test_a_path_gives_its_value_as_it_was_written(path: str, value: str) -> None:
    assert value_at(FRAME, path)[0] == value_at(FRAME.encode(), path)[0] == value


def test_an_object_is_shown_by_its_beginning() -> None:
    assert value_at(FRAME, "data.items")[0].startswith('[{"name": "a"}')
    long = json.dumps({"data": {"x": ["y" * 100] * 100, "t": "z" * 5000}})
    assert len(value_at(long, "data.x")[0]) <= 400
    assert len(value_at(long, "data.t")[0]) <= 400


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "no json",
        "[1, 2]",
        '"text"',
        '{"data": ',
        b"\xff\xfe",
        "[" * 100_000,
        '{"data":' * 50_000,
        "\ud800",
    ],
)
def test_what_is_no_frame_gives_nothing(raw: str | bytes) -> None:
    assert value_at(raw, "data.x") == ("", "")


def test_a_path_without_end_is_no_path() -> None:
    with pytest.raises(ValueError, match="data"):
        steps_of("data" + ".x" * 1000)


def test_values_are_read_once_and_a_frame_that_is_too_long_is_not_read(tmp_path: Path) -> None:
    recording = Recording(tmp_path).connect().request(0, id=7).request(1, id=8, more="x" * MOST_BYTES)
    view = open_view(recording.close())
    values, reader = PathValues(), view.reader
    assert reader is not None
    first, long = reader.frames(1, 2)
    assert values.cell(reader, first, "data.id")[0] == "7"
    assert values.cell(reader, long, "data.id")[0] == "(too long)"
    reader.close()
    assert values.cell(reader, first, "data.id")[0] == "7"
