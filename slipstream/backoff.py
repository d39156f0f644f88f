"""How long to wait before connecting again: full-jitter exponential back-off (protocol.md §11)."""

from __future__ import annotations

import random
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Backoff:
    """Times in seconds. A wait is anything from 0 to a bound that doubles with each failure in a row.

    A connection that lasted `settled_s` begins anew; one that ends sooner counts as a failure, so that a
    server which lets everyone in and drops them at once is not stormed. After `attempts` failures in a row
    the last one is raised; None goes on for ever.
    """

    first_s: float = 0.5
    longest_s: float = 30.0
    settled_s: float = 10.0
    attempts: int | None = None
    random: random.Random = field(default_factory=random.Random, repr=False, compare=False)
    """Where the jitter comes from; a seeded one waits the same times again."""

    def bound_s(self, failures: int) -> float:
        """The longest wait after so many failures in a row."""
        return min(self.longest_s, self.first_s * 2.0 ** min(failures - 1, _DOUBLINGS))

    def wait_s(self, failures: int) -> float:
        """How long to wait after so many failures in a row."""
        return self.random.uniform(0.0, self.bound_s(failures))

    def exhausted(self, failures: int) -> bool:
        """Whether so many failures in a row are enough."""
        return self.attempts is not None and failures >= self.attempts


# Enough to pass any bound, and no power of two is too large for a float.
_DOUBLINGS = 64
