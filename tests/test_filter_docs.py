"""What docs/filter.md tells of the filter language is so: its fields, its examples, its words."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest

from inspector_app.capture.filter import parse_filter
from inspector_app.capture.filter.fields import FIELDS
from inspector_app.capture.filter.grammar import DEEPEST, LONGEST, MOST_TERMS
from inspector_app.capture.filter.patterns import FLAGS
from inspector_app.capture.filter.values import DURATIONS, SIZES
from tests.inspector_app.capture.filter.worlds import World
from tests.inspector_app.capture.searched import made

PAGE = (Path(__file__).parent.parent / "docs" / "filter.md").read_text()
BLOCK = re.findall(r"^```filter\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
ROWS = re.findall(r"^\| `(\w+)` \| (.*) \| (`.*`) \|$", PAGE, re.MULTILINE)
WRITTEN = re.findall(r"^\| (`.*?`) \|", PAGE.partition("## Fields")[0], re.MULTILINE)


def test_the_table_has_every_field_with_the_examples_that_the_program_knows() -> None:
    assert {name: tuple(re.findall(r"`(.*?)`", examples)) for name, _, examples in ROWS} == {
        each.name: each.examples for each in FIELDS.values()
    }


def test_the_table_names_every_value_that_a_field_takes() -> None:
    for name in ("dir", "status", "state"):
        told = next(text for field, text, _ in ROWS if field == name)
        assert {*FIELDS[name].choices} - {"timed_out"} == set(re.findall(r"`(\w+)`", told))


EXAMPLES = [
    *(line for block in BLOCK for line in block.splitlines()),
    *(example for _, _, examples in ROWS for example in re.findall(r"`(.*?)`", examples)),
    *(example for row in WRITTEN for example in re.findall(r"`(.*?)`", row)),
]


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_example_is_a_filter_that_a_capture_can_be_asked(example: str) -> None:
    assert parse_filter(example)
    assert (
        World().frame(raw="nothing of it", operation="zz", type="response").fit(f"({example}) seq:99") == []
    )


def test_units_flags_and_limits_are_those_of_the_program() -> None:
    values = PAGE.partition("## Values")[2].partition("## Fields")[0]
    units = values.partition("Sizes are in")[2]
    assert set(re.findall(r"`(\w+)`", units.partition("Values of")[0])) | {"µs"} == {*SIZES, *DURATIONS}
    assert all(f"`{flag}`" in values for flag in FLAGS)
    assert f"{LONGEST} characters, {MOST_TERMS} terms and {DEEPEST} parentheses" in PAGE


def test_words_with_a_meaning_of_their_own_are_named() -> None:
    for name in ("or", "and", "not", *(each.name for each in FIELDS.values() if each.alone)):
        assert f"`{name}`" in PAGE.partition("## Values")[0]


def test_what_asks_about_now_is_named() -> None:
    told = PAGE.partition("**What asks about now** (")[2].partition(")")[0]
    assert {*re.findall(r"`(\w+)`", told)} == {each.name for each in FIELDS.values() if each.changes}


def test_the_example_in_python_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = made(tmp_path, 7, type="error", latency_ns=10**9, time_ns=time.time_ns())
    path.rename(tmp_path / "night.capture")
    monkeypatch.chdir(tmp_path)
    (code,) = re.findall(r"^ *```python\n(.*?)^ *```", PAGE, re.DOTALL | re.MULTILINE)
    lines = [line.removeprefix("  ") for line in code.splitlines()]
    told: list[object] = []
    program = compile("\n".join(lines), "docs/filter.md", "exec")
    names: dict[str, object] = {"print": told.append}
    exec(program, names)  # noqa: S102 - our own page
    assert told == [(7,)]
    names["connection"].close()  # type: ignore[attr-defined]  # the example's own name
