"""What docs/library.md shows is run, and it names everything that there is to use."""

from __future__ import annotations

import ast
import asyncio
import dataclasses
import doctest
import inspect
import io
import logging
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import redirect_stdout
from pathlib import Path
from typing import NamedTuple

import pytest

import slipstream
import slipstream.testing
from slipstream.stats import Stats

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "library.md").read_text()
TLS = ROOT / "tests" / "inspector_app" / "sources" / "tls"


class Example(NamedTuple):
    """A block of Python and what the page says that it prints; `...` there stands for anything."""

    line: int
    code: str
    printed: str


def _examples() -> Iterator[Example]:
    for found in re.finditer(
        r"^```python\n(.*?)^```\n(?:\n```text\n(.*?)^```\n)?", PAGE, re.DOTALL | re.MULTILINE
    ):
        yield Example(PAGE.count("\n", 0, found.start(1)) + 1, found[1], found[2] or "")


PROGRAMS = {example.code.split()[1]: example for example in _examples() if example.code.startswith("# ")}
"""Those that are files of their own, by the name in their first line."""
EXAMPLES = [example for example in _examples() if example not in PROGRAMS.values()]


def _check(example: Example, printed: str) -> None:
    same = doctest.OutputChecker().check_output(example.printed, printed, doctest.ELLIPSIS)
    assert same, f"The example of line {example.line} printed\n{printed}"


@pytest.fixture
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A folder with the certificates that examples name; a logger that forgets what they set up."""
    for name in ("ca.pem", "server.pem", "client.pem"):
        shutil.copy(TLS / "cert.pem", tmp_path / name)
    for name in ("server.key", "client.key"):
        shutil.copy(TLS / "key.pem", tmp_path / name)
    monkeypatch.chdir(tmp_path)
    logger = logging.getLogger("slipstream")
    handlers, level, propagates = logger.handlers[:], logger.level, logger.propagate
    yield
    logger.handlers[:], logger.propagate = handlers, propagates
    logger.setLevel(level)


@pytest.mark.usefixtures("workplace")
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: f"line {example.line}")
async def test_an_example_runs_and_prints_what_the_page_says(example: Example) -> None:
    code = compile(example.code, f"library.md:{example.line}", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    printed = io.StringIO()
    async with asyncio.timeout(20):
        with redirect_stdout(printed):
            awaitable = eval(code, {"__name__": "__main__"})  # noqa: S307 - the page is this project's own
            if inspect.isawaitable(awaitable):
                await awaitable
    _check(example, printed.getvalue())


def test_the_first_server_and_client_find_each_other(tmp_path: Path) -> None:
    for name, example in PROGRAMS.items():
        (tmp_path / name).write_text(example.code)
    python = [sys.executable, "-W", "error"]
    environment = {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        [*python, "server.py"], cwd=tmp_path, env=environment, stdout=subprocess.PIPE, text=True
    ) as server:
        try:
            assert server.stdout is not None
            first = server.stdout.readline()
            client = subprocess.run(
                [*python, "client.py", first.split()[-1]],
                cwd=tmp_path,
                env=environment,
                capture_output=True,
                text=True,
                check=False,
                timeout=30,
            )
            server.send_signal(signal.SIGTERM)
            rest, _ = server.communicate(timeout=30)
        finally:
            server.kill()
    assert (client.stderr, client.returncode, server.returncode) == ("", 0, 0)
    _check(PROGRAMS["server.py"], first + rest)
    _check(PROGRAMS["client.py"], client.stdout)


def _named() -> set[str]:
    """Every word that stands in code on the page, in a block or within a line."""
    return {
        word
        for code in re.findall(r"```.*?```|`[^`]+`", PAGE, re.DOTALL)
        for word in re.findall(r"\w+", code)
    }


def _public(cls: type) -> set[str]:
    return {name for name in vars(cls) if not name.startswith("_")}


def test_it_names_everything_that_can_be_imported() -> None:
    assert set(slipstream.__all__) - _named() == set()


def test_it_names_every_limit_every_count_and_every_member() -> None:
    there = {field.name for record in (slipstream.Limits, Stats) for field in dataclasses.fields(record)}
    for cls in (slipstream.Protocol, slipstream.BiStreamHandle, slipstream.ItemStream, slipstream.Tap):
        there |= _public(cls)
    # What streams are made of, and two steps of them that nobody takes alone.
    there -= {"inlet", "abandon", "leave_unread", "forget"}
    assert there - _named() == set()


def test_it_names_every_argument_of_connect_and_serve() -> None:
    for function in (slipstream.connect, slipstream.serve):
        assert set(inspect.signature(function).parameters) - _named() == set()


def test_the_defaults_that_it_tells_are_those_of_the_code() -> None:
    told = dict(re.findall(r"^\| `(\w+)` \| ([^|]*?) \|", PAGE.partition("## Limits")[2], re.MULTILINE))
    for field in dataclasses.fields(slipstream.Limits):
        assert _value(told[field.name]) == field.default, field.name


def _value(text: str) -> object:
    if text in ("None", "no", "yes"):
        return {"None": None, "no": False, "yes": True}[text]
    number, _, unit = text.partition(" ")
    scale = {"MiB": 1024 * 1024}.get(unit, 1)
    return float(number.replace(",", "")) * scale


def test_every_file_it_links_to_is_there() -> None:
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", PAGE)
    assert links
    assert not [link for link in links if not (ROOT / "docs" / link).exists()]
