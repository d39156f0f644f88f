"""Looking through a capture from the newest frame to the first, in one thread or in several.

This module owns how the frames are shared out among threads, each with a connection of its own, that what is
found is handed on in order all the same, and when an index is asked first. It knows nothing of what becomes
of the matches.
"""

from __future__ import annotations

import os
import threading
import time
from typing import TYPE_CHECKING

from inspector_app.capture.errors import CaptureError
from inspector_app.capture.matching import Candidates, Finder, Portions

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    HandOn = Callable[[int, Sequence[int]], None]
    """Takes the first frame of a portion, and the numbers of those in it that fit, the highest first."""

ALONE_S = 0.004
"""How long one thread looks alone, before an index is asked and others help: many searches end before."""
_MOST_HELPERS = 3


def helpers_at_most() -> int:
    """Tell how many threads may help: some of the processors are for who records and draws."""
    return min(_MOST_HELPERS, (os.cpu_count() or 1) // 2)


class Shares:
    """The frames `newest` to 1, taken in portions by several threads; what is found is handed on in order."""

    def __init__(self, newest: int, hand_on: HandOn) -> None:
        self._hand_on = hand_on
        self._lock = threading.Lock()
        self._untaken = self._due = newest
        self._waiting: dict[int, tuple[int, Sequence[int]]] = {}

    def look(self, finder: Finder, portions: Portions) -> bool:
        """Look through one portion; False when none is left. Raises `CaptureError`."""
        taken = self._take(portions.size)
        if taken is None:
            return False
        first, last = taken
        portions.begin()
        self._found(first, last, list(finder.find(first, last, newest_first=True)))
        portions.end()
        return True

    def end(self) -> None:
        """Leave what nobody has taken yet."""
        with self._lock:
            self._untaken = 0

    def _take(self, size: int) -> tuple[int, int] | None:
        with self._lock:
            last, self._untaken = self._untaken, max(0, self._untaken - size)
            return (self._untaken + 1, last) if last > 0 else None

    def _found(self, first: int, last: int, seqs: Sequence[int]) -> None:
        with self._lock:
            self._waiting[last] = first, seqs
            while (portion := self._waiting.pop(self._due, None)) is not None:
                self._due = portion[0] - 1
                self._hand_on(*portion)


class Helper:
    """A thread that looks through portions too, until none is left."""

    def __init__(self, make: Callable[[], Finder], shares: Shares) -> None:
        self.candidates: Candidates | None = None
        """The frames that it is to look at alone, from its next portion on."""
        self.problem: CaptureError | None = None
        self._make = make
        self._shares = shares
        self._thread = threading.Thread(target=self._run, name="search-helper", daemon=True)
        self._thread.start()

    def wait(self) -> None:
        """Wait until it has ended; `problem` tells why it could not go on."""
        self._thread.join()

    def _run(self) -> None:
        try:
            finder = self._make()
        except CaptureError as problem:
            self.problem = problem
            return
        try:
            portions = Portions()
            while self._shares.look(finder, portions):
                finder.candidates = self.candidates
        except CaptureError as problem:
            self.problem = problem
        finally:
            finder.close()


def sweep(
    finder: Finder,
    newest: int,
    hand_on: HandOn,
    *,
    helpers: Sequence[Callable[[], Finder]] = (),
    alone_s: float = 0.0,
    stopped: Callable[[], bool] = bool,
    between: Callable[[], object] = bool,
) -> None:
    """Look through the frames `newest` to 1. Raises `CaptureError`.

    After `alone_s` an index is asked, and a thread for each of `helpers` looks too, with the finder that it
    makes. `between` is called after each portion.
    """
    shares, portions = Shares(newest, hand_on), Portions()
    helping: list[Helper] = []
    alone = True
    began = time.monotonic()
    try:
        while not stopped():
            if alone and time.monotonic() - began >= alone_s:
                alone = False
                helping = [Helper(make, shares) for make in helpers]
                _narrow(finder, helping, newest)
            if not shares.look(finder, portions):
                break
            between()
    finally:
        finder.candidates = None
        shares.end()
        for each in helping:
            each.wait()
    problem = next((each.problem for each in helping if each.problem is not None), None)
    if problem is not None:
        raise problem


def _narrow(finder: Finder, helping: Sequence[Helper], newest: int) -> None:
    finder.candidates = finder.candidates_up_to(newest)
    for each in helping:
        each.candidates = finder.candidates
