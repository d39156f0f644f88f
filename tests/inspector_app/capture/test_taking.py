"""Taking a capture away: the file appears whole or not at all, for the user alone, and all is told."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest

from inspector_app.capture.excerpt import Selection
from inspector_app.capture.formats.known import FORMATS, format_for
from inspector_app.capture.redaction import DEFAULT_RULES
from inspector_app.capture.store import CaptureError
from inspector_app.capture.taking import Cancelled, export_capture
from tests.inspector_app.recordings import Recording

JSONL = FORMATS["jsonl"]


@pytest.fixture
def capture(tmp_path: Path) -> Path:
    recording = Recording(tmp_path, "one.capture").connect().calls(600)
    recording.request(600, "login", password="hunter22").respond(600, {"token": "s3cr3t-t0ken"})
    return recording.note("it said s3cr3t-t0ken").close()


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_an_export_is_for_the_user_alone_and_replaces_the_one_before(capture: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.jsonl"
    target.write_text("from before")
    assert export_capture(capture, str(target), JSONL).frames == 1202
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert target.read_text().startswith('{"slipstream_capture"')
    assert names(tmp_path) == ["one.capture", "out.jsonl"]


def test_an_export_that_fails_leaves_the_one_before(capture: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.jsonl"
    target.write_text("from before")
    damaged = tmp_path / "damaged.capture"
    damaged.write_bytes(capture.read_bytes()[: 3 * 4096])
    with pytest.raises(CaptureError):
        export_capture(damaged, str(target), JSONL)
    assert target.read_text() == "from before"
    assert names(tmp_path) == ["damaged.capture", "one.capture", "out.jsonl"]


@pytest.mark.parametrize("task", ["looking", "writing"])
def test_an_export_that_is_given_up_leaves_nothing(capture: Path, tmp_path: Path, task: str) -> None:
    def stop(doing: str, done: int, total: int) -> None:
        if doing == task and done > 500:
            raise Cancelled

    with pytest.raises(Cancelled):
        export_capture(capture, str(tmp_path / "out.jsonl"), JSONL, rules=DEFAULT_RULES, progress=stop)
    assert names(tmp_path) == ["one.capture"]


def test_progress_tells_both_passes_to_their_ends(capture: Path, tmp_path: Path) -> None:
    heard: list[tuple[str, int, int]] = []

    def progress(task: str, done: int, total: int) -> None:
        heard.append((task, done, total))

    export_capture(capture, str(tmp_path / "out.jsonl"), JSONL, rules=DEFAULT_RULES, progress=progress)
    assert heard == [(task, done, 1202) for task in ("looking", "writing") for done in (500, 1000, 1202)]


def test_an_export_can_go_to_a_device(capture: Path) -> None:
    assert export_capture(capture, os.devnull, JSONL).frames == 1202
    assert not Path(os.devnull).is_file()


def test_a_capture_is_not_exported_over_itself(capture: Path) -> None:
    with pytest.raises(CaptureError, match="is the capture itself"):
        export_capture(capture, str(capture), JSONL)


def test_a_format_is_known_by_the_ending_or_by_name() -> None:
    assert format_for("a/b.HAR").name == "har"
    assert format_for("x.md").name == "markdown"
    assert format_for("x.har", "csv").name == "csv"
    assert format_for("-").name == "jsonl"
    with pytest.raises(CaptureError, match=r"x\.txt does not tell its format: .* \.jsonl, \.har"):
        format_for("x.txt")


def test_only_chosen_exchanges_leave_with_what_belongs_to_them(capture: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.jsonl"
    assert export_capture(capture, str(target), JSONL, selection=Selection(exchanges=(2, 3))).frames == 4
    lines = [json.loads(line) for line in target.read_text().splitlines()]
    assert [line.get("kind") for line in lines] == [None, "connection", "state", *["frame"] * 4]
    assert [line["seq"] for line in lines[3:]] == [3, 4, 5, 6]


def test_the_same_secret_has_the_same_name_also_where_it_stands_before(capture: Path, tmp_path: Path) -> None:
    recording = Recording(tmp_path, "two.capture").connect()
    recording.request(0, "say", text="so s3cr3t-t0ken it is").respond(0, {"token": "s3cr3t-t0ken"})
    target = tmp_path / "out.jsonl"
    told = export_capture(recording.close(), str(target), JSONL, rules=DEFAULT_RULES).told
    raws = [line["raw"] for line in map(json.loads, target.read_text().splitlines()) if "raw" in line]
    assert "so \u2039token-1\u203a it is" in json.loads(raws[0])["data"]["text"]
    assert json.loads(raws[1])["data"] == {"token": "\u2039token-1\u203a"}
    assert told.sentence() == (
        "Redacted 1 secret in 2 places; nothing else was changed, and sizes are those of the wire."
    )
    assert told.report()[1:] == ["key token: 1 secret, 2 times"]
    assert target.read_bytes().isascii()


def test_sizes_are_those_of_the_wire(tmp_path: Path) -> None:
    recording = Recording(tmp_path, "two.capture").connect().request(0, "say", token="x" * 100)
    whole, redacted = tmp_path / "a.jsonl", tmp_path / "b.jsonl"
    capture = recording.close()
    export_capture(capture, str(whole), JSONL)
    export_capture(capture, str(redacted), JSONL, rules=DEFAULT_RULES)
    sizes = [
        [line["size"] for line in map(json.loads, path.read_text().splitlines()) if "size" in line]
        for path in (whole, redacted)
    ]
    assert sizes[0] == sizes[1]
    assert len(whole.read_bytes()) > len(redacted.read_bytes())


def test_a_short_secret_is_replaced_in_its_place_and_looked_for_nowhere_else(tmp_path: Path) -> None:
    recording = Recording(tmp_path, "two.capture").connect().request(0, "open", pin=1234, count=1234)
    target = tmp_path / "out.jsonl"
    told = export_capture(recording.close(), str(target), JSONL, rules=DEFAULT_RULES).told
    (raw,) = [line["raw"] for line in map(json.loads, target.read_text().splitlines()) if "raw" in line]
    assert json.loads(raw)["data"] == {"operation": "open", "pin": "\u2039secret-1\u203a", "count": 1234}
    assert told.report()[1:] == ["key pin: 1 secret, once"]
