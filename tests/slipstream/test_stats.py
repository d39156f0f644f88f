"""What `Protocol.stats()` tells, as a record and as text."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, fields

import pytest

from slipstream.lifecycle import ConnectionState
from slipstream.stats import Stats

VALUES = {field.name: 1000 + number for number, field in enumerate(fields(Stats)) if field.name != "state"}


def stats() -> Stats:
    return Stats(state=ConnectionState.CONNECTED, **VALUES)


def test_every_value_has_a_line_with_its_name_in_words() -> None:
    lines = str(stats()).splitlines()
    assert len(lines) == len(fields(Stats))
    assert lines[0].split() == ["state", "CONNECTED"]
    for line, (name, value) in zip(lines[1:], VALUES.items(), strict=True):
        assert line.split() == [*name.split("_"), f"{value:,}"]


def test_the_values_stand_in_one_column() -> None:
    values = ["CONNECTED", *(f"{value:,}" for value in VALUES.values())]
    columns = {line.index(value) for line, value in zip(str(stats()).splitlines(), values, strict=True)}
    assert len(columns) == 1


def test_a_record_of_a_moment_does_not_change() -> None:
    with pytest.raises(FrozenInstanceError):
        stats().frames_in = 0  # type: ignore[misc] # the point of the test
