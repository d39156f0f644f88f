"""One running inspection: a source, its recorder and its capture, begun and ended together.

Owns the order in which the three start and stop. The engine process and the headless run both use it, so
that there is one pipeline and not two.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from inspector_app.capture.in_use import Use, use
from inspector_app.capture.store import CaptureWriter
from inspector_app.engine.recorder import Recorder
from inspector_app.sources.base import describe_spec, make_source
from slipstream._version import __version__

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from inspector_app.capture.records import Batch, Record
    from inspector_app.engine.recorder import Level
    from inspector_app.intents import SourceSpec
    from inspector_app.sources.base import Emit, Source

SOFTWARE = f"slipstream-inspector/{__version__}"


class Recording:
    """A started source whose records go into `capture`. Made by `begin`, ended by `end`."""

    def __init__(self, source: Source, recorder: Recorder, capture: Path, in_use: Use) -> None:
        self.source = source
        self.recorder = recorder
        self.capture = capture
        self._in_use = in_use

    @classmethod
    async def begin(
        cls,
        spec: SourceSpec,
        capture: Path,
        *,
        on_commit: Callable[[Batch], None] | None = None,
        on_problem: Callable[[Level, str], None] | None = None,
        on_record: Callable[[Record], None] | None = None,
    ) -> Recording:
        """Check the spec, make the capture, start the source.

        Raises `SourceError` or `CaptureError`; then nothing runs and no empty capture is left behind.
        The first two callbacks are called in the recorder's thread; `on_record` hears each record right
        after the recorder took it, on the loop.
        """
        source = make_source(spec)
        in_use = use(capture)  # before it is there: another start may be removing old captures just now
        try:
            writer = CaptureWriter(capture, source=describe_spec(spec), software=SOFTWARE)
        except BaseException:
            in_use.end()
            raise
        recorder = Recorder(writer, on_commit=on_commit, on_problem=on_problem)
        try:
            await source.start(recorder.put if on_record is None else _both(recorder.put, on_record))
        except BaseException:
            await asyncio.to_thread(recorder.close)
            if recorder.received == 0:
                await asyncio.to_thread(capture.unlink, missing_ok=True)
            in_use.end()
            raise
        return cls(source, recorder, capture, in_use)

    async def move_to(self, capture: Path) -> None:
        """Go on in a new capture with all that was recorded so far; the old one stays as it is.

        Raises `CaptureError` when the new one cannot be made; then nothing has changed.
        """
        note = f"From here on recording goes on in {capture}; until now it was in {self.capture}."
        in_use = use(capture)
        try:
            await asyncio.to_thread(self.recorder.move_to, capture, note)
        except BaseException:
            in_use.end()
            raise
        self._in_use.end()
        self.capture, self._in_use = capture, in_use

    async def stop(self) -> None:
        """Stop the source and write what is left, as far as that works; the capture stays open."""
        await self.source.stop()
        await asyncio.to_thread(self.recorder.flush)

    async def end(self) -> None:
        """Stop the source, write what is left, close the capture. Idempotent."""
        try:
            await self.source.stop()
        finally:
            await asyncio.to_thread(self.close)

    def close(self) -> None:
        """Write what is left and close the capture, whatever the source does. Idempotent; from any thread."""
        self.recorder.close()
        self._in_use.end()


def _both(first: Emit, second: Emit) -> Emit:
    def emit(record: Record) -> None:
        first(record)
        second(record)

    return emit
