"""docs/capture-format.md tells every table, column, view, index and version, and its examples run."""

from __future__ import annotations

import re
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from inspector_app.capture.marks import Marks
from inspector_app.capture.schema import APPLICATION_ID, FORMAT_VERSION
from tests.inspector_app.capture import samples
from tests.inspector_app.recordings import Recording

PAGE = (Path(__file__).parents[3] / "docs" / "capture-format.md").read_text()
EXAMPLES = [
    line
    for block in re.findall(r"^```sh\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    for line in re.findall(r'^sqlite3 (.*?)my\.capture "(.*?)"$', block, re.DOTALL | re.MULTILINE)
]


def section(title: str) -> str:
    """The text under a heading, up to the next of its level."""
    [text] = re.findall(rf"^## {title}\n(.*?)(?=^## |\Z)", PAGE, re.DOTALL | re.MULTILINE)
    return str(text)


def told_tables() -> dict[str, list[str]]:
    found = re.findall(r"^### (\w+)\n(.*?)(?=^### |\Z)", section("Tables"), re.DOTALL | re.MULTILINE)
    return {name: re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE) for name, text in found}


def told_views() -> dict[str, list[str]]:
    rows = re.findall(r"^\| `(\w+)` \| .*? \| (.*) \|$", section("Views"), re.MULTILINE)
    return {name: re.findall(r"`(\w+)`", columns) for name, columns in rows}


def columns_of(path: Path, kind: str) -> dict[str, list[str]]:
    with closing(sqlite3.connect(path)) as connection:
        names = [
            name
            for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = ?", (kind,))
            if not name.startswith("sqlite_")
        ]
        return {
            name: [column for _, column, *_ in connection.execute(f"PRAGMA table_info({name})")]
            for name in names
        }


@pytest.fixture
def talk(tmp_path: Path) -> Path:
    """A capture in which there is something of everything."""
    recording = Recording(tmp_path, "my.capture").connect()
    recording.request(0, symbol="BEAN").respond(0, {"price": 4})
    recording.request(1, symbol="LEAF").raw("in", "no frame").note("a gap")
    path = recording.close()
    Marks(path).set(3, "look here")
    return path


def test_every_table_is_told_with_its_columns(tmp_path: Path) -> None:
    assert told_tables() == columns_of(samples.capture(tmp_path), "table")


def test_every_view_is_told_with_its_columns(tmp_path: Path) -> None:
    assert told_views() == columns_of(samples.capture(tmp_path), "view")


def test_every_index_is_told(tmp_path: Path) -> None:
    indexes = set(columns_of(samples.capture(tmp_path), "index"))
    assert set(re.findall(r"`(\w+)`", section("Indexes"))) == indexes


def test_the_numbers_and_the_newest_version_are_told() -> None:
    assert f"`PRAGMA application_id` is {APPLICATION_ID} " in PAGE
    assert re.findall(r"^\| (\d+) \|", section("Versions"), re.MULTILINE)[-1] == str(FORMAT_VERSION)


def test_every_example_is_found() -> None:
    assert len(EXAMPLES) == PAGE.count("sqlite3 my.capture") + PAGE.count(
        "sqlite3 -header -column my.capture"
    )
    assert len(EXAMPLES) >= 7


@pytest.mark.parametrize(("options", "query"), EXAMPLES)
def test_an_example_gives_rows(talk: Path, options: str, query: str) -> None:
    program = shutil.which("sqlite3")
    if program is None:
        with closing(sqlite3.connect(talk)) as connection:
            assert connection.execute(query).fetchall()
        return
    done = subprocess.run(
        [program, *options.split(), talk.name, query],
        cwd=talk.parent,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.stderr == ""
    assert done.stdout.strip()


@pytest.mark.parametrize("view", list(told_views()))
def test_a_view_shows_names_and_readable_times(talk: Path, view: str) -> None:
    with closing(sqlite3.connect(talk)) as connection:
        connection.row_factory = sqlite3.Row
        [row, *_] = connection.execute(f"SELECT * FROM {view}").fetchall()  # noqa: S608 - a name of our own
    times = [row[name] for name in row.keys() if name in {"time", "opened", "changed", "marked"}]  # noqa: SIM118 - a row is no mapping
    assert times
    assert all(re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z", time) for time in times)


@pytest.mark.parametrize(
    ("condition", "index"),
    [
        ("type = 'request'", "frames_of_type"),
        ("operation = 'add'", "frames_of_operation"),
        ("exchange = 3", "frames_of_exchange"),
        ("seq = 3", "INTEGER PRIMARY KEY"),
    ],
)
def test_the_log_is_asked_by_an_index(tmp_path: Path, condition: str, index: str) -> None:
    with closing(sqlite3.connect(samples.capture(tmp_path))) as connection:
        query = f"EXPLAIN QUERY PLAN SELECT * FROM log WHERE {condition}"  # noqa: S608 - text of our own
        plan = connection.execute(query).fetchall()
    assert index in plan[0][-1]
