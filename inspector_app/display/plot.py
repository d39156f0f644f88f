"""A plot in block characters: a column for each value, eight steps to a cell, a scale at the left.

Owns how values become columns. It knows nothing of what they are, and draws nothing itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from inspector_app.display.lines import Part

_STEPS: Final = " ▁▂▃▄▅▆▇█"
_EIGHTHS: Final = 8


def columns(
    low: Sequence[float | None],
    high: Sequence[float | None],
    height: int,
    *,
    label: Callable[[float], str],
    styles: tuple[str, str] = ("accent", "muted"),
) -> list[list[Part]]:
    """Lay out a column for each pair: up to `low` in the first style, from there up to `high` in the second.

    `height` is in rows; None is an empty column. The largest value fills the height.
    """
    top = max((value for value in (*low, *high) if value is not None), default=0.0)
    scale = height * _EIGHTHS / top if top else 0.0
    filled = [_steps(value, scale) for value in low]
    reached = [max(steps, _steps(value, scale)) for steps, value in zip(filled, high, strict=True)]
    labels = _labels(top, height, label)
    width = max(map(len, labels), default=0)
    lines: list[list[Part]] = []
    for row in range(height - 1, -1, -1):
        line: list[Part] = [(f"{labels[row]:>{width}} ┤" if labels[row] else f"{'':{width}} │", "muted")]
        for lower, upper in zip(filled, reached, strict=True):
            line.append(_cell(lower - row * _EIGHTHS, upper - row * _EIGHTHS, styles))
        lines.append(line)
    return lines


def _steps(value: float | None, scale: float) -> int:
    """What there is shows, be it ever so small."""
    return max(1, round(value * scale)) if value is not None and scale else 0


def _cell(lower: int, upper: int, styles: tuple[str, str]) -> Part:
    # A cell has one colour in front: what fills more of it is shown, and no gap below what is above.
    if 0 < lower < _EIGHTHS <= upper:
        return (_STEPS[_EIGHTHS], styles[0] if lower >= _EIGHTHS // 2 else styles[1])
    if lower > 0:
        return (_STEPS[min(lower, _EIGHTHS)], styles[0])
    return (_STEPS[min(max(upper, 0), _EIGHTHS)], styles[1])


def _labels(top: float, height: int, label: Callable[[float], str]) -> list[str]:
    named = [""] * height
    if top and height:
        named[height - 1] = label(top)
        if height >= 5:
            named[height // 2] = label(top * (height // 2 + 0.5) / height)
        named[0] = label(0.0)
    return named
