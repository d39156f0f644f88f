"""The chooser of peers: what each offers is looked up once, however much it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from inspector_app.screens import peers
from inspector_app.screens.peers import PeerList
from inspector_app.viewer.operations import operations_of
from tests.inspector_app.recordings import Recording
from tests.inspector_app.screens.pilots import LARGE, RecordingEngine, live


async def test_what_a_peer_offers_is_looked_up_once_and_again_after_it_was_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int | None] = []

    def counted(reader: object, conn: int | None = None) -> object:
        asked.append(conn)
        return operations_of(reader, conn)  # type: ignore[arg-type]  # the reader that the screen has

    monkeypatch.setattr(peers, "operations_of", counted)
    recording = Recording(tmp_path).connect().commit()
    async with live(recording.path, RecordingEngine(), LARGE) as stage:
        screen = PeerList(stage.main.inspection)
        stage.app.push_screen(screen)
        await stage.until_shown("not told: d asks")
        recording.describe(
            ("log_in", "request_response", ""), *((f"o{n}", "stream_stream", "") for n in range(999))
        )
        recording.commit()
        await stage.until_shown("log_in, o0, o1")
        asked.clear()
        for _ in range(3):
            screen._look()
        assert asked == []
        await stage.press("d")
        await stage.until(lambda: asked == [1])
        row = screen._peers.rows(0, 1)[0]
        assert len(row[-1][0]) == peers.MOST_SHOWN
