"""The layout of a capture, as anyone meets it with an SQL tool."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from inspector_app.capture.records import Batch
from inspector_app.capture.schema import APPLICATION_ID, COLUMNS, FORMAT_VERSION, TABLES, statements
from tests.inspector_app.capture import samples


def query(path: Path, statement: str) -> list[tuple[Any, ...]]:
    connection = sqlite3.connect(path)
    try:
        return connection.execute(statement).fetchall()
    finally:
        connection.close()


def test_a_capture_is_marked_with_its_kind_and_version(tmp_path: Path) -> None:
    path = samples.capture(tmp_path)
    assert query(path, "PRAGMA application_id") == [(APPLICATION_ID,)]
    assert query(path, "PRAGMA user_version") == [(FORMAT_VERSION,)]


def test_a_finished_capture_needs_no_log_beside_it(tmp_path: Path) -> None:
    assert query(samples.capture(tmp_path), "PRAGMA journal_mode") == [("delete",)]


def test_every_table_has_the_columns_of_its_row(tmp_path: Path) -> None:
    path = samples.capture(tmp_path)
    extra = {"frames": {"raw"}, "exchanges": {"ending"}, "totals": {"one"}}
    for table, columns in COLUMNS.items():
        there = {name for _, name, *_ in query(path, f"PRAGMA table_info({table})")}
        assert there == set(columns) | extra.get(table, set())


def test_every_table_is_made(tmp_path: Path) -> None:
    path = samples.capture(tmp_path)
    assert {name for (name,) in query(path, "SELECT name FROM sqlite_master WHERE type = 'table'")} == set(
        TABLES
    )


def test_no_statement_is_cut_in_two() -> None:
    assert all(re.match(r"(CREATE (TABLE|INDEX|VIEW)|PRAGMA) ", statement) for statement in statements())


def test_the_log_shows_frames_with_a_readable_time(tmp_path: Path) -> None:
    path = samples.capture(tmp_path, samples.frames("{}"))
    assert query(path, "SELECT seq, time, direction, type, opener, operation, summary, raw FROM log") == [
        (1, "2026-11-22T11:20:33.123456790Z", "out", "request", samples.ME, "add", "{a: 1}", "{}")
    ]


@pytest.mark.parametrize(
    ("raw", "summary"),
    [
        ('{"data": {"a": [1, "x"]}}', '{"a":[1,"x"]}'),
        ('{"data": null}', None),
        ("no frame", "no frame"),
        (b"{}", b"{}"),
        (b"\xff" * 300, b"\xff" * 200),
    ],
)
def test_the_log_shows_the_data_of_a_message_without_a_summary(
    tmp_path: Path, raw: str | bytes, summary: str | bytes | None
) -> None:
    batch = samples.frames(raw)
    batch.frames = [row._replace(summary=None) for row in batch.named_frames()]
    assert query(samples.capture(tmp_path, batch), "SELECT summary FROM log") == [(summary,)]


def test_the_calls_show_exchanges_with_their_duration(tmp_path: Path) -> None:
    path = samples.capture(tmp_path, samples.exchanges(samples.ended(samples.EXCHANGE, 1_500_000)))
    assert query(path, "SELECT direction, opener, operation, outcome, duration_ms, opened FROM calls") == [
        ("out", samples.ME, "add", "ok", 1.5, "2026-11-22T11:20:33.123456789Z")
    ]


def test_text_is_text_and_a_binary_message_is_a_blob(tmp_path: Path) -> None:
    path = samples.capture(tmp_path, samples.frames("text", b"\xff"))
    assert query(path, "SELECT typeof(raw) FROM frames ORDER BY seq") == [("text",), ("blob",)]


def test_schemas_are_json_that_sql_can_look_into(tmp_path: Path) -> None:
    path = samples.capture(tmp_path, Batch(operations={1: [samples.OPERATION]}))
    assert query(path, "SELECT json_extract(params, '$.type') FROM operations") == [("object",)]
