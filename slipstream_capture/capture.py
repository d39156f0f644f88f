"""One capture, opened for analysis.

This module owns which tables a capture gives and how it shows itself. It never writes into the file, and
trusts nothing that is in it.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Self

from inspector_app.capture.reader import CaptureReader
from slipstream_capture import columns
from slipstream_capture.html import card
from slipstream_capture.table import Table

if TYPE_CHECKING:
    from types import TracebackType

    from slipstream_capture.columns import Source

_SHOWN = 10


class Capture:
    """The capture in a file, be it finished or being recorded. Close it, or use it in a `with`.

    Raises `CaptureError`, a sentence that says what to do, when the file cannot be read or is no capture.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._reader = CaptureReader(Path(path))

    @property
    def path(self) -> Path:
        """Where it is."""
        return self._reader.path

    @property
    def meta(self) -> dict[str, object]:
        """What is known of the recording: `format`, `software`, `created_ns`, `source`."""
        return self._reader.meta()

    def frames(self, filter: str | None = None) -> Table:  # noqa: A002 - that is what it is
        """Give the frames, or those that meet a filter (docs/filter.md), in their order.

        `raw` is the message as it was on the wire; of a binary message, and of half a surrogate pair, what is
        no text is written as escapes. Raises `FilterError`, a `ValueError`, for what is no filter.
        """
        if not filter:
            return self._table(columns.FRAMES)
        from inspector_app.capture.filter import parse_filter, prepare, where

        prepare(self._reader.database)
        condition = where(parse_filter(filter), now_ns=time.time_ns())
        return Table(self._reader, columns.FRAMES, condition.sql, tuple(condition.parameters))

    def exchanges(self) -> Table:
        """Give requests and streams, in the order of opening."""
        return self._table(columns.EXCHANGES)

    def connections(self) -> Table:
        """Give connections, as they stand."""
        return self._table(columns.CONNECTIONS)

    def findings(self) -> Table:
        """Give what broke the protocol."""
        return self._table(columns.FINDINGS)

    def notes(self) -> Table:
        """Give what was noted about the recording."""
        return self._table(columns.NOTES)

    def marks(self) -> Table:
        """Give the marks on frames, with their notes."""
        return self._table(columns.MARKS if self._reader.format > 1 else columns.NO_MARKS)

    def close(self) -> None:
        """Close the file; may be called again."""
        self._reader.close()

    def _table(self, source: Source) -> Table:
        return Table(self._reader, source, "1", ())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __len__(self) -> int:
        """Frames that it holds."""
        return self._reader.totals().frames

    def __repr__(self) -> str:
        return f"<Capture {self.path.name!a}: {len(self):,} frames>"

    def _repr_html_(self) -> str:
        return card(self.path.name, self._reader.totals(), self.frames().html(_SHOWN))
