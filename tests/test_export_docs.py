"""What docs/export.md shows is run, and it names every format, rule and option."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from inspector_app.capture.formats.known import FORMATS
from inspector_app.capture.redaction import load_rules
from inspector_app.capture.redaction.rules import PATTERNS
from tests.inspector_app.recordings import Recording

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "export.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


def test_its_commands_run_in_the_order_they_are_shown(tmp_path: Path) -> None:
    recording = (
        Recording(tmp_path, "night.capture").connect().calls(3).request(9, "login", password="hunter22")
    )
    recording.fail(9, "no, ada@example.org").close()
    (tmp_path / "rules.toml").write_text(blocks("toml")[0], encoding="utf-8")
    script = "\n".join(blocks("sh"))
    if shutil.which("jq") is None:
        script = re.sub(r" \| jq .*", "", script)
    program = f'slipstream-inspector() {{ "{sys.executable}" -W error -m inspector_app "$@"; }}\n'
    result = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", program + script],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert "Redacted 2 secrets in 2 places" in result.stderr
    assert "\u2039password-1\u203a" in result.stdout
    assert "hunter22" not in result.stdout
    assert b"hunter22" in (tmp_path / "first.jsonl").read_bytes()
    assert b"ada@example.org" in (tmp_path / "night.csv").read_bytes()  # by the rules that it shows


def test_its_log_of_another_program_can_be_imported(tmp_path: Path) -> None:
    from inspector_app.sources.file import import_file

    (tmp_path / "log.jsonl").write_text(blocks("json")[0])
    assert import_file(str(tmp_path / "log.jsonl"), tmp_path / "new.capture") == 1


def test_its_rules_are_rules(tmp_path: Path) -> None:
    (tmp_path / "rules.toml").write_text(blocks("toml")[0], encoding="utf-8")
    rules = load_rules(tmp_path / "rules.toml")
    assert rules.own["order"].search("ORD-123456")
    assert rules.secret_key("door_pin")


@pytest.mark.parametrize("name", [*FORMATS, *PATTERNS])
def test_it_names_every_format_and_pattern(name: str) -> None:
    assert f"`{name}`" in PAGE or re.search(rf"\b{name}\b", blocks("toml")[0])


def test_it_names_every_option_of_both_commands() -> None:
    for command in ("export", "import"):
        helped = subprocess.run(
            [sys.executable, "-m", "inspector_app", command, "--help"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        named = set(re.findall(r"(--[a-z-]+)", helped)) - {"--help", "--output"}
        assert not [option for option in named if option not in PAGE]
