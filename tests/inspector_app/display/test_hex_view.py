"""Bytes as rows of values and characters."""

from __future__ import annotations

import pytest

from inspector_app.display.hex_view import HexLines


def text(lines: HexLines, index: int) -> str:
    return "".join(part for part, _ in lines.line(index))


def test_a_row_tells_offset_values_and_characters() -> None:
    lines = HexLines(b"GET /\x00\xff\x1b[0m and more", 47)
    assert lines.count == 3
    assert text(lines, 0) == "0000  47 45 54 20 2f 00 ff 1b  GET /..."
    assert text(lines, 2) == "0010  6d 6f 72 65              more"


@pytest.mark.parametrize(("width", "per_row"), [(200, 32), (76, 16), (50, 8), (30, 4), (3, 4)])
def test_rows_are_as_long_as_there_is_room(width: int, per_row: int) -> None:
    lines = HexLines(bytes(100), width)
    assert lines.per_row == per_row
    assert len(text(lines, 0)) <= max(width, 23)


def test_offsets_have_room_for_the_last_one() -> None:
    lines = HexLines(bytes(20_000_000), 80)
    assert text(lines, lines.count - 1).startswith("1312cf0  00")
    assert lines.line_at(19_999_999) == lines.count - 1


def test_a_place_is_seen_among_the_values_and_among_the_characters() -> None:
    lines = HexLines(b"0123456789", 40)
    assert lines.per_row == 8
    row = text(lines, 0)
    (first, last), (start, end) = lines.columns(0, 2, 4)
    assert (row[first:last], row[start:end]) == ("32 33", "23")
    (first, last), (start, end) = lines.columns(1, 2, 9)
    assert (text(lines, 1)[first:last], text(lines, 1)[start:end]) == ("38", "8")


def test_nothing_has_no_rows() -> None:
    assert HexLines(b"", 80).count == 0


def test_the_beginning_of_a_text_has_the_offsets_of_the_whole() -> None:
    data = bytes(range(256)) * 300
    assert HexLines(data[:64], 80, len(data)).line(1) == HexLines(data, 80).line(1)
