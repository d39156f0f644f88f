"""A payload of 10 MB in the detail, in a real terminal: soon seen, and the event loop is never kept long."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from inspector_app.widgets.tree_view import TreeView
from tests.conftest import Figure
from tests.inspector_app.recordings import Recording
from tests.inspector_app.screens.pilots import LARGE, opened
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
async def test_a_million_names_can_be_read_in_every_way(tmp_path: Path) -> None:
    names = ",".join(f'"name{index}":{index}' for index in range(1_000_000))
    frame = f'{{"type":"response","requestId":["p",1],"peerID":"q","data":{{{names}}}}}'
    path = Recording(tmp_path).connect().request(0).raw("in", frame).close()
    async with opened(path, LARGE) as stage:
        await stage.press("down")
        await stage.until_shown('"name0": 0')
        await stage.press("d")
        await stage.until_shown("members not counted", '"name0": 0')
        stage.main.query_one(TreeView).focus()
        await stage.press("end", "enter", "end")
        await stage.until_shown('"name399": 399')
        await stage.press("d", "s")
        await stage.type("name999999")
        await stage.press("enter")
        await stage.until_shown("1 of 1", '"name999999": 999999')


@pytest.mark.proof
def test_the_benchmark_of_the_detail_has_a_ratio_to_each_widget(tmp_path: Path, figure: Figure) -> None:
    rows = _measured(tmp_path, "--sizes", "64 KB", "--repetitions", "1")
    ratios = {str(row["contender"]): float(row["ratio"]) for row in rows}
    assert set(ratios) >= {"TextArea", "TextArea, one line", "Tree", "Static"}
    for name in ("TextArea", "Tree", "Static"):
        figure("R2", f"64 KB: time to paint of {name}, ratio", ratios[name], "told only")
