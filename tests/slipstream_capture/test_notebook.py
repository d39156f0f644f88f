"""docs/analysis.md as a notebook: its cells run in a kernel, and a capture shows itself there."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.slipstream_capture.conftest import HOSTILE

PAGE = (Path(__file__).parents[2] / "docs" / "analysis.md").read_text()
CELLS = re.findall(r"^```python\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
WITHOUT = "is not installed: `pip install 'slipstream-inspector[notebook]'` brings it"
CELL_S = 60


@pytest.fixture
def notebook(talk: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[Any]:
    """Run the page's code as cells of a notebook; give the cells with what they put out."""
    for package in ("ipykernel", "pandas"):
        pytest.importorskip(package, reason=f"{package} {WITHOUT}")
    nbclient = pytest.importorskip("nbclient", reason=f"nbclient {WITHOUT}")
    form = pytest.importorskip("nbformat.v4", reason=f"nbformat {WITHOUT}")
    talk.rename(tmp_path / "my.capture")
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    # A kernel of this Python, whatever kernels there are for the user.
    monkeypatch.setenv("JUPYTER_PATH", str(_kernels(tmp_path)))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    book = form.new_notebook(cells=[form.new_code_cell(cell) for cell in CELLS])
    client = nbclient.NotebookClient(
        book, timeout=CELL_S, kernel_name="this", resources={"metadata": {"path": str(tmp_path)}}
    )
    client.execute()
    return list(book.cells)


def _kernels(folder: Path) -> Path:
    spec = folder / "jupyter" / "kernels" / "this"
    spec.mkdir(parents=True)
    argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    (spec / "kernel.json").write_text(
        json.dumps({"argv": argv, "display_name": "this", "language": "python"})
    )
    return folder / "jupyter"


def test_the_page_has_three_lines_and_a_capture_that_shows_itself() -> None:
    assert len([line for line in CELLS[0].splitlines() if line.strip()]) == 3
    assert CELLS[-1] == 'Capture("my.capture")\n'


def test_the_page_runs_as_a_notebook_and_ends_with_a_table(notebook: list[Any]) -> None:
    [shown] = notebook[-1].outputs
    html = shown.data["text/html"]
    assert shown.data["text/plain"] == "<Capture 'my.capture': 5 frames>"
    assert "<table>" in html
    assert "get_quote" in html
    assert HOSTILE[:8] not in html
    assert "\x1b" not in html
