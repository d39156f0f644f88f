"""Finding the engines that run: only those, only the user's own, only those of this machine."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from inspector_app.capture.files import data_folder
from inspector_app.engine.running import Published, RunningEngine, engines_of, machine, running_engines

_ENGINE = """
import sys
from pathlib import Path
from inspector_app.engine.running import Published, RunningEngine, machine
Published(RunningEngine(pid=1, machine=machine(), started_ns=1, control_url="ws://127.0.0.1:1", token="t",
    capture="/x", address="ws://h", source={"kind": "demo"}))
print("published", flush=True)
sys.stdin.read()
"""


def engine(pid: int = 7, **changed: object) -> RunningEngine:
    made = RunningEngine(
        pid=pid,
        machine=machine(),
        started_ns=pid,
        control_url="ws://127.0.0.1:4711",
        token="secret",
        capture=str(data_folder() / f"{pid}.capture"),
        address="ws://127.0.0.1:8765",
        source={"kind": "client"},
    )
    return replace(made, **changed)  # type: ignore[arg-type]  # any of its fields


def files() -> list[Path]:
    return list((data_folder() / "engines").iterdir())


def test_what_is_published_is_found_by_its_capture_and_gone_at_the_end() -> None:
    first, second = Published(engine(1)), Published(engine(2))
    assert running_engines() == [engine(2), engine(1)]
    assert engines_of(data_folder() / "1.capture") == [engine(1)]
    assert engine(1).alive
    first.end()
    first.end()
    assert not engine(1).alive
    assert running_engines() == [engine(2)]
    second.end()
    assert files() == []


def test_where_it_records_now_is_found() -> None:
    published = Published(engine())
    published.change(engine(capture="/elsewhere"))
    assert [each.capture for each in running_engines()] == ["/elsewhere"]
    assert engine().alive
    published.end()


def test_only_the_user_can_read_what_is_published() -> None:
    published = Published(engine())
    (path,) = files()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    published.end()


def test_what_a_killed_engine_left_is_not_found_and_taken_away() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", _ENGINE], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as it:
        assert it.stdout is not None
        assert it.stdout.readline() == b"published\n"
        assert [each.pid for each in running_engines()] == [1]
        it.kill()
    assert len(files()) == 1
    assert running_engines() == []
    assert files() == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"machine": "another"},
        {"control_url": "ws://example.com:1"},
        {"control_url": "ws://127.0.0.1.example.com:1"},
        {"started_ns": "soon"},
    ],
)
def test_what_cannot_be_an_engine_of_this_machine_is_left_out(wrong: dict[str, object]) -> None:
    published = Published(engine())
    (path,) = files()
    path.write_text(json.dumps(asdict(engine()) | wrong))
    assert running_engines() == []
    published.end()


def test_what_others_could_have_written_is_left_out() -> None:
    published = Published(engine())
    (path,) = files()
    path.chmod(0o620)
    assert running_engines() == []
    published.end()


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff", b"[" * 100_000])
def test_damage_is_no_engine(content: bytes) -> None:
    published = Published(engine())
    (path,) = files()
    path.write_bytes(content)
    assert running_engines() == []
    published.end()


def test_a_pipe_in_the_place_of_a_file_is_not_waited_for() -> None:
    running_engines()
    os.mkfifo(data_folder() / "engines" / "8.engine")
    assert running_engines() == []
