import time
from datetime import datetime
from pathlib import Path

import pytest

from inspector_app.viewer.places import Here, Place, PlaceError, read_place, seq_at
from tests.inspector_app.recordings import START_NS, Recording, S
from tests.inspector_app.viewer.views import open_view

MS = 1_000_000
HERE = Here(frames=500, start_ns=START_NS, chosen_ns=START_NS + 60 * S)


def _local(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp()) * S


@pytest.fixture(autouse=True)
def in_utc(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()


@pytest.mark.parametrize(
    ("typed", "place"),
    [
        ("412", Place(seq=412)),
        (" #412 ", Place(seq=412)),
        ("90s", Place(time_ns=START_NS + 90 * S)),
        ("1m 30.5s", Place(time_ns=START_NS + 90 * S + 500 * MS)),
        ("+5s", Place(time_ns=START_NS + 65 * S)),
        ("-200ms", Place(time_ns=START_NS + 60 * S - 200 * MS)),
        ("2H", Place(time_ns=START_NS + 7200 * S)),
    ],
)
def test_a_place_is_a_number_or_a_time_from_the_start_or_from_here(typed: str, place: Place) -> None:
    assert read_place(typed, HERE) == place


def test_a_time_of_day_is_that_of_the_day_the_capture_began() -> None:
    start = _local("2026-11-22 23:59:00")
    here = Here(10, start)
    assert read_place("23:59:30.25", here) == Place(time_ns=_local("2026-11-22 23:59:30") + 250 * MS)
    assert read_place("00:01", here) == Place(time_ns=_local("2026-11-23 00:01:00"))
    assert read_place("2026-11-22 00:01", here) == Place(time_ns=_local("2026-11-22 00:01:00"))


@pytest.mark.parametrize(
    "typed", ["", "0", "501", "9" * 50, "x", "25:00", "2026-13-40 10:00", "5 parsecs", "+", "٣"]
)
def test_what_is_no_place_says_what_is_one(typed: str) -> None:
    with pytest.raises(PlaceError, match=r"(?i)type a number from 1 to 500|type one as"):
        read_place(typed, HERE)


def test_without_a_chosen_frame_there_is_no_here() -> None:
    with pytest.raises(PlaceError, match="Choose a frame first"):
        read_place("+5s", Here(10, START_NS))


def test_a_time_leads_to_the_first_frame_that_is_not_earlier(tmp_path: Path) -> None:
    recording = Recording(tmp_path).connect()
    for number in range(20):
        recording.at(1000 * (number + 1)).request(number)
    reader = open_view(recording.close()).reader
    assert reader is not None
    times = [frame.time_ns for frame in reader.frames(1, 20)]
    assert [seq_at(reader, time_ns, 20) for time_ns in times] == list(range(1, 21))
    assert [seq_at(reader, times[4] + 1, 20), seq_at(reader, 0, 20), seq_at(reader, times[-1] + 1, 20)] == [
        6,
        1,
        20,
    ]
