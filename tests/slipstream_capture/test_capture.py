"""Captures as tables: what is in them, for whom, and what a stranger's capture can do."""

from __future__ import annotations

import json
import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from html.parser import HTMLParser
from pathlib import Path

import pytest

from slipstream_capture import Capture, CaptureError, MissingPackageError
from tests.inspector_app.capture import samples
from tests.inspector_app.capture.old_formats import format_1
from tests.inspector_app.recordings import ME, START_NS
from tests.slipstream_capture.conftest import HOSTILE

WITHOUT = "is not installed: `pip install 'slipstream-inspector[notebook]'` brings it"


class Shown(HTMLParser):
    """Tags, attributes and text of a piece of HTML."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.text += data


def test_frames_are_rows_in_their_order(talk: Path) -> None:
    with Capture(talk) as capture:
        frames = capture.frames()
        rows = list(frames)
    assert [row["seq"] for row in rows] == [1, 2, 3, 4, 5]
    assert rows[1] == {
        "seq": 2,
        "time": START_NS + 50_000_000,
        "conn": 1,
        "direction": "in",
        "type": "response",
        "opener": ME,
        "number": 0,
        "exchange": 1,
        "operation": "get_quote",
        "size_bytes": len(rows[1]["raw"]),
        "latency_ms": 10.0,
        "findings": 0,
        "binary": False,
        "raw": rows[1]["raw"],
    }
    assert json.loads(rows[1]["raw"])["data"] == {"price": 4}
    assert (rows[4]["raw"], rows[4]["binary"]) == ("\\xff{}", True)


def test_a_table_knows_its_length_its_columns_and_its_head(talk: Path) -> None:
    with Capture(talk) as capture:
        assert len(capture) == len(capture.frames()) == 5
        assert [row["seq"] for row in capture.frames().head(2)] == [1, 2]
        assert set(capture.exchanges().to_dict()) == set(capture.exchanges().columns)
        assert repr(capture) == "<Capture 'talk.capture': 5 frames>"
        assert repr(capture.marks()) == "<Table marks: 1 rows>"


def test_every_table_is_there(talk: Path) -> None:
    with Capture(talk) as capture:
        assert [row["outcome"] for row in capture.exchanges()] == ["ok", "pending"]
        assert [row["duration_ms"] for row in capture.exchanges()] == [10.0, None]
        assert [row["state"] for row in capture.connections()] == ["CONNECTED"]
        assert [row["rule"] for row in capture.findings()] == ["bad_frame"] * 2
        assert [row["text"] for row in capture.notes()] == ["a gap"]
        assert [(row["seq"], row["note"]) for row in capture.marks()] == [(3, "look here")]
        assert capture.meta["software"] == "tests"


def test_an_empty_table_has_columns_and_no_rows(tmp_path: Path) -> None:
    with Capture(samples.capture(tmp_path)) as capture:
        assert list(capture.frames()) == []
        assert capture.notes().to_dict() == {name: [] for name in capture.notes().columns}
        assert "0 of 0 rows" in capture.frames().html()


def test_a_capture_of_format_1_gives_the_same(tmp_path: Path) -> None:
    with Capture(format_1(tmp_path / "old.capture", samples.frames("a", "b"))) as capture:
        assert [(row["raw"], row["opener"]) for row in capture.frames()] == [
            ("a", samples.ME),
            ("b", samples.ME),
        ]
        assert list(capture.marks()) == []


def test_many_rows_come_in_portions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("slipstream_capture.table._PORTION", 3)
    with Capture(samples.capture(tmp_path, samples.frames(*"abcdefgh"))) as capture:
        assert [row["raw"] for row in capture.frames()] == list("abcdefgh")
        assert capture.frames().to_dict()["raw"] == list("abcdefgh")


def test_a_filter_takes_what_meets_it(talk: Path) -> None:
    with Capture(talk) as capture:
        assert [row["seq"] for row in capture.frames("type:request")] == [1, 3]
        assert len(capture.frames("op:login or type:response")) == 2
        assert list(capture.frames("op:nobody")) == []


def test_what_is_no_filter_is_told(talk: Path) -> None:
    with Capture(talk) as capture, pytest.raises(ValueError, match="such as 10kb"):
        capture.frames("size:>much")


# -- pandas and polars


def test_pandas_gets_typed_columns(talk: Path) -> None:
    pandas = pytest.importorskip("pandas", reason=f"pandas {WITHOUT}")
    with Capture(talk) as capture:
        frames, calls = capture.frames().to_pandas(), capture.exchanges().to_pandas()
    assert frames["time"][0] == pandas.Timestamp(START_NS + 40_000_000, unit="ns", tz="UTC")
    assert frames["exchange"].tolist()[:3] == [1, 1, 2]
    assert frames["exchange"].isna().tolist() == [False, False, False, True, True]
    assert calls.groupby("operation")["duration_ms"].max()["get_quote"] == 10.0
    assert str(frames.dtypes["time"]) == "datetime64[ns, UTC]"
    assert str(frames.dtypes["binary"]) == "boolean"


def test_polars_gets_typed_columns(talk: Path) -> None:
    polars = pytest.importorskip("polars", reason=f"polars {WITHOUT}")
    with Capture(talk) as capture:
        frames = capture.frames().to_polars()
        empty = capture.findings().to_polars().clear()
    assert frames.schema["time"] == polars.Datetime("ns", "UTC")
    assert frames["exchange"].to_list() == [1, 1, 2, None, None]
    assert frames.filter(polars.col("type") == "response")["latency_ms"].to_list() == [10.0]
    assert empty.schema["seq"] == polars.Int64


def test_an_empty_capture_gives_empty_frames_of_the_same_types(tmp_path: Path) -> None:
    pytest.importorskip("pandas", reason=f"pandas {WITHOUT}")
    pytest.importorskip("polars", reason=f"polars {WITHOUT}")
    with Capture(samples.capture(tmp_path)) as capture:
        assert str(capture.frames().to_pandas().dtypes["time"]) == "datetime64[ns, UTC]"
        assert len(capture.frames().to_polars()) == 0


def test_text_with_half_a_pair_goes_into_both(tmp_path: Path) -> None:
    pytest.importorskip("pandas", reason=f"pandas {WITHOUT}")
    pytest.importorskip("polars", reason=f"polars {WITHOUT}")
    with Capture(samples.capture(tmp_path, samples.frames('half "\ud83d"'))) as capture:
        shown = 'half "\\xed\\xa0\\xbd"'
        assert capture.frames().to_pandas()["raw"].tolist() == [shown]
        assert capture.frames().to_polars()["raw"].to_list() == [shown]


@pytest.mark.parametrize("name", ["pandas", "polars"])
def test_without_a_package_it_says_what_to_install(
    talk: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setitem(sys.modules, name, None)
    with Capture(talk) as capture, pytest.raises(MissingPackageError, match=f"pip install {name}"):
        getattr(capture.frames(), f"to_{name}")()


def test_importing_it_needs_neither_them_nor_the_terminal() -> None:
    told = subprocess.run(
        [sys.executable, "-c", "import sys, slipstream_capture; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert not {"pandas", "polars", "textual", "rich", "websockets"} & set(told.stdout.split())


# -- in a notebook, and with a capture from a stranger


def test_a_capture_shows_itself_as_a_table(talk: Path) -> None:
    with Capture(talk) as capture:
        shown = Shown(capture._repr_html_())
    assert "talk.capture" in shown.text
    assert "5 frames, 2 exchanges, 1 connections, 2 findings" in shown.text
    assert "2026-11-22T11:20:00.040000000Z" in shown.text
    assert "5 of 5 rows" in shown.text


def test_nothing_in_it_is_live(talk: Path) -> None:
    with Capture(talk) as capture:
        html = capture._repr_html_() + capture.notes().html()
    shown = Shown(html)
    assert shown.tags <= {"div", "p", "b", "br", "table", "thead", "tbody", "tr", "th", "td", "span"}
    assert shown.attributes == {"class"}
    assert HOSTILE[:25] in shown.text
    assert "\x1b" not in html
    assert "\u202e" not in html
    assert re.search(r"[$\\](?!</span>)", html) is None


def test_a_table_in_a_notebook_is_short(tmp_path: Path) -> None:
    with Capture(samples.capture(tmp_path, samples.frames(*["x" * 100_000] * 50))) as capture:
        html = capture.frames()._repr_html_()
    assert len(html) < 20_000
    assert "20 of 50 rows" in html


def test_what_is_no_capture_is_told_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(CaptureError, match="There is no file"):
        Capture(tmp_path / "none")


@pytest.mark.parametrize(
    "change", ["size_bytes = 'large'", "findings = 0.5", "time_ns = 'x'", "type = CAST(x'ff' AS TEXT)"]
)
def test_values_that_no_recording_makes_are_told_in_a_sentence(talk: Path, change: str) -> None:
    with closing(sqlite3.connect(talk)) as connection:
        connection.execute(f"UPDATE frames SET {change} WHERE seq = 1")  # noqa: S608 - text of our own
        connection.commit()
    with Capture(talk) as capture, pytest.raises(CaptureError):
        capture.frames().to_dict()


def test_a_time_beyond_all_calendars_is_shown_as_a_number(talk: Path) -> None:
    with closing(sqlite3.connect(talk)) as connection:
        connection.execute("UPDATE frames SET time_ns = 9223372036854775807 WHERE seq = 1")
        connection.execute("UPDATE notes SET time_ns = -9223372036854775807")
        connection.commit()
    with Capture(talk) as capture:
        assert "2262-" in capture.frames().html()
        assert "1677-" in capture.notes().html()
