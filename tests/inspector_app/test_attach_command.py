"""`attach`: which engine is looked at, and what is said when there is none."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from inspector_app import cli as command_line
from inspector_app.capture.files import data_folder
from inspector_app.cli import launching
from inspector_app.engine.running import Published, RunningEngine, machine


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What would have been shown, had there been a terminal."""
    calls: list[dict[str, Any]] = []

    def show(*_: object, **more: Any) -> int:
        calls.append(more)
        return 0

    monkeypatch.setattr(launching, "show", show)
    monkeypatch.setattr(launching, "has_terminal", lambda: True)
    return calls


@pytest.fixture
def engines() -> Iterator[list[RunningEngine]]:
    made = [
        RunningEngine(
            pid=number,
            machine=machine(),
            started_ns=number * 1_000_000_000,
            control_url="ws://127.0.0.1:1",
            token="secret",
            capture=str(data_folder() / f"{number}.capture"),
            address=f"ws://127.0.0.1:{number}\x1b[31m",
            source={"kind": "server", "host": "127.0.0.1", "port": number},
        )
        for number in (1, 2)
    ]
    published = [Published(each) for each in made]
    yield made
    for each in published:
        each.end()


def invoke(*arguments: str, typed: str = "") -> Any:
    return CliRunner().invoke(command_line.cli, ["attach", *arguments], input=typed)


def test_without_a_running_engine_it_says_how_to_start_one(shown: list[dict[str, Any]]) -> None:
    for arguments in ([], ["--list"]):
        result = invoke(*arguments)
        assert result.exit_code == 1
        assert result.stderr == (
            "slipstream-inspector: No engine is running: start one with `demo`, `connect` or `host`.\n"
        )
    assert shown == []


def test_the_engine_that_records_into_a_capture_is_looked_at(
    shown: list[dict[str, Any]], engines: list[RunningEngine]
) -> None:
    assert invoke(engines[0].capture).exit_code == 0
    assert invoke(engines[1].capture, "--control").exit_code == 0
    assert shown == [
        {"attach": engines[0], "control": False},
        {"attach": engines[1], "control": True},
    ]


def test_a_capture_that_nobody_records_into_is_refused(
    shown: list[dict[str, Any]], engines: list[RunningEngine], tmp_path: Path
) -> None:
    result = invoke(str(tmp_path / "x.capture"))
    assert result.exit_code == 2
    assert "attach --list" in result.stderr
    assert shown == []


def test_among_several_engines_there_is_a_choice(
    shown: list[dict[str, Any]], engines: list[RunningEngine]
) -> None:
    result = invoke(typed="2\n")
    assert result.exit_code == 0
    assert shown == [{"attach": engines[0], "control": False}]
    assert "1  server ws://127.0.0.1:2" in result.stderr
    assert "\x1b" not in result.stderr


def test_the_engines_are_listed_for_a_script_without_their_tokens(engines: list[RunningEngine]) -> None:
    result = invoke("--list")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert [line.endswith(each.capture) for line, each in zip(lines, reversed(engines), strict=True)] == [
        True,
        True,
    ]
    assert "secret" not in result.output
    assert "\x1b" not in result.output


def test_without_a_terminal_it_says_what_works(engines: list[RunningEngine]) -> None:
    result = invoke()
    assert result.exit_code == 2
    assert "--list" in result.stderr


def test_an_engine_can_be_told_to_stay_where_there_is_a_screen(shown: list[dict[str, Any]]) -> None:
    runner = CliRunner()
    assert runner.invoke(command_line.cli, ["demo", "--stay"]).exit_code == 0
    assert shown == [{"stay": True}]
    refused = runner.invoke(command_line.cli, ["demo", "--stay", "--headless"])
    assert refused.exit_code == 2
    assert "--stay is for a run with a screen" in refused.stderr


def test_how_many_bad_frames_end_a_connection_is_handed_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    specs: list[object] = []
    monkeypatch.setattr(launching, "show", lambda spec, *_, **_more: specs.append(spec))
    monkeypatch.setattr(launching, "has_terminal", lambda: True)
    runner = CliRunner()
    runner.invoke(command_line.cli, ["connect", "ws://h", "--bad-frames", "5"])
    runner.invoke(command_line.cli, ["host", "--bad-frames", "7"])
    runner.invoke(command_line.cli, ["host"])
    assert [getattr(spec, "bad_frames", "") for spec in specs] == [5, 7, None]
