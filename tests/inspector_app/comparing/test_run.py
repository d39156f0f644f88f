"""A comparison in a process of its own: bounded, and never without an answer."""

from __future__ import annotations

import json
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from inspector_app.comparing import run
from inspector_app.comparing.run import Comparing


def frame(data: str) -> str:
    return f'{{"type":"response","requestId":["p",1],"peerID":"q","data":{data}}}'


def test_of_two_frames_the_data_is_compared() -> None:
    found = Comparing(frame('{"a":1}'), frame('{"a":2}').replace('["p",1]', '["p",2]')).run()
    assert found.root == ("data",)
    assert [(each.path, each.old, each.new) for each in found.outcome.changes] == [(("a",), "1", "2")]
    assert (found.note, found.problem) == ("", "")


def test_what_is_no_frame_is_compared_as_a_whole() -> None:
    found = Comparing("[1]", "[1,2]").run()
    assert found.root == ()
    assert [each.kind for each in found.outcome.changes] == ["added"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("not\njson", "not\nJSON"),
        (b"\xff\x00\x1b[2J", b"\xfe\x00\x1b[2J"),
        ("[" * 100_000 + "]" * 100_000, "[" * 99_999 + "]" * 99_999),
    ],
    ids=["text", "bytes", "too deep"],
)
def test_what_cannot_be_compared_by_what_it_holds_is_compared_line_by_line(
    old: str | bytes, new: str | bytes
) -> None:
    found = Comparing(old, new).run()
    assert found.outcome.by_lines
    assert [each.kind for each in found.outcome.changes] == ["changed"]
    assert found.note.startswith("Compared line by line")


def test_nesting_of_200_lone_surrogates_and_huge_numbers_are_compared() -> None:
    deep = "[" * 198 + "{}" + "]" * 198
    found = Comparing(frame(deep.format("1")), frame(deep.replace("{}", '"\\ud800"'))).run()
    (change,) = found.outcome.changes
    assert len(change.path) == 198
    assert change.new is not None
    assert json.loads(change.new) == "\ud800"


def test_frames_that_are_too_large_are_refused_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "SIZE_LIMIT", 10)
    assert Comparing("x" * 6, "y" * 6).run().problem.endswith("are not compared.")


def test_a_comparison_that_takes_too_long_ends_with_a_sentence() -> None:
    found = Comparing(frame("1"), frame("2"), time_limit_s=0.0).run()
    assert found.problem.startswith("Comparing took too long")


def test_a_comparison_that_is_stopped_ends_its_process(monkeypatch: pytest.MonkeyPatch) -> None:
    started, popen = threading.Event(), subprocess.Popen

    def begun(*arguments: Any, **options: Any) -> Any:
        process = popen(*arguments, **options)
        started.set()
        return process

    monkeypatch.setattr(subprocess, "Popen", begun)
    items = ",".join(f'"{number}"' for number in range(200_000))
    comparing = Comparing(frame(f"[{items}]"), frame(f"[{items[::-1]}]"), time_limit_s=300)
    with ThreadPoolExecutor() as threads:
        result = threads.submit(comparing.run)
        assert started.wait(100)
        comparing.stop()
        assert result.result(100).problem.startswith("Comparing took too long")
