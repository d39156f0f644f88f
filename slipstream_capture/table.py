"""Rows of a capture as a table: to go through, for pandas, for polars, and to look at.

This module owns how values become those of other packages. Rows are read when they are asked for, in
portions; only `to_pandas`, `to_polars` and `to_dict` hold all of them.
"""

from __future__ import annotations

import sqlite3
from importlib import import_module
from typing import TYPE_CHECKING, Any

from inspector_app.capture.errors import CaptureError, from_sqlite
from slipstream_capture.html import table as html_table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pandas as pd
    import polars as pl

    from inspector_app.capture.reader import CaptureReader
    from slipstream_capture.columns import Column, Kind, Source

_PORTION = 10_000
_SHOWN = 20

_TAKEN: dict[Kind, frozenset[type]] = {
    "integer": frozenset({int, type(None)}),
    "time": frozenset({int, type(None)}),
    "flag": frozenset({int, type(None)}),
    "real": frozenset({float, type(None)}),
    "text": frozenset({str, bytes, type(None)}),
}
_PANDAS: dict[Kind, str] = {"integer": "Int64", "real": "float64", "text": "object", "flag": "boolean"}


class MissingPackageError(ImportError):
    """A package that a table is wanted for is not installed; the text says how to install it."""


class Table:
    """A table of a capture. Made by `Capture`; it holds no rows, so it is as new as the file is."""

    def __init__(
        self, reader: CaptureReader, source: Source, condition: str, parameters: tuple[object, ...]
    ) -> None:
        self._reader = reader
        self._source = source
        self._condition = condition
        self._parameters = parameters

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns."""
        return tuple(column.name for column in self._source.columns)

    def __len__(self) -> int:
        """Count the rows."""
        query = self._source.query("count(*)", self._condition)
        return sum(count for ((count,),) in self._portions(query))

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Go through the rows, each a dict; times are nanoseconds since 1970 in UTC."""
        for rows in self._rows():
            columns = [
                _values(column, found)
                for column, found in zip(self._source.columns, zip(*rows, strict=True), strict=True)
            ]
            for values in zip(*columns, strict=True):
                yield dict(zip(self.columns, values, strict=True))

    def head(self, count: int = 5) -> list[dict[str, Any]]:
        """Give the first rows."""
        return [row for row, _ in zip(self, range(count), strict=False)]

    def to_dict(self) -> dict[str, list[Any]]:
        """Give all rows as a list of values for each column."""
        found: dict[str, list[Any]] = {name: [] for name in self.columns}
        for rows in self._rows():
            for name, values in self._columns_of(rows).items():
                found[name] += values
        return found

    def to_pandas(self) -> pd.DataFrame:
        """Give all rows as a pandas DataFrame; times are timestamps in UTC."""
        pandas = _needed("pandas")
        found = self.to_dict()
        series = {}
        for column in self._source.columns:
            values = found.pop(column.name)
            if column.kind == "time":
                times = pandas.to_datetime(pandas.Series(values, dtype="Int64"), utc=True)
                series[column.name] = times.dt.as_unit("ns")
            else:
                series[column.name] = pandas.Series(values, dtype=_PANDAS[column.kind])
        frame: pd.DataFrame = pandas.DataFrame(series)
        return frame

    def to_polars(self) -> pl.DataFrame:
        """Give all rows as a polars DataFrame; times are timestamps in UTC."""
        polars = _needed("polars")
        kinds = {
            "integer": polars.Int64,
            "real": polars.Float64,
            "text": polars.String,
            "flag": polars.Boolean,
            "time": polars.Datetime("ns", "UTC"),
        }
        schema = {column.name: kinds[column.kind] for column in self._source.columns}
        frame: pl.DataFrame = polars.DataFrame(self.to_dict(), schema=schema)
        return frame

    def html(self, count: int = _SHOWN) -> str:
        """Give the first rows as an HTML table in which nothing from the capture is live."""
        return html_table(self._source.columns, self.head(count), len(self))

    def _repr_html_(self) -> str:
        return self.html()

    def __repr__(self) -> str:
        return f"<Table {self._source.table}: {len(self):,} rows>"

    def _columns_of(self, rows: list[Sequence[Any]]) -> dict[str, Sequence[Any]]:
        found = zip(*rows, strict=True)
        return {
            column.name: _values(column, values)
            for column, values in zip(self._source.columns, found, strict=True)
        }

    def _rows(self) -> Iterator[list[Sequence[Any]]]:
        return self._portions(self._source.rows(self._condition))

    def _portions(self, query: str) -> Iterator[list[Sequence[Any]]]:
        try:
            cursor = self._reader.database.execute(query, self._parameters)
            while rows := cursor.fetchmany(_PORTION):
                yield rows
        except sqlite3.Error as error:
            raise from_sqlite(error, self._reader.path) from error
        except (ValueError, TypeError) as error:
            raise CaptureError(
                f"{self._reader.path} holds values that no recording makes ({error}): use another copy."
            ) from error


def _values(column: Column, values: Sequence[Any]) -> Sequence[Any]:
    """Check the values of a column: the file may come from a stranger."""
    kinds = set(map(type, values))
    if not kinds <= _TAKEN[column.kind]:
        raise CaptureError(
            f"The column {column.name} holds values that no recording makes: use another copy."
        )
    if column.kind == "flag":
        return [None if value is None else bool(value) for value in values]
    return [_text(value) for value in values] if bytes in kinds else values


def _text(value: str | bytes | None) -> str | None:
    return value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else value


def _needed(name: str) -> Any:
    try:
        return import_module(name)
    except ImportError as error:
        raise MissingPackageError(f"{name} is not installed: run `pip install {name}`.") from error
