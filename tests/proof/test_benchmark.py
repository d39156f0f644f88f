"""The benchmark of docs/speed.md runs, and has a figure for everything; how fast it is, it tells itself."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import Figure
from tests.proof.children import ROOT

WORKLOADS = {
    f"{name} {size}" for name in ("w1", "echo", "w64", "w1000", "stream") for size in ("100 B", "2 KB")
}
SHORT = ("--repetitions", "1", "--seconds", "0.1", "--pieces", "1", "--items", "2000", "--no-peers")


@pytest.mark.proof
def test_the_benchmark_of_speed_has_a_ratio_for_every_workload(tmp_path: Path) -> None:
    figures = tmp_path / "figures.json"
    result = subprocess.run(
        [sys.executable, ROOT / "benchmarks" / "speed.py", *SHORT, "--json", figures],
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    measured = {(row["contender"], row["workload"]) for row in json.loads(figures.read_text())}
    assert measured == {
        (name, load) for name in ("bare", "bare, with json", "slipstream") for load in WORKLOADS
    }
    assert "not measured" not in result.stdout


@pytest.mark.proof
def test_the_benchmark_of_the_hot_path_has_a_ratio_for_every_step() -> None:
    result = subprocess.run(
        [sys.executable, ROOT / "benchmarks" / "hot_path.py", "1"],
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    assert result.stdout.count("a whole call") == 2


@pytest.mark.proof
def test_the_benchmark_of_recording_elsewhere_finds_every_frame_in_the_new_capture() -> None:
    result = subprocess.run(
        [sys.executable, ROOT / "benchmarks" / "moving.py", "--megabytes", "5"],
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    assert "not done" not in result.stdout
    assert result.stdout.endswith("frames in the new capture, 0 gaps\n")


@pytest.mark.proof
def test_the_benchmark_of_the_editor_has_a_ratio_for_every_step(tmp_path: Path, figure: Figure) -> None:
    figures = tmp_path / "figures.json"
    result = subprocess.run(
        [sys.executable, "-m", "benchmarks.editing", "--repetitions", "1", "--json", figures],
        capture_output=True,
        text=True,
        check=False,
        timeout=200,
        cwd=ROOT,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    measured = {row["step"]: row for row in json.loads(figures.read_text())}
    assert set(measured) == {"load", "key to paint", "lay out", "undo", "paste"}
    for step, row in measured.items():
        told = f"{row['editor_s'] * 1000:.0f} ms, {row['ratio']:.0f} times as long"
        figure("editor", f"the editor with 1 MB: {step}; Textual's TextArea", told, "told")
