"""A capture that somebody uses is not removed, and a use ends with its process."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from inspector_app.capture.errors import CaptureError
from inspector_app.capture.in_use import InUseError, alone_with, lock_of, use

_USER = """
import sys
from pathlib import Path
from inspector_app.capture.in_use import use
held = use(Path(sys.argv[1]))
print("used", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def capture(tmp_path: Path) -> Path:
    return tmp_path / "one.capture"


def test_several_use_a_capture_and_nobody_is_alone_with_it_before_the_last_has_ended(capture: Path) -> None:
    first, second = use(capture), use(capture)
    for user in (first, second):
        with pytest.raises(InUseError, match="being recorded or shown"), alone_with(capture):
            pass
        user.end()
    with alone_with(capture):
        pass


def test_nobody_begins_to_use_what_is_being_removed(capture: Path) -> None:
    with alone_with(capture), pytest.raises(CaptureError, match="being removed or renamed"):
        use(capture)
    use(capture).end()


def test_the_lock_file_is_there_while_the_capture_is_used(capture: Path) -> None:
    first, second = use(capture), use(capture)
    first.end()
    assert lock_of(capture).exists()
    second.end()
    second.end()
    assert list(capture.parent.iterdir()) == []


def test_a_capture_is_in_use_by_whatever_link_it_was_reached(capture: Path, tmp_path: Path) -> None:
    capture.touch()
    (tmp_path / "link").symlink_to(capture)
    held = use(tmp_path / "link")
    with pytest.raises(InUseError), alone_with(capture):
        pass
    held.end()


def test_a_use_ends_with_a_process_that_is_killed(capture: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", _USER, str(capture)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as user:
        assert user.stdout is not None
        assert user.stdout.readline() == b"used\n"
        with pytest.raises(InUseError), alone_with(capture):
            pass
        user.kill()
    with alone_with(capture):
        pass


def test_where_no_lock_can_be_made_a_capture_can_be_used_all_the_same(tmp_path: Path) -> None:
    missing = tmp_path / "gone" / "one.capture"
    use(missing).end()
    with pytest.raises(CaptureError), alone_with(missing):
        pass
