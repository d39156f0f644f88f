"""Views of captures, for tests that step them without a screen."""

from __future__ import annotations

from pathlib import Path

from inspector_app.capture.reader import CaptureReader
from inspector_app.intents import ClientSpec
from inspector_app.viewer.cells import Rows
from inspector_app.viewer.state import ViewState
from inspector_app.viewer.world import World, world_of
from tests.inspector_app.recordings import START_NS, S

LATER_NS = START_NS + 60 * S


def open_view(path: Path) -> ViewState:
    """A finished capture, looked at once."""
    view = ViewState(World(role="FILE", address=path.name, label="test"))
    view.attach(CaptureReader(path))
    view.tick(LATER_NS)
    return view


def live_view(path: Path) -> ViewState:
    """A capture that is being written by an engine that runs."""
    view = ViewState(world_of(ClientSpec(url="ws://127.0.0.1:8765")))
    view.attach(CaptureReader(path))
    view.engine_is("running", START_NS)
    return view


def texts(rows: Rows, first: int = 0, count: int = 100) -> list[tuple[str, ...]]:
    return [tuple(text for text, _ in row) for row in rows.rows(first, count)]
