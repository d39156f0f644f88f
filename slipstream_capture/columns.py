"""What each table has for columns: where their values come from, and of what kind they are.

This module owns names, kinds and queries. It runs none. The names are those of the views in
docs/capture-format.md; times are integer nanoseconds in the queries.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from inspector_app.capture.schema import OPENER

Kind = Literal["integer", "real", "text", "time", "flag"]


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name, its kind, and the SQL that gives it."""

    name: str
    kind: Kind
    sql: str


@dataclass(frozen=True, slots=True)
class Source:
    """Where the rows of a table come from."""

    table: str
    order: str
    columns: tuple[Column, ...]

    def query(self, what: str, condition: str) -> str:
        """Give the query for `what` of the rows that meet a condition."""
        return f"SELECT {what} FROM {self.table} WHERE {condition}"  # noqa: S608 - parts of our own

    def rows(self, condition: str) -> str:
        """Give the query for all columns of the rows that meet a condition, in order."""
        return (
            f"{self.query(', '.join(column.sql for column in self.columns), condition)} ORDER BY {self.order}"
        )


def _columns(**kinds: str) -> tuple[Column, ...]:
    """Read `name="kind"` or `name="kind sql"`."""
    found = []
    for name, told in kinds.items():
        kind, _, sql = told.partition(" ")
        found.append(Column(name, kind, sql or name))  # type: ignore[arg-type]  # each is one of `Kind`, below
    return tuple(found)


FRAMES = Source(
    "frames",
    "seq",
    _columns(
        seq="integer",
        time="time time_ns",
        conn="integer",
        direction="text",
        type="text",
        opener=f"text {OPENER}",
        number="integer",
        exchange="integer",
        operation="text",
        size_bytes="integer",
        latency_ms="real latency_ns / 1e6",
        findings="integer",
        binary="flag",
        raw="text",
    ),
)
EXCHANGES = Source(
    "exchanges",
    "id",
    _columns(
        id="integer",
        opened="time opened_ns",
        conn="integer",
        direction="text CASE WHEN mine THEN 'out' ELSE 'in' END",
        kind="text",
        operation="text",
        outcome="text",
        code="text",
        message="text",
        state="text",
        duration_ms="real (ended_ns - opened_ns) / 1e6",
        items_in="integer",
        items_out="integer",
        bytes_in="integer",
        bytes_out="integer",
        opener=f"text {OPENER}",
        number="integer",
        opened_seq="integer",
        ended_seq="integer",
    ),
)
CONNECTIONS = Source(
    "connections",
    "conn",
    _columns(
        conn="integer",
        opened="time opened_ns",
        role="text",
        address="text",
        local_peer="text",
        remote_peer="text",
        state="text",
        changed="time changed_ns",
        code="integer",
        reason="text",
    ),
)
FINDINGS = Source(
    "findings",
    "id",
    _columns(
        id="integer",
        time="time time_ns",
        conn="integer",
        seq="integer",
        exchange="integer",
        rule="text",
        section="text",
        text="text",
    ),
)
NOTES = Source(
    "notes",
    "id",
    _columns(
        id="integer", time="time time_ns", conn="integer", level="text", text="text", after_seq="integer"
    ),
)
MARKS = Source("marks", "seq", _columns(seq="integer", marked="time made_ns", note="text"))
NO_MARKS = replace(MARKS, table="(SELECT 0 AS seq, 0 AS made_ns, '' AS note WHERE 0)")
"""For captures of a format that had none."""
