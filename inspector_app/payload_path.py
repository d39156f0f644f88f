"""Paths into a payload as the filter language writes them, `data.items[0]."first name"`: read and followed.

Owns the notation wherever a path is looked up in a value; filters compile theirs to SQL.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

_STEP: Final = re.compile(r'\.?([\w$@-]+)|\.("(?:[^"\\]|\\.)*")|\[(-?\d{1,9})\]')
_DEEPEST: Final = 50
_PLAIN: Final = re.compile(r"[\w$@-]+")
_LONGEST_NAME: Final = 200

Step = str | int


def steps_of(path: str) -> list[Step]:
    """Split a path into names and places. Raises `ValueError` for what is no path."""
    import json  # late, as the first paint has no path to look at

    steps: list[Step] = []
    end = 0
    for found in _STEP.finditer(path):
        name, quoted, place = found.groups()
        if found.start() != end or len(steps) == _DEEPEST:
            raise ValueError(path)
        end = found.end()
        steps.append(int(place) if place else name or json.loads(quoted))
    if end != len(path):
        raise ValueError(path)
    return steps


def spelled(steps: Sequence[Step]) -> str:
    """Write a path down, the step `*` as `[*]`; of long names the beginning."""
    return "".join(_step(step) for step in steps).removeprefix(".")


def _step(step: Step) -> str:
    if isinstance(step, int) or step == "*":
        return f"[{step}]"
    import json  # late, as above

    name = step[:_LONGEST_NAME]
    return f".{name}" if _PLAIN.fullmatch(name) else f".{json.dumps(name, ensure_ascii=False)}"


def follow(value: object, steps: list[Step]) -> object:
    """Give what is at a path; below 0 a place counts from the end. Raises `LookupError` when nothing is."""
    for step in steps:
        match value, step:
            case list(), int():
                value = value[step]
            case dict(), str():
                value = value[step]
            case _:
                raise LookupError(step)
    return value
