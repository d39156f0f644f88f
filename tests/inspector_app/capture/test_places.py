"""Places in an exchange: the same as counting, also while the exchange grows."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from inspector_app.capture import places
from inspector_app.capture.records import Batch
from inspector_app.capture.store import CaptureReader
from tests.inspector_app.capture import samples


@pytest.fixture(autouse=True)
def short_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "STEP", 4)


def frames(first_seq: int, count: int) -> Batch:
    """Give frames of which every third is of exchange 1, and the rest of exchange 2."""
    batch = samples.frames(*["x"] * count, first_seq=first_seq)
    batch.frames = [row._replace(exchange=1 if row.seq % 3 == 0 else 2) for row in batch.named_frames()]
    return batch


def test_every_page_is_what_counting_gives_while_the_exchange_grows(tmp_path: Path) -> None:
    with closing(samples.writer(tmp_path)) as writer, closing(CaptureReader(writer.path)) as reader:
        for first in range(1, 60, 7):
            writer.write(frames(first, 7))
            whole = [seq for seq in range(1, first + 7) if seq % 3 == 0]
            assert reader.exchange_frame_count(1) == len(whole)
            for offset in range(0, len(whole) + 2, 3):
                found = [row.seq for row in reader.exchange_frames(1, offset, 5)]
                assert found == whole[offset : offset + 5]


def test_a_page_far_behind_the_end_is_empty_and_an_unknown_exchange_has_no_frames(tmp_path: Path) -> None:
    with closing(CaptureReader(samples.capture(tmp_path, frames(1, 30)))) as reader:
        assert reader.exchange_frames(1, 1_000, 5) == []
        assert reader.exchange_frames(9, 0, 5) == []
        assert reader.exchange_frame_count(9) == 0
        assert [row.seq for row in reader.exchange_frames(1, 8, 5)] == [27, 30]


def test_only_a_few_exchanges_are_remembered(tmp_path: Path) -> None:
    with closing(CaptureReader(samples.capture(tmp_path, frames(1, 30)))) as reader:
        for number in range(100):
            reader.exchange_frame_count(number)
        assert len(reader._places._remembered) <= 16


def test_what_was_passed_by_once_is_not_passed_by_again(tmp_path: Path) -> None:
    with closing(CaptureReader(samples.capture(tmp_path, frames(1, 300)))) as reader:
        reader.exchange_frame_count(2)
        statements: list[str] = []
        reader._connection.set_trace_callback(statements.append)
        reader.exchange_frame_count(2)
        reader.exchange_frames(2, 190, 5)
    assert len(statements) == 3  # is there more, how much more, the page
