"""What an expression can see while it is worked out: names with values, chance, counters."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from inspector_app.mock.script.values import MOST_MADE, ExpressionError, size_of

NAMES = ("data", "item", "index", "call", "state", "peer")
"""The names that expressions begin with: the caller's data, the item at hand, places and calls, variables."""


def _no_counter(name: str, start: int) -> int:
    raise ExpressionError(f"there is no counter {name} here, to begin at {start}")


@dataclass(slots=True)
class Scope:
    """The surroundings of one exchange. `seed` decides what is made up in it."""

    names: dict[str, Any] = field(default_factory=dict)
    seed: str = ""
    counter: Callable[[str, int], int] = _no_counter
    _chance: random.Random | None = None
    _left: int = MOST_MADE

    @property
    def chance(self) -> random.Random:
        """Where everything comes from that is made up; the same for the same seed."""
        if self._chance is None:
            self._chance = random.Random(self.seed)  # noqa: S311 - made-up data, not secrets
        return self._chance

    def begin_value(self) -> None:
        """What is made from now on is one answer, or one item."""
        self._left = MOST_MADE

    def take(self, value: Any) -> Any:
        """Give a value that becomes a part of what is made. Raises `ExpressionError` if that is too large."""
        self._left -= size_of(value, self._left)
        if self._left < 0:
            raise ExpressionError(f"what is made gets longer than {MOST_MADE:,} characters")
        return value
