"""A payload of 10 MB in the detail, in a real terminal: soon seen, and the event loop is never kept long."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import Figure
from tests.proof.children import ROOT

DETAILS = ("data", "tree", "frame", "raw", "hex")


def _measured(tmp_path: Path, *arguments: str) -> list[dict[str, float | str]]:
    figures = tmp_path / "figures.json"
    result = subprocess.run(
        [sys.executable, ROOT / "benchmarks" / "detail.py", *arguments, "--json", figures],
        capture_output=True,
        text=True,
        check=False,
        timeout=140,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    rows: list[dict[str, float | str]] = json.loads(figures.read_text())
    return rows


@pytest.mark.proof
def test_ten_megabytes_are_read_without_keeping_the_event_loop(tmp_path: Path, figure: Figure) -> None:
    rows = _measured(tmp_path, "--sizes", "10 MB", "--repetitions", "3")
    assert [row["contender"] for row in rows] == [f"inspector, {detail}" for detail in DETAILS]
    for row in rows:
        name = str(row["contender"]).removeprefix("inspector, ")
        figure("R1", f"10 MB as {name}: first paint, ms", float(row["painted_s"]) * 1e3, "about 150")
        figure("R1", f"10 MB as {name}: event loop kept, ms", float(row["worst_s"]) * 1e3, "<= 100")
        figure("R1", f"10 MB as {name}: memory grown, MB", float(row["grown_mb"]), "<= 100")
        assert float(row["worst_s"]) <= 0.1
        assert float(row["grown_mb"]) <= 100


@pytest.mark.proof
def test_the_benchmark_of_the_detail_has_a_ratio_to_each_widget(tmp_path: Path, figure: Figure) -> None:
    rows = _measured(tmp_path, "--sizes", "64 KB", "--repetitions", "1")
    ratios = {str(row["contender"]): float(row["ratio"]) for row in rows}
    assert set(ratios) >= {"TextArea", "TextArea, one line", "Tree", "Static"}
    for name in ("TextArea", "Tree", "Static"):
        figure("R2", f"64 KB: time to paint of {name}, ratio", ratios[name], "told only")
