"""JSON as it is printed: the same value in ASCII, or readable and harmless; and stdout that is no more."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inspector_app.calling.output import Output, ReaderGoneError, ascii_only, readable
from inspector_app.sources.failures import SourceError

values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.text('\\\x7f\u0080\u202eu\U0001f600d8"é'),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@settings(max_examples=40)
@given(values)
def test_escaped_or_readable_it_is_the_same_value(value: Any) -> None:
    for text in (json.dumps(value), json.dumps(value, ensure_ascii=False)):
        assert json.loads(ascii_only(text)) == value
        assert ascii_only(text).isascii()
        assert json.loads(readable(text)) == value


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (r'"gr\u00fcn \ud83d\ude00 \u4f60"', '"gr\u00fcn \U0001f600 \u4f60"'),
        (r'"\u001b[2J \u202e \u0022"', r'"\u001b[2J \u202e \u0022"'),
        (r'"\u005c \ud83d \\u00fc"', r'"\u005c \ud83d \\u00fc"'),
        ('"\u00fc"', '"\u00fc"'),
    ],
)
def test_only_escapes_of_what_can_be_seen_are_resolved(text: str, shown: str) -> None:
    assert readable(text) == shown


async def test_a_reader_that_is_gone_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as stdout:
        monkeypatch.setattr(sys, "stdout", stdout)
        with pytest.raises(ReaderGoneError):
            async with Output() as output:
                await output.item(b"1")


async def test_a_disk_that_is_full_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with os.fdopen(os.open("/dev/full", os.O_WRONLY), "w") as stdout:
        monkeypatch.setattr(sys, "stdout", stdout)
        with pytest.raises(SourceError, match="Cannot write to stdout: No space left on device"):
            async with Output() as output:
                await output.item(b"1")


def test_a_closed_stdout_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    with pytest.raises(SourceError, match="Stdout is closed"):
        Output()


async def test_all_is_written_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = os.pipe()
    numbers = [str(number).encode() for number in range(10_000, 70_000)]
    with os.fdopen(writing, "w") as stdout, os.fdopen(reading, "rb") as reader:
        monkeypatch.setattr(sys, "stdout", stdout)
        reads = asyncio.create_task(asyncio.to_thread(reader.read, 6 * len(numbers)))
        async with Output() as output:
            for number in numbers:
                await output.item(number)
        assert (await reads).split() == numbers
