"""Picking frames out of a capture by number: which ones a selection takes, and reading them in portions.

Owns the queries for that, and bounds what is held at a time. It mistrusts what it reads, as `reader` does.
"""

from __future__ import annotations

import json
import time
from array import array
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby, repeat
from typing import TYPE_CHECKING, Any, NamedTuple

from inspector_app.capture import rows
from inspector_app.capture.errors import CaptureError

if TYPE_CHECKING:
    from inspector_app.capture.reader import CaptureReader
    from inspector_app.capture.records import Direction

PORTION = 500
"""Most frames that are held at a time."""

_PORTION_BYTES = 8 * 1024 * 1024
_COLUMNS = (
    "seq, time_ns, conn, direction, type, opener, number, exchange, operation, size_bytes, latency_ns, "
    "findings, raw, binary"
)


class Frame(NamedTuple):
    """One frame of an excerpt. `seq` is its number in the capture; `size_bytes` is what the wire carried."""

    seq: int
    time_ns: int
    conn: int
    direction: Direction
    type: str | None
    opener: str | None
    number: int | None
    exchange: int | None
    operation: str | None
    size_bytes: int
    latency_ns: int | None
    findings: int
    raw: str | bytes
    """The message: `bytes` of a binary one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which frames: those a filter takes, those of exchanges, those of these numbers; all, without any."""

    filter: str = ""
    exchanges: tuple[int, ...] = ()
    frames: tuple[int, ...] = ()

    def __bool__(self) -> bool:
        """Whether anything is left out."""
        return bool(self.filter.strip() or self.exchanges or self.frames)


EVERYTHING = Selection()


def frames_at(reader: CaptureReader, seqs: Sequence[int]) -> Iterator[list[Frame]]:
    """Give the frames of these numbers, which rise, in portions. Raises `CaptureError` if one is missing."""
    done, names = 0, _Names(reader)
    while done < len(seqs):
        where, parameters = _parameters(seqs[done : done + PORTION])
        found: list[rows.Values] = []
        size = 0
        with _honest(reader):
            for values in reader.select(f"SELECT {_COLUMNS} {where}", parameters):
                found.append(values)
                size += len(values[12])
                if size > _PORTION_BYTES:
                    break
        frames = _frames(found, names, reader)
        _check_none_is_missing(reader, [frame.seq for frame in frames], seqs, done)
        done += len(frames)
        yield frames


def messages_at(reader: CaptureReader, seqs: Sequence[int]) -> Iterator[tuple[list[int], list[str | bytes]]]:
    """Give numbers and messages alone: reading all else takes longer than looking through them."""
    done = 0
    while done < len(seqs):
        where, parameters = _parameters(seqs[done : done + PORTION])
        found: list[int] = []
        raws: list[str | bytes] = []
        size = 0
        with _honest(reader):
            for seq, raw, binary in reader.select(f"SELECT seq, raw, binary {where}", parameters):
                raws.append(raw if type(raw) is str and not binary else rows.raw_message(raw, binary))
                found.append(rows.integer(seq))
                size += len(raws[-1])
                if size > _PORTION_BYTES:
                    break
        _check_none_is_missing(reader, found, seqs, done)
        done += len(found)
        yield found, raws


def selected(reader: CaptureReader, selection: Selection, last: int) -> tuple[array[int], set[int]]:
    """Give the numbers up to `last` that a selection takes, and the connections they went over."""
    conditions: list[str] = ["seq <= ?"]
    parameters: list[object] = [last]
    if selection.filter.strip():
        condition, given = _condition(reader, selection.filter)
        conditions.append(f"({condition})")
        parameters += given
    if selection.exchanges:
        conditions.append("exchange IN (SELECT value FROM json_each(?))")
        parameters.append(json.dumps(selection.exchanges))
    if selection.frames:
        conditions.append("seq IN (SELECT value FROM json_each(?))")
        parameters.append(json.dumps(selection.frames))
    seqs: array[int] = array("q")
    conns: set[int] = set()
    statement = f"SELECT seq, conn FROM frames WHERE {' AND '.join(conditions)} ORDER BY seq"  # noqa: S608 - from the filter's compiler, values are parameters
    for seq, conn in reader.select(statement, parameters):
        seqs.append(rows.integer(seq))
        conns.add(rows.integer(conn))
    return seqs, conns


