"""A filter run over a capture in a thread of its own, newest frames first.

This module owns the thread, and what is known of the matches at any moment. Whoever looks asks again when
`generation` has changed; nothing here waits for anybody.

A filter that asks about now (`age:`, `status:`, `unanswered`, marks and the like) is asked again when the
capture has changed or time has passed: at most once a second and for at most a tenth of the time, from the
newest frame to the first, behind the matches that are shown, which are replaced at once when it is done. New
frames are looked at as they come, as for any filter.
"""

from __future__ import annotations

import threading
import time
from functools import partial
from typing import TYPE_CHECKING

from inspector_app.capture.errors import CaptureError
from inspector_app.capture.filter import interpreted
from inspector_app.capture.matches import Matches
from inspector_app.capture.matching import Finder, Portions
from inspector_app.capture.sweep import ALONE_S, helpers_at_most, sweep

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from inspector_app.capture.filter import Filter

_AGAIN_S = 1.0
_REST = 9
"""Times as long as asking again took, before it is asked again."""


class Search:
    """Starts looking at once and never blocks; ends with `close`. To be asked from one thread."""

    def __init__(self, path: Path, filter: Filter, *, now_ns: Callable[[], int]) -> None:  # noqa: A002 - it is one
        self.filter = filter
        self.generation = 0
        self.problem = ""
        self._path = path
        self._now_ns = now_ns
        self._lock = threading.Condition()
        self._wake = threading.Event()
        self._closed = False
        self._matches = Matches()
        self._told = 0
        self._begun = self._top = 0
        self._low: int | None = None
        self._thread = threading.Thread(target=self._run, name="search", daemon=True)
        self._thread.start()

    # -- what is known --------------------------------------------------------------------------------------

    @property
    def count(self) -> int:
        """Matches known so far."""
        return len(self._matches)

    @property
    def done(self) -> bool:
        """Whether all frames that were told of are looked through."""
        with self._lock:
            return self._low == 0 and self._top >= self._told

    @property
    def share(self) -> float:
        """How much is looked through of what there was when it began, from 0 to 1.

        At 1 it follows: what comes is looked at as it comes.
        """
        with self._lock:
            if self._low is None:
                return 0.0
            return 1 - self._low / self._begun if self._begun else 1.0

    def seqs(self, offset: int, count: int) -> list[int]:
        """Give numbers of known matches, in order; older ones are put in front as they are found."""
        with self._lock:
            return self._matches.seqs(offset, count)

    def index_of(self, seq: int) -> int:
        """Give where a frame is among them, or would be."""
        with self._lock:
            return self._matches.index_of(seq)

    def reached(self, seq: int) -> bool:
        """Whether no match from frame `seq` on to the newest of before can still turn up."""
        with self._lock:
            return self._low is not None and self._low < max(seq, 1)

    def density(self, buckets: int, frames: int) -> list[int]:
        """Count the matches in each of `buckets` equal shares of the frames 1 to `frames`."""
        with self._lock:
            return self._matches.density(buckets, frames)

    def grow(self, frames: int) -> None:
        """The capture has so many frames now: look at those that are new, too."""
        with self._lock:
            is_new = frames > self._told
            self._told = max(self._told, frames)
        if is_new:
            self._wake.set()

    def close(self) -> None:
        """End at once; what is known stays. May be called again."""
        self._closed = True
        self._wake.set()

    def wait_for(self, what: Callable[[], bool], timeout_s: float) -> bool:
        """Wait until something holds, looking at it whenever `generation` changes; False when it did not."""
        with self._lock:
            return self._lock.wait_for(what, timeout_s)

    def wait_closed(self, timeout_s: float) -> bool:
        """Wait until the thread has ended, which it does once closed; False when it has not in time."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    # -- the thread -----------------------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            finder = Finder(self._path, self.filter, now_ns=self._now_ns)
        except CaptureError as error:
            self._fail(error)
            return
        try:
            finder.stop_when(self._is_closed)
            self._look(finder)
        except CaptureError as error:
            self._fail(error)
        finally:
            finder.close()

    def _is_closed(self) -> bool:
        return self._closed

    def _fail(self, error: CaptureError) -> None:
        if not self._closed:
            self.problem = str(error)
            self._changed()

    def _changed(self) -> None:
        with self._lock:
            self.generation += 1
            self._lock.notify_all()

    def _look(self, finder: Finder) -> None:
        finder.changed()
        with self._lock:
            self._told = max(self._told, finder.frames())
            self._begun = self._top = self._low = self._told
        self._changed()
        took_s = self._timed(lambda: self._look_back(finder, self._matches, shown=True))
        asked_ns = self._now_ns()
        rested = time.monotonic()
        while not self._closed:
            self._look_at_new(finder)
            wait_s = max(_AGAIN_S, took_s * _REST) - (time.monotonic() - rested)
            if wait_s <= 0 and self.filter.changes and self._is_other(finder, asked_ns):
                asked_ns = self._now_ns()
                took_s = self._timed(lambda: self._ask_again(finder))
                rested = time.monotonic()
                continue
            # A mark or an answer changes what fits, also where no frame comes.
            self._wake.wait(max(wait_s, _AGAIN_S) if self.filter.changes else None)
            self._wake.clear()

    @staticmethod
    def _timed(what: Callable[[], object]) -> float:
        began = time.monotonic()
        what()
        return time.monotonic() - began

    def _is_other(self, finder: Finder, asked_ns: int) -> bool:
        return finder.changed() or (self.filter.ages and self._now_ns() != asked_ns)

    def _look_back(self, finder: Finder, matches: Matches, *, shown: bool) -> None:
        """Look through the frames from the newest that was known to the first, newest first."""
        finder.refresh()
        hand_on = partial(self._put_in_front, matches, shown=shown)
        if not shown:  # nobody waits for it
            sweep(finder, self._top, hand_on, stopped=self._is_closed)
            return
        helpers = 0 if interpreted(self.filter) else helpers_at_most()
        sweep(
            finder,
            self._top,
            hand_on,
            helpers=[partial(self._helper, finder.asked_ns)] * helpers,
            alone_s=ALONE_S,
            stopped=self._is_closed,
            between=lambda: self._look_at_new(finder),
        )

    def _helper(self, asked_ns: int) -> Finder:
        finder = Finder(self._path, self.filter, now_ns=lambda: asked_ns)
        finder.stop_when(self._is_closed)
        return finder

    def _put_in_front(self, matches: Matches, first: int, seqs: Sequence[int], *, shown: bool) -> None:
        with self._lock:
            matches.put_in_front(seqs)
            if shown:
                self._low = first - 1
        if shown:
            self._changed()

    def _look_at_new(self, finder: Finder) -> None:
        portions = Portions()
        while self._top < self._told and not self._closed:
            if self.filter.ages:
                finder.refresh()
            portions.begin()
            last = min(self._told, self._top + portions.size)
            found = list(finder.find(self._top + 1, last))
            with self._lock:
                self._matches.put_behind(found)
                self._top = last
            self._changed()
            portions.end()

    def _ask_again(self, finder: Finder) -> None:
        again = Matches()
        self._look_back(finder, again, shown=False)
        if not self._closed:
            with self._lock:
                self._matches = again
            self._changed()
