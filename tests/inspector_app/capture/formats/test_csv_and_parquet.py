"""Tables for other programs: CSV that is only ever text, and Parquet where its extra is installed."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from inspector_app.capture.formats.csv_out import COLUMNS, defused
from tests.inspector_app.capture.formats.exports import exported, hostile
from tests.inspector_app.recordings import Recording


def table(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def test_a_row_tells_a_frame(tmp_path: Path) -> None:
    row, answer = table(exported(Recording(tmp_path).connect().calls(1).close(), "csv"))
    assert tuple(row) == COLUMNS
    assert (row["seq"], row["direction"], row["type"], row["operation"]) == (
        "1",
        "out",
        "request",
        "get_quote",
    )
    assert row["time"] == "2026-11-22T11:20:00.040000000Z"
    assert answer["latency_ms"] == "10.0"
    assert answer["raw"].startswith('{"type": "response"')


@pytest.mark.parametrize("sign", [*"=+-@\t\r\n|%", "\uff1d", "\uff0b", "\uff0d", "\uff20", "\u2212"])
@pytest.mark.parametrize("before", ["", " ", "\u00a0", "\ufeff", "\u200b\u3000"])
def test_what_a_spreadsheet_would_calculate_is_text(sign: str, before: str) -> None:
    text = f"{before}{sign}HYPERLINK(1)"
    assert defused(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "a=1", '{"a": -1}', "1-2", "''", "x@y"])
def test_what_is_no_formula_stays(text: str) -> None:
    assert defused(text) == text


def test_no_cell_that_came_over_the_wire_begins_a_formula(tmp_path: Path) -> None:
    formula = '=cmd|"/c calc"!A0'
    recording = Recording(tmp_path).raw("in", formula).raw("in", f"\t{formula}".encode())
    capture = recording.request(1, formula).frame("in", "request", 2, {}, opener=formula).close()
    for row in table(exported(capture, "csv")):
        assert not any(row[name].startswith(("=", "\t")) for name in ("raw", "operation", "opener"))


def test_line_breaks_quotes_and_what_is_no_text_survive_as_text(tmp_path: Path) -> None:
    capture = Recording(tmp_path).raw("in", 'a "b"\r\nc,\ud800\0').raw("in", b"\xff,1").close()
    assert [row["raw"] for row in table(exported(capture, "csv"))] == ['a "b"\r\nc,\\ud800\u2400', "\\xff,1"]


def test_nothing_in_a_table_drives_a_terminal(tmp_path: Path) -> None:
    capture = Recording(tmp_path).request(1, "\x1b]52;c;x\x07").raw("in", "a\x9b31m\x7f\tb").close()
    (call, text) = table(exported(capture, "csv"))
    assert (call["operation"], text["raw"]) == ("\u241b]52;c;x\u2407", "a\ufffd31m\u2421\tb")


def test_parquet_holds_every_frame_with_its_types(tmp_path: Path) -> None:
    parquet = pytest.importorskip(
        "pyarrow.parquet", reason="pyarrow is not installed: pip install -e '.[parquet]' brings it"
    )
    data = exported(hostile(tmp_path), "parquet")
    found = parquet.read_table(io.BytesIO(data)).to_pylist()
    assert [row["seq"] for row in found] == [1, 2, 3, 4, 5]
    assert found[0]["type"] == "request"
    assert found[0]["time"].isoformat() == "2026-11-22T11:20:00.040000+00:00"
    assert (found[3]["raw"], found[4]["raw"]) == (None, None)
    assert b"\xed\xa0\x80" in found[3]["data"]
    answered = Recording(tmp_path, "two.capture").calls(1).close()
    (_, answer) = parquet.read_table(io.BytesIO(exported(answered, "parquet"))).to_pylist()
    assert answer["latency_ns"] == 10_000_000