def _condition(reader: CaptureReader, text: str) -> tuple[str, Sequence[object]]:
    from inspector_app.capture.filter import FilterError, parse_filter, prepare, where

    try:
        condition = where(parse_filter(text), now_ns=time.time_ns())
    except FilterError as error:
        place = error.start + 1
        raise CaptureError(f"The filter cannot be read at character {place}: {error.text}") from error
    reader.extend(prepare)
    return condition.sql, condition.parameters


def by_connection(
    reader: CaptureReader, seqs: Sequence[int], last: int
) -> Iterator[tuple[int, Sequence[int]]]:
    """Give the numbers among `seqs`, up to `last`, of the frames of each connection, by its number."""
    chosen = seqs if isinstance(seqs, range) else set(seqs)
    found = reader.select("SELECT conn, seq FROM frames WHERE seq <= ? ORDER BY conn, seq", (last,))
    with _honest(reader):
        for conn, group in groupby(found, key=lambda values: rows.integer(values[0])):
            mine = array("q", (rows.integer(seq) for _, seq in group if seq in chosen))
            if mine:
                yield conn, mine


class _Names(dict[object, str | None]):
    """The names of openers by what stands in their column: looked up once, not for every frame."""

    def __init__(self, reader: CaptureReader) -> None:
        super().__init__({None: None})
        self._reader = reader

    def __missing__(self, opener: object) -> str | None:
        name: object = opener  # as captures that were begun in format 1 have it
        if type(opener) is int:
            found = self._reader.select("SELECT name FROM peers WHERE id = ?", (opener,))
            (name,) = next(found, (None,))
        self[opener] = None if name is None else rows.text(name)
        return self[opener]


_TYPES: Sequence[set[Any]] = (
    *({int}, {int}, {int}, {str}),
    *({str, type(None)}, {int, str, type(None)}, {int, type(None)}, {int, type(None)}, {str, type(None)}),
    *({int}, {int, type(None)}, {int}, {str}, {int}),
)
"""Types of the columns as nearly all captures have them; what is otherwise is looked at row by row."""


def _frames(found: list[rows.Values], names: _Names, reader: CaptureReader) -> list[Frame]:
    columns = list(zip(*found, strict=True))
    ordinary = columns and all(
        set(map(type, column)) <= types for column, types in zip(columns, _TYPES, strict=True)
    )
    with _honest(reader):
        if ordinary and not any(columns[13]) and rows.DIRECTIONS.keys() >= set(columns[3]):
            columns[5] = tuple(map(names.__getitem__, columns[5]))
            # What `Frame._make` does, without a call in Python for each.
            return list(map(tuple.__new__, repeat(Frame), zip(*columns[:13], strict=True)))
        return [_frame((*values[:5], names[values[5]], *values[6:])) for values in found]


def _frame(values: rows.Values) -> Frame:
    row = rows.frame_row((*values[:11], "", values[11], values[13]))
    return Frame(
        seq=row.seq,
        time_ns=row.time_ns,
        conn=row.conn,
        direction=row.direction,
        type=row.type,
        opener=row.opener,
        number=row.number,
        exchange=row.exchange,
        operation=row.operation,
        size_bytes=row.size_bytes,
        latency_ns=row.latency_ns,
        findings=row.findings,
        raw=rows.raw_message(values[12], row.binary),
    )


@contextmanager
def _honest(reader: CaptureReader) -> Iterator[None]:
    try:
        yield
    except (ValueError, KeyError, TypeError) as error:
        raise CaptureError(
            f"{reader.path} holds values that no recording makes ({error}): use another copy."
        ) from error


def _check_none_is_missing(
    reader: CaptureReader, found: Sequence[int], wanted: Sequence[int], done: int
) -> None:
    # What was found rises and is among what was wanted: where the last is in its place, all are.
    if not found or found[-1] != wanted[done + len(found) - 1]:
        there = set(found)
        missing = next(seq for seq in wanted[done : done + len(found) + 1] if seq not in there)
        raise CaptureError(f"{reader.path} lacks frame {missing}: use another copy.")


def _parameters(seqs: Sequence[int]) -> tuple[str, list[object]]:
    """The condition that takes these numbers, in order, and its values."""
    if isinstance(seqs, range):
        return "FROM frames WHERE seq >= ? AND seq <= ? ORDER BY seq", [seqs[0], seqs[-1]]
    return "FROM frames WHERE seq IN (SELECT value FROM json_each(?)) ORDER BY seq", [json.dumps(list(seqs))]
