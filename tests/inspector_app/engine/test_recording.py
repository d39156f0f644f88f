"""A recording begins whole or not at all, and ends with everything on disk."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from inspector_app.capture.in_use import InUseError, alone_with
from inspector_app.capture.records import Batch
from inspector_app.capture.store import CaptureError, CaptureReader, CaptureWriter
from inspector_app.engine import recording as recordings
from inspector_app.engine.recording import Recording
from inspector_app.intents import ClientSpec, DemoSpec, ServerSpec
from inspector_app.sources.failures import SourceError


async def test_what_a_source_emits_until_its_end_is_in_the_capture(tmp_path: Path) -> None:
    batches: list[Batch] = []
    recording = await Recording.begin(ServerSpec(port=0), tmp_path / "c", on_commit=batches.append)
    await recording.end()
    reader = CaptureReader(tmp_path / "c")
    assert [note.text for note in reader.notes(0, 9)] == [f"Listening on {recording.source.address}."]
    assert reader.meta()["source"] == {"kind": "server", "handler": None, "host": "127.0.0.1", "port": 0}
    assert str(reader.meta()["software"]).startswith("slipstream-inspector/")
    assert [note.text for batch in batches for note in batch.notes] == [
        note.text for note in reader.notes(0, 9)
    ]
    reader.close()


async def test_a_source_that_cannot_begin_leaves_no_capture(tmp_path: Path) -> None:
    with pytest.raises(SourceError):
        await Recording.begin(ServerSpec(host="192.0.2.1"), tmp_path / "c")
    with pytest.raises(SourceError):
        await Recording.begin(ClientSpec(url="nonsense"), tmp_path / "c")
    assert list(tmp_path.iterdir()) == []  # noqa: ASYNC240 - in a test


async def test_a_capture_that_cannot_be_made_leaves_nothing_running(tmp_path: Path) -> None:
    with pytest.raises(CaptureError):
        await Recording.begin(ServerSpec(port=0), tmp_path / "missing" / "c")


async def test_ending_twice_is_no_harm(tmp_path: Path) -> None:
    recording = await Recording.begin(ServerSpec(port=0), tmp_path / "c")
    await recording.end()
    await recording.end()


async def test_what_is_being_recorded_is_in_use_until_it_is_closed(tmp_path: Path) -> None:
    before, after = tmp_path / "one.capture", tmp_path / "two.capture"
    recording = await Recording.begin(DemoSpec(), before)
    with pytest.raises(InUseError), alone_with(before):
        pass
    await recording.move_to(after)
    with alone_with(before):
        pass
    with pytest.raises(InUseError), alone_with(after):
        pass
    await recording.end()
    with alone_with(after):
        pass


async def test_a_capture_is_in_use_before_it_is_there_so_that_no_other_start_removes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Watched(CaptureWriter):
        def __init__(self, path: Path, **more: Any) -> None:
            with pytest.raises(InUseError), alone_with(path):
                pass
            super().__init__(path, **more)

    monkeypatch.setattr(recordings, "CaptureWriter", Watched)
    await (await Recording.begin(ServerSpec(port=0), tmp_path / "c")).end()
    with pytest.raises(CaptureError):
        await Recording.begin(ServerSpec(port=0), tmp_path / "c")
    assert [each.name for each in tmp_path.iterdir()] == ["c"]  # noqa: ASYNC240 - in a test
